"""GeoJSON to the same table as CSV: properties are the columns, a feature's number is its line."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from feeds.cells import Cells, objects
from feeds.decode import raw as shortened
from feeds.tabular import Refused, Table

_WGS84 = ("crs84", "epsg::4326", "epsg:4326", "wgs84")
_SHAPES = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_MAX_DEGREES = 180.0


def read(document: Any) -> Table:
    """Return the features of a FeatureCollection, or of one Feature, as a table.

    Points, and the middle of other shapes, go to ``@lat`` and ``@lon``; the shape to ``@wkt``.

    Raises:
        ValueError: if it is no GeoJSON, or declares other coordinates than WGS84.

    """
    features = _features(document)
    refused: list[Refused] = []
    kept: list[tuple[int, dict[str, Any], tuple[float | None, float | None, str | None]]] = []
    for number, feature in enumerate(features, 1):
        try:
            properties = feature.get("properties") or {}
            kept.append((number, dict(properties), shape(feature.get("geometry"))))
        except (AttributeError, ValueError, TypeError, LookupError) as problem:
            refused.append(Refused(number, f"geometry: {problem}"[:200], shortened(feature)))
    lines = np.array([number for number, _, _ in kept], dtype=np.int64)
    columns = _columns([properties for _, properties, _ in kept])
    for place, name in enumerate(("@lat", "@lon", "@wkt")):
        columns[name] = objects(shape[place] for _, _, shape in kept)
    sources = [json.dumps(features[number - 1], ensure_ascii=False) for number, _, _ in kept]
    return Table(columns, lines, sources, np.arange(len(kept), dtype=np.int64), refused)


def wkt(geometry: Any) -> str:
    """Return a GeoJSON geometry as WKT in longitude, latitude."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind not in _SHAPES:
        raise ValueError(f"{kind!r} is no shape that is understood")
    return f"{kind.upper()} {_nested(coordinates, _SHAPES[kind])}"


def _features(document: Any) -> list[Any]:
    if not isinstance(document, dict):
        raise ValueError("no GeoJSON object")  # noqa: TRY004 - the body is malformed, not our call
    name = json.dumps(document.get("crs") or "").lower()
    if document.get("crs") and not any(known in name for known in _WGS84):
        raise ValueError(f"coordinates in {name[:100]}: only WGS84 (EPSG:4326) is read")
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise ValueError("neither a FeatureCollection nor a Feature")
    return features


def _columns(rows: list[dict[str, Any]]) -> dict[str, Cells]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name.strip(): objects(_text(row.get(name)) for row in rows) for name in names}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value).strip()


def shape(geometry: Any) -> tuple[float | None, float | None, str | None]:
    """Return latitude, longitude and WKT of a GeoJSON geometry; ``None`` for an empty one.

    Raises:
        ValueError: if it is no shape in degrees.

    """
    if geometry is None:
        return None, None, None
    written = wkt(geometry)
    points = list(_points(geometry["coordinates"]))
    if not points:
        return None, None, None
    if any(abs(part) > _MAX_DEGREES for point in points for part in point):
        raise ValueError(f"{points[0]} are no degrees")
    lon, lat = _middle(geometry, points)
    return lat, lon, written


def _middle(geometry: Any, points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the point itself, or the centroid of the largest ring, or the mean of the points."""
    rings = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
    outer = [polygon[0] for polygon in rings.get(geometry["type"], []) if polygon]
    centres = [_centroid(ring) for ring in outer]
    area, lon, lat = max(centres, default=(0.0, 0.0, 0.0))
    if area > 0:
        return lon, lat
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def _centroid(ring: list[Any]) -> tuple[float, float, float]:
    """Return area, longitude and latitude of a ring's centroid, by the shoelace formula."""
    lon0, lat0 = ring[0][0], ring[0][1]
    doubled = lon = lat = 0.0
    for (x0, y0), (x1, y1) in zip(_points(ring), _points(ring[1:] + ring[:1]), strict=True):
        ax, ay, bx, by = x0 - lon0, y0 - lat0, x1 - lon0, y1 - lat0
        cross = ax * by - bx * ay
        doubled += cross
        lon += (ax + bx) * cross
        lat += (ay + by) * cross
    if doubled == 0:
        return 0.0, lon0, lat0
    return abs(doubled) / 2, lon0 + lon / (3 * doubled), lat0 + lat / (3 * doubled)


def _points(coordinates: Any) -> Iterable[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], int | float):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for item in coordinates:
        yield from _points(item)


def _nested(coordinates: Any, depth: int) -> str:
    if depth == 0:
        return f"({_pair(coordinates)})"
    if depth == 1:
        return "(" + ", ".join(_pair(point) for point in coordinates) + ")"
    return "(" + ", ".join(_nested(item, depth - 1) for item in coordinates) + ")"


def _pair(point: Any) -> str:
    return f"{float(point[0])!r} {float(point[1])!r}"
