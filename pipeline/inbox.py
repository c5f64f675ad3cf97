"""What was pushed or heard, from the inbox to the stream; dropped only when it is admitted."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

import feeds
from feeds import FeedError
from feeds.decode import raw
from model import Delivery, Feed, Parsed, Reject
from pipeline.admission import Admission, admit
from pipeline.feedbook import FeedBook
from pipeline.leases import Held, Leases
from store import Store, StoreError

log = structlog.get_logger("feeds")

BLOCK_MS = 1000
COUNT = 50  # deliveries taken at once
FACTS = 20_000  # facts admitted at once, about
PAUSE_S = 0.5  # where nothing could be done
RETRY = timedelta(seconds=30)  # a feed whose deliveries cannot be read at all
LEASE = "inbox"

Item = tuple[str, Delivery]


@dataclass(slots=True)
class Batch:
    """Deliveries of one feed that are admitted together, and what they say.

    It never holds two versions of one fact: after a crash it comes again whole, and the older
    version would then count as a correction.
    """

    ids: list[str] = field(default_factory=list)
    parsed: Parsed = field(default_factory=Parsed)
    keys: set[tuple[str, ...]] = field(default_factory=set)

    def takes(self, more: Parsed) -> bool:
        """Whether a delivery may be admitted together with those before."""
        return len(self.parsed.accepted) + len(more.accepted) <= FACTS and not any(
            fact.key in self.keys for fact in more.accepted
        )

    def add(self, name: str, more: Parsed) -> None:
        """Take a delivery."""
        old = self.parsed
        self.ids.append(name)
        self.keys.update(fact.key for fact in more.accepted)
        self.parsed = Parsed(
            old.accepted + more.accepted,
            old.rejected + more.rejected,
            more.published_at or old.published_at,
        )


class LeaseLostError(Exception):
    """Another process has taken over; nothing more is kept here."""


@dataclass(slots=True)
class Postman:
    """Takes deliveries in order, feed by feed. One of a feed never holds up another's.

    ``deliverable`` are the feeds of the pack that are pushed or heard.
    """

    deliverable: dict[str, Feed]
    store: Store
    book: FeedBook
    clock: Callable[[], datetime]
    leases: Leases
    _asleep: dict[str, datetime] = field(default_factory=dict)

    def run(self, stop: threading.Event, on_error: Callable[[Exception], None]) -> None:
        """Empty the inboxes until told to stop."""
        while not stop.is_set():
            try:
                with self.leases.hold(LEASE) as lease:
                    while lease is not None and not stop.is_set():
                        if not self.step(lease):
                            stop.wait(PAUSE_S)
            except LeaseLostError:
                log.warning("another process takes what is pushed")
            except Exception as error:  # noqa: BLE001 - the edge that can act: report and retry
                on_error(error)
            stop.wait(PAUSE_S)

    def step(self, lease: Held, *, block_ms: int = BLOCK_MS) -> bool:
        """Take what lies in the inboxes; return False where something lies there untouched."""
        found = self.store.waiting(block_ms)
        now = self.clock()
        done = [self._feed(feed_id, lease) for feed_id in found if self._is_ready(feed_id, now)]
        return not found or any(done)

    def _is_ready(self, feed_id: str, now: datetime) -> bool:
        until = self._asleep.get(feed_id, now)
        return feed_id in self.deliverable and not now < until <= now + RETRY

    def _feed(self, feed_id: str, lease: Held) -> bool:
        """Take the oldest deliveries of one feed; return whether some could be dropped."""
        feed = self.deliverable[feed_id]
        items = self.store.deliveries(feed_id, COUNT)
        if not items:
            self.store.drop_deliveries(feed_id, [])  # the count was wrong, and mends itself so
            return False
        try:
            self._take(feed, items, lease)
        except FeedError as error:
            self._asleep[feed_id] = self.clock() + RETRY
            if self.book.failed(feed_id, error.reason, now=self.clock(), is_delivered=True):
                log.warning("feed failed", feed=feed_id, reason=error.reason)
            return False
        return True

    def _take(self, feed: Feed, items: Sequence[Item], lease: Held) -> None:
        batch = Batch()
        for name, delivery in items:
            parsed = self._read(feed, delivery)
            if batch.ids and not batch.takes(parsed):
                self._admit(feed, batch, items, lease)
                batch = Batch()
            batch.add(name, parsed)
        self._admit(feed, batch, items, lease)

    def _read(self, feed: Feed, delivery: Delivery) -> Parsed:
        """Parse a delivery; whatever it does to a kind, it costs itself only."""
        try:
            return feeds.receive(feed, delivery)
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - as the sentence above says
            return Parsed(rejected=[_refused(delivery, error)])

    def _admit(self, feed: Feed, batch: Batch, items: Sequence[Item], lease: Held) -> None:
        """Admit a batch, then drop it; where that fails for its content, one by one."""
        if not lease.renew():
            raise LeaseLostError
        try:
            admission = admit(batch.parsed, feed, self.store, now=self.clock())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - such as a text that cannot be written
            self._isolate(feed, batch, items, lease, error)
            return
        self.store.drop_deliveries(feed.id, batch.ids)
        self._book(feed, batch.parsed, admission)

    def _isolate(
        self, feed: Feed, batch: Batch, items: Sequence[Item], lease: Held, error: Exception
    ) -> None:
        chosen = [(name, delivery) for name, delivery in items if name in batch.ids]
        for name, delivery in chosen:
            alone = Batch()
            is_culprit = len(chosen) == 1
            refused = Parsed(rejected=[_refused(delivery, error)])
            alone.add(name, refused if is_culprit else self._read(feed, delivery))
            self._admit(feed, alone, [(name, delivery)], lease)

    def _book(self, feed: Feed, parsed: Parsed, admission: Admission) -> None:
        """Book it like a poll: bodies that were malformed as a whole are a failure."""
        now = self.clock()
        whole = [reject for reject in parsed.rejected if reject.line == 0]
        if whole and not parsed.accepted:
            reason, n_rejects = whole[-1].reason, admission.rejected
            if self.book.failed(feed.id, reason, now=now, rejected=n_rejects, is_delivered=True):
                log.warning("feed failed", feed=feed.id, reason=reason)
            return
        had_failed = self.book.answered(
            feed.id,
            now=now,
            accepted=admission.accepted,
            rejected=admission.rejected,
            newest=admission.newest,
            published_at=parsed.published_at,
            is_same=not admission.accepted and not admission.rejected,
            is_delivered=True,
        )
        if had_failed:
            log.info("feed recovered", feed=feed.id)


def _refused(delivery: Delivery, error: Exception) -> Reject:
    return Reject(
        feed_id=delivery.feed_id,
        line=0,
        reason=f"cannot be read: {type(error).__name__}: {error}"[:300],
        raw=raw(delivery.body.decode("utf-8", errors="replace")),
        at=delivery.received_at,
        context=delivery.topic,
    )
