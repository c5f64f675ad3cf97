from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS
from metrics.anchors import anchored, attainment, shown
from metrics.levels import Limits, level, limits
from model import Indicator, Level, Reading, Usual

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
USUAL = Usual(centre=12.0, low=8.0, high=16.0, spread=2.0, weeks=8)


def limits_of(name: str) -> tuple[Indicator, Limits]:
    indicator = INDICATORS[name]
    reading = Reading(indicator=name, district="city", at=AT, value=0.0, usual=USUAL)
    found = limits(indicator, reading)
    assert found is not None
    return indicator, found


def score(name: str, value: float) -> float:
    found = anchored(value, *limits_of(name))
    assert found is not None
    return found


ANCHORED = [
    name
    for name, one in INDICATORS.items()
    if limits(one, Reading(indicator=name, district="city", at=AT, value=0.0, usual=USUAL))
]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        # warn 80, crit 70, target 90: floor 60, stretch 95
        ("mob.transit_otp", {50: 0, 60: 0, 65: 12.5, 70: 25, 75: 37.5, 80: 50, 85: 70, 90: 90}),
        ("mob.transit_otp", {92.5: 95, 95: 100, 100: 100}),
        # warn 1.5, crit 2, target 1.3: floor 2.5, stretch 1.2
        ("mob.tti", {2.5: 0, 2: 25, 1.5: 50, 1.4: 70, 1.3: 90, 1.25: 95, 1.2: 100, 1.0: 100}),
        # target 0: no incident is the best there is
        ("cyb.kev", {0: 100, 1: 50}),
        ("cyb.kev_week", {0: 100, 1: 25}),
        # band 30–70 in 20–80 in 10–90, best at 50
        ("mob.bikes", {50: 100, 30: 90, 70: 90, 20: 50, 80: 50, 10: 25, 90: 25, 0: 0, 100: 0}),
        # target and warning at 15: under it is good, at it is a warning
        ("env.pm25", {15: 50, 14.999: 90, 4: 100, 35.4: 25}),
        # warn 1.25 and crit 1.5 times what is usual (12), target 10
        ("srv.backlog", {18: 25, 15: 50, 10: 90, 7.5: 100}),
        # no alarm on the low side: never as low as a warning
        ("srv.netflow", {1.0: 100, 1.1: 50, 1.25: 25, 0.85: 90, 0.2: 50}),
    ],
)
def test_scores_of_hand_tables(name: str, table: Mapping[float, float]) -> None:
    found = {value: score(name, value) for value in table}

    assert found == pytest.approx(table, abs=0.02)


@given(st.sampled_from(ANCHORED), st.floats(-20, 500), st.floats(-20, 500))
def test_better_is_never_scored_lower(name: str, one: float, other: float) -> None:
    indicator, found = limits_of(name)
    low, high = sorted((one, other))
    if indicator.direction == "band":
        middle = indicator.target or 0.0
        low, high = sorted((one, other), key=lambda value: abs(value - middle))
        if (low - middle) * (high - middle) < 0:
            return  # two sides with limits of their own are not compared
        worse, better = high, low
    else:
        worse, better = (high, low) if indicator.direction == "lower" else (low, high)
    bad, good = anchored(worse, indicator, found), anchored(better, indicator, found)
    assert bad is not None
    assert good is not None

    assert 0 <= bad <= good + 1e-9 <= 100 + 1e-6


@given(st.sampled_from(ANCHORED), st.floats(-20, 500))
def test_scores_agree_with_alarms(name: str, value: float) -> None:
    indicator, found = limits_of(name)
    points = anchored(value, indicator, found)
    assert points is not None

    verdict = level(value, found)

    assert (points <= 25) is (verdict is Level.CRIT)
    assert (points <= 50) is (verdict is not None)


def test_no_target_is_reached_by_rounding() -> None:
    assert [shown(x) for x in (89.96, 90.0, 100.0, 49.999, 0.0, None)] == [89, 90, 100, 49, 0, None]


@pytest.mark.parametrize(
    ("name", "value", "ratio"),
    [
        ("mob.transit_otp", 90.0, 1.0),
        ("mob.transit_otp", 45.0, 0.5),
        ("mob.tti", 2.6, 0.5),
        ("mob.tti", 0.5, 1.25),  # capped
        ("srv.ttc", 0.0, 1.25),  # no division by zero
        ("cyb.kev", 0.0, 1.0),
        ("cyb.kev", 3.0, 0.0),
        ("mob.bikes", 60.0, 1.0),
        ("mob.bikes", 15.0, 0.5),
    ],
)
def test_the_ratio_of_cityscore(name: str, value: float, ratio: float) -> None:
    indicator, found = limits_of(name)

    assert attainment(value, indicator, found) == pytest.approx(ratio)


def test_a_ratio_fits_no_negative_value() -> None:
    indicator, found = limits_of("par.sentiment")

    assert attainment(-4.0, indicator, found) is None


def test_without_limits_there_is_no_score() -> None:
    indicator = INDICATORS["mob.tti"]

    assert anchored(1.2, indicator, Limits()) is None
    assert anchored(float("nan"), indicator, Limits(warn_high=1.5)) is None
