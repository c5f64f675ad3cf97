import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from metrics import INDICATORS
from metrics.baseline import robust_z, usual, widening, word
from model import Usual

LOWER, HIGHER, BAND = (INDICATORS[i] for i in ("srv.backlog", "srv.sla", "eco.footfall"))
finite = st.floats(-1e6, 1e6, allow_nan=False)


def weeks(*values: float) -> list[tuple[date, float]]:
    return [(date(2026, 1, 5) + timedelta(weeks=i), value) for i, value in enumerate(values)]


def test_centre_and_spread_are_median_and_scaled_deviation() -> None:
    got = usual(weeks(10, 11, 12, 13, 14, 15, 16), LOWER)  # deviations 3 2 1 0 1 2 3: MAD 2

    assert got is not None
    assert (got.centre, got.weeks) == (13, 7)
    assert got.spread == pytest.approx(1.4826 * 2)


def test_one_feast_day_moves_nothing() -> None:
    plain, feast = (
        usual(weeks(*[10.0, 12.0] * 4), LOWER),
        usual(weeks(*[10.0, 12.0] * 3, 10.0, 900.0), LOWER),
    )

    assert plain is not None
    assert feast is not None
    assert feast.centre == pytest.approx(plain.centre, abs=1)
    assert feast.spread < 3


def test_the_spread_is_never_under_one_percent_or_one_step() -> None:
    high, low = usual(weeks(*[5_000.0] * 8), LOWER), usual(weeks(*[0.0] * 8), LOWER)

    assert high is not None
    assert low is not None
    assert high.spread == pytest.approx(1.4826 * 50)
    assert low.spread == pytest.approx(1.4826 * 0.1)


@pytest.mark.parametrize("values", [[], weeks(math.nan), weeks(math.inf)])
def test_without_a_week_nothing_is_usual(values: list[tuple[date, float]]) -> None:
    assert usual(values, LOWER) is None


def test_two_values_of_one_week_are_one_week() -> None:
    got = usual([(date(2026, 1, 5), 4.0), (date(2026, 1, 5), 8.0)], LOWER)

    assert got is not None
    assert (got.weeks, got.centre) == (1, 6.0)


def test_one_or_two_weeks_give_a_centre_but_judge_nothing() -> None:
    for values in (weeks(10.0), weeks(10.0, 12.0)):
        got = usual(values, LOWER)

        assert got is not None
        assert (got.low, got.high) == (10.0, values[-1][1])
        assert robust_z(99.0, got, LOWER) is None


# Source: Student's t, one-sided 99.87 %, times sqrt(1 + 1/n); design document §4.2.
@pytest.mark.parametrize(("n", "expected"), [(6, 5.95), (8, 4.80), (12, 4.01), (26, 3.39)])
def test_few_weeks_widen_the_limit_as_students_t(n: int, expected: float) -> None:
    assert widening(3.0, n) == pytest.approx(expected, rel=0.015)


