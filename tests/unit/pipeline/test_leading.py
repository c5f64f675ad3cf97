"""Who leads, and that what a former leader writes is refused."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from history import HistoryError
from model import City, Command, Outcome
from pipeline.known import Known
from pipeline.leading import NAME, Lead
from pipeline.rooms import Rooms
from pipeline.sharedbook import BookKeeping, SharedBook
from pipeline.term import Term
from pipeline.troubles import Troubles
from store import Fenced, MemoryStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Part:
    """The part of the one writer, which two workers of one history share."""

    writer: object = None


@dataclass
class History:
    """A history whose one writer is known."""

    part: Part
    events: list[Any] = field(default_factory=list)
    is_away: bool = False
    asked: int = 0

    @property
    def engine(self) -> Any:
        return SimpleNamespace(is_writer=self.part.writer is self)

    def promote(self) -> bool:
        self.asked += 1
        if self.is_away:
            raise HistoryError("away")
        self.part.writer = self.part.writer or self
        return self.part.writer is self

    def demote(self) -> None:
        if self.part.writer is self:
            self.part.writer = None

    def append_alert_events(self, events: Any) -> None:
        self.events += events


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def run_out(store: MemoryStore) -> None:
    """Let the lease of the leader run out."""
    token, _ = store._locks._held[NAME]
    store._locks._held[NAME] = (token, 0.0)


def test_one_of_two_leads(store):
    part = Part()
    first, second = Lead(store, History(part)), Lead(store, History(part))

    assert first.seek()
    assert not second.seek()
    assert (first.is_held, second.is_held) == (True, False)


def test_who_becomes_the_one_writer_need_not_wait_for_a_dead_leader(store):
    part = Part()
    first, second = Lead(store, History(part)), Lead(store, History(part))
    first.seek()

    part.writer = None  # its process is gone, and with it its lock on the history

    assert second.seek()
    assert not first.renew()
    assert first.is_lost


def test_who_is_not_the_writer_waits_until_the_lease_has_run_out(store):
    part = Part()
    first, second = Lead(store, History(part)), Lead(store, History(part))
    first.seek()

    assert not second.seek()
    run_out(store)
    assert second.seek()
    assert second.is_held
    assert part.writer is first.history, "it leads as a guest of the history"

    assert not first.renew()
    first.lay_down()
    second.keep()
    assert part.writer is second.history


def test_a_lease_that_ran_out_while_nobody_came_is_still_held(store):
    lead = Lead(store, History(Part()))
    lead.seek()
    token = lead.token

    run_out(store)

    assert lead.renew()
    assert (lead.is_held, lead.token) == (True, token)


def test_a_store_that_started_empty_is_led_on_with_a_new_token(store):
    lead = Lead(store, History(Part()))
    lead.seek()
    store._locks._held.clear()
    store._locks._fence = 40
    store._epoch += 1

    assert lead.renew()
    assert lead.is_held
    assert lead.token == 41


def test_two_writers_of_two_histories_do_not_snatch_the_lead_for_ever(store):
    first, second = Lead(store, History(Part())), Lead(store, History(Part()))
    first.seek()
    assert second.seek()  # once: it cannot know
    assert not first.renew()
    first.lay_down()

    assert not first.seek()
    assert second.renew()


def test_a_writer_that_leads_is_not_asked_for_its_part_again(store):
    lead = Lead(store, History(Part()))  # it may be busy with a long transaction
    lead.seek()
    asked = lead.history.asked

    lead.keep()

    assert lead.history.asked == asked


def test_a_history_that_is_away_keeps_nobody_from_leading(store):
    lead = Lead(store, History(Part(), is_away=True))

    assert lead.seek()
    lead.keep()
    assert lead.is_held


@pytest.fixture
def term(store):
    def make(part: Part) -> Term:
        pack = SimpleNamespace(
            city=City(id="c", name="C", timezone="UTC", population=None),
            districts=SimpleNamespace(items=(), ids=()),
            feeds=(),
            indicators=(),
            services=(),
            rules=(),
            calendar=(),
        )
        history: Any = History(part)
        rooms = Rooms(
            pack=pack,  # type: ignore[arg-type]
            store=store,
            history=history,
            client=None,  # type: ignore[arg-type]
            clock=lambda: NOON,
            demo_url="",
            data=Path(),
        )
        reviser: Any = SimpleNamespace()
        lead = Lead(store, history)
        lead.seek()
        keeping = BookKeeping(SharedBook(()), store)
        term = Term(rooms, Known(rooms, reviser), keeping, lead, Troubles())
        term.housekeeper = SimpleNamespace()  # type: ignore[assignment]
        return term

    return make


def command(name: str) -> Command:
    return Command(command_id=name, occurrence="o", call="ack", by="Ada", at=NOON)


def test_a_former_leader_publishes_takes_and_writes_nothing(store, term):
    first = term(Part())
    first.tick(NOON)
    shown = store.head()
    second = term(Part())

    with pytest.raises(Fenced):
        first.tick(NOON)
    with pytest.raises(Fenced):
        first.serve(0.0, SimpleNamespace(concerns=lambda _: False))
    with pytest.raises(Fenced):
        first._audit(["an event"])
    with pytest.raises(Fenced):
        first._write_down()
    first.judge._answers.append(Outcome(command_id="c", status="applied"))
    with pytest.raises(Fenced):
        first.judge.flush(lambda _: None)

    assert store.head() == shown
    assert first.rooms.history.events == []
    second.tick(NOON)
    assert store.head() != shown


def test_what_the_last_leader_had_taken_is_obeyed_by_the_next(store, term):
    first = term(Part())
    store._queue["c"] = command("c")
    caretaker = SimpleNamespace(concerns=lambda _: False)
    assert first.serve(0.0, caretaker)

    second = term(Part())

    assert second.serve(0.0, caretaker)
    second.tick(NOON)
    assert store._answers["c"].status == "unknown"


def test_what_people_did_is_shown_at_once_and_nothing_is_measured_for_it(store, term, monkeypatch):
    only = term(Part())
    only.tick(NOON)
    shown = store.head()
    monkeypatch.setattr(only.measurer, "step", None)
    store._queue["c"] = command("c")
    assert only.serve(0.0, SimpleNamespace(concerns=lambda _: False))

    only.show(NOON)

    assert store._answers["c"].status == "unknown"
    assert store.head().version != shown.version
