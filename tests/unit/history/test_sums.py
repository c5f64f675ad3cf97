"""Checksums of rows: the order does not matter, everything else does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.schemas import READINGS
from history.sums import Tally, add_up

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ROW: dict[str, Any] = {
    "indicator": "a",
    "district": "",
    "value": 1.0,
    "num": None,
    "n": 3,
    "at": NOW,
    "known_at": NOW,
    "feeds": ["x", "y"],
}


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=READINGS.columns)


def tally(*rows: dict[str, Any]) -> Tally:
    return add_up(table(*rows), READINGS)


@pytest.mark.parametrize(
    "change",
    [
        {"indicator": "b"},
        {"indicator": None},
        {"indicator": "", "district": "a"},
        {"district": None},
        {"value": 1.0000000000000002},
        {"value": None, "num": 1.0},
        {"num": 0.0},
        {"n": 0},
        {"n": None},
        {"at": NOW + timedelta(microseconds=1)},
        {"at": NOW + timedelta(seconds=1), "known_at": NOW - timedelta(seconds=1)},
        {"feeds": ["y", "x"]},
        {"feeds": ["xy"]},
        {"feeds": []},
        {"feeds": None},
    ],
)
def test_any_change_changes_the_sum(change: dict[str, Any]):
    assert tally(ROW) != tally(ROW | change)


def test_a_row_twice_is_not_a_row_once_nor_none():
    assert len({tally(), tally(ROW), tally(ROW, ROW), tally(ROW, ROW, ROW)}) == 4
    assert tally() == Tally(0, 0)


def test_values_that_change_places_between_rows_change_the_sum():
    one, other = ROW | {"value": 1.0, "num": 5.0}, ROW | {"value": 2.0, "num": 6.0}
    swapped = (one | {"num": 6.0}, other | {"num": 5.0})

    assert tally(one, other) != tally(*swapped)


def test_what_engines_write_differently_counts_as_the_same():
    assert tally(ROW | {"indicator": "a\0"}) == tally(ROW | {"indicator": "a\ufffd"})
    assert tally(ROW | {"value": float("nan")}) == tally(ROW | {"value": -float("nan")})


rows_of_some = st.lists(
    st.builds(
        lambda text, value, n: ROW | {"indicator": text, "value": value, "n": n},
        st.sampled_from(["a", "b", None]),
        st.one_of(st.none(), st.floats()),
        st.one_of(st.none(), st.integers(-9, 9)),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(rows=rows_of_some, cut=st.integers(0, 8))
def test_the_order_and_the_batches_do_not_matter(rows: list[dict[str, Any]], cut: int):
    whole = tally(*rows)

    assert tally(*reversed(rows)) == whole
    assert tally(*rows[:cut]) + tally(*rows[cut:]) == whole
