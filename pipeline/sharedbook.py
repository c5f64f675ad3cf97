"""One book of feeds over several workers: each change is told, and booked by the others too.

The worker that asks a feed books what came of it; the one that leads judges and shows it, and
another may lead the next moment. So all keep the same book: every change is numbered within the
process that made it, and the states that the leader saves say up to which number they go.
"""

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from model import Feed, FeedState
from model.plain import plain
from pipeline.feedbook import FeedBook
from store import Place, Store, StoreError

TOPIC = "book"
AT_ONCE = 500  # changes in one message
ORIGINS_KEPT = 200  # processes whose last number is remembered
_INSTANTS = ("now", "newest", "published_at", "at")
_SPANS = ("took",)

Change = tuple[str, str, dict[str, Any]]  # call, feed, what came of it


class SharedBook(FeedBook):
    """A book of feeds that notes its own changes and takes those of others."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        """Start with every feed unknown and nothing to tell."""
        super().__init__(feeds)
        self.origin = secrets.token_hex(6)
        self.applied: dict[str, int] = {}
        self._changes: list[Change] = []  # not told yet
        self._told = 0  # how many were
        self._is_inside = False

    def answered(self, feed_id: str, **more: Any) -> bool:
        """See ``FeedBook``."""
        return bool(self._do("answered", feed_id, more))

    def failed(self, feed_id: str, reason: str, **more: Any) -> bool:
        """See ``FeedBook``."""
        return bool(self._do("failed", feed_id, {"reason": reason, **more}))

    def cut(self, feed_id: str, reason: str, **more: Any) -> bool:
        """See ``FeedBook``."""
        return bool(self._do("cut", feed_id, {"reason": reason, **more}))

    def mended(self, feed_id: str) -> bool:
        """See ``FeedBook``."""
        return bool(self._do("mended", feed_id, {}))

    def replayed(self, feed_id: str, **more: Any) -> None:
        """See ``FeedBook``."""
        self._do("replayed", feed_id, more)

    def placed(self, feed_id: str, **more: Any) -> None:
        """See ``FeedBook``."""
        self._do("placed", feed_id, more)

    def scheduled(self, feed_id: str, at: datetime) -> None:
        """See ``FeedBook``."""
        self._do("scheduled", feed_id, {"at": at})

    def _do(self, call: str, feed_id: str, more: Mapping[str, Any]) -> Any:
        with self._lock:
            if self._is_inside:  # one change that is made of another
                return _CALLS[call](self, feed_id, **more)
            self._changes.append((call, feed_id, dict(more)))
            return self._inside(call, feed_id, more)

    def _inside(self, call: str, feed_id: str, more: Mapping[str, Any]) -> Any:
        self._is_inside = True
        try:
            return _CALLS[call](self, feed_id, **more)
        finally:
            self._is_inside = False

    def take(self, origin: str, message: Mapping[str, Any], *, is_live: bool) -> None:
        """Book what another process booked; what is known already is passed over.

        What is not ``live`` happened before we came: it is no sign that anybody asks the feed now.
        """
        first = int(message["first"])
        with self._lock:
            asked = dict(self._asked)
            for number, (call, feed_id, more) in enumerate(message["changes"], start=first):
                if number <= self.applied.get(origin, 0) or feed_id not in self._states:
                    continue
                self._inside(call, feed_id, _read(more))
            last = first + len(message["changes"]) - 1
            self.applied[origin] = max(
                last, self.applied.pop(origin, 0)
            )  # heard of last, kept last
            if not is_live:
                self._asked = asked

    def unsaid(self) -> dict[str, Any] | None:
        """Return the oldest changes that nobody was told of, as a message."""
        with self._lock:
            some = self._changes[:AT_ONCE]
            rows = [(call, feed_id, _written(more)) for call, feed_id, more in some]
            return {"first": self._told + 1, "changes": rows} if rows else None

    def said(self, count: int) -> None:
        """Forget changes that were told."""
        with self._lock:
            del self._changes[:count]
            self._told += count

    def summed(self) -> tuple[tuple[FeedState, ...], dict[str, int]]:
        """Return all states and, of the same moment, up to which change of whom they go."""
        with self._lock:
            ours = {self.origin: self._told + len(self._changes)}
            older = list(self.applied.items())[-ORIGINS_KEPT:]
            return tuple(self._states.values()), dict(older) | ours


@dataclass(slots=True)
class BookKeeping:
    """Keeps a shared book in step with the store."""

    book: SharedBook
    store: Store
    place: Place | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def restore(self) -> None:
        """Take up the states that a leader saved, and all that was told since."""
        note, states = self._saved()
        self.book.restore(states.values())
        self.book.applied = {str(k): int(v) for k, v in note.get("applied", {}).items()}
        saved = note.get("place")
        self.place = Place(saved[0], int(saved[1])) if saved else Place("0-0", 0)
        self.hear(is_live=False)

    def _saved(self) -> tuple[dict[str, Any], dict[str, FeedState]]:
        """Return a note and the states that it is about."""
        while True:
            note, states = self.store.feed_note(), self.store.feed_states()
            if note == self.store.feed_note():
                return note, states

    def hear(self, *, is_live: bool = True) -> None:
        """Book what the others told."""
        with self._turn:
            told = self.store.told(TOPIC, self.place)
            for origin, message in told.items:
                if origin != self.book.origin:
                    self.book.take(origin, message, is_live=is_live)
            self.place = told.place

    def tell(self) -> None:
        """Tell the others what was booked here."""
        with self._turn:
            while (message := self.book.unsaid()) is not None:
                self.store.tell(TOPIC, self.book.origin, [message])
                self.book.said(len(message["changes"]))

    def save(self) -> None:
        """Save all states, with how far they go."""
        with self._turn:
            place = self.place
            states, applied = self.book.summed()
        note = None if place is None else {"place": [place.id, place.n], "applied": applied}
        self.store.save_feed_states(states, note=note)

    def last_words(self) -> None:
        """Tell what is left, as far as the store still answers."""
        try:
            self.tell()
        except StoreError:
            return


_CALLS: dict[str, Any] = {
    name: getattr(FeedBook, name)
    for name in ("answered", "failed", "cut", "mended", "replayed", "placed", "scheduled")
}


def _written(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in more.items()}


def _read(more: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(more)
    for name in _INSTANTS:
        if found.get(name) is not None:
            found[name] = datetime.fromisoformat(found[name])
    for name in _SPANS:
        if found.get(name) is not None:
            found[name] = timedelta(seconds=found[name])
    return found
