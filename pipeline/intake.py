"""How facts come in: asked for, pushed or heard, each on threads of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

import feeds
from model import Feed
from pipeline.care import Caretaker
from pipeline.crew import Members
from pipeline.feedbook import FeedBook
from pipeline.inbox import Postman
from pipeline.leases import Leases
from pipeline.listening import Listening
from pipeline.polling import Poller
from pipeline.rooms import Rooms

log = structlog.get_logger("feeds")

POLLERS = 32  # feeds asked at once, at most: one that hangs must not hold up another

OnError = Callable[[str, Exception], None]


class Intake:
    """The stages before the stream. ``stop`` is the worker's own event."""

    def __init__(
        self,
        rooms: Rooms,
        book: FeedBook,
        stop: threading.Event,
        members: Members | None = None,
    ) -> None:
        """Build the stages; nothing runs yet. ``members`` are the workers that share the feeds."""
        pack, store, clock = rooms.pack, rooms.store, rooms.clock
        self.book, self.feeds, self._stop = book, pack.feeds, stop
        heard = [feed for feed in pack.feeds if feeds.is_heard(feed)]
        brought = {feed.id: feed for feed in pack.feeds if feed in heard or feeds.is_pushed(feed)}
        self.leases = Leases(store)
        self.poller = Poller(pack.feeds, store, book, rooms.client, clock, self.leases, members)
        self.postman = Postman(brought, store, book, clock, self.leases)
        self.listening = Listening(heard, store, book, clock, self.leases)
        self.caretaker = Caretaker(pack.feeds, store, rooms.history, book, self.poller, clock, stop)
        self._pool = ThreadPoolExecutor(min(POLLERS, len(pack.feeds) or 1), "poll")
        self._threads: list[threading.Thread] = []

    def start(self, now: datetime, on_error: OnError) -> None:
        """Begin; feeds that are polled are due at once."""
        for feed in self.feeds:
            self.book.comes(
                feed.id, now, is_polled=feeds.is_polled(feed), is_pushed=feeds.is_pushed(feed)
            )
            if feeds.is_pushed(feed) and not feeds.is_polled(feed):
                self._mind_secret(feed, now)
        self._begin("leases", lambda: self.leases.run(self._stop))
        if self.postman.deliverable:
            self._begin(
                "inbox", lambda: self.postman.run(self._stop, lambda e: on_error("inbox", e))
            )
        self.listening.start(self._stop)
        self.poller.start(now)

    def _mind_secret(self, feed: Feed, now: datetime) -> None:
        """Say of a feed that is pushed only whether anything can be pushed to it."""
        try:
            feeds.push_secret(feed)
        except feeds.FeedError as error:
            self.book.failed(feed.id, error.reason, now=now, is_delivered=True)
            log.warning("nothing can be pushed", feed=feed.id, reason=error.reason)
            return
        if feeds.UNSET in (self.book[feed.id].last_error or ""):
            self.book.mended(feed.id)

    def ask(self, now: datetime) -> None:
        """Ask the feeds that are due."""
        self.poller.submit_due(self._pool, now)

    def end(self, within_s: float) -> None:
        """End what can be ended; ``stop`` must be set. What is under way elsewhere comes again."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.listening.join(within_s)
        for thread in self._threads:
            thread.join(within_s)

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
