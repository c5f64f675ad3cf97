"""The store's keys written out while the house runs, and read back into an empty store."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from store import keys
from store.client import connect, guarded
from store.errors import StoreError, Unsupported
from store.version import VERSION

_OURS = b"bz:"
_MATCH = "bz:*"
_PASSING_MS = 3_600_000  # locks, answers and bells live shorter: they belong to the moment
_PASSING = {keys.WORKERS, keys.WORKER_NOTES}


@dataclass(frozen=True, slots=True)
class Entry:
    """One key as the server dumps it; ``ttl_ms`` is how long it may still live, 0 for ever."""

    key: bytes
    body: bytes
    ttl_ms: int


class Dump:
    """The keys of one store.

    Streams of facts come last: what a feed's memory says was taken in is in them, or in a history
    that is looked at after them. Each key is whole; two keys may be some milliseconds apart where
    the house is running. A body can be read back by a server of the same kind and version, or a
    newer one.
    """

    def __init__(self, url: str) -> None:
        if url.startswith("memory:"):
            raise Unsupported("memory:// lives in one process alone: there is nothing to back up")
        self._clients = connect(url)
        self._client: Any = self._clients.patient

    def close(self) -> None:
        """Give the connections back."""
        self._clients.close()

    @guarded
    def is_empty(self) -> bool:
        """Whether the store holds nothing of ours that outlives the moment."""
        born = {keys.EPOCH.encode(), keys.SCHEMA.encode()}  # what every store has from its start
        return all(entry.key in born for entry in self._lasting())

    @guarded
    def entries(self) -> list[Entry]:
        """Return all keys that outlive the moment."""
        return list(self._lasting())

    def _lasting(self) -> Iterator[Entry]:
        found = sorted(set(self._client.scan_iter(match=_MATCH, count=1000)), key=_is_stream)
        for key in found:
            if key.decode() in _PASSING:
                continue
            ttl, body = self._client.pttl(key), self._client.dump(key)
            if body is not None and (ttl < 0 or ttl > _PASSING_MS):
                yield Entry(bytes(key), bytes(body), max(ttl, 0))

    @guarded
    def load(self, entries: Iterable[Entry]) -> int:
        """Write keys, in the place of any of the same name; return how many.

        Raises:
            StoreError: the server cannot read them, or a key is not ours.
            Unsupported: a newer version of Bartizan wrote them.

        """
        count = 0
        for entry in entries:
            if not entry.key.startswith(_OURS):
                raise StoreError(f"{entry.key!r} is no key of this store")
            self._client.restore(entry.key, entry.ttl_ms, entry.body, replace=True)
            count += 1
        found = int(self._client.get(keys.SCHEMA) or VERSION)
        if found > VERSION:
            raise Unsupported(
                f"the store has schema {found}, this version of Bartizan knows up to {VERSION}: "
                "use a newer one"
            )
        return count

    @guarded
    def clear(self) -> None:
        """Delete every key of ours."""
        for key in list(self._client.scan_iter(match=_MATCH, count=1000)):
            self._client.delete(key)


def _is_stream(key: bytes) -> bool:
    return key.startswith(keys.shard(0).partition("{")[0].encode())
