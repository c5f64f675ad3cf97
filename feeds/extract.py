"""Columns of text to typed arrays, by the declared mapping; what does not fit is complained of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds import times
from feeds.cells import Cells, Mask, absent, filled, objects, unless
from feeds.columns import Column, Mapping
from feeds.melt import HOUR, stepped
from feeds.tabular import Table
from model import Reject

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

    def complain(self, mask: Mask, name: str, why: Callable[[int], str]) -> None:
        """Refuse the rows of a mask, unless refused or skipped already."""
        for row in np.flatnonzero(mask).tolist():
            if row not in self.complaints and row not in self.skipped:
                self.complaints[row] = (name, why(row))

    def rejects(self, feed_id: str, at: datetime) -> list[Reject]:
        """Return the refused rows in the order of their lines."""
        rows = [
            Reject(feed_id=feed_id, line=item.line, reason=item.reason, raw=item.raw, at=at)
            for item in self.table.refused
        ]
        rows += [
            Reject(
                feed_id=feed_id,
                line=int(self.table.lines[row]),
                reason=why,
                raw=self.table.raw(row),
                at=at,
                field=name,
            )
            for row, (name, why) in self.complaints.items()
        ]
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
            cells = objects([known.get(cell, cell) for cell in cells])
            if name == "quantity":
                self.skipped |= {
                    n for n, cell in enumerate(self._joined(spec)) if cell not in known
                }
        cells = unless(_is_missing(cells, spec), cells)
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
        found = pd.to_numeric(pd.Series(_plain(cells, spec)), errors="coerce").to_numpy(dtype=float)
        sentinels = [float(item) for item in spec.missing if _is_number(item)]
        missing |= np.isin(found, sentinels)
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
        cells = self._joined(spec)
        missing = _is_missing(cells, spec)
        found = self._times(np.where(missing, "", cells), spec, name)
        shown = " or ".join(spec.formats)
        bad = ~missing & np.isnat(found)
        self.complain(bad, name, lambda row: f"{cells[row][:60]!r} is no time as {shown}")
        if is_required:
            self.complain(missing, name, lambda _: f"{name} is missing")
        return found

    def _times(self, cells: Cells, spec: Column, name: str) -> Instants:
        zone = spec.zone or self.zone
        is_hourly = self.mapping.melt is not None and self.mapping.melt.to == "hour"
        if not (is_hourly and name == "observed_at"):
            return times.parse(cells, spec.formats, zone)
        midnights = times.parse(cells, spec.formats, "UTC")
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
        if len(parts) == 1:
            return parts[0]
        return objects([" ".join(cells).strip() for cells in zip(*parts, strict=True)])

    def _where(self, row: int) -> str:
        header = self.table.columns.get("@header")
        return "" if header is None else f" (column {header[row]!r})"


def _is_missing(cells: Cells, spec: Column) -> Mask:
    texts = {str(item) for item in spec.missing} | {""}
    return np.fromiter((cell is None or cell in texts for cell in cells), bool, len(cells))


def _plain(cells: Cells, spec: Column) -> Cells:
    """Return numbers written with a decimal point and nothing else."""
    if spec.thousands:
        cells = objects([cell.replace(spec.thousands, "") for cell in cells])
    if spec.decimal == ",":
        cells = objects(["?" if "." in cell else cell.replace(",", ".") for cell in cells])
    if spec.unit == "%":
        cells = objects([cell.removesuffix("%") for cell in cells])
    return cells


def _is_number(item: Any) -> bool:
    try:
        float(item)
    except (TypeError, ValueError):
        return False
    return True


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
