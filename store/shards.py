"""Facts on their way: one stream per shard, kept until history has them.

One entry carries up to ``CHUNK`` facts as a JSON array (a tenth of the cost of an entry each).
The last fact of an entry bears the entry's own id, the others ``<id>.<position>``: acknowledging
the last acknowledges the entry.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import redis

from model import Fact, Reject
from store import codec, keys, scripts
from store.base import Backlog
from store.client import BLOCK_MS, Clients, guarded
from store.replicas import Replicas
from store.scripting import Script

CHUNK = 100
_WHOLE = "fact"  # such a row is a fact of ours, and may be read again by another version of us
IDLE_MS = 5_000  # a consumer that holds entries for so long is taken for dead
NOTED_S = 30.0  # how often it is noted which shards there are

_log = logging.getLogger(__name__)


class Shards:
    """The streams of incoming facts."""

    def __init__(
        self,
        clients: Clients,
        replicas: Replicas,
        quarantine: Callable[[list[Reject]], object],
        idle_ms: int = IDLE_MS,
    ) -> None:
        self._r = clients.patient
        self._quick = clients.quick
        self._replicas = replicas
        self._noted: dict[int, float] = {}
        self._quarantine = quarantine
        self._idle_ms = idle_ms
        self._read = Script(self._r, scripts.READ)
        self._ack = Script(self._r, scripts.ACK)

    @guarded
    def add_facts(self, facts: Sequence[Fact], *, shard: int = 0) -> None:
        """See ``Store``."""
        if facts:
            self._note(shard)
        for start in range(0, len(facts), CHUNK * 100):
            part = facts[start : start + CHUNK * 100]
            bodies = [codec.dump_facts(part[at : at + CHUNK]) for at in range(0, len(part), CHUNK)]
            self._replicas.write(keys.shard(shard), partial(_append, keys.shard(shard), bodies))

    @guarded
    def shards(self) -> list[int]:
        """See ``Store``."""
        return sorted(int(name) for name in self._quick.smembers(keys.SHARDS))

    def _note(self, shard: int) -> None:
        """Note that facts may lie in a shard, before they do."""
        now = time.monotonic()
        if now - self._noted.get(shard, -NOTED_S) >= NOTED_S:
            self._r.sadd(keys.SHARDS, shard)
            self._noted[shard] = now

    @guarded
    def read_facts(
        self,
        consumer: str,
        *,
        shard: int = 0,
        count: int = 5000,
        block_ms: int = 1000,
        after: str | None = None,
    ) -> list[tuple[str, Fact]]:
        """See ``Store``."""
        deadline = time.monotonic() + block_ms / 1000
        start = "0" if after is None else after.partition(".")[0]
        args = [keys.INGEST, consumer, start, max(1, count // CHUNK), self._idle_ms]
        while True:
            state, rows, last = self._look(shard, args)
            found = self._facts(rows, shard)
            left_ms = int((deadline - time.monotonic()) * 1000)
            if found or left_ms <= 0:
                return found
            if state == b"busy":
                time.sleep(min(left_ms, 50) / 1000)  # another consumer works; look again soon
            elif state == b"none":
                self._r.xread({keys.shard(shard): last}, count=1, block=min(left_ms, BLOCK_MS))

    @guarded
    def ack(self, ids: Sequence[str], *, shard: int = 0) -> None:
        """See ``Store``."""
        whole = [name for name in ids if "." not in name]
        for start in range(0, len(whole), 50_000):
            args = [keys.INGEST, *whole[start : start + 50_000]]
            self._grouped(shard, partial(self._ack, keys=[keys.shard(shard)], args=args))

    @guarded
    def backlog(self, *, shard: int = 0) -> Backlog:
        """See ``Store``."""
        key, pending = keys.shard(shard), 0
        try:
            pending = int(self._quick.xpending(key, keys.INGEST)["pending"])
        except redis.ResponseError as error:
            if not lacks_group(error):
                raise
        return Backlog(max(0, int(self._quick.xlen(key)) - pending), pending)

    def _look(self, shard: int, args: list[Any]) -> tuple[bytes, list[Any], bytes]:
        """Return what came (own, claimed, new; busy or none), and where new entries begin."""
        reply = self._grouped(shard, lambda: self._read(keys=[keys.shard(shard)], args=args))
        rows = [row for row in reply[1] if row and row[1]]  # one deleted by hand has no body
        return reply[0], rows, reply[2] if len(reply) > 2 else b"$"  # noqa: PLR2004 - see READ

    def _facts(self, rows: Sequence[Any], shard: int) -> list[tuple[str, Fact]]:
        found: list[tuple[str, Fact]] = []
        for raw_id, pairs in rows:
            entry = raw_id.decode()
            facts = self._open(entry, pairs[1])
            if not facts:
                self.ack([entry], shard=shard)
                continue
            found += [(f"{entry}.{i}", fact) for i, fact in enumerate(facts[:-1])]
            found.append((entry, facts[-1]))
        return found

    def _open(self, entry: str, body: bytes) -> list[Fact]:
        """Return the facts of an entry; what cannot be read goes to quarantine."""
        facts: list[Fact] = []
        try:
            rows = codec.loads(body)
        except ValueError as error:
            return self._refuse(entry, {}, error)
        for row in rows:
            try:
                facts.append(codec.build_fact(dict(row)))
            except (KeyError, TypeError, ValueError) as error:
                self._refuse(entry, row, error)
        return facts

    def _refuse(self, entry: str, row: Any, error: Exception) -> list[Fact]:
        _log.error("unreadable fact entry=%s reason=%r", entry, error)
        feed_id = row.get("feed_id", "unknown") if isinstance(row, dict) else "unknown"
        raw = codec.dumps(row).decode()[:16_000]
        at = codec.from_ms(entry.split("-", maxsplit=1)[0])
        reason = f"unreadable in the stream: {error!r}"
        whole = Reject(feed_id=feed_id, line=0, reason=reason, raw=raw, at=at, context=_WHOLE)
        self._quarantine([whole])
        return []

    def _grouped(self, shard: int, call: Callable[[], Any]) -> Any:
        """Run a call that needs the consumer group; create the group if it is missing."""
        try:
            return call()
        except redis.ResponseError as error:
            if not lacks_group(error):
                raise
        make_group(self._r, keys.shard(shard), keys.INGEST)
        return call()


def _append(key: str, bodies: Sequence[bytes], pipe: Any) -> None:
    for body in bodies:
        pipe.xadd(key, {"f": body})


def lacks_group(error: redis.ResponseError) -> bool:
    """Whether a stream or its consumer group does not exist yet."""
    text = str(error)
    return "NOGROUP" in text or "no such key" in text.lower()


def make_group(client: Any, stream: str, group: str) -> None:
    """Create a consumer group that starts at the oldest entry, if it does not exist."""
    try:
        client.xgroup_create(stream, group, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
