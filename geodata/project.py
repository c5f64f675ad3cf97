"""Coordinates of other systems to WGS84: national grids, feet, web maps."""

from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry import mapping

from geodata.errors import GeoError

Floats = NDArray[np.float64]


def check_crs(crs: str) -> str:
    """Return a coordinate system such as ``EPSG:25830``, or its WKT, as it is.

    Raises:
        GeoError: if it is unknown.

    """
    _system(crs)
    return crs


def to_wgs84(x: Floats, y: Floats, crs: str) -> tuple[Floats, Floats]:
    """Return longitude and latitude of easting and northing, shape (n,); NaN where there is none.

    Raises:
        GeoError: if the coordinate system is unknown.

    """
    if is_wgs84(crs):
        return x, y
    lon, lat = _transformer(crs).transform(x, y)
    is_known = np.isfinite(lon) & np.isfinite(lat)
    return np.where(is_known, lon, np.nan), np.where(is_known, lat, np.nan)


def shapes_in_wgs84(wkb: list[bytes | None], crs: str) -> list[dict[str, Any] | None]:
    """Return well-known binary shapes as GeoJSON in longitude, latitude; ``None`` for empty ones.

    Raises:
        GeoError: if the coordinate system is unknown, or it is no well-known binary.

    """
    try:
        shapes = shapely.force_2d(shapely.from_wkb(np.array(wkb, dtype=object)))
    except (shapely.errors.ShapelyError, TypeError) as problem:
        raise GeoError(f"no well-known binary: {problem}"[:200]) from problem
    moved = shapes if is_wgs84(crs) else shapely.transform(shapes, _mover(crs), interleaved=False)
    empty = shapely.is_missing(moved) | shapely.is_empty(moved)
    return [
        None if is_none else dict(mapping(shape))
        for shape, is_none in zip(moved, empty, strict=True)
    ]


def _mover(crs: str) -> Any:
    def move(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return to_wgs84(x, y, crs)

    return move


@lru_cache(maxsize=64)
def is_wgs84(crs: str) -> bool:
    """Whether a system's coordinates are degrees of WGS84, whatever its order of axes.

    Raises:
        GeoError: if the coordinate system is unknown.

    """
    wgs84 = pyproj.CRS.from_epsg(4326)
    system = _system(crs)
    return bool(system.equals(wgs84, ignore_axis_order=True)) or system.to_epsg() == 4326  # noqa: PLR2004 - WGS84


@lru_cache(maxsize=64)
def _system(crs: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(crs)
    except CRSError as problem:
        raise GeoError(f"{crs[:80]!r} is no coordinate system, such as 'EPSG:25830'") from problem


def _transformer(crs: str) -> pyproj.Transformer:
    try:
        return pyproj.Transformer.from_crs(_system(crs), 4326, always_xy=True)
    except ProjError as problem:
        raise GeoError(f"{crs[:80]!r} cannot be turned into WGS84: {problem}"[:200]) from problem
