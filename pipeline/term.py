"""One worker's time as the leader: measure, judge, publish, serve people, write it down."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from cities.pack import pack_files
from metrics.window import Window
from model import AlertEvent, Command, Fact, FeedState, Snapshot
from pipeline.believed import good_shares
from pipeline.books import Books
from pipeline.care import Caretaker
from pipeline.child import BackfillChild, backfill_wanted
from pipeline.diary import Diary
from pipeline.disk import DiskWatch
from pipeline.judging import Judge
from pipeline.known import Known
from pipeline.leading import Lead
from pipeline.measuring import Measurer
from pipeline.publishing import snapshot
from pipeline.rooms import Rooms
from pipeline.scope import scope_of
from pipeline.sharedbook import BookKeeping
from pipeline.troubles import Troubles
from pipeline.upkeep import Housekeeper, policy_of

log = structlog.get_logger("worker")

WRITE_EVERY = timedelta(seconds=20)
BOOKS_EVERY = timedelta(seconds=60)
SHARES_EVERY = timedelta(minutes=10)
TIDY_EVERY = timedelta(seconds=10)  # it decides itself what is due
DISK_EVERY = timedelta(seconds=30)
REVISE_EVERY = timedelta(seconds=5)
RETRY_EVERY = timedelta(seconds=30)  # to fill the past

Chore = tuple[str, timedelta, Callable[[], object]]


class Term:
    """Holds what only the leader has. What it writes is refused once another leads."""

    def __init__(
        self, rooms: Rooms, known: Known, keeping: BookKeeping, lead: Lead, troubles: Troubles
    ) -> None:
        """Build the stages, the alarms as the store has them; nothing runs yet."""
        self.rooms, self.known, self.keeping, self.lead = rooms, known, keeping, lead
        self.troubles, self.book, pack = troubles, keeping.book, rooms.pack
        self.measurer = Measurer(pack.indicators, scope_of(pack))
        self.judge = Judge(pack.rules, pack.feeds, pack.indicators, rooms.store, fence=lead)
        by_id = {indicator.id: indicator for indicator in pack.indicators}
        self.diary = Diary(rooms.history, by_id)
        self.books = Books.of(rooms.history, pack)
        self.housekeeper = Housekeeper(rooms.history, policy_of(pack, rooms.keep))
        self.disk = DiskWatch.of(rooms)
        self.reviser = known.reviser
        self.child: BackfillChild | None = None
        self._filled = frozenset(feed.id for feed in pack.feeds if feed.backfill or feed.replay)
        self._epoch: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._mind_books, name="books")

    def begin(self, now: datetime) -> None:
        """Take up where the last leader stopped: what was shown, alarms of the last day."""
        rooms = self.rooms
        _note_pack(rooms, now)
        if backfill_wanted(rooms):
            self.child = BackfillChild.start(rooms, now)
            self.known.recall(now)
        else:
            if not self.known.is_loaded:
                self.known.load(now)
            self._continue_from(rooms.store.latest())
        self.reviser.restore()
        self.reviser.join(self.known.lately())
        if not self.judge.has_records:
            self.judge.rebuild(rooms.history.alert_events())
        self.judge.remember(rooms.history.alert_events(since=now - timedelta(hours=25)))
        self.judge.retire_unknown(now, rooms.pack.districts.ids)
        self._thread.start()

    def _continue_from(self, shown: Snapshot | None) -> None:
        if shown is not None:
            self.measurer.seed(shown.readings)
            self.books.seed(shown)

    def end(self, within_s: float, *, is_ours: bool) -> None:
        """Stop; write down what is left where we lead still."""
        self._over.set()
        if self.child:
            self.child.stop()
        if self._thread.is_alive():
            self._thread.join(within_s)
        if is_ours:
            self.troubles.attempt("last words", self._write_down)

    def serve(self, wait_s: float, caretaker: Caretaker) -> bool:
        """Serve people for so long; return whether somebody was served.

        Raises:
            StoreError: the store is away, or another worker leads.

        """
        wait_ms = max(1, int(wait_s * 1000))
        commands = self.rooms.store.take_commands(block_ms=wait_ms, fence=self.lead)
        for command in commands:
            self._obey(command, caretaker)
        return bool(commands)

    def _obey(self, command: Command, caretaker: Caretaker) -> None:
        if caretaker.concerns(command):
            self.troubles.attempt("feed commands", partial(caretaker.command, command))
        else:
            self.judge.command(command, self.rooms.clock())

    def hear(self, before: Window, facts: list[Fact]) -> None:
        """Look whether facts that were kept touch the past."""
        self.reviser.note(before, facts)

    def tick(self, now: datetime) -> Snapshot:
        """Measure what is due, judge it, publish everything."""
        self._mind_epoch()
        asked = self.book.asked()  # before they are aged
        changed = self.book.age(now)
        feeds = self.book.by_id()  # as aged at this tick: a poll may end at any moment
        window, news = self.known.stock.look()
        self.measurer.usual = self.books.at(now)
        self.measurer.filling = self._filled if self.child else frozenset()
        fresh = self.measurer.step(window, news, feeds, now)
        if fresh:
            self.book.carries(self.measurer.carriers())
        self.judge.readings(fresh, now, hidden=self.measurer.hidden(fresh))
        self.judge.feeds(self.book.judged(feeds, asked, now), now)
        self.diary.note(fresh, changed)
        return self._publish(feeds, now)

    def show(self, now: datetime) -> Snapshot:
        """Publish what people did since the last tick; nothing is measured anew."""
        return self._publish(self.book.by_id(), now)

    def _publish(self, feeds: Mapping[str, FeedState], now: datetime) -> Snapshot:
        self.judge.elapse(now)
        self.troubles.attempt("audit", lambda: self.judge.flush(self._audit))
        found = self.books.shown = self._snapshot(feeds, now)
        self.rooms.store.publish(found, fence=self.lead)
        return found

    def _audit(self, events: Sequence[AlertEvent]) -> None:
        self.lead.confirm()
        self.rooms.history.append_alert_events(events)

    def _snapshot(self, feeds: Mapping[str, FeedState], now: datetime) -> Snapshot:
        readings = self.measurer.published(feeds, now)
        return snapshot(
            city=self.rooms.pack.city,
            now=now,
            readings=readings,
            alerts=self.judge.views(now),
            feeds=[replace(feed, hours=()) for feed in feeds.values()],  # asked for apart
            trends=self.books.courses(readings),
            notices=self.known.board.current(),
            load=self.judge.load(now),
            events=self.judge.recent,
            titles={rule.id: rule.title for rule in self.judge.rules.values()},
            backfill=self.child.progress() if self.child else None,
            score=self.books.score(),
            disk=self.disk.shown(),
        )

    def _mind_books(self) -> None:
        """Write readings, read what is usual, tidy: slow work beside the ticks."""
        last: dict[str, datetime] = {"tidy": self.rooms.clock()}

        def is_due(what: str, every: timedelta) -> bool:
            now = self.rooms.clock()
            if what in last and abs(now - last[what]) < every:
                return False
            last[what] = now
            return True

        while not self._over.wait(0.5):
            if self.child and self.child.has_ended() and is_due("back-fill", RETRY_EVERY):
                self.troubles.attempt("back-fill", self._take_backfill)
                last.pop("books", None)
            for what, every, act in self._chores():
                if not self._over.is_set() and is_due(what, every):
                    self.troubles.attempt(what, act)

    def _chores(self) -> list[Chore]:
        """Return what is done beside the ticks, and how often."""
        always: list[Chore] = [
            ("history", WRITE_EVERY, self._write_down),
            ("shares", SHARES_EVERY, self._mind_shares),
            ("books", BOOKS_EVERY, self._refresh_books),
            ("score", timedelta(0), self._rescore),  # keeps its own time
            ("disk", DISK_EVERY, self.disk.step),
        ]
        if self.child:  # the past is being filled in
            return always
        return [
            *always,
            ("late facts", REVISE_EVERY, self._revise),
            ("tidy", TIDY_EVERY, self._tidy),
        ]

    def _refresh_books(self) -> None:
        self.books.refresh(self.rooms.clock())

    def _rescore(self) -> None:
        self.diary.note(self.books.rescore(self.rooms.clock()), ())

    def _revise(self) -> None:
        self.lead.confirm()
        self.reviser.step(self.known.stock.window, self.rooms.clock())

    def _mind_shares(self) -> None:
        changes = self.rooms.history.feed_changes()
        self.book.shares(good_shares(changes, self.rooms.clock()))

    def _take_backfill(self) -> None:
        """The past has been filled in: load it, and compare with it from now on."""
        now = self.rooms.clock()
        if self.child is None:
            return
        if not self.child.reap():  # until it is there, long windows stay unknown
            self.child = BackfillChild.start(self.rooms, now)
            return
        self.known.load(now)
        self.child = None
        self.measurer.restart_clock()
        self.books.forget()

    def _write_down(self) -> None:
        self.lead.confirm()
        self.diary.write(self.rooms.clock())
        self.keeping.save()

    def _tidy(self) -> None:
        self.lead.confirm()
        self.housekeeper.step(self.rooms.clock())

    def _mind_epoch(self) -> None:
        """A store that started empty has forgotten the alerts: give them back to it."""
        epoch = self.rooms.store.epoch()
        if self._epoch is not None and epoch != self._epoch:
            log.warning("the store started anew")
            self.judge.save_all()
        self._epoch = epoch


def _note_pack(rooms: Rooms, now: datetime) -> None:
    """Write down which pack is in force, where it changed."""
    known = rooms.history.packs()
    if known and known[-1].hash == rooms.pack.hash:
        return
    files = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in pack_files(rooms.pack.folder).items()
    }
    rooms.history.append_pack(rooms.pack.hash, files, at=now)
