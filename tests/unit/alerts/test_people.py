"""What people ask: acknowledge, take back, reset, comment, assign; and what is refused."""

from dataclasses import replace

import pytest

from alerts import CALLS
from tests.unit.alerts.cast import GOOD, LATCHING, PROMPT, RULE, STALE, Room, at, run


@pytest.fixture
def room() -> Room:
    room = Room(PROMPT)
    room.see(120, 0)
    return room


def test_an_acknowledgement_keeps_who_when_and_why(room: Room) -> None:
    outcome = room.ask("ack", 2, by=" Ann ", comment=" crew sent ")

    assert (outcome.status, outcome.reason) == ("applied", None)
    assert outcome.alert.shown == "ACKED"
    assert (outcome.alert.acked_by, outcome.alert.acked_at) == ("Ann", at(2))
    assert outcome.alert.ack_comment == "crew sent"
    assert (room.lines[-1].actor, room.lines[-1].comment) == ("Ann", "crew sent")
    assert room.lines[-1].occurrence == outcome.alert.id


def test_a_second_acknowledgement_changes_nothing_and_is_kept(room: Room) -> None:
    room.ask("ack", 2, by="Ann")
    outcome = room.ask("ack", 3, by="Bo")

    assert (outcome.status, outcome.alert.acked_by) == ("noop", "Ann")
    assert room.lines[-1].outcome == "noop"
    assert outcome.reason == "ACK changes nothing in ACKED"


def test_a_taken_back_acknowledgement_is_unseen_again(room: Room) -> None:
    room.ask("ack", 2)
    outcome = room.ask("unack", 3, by="Bo", comment="wrong one")

    assert (outcome.status, room.state, room.record.acked_by) == ("applied", "UNACK", None)
    assert not room.lines[-1].annunciated


def test_reset_is_refused_unless_latched_seen_and_over() -> None:
    room = Room(replace(LATCHING, on_delay=PROMPT.on_delay, off_delay=PROMPT.off_delay))
    room.see(120, 0)
    assert room.ask("reset", 1).status == "rejected"
    room.see(50, 5)
    assert (room.state, room.ask("reset", 6).status) == ("LATU", "rejected")
    room.ask("ack", 7)
    room.see(None, 8, STALE)
    assert (room.state, room.ask("reset", 9).status) == ("LATA", "rejected")
    run(room, [(10, 50, GOOD), (15, 50, GOOD)])

    outcome = room.ask("reset", 16)

    assert (outcome.status, outcome.alert, room.state) == ("applied", None, "NORM")


@pytest.mark.parametrize("call", sorted(CALLS))
def test_nobody_may_act_without_a_name(room: Room, call: str) -> None:
    outcome = room.ask(call, 1, by="  ", comment="anything at all", owner="Bo", ticket="T-1")

    assert (outcome.status, outcome.reason) == ("rejected", "say who you are")
    assert room.state == "UNACK"


def test_an_unknown_call_is_refused_and_kept(room: Room) -> None:
    outcome = room.ask("explode", 1)

    assert outcome.status == "rejected"
    assert "one of ack, unack" in outcome.reason
    assert (room.lines[-1].kind, room.lines[-1].outcome) == ("EXPLODE", "rejected")


def test_another_occurrence_is_unknown_here(room: Room) -> None:
    before = room.record
    outcome = room.ask("ack", 0, occurrence="A-ELSEWHERE")

    assert outcome.status == "unknown"
    assert room.record == before


def test_a_closed_occurrence_takes_comments_but_no_acknowledgement(room: Room) -> None:
    first = room.record.occurrence
    room.see(50, 5)
    room.ask("ack", 6)
    room.see(120, 10)

    assert room.ask("ack", 11, occurrence=first).status == "noop"
    assert room.state == "UNACK"
    assert room.ask("comment", 12, occurrence=first, comment="the pump was blocked").status == (
        "applied"
    )
    assert (room.lines[-1].kind, room.lines[-1].occurrence) == ("COMMENT", first)


def test_an_acknowledgement_after_the_close_is_a_noop(room: Room) -> None:
    room.see(50, 5)
    room.ask("ack", 6)

    assert (room.state, room.ask("ack", 7).status) == ("NORM", "noop")


def test_a_comment_says_something(room: Room) -> None:
    assert room.ask("comment", 1, comment="  ").status == "rejected"
    assert room.ask("comment", 2, comment="looking").status == "applied"
    assert room.lines[-1].comment == "looking"


def test_an_owner_is_assigned_and_shown(room: Room) -> None:
    assert room.ask("assign", 1).status == "rejected"
    assert room.ask("assign", 2, owner="Bo").alert.owner == "Bo"
    assert room.ask("assign", 3, owner="Bo").status == "noop"


def test_an_alert_without_an_assigned_owner_shows_that_of_its_rule(room: Room) -> None:
    assert room.view.owner == "traffic"


def test_what_is_due_comes_before_what_is_asked() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD)])

    room.ask("ack", 31)  # the off-delay ended a minute ago

    assert room.kinds()[-2:] == ["T_OFF", "ACK"]
    assert room.state == "NORM"


def test_a_held_alert_may_be_acknowledged() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    room.see(None, 9, STALE)

    assert room.ask("ack", 10).alert.shown == "HELD"
    assert room.state == "ACKED"


def test_numbers_of_the_lines_have_no_gap(room: Room) -> None:
    room.ask("ack", 1)
    room.ask("ack", 2)
    room.ask("nonsense", 3)
    room.see(50, 5)

    assert [line.seq for line in room.lines] == list(range(1, len(room.lines) + 1))
    assert len({line.event_id for line in room.lines}) == len(room.lines)


def test_the_rule_on_a_delay_keeps_no_owner_of_the_last_occurrence() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    room.ask("assign", 1, owner="Bo")
    room.see(50, 5)
    room.ask("ack", 6)
    room.see(120, 10)

    assert room.view.owner == RULE.owner
