"""What holds after any course of events, and that the courses go everywhere."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings

import alerts
from alerts.table import TABLE, Refusal
from model import Quality, Rule
from tests.unit.alerts.alarm import INVARIANTS, PARENTS, QUALITIES, VALUES, Alarm
from tests.unit.alerts.cast import RULE

Alarm.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAlarm = Alarm.TestCase

STEPS = 120
DELAYS = (0, 1, 4, 10, 30)
LIMITS = {"low": -100.0, "high": 100.0, "crit_high": 200.0}


def a_rule(dice: random.Random) -> Rule:
    def delay() -> timedelta:
        return timedelta(minutes=dice.choice(DELAYS))

    warn = dice.choice([1, 2, 3, 0])
    return replace(
        RULE,
        **LIMITS,
        crit_low=dice.choice([None, -200.0]),
        crit=dice.choice([None, 200.0]),
        direction=dice.choice(["high", "high", "band"]),
        on_delay=delay(),
        off_delay=delay(),
        crit_on_delay=dice.choice([None, delay()]),
        is_latching=dice.choice([True, False]),
        priority_warn=warn,
        priority_crit=min(warn or 2, dice.choice([1, 2])),
    )


def a_step(alarm: Alarm, dice: random.Random) -> Callable[[], None]:
    chance = dice.random()
    if chance < 0.6:
        return lambda: alarm.see(
            value=dice.choice(VALUES),
            quality=dice.choice(QUALITIES),
            later=dice.choice([0, 0.5, 1, 5, 5, 5, 15, 61]),
            stale=dice.choice([None, None, None, None, 5, 20]),
            is_new=dice.random() < 0.85,
        )
    if chance < 0.7:
        return lambda: alarm.wait(minutes=dice.choice([0.0, 1.0, 5.0, 16.0, 31.0, 300.0, 1500.0]))
    if chance < 0.9:
        return lambda: alarm.ask(
            call=dice.choice([*alerts.CALLS, "ack", "ack", "ack", "ack", "reset", "nonsense"]),
            minutes=dice.choice([1, 30, 31, 240, 720, 5000]),
            kind=dice.choice(["timed", "oneshot"]),
        )
    if chance < 0.98 or alarm.rule.kind == "missing":
        return lambda: alarm.explain(by=dice.choice(PARENTS), is_end=dice.random() < 0.75)
    return lambda: alarm.edit(is_latching=dice.choice([True, False]))


def walk(seed: int) -> Alarm:
    dice = random.Random(seed)
    alarm = Alarm()
    alarm.build(made=a_rule(dice), kind=dice.choice(["threshold"] * 5 + ["missing"]))
    for _ in range(STEPS):
        a_step(alarm, dice)()
        for check in INVARIANTS:
            check(alarm)
    alarm.suppressed_is_silent()
    alarm.lines_are_numbered_without_a_gap()
    alarm.the_audit_leads_to_the_record()
    return alarm


def reached(seeds: range) -> Counter[tuple[str, str, str]]:
    lines = (line for seed in seeds for line in walk(seed).lines)
    return Counter((line.from_state, line.kind, line.outcome) for line in lines)


def test_a_walk_of_every_cell_breaks_no_promise() -> None:
    told = reached(range(100))

    for state, row in TABLE.items():
        for event, cell in row.items():
            outcome = "rejected" if isinstance(cell, Refusal) else "applied"
            assert told[state, event, outcome], f"{event} in {state} was never {outcome}"


@pytest.mark.fuzz
def test_a_long_walk_breaks_no_promise(is_long: bool) -> None:
    if not is_long:
        pytest.skip("the long form walks 1.2 million steps; the short one is the test above")
    reached(range(100, 10_100))


def test_every_quality_is_met() -> None:
    assert {line.quality for seed in range(20) for line in walk(seed).lines} >= set(Quality)
