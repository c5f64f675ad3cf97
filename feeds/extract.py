"""Columns of text to typed arrays, by the declared mapping; what does not fit is complained of."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds import degrees, times
from feeds.cells import Cells, Mask, Stamp, absent, filled, objects, unless
from feeds.columns import Column, Mapping
from feeds.melt import HOUR, stepped
from feeds.tabular import Table
from feeds.units import spelled
from feeds.wide import CELL
from model import Reject

_WHOLE = re.compile(r"\A(-?\d+)\.0*\Z")
_BLANKS = frozenset(" \u00a0\u202f\u2009'’")  # all that separates thousands like a blank

Numbers = NDArray[np.float64]
Instants = NDArray[np.datetime64]


@dataclass(slots=True)
class Extract:
    """Reads canonical fields out of a table; the first complaint about a row is kept.

    ``skipped`` marks rows that the mapping does not ask for; they are no rejects.
    """

    table: Table
    mapping: Mapping
    zone: str
    first_line: int = 2
    complaints: dict[int, tuple[str, str]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    above: dict[str, str] = field(default_factory=dict)  # the last cells of the piece before
    below: dict[str, str] = field(default_factory=dict)  # the last cells of this one

    def __post_init__(self) -> None:
        for name, wanted in self.mapping.only.items():
            cells = self.table.cells(name)
            self.skipped |= {n for n, cell in enumerate(cells) if not wanted.has(cell)}

    def complain(self, mask: Mask, name: str, why: Callable[[int], str]) -> None:
        """Refuse the rows of a mask, unless refused or skipped already."""
        for row in np.flatnonzero(mask).tolist():
            if row not in self.complaints and row not in self.skipped:
                self.complaints[row] = (name, why(row))

    def rejects(self, feed_id: str, at: datetime) -> list[Reject]:
        """Return the refused rows in the order of their lines."""
        context = self.table.context
        rows = [
            Reject(
                feed_id=feed_id,
                line=item.line,
                reason=item.reason,
                raw=item.raw,
                at=at,
                context=context,
            )
            for item in self.table.refused
        ]
        raws: dict[int, str] = {}  # the cells of one line share its text
        for row, (name, why) in self.complaints.items():
            origin = int(self.table.origin[row])
            raws.setdefault(origin, self.table.raw(row))
            rows.append(
                Reject(
                    feed_id=feed_id,
                    line=int(self.table.lines[row]),
                    reason=why,
                    raw=raws[origin],
                    at=at,
                    field=name,
                    context=context,
                )
            )
        return sorted(rows, key=lambda reject: reject.line)

    def good(self) -> list[int]:
        """Return the rows without complaint."""
        bad = self.complaints.keys() | self.skipped
        return [row for row in range(len(self.table)) if row not in bad]

    def text(self, name: str, *, is_required: bool = False) -> Cells:
        """Return a field as text, ``None`` where missing."""
        spec = self.mapping.spec(name)
        if spec is None:
            return filled(None, len(self.table))
        if spec.value is not None:
            return filled(_written(spec.value), len(self.table))
        cells = self._joined(spec)
        if spec.map is not None:
            known = {key: _written(value) for key, value in spec.map.items()}
            if name == "quantity":
                self.skipped |= {n for n, cell in enumerate(cells) if cell not in known}
            cells = objects([known.get(cell, cell) for cell in cells])
        cells = unless(_is_missing(cells, spec), _shared(_repaired(cells, spec)))
        if is_required:
            self.complain(absent(cells), name, lambda _: f"{name} is missing")
        return cells

    def numbers(self, name: str) -> Numbers:
        """Return a field as finite numbers, NaN where missing; complain about other text."""
        spec = self.mapping.spec(name)
        if spec is None:
            return np.full(len(self.table), np.nan)
        if spec.value is not None:
            return np.full(len(self.table), float(spec.value))
        cells = self._joined(spec)
        if spec.map is not None:
            cells = objects([_written(spec.map.get(cell, cell)) for cell in cells])
        missing = _is_missing(cells, spec)
        plain = degrees.plain(cells) if degrees.DMS in spec.formats else _plain(cells, spec)
        found = pd.to_numeric(pd.Series(plain), errors="coerce").to_numpy(dtype=float)
        sentinels = [float(item) for item in spec.missing if _is_number(item)]
        missing |= np.isin(found, sentinels)
        with np.errstate(over="ignore"):  # refused below
            found = found * spec.factor
        bad = ~missing & ~np.isfinite(found)
        self.complain(bad, name, lambda row: f"{cells[row][:60]!r} is no number{self._where(row)}")
        return np.where(missing | bad, np.nan, found)

    def instants(self, name: str, *, is_required: bool = False) -> Instants:
        """Return a field as instants in UTC, NaT where missing; complain about other text."""
        if name == "observed_at" and self.mapping.start:
            return self._stepped()
        spec = self.mapping.spec(name)
        if spec is None:
            return np.full(len(self.table), times.NOTHING, dtype="datetime64[us]")
        if spec.value is not None:
            at = times.parse(objects([_written(spec.value)]), spec.formats, spec.zone or self.zone)
            if np.isnat(at[0]):
                raise ValueError(f"{name}: {_no_time(_written(spec.value), spec)}")
            return np.repeat(at, len(self.table))
        cells = self._joined(spec)
        missing = _is_missing(cells, spec)
        found = self._times(np.where(missing, "", cells), spec, name)
        bad = ~missing & np.isnat(found)
        self._skip_blank(bad)
        self.complain(bad, name, lambda row: _no_time(cells[row], spec))
        if is_required:
            self.complain(missing, name, lambda _: f"{name} is missing")
        return found

    def _skip_blank(self, bad: Mask) -> None:
        """A day that the calendar lacks, such as the 31st of June in a wide table, says nothing."""
        if self.mapping.melt is not None and bad.any():
            values = self.table.cells(CELL)
            self.skipped |= {n for n in np.flatnonzero(bad).tolist() if not values[n]}

    def _times(self, cells: Cells, spec: Column, name: str) -> Instants:
        zone = spec.zone or self.zone
        is_hourly = self.mapping.melt is not None and self.mapping.melt.to == "hour"
        if not (is_hourly and name == "observed_at"):
            return _read(cells, spec, zone)
        midnights = _read(cells, spec, "UTC")
        walls = midnights + self.table.cells(HOUR).astype(np.int64) * np.timedelta64(1, "h")
        found = times.to_utc(walls, zone)  # the hour counts on the wall clock
        is_left_out = ~np.isnat(found) & (times.to_wall(found, zone) != walls)
        self.skipped |= set(np.flatnonzero(is_left_out).tolist())
        return found

    def _stepped(self) -> Instants:
        start = times.parse(objects([self.mapping.start]), (times.ISO,), self.zone)[0]
        if np.isnat(start) or self.mapping.step is None:
            raise ValueError(f"start {self.mapping.start!r} is no ISO 8601 time")
        return stepped(self.table.lines, self.first_line, start, self.mapping.step)

    def _joined(self, spec: Column) -> Cells:
        parts = [self.table.cells(name) for name in spec.columns]
        if spec.fill is not None:
            named = zip(spec.columns, parts, strict=True)
            parts = [self._filled_down(name, cells) for name, cells in named]
        cells = parts[0]
        if len(parts) > 1:
            cells = objects([_together(several) for several in zip(*parts, strict=True)])
        if spec.pattern is not None:
            cells = objects([_cut_out(cell, spec.pattern) for cell in cells])
        return cells

    def _filled_down(self, name: str, cells: Cells) -> Cells:
        filled_cells, last = [], self.above.get(name, "")
        for cell in cells:
            last = cell or last
            filled_cells.append(last)
        self.below[name] = last
        return objects(filled_cells)

    def _where(self, row: int) -> str:
        header = self.table.columns.get("@header")
        return "" if header is None else f" (column {header[row]!r})"


def _together(several: tuple[str, ...]) -> str:
    """Join texts by a blank; a real date and a real time make one."""
    is_stamp = all(isinstance(cell, Stamp) for cell in several if cell)
    joined = " ".join(several).strip()
    return Stamp(joined) if is_stamp else joined


def _cut_out(cell: str, pattern: str) -> str:
    """Return what a pattern's group matches, or all of it; what does not match stays."""
    match = re.search(pattern, cell) if cell else None
    return cell if match is None else str(match[match.re.groups] or "").strip()


