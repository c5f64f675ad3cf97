"""What the store keeps per feed: memory between polls, state, totals and quarantine."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from model import FeedState, Reject
from store import codec, keys
from store.base import RejectPage
from store.client import Clients, guarded
from store.known import Generations

CAP = 5_000  # refused rows kept per feed; older ones go, the total stays
_QUARANTINED = "quarantined"


class FeedRecords:
    """Everything under a feed's id."""

    def __init__(self, clients: Clients) -> None:
        self._quick = clients.quick
        self._patient = clients.patient
        self._known = Generations(clients.patient, limit=CAP * 4)

    @guarded
    def save_memory(self, feed_id: str, memory: Mapping[str, Any]) -> None:
        """See ``Store``."""
        self._patient.hset(keys.MEMORY, feed_id, codec.dumps(memory))

    @guarded
    def memory(self, feed_id: str) -> dict[str, Any]:
        """See ``Store``."""
        body = self._patient.hget(keys.MEMORY, feed_id)
        return {} if body is None else dict(codec.loads(body))

    @guarded
    def save_feed_states(self, states: Sequence[FeedState]) -> None:
        """See ``Store``."""
        if states:
            rows = {state.id: codec.dumps(state) for state in states}
            self._patient.hset(keys.FEED_STATES, mapping=rows)

    @guarded
    def feed_states(self) -> dict[str, FeedState]:
        """See ``Store``."""
        rows = self._quick.hgetall(keys.FEED_STATES)
        return {key.decode(): codec.build(FeedState, codec.loads(row)) for key, row in rows.items()}

    @guarded
    def count(self, feed_id: str, **by: int) -> None:
        """See ``Store``."""
        pipe = self._patient.pipeline(transaction=False)
        for name, number in by.items():
            pipe.hincrby(keys.counters(feed_id), name, number)
        pipe.execute()

    @guarded
    def counters(self, feed_id: str) -> dict[str, int]:
        """See ``Store``."""
        rows = self._quick.hgetall(keys.counters(feed_id))
        return {name.decode(): int(number) for name, number in rows.items()}

    @guarded
    def add_rejects(self, rejects: Sequence[Reject]) -> int:
        """See ``Store``."""
        n_new = 0
        in_order = sorted(rejects, key=lambda reject: reject.feed_id)
        for feed_id, group in groupby(in_order, key=lambda reject: reject.feed_id):
            n_new += self._quarantine(feed_id, list(group))
        return n_new

    def _quarantine(self, feed_id: str, rejects: list[Reject]) -> int:
        pairs = {codec.key_of_reject(reject): (b"1", reject) for reject in rejects}
        marks = [(key, mark) for key, (mark, _) in pairs.items()]
        known = self._known.know(keys.rejects_seen(feed_id), marks)
        fresh = {
            key: reject
            for (key, (_, reject)), is_known in zip(pairs.items(), known, strict=True)
            if not is_known
        }
        pipe = self._patient.pipeline(transaction=False)
        for reject in fresh.values():
            pipe.xadd(keys.rejects(feed_id), {"r": codec.dumps(reject)}, maxlen=CAP)
        pipe.hincrby(keys.counters(feed_id), _QUARANTINED, len(fresh))
        pipe.execute()
        self._known.learn(keys.rejects_seen(feed_id), dict.fromkeys(fresh, b"1"))
        return len(fresh)

    @guarded
    def rejects(self, feed_id: str, *, limit: int = 100, before: str | None = None) -> RejectPage:
        """See ``Store``."""
        newest = "+" if before is None else f"({before}"
        pipe = self._quick.pipeline(transaction=False)
        pipe.xrevrange(keys.rejects(feed_id), max=newest, count=limit + 1)
        pipe.hget(keys.counters(feed_id), _QUARANTINED)
        rows, total = pipe.execute()
        items = [codec.build(Reject, codec.loads(pairs[b"r"])) for _, pairs in rows[:limit]]
        older = rows[limit - 1][0].decode() if len(rows) > limit else None
        return RejectPage(items, older, int(total or 0))
