"""Esri geometries: the orientation of rings decides, whatever their order."""

import pytest

from feeds import geojson
from feeds.arcgis_shapes import geometry

OUTER = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]  # clockwise
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]  # counter-clockwise
FAR = [[20, 0], [20, 5], [25, 5], [25, 0], [20, 0]]


def drawn(shape):
    return geojson.wkt(geometry(shape))


@pytest.mark.parametrize("rings", [[OUTER, HOLE], [HOLE, OUTER]])
def test_a_ring_that_runs_the_other_way_is_a_hole(rings):
    found = geometry({"rings": rings})

    assert found["type"] == "Polygon"
    assert [len(ring) for ring in found["coordinates"]] == [5, 5]
    assert found["coordinates"][0][0] == [0.0, 0.0]


def test_several_outer_rings_are_several_polygons_and_a_hole_finds_its_own():
    found = geometry({"rings": [FAR, HOLE, OUTER]})

    assert found["type"] == "MultiPolygon"
    assert sorted(len(polygon) for polygon in found["coordinates"]) == [1, 2]


def test_an_island_in_a_lake_is_a_polygon_and_its_own_lake_is_in_it():
    lake = [[1, 1], [9, 1], [9, 9], [1, 9], [1, 1]]
    island = [[3, 3], [3, 7], [7, 7], [7, 3], [3, 3]]
    pond = [[4, 4], [5, 4], [5, 5], [4, 5], [4, 4]]

    found = geometry({"rings": [OUTER, lake, island, pond]})

    assert found["coordinates"] == [[island, pond], [OUTER, lake]]


def test_a_shape_that_runs_the_wrong_way_throughout_is_still_a_shape():
    assert geometry({"rings": [HOLE]})["type"] == "Polygon"


def test_a_hole_outside_of_everything_is_a_part():
    assert geometry({"rings": [FAR, HOLE]})["type"] == "MultiPolygon"


def test_open_rings_are_closed_and_those_of_no_area_left_out():
    flat = [[0, 0], [1, 1], [2, 2], [0, 0]]

    found = geometry({"rings": [OUTER[:-1], flat, [[1, 1], [2, 2]], []]})

    assert found["coordinates"] == [OUTER]
    assert geometry({"rings": [flat]}) is None


def test_heights_and_measures_are_left_out():
    assert drawn({"paths": [[[1, 2, 99], [3, 4, 99]]]}) == "LINESTRING (1.0 2.0, 3.0 4.0)"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ({"x": 1, "y": 2, "z": 3, "spatialReference": {"wkid": 4326}}, "Point"),
        ({"points": [[1, 2], [3, 4]]}, "MultiPoint"),
        ({"paths": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}, "MultiLineString"),
        ({"paths": [[[1, 2], [3, 4]], [[5, 6]]]}, "LineString"),
        ({"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}, "Polygon"),
    ],
)
def test_each_shape_has_its_kind(shape, kind):
    assert geometry(shape)["type"] == kind


@pytest.mark.parametrize(
    "shape", [None, {}, {"paths": []}, {"paths": None}, {"x": "NaN", "y": "NaN"}]
)
def test_an_empty_shape_is_none(shape):
    assert geometry(shape) is None


@pytest.mark.parametrize(
    "shape",
    [{"curveRings": []}, {"x": float("inf"), "y": 1}, {"rings": [["ab"]]}, {"paths": [[1, 2]]}],
)
def test_nonsense_is_an_error(shape):
    with pytest.raises((ValueError, TypeError, LookupError)):
        geometry(shape)
