"""Whole courses of an alert, told as tables: minutes, value, quality and the state after it."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from model import Level, Rule
from tests.unit.alerts.cast import (
    BAD,
    GOOD,
    LATCHING,
    LATE,
    NODATA,
    P3,
    PROMPT,
    RULE,
    STALE,
    UNCERTAIN,
    Room,
    at,
    run,
)

BAND = replace(RULE, direction="band", warn=None, crit=None, low=20.0, high=100.0)

STORIES = {
    "a short breach is averted": (
        RULE,
        [(0, 90, GOOD), (5, 120, GOOD), (10, 80, GOOD)],
        ["NORM", "PEND", "NORM"],
    ),
    "a lasting breach is raised after its delay": (
        RULE,
        [(0, 120, GOOD), (5, 120, GOOD), (10, 120, GOOD)],
        ["PEND", "PEND", "UNACK"],
    ),
    "in the deadband nothing changes": (
        RULE,
        [(0, 120, GOOD), (10, 95, GOOD), (15, 95, GOOD), (20, 91, GOOD)],
        ["PEND", "UNACK", "UNACK", "UNACK"],
    ),
    "normal for the off-delay returns it": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (25, 80, GOOD), (30, 80, GOOD)],
        ["PEND", "UNACK", "CLRU", "CLRU", "RTNU"],
    ),
    "noise across the limit bounces, it does not return": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (25, 120, GOOD), (35, 80, GOOD)],
        ["PEND", "UNACK", "CLRU", "UNACK", "CLRU"],
    ),
    "critical does not wait for the longer delay of warn": (
        RULE,
        [(0, 250, GOOD), (2, 250, GOOD)],
        ["PEND", "UNACK"],
    ),
    "no delay at all": (
        PROMPT,
        [(0, 120, GOOD), (5, 80, GOOD)],
        ["UNACK", "RTNU"],
    ),
    "a latching alert stays": (
        LATCHING,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (30, 80, GOOD), (600, 80, GOOD)],
        ["PEND", "UNACK", "CLRU", "LATU", "LATU"],
    ),
    "a returned one that comes back is the same": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (30, 80, GOOD), (35, 120, GOOD),
         (45, 120, GOOD)],
        ["PEND", "UNACK", "CLRU", "RTNU", "RTNU", "UNACK"],
    ),
    "a returned P3 closes itself": (
        P3,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (30, 80, GOOD), (60, 80, GOOD)],
        ["PEND", "UNACK", "CLRU", "RTNU", "NORM"],
    ),
    "a band is left on one side and then on the other without a normal moment": (
        BAND,
        [(0, 120, GOOD), (10, 5, GOOD), (15, 50, GOOD)],
        ["PEND", "UNACK", "CLRU"],
    ),
    "missing data do not clear it": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, None, NODATA), (600, None, NODATA)],
        ["PEND", "UNACK", "UNACK", "UNACK"],
    ),
    "a value that is bad does not clear it": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 0, BAD), (20, 0, BAD), (60, 0, BAD)],
        ["PEND", "UNACK", "UNACK", "UNACK", "UNACK"],
    ),
    "not a number is not a value": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, float("nan"), GOOD), (40, float("-inf"), GOOD)],
        ["PEND", "UNACK", "UNACK", "UNACK"],
    ),
    "one good sample after a freeze is not enough": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 120, STALE), (60, 50, GOOD), (65, 50, GOOD)],
        ["PEND", "UNACK", "UNACK", "UNACK", "CLRU"],
    ),
    "a freeze between two good samples starts the count again": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 120, STALE), (60, 50, GOOD), (62, 50, BAD),
         (65, 50, GOOD), (70, 50, GOOD)],
        ["PEND", "UNACK", "UNACK", "UNACK", "UNACK", "UNACK", "CLRU"],
    ),
    "a freeze while recovering stops the off-delay": (
        RULE,
        [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (20, 80, STALE), (300, 80, STALE),
         (305, 80, GOOD), (310, 80, GOOD), (319, 80, GOOD), (320, 80, GOOD)],
        ["PEND", "UNACK", "CLRU", "CLRU", "CLRU", "CLRU", "CLRU", "CLRU", "RTNU"],
    ),
    "a freeze while pending stops the on-delay": (
        RULE,
        [(0, 120, GOOD), (4, 120, STALE), (12, 120, GOOD), (14, 120, GOOD), (19, 120, GOOD),
         (20, 120, GOOD)],
        ["PEND", "PEND", "PEND", "PEND", "PEND", "UNACK"],
    ),
    "pending and frozen for too long is given up, and counts anew afterwards": (
        RULE,
        [(0, 120, GOOD), (4, 120, STALE), (24, 120, STALE), (30, 120, GOOD), (35, 120, GOOD),
         (45, 120, GOOD)],
        ["PEND", "PEND", "NORM", "NORM", "PEND", "UNACK"],
    ),
    "an uncertain value is judged": (
        RULE,
        [(0, 120, UNCERTAIN), (10, 120, UNCERTAIN), (15, 80, UNCERTAIN)],
        ["PEND", "UNACK", "CLRU"],
    ),
    "an uncertain feed recovers from a freeze too": (
        RULE,
        [(0, 120, UNCERTAIN), (10, None, NODATA), (15, 120, UNCERTAIN), (20, 120, UNCERTAIN)],
        ["PEND", "UNACK", "UNACK", "UNACK"],
    ),
    "late data are judged when they arrive": (
        RULE,
        [(0, 120, GOOD), (10, 120, LATE), (15, 80, LATE)],
        ["PEND", "UNACK", "CLRU"],
    ),
    "a fresh rule without data stays quiet": (
        RULE,
        [(0, None, NODATA), (5, None, NODATA)],
        ["NORM", "NORM"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    rule, story, states = STORIES[name]

    assert run(Room(rule), story) == states


def test_only_what_changes_something_is_written() -> None:
    room = Room()
    for minute in range(120):
        room.see(50 + minute % 3, minute)

    assert room.lines == []


def test_the_same_sample_again_is_not_a_new_one() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    room.see(None, 1, STALE)
    room.see(50, 5)

    for minute in (6, 7, 8):
        room.see(50, minute, observed=5)

    assert room.state == "UNACK"  # the second good sample has not come yet
    room.see(50, 10)
    assert room.state == "RTNU"


def test_a_correction_of_the_same_instant_is_judged() -> None:
    room = Room()
    room.see(990, 0)
    room.see(50, 1, observed=0)

    assert room.state == "NORM"
    assert room.record.averted == 1


def test_an_older_sample_is_not_judged() -> None:
    room = Room()
    room.see(50, 10)
    room.see(500, 11, observed=5)

    assert room.state == "NORM"


def test_while_late_only_an_arrival_is_judged() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    room.see(10, 9, LATE, observed=0)  # the window slid past the facts: no news

    assert room.state == "UNACK"


def test_a_value_without_an_age_is_not_believed() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    ageless = alerts.Sample(0.0, GOOD, None)
    _, lines = alerts.observe(room.rule, room.record, ageless, at(5))

    assert [line.kind for line in lines] == ["HOLD"]


def test_a_sample_over_both_limits_calls_once() -> None:
    room = Room(PROMPT)
    room.see(250, 0)

    assert room.kinds() == ["H1", "LVL_UP"]
    assert room.called() == ["LVL_UP"]
    assert room.record.level is Level.CRIT


def test_a_level_that_comes_and_goes_calls_only_upwards() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 250, GOOD), (17, 250, GOOD)])
    room.ask("ack", 18)
    run(room, [(20, 150, GOOD), (22, 150, GOOD), (25, 250, GOOD), (27, 250, GOOD)])

    assert room.called() == ["T_ON", "LVL_UP", "LVL_UP"]
    assert [line.priority for line in room.lines if line.annunciated] == [2, 1, 1]
    assert room.state == "UNACK"


def test_a_critical_flicker_shorter_than_its_delay_does_not_call() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 250, GOOD), (16, 150, GOOD), (30, 150, GOOD)])

    assert room.called() == ["T_ON"]
    assert room.record.level is Level.WARN


def test_a_critical_alert_keeps_its_level_while_it_recovers() -> None:
    room = Room()
    run(room, [(0, 250, GOOD), (2, 250, GOOD), (5, 50, GOOD), (10, 50, GOOD)])

    assert (room.state, room.record.level) == ("CLRU", Level.CRIT)
    room.see(150, 12)
    assert (room.state, room.record.level) == ("UNACK", Level.WARN)
    run(room, [(13, 250, GOOD), (15, 250, GOOD)])
    assert room.called() == ["LVL_UP", "LVL_UP"]


def test_critical_raises_again_after_a_return() -> None:
    room = Room(replace(RULE, crit_on_delay=timedelta(minutes=30), off_delay=timedelta(minutes=1)))
    run(room, [(0, 250, GOOD), (10, 250, GOOD), (30, 250, GOOD), (35, 50, GOOD), (36, 50, GOOD)])
    assert room.state == "RTNU"

    run(room, [(37, 250, GOOD), (47, 250, GOOD)])

    assert (room.state, room.record.level) == ("UNACK", Level.WARN)
    assert room.wait(67) == ["T_ESC", "LVL_UP"]
    assert room.record.level is Level.CRIT


def test_closed_while_it_comes_back_it_starts_anew() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD), (15, 80, GOOD), (30, 80, GOOD), (35, 120, GOOD)])
    first = room.record.occurrence

    room.ask("ack", 40)

    assert room.state == "PEND"
    assert room.kinds()[-2:] == ["ACK", "H1"]
    assert room.see(120, 45) == "UNACK"  # ten minutes after the breach, not after the ack
    assert room.record.occurrence != first
    assert room.record.last_occurrence == first


def test_a_rule_with_only_a_critical_limit_calls_once() -> None:
    room = Room(replace(RULE, warn=None, crit_on_delay=timedelta(0)))
    room.see(250, 0)

    assert room.called() == ["T_ON"]
    assert (room.record.level, room.lines[-1].priority) == (Level.CRIT, 1)


def test_a_journal_rule_writes_but_never_calls() -> None:
    room = Room(replace(PROMPT, priority_warn=0, priority_crit=0))
    run(room, [(0, 250, GOOD), (5, 50, GOOD), (35, 50, GOOD)])

    assert room.called() == []
    assert room.state == "NORM"


def test_a_changed_rule_closes_and_judges_anew() -> None:
    room = Room(PROMPT)
    room.see(120, 0)
    occurrence = room.record.occurrence
    room.rule = Rule(**{**_fields(PROMPT), "version": "2", "warn": 110.0})

    room.see(115, 5)

    assert room.kinds() == ["H1", "T_ON", "RULE_CHANGED", "H1", "T_ON"]
    assert room.lines[2].occurrence == occurrence
    assert room.record.occurrence != occurrence


def _fields(rule: Rule) -> dict:
    return {name: getattr(rule, name) for name in Rule.__dataclass_fields__}
