"""What the store keeps per feed: memory between polls, state and totals."""

from collections.abc import Mapping, Sequence
from typing import Any

from model import FeedState
from store import codec, keys
from store.client import Clients, guarded


class FeedRecords:
    """Everything under a feed's id."""

    def __init__(self, clients: Clients) -> None:
        self._quick = clients.quick
        self._patient = clients.patient

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
    def save_feed_states(
        self, states: Sequence[FeedState], *, note: Mapping[str, Any] | None = None
    ) -> None:
        """See ``Store``."""
        if not states:
            return
        pipe = self._patient.pipeline(transaction=True)
        pipe.hset(keys.FEED_STATES, mapping={state.id: codec.dumps(state) for state in states})
        if note is not None:
            pipe.set(keys.FEED_NOTE, codec.dumps(note))
        pipe.execute()

    @guarded
    def feed_note(self) -> dict[str, Any]:
        """See ``Store``."""
        body = self._patient.get(keys.FEED_NOTE)
        return {} if body is None else dict(codec.loads(body))

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
