"""Every cell of the normative table, asserted from its text, and what each action does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import TABLE, timers
from alerts.audit import Cause
from alerts.comparator import Memory
from alerts.machine import step
from alerts.table import Event
from model import Level, State
from tests.unit.alerts.cast import LATCHING, P3, RULE, T0, at, standing

NORMATIVE = """
| K    | H1         | H0        | T_ON      | T_OFF                            | ACK       | RESET | LVL_UP    | LVL_DN    | T_ESC    | T_RE      | T_RTN         | T_FRZ   | UNACK     |
| NORM | PEND a1    |           |           |                                  |           |       |           |           |          |           |               |         |           |
| PEND |            | NORM a2   | UNACK a3  |                                  |           |       | UNACK a3  |           |          |           |               | NORM a4 |           |
| UNACK|            | CLRU a5   |           |                                  | ACKED a6  | rej   | UNACK a7  | UNACK a8  | UNACK a9 |           |               |         |           |
| ACKED|            | CLRA a5   |           |                                  |           | rej   | UNACK a7  | ACKED a8  |          | UNACK a10 |               |         | UNACK a18 |
| CLRU | UNACK a11  |           |           | RTNU, or LATU if latching a12    | CLRA a6   | rej   |           |           |          |           |               |         |           |
| CLRA | ACKED a11  |           |           | NORM a16, or LATA if latching a12|           | rej   |           |           |          |           |               |         | CLRU a18  |
| RTNU | RTNU a1    | RTNU a2   | UNACK a14 |                                  | NORM a16  |       | UNACK a14 |           |          |           | NORM a17 (P3) |         |           |
| LATU | LATU a1    | LATU a2   | UNACK a14 |                                  | LATA a15  | rej   | UNACK a14 |           |          |           |               |         |           |
| LATA | LATA a1    | LATA a2   | UNACK a14 |                                  |           | NORM a16 if normal else rej | UNACK a14 | | | | | | |
"""  # noqa: E501 - the table is one line per state, as in the docs


def cells() -> list[tuple[str, str, str]]:
    rows = [
        [cell.strip() for cell in line.strip("| \n").split("|")]
        for line in NORMATIVE.strip().splitlines()
    ]
    events = rows[0][1:]
    return [
        (row[0], event, (row[1:] + [""] * len(events))[i])
        for row in rows[1:]
        for i, event in enumerate(events)
    ]


def after(rule, state: str, event: str, **more):
    record = standing(rule, State(state), **more)
    if event == "LVL_UP":
        record = replace(record, is_crit=True)
    return step(rule, record, Cause(kind=event, at=at(1)))


def expect(rule, state: str, event: str, to: str, outcome: str, **more) -> None:
    record, lines = after(rule, state, event, **more)
    assert (record.state, [line.outcome for line in lines]) == (to, [outcome])
    assert (lines[0].from_state, lines[0].to_state, lines[0].seq) == (state, to, 1)
    assert (lines[0].reason is None) == (outcome == "applied") or to == "NORM"


def test_the_table_has_every_cell_once() -> None:
    assert len(cells()) == len(State) * len(Event)
    assert {state for state, _, _ in cells()} == set(State)


@pytest.mark.parametrize(("state", "event", "cell"), cells())
def test_cell(state: str, event: str, cell: str) -> None:
    if cell == "":
        expect(RULE, state, event, state, "noop")
    elif cell == "rej":
        expect(RULE, state, event, state, "rejected")
    elif "latching" in cell:
        plain, latched = (part.split()[0] for part in cell.replace("or ", "").split(","))
        expect(RULE, state, event, plain, "applied")
        expect(LATCHING, state, event, latched, "applied")
    elif "(P3)" in cell:
        expect(P3, state, event, "NORM", "applied")
        expect(RULE, state, event, state, "noop")
    elif "if normal" in cell:
        expect(RULE, state, event, "NORM", "applied")
        expect(RULE, state, event, state, "rejected", main=Memory(high=True))
        expect(RULE, state, event, state, "rejected", is_held=True)
    else:
        expect(RULE, state, event, cell.split(maxsplit=1)[0], "applied")


@pytest.mark.parametrize(("state", "event", "cell"), [c for c in cells() if " a" in c[2]])
def test_the_action_is_the_one_of_the_table(state: str, event: str, cell: str) -> None:
    ways = TABLE[State(state)][Event(event)]

    for way in ways:
        assert f"{way.action}" in cell.replace(",", "").split()


@pytest.mark.parametrize(
    ("state", "event", "is_calling"),
    [
        ("PEND", "T_ON", True),
        ("PEND", "LVL_UP", True),
        ("UNACK", "LVL_UP", True),
        ("ACKED", "LVL_UP", True),
        ("ACKED", "T_RE", True),
        ("RTNU", "T_ON", True),
        ("LATU", "T_ON", True),
        ("LATA", "LVL_UP", True),
        ("UNACK", "LVL_DN", False),
        ("UNACK", "T_ESC", False),
        ("CLRU", "H1", False),
        ("CLRA", "H1", False),
        ("ACKED", "UNACK", False),
    ],
)
def test_only_a3_a7_a10_and_a14_call(state: str, event: str, is_calling: bool) -> None:
    record, lines = after(RULE, state, event)

    assert [line.annunciated for line in lines] == [is_calling]
    assert record.activations == is_calling


def test_a1_starts_the_delay_once() -> None:
    first, _ = after(RULE, "NORM", "H1")
    again, _ = step(RULE, replace(first, state=State.RTNU), Cause(kind="H1", at=at(5)))

    assert timers.due_of(first, timers.T_ON) == at(1) + RULE.on_delay
    assert timers.due_of(again, timers.T_ON) == at(1) + RULE.on_delay
    assert again.breached_at == at(1)


def test_a2_counts_what_was_averted() -> None:
    record, _ = after(RULE, "PEND", "H0", timers=(timers.Timer(name="T_ON", due=at(9)),))

    assert (record.averted, record.timers, record.breached_at) == (1, (), None)


def test_a3_opens_an_occurrence_from_the_first_breach() -> None:
    record, lines = after(RULE, "PEND", "T_ON")

    assert record.raised_at == T0
    assert (record.first_value, record.first_limit, record.level) == (150.0, 100.0, Level.WARN)
    assert timers.due_of(record, timers.T_ESC) == at(16)  # P2: 15 minutes
    assert lines[0].occurrence == record.occurrence
    assert (lines[0].priority, lines[0].limit) == (2, 100.0)


def test_a4_says_why() -> None:
    record, lines = after(RULE, "PEND", "T_FRZ")

    assert lines[0].reason == "DQ_ABORT"
    assert not record.main.is_breached


def test_a5_a11_pause_and_resume_the_escalation() -> None:
    escalating = (timers.Timer(name="T_ESC", due=at(11)),)
    falling, _ = after(RULE, "UNACK", "H0", timers=escalating)
    back, _ = step(RULE, falling, Cause(kind="H1", at=at(4)))

    assert timers.find(falling, "T_ESC").left == timedelta(minutes=10)
    assert timers.due_of(falling, "T_OFF") == at(1) + RULE.off_delay
    assert timers.due_of(back, "T_ESC") == at(14)
    assert timers.find(back, "T_OFF") is None
    assert (back.bounces, back.normal_since) == (1, None)


def test_a6_signs_and_sets_the_reminder() -> None:
    acked, _ = step(
        RULE,
        standing(RULE, State.UNACK, timers=(timers.Timer(name="T_ESC", due=at(11)),)),
        Cause(kind="ACK", at=at(2), by="Ann", comment="on it"),
    )

    assert (acked.acked_at, acked.acked_by, acked.ack_comment) == (at(2), "Ann", "on it")
    assert timers.find(acked, "T_ESC") is None
    assert timers.due_of(acked, "T_RE") == at(2) + timedelta(hours=4)


def test_a6_in_recovery_keeps_the_reminder_for_later() -> None:
    acked, _ = after(RULE, "CLRU", "ACK")
    back, _ = step(RULE, acked, Cause(kind="H1", at=at(5)))

    assert timers.find(acked, "T_RE").left == timedelta(hours=4)
    assert timers.due_of(back, "T_RE") == at(5) + timedelta(hours=4)


def test_a7_takes_the_acknowledgement_back_and_chases_anew() -> None:
    record, lines = after(RULE, "ACKED", "LVL_UP", acked_by="Ann", acked_at=T0)

    assert (record.level, record.acked_by, lines[0].priority) == (Level.CRIT, None, 1)
    assert timers.due_of(record, "T_ESC") == at(1) + timedelta(minutes=5)


def test_a8_lowers_in_silence() -> None:
    record, lines = after(RULE, "ACKED", "LVL_DN", level=Level.CRIT, acked_by="Ann")

    assert (record.level, record.acked_by, lines[0].annunciated) == (Level.WARN, "Ann", False)


def test_a9_gives_each_tier_its_own_time() -> None:
    record = standing(replace(RULE, priority_warn=1), State.UNACK)
    waits = []
    for _ in range(4):
        record, _ = step(replace(RULE, priority_warn=1), record, Cause(kind="T_ESC", at=at(0)))
        waits.append((timers.due_of(record, "T_ESC") - T0) / timedelta(minutes=1))

    assert waits == [10, 15, 15, 15]  # the first tier had five; the last is asked again


def test_a12_dates_the_clearing_from_the_first_normal_sample() -> None:
    record, _ = after(RULE, "CLRU", "T_OFF")

    assert record.cleared_at == T0
    assert record.timers == ()  # P2 waits for a person


def test_a12_lets_a_returned_p3_close_itself() -> None:
    record, _ = after(P3, "CLRU", "T_OFF")

    assert timers.due_of(record, "T_RTN") == at(31)


def test_a14_goes_on_with_the_same_occurrence() -> None:
    record, _ = after(RULE, "RTNU", "T_ON", cleared_at=T0)

    assert (record.occurrence, record.reopens, record.cleared_at) == ("A-1", 1, None)
    assert timers.due_of(record, "T_ESC") == at(16)


def test_a15_signs_a_latched_alert() -> None:
    record, _ = step(
        LATCHING, standing(LATCHING, State.LATU), Cause(kind="ACK", at=at(1), by="Ann")
    )

    assert (record.acked_by, record.timers) == ("Ann", ())


def test_a16_closes_and_says_how_long_it_took() -> None:
    record, lines = after(RULE, "CLRA", "T_OFF", acked_at=at(0.5), acked_by="Ann")

    assert (record.occurrence, record.last_occurrence, record.closed_at) == (None, "A-1", at(1))
    assert (lines[0].occurrence, lines[0].priority) == ("A-1", 2)
    assert lines[0].reason == "duration=60s tta=30s ttc=0s"
    assert record.acked_by is None


def test_a17_says_that_nobody_closed_it() -> None:
    _, lines = after(P3, "RTNU", "T_RTN")

    assert lines[0].reason == "auto-closed; duration=60s"


def test_a18_lets_the_first_tier_have_its_time_again() -> None:
    record, _ = after(RULE, "ACKED", "UNACK", acked_by="Ann", tier=1)
    paused, _ = after(RULE, "CLRA", "UNACK", acked_by="Ann")

    assert (record.acked_by, record.tier) == (None, 0)
    assert timers.due_of(record, "T_ESC") == at(16)
    assert timers.find(paused, "T_ESC").left == timedelta(minutes=15)
