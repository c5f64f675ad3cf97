"""A worker at work: it takes facts in and keeps them; one of the workers leads as well."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from model import Fact
from pipeline.child import backfill_wanted
from pipeline.crew import Crew, Members
from pipeline.intake import Intake
from pipeline.keeping import Keeper, Keepers
from pipeline.known import Known
from pipeline.leading import Lead
from pipeline.places import Placed
from pipeline.revising import Reviser
from pipeline.rooms import Rooms
from pipeline.scope import scope_of
from pipeline.sharedbook import BookKeeping, SharedBook
from pipeline.term import Term
from pipeline.troubles import Troubles
from store import Fenced, StoreError

log = structlog.get_logger("worker")

TICK = timedelta(seconds=1)
SEEK_S = 0.5  # how often a worker that does not lead looks whether anybody does
TRIM_EVERY = timedelta(minutes=10)
FINISH_S = 2.0  # what threads get to finish their batch
LEADER_S = 10.0  # how long a worker waits with its feeds for a leader, which may fill the past


class Worker:
    """Wires the stages of one city. ``run`` returns when told to stop, with nothing lost."""

    def __init__(self, rooms: Rooms) -> None:
        """Build the stages; nothing runs yet."""
        self.rooms, pack = rooms, rooms.pack
        self.troubles = Troubles()
        self.book = SharedBook(pack.feeds)
        self.keeping = BookKeeping(self.book, rooms.store)
        self.known = Known(
            rooms,
            Reviser(rooms.history, rooms.store, pack.indicators, pack.feeds, scope_of(pack)),
        )
        self.lead = Lead(rooms.store, rooms.history)
        self.term: Term | None = None
        self.members = Members(rooms.store, rooms.name)
        self.keepers = Keepers(rooms.store, rooms.n_shards, self._keeper)
        self.crew = Crew(
            self.members,
            self.lead,
            self.keeping,
            shards=lambda: self.keepers.shards,
            on_kept=self._heard,
            on_missed=self._reload,
            troubles=self.troubles,
        )
        self._stop = threading.Event()
        self.intake = Intake(rooms, self.book, self._stop, self.members)
        self._trimmed_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then finish what is under way and write it down."""
        threads: list[threading.Thread] = []

        def begin(name: str, work: Callable[[threading.Event], None]) -> None:
            threads.append(threading.Thread(target=work, args=(self._stop,), name=name))
            threads[-1].start()

        try:
            self._join(lambda: begin("beat", self.crew.beating))
            begin("crew", self.crew.listening)
            begin("keepers", lambda over: self.keepers.run(over, self._not_kept))
            self._await_leader(stop)
            self.intake.start(self.rooms.clock(), self.troubles.note)
            self._loop(stop)
        finally:
            self._stop.set()
            self.intake.end(FINISH_S)
            self._end_term()
            for thread in threads:
                thread.join(FINISH_S)
            self.keepers.join(FINISH_S)
            self.crew.leave()

    def _join(self, beat: Callable[[], None]) -> None:
        """Be one of the workers, and know what the others know."""
        now = self.rooms.clock()
        self.keepers.look()
        self.crew.join(now)
        beat()  # to know everything may take longer than we are believed to live without
        self.keeping.restore()
        self._seek(now)
        if self.term is None and not backfill_wanted(self.rooms):
            self.known.load(now)

    def _await_leader(self, stop: threading.Event) -> None:
        """Ask no feed before somebody has led: the past may have to be filled in first."""
        until = self.rooms.clock() + timedelta(seconds=LEADER_S)
        while self.term is None and not stop.is_set() and self.rooms.clock() < until:
            if self.rooms.store.head() is not None:
                return
            self._seek(self.rooms.clock())
            stop.wait(SEEK_S)

    def _loop(self, stop: threading.Event) -> None:
        next_tick = self.rooms.clock()
        while not stop.is_set():
            now = self.rooms.clock()
            if next_tick - now > 2 * TICK:
                next_tick = self._clock_was_set_back(now, by=next_tick - now)
            wait = (next_tick - now).total_seconds()
            if wait > 0:
                if self._serve(wait):
                    self._show()
                else:
                    stop.wait(self._rest_s(wait))
                continue
            now = self.rooms.clock()
            self.intake.ask(now)
            self._tick(now)
            next_tick = max(next_tick + TICK, now)

    def _rest_s(self, wait_s: float) -> float:
        """Return how long to do nothing where nobody was served: a leader waited at the store."""
        if self.term is None:
            return min(wait_s, SEEK_S)
        return min(wait_s, 0.2) if "store" in self.troubles else 0.0

    def _tick(self, now: datetime) -> None:
        """Measure and publish where this worker leads; else look whether it should."""
        self._trim(now)
        if self.term is None:
            self.book.age(now)
            self.troubles.attempt("store", lambda: self._stand_by(now))
        if (term := self.term) is not None:
            self._as_leader("store", lambda: term.tick(self.rooms.clock()))

    def _stand_by(self, now: datetime) -> None:
        """Lead, if nobody does; else know the past once another has filled it in."""
        self.rooms.store.head()  # so that this store knows which numbers are given already
        self._seek(now)
        if self.term is None and not self.known.is_loaded and not backfill_wanted(self.rooms):
            self.known.load(now)

    def _seek(self, now: datetime) -> None:
        """Lead, if nobody does."""
        if not self.lead.seek():
            return
        term = Term(self.rooms, self.known, self.keeping, self.lead, self.troubles)
        try:
            term.begin(now)
        except BaseException:
            self.lead.lay_down()
            raise
        self.term = term

    def _as_leader(self, what: str, act: Callable[[], object]) -> None:
        """Do what only the leader may; end the term where another leads by now."""
        if not self.troubles.attempt(what, act):
            self.troubles.attempt("leading", self.lead.renew)
        if self.lead.is_lost:
            self._end_term()

    def _end_term(self) -> None:
        term, self.term = self.term, None
        if term is None:
            return
        is_ours = not self.lead.is_lost
        term.end(FINISH_S, is_ours=is_ours)
        self.lead.lay_down()

    def _clock_was_set_back(self, now: datetime, *, by: timedelta) -> datetime:
        """Make everything due at once, else it would wait for the old time to come again."""
        log.warning("the clock was set back", seconds=round(by.total_seconds()))
        self.intake.poller.start(now)
        if self.term is not None:
            self.term.measurer.restart_clock()
        return now

    def _serve(self, wait_s: float) -> bool:
        """Serve people until the next tick is due; return whether somebody was served."""
        term = self.term
        if term is None:
            return False
        try:
            return term.serve(wait_s, self.intake.caretaker)
        except Fenced:
            self._as_leader("leading", self.lead.renew)
        except StoreError as error:
            self.troubles.note("store", error)
        return False

    def _show(self) -> None:
        """Show what people did at once; what is due to be measured waits for its tick."""
        self.intake.ask(self.rooms.clock())
        if (term := self.term) is not None:
            self._as_leader("store", lambda: term.show(self.rooms.clock()))

    def _keeper(self, shard: int) -> Keeper:
        rooms = self.rooms
        return Keeper(
            rooms.store, rooms.history, rooms.pack.districts, self._kept, shard, rooms.name
        )

    def _kept(self, placed: Placed) -> None:
        """Take facts that were kept here."""
        self._heard(placed.facts)
        for feed_id in {*placed.matched, *placed.unmatched}:
            self.book.placed(
                feed_id, matched=placed.matched[feed_id], unmatched=placed.unmatched[feed_id]
            )

    def _heard(self, facts: list[Fact]) -> None:
        """Take facts that were kept, here or at another worker."""
        before = self.known.take(facts)
        if (term := self.term) is not None:
            term.hear(before, facts)
        else:
            self.known.remember(before, facts, self.rooms.clock())

    def _not_kept(self, error: Exception) -> None:
        self.troubles.note("keeper", error)

    def _reload(self) -> None:
        """Something that others kept was missed: the history has it."""
        if self.known.is_loaded:
            self.known.load(self.rooms.clock())

    def _trim(self, now: datetime) -> None:
        """Forget what no indicator needs."""
        last = self._trimmed_at
        if last is not None and abs(now - last) < TRIM_EVERY:
            return
        self._trimmed_at = now
        if last is not None:
            self.known.trim(now)
