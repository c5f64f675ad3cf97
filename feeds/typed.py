"""Rows of files that know types (spreadsheets, Parquet, shapefiles) to the same table as CSV."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, overload

import numpy as np

from feeds import geojson
from feeds.cells import Stamp, objects, tidy
from feeds.decode import raw
from feeds.located import root_of
from feeds.records import at
from feeds.tabular import Refused, Table, places_of

CONTEXT = json.dumps({"format": "typed"})
GEOMETRY = "@geometry"
_DATE = "$date"
_EXACT = 1e15  # whole numbers below it are exact in a float


def cell(value: Any) -> str:
    """Return a value as the text of a cell; real dates and times in ISO 8601, marked as such."""
    match value:
        case None:
            return ""
        case str():
            return value.replace("\u00a0", " ").strip()
        case bool():
            return str(value).lower()
        case int() | float() | Decimal():
            return _number(value)
        case date() | time():
            return Stamp(_instant(value) if isinstance(value, datetime) else value.isoformat())
        case bytes() | bytearray():
            return bytes(value).decode(errors="replace").strip("\0 ")
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value.total_seconds() if isinstance(value, timedelta) else value).strip()


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def _instant(value: datetime) -> str:
    """Write an instant to the millisecond; a midnight without a zone is a day."""
    rounded = value + timedelta(microseconds=500)
    rounded = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
    if rounded.tzinfo is not None:
        return rounded.astimezone(UTC).isoformat()
    return rounded.date().isoformat() if rounded.time() == time() else rounded.isoformat(" ")


class Records(Sequence[str]):
    """The raw text of rows, written as JSON objects only when somebody looks."""

    def __init__(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        shapes: Sequence[Any] | None = None,
    ) -> None:
        """Keep the rows as they are; ``shapes`` are their geometries."""
        self._names, self._rows, self._shapes = names, rows, shapes

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        row = {n: _plain(v) for n, v in zip(self._names, self._rows[at], strict=False) if n}
        if self._shapes is not None:
            row[GEOMETRY] = self._shapes[at]
        return json.dumps(row, ensure_ascii=False, default=str)

    def __len__(self) -> int:
        return len(self._rows)


def _plain(value: Any) -> Any:
    text = cell(value)
    if isinstance(text, Stamp):
        return {_DATE: str(text)}
    return value if isinstance(value, bool | int | str | dict | list) else text or None


def again(raws: Iterable[str]) -> tuple[list[str], list[list[Any]], list[Any]]:
    """Return names, rows and shapes of raw texts that :class:`Records` wrote.

    Raises:
        ValueError: if one is none.

    """
    said = [json.loads(one) for one in raws]
    if not all(isinstance(one, dict) for one in said):
        raise ValueError("a row that is no JSON object")
    names = list(dict.fromkeys(name for one in said for name in one if name != GEOMETRY))
    rows = [[_stamped(one.get(name)) for name in names] for one in said]
    return names, rows, [one.get(GEOMETRY) for one in said]


def _stamped(value: Any) -> Any:
    return Stamp(value[_DATE]) if isinstance(value, dict) and _DATE in value else value


def table(
    names: Sequence[str],
    lines: Sequence[int],
    rows: Sequence[Sequence[Any]],
    wanted: frozenset[str] | None = None,
    shapes: Sequence[Any] | None = None,
) -> Table:
    """Return rows of values as columns of text.

    Args:
        names: of the columns; a row may be shorter or longer.
        lines: where each row stands, counted from 1.
        rows: the values.
        wanted: the columns to keep; all when ``None``.
        shapes: GeoJSON geometries in WGS84, where the file has them.

    Raises:
        ValueError: if a wanted name stands twice.

    """
    called = tuple(name if isinstance(name, Stamp) else tidy(name) for name in names)
    columns = {
        name: objects([_cell_at(row, place) for row in rows])
        for name, place in places_of(called, wanted).items()
    }
    columns |= {
        name: objects([_inside(row, called.index(root_of(name)), name) for row in rows])
        for name in (wanted or frozenset()) - columns.keys()
        if root_of(name) in called
    }
    refused: list[Refused] = []
    sources = Records(called, rows, shapes)
    origin = np.arange(len(rows), dtype=np.int64)
    numbers = np.array(lines, dtype=np.int64)
    found = Table(columns, numbers, sources, origin, refused, called, CONTEXT)
    return found if shapes is None else _drawn(found, shapes)


def _cell_at(row: Sequence[Any], place: int) -> str:
    value = row[place] if place < len(row) else None
    return value if isinstance(value, Stamp) else cell(value)


def _inside(row: Sequence[Any], place: int, name: str) -> str:
    """Return what a path leads to inside a value, as in the structs of Parquet."""
    found = at({root_of(name): row[place] if place < len(row) else None}, name)
    return cell(found)


def _drawn(found: Table, shapes: Sequence[Any]) -> Table:
    """Return the same with the places of the shapes; what is no shape in degrees is refused."""
    kept, places = [], []
    for n, shape in enumerate(shapes):
        try:
            places.append(geojson.shape(shape))
            kept.append(n)
        except (ValueError, TypeError, LookupError) as problem:
            line = int(found.lines[n])
            found.refused.append(Refused(line, f"geometry: {problem}"[:200], raw(found.sources[n])))
    columns: dict[str, Any] = {name: cells[kept] for name, cells in found.columns.items()}
    for place, name in enumerate(("@lat", "@lon", "@wkt")):
        columns[name] = objects([one[place] for one in places])
    return Table(
        columns,
        found.lines[kept],
        found.sources,
        found.origin[kept],
        found.refused,
        found.names,
        found.context,
    )


def is_blank(row: Sequence[Any]) -> bool:
    """Whether a row holds nothing, as the tails of spreadsheets do."""
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in row)


def header(row: Sequence[Any]) -> list[str]:
    """Return the names of columns that stand in a row; blank ones at its end are left out."""
    names = [cell(value) for value in row]
    while names and not names[-1]:
        names.pop()
    return names


Shapes = Sequence[Mapping[str, Any] | None]
