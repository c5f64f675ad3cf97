"""Shapes for the browser: GeoJSON and SVG paths."""

import math
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, shape

from geodata import Districts, build
from geodata.coverage import cover, is_faithful


def city(shapes: list[shapely.Geometry], boroughs: list[str] | None = None) -> Districts:
    frame = gpd.GeoDataFrame(
        {
            "id": [str(n) for n in range(len(shapes))],
            "name": [f"Name {n}" for n in range(len(shapes))],
            "borough": boroughs or [None] * len(shapes),
        },
        geometry=shapes,
        crs="EPSG:4326",
    )
    return build(frame, id="id", name="name", borough="borough")


def wiggly(seed: int, n: int = 60) -> list[shapely.Geometry]:
    """Two districts of about 20 km that share a ragged border of ``n`` vertices."""
    draw = np.random.default_rng(seed)
    border = [(10.1 + draw.uniform(-0.01, 0.01), lat) for lat in np.linspace(50.0, 50.2, n)]
    west = shapely.Polygon([(10.0, 50.2), (10.0, 50.0), *border])
    east = shapely.Polygon([(10.2, 50.2), (10.2, 50.0), *border])
    return [shapely.make_valid(west), shapely.make_valid(east)]


def rings(path: str) -> list[shapely.Polygon]:
    found = []
    for ring in re.findall(r"M([^Z]+)Z", path):
        points = [tuple(map(float, pair.split(","))) for pair in ring.split()]
        found.append(shapely.Polygon(points) if len(points) > 2 else shapely.Polygon())
    return found


def test_geojson_carries_what_a_map_needs() -> None:
    body = city([box(10, 50, 10.1, 50.1)], ["North"]).geojson()

    (feature,) = body["features"]
    assert body["type"] == "FeatureCollection"
    assert feature["id"] == "0"
    assert feature["properties"] == {
        "name": "Name 0",
        "short": "Name 0",
        "population": None,
        "borough": "North",
    }
    assert shape(feature["geometry"]).equals(box(10, 50, 10.1, 50.1))


def test_coordinates_have_five_decimals_and_outer_rings_run_against_the_clock() -> None:
    body = city(wiggly(3)).geojson()

    for feature in body["features"]:
        found = shape(feature["geometry"])
        points = shapely.get_coordinates(found)
        assert np.array_equal(points, np.round(points, 5))
        assert all(part.exterior.is_ccw for part in shapely.get_parts(found))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_neighbours_keep_one_border_when_they_are_simplified(seed: int) -> None:
    before = wiggly(seed)

    after = [shape(feature["geometry"]) for feature in city(before).geojson()["features"]]

    assert all(one.is_valid for one in after)
    assert sum(one.area for one in after) == pytest.approx(shapely.union_all(after).area, rel=1e-9)
    assert shapely.union_all(after).area == pytest.approx(0.04, rel=1e-3)
    assert len(shapely.get_parts(shapely.union_all(after))) == 1


def test_simplifying_drops_points_that_nobody_can_see() -> None:
    dense = shapely.segmentize(box(10, 50, 10.2, 50.2), 0.0005)

    (feature,) = city([dense]).geojson()["features"]

    assert shapely.get_num_coordinates(dense) > 1000
    assert shapely.get_num_coordinates(shape(feature["geometry"])) == 5


def test_an_overlap_is_drawn_once_and_goes_to_the_smaller() -> None:
    large, small = box(0, 0, 10, 10), box(9, 4, 12, 6)

    clean = cover(np.array([large, small]), 0.01)

    assert shapely.coverage_is_valid(clean)
    assert [one.area for one in clean] == pytest.approx([98.0, 6.0])


def test_a_sliver_between_neighbours_is_closed_and_a_lake_stays() -> None:
    left = box(0, 0, 5, 10)
    right = box(5, 0, 10, 10) - box(5, 4, 5.001, 6) - box(6, 6, 8, 8)

    clean = cover(np.array([left, right]), 0.05)

    whole = shapely.union_all(clean)
    assert whole.area == pytest.approx(96.0)
    assert len(whole.interiors) == 1


