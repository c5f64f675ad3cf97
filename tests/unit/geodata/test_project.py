"""Coordinates of other systems become degrees."""

import numpy as np
import pytest
import shapely

from geodata import GeoError, check_crs, is_wgs84, shapes_in_wgs84, to_wgs84


def test_a_national_grid_becomes_degrees():
    lon, lat = to_wgs84(np.array([439579.3291, np.nan]), np.array([4475049.263, 1.0]), "EPSG:25830")

    assert (lon[0], lat[0]) == pytest.approx((-3.7122567, 40.4238823), abs=1e-6)
    assert np.isnan(lon[1])


def test_feet_of_a_state_plane_become_degrees():
    lon, lat = to_wgs84(np.array([987654.0]), np.array([201234.0]), "EPSG:2263")

    assert (lon[0], lat[0]) == pytest.approx((-73.98775, 40.71904), abs=1e-3)


@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_wgs84_has_many_names(crs):
    assert is_wgs84(crs)


def test_shapes_are_moved_and_flattened():
    point = shapely.to_wkb(shapely.from_wkt("POINT Z (439579.3291 4475049.263 9)"))

    found, nothing, empty = shapes_in_wgs84(
        [point, None, shapely.to_wkb(shapely.from_wkt("POINT EMPTY"))], "EPSG:25830"
    )

    assert found["type"] == "Point"
    assert found["coordinates"] == pytest.approx((-3.7122567, 40.4238823), abs=1e-6)
    assert (nothing, empty) == (None, None)


def test_what_is_no_system_or_no_shape_is_told():
    with pytest.raises(GeoError, match="is no coordinate system"):
        check_crs("EPSG:1")
    with pytest.raises(GeoError, match="no well-known binary"):
        shapes_in_wgs84([b"nonsense"], "EPSG:4326")
