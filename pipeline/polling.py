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
from pipeline.admission import admit
from pipeline.crew import Members
from pipeline.feedbook import FeedBook
from pipeline.leases import Held, Leases
from pipeline.schedule import LONGEST_PAUSE, Due, pause_after_failure, poll_interval, strewn
from store import Store, StoreError

log = structlog.get_logger("feeds")

AGAIN_AFTER = timedelta(seconds=2)  # a feed that another process asks is looked at again
FORCED_EVERY = timedelta(seconds=5)  # people may have a feed asked at once, this often at most
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
    leases: Leases
    members: Members | None = None  # the workers that share the feeds
    recordings: dict[str, Replay] = field(default_factory=dict)
    _due: dict[str, Due] = field(default_factory=dict)
    _forced: dict[str, datetime] = field(default_factory=dict)
    _wanted: set[str] = field(default_factory=set)  # forced, and not asked yet

    def start(self, now: datetime) -> None:
        """Make every feed due at once; one that is being asked stays so."""
        for feed in self.feeds:
            if feeds.is_polled(feed):
                self._due.setdefault(feed.id, Due(feed, now)).at = now

    def poll_now(self, feed_id: str, now: datetime) -> tuple[bool, str | None]:
        """Make a feed due at once, however long it was to wait; say why not where not."""
        due, forced = self._due.get(feed_id), self._forced.get(feed_id)
        if due is None:
            return False, "this feed is not asked: its facts are pushed or heard"
        if due.is_running:
            return False, "it is being asked now"
        if forced is not None and timedelta(0) <= now - forced < FORCED_EVERY:
            return False, f"it was asked less than {FORCED_EVERY.seconds} s ago"
        self._forced[feed_id] = due.at = now
        self._wanted.add(feed_id)
        self.book.scheduled(feed_id, now)
        return True, None

    def submit_due(self, pool: ThreadPoolExecutor, now: datetime) -> None:
        """Hand the feeds that are due to the pool."""
        for due in self._due.values():
            if due.is_due(now):
                due.is_running = True
                pool.submit(self._run, due)

    def poll(self, feed: Feed) -> timedelta:
        """Ask one feed and admit what it gives; return how long to wait before the next time.

        One process asks a feed at a time, and none before it is due again where another has asked
        it. One that lost its lease meanwhile keeps nothing.
        """
        began = self.clock()
        with self.leases.hold(f"feed:{feed.id}") as lease:
            if lease is None:
                return AGAIN_AFTER
            if (left := self._left(feed, began)) is not None:
                return left
            try:
                pause = self._replayed(feed, lease) if feed.replay else self._asked(feed, lease)
            except FeedError as error:
                pause = self._failed(feed, error)
            if self.members is not None:
                self.members.asked(feed.id, began + pause)
            return pause

    def _left(self, feed: Feed, now: datetime) -> timedelta | None:
        """Return how long the feed is not due yet because another worker has asked it."""
        is_forced = feed.id in self._wanted
        self._wanted.discard(feed.id)
        if self.members is None or is_forced:
            return None
        return self.members.pause(feed.id, now, LONGEST_PAUSE + poll_interval(feed))

    def _run(self, due: Due) -> None:
        began, pause = self.clock(), poll_interval(due.feed)
        try:
            pause = self.poll(due.feed)
        except StoreError:
            pause = AGAIN_AFTER  # no fault of the feed; the worker tells of the store itself
        except Exception as error:  # noqa: BLE001 - one feed never costs another
            pause = self._failed(due.feed, FeedError(due.feed.id, repr(error), permanent=False))
        finally:
            due.at = max(began + strewn(pause), self.clock())
            self.book.scheduled(due.feed.id, due.at)
            due.is_running = False

    def _asked(self, feed: Feed, lease: Held) -> timedelta:
        now = self.clock()
        found = feeds.poll(feed, self.client, self.store.memory(feed.id), now=now)
        took = self.clock() - now
        if not lease.renew():
            log.warning("another process asks this feed", feed=feed.id)
            return AGAIN_AFTER
        self._admit(feed, found.parsed, found.memory, is_same=found.not_modified, took=took)
        return poll_interval(feed)

    def _replayed(self, feed: Feed, lease: Held) -> timedelta:
        now = self.clock()
        memory = self.store.memory(feed.id)
        if (recording := self.recordings.get(feed.id)) is None:
            recording = self._recording(feed, now)
        after = memory.get("replayed_until")
        first = max(FIRST_REPLAY, feed.latency + 1.5 * feed.every)  # as much as is still good
        since = datetime.fromisoformat(after) if after else now - first
        parsed = Parsed(accepted=recording.due(since, now))
        if not lease.renew():
            return AGAIN_AFTER
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
        self,
        feed: Feed,
        parsed: Parsed,
        memory: Mapping[str, Any],
        *,
        is_same: bool,
        took: timedelta | None = None,
    ) -> None:
        now = self.clock()
        admission = admit(parsed, feed, self.store, now=now)
        self.store.save_memory(feed.id, memory)
        had_failed = self.book.answered(
            feed.id,
            now=now,
            accepted=admission.accepted,
            rejected=admission.rejected,
            newest=admission.newest,
            published_at=parsed.published_at,
            is_same=is_same or (not admission.accepted and not admission.rejected),
            took=took,
        )
        if had_failed:
            log.info("feed recovered", feed=feed.id)

    def _failed(self, feed: Feed, error: FeedError) -> timedelta:
        if error.rejects:
            self.store.add_rejects(list(error.rejects))
        n_rejects = len(error.rejects)
        is_first = self.book.failed(feed.id, error.reason, now=self.clock(), rejected=n_rejects)
        failures = self.book[feed.id].failures
        if is_first:
            log.warning("feed failed", feed=feed.id, reason=error.reason)
        return pause_after_failure(feed, failures, error.retry_after)
