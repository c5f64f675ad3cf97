"""What workers know of each other: who lives, what each kept, how the feeds of each are doing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from model import Fact
from model.plain import instant
from store import codec, crew_scripts, keys
from store.client import Clients, guarded
from store.crew_base import Place, Told, WorkerNote
from store.scripting import Script

ALIVE_MS = 10_000  # a worker that was not heard of for so long is taken for gone
CAP = 2_000  # entries of a topic that are kept
TTL_S = 600
BOOK = "book"  # topic: what became of feeds
CHUNK = 500  # facts an entry


class Crew:
    """The workers of one house."""

    def __init__(self, clients: Clients) -> None:
        self._r = clients.patient
        quick = clients.quick
        self._beat = Script(quick, crew_scripts.BEAT)
        self._alive = Script(quick, crew_scripts.ALIVE)
        self._leave = Script(quick, crew_scripts.LEAVE)
        self._tell = Script(self._r, crew_scripts.TELL)
        self._last = Script(self._r, crew_scripts.TOLD_LAST)

    @guarded
    def beat(self, name: str, note: dict[str, Any]) -> tuple[bool, dict[str, dict[str, Any]]]:
        """See ``Store``."""
        args = [name, codec.dumps(note), ALIVE_MS]
        known, rows = self._beat(keys=[keys.WORKERS, keys.WORKER_NOTES], args=args)
        pairs = zip(rows[::2], rows[1::2], strict=True)
        return bool(known), {one.decode(): codec.loads(body) for one, body in pairs}

    @guarded
    def leave(self, name: str) -> None:
        """See ``Store``."""
        self._leave(keys=[keys.WORKERS, keys.WORKER_NOTES], args=[name])

    @guarded
    def workers(self) -> list[WorkerNote]:
        """See ``Store``."""
        rows = self._alive(keys=[keys.WORKERS, keys.WORKER_NOTES], args=[ALIVE_MS])
        found = zip(rows[::3], rows[1::3], rows[2::3], strict=True)
        notes = [WorkerNote(n.decode(), int(ms) / 1000, codec.loads(body)) for n, body, ms in found]
        return sorted(notes, key=lambda one: one.name)

    @guarded
    def tell(self, topic: str, by: str, bodies: Sequence[Any]) -> None:
        """See ``Store``."""
        if bodies:
            args = [by, CAP, TTL_S, *map(codec.dumps, bodies)]
            self._tell(keys=keys.told(topic), args=args)

    @guarded
    def tell_kept(self, shard: int, by: str, facts: Sequence[Fact]) -> None:
        """See ``Store``."""
        for start in range(0, len(facts), CHUNK * 20):
            part = facts[start : start + CHUNK * 20]
            bodies = [codec.dump_facts(part[at : at + CHUNK]) for at in range(0, len(part), CHUNK)]
            self._tell(keys=keys.told(kept_topic(shard)), args=[by, CAP, TTL_S, *bodies])

    @guarded
    def told(self, topic: str, after: Place | None) -> Told:
        """See ``Store``."""
        if after is None:
            last, n = self._last(keys=keys.told(topic))
            return Told([], Place(last.decode(), int(n)))
        rows = self._r.xrange(keys.told(topic)[0], min=f"({after.id}", count=CAP)
        items, is_whole, place = [], True, after
        for row_id, pairs in rows:
            n = int(pairs[b"n"])
            is_whole = is_whole and n == place.n + 1
            place = Place(row_id.decode(), n)
            items.append((pairs[b"w"].decode(), codec.loads(pairs[b"b"])))
        return Told(items, place, is_whole=is_whole)

    @guarded
    def told_kept(self, shard: int, after: Place | None) -> Told:
        """See ``Store``."""
        told = self.told(kept_topic(shard), after)
        items = [(by, [codec.build_fact(row) for row in rows]) for by, rows in told.items]
        return Told(items, told.place, is_whole=told.is_whole)

    @guarded
    def plan_poll(self, feed_id: str, by: str, at: datetime) -> None:
        """See ``Store``."""
        self._r.hset(keys.POLLS, feed_id, codec.dumps([by, instant(at)]))

    @guarded
    def planned_poll(self, feed_id: str) -> tuple[str, datetime] | None:
        """See ``Store``."""
        body = self._r.hget(keys.POLLS, feed_id)
        if body is None:
            return None
        by, at = codec.loads(body)
        return by, codec.instant(at)


def kept_topic(shard: int) -> str:
    """Return the topic of what was kept of a shard; on the node of the shard itself."""
    return str(shard)
