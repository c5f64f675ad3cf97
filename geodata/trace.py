"""Shapes of notices on a map: well-known text to what is drawn of it inside a frame."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from geodata.svg import MapShape

Frame = tuple[float, float, float, float]  # left, top, right, bottom in px of the drawing
_PAD_PLACE = (0.0, 0.0)
_TOLERANCE = 0.7  # px that a line may move
_KEPT = 4096  # shapes that are remembered, so that a tick costs a look


@dataclass(frozen=True, slots=True)
class Trace:
    """What is drawn of a shape, in px: lines and dots, borders of areas, and its symbol's place.

    ``x`` and ``y`` are ``None`` where an area covers the whole frame: there is nothing to point at.
    """

    lines: str
    borders: str
    x: float | None
    y: float | None


def trace(wkt: str, shape: MapShape, frame: Frame) -> Trace | None:
    """Return what of a shape lies inside a frame of a drawn city; ``None`` where nothing does.

    Text that is no shape, an empty one, and one with coordinates that are no numbers have nothing
    inside either.

    Args:
        wkt: well-known text in longitude, latitude; any kind, collections too.
        shape: the drawn city, whose projection is used.
        frame: in px of that drawing.

    """
    corner = shape.place(*_PAD_PLACE)
    east, north = shape.px_per_degree
    return _trace(wkt, (corner[0], corner[1], east, north), frame)


@lru_cache(maxsize=_KEPT)
def _trace(wkt: str, projection: Frame, frame: Frame) -> Trace | None:
    try:
        read: Any = shapely.from_wkt(wkt)
        if read is None or read.is_empty:
            return None
        plane = _projected(shapely.make_valid(shapely.force_2d(read)), projection)
        return _drawn(list(_parts(plane)), frame)
    except (shapely.errors.GEOSException, TypeError, ValueError):
        return None


def _projected(read: Any, projection: Frame) -> Any:
    """Return a shape in px: where degrees 0, 0 lie, and px per degree east and north."""
    x, y, east, north = projection
    return shapely.transform(read, lambda points: points * [east, -north] + [x, y])


def _parts(shape: Any) -> Iterator[Any]:
    if hasattr(shape, "geoms"):
        for part in shape.geoms:
            yield from _parts(part)
    elif not shape.is_empty and np.isfinite(shape.bounds).all():
        yield shape


def _drawn(parts: list[Any], frame: Frame) -> Trace | None:
    points = [p for p in parts if p.geom_type == "Point" and _is_in(p, frame)]
    lines = _clipped((p for p in parts if p.geom_type in ("LineString", "LinearRing")), frame)
    areas = [p for p in parts if p.geom_type == "Polygon"]
    seen = _clipped(areas, frame)
    borders = _clipped((ring for area in areas for ring in _rings(area)), frame)
    if not (points or lines or seen):
        return None
    dots = points[1:] if not lines and not borders else points
    where = _anchor(points, lines, seen if borders else [])
    return Trace(
        lines=_strokes(lines) + "".join(f"M{p.x:.1f},{p.y:.1f}h0" for p in dots),
        borders=_strokes(borders),
        x=round(where.x, 1) if where is not None else None,
        y=round(where.y, 1) if where is not None else None,
    )


def _is_in(point: Any, frame: Frame) -> bool:
    left, top, right, bottom = frame
    return bool(left <= point.x <= right and top <= point.y <= bottom)


def _rings(area: Any) -> Iterator[Any]:
    yield area.exterior
    yield from area.interiors


def _clipped(shapes: Iterable[Any], frame: Frame) -> list[Any]:
    """Return what of the shapes lies inside the frame, simplified to what can be seen."""
    found: list[Any] = []
    for shape in shapes:
        inside = shapely.clip_by_rect(shape, *frame)
        found += [part for part in _parts(inside) if part.geom_type != "Point"]
    return [shapely.simplify(part, _TOLERANCE, preserve_topology=True) for part in found]


def _anchor(points: list[Any], lines: list[Any], areas: list[Any]) -> Any:
    """Return where the symbol stands: on the area, halfway along the line, else at the point."""
    if areas:
        return max(areas, key=lambda part: part.area).point_on_surface()
    if lines:
        return max(lines, key=lambda part: part.length).interpolate(0.5, normalized=True)
    return points[0] if points else None


def _strokes(lines: Iterable[Any]) -> str:
    return "".join(
        "M" + " ".join(f"{x:g},{y:g}" for x, y in np.round(shapely.get_coordinates(line), 1) + 0.0)
        for line in lines
    )
