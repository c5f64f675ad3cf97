"""Wide tables to long ones: one row per cell."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from feeds.cells import Cells
from feeds.columns import Mapping
from feeds.tabular import PIECE, Table
from feeds.wide import CELL, HEADER, Melt

HOURS = 24
_FEWEST = 50
HOUR = "@hour"  # the pseudo-column with the melted hour, 0–24
_DRAWN = frozenset({"@lat", "@lon", "@wkt"})  # the pseudo-columns with the place of a row


def melt(table: Table, mapping: Mapping) -> Table:
    """Return one row per cell of a wide table; a long table comes back as it is."""
    wide = mapping.melt
    if wide is None:
        return table
    count = len(table)
    names, hours = _melted(table, wide, mapping)
    width = len(names)
    rows = np.repeat(np.arange(count), width)
    kept = (_kept(mapping) | _DRAWN) & table.columns.keys()
    columns = {name: table.columns[name][rows] for name in kept}
    columns[CELL] = _interleaved(
        [_cells(table, wide, n, h) for n, h in zip(names, hours, strict=True)]
    )
    columns[HEADER] = np.tile(np.array(names, dtype=object), count)
    columns[HOUR] = np.tile(np.array(hours, dtype=object), count)
    return replace(table, columns=columns, lines=table.lines[rows], origin=table.origin[rows])


def spread(mapping: Mapping) -> bool:
    """Whether every column of the file is needed, because all but a few are melted."""
    return mapping.melt is not None and mapping.melt.columns == "*"


def rows_at_once(mapping: Mapping, n_columns: int = 0) -> int:
    """Return how many rows of a table make a piece, so that its cells stay few once melted."""
    wide = mapping.melt
    if wide is None:
        return PIECE
    is_hourly = wide.to == "hour"
    width = HOURS if is_hourly else n_columns if wide.columns == "*" else len(wide.columns)
    return max(_FEWEST, PIECE // max(width, 1))


def needed(mapping: Mapping) -> frozenset[str]:
    """Return the columns of the file that the mapping reads by name."""
    names = set(_kept(mapping))
    if (wide := mapping.melt) is None:
        return frozenset(names)
    if isinstance(wide.columns, str):
        hours = range(wide.hours[0], wide.hours[1] + 1)
        patterns = [wide.columns] + ([wide.valid] if wide.valid else [])
        names |= {wide.named(pattern, hour) for pattern in patterns for hour in hours}
    else:
        names |= set(wide.columns)
    return frozenset(names)


def stepped(
    lines: NDArray[np.int64], first: int, start: np.datetime64, step: timedelta
) -> NDArray[np.datetime64]:
    """Return the instant of each line: ``start`` at line ``first``, then elapsed steps, in UTC.

    A line that was refused or is blank keeps its place in time.
    """
    return start + (lines - first) * np.timedelta64(step)


def _kept(mapping: Mapping) -> set[str]:
    names = {name for spec in mapping.columns.values() for name in spec.columns}
    made = {HEADER, CELL} if mapping.melt else set()
    return (names | mapping.only.keys() | set(mapping.melt.id if mapping.melt else ())) - made


def _melted(table: Table, wide: Melt, mapping: Mapping) -> tuple[list[str], list[int | None]]:
    if wide.to == "hour":
        hours = list(range(wide.hours[0], wide.hours[1] + 1))
        return [wide.named(str(wide.columns), hour) for hour in hours], list(hours)
    spec = mapping.columns.get(wide.to)
    chosen = list(wide.columns) if not isinstance(wide.columns, str) else _others(table, mapping)
    if spec and spec.map and not spec.columns:
        chosen = [name for name in chosen if name in spec.map]
    return chosen, [None] * len(chosen)


def _others(table: Table, mapping: Mapping) -> list[str]:
    kept = _kept(mapping) | _DRAWN
    return [name for name in table.columns if name and name not in kept]


def _cells(table: Table, wide: Melt, name: str, hour: int | None) -> Cells:
    cells = table.cells(name)
    if wide.valid is None or hour is None:
        return cells
    flags = table.cells(wide.named(wide.valid, hour))
    is_good = np.fromiter((flag in wide.good for flag in flags), dtype=bool, count=len(flags))
    return np.where(is_good, cells, "")


def _interleaved(columns: list[Cells]) -> Cells:
    if not columns:
        return np.empty(0, dtype=object)
    return np.stack(columns, axis=1).reshape(-1)
