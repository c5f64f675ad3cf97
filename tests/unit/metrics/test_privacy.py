from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS
from metrics.privacy import SMALLEST, suppress, suppress_course
from model import CITY, Reading
from tests.unit.metrics.cast import NOW


def cell(
    district: str, count: float | None, *, indicator: str = "srv.new", **more: object
) -> Reading:
    fields: dict[str, object] = {
        "indicator": indicator,
        "district": district,
        "at": NOW,
        "value": count,
        "num": count,
        "den": 1.0,
        "n": None if count is None else int(count),
    }
    return Reading(**{**fields, **more})  # type: ignore[arg-type]


def hidden(counts: list[int], city: int | None = None) -> set[str]:
    cells = [cell(f"d{i}", float(count)) for i, count in enumerate(counts)]
    cells.append(cell(CITY, float(sum(counts) if city is None else city)))
    return {r.district for r in suppress(cells, INDICATORS) if r.suppressed}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([5, 6, 7], set()),
        ([4, 9, 6], {"d0", "d2"}),  # the next smallest hides the one
        ([0, 9, 6], {"d0", "d2"}),  # zero is a small cell
        ([3, 4, 9], {"d0", "d1"}),
        ([0, 0, 9, 6], {"d0", "d1", "d3"}),  # two zeros would give themselves away
        ([1, 2, 9, 6], {"d0", "d1", "d3"}),
        ([4], {"d0", CITY}),
        ([4, 9], {"d0", "d1"}),
        ([1, 1], {"d0", "d1", CITY}),
    ],
)
def test_small_cells_and_those_that_would_betray_them_are_hidden(
    counts: list[int], expected: set[str]
) -> None:
    assert hidden(counts) == expected


def test_a_lone_small_district_hides_the_city_too() -> None:
    assert hidden([4], city=4) == {"d0", CITY}
    assert hidden([4], city=90) == {"d0", CITY}


def test_a_hidden_reading_tells_nothing() -> None:
    got = suppress([cell("d0", 2.0, reason="n too small (2 of 20)"), cell(CITY, 2.0)], INDICATORS)

    for reading in got:
        assert (reading.value, reading.num, reading.den, reading.n) == (None,) * 4
        assert reading.suppressed
        assert "2 of" not in (reading.reason or "")


def test_figures_that_are_not_about_people_pass() -> None:
    reading = cell("d0", 1.0, indicator="mob.tti")

    assert suppress([reading], INDICATORS) == [reading]


def test_unknown_readings_pass_and_hide_nobody() -> None:
    unknown = cell("d0", None)

    assert suppress([unknown, cell("d1", 9.0), cell(CITY, 9.0)], INDICATORS)[0] == unknown


def test_in_a_share_the_cases_count_and_not_the_misses() -> None:
    share = [cell("d0", 2.0, indicator="srv.sla", n=40), cell(CITY, 2.0, indicator="srv.sla", n=40)]

    assert not any(r.suppressed for r in suppress(share, INDICATORS))


def test_both_sides_of_a_flow_are_counts() -> None:
    flow = [
        cell("d0", 30.0, indicator="srv.netflow", n=32, den=2.0),
        cell("d1", 30.0, indicator="srv.netflow", n=60, den=30.0),
        cell(CITY, 60.0, indicator="srv.netflow", n=92, den=32.0),
    ]

    assert [r.suppressed for r in suppress(flow, INDICATORS)] == [True, True, False]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_no_hidden_cell_comes_back_by_subtraction(counts: list[int]) -> None:
    gone = hidden(counts)
    lost = [count for i, count in enumerate(counts) if f"d{i}" in gone]

    assert all(f"d{i}" in gone for i, count in enumerate(counts) if count < SMALLEST)
    if lost and CITY not in gone:
        remainder = sum(counts) - sum(c for i, c in enumerate(counts) if f"d{i}" not in gone)
        assert remainder == sum(lost)
        assert len(lost) >= 2  # so the remainder is nobody's own figure
        assert remainder >= SMALLEST  # and not a sum of zeros or ones that gives itself away


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.randoms())
def test_what_is_hidden_does_not_depend_on_the_order(counts: list[int], random: object) -> None:
    cells = [cell(f"d{i}", float(count)) for i, count in enumerate(counts)]
    cells.append(cell(CITY, float(sum(counts))))
    mixed = list(cells)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    sizes = sorted(r.num or -1 for r in suppress(cells, INDICATORS))

    assert sorted(r.num or -1 for r in suppress(mixed, INDICATORS)) == sizes


def course(*instants: dict[str, float]) -> list[set[str]]:
    """Return what is hidden at each instant, of which only changed readings are recorded."""
    cells = [
        cell(name, count, at=NOW + timedelta(minutes=minute))
        for minute, counts in enumerate(instants)
        for name, count in counts.items()
    ]
    found = suppress_course(cells, INDICATORS)
    return [
        {r.district for r in found if r.suppressed and r.at == NOW + timedelta(minutes=minute)}
        for minute in range(len(instants))
    ]


def test_what_covers_a_small_cell_stays_hidden_while_the_cell_does_not_change() -> None:
    first = {"a": 3.0, "b": 6.0, "c": 9.0, CITY: 18.0}

    assert course(first, {"b": 6.0, "c": 10.0, CITY: 19.0}) == [{"a", "b"}, {"b"}]


def test_a_small_cell_that_is_recorded_without_its_cover_hides_the_city() -> None:
    first = {"a": 5.0, "b": 6.0, "c": 9.0, CITY: 20.0}

    assert course(first, {"a": 4.0, CITY: 19.0}) == [set(), {"a", CITY}]


def test_a_cell_that_has_grown_needs_no_cover_any_more() -> None:
    first = {"a": 3.0, "b": 6.0, "c": 9.0, CITY: 18.0}

    assert course(first, {"a": 7.0, "b": 6.0, CITY: 22.0})[1] == set()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9))
def test_at_a_single_instant_a_course_is_suppressed_like_a_snapshot(counts: list[int]) -> None:
    cells = [cell(f"d{i}", float(count)) for i, count in enumerate(counts)]
    cells.append(cell(CITY, float(sum(counts))))

    assert suppress_course(cells, INDICATORS) == suppress(cells, INDICATORS)
