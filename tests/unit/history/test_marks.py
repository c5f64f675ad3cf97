"""Stream ids as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.marks import Mark

ids = st.tuples(st.integers(0, 2**42), st.integers(0, 2**20 - 1), st.none() | st.integers(0, 10**6))


def text(parts: tuple[int, int, int | None]) -> str:
    ms, seq, position = parts
    return f"{ms}-{seq}" if position is None else f"{ms}-{seq}.{position}"


@given(parts=ids)
def test_a_mark_reads_what_it_writes(parts: tuple[int, int, int | None]) -> None:
    assert str(Mark.of(text(parts))) == text(parts)


@given(one=ids, other=ids)
def test_marks_sort_as_the_stream(
    one: tuple[int, int, int | None], other: tuple[int, int, int | None]
) -> None:
    def order(parts: tuple[int, int, int | None]) -> tuple[int, int, float]:
        return (parts[0], parts[1], float("inf") if parts[2] is None else parts[2])

    assert (Mark.of(text(one)) < Mark.of(text(other))) == (order(one) < order(other))


@pytest.mark.parametrize("name", ["", "5", "a-b", "1700000000000-1048576"])
def test_other_texts_are_no_stream_ids(name: str) -> None:
    with pytest.raises(ValueError):
        Mark.of(name)
