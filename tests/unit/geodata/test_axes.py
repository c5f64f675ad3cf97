"""Shapes whose source writes latitude first."""

import pytest

from geodata import GeoError
from geodata.axes import upright

CITY = (-74.0, 45.4, -73.4, 45.7)
WORLD = "POLYGON ((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("POINT (45.5 -73.6)", "POINT (-73.6 45.5)"),
        ("POINT Z (45.5 -73.6 30)", "POINT (-73.6 45.5)"),
        ("LINESTRING (45.5 -73.6, 45.6 -73.5)", "LINESTRING (-73.6 45.5, -73.5 45.6)"),
        (
            "GEOMETRYCOLLECTION (POINT (45.5 -73.6))",
            "GEOMETRYCOLLECTION (POINT (-73.6 45.5))",
        ),
        ("POINT (45.9 -73.2)", "POINT (-73.2 45.9)"),  # the region around it belongs to it
    ],
)
def test_a_shape_that_lies_in_the_city_only_once_swapped_is_swapped(given: str, kept: str) -> None:
    assert upright(given, CITY) == kept


@pytest.mark.parametrize(
    "given",
    [
        "POINT (-73.6 45.5)",
        "POINT (2.35 48.85)",
        "POINT EMPTY",
        "LINESTRING (-73.6 45.5, 10 10)",
        WORLD,
        "POINT (nan nan)",
    ],
)
def test_every_other_shape_stays_as_it_is(given: str) -> None:
    assert upright(given, CITY) == given


def test_near_the_diagonal_nothing_is_swapped() -> None:
    assert upright("POINT (45.5 45.2)", (45.1, 45.4, 45.3, 45.6)) == "POINT (45.5 45.2)"


def test_what_is_no_shape_says_so() -> None:
    with pytest.raises(GeoError, match="not a shape"):
        upright("nowhere", CITY)
