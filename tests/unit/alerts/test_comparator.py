from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.comparator import Limits, Memory, base_level, compare, has_upper_level, limits_of
from model import Level, Rule
from tests.unit.alerts.cast import RULE

HIGH = Limits(high=100.0, deadband=10.0)
LOW = Limits(low=20.0, deadband=5.0)
BAND = Limits(low=20.0, high=100.0, deadband=5.0)


def breaches(limits: Limits, values: list[float]) -> str:
    memory, told = Memory(), ""
    for value in values:
        memory = compare(memory, value, limits)
        told += "1" if memory.is_breached else "0"
    return told


@pytest.mark.parametrize(
    ("limits", "values", "told"),
    [
        (HIGH, [99.9, 100, 90.1, 90, 89.9, 95], "011100"),  # at the limit breaches, at T-db holds
        (HIGH, [95, 95], "00"),  # inside the deadband: as it was
        (LOW, [20.1, 20, 24.9, 25, 25.1, 22], "011100"),
        (BAND, [50, 101, 96, 94, 19, 24, 26], "0110110"),
        (BAND, [101, 10, 50], "110"),  # through the band in one step is one breach
        (Limits(high=0.0), [-0.1, 0.0, -0.1], "010"),  # zero is a limit like any other
        (Limits(), [1e9, -1e9], "00"),  # no limit, no breach
    ],
)
def test_a_limit_has_memory(limits: Limits, values: list[float], told: str) -> None:
    assert breaches(limits, values) == told


@given(st.lists(st.floats(-50, 150), max_size=30))
def test_low_is_the_mirror_of_high(values: list[float]) -> None:
    mirrored = [-value for value in values]

    assert breaches(Limits(high=40.0, deadband=7.0), values) == breaches(
        Limits(low=-40.0, deadband=7.0), mirrored
    )


@given(st.lists(st.floats(91, 99.9), max_size=30), st.booleans())
def test_noise_inside_the_deadband_never_switches(values: list[float], was: bool) -> None:
    memory = Memory(high=was)
    for value in values:
        memory = compare(memory, value, HIGH)

    assert memory.is_breached is was


def test_limits_follow_the_direction() -> None:
    band = Rule(
        id="b", title="b", direction="band", low=1, high=9, crit_low=0, crit_high=10, deadband=0.5
    )

    assert limits_of(RULE, Level.CRIT) == Limits(high=200.0, deadband=10.0)
    assert limits_of(replace(RULE, direction="low"), Level.WARN) == Limits(low=100.0, deadband=10.0)
    assert limits_of(band, Level.WARN) == Limits(low=1, high=9, deadband=0.5)
    assert limits_of(band, Level.CRIT) == Limits(low=0, high=10, deadband=0.5)


def test_a_rule_with_only_a_critical_limit_raises_at_critical() -> None:
    only = replace(RULE, warn=None)

    assert base_level(only) is Level.CRIT
    assert not has_upper_level(only)
    assert has_upper_level(RULE)
    assert not has_upper_level(replace(RULE, crit=None))
