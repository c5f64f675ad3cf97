"""Notices on the map: what of any shape lies inside the frame, and where its symbol stands."""

import math
import re

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata import Districts, trace
from geodata.svg import MapShape
from tests.unit.layouts.city import districts

FRAME = (0.0, 0.0, 400.0, 300.0)


def city() -> Districts:
    return districts()


def drawn() -> MapShape:
    return city().paths(400, height=300)


def at(x: float, y: float) -> tuple[float, float]:
    """Return the degrees of a place on the drawing."""
    shape = drawn()
    east, north = shape.px_per_degree
    return shape.west + (x - 2) / east, shape.north - (y - 2) / north


def wkt(kind: str, *places: tuple[float, float]) -> str:
    inside = ", ".join(f"{lon} {lat}" for lon, lat in (at(*place) for place in places))
    return f"{kind} (({inside}))" if kind == "POLYGON" else f"{kind} ({inside})"


def test_a_point_is_a_symbol_in_the_projection_of_the_districts() -> None:
    found = trace(wkt("POINT", (120, 80)), drawn(), FRAME)

    assert found is not None
    assert (found.x, found.y) == (120, 80)
    assert (found.lines, found.borders) == ("", "")


def test_a_line_is_a_line_with_its_symbol_halfway() -> None:
    found = trace(wkt("LINESTRING", (100, 100), (200, 100)), drawn(), FRAME)

    assert found is not None
    assert found.lines == "M100,100 200,100"
    assert (found.x, found.y) == (150, 100)


def test_an_area_is_its_border_with_its_symbol_inside() -> None:
    found = trace(wkt("POLYGON", (100, 100), (200, 100), (200, 200), (100, 100)), drawn(), FRAME)

    assert found is not None
    assert found.borders.startswith("M")
    assert 100 < (found.x or 0) < 200
    assert found.lines == ""


def test_an_area_that_covers_the_whole_frame_has_no_border_and_no_place() -> None:
    found = trace(
        wkt("POLYGON", (-900, -900), (1900, -900), (1900, 1900), (-900, 1900), (-900, -900)),
        drawn(),
        FRAME,
    )

    assert found is not None
    assert (found.borders, found.x, found.y) == ("", None, None)


def test_what_lies_outside_is_cut_and_what_lies_wholly_outside_is_nothing() -> None:
    cut = trace(wkt("LINESTRING", (350, 100), (900, 100)), drawn(), FRAME)

    assert cut is not None
    assert cut.lines == "M350,100 400,100"
    assert trace(wkt("POINT", (500, 80)), drawn(), FRAME) is None
    assert trace("POINT (0 0)", drawn(), FRAME) is None


def test_many_points_are_one_symbol_and_dots() -> None:
    found = trace(wkt("MULTIPOINT", (10, 10), (20, 20), (30, 30)), drawn(), FRAME)

    assert found is not None
    assert (found.x, found.y) == (10, 10)
    assert found.lines == "M20.0,20.0h0M30.0,30.0h0"


def test_a_collection_keeps_every_part() -> None:
    lon, lat = at(50, 50)
    line = wkt("LINESTRING", (100, 100), (200, 100))

    found = trace(f"GEOMETRYCOLLECTION (POINT ({lon} {lat}), {line})", drawn(), FRAME)

    assert found is not None
    assert found.lines == "M100,100 200,100M50.0,50.0h0"


@pytest.mark.parametrize(
    "odd", ["", "nonsense", "POINT EMPTY", "POINT (nan nan)", "POINT (inf 1)", "LINESTRING (1 1)"]
)
def test_what_is_no_shape_is_not_drawn(odd: str) -> None:
    assert trace(odd, drawn(), FRAME) is None


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=4, max_size=12).map(
        lambda points: [*points, points[0]]
    )
)
def test_no_path_of_any_area_leaves_the_frame_or_names_a_number_that_is_none(
    ring: list[tuple[float, float]],
) -> None:
    found = trace(shapely.Polygon(ring).wkt, drawn(), FRAME)

    if found is None:
        return
    numbers = [float(text) for text in re.findall(r"-?[\d.]+(?:e-?\d+)?", found.borders)]
    assert all(math.isfinite(one) and -0.1 <= one <= 400.1 for one in numbers)
    assert "nan" not in found.borders
