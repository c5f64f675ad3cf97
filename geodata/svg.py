"""The districts as SVG paths: plate carrée, scaled by the cosine of the city's latitude."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geodata.coverage import Shapes, simplify
from model import District

KM_PER_DEGREE = 111.195  # of latitude, on a sphere of 6371.0088 km
_PAD = 2.0  # px around the drawing, so that outlines are not cut
_TOLERANCE = 0.7  # px that a border may move


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictShape:
    """One district on the map. ``x``, ``y`` and ``radius`` are the largest circle inside (px)."""

    id: str
    path: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, kw_only=True)
class MapShape:
    """A city as SVG paths, in px.

    ``boroughs`` holds an outline per borough (none where the pack knows no boroughs), ``outline``
    that of the whole city. ``west`` and ``north`` (degrees) are the drawing's upper left corner
    inside the padding; ``px_per_degree`` is (east, north).
    """

    width: float
    height: float
    districts: tuple[DistrictShape, ...]
    boroughs: Mapping[str, str]
    outline: str
    px_per_km: float
    west: float
    north: float
    px_per_degree: tuple[float, float]

    @property
    def view_box(self) -> str:
        """The ``viewBox`` of the drawing."""
        return f"0 0 {self.width:.1f} {self.height:.1f}"

    @cached_property
    def by_id(self) -> Mapping[str, DistrictShape]:
        """Each district's shape by its id."""
        return {shape.id: shape for shape in self.districts}

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a point lies on the drawing, in px."""
        east, north = self.px_per_degree
        return (lon - self.west) * east + _PAD, (self.north - lat) * north + _PAD


def draw(
    items: tuple[District, ...],
    plane: Shapes,
    *,
    squeeze: float,
    width: float,
    height: float | None = None,
) -> MapShape:
    """Draw the districts into ``width`` px (and at most ``height`` px).

    ``plane`` holds them with longitudes multiplied by ``squeeze``.

    Raises:
        ValueError: if there is no room for a drawing.

    """
    if min(width, height or width) <= 2 * _PAD:
        raise ValueError(f"no room for a map in {width} × {height} px")
    west, south, east, north = (float(side) for side in shapely.total_bounds(plane))
    scale = (width - 2 * _PAD) / (east - west)
    if height is not None:
        scale = min(scale, (height - 2 * _PAD) / (north - south))
    flat = shapely.transform(
        plane, lambda points: (points - [west, north]) * [scale, -scale] + _PAD
    )
    drawn = simplify(flat, _TOLERANCE)
    return MapShape(
        width=(east - west) * scale + 2 * _PAD,
        height=(north - south) * scale + 2 * _PAD,
        districts=tuple(_district(item, shape) for item, shape in zip(items, drawn, strict=True)),
        boroughs=_boroughs(items, drawn),
        outline=path(_merged(drawn)),
        px_per_km=scale / KM_PER_DEGREE,
        west=west / squeeze,
        north=north,
        px_per_degree=(scale * squeeze, scale),
    )


def path(shape: Any) -> str:
    """Return polygons as an SVG path with one decimal; holes need ``fill-rule: evenodd``.

    >>> path(shapely.box(0, 0, 2, 1))
    'M2,0 2,1 0,1 0,0Z'

    """
    return "".join(
        _ring(ring)
        for polygon in shapely.get_parts(shape)
        for ring in (polygon.exterior, *polygon.interiors)
    )


def _ring(ring: Any) -> str:
    points = np.round(shapely.get_coordinates(ring)[:-1], 1)
    moved = np.any(points != np.roll(points, 1, axis=0), axis=1)
    kept = points[moved] if moved.any() else points[:1]
    return "M" + " ".join(f"{x:g},{y:g}" for x, y in kept + 0.0) + "Z"


def _district(item: District, shape: Any) -> DistrictShape:
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    (x, y), (rim_x, rim_y) = shapely.maximum_inscribed_circle(largest).coords
    return DistrictShape(
        id=item.id,
        path=path(shape),
        x=round(x, 1),
        y=round(y, 1),
        radius=round(float(np.hypot(rim_x - x, rim_y - y)), 1),
    )


def _boroughs(items: tuple[District, ...], shapes: Shapes) -> dict[str, str]:
    members: dict[str, list[Any]] = {}
    for item, shape in zip(items, shapes, strict=True):
        if item.borough:
            members.setdefault(item.borough, []).append(shape)
    return {name: path(_merged(np.array(some, dtype=object))) for name, some in members.items()}


def _merged(shapes: Shapes) -> Any:
    """Return the union; slivers thinner than what can be seen are closed."""
    union = shapely.union_all(shapes)
    rings = [
        shapely.Polygon(part.exterior, [hole for hole in part.interiors if _is_seen(hole)])
        for part in shapely.get_parts(union)
    ]
    return rings[0] if len(rings) == 1 else shapely.MultiPolygon(rings)


def _is_seen(ring: Any) -> bool:
    return bool(shapely.Polygon(ring).area > _TOLERANCE * ring.length / 2)
