"""Parquet and GeoParquet: only the wanted columns, batch by batch.

Quirks: a timestamp says whether it is UTC; without that it belongs to the feed's zone. GeoParquet
without a coordinate system means longitude and latitude.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from feeds import typed
from feeds.cells import tidy
from feeds.located import root_of
from feeds.tabular import PIECE, Table
from geodata import shapes_in_wgs84

MAX_BYTES = 2_000_000_000  # of all columns, unpacked
_WGS84 = "OGC:CRS84"


def pieces(
    body: bytes,
    crs: str | None = None,
    *,
    wanted: frozenset[str] | None = None,
    n_rows: int = PIECE,
) -> Iterator[Table]:
    """Yield tables of at most so many rows; a row's line is its number.

    Raises:
        ValueError: if it is no Parquet, too large, or its shapes are in an unknown system.

    """
    import pyarrow as pa  # noqa: PLC0415 - heavy, and few packs use it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        geometry = _geometry(file, crs)
        names = _wanted(file.schema_arrow.names, wanted)
        read = names + ([geometry[0]] if geometry and geometry[0] not in names else [])
        _refuse_large(file)
        yield from _tables(file, _Plan(names, read, geometry, wanted), n_rows)
    except (pa.ArrowException, OSError) as problem:
        raise ValueError(f"broken Parquet: {problem}"[:300]) from problem


def _wanted(known: list[str], wanted: frozenset[str] | None) -> list[str]:
    if wanted is None:
        return list(known)
    roots = {name for one in wanted for name in (one, root_of(one), one.split("#", maxsplit=1)[0])}
    return [name for name in known if tidy(name) in roots]


def _refuse_large(file: Any) -> None:
    """Refuse what unpacks to too much, by what the row groups say of themselves.

    The metadata of single columns is not looked at: a damaged one ends the whole process.
    """
    groups = range(file.metadata.num_row_groups)
    if sum(file.metadata.row_group(group).total_byte_size for group in groups) > MAX_BYTES:
        raise ValueError(f"its columns unpack to more than {MAX_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which columns are read, and which of them hold the shapes, in which system."""

    names: list[str]
    read: list[str]
    geometry: tuple[str, str] | None
    wanted: frozenset[str] | None


def _tables(file: Any, plan: _Plan, n_rows: int) -> Iterator[Table]:
    known = file.schema_arrow.names
    drawn = plan.geometry and plan.geometry[0]
    kept = [name for name in plan.names if name != drawn]
    done = 0
    for batch in file.iter_batches(batch_size=n_rows, columns=plan.read):
        lists = {name: _values(batch.column(name)) for name in plan.read}
        shapes = _shapes(lists[plan.geometry[0]], plan.geometry[1]) if plan.geometry else None
        rows = list(zip(*(lists[name] for name in kept), strict=True)) or [()] * batch.num_rows
        lines = range(done + 1, done + batch.num_rows + 1)
        yield _all_named(typed.table(kept, lines, rows, plan.wanted, shapes), known)
        done += batch.num_rows
    if not done:
        yield _all_named(typed.table(kept, [], [], plan.wanted), known)


def _all_named(found: Table, names: list[str]) -> Table:
    found.names = tuple(names)
    return found


def _values(column: Any) -> list[Any]:
    import pyarrow as pa  # noqa: PLC0415 - loaded by the caller already

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _geometry(file: Any, crs: str | None) -> tuple[str, str] | None:
    """Return the column with the shapes and their coordinate system, by the ``geo`` metadata."""
    said = (file.schema_arrow.metadata or {}).get(b"geo")
    if said is None:
        return None
    geo = json.loads(said)
    name = geo.get("primary_column") or "geometry"
    about = geo["columns"][name]
    if str(about.get("encoding", "WKB")).lower() not in {"wkb", "point"}:
        raise ValueError(f"shapes of {name!r} are written as {about['encoding']!r}: WKB is read")
    declared = about.get("crs", _WGS84)
    if declared is None and crs is None:
        raise ValueError(f"the coordinate system of {name!r} is unknown: say crs = 'EPSG:…'")
    return name, crs or (declared if isinstance(declared, str) else json.dumps(declared))


def _shapes(values: list[Any], crs: str) -> list[dict[str, Any] | None]:
    if any(isinstance(one, dict) for one in values):  # the native encoding of points
        return [one and {"type": "Point", "coordinates": [one["x"], one["y"]]} for one in values]
    return shapes_in_wgs84(values, crs)
