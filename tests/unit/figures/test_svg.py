"""Small drawings: gaps stay gaps, nothing is drawn of nothing, marks keep their shape."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import bars, svg

VALUES = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=120)


def test_a_gap_in_the_data_stays_a_gap_in_the_line() -> None:
    drawn = svg.spark([1, 2, None, None, 3, 4])

    assert drawn.line.count("M") == 2
    assert drawn.dot.startswith("M")


def test_a_lone_value_between_gaps_is_still_seen() -> None:
    assert "h.1" in svg.spark([1, 2, None, 3, None, 4]).line


def test_nothing_is_drawn_where_nothing_is_known() -> None:
    assert svg.spark([None, None], [1, 1], [2, 2]) == svg.Spark()


def test_the_band_is_broken_where_usual_is_unknown() -> None:
    drawn = svg.spark([1.0] * 6, [0, 0, None, 0, 0, 0], [2, 2, None, 2, 2, 2])

    assert drawn.band.count("Z") == 2


def test_the_newest_value_survives_thinning() -> None:
    values = [0.0] * 99 + [50.0]

    top = svg.spark(values, most=20).dot.partition("a")[0]

    assert top.endswith(",4.5")


@pytest.mark.parametrize(("target", "is_drawn"), [(1.2, True), (50.0, False)])
def test_a_target_is_drawn_only_where_it_lies_near_the_data(
    target: float, *, is_drawn: bool
) -> None:
    assert bool(svg.spark([1, 2, 1.5], target=target).target) is is_drawn


@given(VALUES)
def test_every_point_lies_inside_the_drawing(values: list[float | None]) -> None:
    drawn = svg.spark(values, width=134, height=62)

    for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", drawn.line):
        assert 0 <= float(x) <= 134
        assert 0 <= float(y) <= 62


@pytest.mark.parametrize("kind", ["p1", "p2", "p3", "dq"])
def test_each_priority_has_its_own_closed_shape(kind: str) -> None:
    path = svg.mark(kind, 100, 100, 30)

    assert path.endswith("Z")
    assert len({svg.mark(other, 100, 100, 30) for other in ("p1", "p2", "p3", "dq")}) == 4


def test_columns_keep_the_newest_apart_and_draw_nothing_for_none() -> None:
    past, now = svg.columns([0, 2, 0, 3], width=40, height=20)

    assert past.count("M") == 1
    assert now.startswith("M")
    assert svg.columns([0, 0], width=40, height=20) == ("", "")


def test_a_bullet_holds_every_mark_on_one_scale() -> None:
    marks = bars.bullet(130, warn=80, crit=100, target=70)

    assert all(0 <= value <= 100 for value in marks.values())
    assert marks["--t"] < marks["--w"] < marks["--c1"] < marks["--v"] < 100


def test_a_map_without_a_value_is_hatched_and_its_title_is_escaped() -> None:
    text = bars.district_map(
        {"a": "M0,0Z", "b": "M1,1Z"}, {"a": 3}, view_box="0 0 9 9", title='<"x">'
    )

    assert "bz-map__d--3" in text
    assert "bz-map__d--na" in text
    assert '<"x">' not in text
