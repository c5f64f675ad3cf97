"""The audit read back, and audits that do not fit."""

from dataclasses import replace

import pytest

import alerts
from alerts import timers
from model import AlertEvent, State
from model.plain import entity, plain
from tests.unit.alerts.cast import GOOD, RULE, STALE, Room, at, run


@pytest.fixture
def room() -> Room:
    room = Room(scope="site:gauge-7")
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 250, GOOD), (17, 250, GOOD)])
    room.ask("ack", 18, by="Ann", comment="on it")
    room.ask("assign", 19, owner="Bo")
    run(room, [(20, 250, STALE), (40, 50, GOOD), (45, 50, GOOD)])
    return room


def test_the_record_comes_back_after_its_loss(room: Room) -> None:
    lines = [entity(AlertEvent, plain(line)) for line in room.lines]

    record = alerts.replay(room.rule, lines)

    assert record.key == "tti:site:gauge-7"
    assert (record.state, record.acked_by, record.owner) == (State.CLRA, "Ann", "Bo")
    assert timers.find(record, "T_OFF") == timers.find(room.record, "T_OFF")
    assert record.seq == room.record.seq


def test_life_goes_on_from_a_replayed_record(room: Room) -> None:
    again = Room()
    again.record = alerts.replay(room.rule, room.lines)
    for one in (room, again):
        run(one, [(50, 50, GOOD), (60, 50, GOOD)])

    assert again.lines[-1].kind == room.lines[-1].kind == "T_OFF"
    assert again.lines[-1].reason == room.lines[-1].reason
    assert (again.state, again.record.last_occurrence) == ("NORM", room.record.last_occurrence)


def test_an_audit_may_begin_after_the_first_line(room: Room) -> None:
    run(room, [(60, 50, GOOD), (70, 120, GOOD), (80, 120, GOOD)])
    second = next(i for i, line in enumerate(room.lines) if line.at == at(70))

    record = alerts.replay(room.rule, room.lines[second:])

    assert (record.occurrence, record.seq) == (room.record.occurrence, room.record.seq)


def test_a_missing_line_is_found(room: Room) -> None:
    del room.lines[2]

    with pytest.raises(alerts.AuditError, match="does not follow"):
        alerts.replay(room.rule, room.lines)


def test_a_doubled_line_is_found(room: Room) -> None:
    with pytest.raises(alerts.AuditError, match="does not follow"):
        alerts.replay(room.rule, [*room.lines, room.lines[-1]])


def test_a_line_of_another_alert_is_found(room: Room) -> None:
    room.lines[3] = replace(room.lines[3], key="other:city")

    with pytest.raises(alerts.AuditError, match="does not follow"):
        alerts.replay(room.rule, room.lines)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"to_state": State.NORM}, "no way by T_ON from PEND to NORM"),
        ({"from_state": State.ACKED}, "starts in ACKED, not PEND"),
    ],
)
def test_a_changed_line_is_found(room: Room, change: dict, reason: str) -> None:
    room.lines[1] = replace(room.lines[1], **change)

    with pytest.raises(alerts.AuditError, match=reason):
        alerts.replay(room.rule, room.lines)


def test_no_line_is_no_record() -> None:
    with pytest.raises(alerts.AuditError, match="no line of tti"):
        alerts.replay(RULE, [])


def test_a_latch_of_an_older_rule_is_believed() -> None:
    latching = replace(RULE, is_latching=True)
    room = Room(latching)
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 50, GOOD), (30, 50, GOOD)])

    assert alerts.replay(RULE, room.lines).state is State.LATU
