import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics.columns import NONE
from metrics.grouping import deciding, latest, middle, quantile, total

rows = st.lists(st.tuples(st.integers(-1, 3), st.floats(-100, 100)), max_size=30)


@given(rows, st.sampled_from([0.0, 0.5, 0.85, 1.0]))
def test_quantiles_equal_those_of_numpy(some: list[tuple[int, float]], share: float) -> None:
    groups = np.array([g for g, _ in some], int)
    values = np.array([v for _, v in some], float)

    got = quantile(groups, 4, values, share)

    for group in range(4):
        mine = values[groups == group]
        expected = np.quantile(mine, share) if len(mine) else np.nan
        np.testing.assert_allclose(got[group], expected, atol=1e-9)


@given(rows)
def test_the_city_holds_every_row_and_a_district_its_own(some: list[tuple[int, float]]) -> None:
    groups = np.array([g for g, _ in some], int)
    values = np.array([v for _, v in some], float)

    sums, best = total(groups, 4, values), deciding(groups, 4, values)

    np.testing.assert_allclose(sums[-1], values.sum())
    for group in range(4):
        mine = values[groups == group]
        np.testing.assert_allclose(sums[group], mine.sum())
        assert (values[best[group]] == mine.max()) if len(mine) else best[group] == -1


def test_no_rows_give_no_maximum_and_no_median() -> None:
    none = np.zeros(0, int)

    assert deciding(none, 1, none.astype(float)).tolist() == [-1, -1]
    assert latest(none, 1, none).tolist() == [NONE, NONE]
    assert np.isnan(middle(none, 1, none.astype(float))).all()
