"""The twin in memory: the same promises within one process, for tests."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from model import Command, FeedState, Outcome, Snapshot
from store import codec
from store.base import Head, Lock, Versioned
from store.bodies import BodyReader, dump_body
from store.errors import Conflict, StoreSilent
from store.memory_crew import MemoryCrew
from store.memory_feeds import MemoryInboxes, MemoryQuarantine
from store.memory_parts import MemoryLocks, MemoryShards

IDLE_MS = 5_000


class MemoryStore:
    """Keeps the promises of ``store.base.Store``; what each method does is written there."""

    def __init__(self, *, shards: int = 1, idle_ms: int = IDLE_MS) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._epoch = time.time_ns() // 1_000_000
        streams = MemoryShards(self._changed, idle_ms / 1000, shards)
        self.add_facts = streams.add_facts
        self.admit = streams.admit
        self.seen = streams.seen
        self.mark_seen = streams.mark_seen
        self.read_facts = streams.read_facts
        self.ack = streams.ack
        self.backlog = streams.backlog
        self.shards = streams.shards
        self._bodies = BodyReader()
        self._head: Head | None = None
        self._snapshot: Snapshot | None = None
        self._n = 0
        self._queue: dict[str, Command] = {}
        self._taken: set[str] = set()
        self._took_under: int | None = None
        self._answers: dict[str, Outcome] = {}
        self._records: dict[str, Versioned] = {}
        self._memory: dict[str, bytes] = {}
        self._feed_states: dict[str, FeedState] = {}
        self._feed_note = b"{}"
        self._counters: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        refused = MemoryQuarantine(self._counters)
        self.add_rejects = refused.add_rejects
        self.quarantine = refused.quarantine
        self.reasons = refused.reasons
        self.settle = refused.settle
        inboxes = MemoryInboxes(self._changed)
        self.deliver = inboxes.deliver
        self.deliveries = inboxes.deliveries
        self.drop_deliveries = inboxes.drop_deliveries
        self.waiting = inboxes.waiting
        self._locks = MemoryLocks(self._changed)
        self.lock = self._locks.lock
        crew = MemoryCrew(self._changed)
        self.beat = crew.beat
        self.leave = crew.leave
        self.workers = crew.workers
        self.tell = crew.tell
        self.tell_kept = crew.tell_kept
        self.told = crew.told
        self.told_kept = crew.told_kept
        self.plan_poll = crew.plan_poll
        self.planned_poll = crew.planned_poll

    def ping(self) -> None:
        """See ``Store``."""

    def close(self) -> None:
        """See ``Store``."""

    def epoch(self) -> int:
        """See ``Store``."""
        return self._epoch

    def publish(self, snapshot: Snapshot, *, fence: Lock | None = None) -> Head:
        """See ``Store``."""
        body_id, body = dump_body(snapshot)
        with self._changed:
            self._locks.check(fence)
            self._n += 1
            version = f"{self._epoch}-{self._n}"
            self._head = Head(version, snapshot.published_at, body_id)
            self._snapshot = self._bodies.load(body, version, snapshot.published_at)
            self._changed.notify_all()
            return self._head

    def latest(self) -> Snapshot | None:
        """See ``Store``."""
        return self._snapshot

    def head(self) -> Head | None:
        """See ``Store``."""
        return self._head

    def ticks(self, timeout_s: float = 1.0) -> Iterator[Head | None]:
        """See ``Store``."""
        last: Head | None = None
        while True:
            news = self._news(last, timeout_s)
            last = news or last
            yield news

    def _news(self, last: Head | None, timeout_s: float) -> Head | None:
        with self._changed:
            has_new = self._changed.wait_for(lambda: self._head != last, timeout_s)
            return self._head if has_new else None

    def submit(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """See ``Store``."""
        name = command.command_id
        with self._changed:
            if name not in self._answers:
                self._queue.setdefault(name, command)
                self._changed.notify_all()
            if not self._changed.wait_for(lambda: name in self._answers, timeout_s):
                is_taken = name in self._taken
                if not is_taken:
                    self._queue.pop(name, None)
                raise StoreSilent(name, is_taken=is_taken)
            return self._answers[name]

    def take_commands(self, block_ms: int = 0, *, fence: Lock | None = None) -> list[Command]:
        """See ``Store``."""
        with self._changed:
            self._locks.check(fence)
            token = None if fence is None else fence.token
            if token != self._took_under:
                self._took_under = token
                self._taken.clear()
            self._changed.wait_for(lambda: self._queue.keys() - self._taken, block_ms / 1000)
            fresh = [item for name, item in self._queue.items() if name not in self._taken]
            self._taken.update(item.command_id for item in fresh)
            return fresh

    def answer(self, outcome: Outcome) -> None:
        """See ``Store``."""
        with self._changed:
            self._answers[outcome.command_id] = outcome
            self._queue.pop(outcome.command_id, None)
            self._taken.discard(outcome.command_id)
            self._changed.notify_all()

    def save_records(
        self,
        changes: Mapping[str, Mapping[str, Any] | None],
        *,
        expected: Mapping[str, int] | None = None,
        answers: Sequence[Outcome] = (),
        fence: Lock | None = None,
    ) -> dict[str, int]:
        """See ``Store``."""
        with self._changed:
            self._locks.check(fence)
            wanted = {key: v for key, v in (expected or {}).items() if key in changes}
            wrong = [key for key, version in wanted.items() if self._version(key) != version]
            if wrong:
                raise Conflict(wrong)
            for key, body in changes.items():
                if body is None:
                    self._records.pop(key, None)
                else:
                    fresh = codec.loads(codec.dumps(body))
                    self._records[key] = Versioned(self._version(key) + 1, fresh)
            for outcome in answers:
                self.answer(outcome)
            return {key: self._version(key) for key in changes}

    def _version(self, key: str) -> int:
        record = self._records.get(key)
        return 0 if record is None else record.version

    def records(self) -> dict[str, Versioned]:
        """See ``Store``."""
        with self._changed:
            return {
                k: replace(r, body=codec.loads(codec.dumps(r.body)))
                for k, r in self._records.items()
            }

    def save_memory(self, feed_id: str, memory: Mapping[str, Any]) -> None:
        """See ``Store``."""
        self._memory[feed_id] = codec.dumps(memory)

    def memory(self, feed_id: str) -> dict[str, Any]:
        """See ``Store``."""
        return dict(codec.loads(self._memory.get(feed_id, b"{}")))

    def save_feed_states(
        self, states: Sequence[FeedState], *, note: Mapping[str, Any] | None = None
    ) -> None:
        """See ``Store``."""
        self._feed_states |= {state.id: state for state in states}
        if states and note is not None:
            self._feed_note = codec.dumps(note)

    def feed_note(self) -> dict[str, Any]:
        """See ``Store``."""
        return dict(codec.loads(self._feed_note))

    def feed_states(self) -> dict[str, FeedState]:
        """See ``Store``."""
        return dict(self._feed_states)

    def count(self, feed_id: str, **by: int) -> None:
        """See ``Store``."""
        for name, number in by.items():
            self._counters[feed_id][name] += number

    def counters(self, feed_id: str) -> dict[str, int]:
        """See ``Store``."""
        return dict(self._counters[feed_id])