def _read(cells: Cells, spec: Column, zone: str) -> Instants:
    """Read times by the declared formats; real dates of a typed file by their own."""
    found = times.parse(cells, spec.formats, zone)
    real = np.fromiter((isinstance(cell, Stamp) for cell in cells), bool, len(cells))
    if real.any():
        found[real] = times.parse(cells[real], (times.ISO,), zone)
    return found


def _no_time(cell: str, spec: Column) -> str:
    shown = " or ".join(spec.formats)
    return f"{cell[:60]!r} is no time as {shown}{times.hint(cell, spec.formats)}"


def _repaired(cells: Cells, spec: Column) -> Cells:
    """Undo what spreadsheets do to ids: a trailing ``.0``, and zeros that were cut off."""
    if spec.whole:
        cells = objects([_WHOLE.sub(r"\1", cell) for cell in cells])
    if spec.width is not None:
        cells = objects([cell.zfill(spec.width) if cell.isdigit() else cell for cell in cells])
    return cells


def _shared(cells: Cells) -> Cells:
    """Return the same texts, equal ones being one object: facts keep them."""
    known: dict[str, str] = {}
    return objects([known.setdefault(cell, str(cell)) for cell in cells])


def _is_missing(cells: Cells, spec: Column) -> Mask:
    texts = {str(item) for item in spec.missing} | {""}
    return np.fromiter((cell is None or cell in texts for cell in cells), bool, len(cells))


def _plain(cells: Cells, spec: Column) -> Cells:
    """Return numbers written with a decimal point and nothing else."""
    if spec.thousands:
        gaps = _BLANKS if spec.thousands == " " else {spec.thousands}
        cells = objects([_without(cell, gaps) for cell in cells])
    if spec.decimal == ",":
        cells = objects(["?" if "." in cell else cell.replace(",", ".") for cell in cells])
    match spec.unit and spelled(spec.unit):
        case "%":
            return objects([cell.removesuffix("%").rstrip() for cell in cells])
        case "ratio":
            return objects([_share(cell) for cell in cells])
    return cells


def _without(cell: str, gaps: frozenset[str] | set[str]) -> str:
    return "".join(letter for letter in cell if letter not in gaps)


def _share(cell: str) -> str:
    """Write a percentage as the ratio that its column holds elsewhere."""
    said = cell.removesuffix("%").rstrip()
    return repr(float(said) / 100) if said != cell and _is_number(said) else cell


def _is_number(item: Any) -> bool:
    try:
        float(item)
    except (TypeError, ValueError):
        return False
    return True


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
