"""What a rule must say before it may call a person, and the priority it should have."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from model import Rationale, Rule
from tests.unit.alerts.cast import RULE


def without(**more: object) -> Rule:
    return replace(RULE, rationale=replace(RULE.rationale, **more))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (without(cause=()), "no cause"),
        (without(cause=("  ",)), "no cause"),
        (without(consequence=" "), "no consequence"),
        (without(actions=()), "no actions"),
        (without(time_to_respond=None), "no time_to_respond"),
        (without(time_to_respond=timedelta(0)), "time_to_respond is not positive"),
        (without(actions=tuple("abcdef")), "6 actions: at most 5"),
        (replace(RULE, warn=None, crit=None), "no limit"),
        (replace(RULE, indicator=None), "no indicator"),
        (replace(RULE, crit=90.0), "the critical limit is reached before"),
        (replace(RULE, direction="low"), "the critical limit is reached before"),
        (replace(RULE, direction="up"), "direction 'up': one of high, low, band"),
        (replace(RULE, scope="street"), "scope 'street': one of city, district, site"),
        (replace(RULE, priority_warn=4), "priorities are 1, 2, 3"),
        (replace(RULE, priority_crit=3), "priority_crit is less urgent"),
        (replace(RULE, deadband=-1.0), "deadband is negative"),
        (replace(RULE, off_delay=timedelta(-1)), "off_delay is negative"),
        (replace(RULE, crit_on_delay=timedelta(-1)), "crit_on_delay is negative"),
        (replace(RULE, direction="band", low=90.0, high=110.0), "the warn band is narrower"),
        (Rule(id="dq.x", title="x", kind="missing", rationale=RULE.rationale), "names its feed"),
    ],
)
def test_a_rule_is_refused(rule: Rule, reason: str) -> None:
    assert any(reason in said for said in alerts.refusals(rule)), alerts.refusals(rule)


def test_every_reason_is_said_at_once() -> None:
    assert len(alerts.refusals(Rule(id="x", title="x"))) == 5


def test_a_sound_rule_is_accepted() -> None:
    assert alerts.refusals(RULE) == ()
    assert alerts.doubts(RULE) == ()


def test_the_journal_needs_no_rationale() -> None:
    diary = replace(RULE, priority_warn=0, priority_crit=0, rationale=Rationale())

    assert not alerts.is_annunciated(diary)
    assert alerts.refusals(diary) == ()


def test_a_delay_that_eats_the_time_to_respond_is_doubted() -> None:
    slow = replace(RULE, on_delay=timedelta(minutes=16), crit_on_delay=timedelta(minutes=15))

    (doubt,) = alerts.doubts(slow)
    assert doubt.startswith("on_delay 0:16:00 is more than a quarter")


def test_no_deadband_and_no_owner_are_doubted() -> None:
    assert len(alerts.doubts(replace(RULE, deadband=0.0, owner=""))) == 2


@pytest.mark.parametrize(
    ("consequence", "row"),
    [("severe", [1, 1, 2, 3]), ("major", [1, 2, 3, 0]), ("minor", [2, 3, 3, 0])],
)
def test_priority_follows_the_matrix(consequence: str, row: list[int]) -> None:
    minutes = [9.9, 10, 60, 480.1]

    assert [alerts.advised(consequence, timedelta(minutes=m)) for m in minutes] == row
    assert alerts.advised(consequence, timedelta(hours=8)) == row[2]


def test_an_unknown_consequence_is_an_error() -> None:
    with pytest.raises(ValueError, match="one of severe, major, minor"):
        alerts.advised("bad", timedelta(hours=1))
