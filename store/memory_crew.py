"""Parts of the twin in memory: workers among themselves."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from model import Fact
from store import codec
from store.crew import ALIVE_MS, CAP, kept_topic
from store.crew_base import Place, Told, WorkerNote


class MemoryCrew:
    """The workers of one house."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._heard: dict[str, tuple[float, dict[str, Any]]] = {}
        self._told: dict[str, list[tuple[int, str, bytes]]] = defaultdict(list)
        self._counts: dict[str, int] = defaultdict(int)
        self._polls: dict[str, tuple[str, datetime]] = {}

    def beat(self, name: str, note: dict[str, Any]) -> tuple[bool, dict[str, dict[str, Any]]]:
        """See ``Store``."""
        with self._changed:
            self._forget()
            is_known = name in self._heard
            self._heard[name] = (time.monotonic(), codec.loads(codec.dumps(note)))
            return is_known, {one: dict(found) for one, (_, found) in self._heard.items()}

    def leave(self, name: str) -> None:
        """See ``Store``."""
        self._heard.pop(name, None)

    def workers(self) -> list[WorkerNote]:
        """See ``Store``."""
        with self._changed:
            self._forget()
            now = time.monotonic()
            found = sorted(self._heard.items())
            return [WorkerNote(name, now - at, dict(note)) for name, (at, note) in found]

    def _forget(self) -> None:
        before = time.monotonic() - ALIVE_MS / 1000
        self._heard = {name: row for name, row in self._heard.items() if row[0] >= before}

    def tell(self, topic: str, by: str, bodies: Sequence[Any]) -> None:
        """See ``Store``."""
        self._add(topic, by, [codec.dumps(body) for body in bodies])

    def tell_kept(self, shard: int, by: str, facts: Sequence[Fact]) -> None:
        """See ``Store``."""
        if facts:
            self._add(kept_topic(shard), by, [codec.dump_facts(facts)])

    def _add(self, topic: str, by: str, bodies: Sequence[bytes]) -> None:
        with self._changed:
            for body in bodies:
                self._counts[topic] += 1
                self._told[topic].append((self._counts[topic], by, body))
            del self._told[topic][:-CAP]

    def told(self, topic: str, after: Place | None) -> Told:
        """See ``Store``."""
        with self._changed:
            n = self._counts[topic]
            if after is None:
                return Told([], Place(f"{n}-0", n))
            rows = [row for row in self._told[topic] if row[0] > after.n]
        items = [(by, codec.loads(body)) for _, by, body in rows]
        is_whole = not rows or rows[0][0] == after.n + 1
        last = rows[-1][0] if rows else after.n
        return Told(items, Place(f"{last}-0", last), is_whole=is_whole)

    def told_kept(self, shard: int, after: Place | None) -> Told:
        """See ``Store``."""
        told = self.told(kept_topic(shard), after)
        items = [(by, [codec.build_fact(row) for row in rows]) for by, rows in told.items]
        return Told(items, told.place, is_whole=told.is_whole)

    def plan_poll(self, feed_id: str, by: str, at: datetime) -> None:
        """See ``Store``."""
        self._polls[feed_id] = (by, at)

    def planned_poll(self, feed_id: str) -> tuple[str, datetime] | None:
        """See ``Store``."""
        return self._polls.get(feed_id)
