"""Which district a point lies in."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geodata import Districts, GeoError, build

DEGREES = st.floats(min_value=-1.0, max_value=4.0, allow_nan=False)


def districts(**shapes: object) -> Districts:
    frame = gpd.GeoDataFrame(
        {"id": list(shapes), "name": [f"Name {key}" for key in shapes]},
        geometry=list(shapes.values()),
        crs="EPSG:4326",
    )
    return build(frame, id="id", name="name")


def where(city: Districts, *points: tuple[float, float]) -> list[str | None]:
    lon, lat = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return city.district_of(lon, lat)


SQUARES = {"a": box(10, 50, 11, 51), "b": box(11, 50, 12, 51)}


def test_a_point_lies_in_the_district_around_it_and_in_none_outside() -> None:
    city = districts(**SQUARES)

    assert where(city, (10.5, 50.5), (11.5, 50.5), (12.5, 50.5)) == ["a", "b", None]


def test_no_points_give_no_districts() -> None:
    assert districts(**SQUARES).district_of(np.array([]), np.array([])) == []


def test_a_point_without_coordinates_lies_nowhere() -> None:
    city = districts(**SQUARES)

    assert where(city, (math.nan, 50.5), (10.5, math.nan), (math.inf, 50.5), (10.5, 50.5)) == [
        None,
        None,
        None,
        "a",
    ]


def test_the_input_arrays_stay_as_they_are() -> None:
    city = districts(**SQUARES)
    lon, lat = np.array([50.5]), np.array([10.5])

    city.district_of(lon, lat)

    assert (lon[0], lat[0]) == (50.5, 10.5)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        districts(**SQUARES).district_of(np.array([1.0, 2.0]), np.array([1.0]))


def test_a_point_in_two_districts_belongs_to_the_smaller() -> None:
    city = districts(large=box(10, 50, 14, 54), small=box(11, 51, 12, 52))
    turned = districts(small=box(11, 51, 12, 52), large=box(10, 50, 14, 54))

    assert where(city, (11.5, 51.5), (13.0, 53.0)) == ["small", "large"]
    assert where(turned, (11.5, 51.5), (13.0, 53.0)) == ["small", "large"]


def test_of_two_equal_districts_the_first_id_wins_whatever_the_order() -> None:
    same = box(10, 50, 11, 51)

    assert where(districts(b=same, a=same), (10.5, 50.5)) == ["a"]
    assert where(districts(a=same, b=same), (10.5, 50.5)) == ["a"]


def test_a_point_on_a_shared_border_belongs_to_the_same_one_always() -> None:
    left, right = box(10, 50, 11, 51), box(11, 50, 13, 51)

    assert where(districts(l=left, r=right), (11.0, 50.5)) == ["l"]
    assert where(districts(r=right, l=left), (11.0, 50.5)) == ["l"]


def test_a_hole_is_outside_and_a_second_part_is_inside() -> None:
    ring = shapely.Polygon(
        box(10, 50, 13, 53).exterior.coords, [box(11, 51, 12, 52).exterior.coords]
    )
    parts = shapely.MultiPolygon([ring, box(20, 50, 21, 51)])

    assert where(districts(a=parts), (11.5, 51.5), (10.5, 50.5), (20.5, 50.5)) == [None, "a", "a"]


def test_swapped_axes_are_put_right_when_only_the_swap_lands_inside() -> None:
    city = districts(**SQUARES)

    assert where(city, (50.5, 10.5), (50.5, 11.5)) == ["a", "b"]
    assert where(city, (60.0, 70.0)) == [None]


def test_near_the_diagonal_nothing_is_taken_as_swapped() -> None:
    city = districts(a=box(10, 10.5, 11, 11.5))

    assert where(city, (11.4, 10.6)) == [None]


def test_a_crossed_ring_is_repaired_before_points_are_placed() -> None:
    bow = shapely.Polygon([(10, 50), (12, 52), (12, 50), (10, 52)])

    city = districts(a=bow)

    assert city.shapes[0].is_valid
    assert where(city, (10.2, 51.0), (11.8, 51.0), (11.0, 51.8)) == ["a", "a", None]


@settings(max_examples=60, deadline=None)
@given(
    boxes=st.lists(
        st.tuples(DEGREES, DEGREES, st.floats(0.1, 3), st.floats(0.1, 3)), min_size=1, max_size=8
    ),
    points=st.lists(st.tuples(DEGREES, DEGREES), max_size=20),
)
def test_placing_agrees_with_asking_every_polygon(
    boxes: list[tuple[float, float, float, float]], points: list[tuple[float, float]]
) -> None:
    shapes = {f"d{n}": box(x, 60 + y, x + w, 60 + y + h) for n, (x, y, w, h) in enumerate(boxes)}
    city = districts(**shapes)

    found = where(city, *((x, 60 + y) for x, y in points))

    for (x, y), district in zip(points, found, strict=True):
        spot = shapely.Point(x, 60 + y)
        inside = [key for key, shape in shapes.items() if shape.intersects(spot)]
        best = min(inside, key=lambda key: (shapes[key].area, key), default=None)
        assert district == best


def test_a_hundred_round_districts_hold_the_share_of_points_that_geometry_says() -> None:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    wobble = 0.5 + 0.02 * np.sin(17 * angles)
    around = np.column_stack([wobble * np.cos(angles), wobble * np.sin(angles)])
    city = districts(
        **{
            f"d{x}-{y}": shapely.Polygon(around + np.array([x + 10, y + 50]))
            for x in range(10)
            for y in range(10)
        }
    )
    draw = np.random.default_rng(7)

    found = city.district_of(draw.uniform(9.5, 19.5, 100_000), draw.uniform(49.5, 59.5, 100_000))

    share = sum(one is not None for one in found) / 100_000
    assert share == pytest.approx(shapely.Polygon(around).area, abs=0.01)  # of each unit cell


def test_a_shape_overlaps_the_districts_that_it_shares_ground_with() -> None:
    city = districts(**SQUARES)

    assert city.overlapping(
        "POLYGON ((10.5 50.2, 11.5 50.2, 11.5 50.4, 10.5 50.4, 10.5 50.2))"
    ) == (
        "a",
        "b",
    )
    assert city.overlapping("POINT (11.5 50.5)") == ("b",)
    assert city.overlapping("LINESTRING (9 50.5, 10.5 50.5)") == ("a",)
    assert city.overlapping("POLYGON EMPTY") == ()


def test_a_shape_that_only_touches_a_border_does_not_overlap() -> None:
    city = districts(**SQUARES)

    assert city.overlapping("POLYGON ((10 51, 11 51, 11 52, 10 52, 10 51))") == ()


def test_an_announced_area_that_crosses_itself_is_repaired() -> None:
    city = districts(**SQUARES)

    assert city.overlapping(
        "POLYGON ((10.2 50.2, 10.8 50.8, 10.8 50.2, 10.2 50.8, 10.2 50.2))"
    ) == ("a",)


@pytest.mark.parametrize("text", ["", "POLYGON ((1 2, 3", "lorem ipsum"])
def test_what_is_no_shape_says_so(text: str) -> None:
    with pytest.raises(GeoError, match="not a shape"):
        districts(**SQUARES).overlapping(text)


def test_a_district_is_called_by_id_or_by_a_name_however_it_is_written() -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["1", "2", "3"], "name": ["Côte-des-Neiges", "Twin", "twin"]},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 0, 3, 1)],
        crs="EPSG:4326",
    )
    city = build(frame, id="id", name="name")

    assert city.called("1") == "1"
    assert city.called("COTE DES NEIGES") == "1"
    assert city.called("TWIN") is None
    assert city.called("Nowhere") is None
    assert city.called(None) is None
