from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.baseline import robust_z
from metrics.funnel import Place
from metrics.levels import Limits, level, limits
from model import Level, Reading, Threshold, Usual
from tests.unit.metrics.made import kpi

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def reading(value: float, usual: Usual | None = None) -> Reading:
    return Reading(indicator="x", district="city", at=AT, value=value, usual=usual)


def usual(centre: float = 10.0, spread: float = 1.0, weeks: int = 8) -> Usual:
    return Usual(centre=centre, low=0, high=0, spread=spread, weeks=weeks)


@pytest.mark.parametrize(
    ("direction", "value", "expected"),
    [
        ("lower", 14.9, None),
        ("lower", 15.0, Level.WARN),
        ("lower", 20.0, Level.CRIT),
        ("higher", 15.1, None),
        ("higher", 15.0, Level.WARN),
    ],
)
def test_a_value_at_a_limit_breaches(direction: str, value: float, expected: Level | None) -> None:
    crit = 20.0 if direction == "lower" else 10.0
    some = kpi(direction, threshold=Threshold(warn=15.0, crit=crit))

    assert level(value, limits(some, reading(value))) is expected


def test_a_band_has_two_sides() -> None:
    band = Threshold(kind="band", low=20, high=80, crit_low=10, crit_high=90)
    found = limits(kpi("band", threshold=band), reading(50))

    assert [level(v, found) for v in (10, 20, 50, 80, 90)] == [
        Level.CRIT,
        Level.WARN,
        None,
        Level.WARN,
        Level.CRIT,
    ]


def test_times_usual_needs_what_is_usual() -> None:
    some = kpi(threshold=Threshold(kind="usual_ratio", warn=1.25, crit=1.5))

    assert limits(some, reading(13)) is None
    found = limits(some, reading(13, usual(10)))
    assert found is not None
    assert (found.warn_high, found.crit_high, found.centre) == (12.5, 15.0, 10.0)


@given(
    st.sampled_from(["lower", "higher"]),
    st.floats(-50, 50),
    st.floats(0.1, 10),
    st.integers(3, 26),
    st.floats(0.01, 0.99),
)
def test_limits_of_z_are_where_the_z_of_a_value_reaches_them(
    direction: str, centre: float, spread: float, weeks: int, part: float
) -> None:
    some = kpi(direction, threshold=Threshold(kind="z", warn=2.0, crit=3.0))
    past = usual(centre, spread, weeks)
    found = limits(some, reading(0, past))
    assert found is not None
    edge = found.warn_high if direction == "lower" else found.warn_low
    assert edge is not None

    assert robust_z(edge, past, some) == pytest.approx(-2.0, abs=1e-6)
    inside = robust_z(centre + part * (edge - centre), past, some)
    assert inside is not None
    assert inside > -2.0


def test_a_spread_from_two_weeks_judges_nothing() -> None:
    some = kpi(threshold=Threshold(kind="z", warn=2.0, crit=3.0))

    assert limits(some, reading(0, usual(weeks=2))) is None


def test_a_funnel_warns_outside_its_limits_on_the_worse_side_only() -> None:
    place = Place(
        district="a",
        events=10,
        n=100,
        value=0.1,
        expected=0.1,
        low=0.05,
        high=0.16,
        far_low=0.02,
        far_high=0.2,
    )
    some = kpi(threshold=Threshold(kind="funnel"))
    found = limits(some, reading(10), place=place, scale=100.0)

    assert [level(v, found) for v in (1.0, 16.0, 16.1, 20.1)] == [
        None,
        None,
        Level.WARN,
        Level.CRIT,
    ]
    assert limits(some, reading(10)) is None  # n too small: no limits


def test_a_plan_is_held_against_its_elapsed_part() -> None:
    some = kpi("higher", threshold=Threshold(kind="plan", warn=75, crit=50, plan=40.0))
    whole, half = limits(some, reading(0)), limits(some, reading(0), elapsed=0.5)

    assert [level(v, whole) for v in (30, 29.9, 20, 19.9)] == [
        None,
        Level.WARN,
        Level.WARN,
        Level.CRIT,
    ]
    assert level(15.0, half) is None
    assert level(14.9, half) is Level.WARN
    assert limits(kpi("higher", threshold=Threshold(kind="plan")), reading(0)) is None


def test_a_burn_has_limits_of_its_own() -> None:
    found = limits(kpi(threshold=Threshold(kind="burn")), reading(0))

    assert [level(v, found) for v in (5.9, 6.0, 14.4)] == [None, Level.WARN, Level.CRIT]


def test_what_is_unknown_has_no_level() -> None:
    assert level(None, Limits(warn_high=1)) is None
    assert level(float("nan"), Limits(warn_high=1)) is None
    assert level(5.0, None) is None
    assert limits(kpi(), reading(1)) is None
