"""Codes of areas, such as UGC ``CAZ041``, and the shapes that a file of the pack gives them."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from feeds import cap_shapes
from feeds.decode import from_json, text
from feeds.errors import FeedError

Areas = Mapping[str, tuple[str, ...]]  # code → polygons, each as the text of its rings

_CODES = (
    "code", "ugc", "state_zone", "emma_id", "nuts_id", "fips", "fips6", "geoid", "same",
    "warncellid", "id",
)  # fmt: skip
_COUNTIES = frozenset({"SAME", "FIPS", "FIPS6", "FIPS5"})
_FIPS6 = 6
_TOLERANCE = 0.002  # degrees, about 200 m
_NUMBER = r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)"
_POINT = re.compile(rf"{_NUMBER}\s+{_NUMBER}(?:\s+{_NUMBER})*")
_KINDS = {"POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon"}
_LARGEST = 50_000_000


def found(areas: Areas, name: str, written: str) -> list[str]:
    """Return the polygons of a geocode; its value may hold several codes.

    Args:
        areas: polygons by code; ``UGC:CAZ041`` is looked for before ``CAZ041``.
        name: what kind of code it is, such as ``UGC``, ``SAME``, ``EMMA_ID``, ``NUTS3``.
        written: the code, or several with blanks between.

    >>> found({"06037": ("((…))",)}, "SAME", "006037 006059")
    ['((…))']

    """
    shapes: list[str] = []
    for code in written.replace(",", " ").split():
        spelled = [code]
        if name.upper() in _COUNTIES and code.isdigit() and len(code) == _FIPS6:
            spelled.append(code[1:])  # its first digit says which part of the county
        keys = [f"{name}:{one}" for one in spelled] + spelled
        shapes += next((list(areas[key]) for key in keys if key in areas), [])
    return shapes


def coded(codes: Iterable[tuple[str, str]], areas: Areas) -> list[str]:
    """Return the polygons of the codes of one area.

    An area often has codes of several kinds for the same ground: the first kind that the file
    knows counts.
    """
    if not areas:
        return []
    by_name: dict[str, list[str]] = {}
    for name, written in codes:
        by_name.setdefault(name, []).extend(found(areas, name, written))
    return next((shapes for shapes in by_name.values() if shapes), [])


def load(path: str, feed_id: str) -> Areas:
    """Return the shapes of a file of the pack: GeoJSON, or CSV with ``code`` and ``wkt``.

    Raises:
        FeedError: if it cannot be read, or holds no area with a code.

    """
    try:
        return _loaded(path, Path(path).stat().st_mtime_ns)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
        reason = f"areas: {Path(path).name}: {problem}"
        raise FeedError(feed_id, reason[:300], permanent=True) from problem


@lru_cache(maxsize=4)
def _loaded(path: str, _: int) -> Areas:
    body = Path(path).read_bytes()
    if len(body) > _LARGEST:
        raise ValueError(f"larger than {_LARGEST} bytes")
    areas = from_geojson(body) if body.lstrip()[:1] == b"{" else from_csv(body)
    if not areas:
        raise ValueError("no area with a code and a shape")
    return areas


def from_geojson(body: bytes) -> dict[str, tuple[str, ...]]:
    """Return polygons by every code that a feature of a collection has."""
    areas: dict[str, tuple[str, ...]] = {}
    for feature in from_json(body)["features"]:
        shapes = tuple(cap_shapes.geojson(feature.get("geometry"), _TOLERANCE))
        about = feature.get("properties") or {}
        for code in _codes([*about.items(), ("id", feature.get("id"))]):
            areas[code] = areas.get(code, ()) + shapes
    return areas


def from_csv(body: bytes) -> dict[str, tuple[str, ...]]:
    """Return polygons by code of a table with the columns ``code`` and ``wkt``."""
    areas: dict[str, tuple[str, ...]] = {}
    csv.field_size_limit(_LARGEST)
    for row in csv.DictReader(io.StringIO(text(body))):
        named = {str(name).strip().lower(): value for name, value in row.items()}
        shapes = tuple(_from_wkt(named.get("wkt") or named.get("geometry") or ""))
        for code in _codes(named.items()):
            areas[code] = areas.get(code, ()) + shapes
    return areas


def _codes(about: Iterable[tuple[Any, Any]]) -> list[str]:
    codes = [str(value).strip() for name, value in about if str(name).lower() in _CODES and value]
    return list(dict.fromkeys(code for code in codes if code))


def _from_wkt(written: str) -> list[str]:
    """Return the polygons of a WKT in longitude, latitude; a third ordinate is dropped."""
    kind, _, rest = written.strip().partition("(")
    name = kind.rpartition(";")[2].split()
    if not name or name[0].upper() not in _KINDS:
        raise ValueError(f"{written[:40]!r} is no POLYGON or MULTIPOLYGON")
    nested = _POINT.sub(r"[\1,\2]", f"({rest}").replace("(", "[").replace(")", "]")
    coordinates = from_json(nested.encode())
    geometry = {"type": _KINDS[name[0].upper()], "coordinates": coordinates}
    return cap_shapes.geojson(geometry, _TOLERANCE)
