"""Shapes of public alerts as WKT polygons in longitude, latitude.

CAP writes "lat,lon lat,lon …" and circles "lat,lon km"; GeoJSON writes longitude first. A shape is
kept as the text of its rings, ``((lon lat, …))``, so that the shapes of several areas can be
joined without a geometry library.
"""

from collections.abc import Iterable
from math import cos, hypot, pi, radians, sin
from typing import Any

_KM_PER_DEGREE = 111.195  # of latitude, on a sphere of 6 371 km
_CORNERS = 32
_SMALLEST_KM = 0.1
_RING = 4  # a closed ring has at least as many points
_POLE = 90.0
_DATE_LINE = 180.0
_FINE = 0.0
_MOST_POINTS = 1000  # of a coarse outline
_LEAST_SHARE = 0.01  # of the largest part: smaller islands of a coarse shape are left out

Pairs = list[tuple[float, float]]


def wkt(shapes: Iterable[str]) -> str | None:
    """Return polygons, each as the text of its rings, as one shape; ``None`` without any.

    >>> wkt(["((0 0, 1 0, 1 1, 0 0))", "((0 0, 1 0, 1 1, 0 0))"])
    'POLYGON ((0 0, 1 0, 1 1, 0 0))'

    """
    some = list(dict.fromkeys(shapes))  # info blocks often repeat their area
    if len(some) > 1:
        return f"MULTIPOLYGON ({', '.join(some)})"
    return f"POLYGON {some[0]}" if some else None


def polygon(written: str) -> str:
    """Return a polygon of CAP as the text of its ring.

    Raises:
        ValueError: if it makes no sense.

    """
    return _text([_ring([_pair(word) for word in written.split()])])


def circle(written: str) -> str:
    """Return a circle of CAP as a ring of 32 points; a radius of nothing becomes 100 m.

    Raises:
        ValueError: if it makes no sense.

    """
    centre, _, radius = written.strip().partition(" ")
    lat, lon = _ring([_pair(centre)] * _RING)[0]
    up = max(float(radius or 0), _SMALLEST_KM) / _KM_PER_DEGREE
    across = up / max(cos(radians(lat)), 0.01)
    angles = [2 * pi * n / _CORNERS for n in range(_CORNERS)]
    ring = [(lat + up * sin(angle), lon + across * cos(angle)) for angle in angles]
    return _text([[*ring, ring[0]]])


def geojson(geometry: Any, tolerance: float = _FINE) -> list[str]:
    """Return the polygons of a GeoJSON geometry, each as the text of its rings.

    Args:
        geometry: a Polygon, a MultiPolygon, a collection of them, or ``None``.
        tolerance: in degrees; above 0 the outline is simplified, holes and small islands go.

    Raises:
        ValueError: if it is none of these, or makes no sense.

    """
    parts = [
        [_ring([_turned(point) for point in ring]) for ring in part] for part in _parts(geometry)
    ]
    if tolerance > _FINE and parts:
        outer = [part[0] for part in parts]
        least = max(map(_extent, outer)) * _LEAST_SHARE
        parts = [[_simple(ring, tolerance)] for ring in outer if _extent(ring) >= least]
    return [_text(part, 4 if tolerance > _FINE else 6) for part in parts]


def _parts(geometry: Any) -> list[list[Any]]:
    if geometry is None:
        return []
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind == "GeometryCollection":
        return [part for one in geometry["geometries"] for part in _parts(one)]
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueError(f"a {str(kind)[:40]} is no area")
    coordinates = geometry["coordinates"]
    parts = [coordinates] if kind == "Polygon" else coordinates
    return [list(part) for part in parts if part]


def _turned(point: Any) -> tuple[float, float]:
    return float(point[1]), float(point[0])


def _pair(word: str) -> tuple[float, float]:
    lat, lon = word.split(",")[:2]
    return float(lat), float(lon)


def _ring(points: Pairs) -> Pairs:
    """Return a closed ring of latitude, longitude; beyond the pole the axes are swapped."""
    if not points:
        raise ValueError("a polygon without points")
    if any(abs(lat) > _POLE for lat, _ in points):
        points = [(lon, lat) for lat, lon in points]
    if points[0] != points[-1]:
        points = [*points, points[0]]
    are_there = all(abs(a) <= _POLE and abs(o) <= _DATE_LINE for a, o in points)
    if len(points) < _RING or not are_there:  # NaN is nowhere
        raise ValueError(f"a polygon of {len(points)} points from {points[0]}")
    return points


def _text(rings: list[Pairs], decimals: int = 6) -> str:
    written = (
        "(" + ", ".join(f"{lon:.{decimals}f} {lat:.{decimals}f}" for lat, lon in ring) + ")"
        for ring in rings
    )
    return f"({', '.join(written)})"


def _extent(ring: Pairs) -> float:
    """Return the area of the box around a ring, in square degrees."""
    lats, lons = [lat for lat, _ in ring], [lon for _, lon in ring]
    return (max(lats) - min(lats)) * (max(lons) - min(lons))


def _simple(ring: Pairs, tolerance: float) -> Pairs:
    """Return a closed ring with fewer points, after Douglas and Peucker (1973).

    Points that crowd together go first, so that no outline costs more than a blink. The point
    farthest from the first halves the ring. What would become a line stays as it is.
    """
    whole, ring = ring, _thinned(ring, tolerance / 2)
    first = ring[0]
    far = max(range(len(ring)), key=lambda n: _gap(ring[n], first, first))
    kept = {0, far, len(ring) - 1}
    todo = [(0, far), (far, len(ring) - 1)]
    while todo:
        start, end = todo.pop()
        between = range(start + 1, end)
        worst = max(between, key=lambda n: _gap(ring[n], ring[start], ring[end]), default=None)
        if worst is not None and _gap(ring[worst], ring[start], ring[end]) > tolerance:
            kept.add(worst)
            todo += [(start, worst), (worst, end)]
    found = [ring[n] for n in sorted(kept)]
    return found if len(found) >= _RING else _spaced(whole)


def _thinned(ring: Pairs, apart: float) -> Pairs:
    """Return a closed ring of at most a thousand points that stand apart (degrees)."""
    kept = [ring[0]]
    for point in ring[1:-1]:
        if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) >= apart:
            kept.append(point)
    return _spaced([*kept, ring[-1]])


def _spaced(ring: Pairs) -> Pairs:
    """Return a closed ring of at most a thousand of its points, evenly chosen."""
    step = -(-len(ring) // _MOST_POINTS)
    return [*ring[:-1:step], ring[-1]]


def _gap(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the distance of a point from a segment, in degrees."""
    (y, x), (y0, x0), (y1, x1) = point, start, end
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    along = 0.0 if length == 0 else ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length
    along = min(max(along, 0.0), 1.0)
    return hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
