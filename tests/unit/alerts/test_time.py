"""Time alone: what falls due, in which order, after a restart and after an outage."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from alerts import timers
from alerts.record import Record
from model import State
from model.plain import entity, plain
from tests.unit.alerts.cast import GOOD, P3, RULE, STALE, T0, Room, at, run, standing

P1 = replace(RULE, priority_warn=1)


def test_timers_fire_in_the_order_in_which_they_fell_due() -> None:
    record = standing(
        RULE,
        State.PEND,
        timers=(
            timers.Timer(name="T_ON", due=at(10)),
            timers.Timer(name="T_UP", due=at(8)),
        ),
    )

    record, lines = alerts.elapse(RULE, record, at(60))

    assert [line.kind for line in lines] == ["LVL_UP"]  # which raises it and ends the on-delay
    assert record.state == "UNACK"


@pytest.mark.parametrize(
    ("up", "esc", "kinds"),
    [(14, 16, ["LVL_UP"]), (17, 16, ["T_ESC", "LVL_UP"])],
)
def test_the_order_after_an_outage_matters(up: int, esc: int, kinds: list[str]) -> None:
    armed = (timers.Timer(name="T_ESC", due=at(esc)), timers.Timer(name="T_UP", due=at(up)))

    _, lines = alerts.elapse(RULE, standing(RULE, State.UNACK, timers=armed), at(120))

    assert [line.kind for line in lines] == kinds


def test_people_get_their_time_from_when_they_are_told() -> None:
    record = standing(P1, State.UNACK, timers=(timers.Timer(name="T_ESC", due=at(5)),))

    record, lines = alerts.elapse(P1, record, at(300))

    assert [line.kind for line in lines] == ["T_ESC"]  # not three tiers at once
    assert timers.due_of(record, "T_ESC") == at(310)


def test_on_delay_and_escalation_do_not_fire_together_after_an_outage() -> None:
    room = Room(P1)
    room.see(120, 0)

    assert room.wait(240) == ["T_ON"]
    assert room.record.raised_at == at(0)
    assert timers.due_of(room.record, "T_ESC") == at(245)


def test_nothing_is_due_before_its_time() -> None:
    room = Room()
    room.see(120, 0)

    assert room.wait(9.99) == []
    assert room.wait(10) == ["T_ON"]
    assert room.wait(10) == []


@pytest.mark.parametrize(("rule", "minutes"), [(P1, 5), (RULE, 15)])
def test_nobody_acknowledges_and_it_goes_up(rule, minutes: int) -> None:
    room = Room(replace(rule, on_delay=timedelta(0)))
    room.see(120, 0)

    assert room.wait(minutes - 0.1) == []
    assert room.wait(minutes) == ["T_ESC"]


def test_a_p3_never_goes_up() -> None:
    room = Room(replace(P3, on_delay=timedelta(0)))
    room.see(120, 0)

    assert room.wait(60 * 24 * 3) == []


@pytest.mark.parametrize(("rule", "hours"), [(P1, 1), (RULE, 4), (P3, 24)])
def test_an_acknowledged_alert_reminds(rule, hours: int) -> None:
    room = Room(replace(rule, on_delay=timedelta(0)))
    room.see(120, 0)
    room.ask("ack", 1)

    assert room.wait(1 + 60 * hours - 0.1) == []
    assert room.wait(1 + 60 * hours) == ["T_RE"]
    assert room.state == "UNACK"
    assert room.record.acked_by is None
    assert room.lines[-1].annunciated


def test_data_that_turn_stale_while_nobody_looks_stop_the_clock() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD)])
    room.see(80, 15, stale_at=at(20))

    assert room.wait(500) == ["HOLD"]
    assert room.state == "CLRU"
    assert room.shown == "HELD"
    assert timers.find(room.record, "T_OFF").left == timedelta(minutes=10)


def test_an_off_delay_that_ends_before_the_data_are_stale_counts() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD)])
    room.see(80, 25, stale_at=at(40))

    assert room.wait(500) == ["T_OFF", "HOLD"]
    assert room.state == "RTNU"


def test_a_delay_that_ends_as_the_data_turn_stale_has_ended_in_time() -> None:
    room = Room()
    room.see(120, 0, stale_at=at(10))

    assert room.wait(10) == ["T_ON", "HOLD"]


def test_a_record_survives_a_restart_at_any_moment() -> None:
    story = [(0, 120, GOOD), (5, 120, STALE), (7, 120, GOOD), (8, 130, GOOD), (13, 130, GOOD)]
    story += [(16, 80, GOOD), (20, 80, STALE), (60, 80, GOOD), (65, 80, GOOD), (80, 80, GOOD)]
    straight, restarted = Room(), Room()

    for minutes, value, quality in story:
        straight.see(value, minutes, quality)
        restarted.see(value, minutes, quality)
        restarted.record = entity(Record, plain(restarted.record))

    assert restarted.record == straight.record
    assert restarted.lines == straight.lines
    assert straight.state == "RTNU"


def test_a_paused_timer_never_owes_less_than_nothing() -> None:
    record = timers.start(standing(RULE, State.PEND), timers.T_ON, at(5))

    paused = timers.pause(record, at(9), timers.T_ON)

    assert timers.find(paused, timers.T_ON).left == timedelta(0)
    assert timers.due_of(timers.resume(paused, at(20), timers.T_ON), timers.T_ON) == at(20)


def test_pausing_twice_keeps_what_was_left() -> None:
    record = timers.start(standing(RULE, State.PEND), timers.T_ON, at(10))

    paused = timers.pause(timers.pause(record, at(4), timers.T_ON), at(9), timers.T_ON)

    assert timers.find(paused, timers.T_ON).left == timedelta(minutes=6)
    assert timers.next_due(paused, T0 + timedelta(days=9)) is None
