"""Esri JSON geometries to GeoJSON, in degrees.

Quirks: the orientation of a ring decides whether it is a hole (outer rings run clockwise); rings
may be open, doubled or of no area; an empty geometry is ``{}``, ``null`` or ``"NaN"``.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import atan, degrees, exp, isfinite, pi
from typing import Any

Ring = list[list[float]]
Projection = Callable[[float, float], tuple[float, float]]

_WGS84 = frozenset({4326, 4979})
_NAD83 = 4269  # within two metres of WGS84
_MERCATOR = frozenset({3857, 102100, 102113, 900913})
_RADIUS = 6_378_137.0
_RING = 4  # a closed ring has at least as many points
_LINE = 2
_MAX_PAIRS = 1_000_000  # of outer rings and holes


def projection(reference: Any) -> Projection | None:
    """Return how to bring coordinates of a spatial reference to degrees; ``None``: as they are.

    Raises:
        ValueError: if it is anything but WGS84, NAD83 or Web Mercator.

    """
    if not isinstance(reference, Mapping) or not reference:
        return None  # nothing said: only degrees are taken for degrees
    codes = {reference.get("latestWkid"), reference.get("wkid")}
    if codes & (_WGS84 | {_NAD83}):
        return None
    if codes & _MERCATOR:
        return _from_mercator
    shown = next((code for code in codes if code), None) or reference.get("wkt") or reference
    raise ValueError(f"coordinates in {str(shown)[:80]} though degrees were asked for (outSR=4326)")


def _from_mercator(x: float, y: float) -> tuple[float, float]:
    lat = 2 * degrees(atan(exp(y / _RADIUS))) - 90
    return round(x / (pi * _RADIUS) * 180, 7), round(lat, 7)


def geometry(shape: Any, bring: Projection | None = None) -> dict[str, Any] | None:
    """Return an Esri geometry as GeoJSON, ``None`` for an empty one.

    Raises:
        ValueError: if it makes no sense, or is made of curves.

    """
    if not shape:
        return None
    if "x" in shape:
        return _point(shape, bring)
    if "points" in shape:
        points = [_pair(point, bring) for point in shape["points"] or []]
        return {"type": "MultiPoint", "coordinates": points} if points else None
    if "paths" in shape:
        return _lines([_pairs(path, bring) for path in shape["paths"] or []])
    if "rings" in shape:
        return _areas([_pairs(ring, bring) for ring in shape["rings"] or []])
    if "xmin" in shape:
        x0, y0 = _pair([shape["xmin"], shape["ymin"]], bring)
        x1, y1 = _pair([shape["xmax"], shape["ymax"]], bring)
        ring = [[x0, y0], [x0, y1], [x1, y1], [x1, y0], [x0, y0]]
        return {"type": "Polygon", "coordinates": [ring]}
    names = ", ".join(sorted(map(str, shape)))
    raise ValueError(f"a shape of {names[:80]} is not understood")


def _point(shape: Mapping[str, Any], bring: Projection | None) -> dict[str, Any] | None:
    if any(shape.get(axis) in (None, "", "NaN") for axis in "xy"):
        return None
    return {"type": "Point", "coordinates": _pair([shape["x"], shape["y"]], bring)}


def _pair(point: Any, bring: Projection | None) -> list[float]:
    x, y = float(point[0]), float(point[1])
    if not (isfinite(x) and isfinite(y)):
        raise ValueError(f"{point!r} is no place")
    return list(bring(x, y)) if bring else [x, y]


def _pairs(points: Any, bring: Projection | None) -> Ring:
    return [_pair(point, bring) for point in points]


def _lines(paths: list[Ring]) -> dict[str, Any] | None:
    good = [path for path in paths if len(path) >= _LINE]
    if len(good) == 1:
        return {"type": "LineString", "coordinates": good[0]}
    return {"type": "MultiLineString", "coordinates": good} if good else None


def _areas(rings: list[Ring]) -> dict[str, Any] | None:
    """Sort rings into polygons: clockwise ones are outer, the others are holes in them."""
    closed = [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings if ring]
    sized = [(_area(ring), ring) for ring in closed if len(ring) >= _RING]
    sized = [(area, ring) for area, ring in sized if area]
    outers = [(-area, ring) for area, ring in sized if area < 0]
    holes = [ring for area, ring in sized if area > 0]
    if not outers:  # the whole shape runs the wrong way
        outers, holes = [(area, ring) for area, ring in sized], []
    if len(outers) * len(holes) > _MAX_PAIRS:
        raise ValueError(f"a shape of {len(outers)} rings and {len(holes)} holes")
    polygons = [[ring] for _, ring in sorted(outers, key=lambda item: item[0])]
    boxes = [_box(polygon[0]) for polygon in polygons]
    for hole in holes:
        around = next(_around(hole, polygons, boxes), None)
        if around is None:
            polygons.append([hole])  # a part that runs the wrong way
            boxes.append(_box(hole))
        else:
            around.append(hole)
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons} if polygons else None


def _around(
    hole: Ring, polygons: list[list[Ring]], boxes: list[tuple[float, float, float, float]]
) -> Iterator[list[Ring]]:
    """Yield the polygons that hold a ring, the smallest first."""
    x, y = hole[0][0], hole[0][1]
    for polygon, (left, low, right, high) in zip(polygons, boxes, strict=True):
        if left <= x <= right and low <= y <= high and _holds(polygon[0], hole):
            yield polygon


def _holds(ring: Ring, hole: Ring) -> bool:
    """Whether most corners of a hole lie inside a ring; a hole may touch the ring's edge."""
    some = hole[:-1][:9]
    return 2 * sum(_is_inside(point, ring) for point in some) > len(some)


def _is_inside(point: list[float], ring: Ring) -> bool:
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in pairwise(ring):
        if (y0 > y) is not (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def _box(ring: Ring) -> tuple[float, float, float, float]:
    xs, ys = [point[0] for point in ring], [point[1] for point in ring]
    return min(xs), min(ys), max(xs), max(ys)


def _area(ring: Ring) -> float:
    """Return twice the signed area; negative for a clockwise ring."""
    x0, y0 = ring[0]
    return sum(
        (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0) for (xa, ya), (xb, yb) in pairwise(ring)
    )
