"""Parts of the twin in memory: facts on their way, and locks."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from model import Fact
from store import codec
from store.admission import by_shard, within
from store.base import Backlog, Lock
from store.errors import Fenced


@dataclass
class _Entry:
    fact: Fact
    owner: str | None = None
    taken_at: float = 0.0


class MemoryShards:
    """The streams of incoming facts."""

    def __init__(self, changed: threading.Condition, idle_s: float, n_shards: int = 1) -> None:
        self._changed = changed
        self._n_shards = n_shards
        self._idle_s = idle_s
        self._shards: dict[int, dict[str, _Entry]] = defaultdict(dict)
        self._last = 0
        self._seen: dict[tuple[str, bytes], bytes] = {}

    def add_facts(self, facts: Sequence[Fact], *, shard: int = 0) -> None:
        """See ``Store``."""
        rows = codec.loads(codec.dump_facts(facts))  # the same refusals as on the wire
        with self._changed:
            for row in rows:
                self._last += 1
                self._shards[shard][f"{self._last}-0"] = _Entry(codec.build_fact(row))
            self._changed.notify_all()

    def admit(self, facts: Sequence[Fact]) -> list[Fact]:
        """See ``Store``."""
        known = self.seen(facts)
        fresh = [fact for fact, is_known in zip(facts, known, strict=True) if not is_known]
        for shard, mine in by_shard(fresh, self._n_shards).items():
            self.add_facts(mine, shard=shard)
            self.mark_seen(mine)
        return fresh

    def shards(self) -> list[int]:
        """See ``Store``."""
        with self._changed:
            return sorted(self._shards)

    def seen(self, facts: Sequence[Fact]) -> list[bool]:
        """See ``Store``."""
        places = [(fact.feed_id.encode() + codec.key_of(fact)) for fact in facts]
        contents = [codec.content_of(fact) for fact in facts]
        before = [
            self._seen.get((fact.feed_id, codec.key_of(fact))) == content
            for fact, content in zip(facts, contents, strict=True)
        ]
        return within(list(zip(places, contents, strict=True)), before)

    def mark_seen(self, facts: Sequence[Fact]) -> None:
        """See ``Store``."""
        for fact in facts:
            self._seen[fact.feed_id, codec.key_of(fact)] = codec.content_of(fact)

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
        start = 0 if after is None else _number(after)
        with self._changed:
            while True:
                chosen = self._choose(consumer, shard, start)[:count]
                left_s = deadline - time.monotonic()
                if chosen or left_s <= 0:
                    return self._give(consumer, shard, chosen)
                self._changed.wait(min(left_s, 0.05))

    def _choose(self, consumer: str, shard: int, start: int) -> list[str]:
        now = time.monotonic()
        entries = self._shards[shard]
        taken = {key: e for key, e in entries.items() if e.owner is not None}
        own = [key for key, e in taken.items() if e.owner == consumer and _number(key) > start]
        others = {key: e for key, e in taken.items() if e.owner != consumer}
        dead = [key for key, e in others.items() if now - e.taken_at >= self._idle_s]
        fresh = [] if others else [key for key, e in entries.items() if e.owner is None]
        return own or dead or fresh

    def _give(self, consumer: str, shard: int, chosen: list[str]) -> list[tuple[str, Fact]]:
        entries = self._shards[shard]
        for key in chosen:
            entries[key].owner, entries[key].taken_at = consumer, time.monotonic()
        return [(key, entries[key].fact) for key in chosen]

    def ack(self, ids: Sequence[str], *, shard: int = 0) -> None:
        """See ``Store``."""
        with self._changed:
            for name in ids:
                self._shards[shard].pop(name, None)
            self._changed.notify_all()

    def backlog(self, *, shard: int = 0) -> Backlog:
        """See ``Store``."""
        owners = [entry.owner for entry in self._shards[shard].values()]
        return Backlog(owners.count(None), len(owners) - owners.count(None))


class MemoryLocks:
    """Leases on names."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._held: dict[str, tuple[int, float]] = {}  # runs out, and stays known as the last
        self._fence = 0

    def lock(
        self, name: str, *, ttl: timedelta = timedelta(seconds=10), is_forced: bool = False
    ) -> "MemoryLease | None":
        """See ``Store``."""
        with self._changed:
            if self.owner(name) is not None and not is_forced:
                return None
            self._fence += 1
            lease = MemoryLease(self, name, self._fence, ttl.total_seconds())
            self.hold(lease, ttl.total_seconds())
            return lease

    def owner(self, name: str) -> int | None:
        """Return the token that holds the name now."""
        token, until = self._held.get(name, (0, 0.0))
        return token if until > time.monotonic() else None

    def last_owner(self, name: str) -> int | None:
        """Return the token that held it last, though it may have run out."""
        return self._held.get(name, (None, 0.0))[0]

    def hold(self, lease: "MemoryLease", ttl_s: float) -> None:
        """Lengthen a lease."""
        self._held[lease.name] = (lease.token, time.monotonic() + ttl_s)

    def end(self, lease: "MemoryLease") -> None:
        """Give a lease back."""
        del self._held[lease.name]

    def check(self, fence: Lock | None) -> None:
        """Raise ``Fenced`` where the lock was lost."""
        if fence is not None and self.owner(fence.name) != fence.token:
            raise Fenced("the lock has passed to another worker")


class MemoryLease:
    """A lock that is ours until its time runs out."""

    def __init__(self, locks: MemoryLocks, name: str, token: int, ttl_s: float) -> None:
        self.name, self.token = name, token
        self._locks, self._ttl_s = locks, ttl_s

    def renew(self) -> bool:
        """See ``Lock``."""
        if self._locks.last_owner(self.name) != self.token:
            return False
        self._locks.hold(self, self._ttl_s)
        return True

    def release(self) -> None:
        """See ``Lock``."""
        if self._locks.last_owner(self.name) == self.token:
            self._locks.end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _number(name: str) -> int:
    return int(name.partition("-")[0])
