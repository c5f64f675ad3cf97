import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metrics.trend import ARROWS, mann_kendall, theil_sen, trend

VALUES = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 1)), min_size=4, max_size=40)


@given(VALUES)
def test_the_slope_is_that_of_scipy(values: list[float]) -> None:
    times = np.arange(len(values), dtype=float)

    assert theil_sen(times, np.array(values)) == pytest.approx(
        stats.theilslopes(values, times)[0], abs=1e-9
    )


@given(st.permutations(range(12)))
def test_without_ties_the_score_is_kendalls(order: list[int]) -> None:
    values = np.array(order, float)
    n = len(values)
    tau = stats.kendalltau(np.arange(n), values).statistic
    score = tau * n * (n - 1) / 2
    z = (abs(score) - 1) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    expected = 1.0 if abs(score) < 0.5 else 2 * stats.norm.sf(z)

    assert mann_kendall(values) == pytest.approx(expected)


def test_ties_of_a_hand_table() -> None:
    # 1 1 2 2 3: S = 8; var = (5·4·15 − 2·(2·1·9)) ÷ 18 = 264 ÷ 18
    z = (8 - 1) / np.sqrt(264 / 18)

    assert mann_kendall(np.array([1.0, 1, 2, 2, 3])) == pytest.approx(2 * stats.norm.sf(z))


def test_noise_has_a_clear_trend_in_one_of_twenty() -> None:
    rng = np.random.default_rng(1)
    times = np.arange(30.0)
    found = [trend(times, rng.normal(size=30)) for _ in range(600)]

    told = sum(one.verdict != "no clear change" for one in found if one) / 600
    assert told == pytest.approx(0.05, abs=0.02)


def test_noise_with_a_memory_is_not_taken_for_a_trend() -> None:
    rng = np.random.default_rng(2)
    told, plain = 0, 0
    for _ in range(200):
        values = np.zeros(60)
        for at in range(1, 60):
            values[at] = 0.6 * values[at - 1] + rng.normal()
        found = trend(np.arange(60.0), values)
        assert found is not None
        told += found.verdict != "no clear change"
        plain += mann_kendall(values) < 0.05

    assert plain > 40
    assert told < plain / 2


@pytest.mark.parametrize(
    ("slope", "deadband", "verdict"),
    [
        (1.0, 0.0, "rises"),
        (-1.0, 0.0, "falls"),
        (1.0, 30.0, "no clear change"),
        (0.0, 0.0, "no clear change"),
    ],
)
def test_the_arrow(slope: float, deadband: float, verdict: str) -> None:
    times = np.arange(20.0)
    noise = np.random.default_rng(3).normal(0, 1, 20)
    values = slope * times + noise
    values[3] = np.nan
    found = trend(times, values, deadband=deadband)
    assert found is not None

    assert found.verdict == verdict
    assert found.n == 19


def test_nine_points_are_too_few_to_tell() -> None:
    times = np.arange(9.0)
    found = trend(times, times)
    assert found is not None

    assert found.p < 0.05
    assert ARROWS[found.verdict] == "→"
    assert trend(times[:2], times[:2]) is None
