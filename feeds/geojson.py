"""GeoJSON to the same table as CSV: properties are the columns, a feature's number is its line."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from feeds import scan
from feeds.cells import objects, tidy
from feeds.decode import raw as shortened
from feeds.rawtext import Dumped, written
from feeds.records import value
from feeds.tabular import PIECE, Refused, Table
from geodata import GeoError, is_wgs84, to_wgs84

_COLLECTION = '"FeatureCollection"'
ID = "@id"  # a feature's own id
Placed = tuple[float | None, float | None, str | None]
_SHAPES = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_MAX_DEGREES = 180.0


def pieces(
    text: str,
    crs: str | None = None,
    *,
    wanted: frozenset[str] | None = None,
    n_rows: int = PIECE // 4,  # shapes are large
) -> Iterator[Table]:
    """Yield the features of a FeatureCollection, or of one Feature, as tables.

    Points, and the middle of other shapes, go to ``@lat`` and ``@lon``; the shape to ``@wkt``.

    Args:
        text: the document.
        crs: its coordinate system, where the document does not say or lies.
        wanted: the properties to keep; all when ``None``.
        n_rows: of one table.

    Raises:
        ValueError: if it is no GeoJSON, or in a coordinate system that is unknown.

    """
    features, envelope = _features(text)
    system = crs or _declared(envelope)
    names = wanted if wanted is not None else _every(features)
    absent = set(names) - {ID} if len(features) else set()
    for start in range(0, max(len(features), 1), n_rows):
        piece = _table(features[start : start + n_rows], start + 1, names, system)
        absent -= {name for name in absent if any(piece.columns[name])}
        yield piece
    known = _every(features) if absent else ()
    for name in sorted(absent):
        if name.removeprefix("/").split("/")[0].split(".")[0] not in known:
            some = ", ".join(repr(one) for one in tuple(known)[:8])
            raise ValueError(f"no column {name!r}; there are {some}")


def _every(features: Sequence[Any]) -> dict[str, None]:
    """Return the names of all properties."""
    return dict.fromkeys(
        tidy(name)
        for one in features
        if isinstance(one, dict) and isinstance(one.get("properties"), dict)
        for name in one["properties"]
    )


def kind_of(text: str) -> str | None:
    """Return which kind of GeoJSON a document is; ``None`` for another.

    Raises:
        ValueError: if it is no JSON, or no GeoJSON.

    """
    if _COLLECTION not in text and '"Feature"' not in text:
        return None
    features, _ = _features(text)
    return "FeatureCollection" if isinstance(features, scan.Scanned) else "Feature"


def table(
    features: Sequence[Any],
    wanted: Collection[str],
    crs: str | None = None,
    first: int = 1,
) -> Table:
    """Return features as a table; ``crs`` is their coordinate system, WGS84 when ``None``."""
    return _table(features, first, wanted, crs)


def _table(features: Sequence[Any], first: int, wanted: Collection[str], crs: str | None) -> Table:
    refused: list[Refused] = []
    kept: list[tuple[int, dict[str, Any], Placed]] = []
    for number, (feature, moved) in enumerate(_in_degrees(features, crs), first):
        try:
            properties = {tidy(n): v for n, v in (feature.get("properties") or {}).items()}
            properties.setdefault(ID, feature.get("id"))
            kept.append((number, properties, shape(moved)))
        except (AttributeError, ValueError, TypeError, LookupError) as problem:
            refused.append(Refused(number, f"geometry: {problem}"[:200], shortened(feature)))
    lines = np.array([number for number, _, _ in kept], dtype=np.int64)
    every = dict.fromkeys(name for _, properties, _ in kept for name in properties)
    columns = {
        name: objects(written(value(properties, name)) for _, properties, _ in kept)
        for name in wanted
    }
    for place, name in enumerate(("@lat", "@lon", "@wkt")):
        columns[name] = objects(drawn[place] for _, _, drawn in kept)
    sources = Dumped([features[number - first] for number, _, _ in kept])
    origin = np.arange(len(kept), dtype=np.int64)
    context = json.dumps({"format": "geojson"} | ({"crs": crs} if crs else {}))
    return Table(columns, lines, sources, origin, refused, tuple(every), context)


def _features(text: str) -> tuple[Sequence[Any], dict[str, Any]]:
    if _COLLECTION in text:
        found = scan.find(text, ("features",))
        is_listed = found.rows is not None and found.keys is None
        if is_listed and found.envelope.get("type") == "FeatureCollection":
            return found.rows or [], found.envelope
    whole = scan.find(text, ())
    if whole.rows is None or whole.keys is None:
        raise ValueError("no GeoJSON object")
    document = dict(zip(whole.keys, whole.rows, strict=True))
    if document.get("type") != "Feature":
        raise ValueError("neither a FeatureCollection nor a Feature")
    return [document], {}


def _declared(envelope: dict[str, Any]) -> str | None:
    """Return the coordinate system that an old document declares; ``None`` for WGS84."""
    said = envelope.get("crs")
    if not said:
        return None
    name = str(said["properties"]["name"]) if isinstance(said, dict) else str(said)
    try:
        return None if is_wgs84(name) else name
    except GeoError as problem:
        raise ValueError(f"coordinates in {name[:100]!r}: say crs = 'EPSG:…'") from problem


def _in_degrees(features: Sequence[Any], crs: str | None) -> Iterator[tuple[Any, Any]]:
    """Yield each feature with its geometry in WGS84, all moved at once."""
    shapes = [one.get("geometry") if isinstance(one, dict) else None for one in features]
    if crs is None or is_wgs84(crs):
        yield from zip(features, shapes, strict=True)
        return
    points: list[tuple[float, float]] = []
    counts = []
    for one in shapes:
        before = len(points)
        try:
            points.extend(_points(one["coordinates"]) if one else ())
        except (ValueError, TypeError, LookupError):
            del points[before:]  # refused later, as it is
        counts.append(len(points) - before)
    east, north = np.array(points, dtype=float).reshape(-1, 2).T
    lon, lat = to_wgs84(east, north, crs)
    moved = iter(zip(lon.tolist(), lat.tolist(), strict=True))
    for feature, one, count in zip(features, shapes, counts, strict=True):
        yield (
            feature,
            {**one, "coordinates": _rebuilt(one["coordinates"], moved)} if one and count else one,
        )


def _rebuilt(coordinates: Any, moved: Iterator[tuple[float, float]]) -> Any:
    if coordinates and isinstance(coordinates[0], int | float):
        return list(next(moved))
    return [_rebuilt(item, moved) for item in coordinates]


def wkt(geometry: Any) -> str:
    """Return a GeoJSON geometry as WKT in longitude, latitude."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind not in _SHAPES:
        raise ValueError(f"{kind!r} is no shape that is understood")
    return f"{kind.upper()} {_nested(coordinates, _SHAPES[kind])}"


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
        raise ValueError(f"{points[0]} are no degrees: say crs = 'EPSG:…'")
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
