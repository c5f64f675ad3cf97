"""Feeds that keep a connection open: begun, watched, begun again, ended."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

import feeds
from feeds import Ear, FeedError, Listener
from feeds.base import guarded
from feeds.secrets import hidden
from model import Delivery, Feed
from pipeline.feedbook import FeedBook
from pipeline.leases import Leases
from store import Store, StoreError

log = structlog.get_logger("feeds")

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
LOOK_S = 1.0  # how often a connection's lease is looked at
NOT_OURS_S = 5.0


@dataclass(slots=True)
class Listening:
    """One thread per feed that is heard. A feed that cannot be heard costs itself only."""

    feeds: Sequence[Feed]
    store: Store
    book: FeedBook
    clock: Callable[[], datetime]
    leases: Leases
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, stop: threading.Event) -> None:
        """Begin to listen."""
        for feed in self.feeds:
            thread = threading.Thread(
                target=self._hear, args=(feed, stop), name=f"ear-{feed.id}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def join(self, within_s: float) -> None:
        """Wait for the connections to end; ``stop`` must be set."""
        until = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _hear(self, feed: Feed, stop: threading.Event) -> None:
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                with self.leases.hold(f"ear:{feed.id}") as lease:
                    if lease is None:
                        stop.wait(NOT_OURS_S)
                        continue
                    listener = self._open(feed)
                    wait_s = FIRST_WAIT_S
                    try:
                        while not lease.is_lost and not stop.wait(LOOK_S):
                            pass
                    finally:
                        listener.stop()
            except StoreError:
                stop.wait(FIRST_WAIT_S)
            except Exception as error:  # noqa: BLE001 - one feed never costs another
                self._told(feed, error.reason if isinstance(error, FeedError) else repr(error))
                stop.wait(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _open(self, feed: Feed) -> Listener:
        secret = guarded(feed)

        def tell(reason: str | None) -> None:
            self._told(feed, None if reason is None else hidden(reason, secret.used))

        with secret:
            return feeds.listen(Ear(feed, self._keep, tell, self.clock, secret))

    def _keep(self, delivery: Delivery) -> None:
        self.store.deliver(delivery)

    def _told(self, feed: Feed, reason: str | None) -> None:
        if reason is None:
            if self.book.mended(feed.id):
                log.info("feed recovered", feed=feed.id)
        elif self.book.cut(feed.id, reason, now=self.clock()):
            log.warning("feed failed", feed=feed.id, reason=reason)