@pytest.mark.parametrize("n", [3, 6, 8, 26])
def test_a_value_at_the_edge_of_the_usual_range_is_two_sd_off(n: int) -> None:
    some = usual(weeks(*[100.0, 102.0, 104.0] * (n // 3 + 1))[:n], LOWER)

    assert some is not None
    assert robust_z(some.high, some, LOWER) == pytest.approx(-2.0)
    assert robust_z(some.low, some, LOWER) == pytest.approx(2.0)


def test_what_was_never_negative_is_not_expected_to_be() -> None:
    never = usual(weeks(0.0, 0.1, 0.0, 0.3), LOWER)
    crossing = usual(weeks(-1.0, 0.1, 0.0, 0.3), LOWER)

    assert never is not None
    assert crossing is not None
    assert never.low == 0.0
    assert crossing.low < 0.0


USUAL = Usual(centre=10.0, low=6.0, high=14.0, spread=2.0, weeks=8)


def test_positive_is_better() -> None:
    lower, higher = robust_z(16.0, USUAL, LOWER), robust_z(16.0, USUAL, HIGHER)

    assert lower is not None
    assert lower < 0
    assert higher == -lower


def test_in_a_band_only_the_distance_from_the_band_counts() -> None:
    index = replace(USUAL, centre=100.0, spread=5.0)  # normal is 90 to 110

    below, above = robust_z(80.0, index, BAND), robust_z(120.0, index, BAND)
    outside = replace(index, centre=75.0)

    assert robust_z(92.0, index, BAND) == 0
    assert below == above
    assert below is not None
    assert below < -1
    assert (robust_z(100.0, outside, BAND) or 0) > 2
    assert robust_z(125.0, outside, BAND) == 0  # as far off on the other side


@given(a=finite, b=finite, centre=finite, spread=st.floats(0.1, 1e4), n=st.integers(3, 60))
def test_worse_values_have_lower_z(
    a: float, b: float, centre: float, spread: float, n: int
) -> None:
    assume(abs(a - b) > 1e-3)
    some = Usual(centre=centre, low=0, high=0, spread=spread, weeks=n)
    low, high = robust_z(min(a, b), some, LOWER), robust_z(max(a, b), some, LOWER)

    assert low is not None
    assert high is not None
    assert low > high


@given(st.lists(finite, min_size=1, max_size=20), st.randoms())
def test_the_order_of_weeks_is_nothing(values: list[float], random: object) -> None:
    mixed = weeks(*values)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert usual(mixed, LOWER) == usual(weeks(*values), LOWER)


# Source: design document §4.5.
@pytest.mark.parametrize(
    ("z", "expected"),
    [
        (None, "not comparable"),
        (0.0, "as usual"),
        (1.999, "as usual"),
        (-1.999, "as usual"),
        (2.0, "somewhat better"),
        (-2.5, "somewhat worse"),
        (3.0, "markedly better"),
        (-5.0, "markedly worse"),
        (5.01, "exceptionally better"),
        (-50.0, "exceptionally worse"),
    ],
)
def test_words_of_a_deviation(z: float | None, expected: str) -> None:
    assert word(z) == expected


@pytest.mark.parametrize(("n", "multiple"), [(6, 5.95), (8, 4.80), (12, 4.01), (26, 3.39)])
def test_limits_from_few_weeks_are_those_of_student(n: int, multiple: float) -> None:
    exact = stats.t.isf(stats.norm.sf(3.0), n - 1) * math.sqrt(1 + 1 / n)

    assert exact == pytest.approx(multiple, abs=0.01)
    assert widening(3.0, n) == pytest.approx(exact, rel=0.015)


def test_under_six_weeks_the_hours_beside_lend_their_scatter() -> None:
    own, before, after = weeks(10, 11, 12), weeks(20, 24, 28), weeks(5, 9, 13)

    alone = usual(own, LOWER)
    pooled = usual(own, LOWER, beside=(before, after))
    assert alone is not None
    assert pooled is not None

    # deviations 1 0 1, 4 0 4, 4 0 4: median 1; nine values less two more centres
    assert (pooled.centre, pooled.weeks, pooled.values) == (11, 3, 7)
    assert pooled.spread == pytest.approx(1.4826)
    assert pooled.high - pooled.centre < alone.high - alone.centre
    exact = stats.t.isf(stats.norm.sf(2.0), 6) * math.sqrt(1 + 1 / 3)
    assert pooled.high - pooled.centre == pytest.approx(exact * pooled.spread, rel=0.02)


def test_with_six_weeks_an_hour_stands_alone() -> None:
    own = weeks(10, 11, 12, 13, 14, 15)

    assert usual(own, LOWER, beside=(weeks(50, 0, 90),)) == usual(own, LOWER)


def test_a_z_of_a_pooled_spread_has_its_degrees_of_freedom() -> None:
    pooled = usual(weeks(10, 11, 12), LOWER, beside=(weeks(20, 24, 28), weeks(5, 9, 13)))
    assert pooled is not None

    assert robust_z(pooled.high, pooled, LOWER) == pytest.approx(-2.0, abs=1e-9)
