"""What is known already: duplicates of facts and of refused rows, bounded in memory.

Two generations of hashes per feed, eight bytes of key against eight bytes of content. When the
filling one is full it becomes the full one and the older full one is dropped; what is met again
moves into the filling one, so that a window which a feed repeats at every poll stays known.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LIMIT = 500_000  # entries per generation; about 20 MB each


class Generations:
    """Remembered key → content pairs under a pair of keys."""

    def __init__(self, client: Any, limit: int = LIMIT) -> None:
        self._r = client
        self._limit = limit

    def know(self, names: tuple[str, str], pairs: Sequence[tuple[bytes, bytes]]) -> list[bool]:
        """Say which pairs are known, and refresh those that only the old generation knows."""
        fresh, old = names
        known: list[bool] = []
        for start in range(0, len(pairs), 5000):
            part = pairs[start : start + 5000]
            fields = [key for key, _ in part]
            pipe = self._r.pipeline(transaction=False)
            pipe.hmget(fresh, fields)
            pipe.hmget(old, fields)
            newer, older = pipe.execute()
            refresh: dict[bytes, bytes] = {}
            for (key, content), new, aged in zip(part, newer, older, strict=True):
                known.append((new or aged) == content)
                if new is None and aged is not None:
                    refresh[key] = aged
            if refresh:
                self._write(names, refresh)
        return known

    def learn(self, names: tuple[str, str], pairs: Mapping[bytes, bytes]) -> None:
        """Remember pairs, the newest content of each key."""
        items = list(pairs.items())
        for start in range(0, len(items), 5000):
            self._write(names, dict(items[start : start + 5000]))

    def forget(self, names: tuple[str, str], fields: Iterable[bytes]) -> None:
        """Know these no longer."""
        gone = list(fields)
        if gone:
            pipe = self._r.pipeline(transaction=False)
            for name in names:
                pipe.hdel(name, *gone)
            pipe.execute()

    def _write(self, names: tuple[str, str], pairs: dict[bytes, bytes]) -> None:
        fresh, old = names
        pipe = self._r.pipeline(transaction=False)
        pipe.hset(fresh, mapping=pairs)
        pipe.hlen(fresh)
        if int(pipe.execute()[1]) >= self._limit:
            self._r.rename(fresh, old)
