"""Asking the feeds: who is due, what came, how they are doing."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import structlog

import feeds
from feeds import FeedError
from feeds.replay import Replay
from model import Feed, Parsed
from model.plain import instant
from pipeline.admission import Admission, admit
from pipeline.feedbook import FeedBook
from pipeline.schedule import Due, pause_after_failure, poll_interval
from store import Store

log = structlog.get_logger("feeds")

REPLAY_EVERY = timedelta(seconds=5)  # a recording is played at least this often
FIRST_REPLAY = timedelta(minutes=5)  # what a recording brings at its very first step, at least


@dataclass(slots=True)
class Poller:
    """Polls every feed in its own time, each at most once at a time.

    A feed that fails costs its own cards only: its error is booked, one line is logged when it
    breaks and one when it recovers, and it is asked again later.
    """

    feeds: tuple[Feed, ...]
    store: Store
    book: FeedBook
    client: httpx.Client
    clock: Callable[[], datetime]
    recordings: dict[str, Replay] = field(default_factory=dict)
    _due: dict[str, Due] = field(default_factory=dict)

    def start(self, now: datetime) -> None:
        """Make every feed due at once; one that is being asked stays so."""
        for feed in self.feeds:
            self._due.setdefault(feed.id, Due(feed, now)).at = now

    def submit_due(self, pool: ThreadPoolExecutor, now: datetime) -> None:
        """Hand the feeds that are due to the pool."""
        for due in self._due.values():
            if due.is_due(now):
                due.is_running = True
                pool.submit(self._run, due)

    def poll(self, feed: Feed) -> timedelta:
        """Ask one feed and admit what it gives; return how long to wait before the next time."""
        try:
            pause = self._replayed(feed) if feed.replay else self._asked(feed)
        except FeedError as error:
            return self._failed(feed, error)
        return pause

    def _run(self, due: Due) -> None:
        began, pause = self.clock(), poll_interval(due.feed)
        try:
            pause = self.poll(due.feed)
        except Exception as error:  # noqa: BLE001 - one feed never costs another
            pause = self._failed(due.feed, FeedError(due.feed.id, repr(error), permanent=False))
        finally:
            due.at = max(began + pause, self.clock())
            self.book.scheduled(due.feed.id, due.at)
            due.is_running = False

    def _asked(self, feed: Feed) -> timedelta:
        now = self.clock()
        found = feeds.poll(feed, self.client, self.store.memory(feed.id), now=now)
        self._admit(feed, found.parsed, found.memory, is_same=found.not_modified)
        return poll_interval(feed)

    def _replayed(self, feed: Feed) -> timedelta:
        now = self.clock()
        memory = self.store.memory(feed.id)
        if (recording := self.recordings.get(feed.id)) is None:
            recording = self._recording(feed, now)
        after = memory.get("replayed_until")
        first = max(FIRST_REPLAY, feed.latency + 1.5 * feed.every)  # as much as is still good
        since = datetime.fromisoformat(after) if after else now - first
        parsed = Parsed(accepted=recording.due(since, now))
        self._admit(feed, parsed, {"replayed_until": instant(now)}, is_same=not parsed.accepted)
        return min(poll_interval(feed), REPLAY_EVERY)

    def _recording(self, feed: Feed, now: datetime) -> Replay:
        """Read a recording whole, once; its refused rows go to quarantine."""
        found = feeds.poll(feed, self.client, {}, now=now)
        if found.parsed.rejected:
            self.store.add_rejects(found.parsed.rejected)
        recording = Replay.build(found.parsed.accepted, feed)
        self.recordings[feed.id] = recording
        return recording

    def _admit(
        self, feed: Feed, parsed: Parsed, memory: Mapping[str, Any], *, is_same: bool
    ) -> None:
        now = self.clock()
        admission = admit(parsed, feed, self.store, now=now)
        self.store.save_memory(feed.id, memory)
        if self._book(feed, parsed, admission, is_same=is_same):
            log.info("feed recovered", feed=feed.id)

    def _book(self, feed: Feed, parsed: Parsed, admission: Admission, *, is_same: bool) -> bool:
        return self.book.answered(
            feed.id,
            now=self.clock(),
            accepted=admission.accepted,
            rejected=admission.rejected,
            newest=admission.newest,
            published_at=parsed.published_at,
            is_same=is_same or (not admission.accepted and not admission.rejected),
        )

    def _failed(self, feed: Feed, error: FeedError) -> timedelta:
        if error.rejects:
            self.store.add_rejects(list(error.rejects))
        is_first = self.book.failed(feed.id, error.reason, now=self.clock())
        failures = self.book[feed.id].failures
        if is_first:
            log.warning("feed failed", feed=feed.id, reason=error.reason)
        return pause_after_failure(feed, failures, error.retry_after)
