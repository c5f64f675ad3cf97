import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from metrics.survival import time_until

# Remission of leukaemia under 6-MP, weeks, + still in remission. Source: Freireich et al. (1963),
# Blood 21, 699-716; the standard example, with S(7) = .807, S(10) = .753, S(13) = .690,
# S(16) = .627, S(22) = .538, S(23) = .448 (Cox & Oakes 1984, table 1.1).
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
TIMES = np.array([*ENDED, *RUNNING], float)
HAS_ENDED = np.array([True] * len(ENDED) + [False] * len(RUNNING))


@pytest.mark.parametrize(
    ("survival", "expected"),
    [(0.86, 6), (0.81, 7), (0.76, 10), (0.70, 13), (0.63, 16), (0.54, 22), (0.50, 23), (0.45, 23)],
)
def test_the_curve_of_the_standard_example(survival: float, expected: float) -> None:
    found, longest = time_until(np.zeros(21, int), 1, TIMES, HAS_ENDED, 1 - survival)

    assert found.tolist() == [expected, expected]
    assert longest.tolist() == [35, 35]


def test_a_curve_that_does_not_come_down_has_no_such_time() -> None:
    found, longest = time_until(np.zeros(21, int), 1, TIMES, HAS_ENDED, 0.9)

    assert np.isnan(found).all()
    assert longest[0] == 35


def test_without_running_cases_it_is_the_plain_percentile() -> None:
    times = np.arange(1.0, 11.0)

    found, _ = time_until(np.zeros(10, int), 1, times, np.ones(10, bool), 0.9)

    assert found[0] == 9


def test_groups_do_not_mix_and_outsiders_count_among_all() -> None:
    groups = np.array([0, 0, 1, 1, -1, -1])
    times = np.array([1.0, 2.0, 10.0, 20.0, 100.0, 200.0])

    found, longest = time_until(groups, 3, times, np.ones(6, bool), 0.9)

    assert found[:2].tolist() == [2.0, 20.0]
    assert np.isnan(found[2])
    assert np.isnan(longest[2])
    assert found[3] == 200.0


def slow(groups: list[int], times: list[int], ended: list[bool], share: float) -> list[float]:
    """Compute the textbook product, one group after another."""
    answer = []
    for group in (0, 1, None):
        mine = [(t, e) for g, t, e in zip(groups, times, ended, strict=True) if group in (g, None)]
        survival, found = 1.0, float("nan")
        for t in sorted({t for t, e in mine if e}):
            at_risk = sum(other >= t for other, _ in mine)
            survival *= 1 - sum(other == t and e for other, e in mine) / at_risk
            if survival <= 1 - share + 1e-9:
                found = float(t)
                break
        answer.append(found)
    return answer


case = st.tuples(st.integers(0, 1), st.integers(1, 9), st.booleans())


@given(st.lists(case, min_size=1, max_size=40), st.sampled_from([0.1, 0.5, 0.9]))
def test_it_equals_the_textbook_product(cases: list[tuple[int, int, bool]], share: float) -> None:
    groups, times, ended = (list(column) for column in zip(*cases, strict=True))

    found, _ = time_until(np.array(groups), 2, np.array(times, float), np.array(ended), share)

    np.testing.assert_array_equal(found, slow(groups, times, ended, share))


lives = st.lists(
    st.tuples(st.integers(1, 40), st.booleans(), st.sampled_from(["a", "b"])),
    min_size=1,
    max_size=60,
)


# Reference: the Kaplan-Meier curve of statsmodels; the first time at which S(t) ≤ p.
@given(lives, st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_statsmodels_finds_the_same_times(rows: list[tuple[int, bool, str]], share: float) -> None:
    times = np.array([row[0] for row in rows], float)
    ended = np.array([row[1] for row in rows])
    group = np.array([0 if row[2] == "a" else 1 for row in rows])

    found, _ = time_until(group, 2, times, ended, share)

    for place, mask in enumerate((group == 0, group == 1, group >= 0)):
        if not mask.any():
            assert np.isnan(found[place])
            continue
        curve = SurvfuncRight(times[mask], ended[mask].astype(int))
        below = curve.surv_times[curve.surv_prob <= 1 - share + 1e-9]
        expected = below[0] if len(below) else np.nan
        assert found[place] == pytest.approx(expected, nan_ok=True)
