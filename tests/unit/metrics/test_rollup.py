from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS
from metrics.rollup import chosen, pick, windows

NEW, EMS, CALLS = (INDICATORS[name] for name in ("srv.new", "saf.ems", "srv.call30"))


def rows(*counts: tuple[float, ...]) -> list[np.ndarray]:
    return [np.array(one, np.float64) for one in counts]


def test_each_place_takes_the_narrowest_window_that_holds_enough() -> None:
    level = chosen(CALLS, rows((30, 10, 2, 42), (90, 30, 8, 128), (600, 200, 29, 829)))

    assert level.tolist() == [0, 1, 2, 0]


def test_wider_windows_than_its_own_are_taken_and_narrower_ones_left() -> None:
    day = replace(NEW, window=timedelta(hours=24))

    assert windows(NEW) == [timedelta(hours=3), timedelta(hours=24), timedelta(days=7)]
    assert windows(day) == [timedelta(hours=24), timedelta(days=7)]
    assert windows(replace(NEW, roll_up=())) == [timedelta(hours=3)]


def test_figures_are_picked_from_each_place_s_own_window() -> None:
    found = pick(rows((1, 2, 3), (10, 20, 30)), np.array([0, 1, 0]))

    assert found.tolist() == [1, 20, 3]


def test_where_nothing_counts_people_no_neighbour_is_widened() -> None:
    assert chosen(CALLS, rows((40, 2, 42), (90, 90, 180))).tolist() == [0, 1, 0]


tables = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=8)


@given(tables)
def test_what_stands_apart_from_the_city_s_window_betrays_nothing(growth: list[list[int]]) -> None:
    counts = np.cumsum(np.array(growth, np.float64).T, axis=0)  # wider windows hold more
    table = [np.append(one, one.sum()) for one in counts]

    level = chosen(NEW, table)

    here = level[-1]
    apart = level[:-1] != here
    if apart.any() and (~apart).any():  # their sum is the city less those beside it
        assert apart.sum() > 1
        assert table[here][:-1][apart].sum() >= 5
    assert (level >= here).all()
