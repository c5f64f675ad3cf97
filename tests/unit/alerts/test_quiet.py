"""Shelved, inhibited, out of service: silent, dated, and loud again when it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from alerts import timers
from model.plain import instant
from tests.unit.alerts.cast import GOOD, LATCHING, P3, PROMPT, RULE, T0, Room, at, run

WHY = "works on the bridge until noon"


def shelve(room: Room, minutes: float, until: float, **more: str):
    body = {"type": "timed", "reason": "maintenance", "comment": WHY, **more}
    return room.ask("shelve", minutes, until=instant(at(until)), **body)


@pytest.fixture
def room() -> Room:
    room = Room(PROMPT)
    room.see(120, 0)
    return room


def test_a_shelved_alert_is_silent_and_moves_on_below(room: Room) -> None:
    assert shelve(room, 1, 61).status == "applied"
    run(room, [(5, 250, GOOD), (10, 50, GOOD), (15, 120, GOOD)])

    assert room.called() == ["T_ON"]
    assert room.shown == "SHELVED"
    assert room.state == "UNACK"
    assert room.view.suppressed == ("SHELVED",)
    assert timers.find(room.record, "T_ESC") is None


def test_a_shelf_that_ends_calls_again(room: Room) -> None:
    room.ask("ack", 1)
    shelve(room, 2, 62)

    assert room.wait(61) == []
    assert room.wait(62) == ["T_SHELF"]
    assert room.lines[-1].annunciated
    assert (room.state, room.record.acked_by) == ("UNACK", None)
    assert timers.due_of(room.record, "T_ESC") == at(77)


def test_a_shelf_that_ends_on_nothing_is_quiet(room: Room) -> None:
    shelve(room, 1, 61)
    room.see(50, 5)

    assert room.state == "RTNU"
    assert room.wait(61) == ["T_SHELF"]
    assert not room.lines[-1].annunciated


def test_a_one_shot_shelf_ends_when_it_clears() -> None:
    room = Room(replace(RULE, on_delay=timedelta(0)))
    room.see(120, 0)
    shelve(room, 1, 200, type="oneshot")
    run(room, [(5, 80, GOOD), (10, 120, GOOD), (15, 80, GOOD)])
    assert room.shown == "SHELVED"

    room.see(80, 30)

    assert (room.shown, room.kinds()[-2:]) == ("RTNU", ["T_OFF", "UNSHELVE"])


def test_a_one_shot_shelf_of_a_latched_alert_calls_when_it_clears() -> None:
    room = Room(replace(LATCHING, on_delay=timedelta(0), off_delay=timedelta(0)))
    room.see(120, 0)
    shelve(room, 1, 200, type="oneshot")
    room.see(80, 5)

    assert (room.state, room.lines[-1].kind, room.lines[-1].annunciated) == (
        "LATU",
        "UNSHELVE",
        True,
    )


def test_taken_off_by_hand(room: Room) -> None:
    shelve(room, 1, 61)

    assert room.ask("unshelve", 5, by="Bo").alert.shown == "UNACK"
    assert room.ask("unshelve", 6).status == "noop"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reason": "because"}, "reason 'because': one of maintenance"),
        ({"type": "forever"}, "type 'forever': one of timed, oneshot"),
        ({"comment": "short"}, "say why in at least 10 characters"),
        ({"until": "tomorrow"}, "until must be an instant"),
        ({"until": "2026-03-01T09:00:00"}, "until must carry a zone"),
        ({"until": "2026-03-01T07:00:00Z"}, "until must lie in the next 240 minutes"),
        ({"until": "2026-03-02T07:00:00Z"}, "until must lie in the next 240 minutes"),
    ],
)
def test_a_shelf_needs_a_reason_and_an_end(room: Room, change: dict, reason: str) -> None:
    body = {"type": "timed", "reason": "maintenance", "comment": WHY, "until": instant(at(30))}

    outcome = room.ask("shelve", 1, **{**body, **change})

    assert outcome.status == "rejected"
    assert outcome.reason.startswith(reason)
    assert room.record.shelf is None


@pytest.mark.parametrize(
    ("rule", "minutes"),
    [
        (replace(PROMPT, priority_warn=1), 30),
        (PROMPT, 240),
        (replace(PROMPT, priority_warn=3, priority_crit=3), 720),
    ],
)
def test_the_worse_it_is_the_shorter_the_shelf(rule, minutes: int) -> None:
    room = Room(rule)
    room.see(120, 0)

    assert shelve(room, 1, minutes + 1.1).status == "rejected"
    assert shelve(room, 1, minutes + 1).status == "applied"


def test_a_shelf_is_renewed_only_so_often(room: Room) -> None:
    assert shelve(room, 1, 100).status == "applied"
    assert shelve(room, 2, 200).status == "applied"  # P2: one renewal
    assert shelve(room, 3, 230).status == "rejected"


def test_an_inhibited_alert_is_silent_until_the_last_reason_goes(room: Room) -> None:
    for by in ("power:city", "flood:city"):
        room.record, lines = alerts.inhibit(room.rule, room.record, by, at(1))
        room.lines += lines
    assert (room.shown, room.wait(300)) == ("INHIBITED", [])

    room.record, lines = alerts.uninhibit(room.rule, room.record, "power:city", at(301))
    assert [line.annunciated for line in lines] == [False]
    room.record, lines = alerts.uninhibit(room.rule, room.record, "flood:city", at(302))
    assert [line.annunciated for line in lines] == [True]
    assert timers.due_of(room.record, "T_ESC") == at(317)
    assert alerts.uninhibit(room.rule, room.record, "flood:city", at(303)) == (room.record, [])


def test_an_acknowledged_alert_comes_back_from_inhibition_with_a_reminder(room: Room) -> None:
    room.ask("ack", 1)
    room.record, _ = alerts.inhibit(room.rule, room.record, "power:city", at(2))
    assert alerts.inhibit(room.rule, room.record, "power:city", at(3)) == (room.record, [])

    room.record, lines = alerts.uninhibit(room.rule, room.record, "power:city", at(10))

    assert [line.annunciated for line in lines] == [False]
    assert (room.state, timers.due_of(room.record, "T_RE")) == ("ACKED", at(250))


def test_what_is_raised_while_inhibited_calls_afterwards() -> None:
    room = Room(PROMPT)
    room.record, _ = alerts.inhibit(room.rule, room.record, "power:city", T0)
    room.see(120, 1)
    assert (room.state, room.called()) == ("UNACK", [])

    _, lines = alerts.uninhibit(room.rule, room.record, "power:city", at(9))

    assert [line.annunciated for line in lines] == [True]


def test_out_of_service_ends_everything_until_it_returns(room: Room) -> None:
    assert room.ask("oos", 1).status == "rejected"  # no ticket
    outcome = room.ask("oos", 1, ticket="T-12")
    assert (outcome.alert.shown, room.state, room.record.timers) == ("OOS", "NORM", ())
    assert room.ask("oos", 2, ticket="T-13").status == "noop"
    assert shelve(room, 2, 30).status == "noop"  # nothing is open

    run(room, [(5, 300, GOOD), (60, 300, GOOD)])
    assert (room.state, room.called()) == ("NORM", ["T_ON"])

    assert room.ask("rts", 61).status == "applied"
    assert room.ask("rts", 62).status == "noop"
    assert room.see(120, 65) == "UNACK"


def test_a_rule_that_is_taken_out_leaves_nothing_standing(room: Room) -> None:
    record, lines = alerts.retire(room.rule, room.record, at(9), "not in the pack any more")

    assert (record.state, record.timers, record.occurrence) == ("NORM", (), None)
    assert (lines[0].kind, lines[0].reason) == ("RULE_DELETED", "not in the pack any more")
    assert alerts.retire(P3, record, at(10), "again") == (record, [])
