import pytest

from alerts import applied, is_moving, priority_of
from metrics.levels import Limits
from model import Level, Quality, Rule

BOTH = Limits(warn_low=2.0, warn_high=8.0, crit_low=1.0, crit_high=9.0)


def rule(direction: str = "high", kind: str = "z") -> Rule:
    return Rule(id="r", title="R", kind=kind, direction=direction, warn=3.5, crit=5.0)


@pytest.mark.parametrize(("direction", "limits"), [("high", (8.0, 9.0)), ("low", (2.0, 1.0))])
def test_a_rule_takes_the_limits_of_the_side_it_watches(
    direction: str, limits: tuple[float, float]
) -> None:
    found = applied(rule(direction), BOTH)
    assert found is not None

    assert (found.warn, found.crit) == limits
    assert found.version == rule().version  # nothing was changed by a person


def test_a_band_takes_both_sides() -> None:
    found = applied(rule("band"), BOTH)
    assert found is not None

    assert (found.low, found.high, found.crit_low, found.crit_high) == (2.0, 8.0, 1.0, 9.0)


def test_without_limits_on_its_side_a_rule_cannot_judge() -> None:
    assert applied(rule(), None) is None
    assert applied(rule("low"), Limits(warn_high=8.0)) is None


def test_which_rules_move() -> None:
    kinds = ("threshold", "z", "usual_ratio", "funnel", "plan", "missing")

    assert [is_moving(rule(kind=kind)) for kind in kinds] == [False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("kind", "alarm_class", "quality", "priority"),
    [
        ("z", "service", Quality.UNCERTAIN, 3),
        ("funnel", "service", Quality.UNCERTAIN, 3),
        ("z", "service", Quality.GOOD, 2),
        ("z", "safety", Quality.UNCERTAIN, 2),
        ("threshold", "service", Quality.UNCERTAIN, 2),
        ("plan", "service", Quality.UNCERTAIN, 2),
    ],
)
def test_statistics_on_uncertain_data_call_nobody_in_a_hurry(
    kind: str, alarm_class: str, quality: Quality, priority: int
) -> None:
    one = Rule(id="r", title="R", kind=kind, alarm_class=alarm_class, priority_crit=2)

    assert priority_of(one, Level.CRIT, quality) == priority
