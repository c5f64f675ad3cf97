"""The worker at work: stages on their threads, one tick a second, people served in between."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from cities.pack import pack_files
from model import FeedState, Notice, Snapshot
from pipeline.believed import good_shares
from pipeline.books import Books
from pipeline.child import BackfillChild, backfill_wanted
from pipeline.diary import Diary
from pipeline.feedbook import FeedBook
from pipeline.intake import Intake
from pipeline.judging import Judge
from pipeline.keeping import Keeper
from pipeline.measuring import Measurer, Stock
from pipeline.notices import REMEMBERED, NoticeBoard
from pipeline.places import Placed
from pipeline.publishing import snapshot
from pipeline.revising import Reviser
from pipeline.rooms import Rooms
from pipeline.scope import scope_of
from pipeline.window import load_window
from store import StoreError

log = structlog.get_logger("worker")

TICK = timedelta(seconds=1)
WRITE_EVERY = timedelta(seconds=20)
BOOKS_EVERY = timedelta(seconds=60)
SHARES_EVERY = timedelta(minutes=10)
TIDY_EVERY = timedelta(minutes=10)
REVISE_EVERY = timedelta(seconds=5)
RETRY_EVERY = timedelta(seconds=30)  # to fill the past
FINISH_S = 2.0  # what threads get to finish their batch


class Worker:
    """Wires the stages of one city. ``run`` returns when told to stop, with nothing lost."""

    def __init__(self, rooms: Rooms) -> None:
        """Build the stages; nothing runs yet."""
        self.rooms, pack = rooms, rooms.pack
        self.book = FeedBook(pack.feeds)
        self.stock = Stock()
        self.board = NoticeBoard()
        self.measurer = Measurer(pack.indicators, scope_of(pack))
        self.judge = Judge(pack.rules, pack.feeds, pack.indicators, rooms.store)
        by_id = {indicator.id: indicator for indicator in pack.indicators}
        self.diary = Diary(rooms.history, by_id)
        self.books = Books.of(rooms.history, pack)
        self.keeper = Keeper(rooms.store, rooms.history, pack.districts, self._kept)
        self.reviser = Reviser(
            rooms.history, rooms.store, pack.indicators, pack.feeds, scope_of(pack)
        )
        self.child: BackfillChild | None = None
        self._filled = frozenset(feed.id for feed in pack.feeds if feed.backfill or feed.replay)
        self._stop = threading.Event()
        self.intake = Intake(rooms, self.book, self._stop)
        self._troubles: set[str] = set()
        self._epoch: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then finish what is under way and write it down."""
        now = self.rooms.clock()
        self._restore(now)
        threads = [
            threading.Thread(target=self._keep, name="keeper"),
            threading.Thread(target=self._mind_books, name="books"),
        ]
        for thread in threads:
            thread.start()
        self.intake.start(now, self._trouble)
        try:
            self._loop(stop)
        finally:
            self._stop.set()
            self.intake.end(FINISH_S)
            if self.child:
                self.child.stop()
            for thread in threads:
                thread.join(FINISH_S)
            self._attempt("last words", self._write_down)

    def _loop(self, stop: threading.Event) -> None:
        next_tick = self.rooms.clock()
        while not stop.is_set():
            now = self.rooms.clock()
            if next_tick - now > 2 * TICK:
                next_tick = self._clock_was_set_back(now, by=next_tick - now)
            wait = (next_tick - now).total_seconds()
            if wait > 0 and not self._serve(wait):
                stop.wait(min(wait, 0.2) if "store" in self._troubles else 0)
                continue
            now = self.rooms.clock()
            self.intake.ask(now)
            self._attempt("store", lambda: self.tick(self.rooms.clock()))
            next_tick = max(next_tick + TICK, now)

    def _clock_was_set_back(self, now: datetime, *, by: timedelta) -> datetime:
        """Make everything due at once, else it would wait for the old time to come again."""
        log.warning("the clock was set back", seconds=round(by.total_seconds()))
        self.intake.poller.start(now)
        self.measurer.restart_clock()
        return now

    def _serve(self, wait_s: float) -> bool:
        """Serve people until the next tick is due; return whether somebody was served."""
        try:
            commands = self.rooms.store.take_commands(block_ms=max(1, int(wait_s * 1000)))
        except StoreError:
            self._troubles.add("store")
            return False
        now = self.rooms.clock()
        for command in commands:
            if self.intake.caretaker.concerns(command):
                self._attempt("feed commands", partial(self.intake.caretaker.command, command))
            else:
                self.judge.command(command, now)
        return bool(commands)

    def tick(self, now: datetime) -> Snapshot:
        """Measure what is due, judge it, publish everything."""
        self._mind_epoch()
        asked = [state.id for state in self.book.asked(now)]  # before they are aged
        changed = self.book.age(now)
        feeds = self.book.by_id()  # as aged at this tick: a poll may end at any moment
        window, news = self.stock.look()
        self.measurer.usual = self.books.at(now)
        self.measurer.filling = self._filled if self.child else frozenset()
        fresh = self.measurer.step(window, news, feeds, now)
        if fresh:
            self.book.carries(self.measurer.carriers())
        self.judge.readings(fresh, now, hidden=self.measurer.hidden(fresh))
        self.judge.feeds((feeds[feed_id] for feed_id in asked), now)
        self.judge.elapse(now)
        self._attempt("audit", lambda: self.judge.flush(self.rooms.history.append_alert_events))
        self.diary.note(fresh, changed)
        found = self.books.shown = self._snapshot(feeds, now)
        self.rooms.store.publish(found)
        return found

    def _snapshot(self, feeds: Mapping[str, FeedState], now: datetime) -> Snapshot:
        readings = self.measurer.published(feeds, now)
        return snapshot(
            city=self.rooms.pack.city,
            now=now,
            readings=readings,
            alerts=self.judge.views(now),
            feeds=[replace(feed, hours=()) for feed in feeds.values()],  # asked for apart
            trends=self.books.courses(readings),
            notices=self.board.current(),
            load=self.judge.load(now),
            events=self.judge.recent,
            titles={rule.id: rule.title for rule in self.judge.rules.values()},
            backfill=self.child.progress() if self.child else None,
            score=self.books.score(),
        )

    def _restore(self, now: datetime) -> None:
        """Take up where the last worker stopped: feeds, facts, alarms of the last day."""
        rooms = self.rooms
        self.book.restore(rooms.store.feed_states().values())
        _note_pack(rooms, now)
        if backfill_wanted(rooms):
            self.child = BackfillChild.start(rooms, now)
        else:
            self.stock.reload(lambda: load_window(rooms.history, now, rooms.pack.indicators))
            shown = rooms.store.latest()
            self.measurer.seed(shown.readings if shown else ())
        self.reviser.restore()
        self.board.take(rooms.history.notices(now - REMEMBERED))  # cancellations that ran out too
        if not self.judge.has_records:
            self.judge.rebuild(rooms.history.alert_events())
        self.judge.remember(rooms.history.alert_events(since=now - timedelta(hours=25)))
        self.judge.retire_unknown(now, rooms.pack.districts.ids)

    def _kept(self, placed: Placed) -> None:
        known = self.stock.window
        self.stock.take(placed.facts)
        self.reviser.note(known, placed.facts)
        self.board.take(fact for fact in placed.facts if isinstance(fact, Notice))
        for feed_id in {*placed.matched, *placed.unmatched}:
            self.book.placed(
                feed_id, matched=placed.matched[feed_id], unmatched=placed.unmatched[feed_id]
            )

    def _keep(self) -> None:
        self.keeper.run(self._stop, lambda error: self._trouble("keeper", error))

    def _mind_books(self) -> None:
        """Write readings, read what is usual, tidy: slow work beside the ticks."""
        last: dict[str, datetime] = {"tidy": self.rooms.clock()}

        def is_due(what: str, every: timedelta) -> bool:
            now = self.rooms.clock()
            if what in last and abs(now - last[what]) < every:
                return False
            last[what] = now
            return True

        while not self._stop.wait(0.5):
            if self.child and self.child.has_ended() and is_due("back-fill", RETRY_EVERY):
                self._attempt("back-fill", self._take_backfill)
                last.pop("books", None)
            for what, every, act in self._chores():
                if is_due(what, every):
                    self._attempt(what, act)

    def _chores(self) -> list[tuple[str, timedelta, Callable[[], object]]]:
        """Return what is done beside the ticks, and how often."""
        always: list[tuple[str, timedelta, Callable[[], object]]] = [
            ("history", WRITE_EVERY, self._write_down),
            ("shares", SHARES_EVERY, self._mind_shares),
            ("books", BOOKS_EVERY, self._refresh_books),
        ]
        if self.child:  # the past is being filled in
            return always
        return [
            *always,
            ("late facts", REVISE_EVERY, self._revise),
            ("tidy", TIDY_EVERY, self._tidy),
        ]

    def _refresh_books(self) -> None:
        self.diary.note(self.books.refresh(self.rooms.clock()), ())

    def _revise(self) -> None:
        self.reviser.step(self.stock.window, self.rooms.clock())

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
        self.stock.reload(lambda: load_window(self.rooms.history, now, self.rooms.pack.indicators))
        self.child = None
        self.books.forget()

    def _write_down(self) -> None:
        self.diary.write(self.rooms.clock())
        self.rooms.store.save_feed_states(self.book.states())

    def _tidy(self) -> None:
        now = self.rooms.clock()
        self.stock.trim(now, self.rooms.pack.indicators)
        self.board.forget(now)
        self.rooms.history.compact()

    def _mind_epoch(self) -> None:
        """A store that started empty has forgotten the alerts: give them back to it."""
        epoch = self.rooms.store.epoch()
        if self._epoch is not None and epoch != self._epoch:
            log.warning("the store started anew")
            self.judge.save_all()
        self._epoch = epoch

    def _attempt(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the edge that can act: report once, go on
            self._trouble(what, error)
            return
        if what in self._troubles:
            self._troubles.discard(what)
            log.info("works again", what=what)

    def _trouble(self, what: str, error: Exception) -> None:
        if what not in self._troubles:
            self._troubles.add(what)
            log.warning("trouble", what=what, error=repr(error))


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
