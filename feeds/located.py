"""Rows that say where they are in one member: GeoJSON, a pair of degrees, or WKT of a point."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from math import isfinite
from typing import Any

from feeds import geojson, records
from feeds.base import Again
from feeds.decode import raw
from feeds.records import MappedOptions
from feeds.reread import readable
from feeds.tabular import Refused
from model import Feed, Parsed

_PAIRS = (("lat", "lon"), ("latitude", "longitude"))
_POINT = re.compile(r"\s*POINT\s*\(\s*(\S+)\s+(\S+?)\s*\)\s*", re.IGNORECASE)
_BROKEN = (AttributeError, ValueError, TypeError, LookupError, RecursionError)


def located(rows: Sequence[Any], column: str | None, feed: Feed, first: int = 1) -> list[Any]:
    """Return rows with their place and shape added, as :data:`feeds.records.DRAWN`.

    Args:
        rows: JSON objects; others are left as they are.
        column: the member that says where a row is, by name or path; ``None`` for no such member.
        feed: only what gives notices needs the shape.
        first: the number of the first row.

    """
    if column is None:
        return list(rows)
    return [_located(row, column, feed, line) for line, row in enumerate(rows, first)]


def _located(row: Any, column: str, feed: Feed, line: int) -> Any:
    if not isinstance(row, Mapping):
        return row
    try:
        found = place(records.at(row, column))
    except _BROKEN as problem:
        return Refused(line, f"{column}: {problem}"[:200], raw(row))
    return drawn(row, found, feed)


def drawn(row: Mapping[str, Any], found: tuple[Any, Any, Any], feed: Feed) -> dict[str, Any]:
    """Return a row with latitude, longitude and, where notices are given, its WKT."""
    names = records.DRAWN if feed.gives == "notice" else records.DRAWN[:2]
    return {**row, **dict(zip(names, found, strict=False))}


def place(said: Any) -> tuple[float | None, float | None, str | None]:
    """Return latitude, longitude and WKT of whatever a portal writes for a place.

    >>> place({"latitude": "45.5", "longitude": "-73.6"})
    (45.5, -73.6, 'POINT (-73.6 45.5)')

    Raises:
        ValueError: if it makes no sense.

    """
    if isinstance(said, str) and (match := _POINT.fullmatch(said)):
        return _point(match[2], match[1])
    if isinstance(said, str):
        said = json.loads(said) if said.strip() else None
    if said is None:
        return None, None, None
    if said.get("type") == "Feature":
        said = said.get("geometry")
        return (None, None, None) if said is None else geojson.shape(said)
    if "coordinates" in said:
        return geojson.shape(said)
    for lat, lon in _PAIRS:
        if said.get(lat) not in (None, "") and said.get(lon) not in (None, ""):
            return _point(said[lat], said[lon])
    return None, None, None  # an address without a place, as old Socrata columns have it


def _point(lat: Any, lon: Any) -> tuple[float, float, str]:
    north, east = float(lat), float(lon)
    if not (isfinite(north) and isfinite(east)):
        raise ValueError(f"{lat}, {lon} are no degrees")
    found = geojson.shape({"type": "Point", "coordinates": [east, north]})
    return north, east, str(found[2])


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which column was most likely meant, or which there are.

    >>> nearest("opend", ["opened", "closed"])
    "no column 'opend'; did you mean 'opened'?"

    """
    near = get_close_matches(name.lower(), [one.lower() for one in known], 1)
    if near:
        meant = next(one for one in known if one.lower() == near[0])
        return f"no column {name!r}; did you mean {meant!r}?"
    shown = ", ".join(repr(one) for one in known[:12])
    return f"no column {name!r}; there are {shown or 'none'}"


def root_of(column: str) -> str:
    """Return the member that a path or pointer begins with.

    >>> root_of("/location/coordinates/1"), root_of("location.latitude")
    ('location', 'location')

    """
    return column.removeprefix("/").partition("/" if column.startswith("/") else ".")[0]


def absent_columns(wanted: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with columns that a source does not have."""
    for name in wanted:
        if name not in known and root_of(name) not in known:
            yield nearest(root_of(name), known)


def reread(asked: Again, options: MappedOptions, ready: Callable[[list[Any]], list[Any]]) -> Parsed:
    """Read refused rows once more; those that cannot be, cut off for one, stay refused.

    Args:
        asked: the rows.
        options: the mended mapping.
        ready: makes rows of what the raw texts hold, as it was done the first time.

    """
    whole, broken = readable(records.once(asked.rejects))
    rows = ready([found for _, found in whole])
    mapping = options.model_copy(update={"quarantine_limit": 1.0})
    try:
        tables = records.tables_again(rows, [one for one, _ in whole], mapping)
        parsed = records.collect(tables, asked.feed, mapping, asked.now)
    except ValueError:  # a column that is still in no row at all
        parsed = Parsed(rejected=[replace(one, at=asked.now) for one, _ in whole])
    stay = [replace(one, at=asked.now) for one in broken]
    return Parsed(parsed.accepted, [*stay, *parsed.rejected])