def test_shapes_that_cannot_be_cleaned_without_loss_stay_as_they_are() -> None:
    shapes = np.array([box(0, 0, 10, 10), box(2, 2, 4, 4)])
    twins = np.array([box(0, 0, 1, 1), box(0, 0, 1, 1)])

    assert is_faithful(shapes, cover(shapes, 0.01), 0.01)
    assert cover(twins, 0.01)[0].equals(twins[0])
    assert cover(twins, 0.01)[1].equals(twins[1])


def test_a_simplification_that_loses_ground_is_not_taken() -> None:
    shapes = np.array([box(0, 0, 10, 10)])

    assert not is_faithful(shapes, np.array([box(0, 0, 10, 9)]), 0.1)
    assert is_faithful(shapes, np.array([box(0, 0, 10, 9.95)]), 0.1)


def test_paths_fill_the_width_and_keep_proportions() -> None:
    # 0.1° of latitude is 11.12 km everywhere, 0.1° of longitude 5.56 km at 60° north.
    drawn = city([box(10, 59.95, 10.1, 60.05)]).paths(500)

    assert drawn.width == pytest.approx(500)
    assert drawn.height == pytest.approx(2 + 2 + 496 * 2, rel=1e-3)
    assert drawn.px_per_km == pytest.approx(496 / 5.56, rel=2e-3)
    assert drawn.view_box == "0 0 500.0 996.0"


def test_a_map_may_be_limited_in_height_too() -> None:
    drawn = city([box(10, 59.95, 10.1, 60.05)]).paths(500, height=300)

    assert drawn.height == pytest.approx(300)
    assert drawn.width == pytest.approx(152, rel=1e-2)


def test_a_map_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        city([box(10, 50, 11, 51)]).paths(3)


def test_a_path_is_the_shape_in_pixels_north_up() -> None:
    drawn = city([box(0, 0, 1, 1), box(1, 0, 2, 1)], ["X", "X"]).paths(204)

    left, right = rings(drawn.by_id["0"].path), rings(drawn.by_id["1"].path)
    assert left[0].bounds == pytest.approx((2, 2, 102, 102), abs=0.2)
    assert right[0].bounds == pytest.approx((102, 2, 202, 102), abs=0.2)
    assert rings(drawn.boroughs["X"])[0].bounds == pytest.approx((2, 2, 202, 102), abs=0.2)
    assert drawn.boroughs["X"] == drawn.outline
    assert drawn.place(0, 1) == pytest.approx((2, 2), abs=0.1)
    assert drawn.place(2, 0) == pytest.approx((202, 102), abs=0.2)


def test_the_label_circle_lies_inside_the_largest_part() -> None:
    island, main = box(0, 0, 0.1, 0.1), box(1, 0, 2, 1)
    drawn = city([shapely.MultiPolygon([island, main])]).paths(404)

    one = drawn.by_id["0"]
    assert drawn.place(1.5, 0.5) == pytest.approx((one.x, one.y), abs=2)
    assert one.radius == pytest.approx(100, abs=2)


def test_a_district_with_a_hole_keeps_it_and_the_hole_is_no_other_district() -> None:
    ring = shapely.Polygon(box(0, 0, 3, 3).exterior.coords, [box(1, 1, 2, 2).exterior.coords])

    drawn = city([ring]).paths(300)

    assert len(rings(drawn.by_id["0"].path)) == 2
    assert len(rings(drawn.outline)) == 2


def test_without_boroughs_there_are_no_borough_outlines() -> None:
    assert city([box(0, 0, 1, 1)]).paths(100).boroughs == {}


def test_no_path_names_a_number_that_is_none() -> None:
    drawn = city(wiggly(1)).paths(300)

    for one in drawn.districts:
        assert not re.search(r"nan|inf|e[+-]", one.path)
        assert math.isfinite(one.radius)
