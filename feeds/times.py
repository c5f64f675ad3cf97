"""Text to instants. Formats are declared, never guessed; naive times belong to a declared zone.

A local time that happens twice (clocks go back) means its first occurrence; one that never
happens (clocks go forward) means the first instant after the gap.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.cells import Cells

ISO = "iso"
EPOCH_S = "epoch_s"
EPOCH_MS = "epoch_ms"
EXCEL = "excel"
EXCEL_1904 = "excel_1904"
_EPOCHS = {EPOCH_S: 1_000_000, EPOCH_MS: 1_000}
_SHEETS = {  # day 0 of a spreadsheet's dates; 1899-12-30 since it believes in 1900-02-29
    EXCEL: np.datetime64("1899-12-30", "us"),
    EXCEL_1904: np.datetime64("1904-01-01", "us"),
}
_DAY = np.timedelta64(1, "D").astype("timedelta64[us]")
_MIDNIGHT = re.compile(r"(?<![\d:])24(:00(?::00(?:\.0+)?)?)(?![\d:])")
_EITHER = re.compile(r"\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})\b.*")
_ISO_DAY = r"\d{4}-\d{2}-\d{2}"
_OFFSET = r"(?:Z|z|[+-]\d{2}(?::?\d{2})?)"
_ISO_TEXT = re.compile(
    rf"({_ISO_DAY}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?)?)({_OFFSET})?"
)
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_MAX_EPOCH_US = 253_402_300_800_000_000  # the year 10000
NOTHING = np.datetime64("NaT", "us")


def check_zone(zone: str) -> str:
    """Return ``zone``; ``ValueError`` if the time-zone database does not know it."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError(f"{zone!r} is no time zone, such as 'America/Montreal'") from problem
    return zone


def check_formats(formats: Sequence[str]) -> None:
    """Refuse formats that read one text as two different days: order is never guessed.

    Raises:
        ValueError: naming the two formats, or the one that is no format.

    """
    written = {item: _SAMPLE.strftime(item) for item in formats if "%" in item}
    for name in formats:
        if "%" not in name and name not in {ISO, *_EPOCHS, *_SHEETS}:
            raise ValueError(
                f"{name!r} is no date format: use %-codes, iso, epoch_s, epoch_ms or excel"
            )
        if "%Z" in name:
            raise ValueError(
                f"{name!r}: zone abbreviations are ambiguous; declare the zone instead"
            )
    for one, text in written.items():
        for other in written:
            read = pd.to_datetime(text, format=other, errors="coerce")
            if not pd.isna(read) and read.date() != _SAMPLE.date() and "%d" in other:
                raise ValueError(f"{one!r} and {other!r} read {text!r} as different days: keep one")


def to_utc(naive: NDArray[np.datetime64], zone: str) -> NDArray[np.datetime64]:
    """Turn local wall times into UTC, both ``datetime64[us]``; NaT stays NaT."""
    index = pd.DatetimeIndex(naive).as_unit("us")
    first = np.ones(len(index), dtype=bool)
    aware = index.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return aware.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def to_wall(utc: NDArray[np.datetime64], zone: str) -> NDArray[np.datetime64]:
    """Turn UTC into local wall times, both ``datetime64[us]``."""
    index = pd.DatetimeIndex(utc).as_unit("us").tz_localize("UTC")
    return index.tz_convert(zone).tz_localize(None).to_numpy().astype("datetime64[us]")


def parse(cells: Cells, formats: Sequence[str], zone: str) -> NDArray[np.datetime64]:
    """Read text as instants in UTC, ``datetime64[us]``; NaT where no format fits.

    Args:
        cells: shape (n,), stripped text; the first format that fits a cell counts.
        formats: ``strptime`` codes, or ``iso``, ``epoch_s``, ``epoch_ms``.
        zone: where naive times belong.

    """
    late = np.flatnonzero(["24:00" in cell and bool(_MIDNIGHT.search(cell)) for cell in cells])
    if len(late):  # the end of a day is the beginning of the next
        cells = cells.copy()
        cells[late] = [_MIDNIGHT.sub(r"00\1", cell) for cell in cells[late]]
    found = _first_that_fits(cells, formats, zone)
    if len(late):
        found[late] = to_utc(to_wall(found[late], zone) + _DAY, zone)
    return found


def _first_that_fits(cells: Cells, formats: Sequence[str], zone: str) -> NDArray[np.datetime64]:
    found = np.full(len(cells), NOTHING, dtype="datetime64[us]")
    for name in formats:
        todo = np.flatnonzero(np.isnat(found))
        if not len(todo):
            break
        found[todo] = _read(cells[todo], name, zone)
    return found


def hint(cell: str, formats: Sequence[str]) -> str:
    """Say what to do about a text that no declared format reads."""
    if not _EITHER.fullmatch(cell) or any("%d" in name for name in formats):
        return ""
    return ": is the day first or the month? say it by format = '%d/%m/%Y' or '%m/%d/%Y'"


def instants(times: NDArray[np.datetime64]) -> list[datetime | None]:
    """Return aware datetimes in UTC; ``None`` for NaT."""
    known = ~np.isnat(times)
    found: list[datetime | None] = [None] * len(times)
    aware = pd.DatetimeIndex(times[known]).as_unit("us").tz_localize("UTC").to_pydatetime()
    for place, at in zip(np.flatnonzero(known).tolist(), aware.tolist(), strict=True):
        found[place] = at
    return found


def instant(written: str, zone: str = "UTC", *, ignore_offset: bool = False) -> datetime:
    """Read one ISO 8601 time; without an offset it belongs to ``zone``.

    >>> instant("2010-04-14T06:37:38-08:00")
    datetime.datetime(2010, 4, 14, 14, 37, 38, tzinfo=datetime.timezone.utc)

    Raises:
        ValueError: if the text is no ISO 8601 time.

    """
    match = _ISO_TEXT.fullmatch(written.strip())
    if not match:
        raise ValueError(f"{written[:60]!r} is no ISO 8601 time")
    naive = datetime.fromisoformat(match[1])
    try:
        if match[2] and not ignore_offset:
            return datetime.fromisoformat(match[1] + match[2].upper()).astimezone(UTC)
        if zone == "UTC":
            return naive.replace(tzinfo=UTC)
        return _once(naive, ZoneInfo(zone)) or _known(instants(_alone(naive, zone))[0])
    except OverflowError as problem:  # the first hours of year 1, or the last of year 9999
        raise ValueError(f"{written[:60]!r} lies outside of all time") from problem


def _once(naive: datetime, zone: ZoneInfo) -> datetime | None:
    """Return what a local time means; ``None`` where clocks leave it out."""
    utc = naive.replace(tzinfo=zone).astimezone(UTC)
    return utc if utc.astimezone(zone).replace(tzinfo=None) == naive else None


def _alone(naive: datetime, zone: str) -> NDArray[np.datetime64]:
    return to_utc(np.array([naive], dtype="datetime64[us]"), zone)


def one(written: str, formats: str | Sequence[str], zone: str) -> datetime | None:
    """Read one text by declared formats; ``None`` where none fits."""
    several = (formats,) if isinstance(formats, str) else formats
    cells = np.array([written], dtype=object)
    return instants(parse(cells, several, zone))[0]


def posix(value: Any) -> datetime:
    """Read POSIX seconds given as a number or as text.

    Raises:
        ValueError: if it is no number of seconds in the years 1970–9999.

    """
    seconds = float(value)
    if isinstance(value, bool) or not 0 <= seconds * 1e6 < _MAX_EPOCH_US:
        raise ValueError(f"{value!r} is no POSIX time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _known(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("no time")
    return at


def _read(cells: Cells, name: str, zone: str) -> NDArray[np.datetime64]:
    if name in _EPOCHS:
        numbers = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=float)
        micros = numbers * _EPOCHS[name]
        fits = np.isfinite(micros) & (np.abs(micros) < _MAX_EPOCH_US)
        whole = np.where(fits, micros, 0).round().astype("int64").astype("datetime64[us]")
        return np.where(fits, whole, NOTHING)
    if name in _SHEETS:
        return to_utc(_from_sheet(cells, name), zone)
    if name == ISO:
        return _read_iso(cells, zone)
    series = pd.Series(cells, dtype="object")
    if "%z" in name:
        aware = pd.to_datetime(series, format=name, errors="coerce", utc=True)
        return _bare(aware.dt.tz_localize(None))
    return to_utc(_bare(pd.to_datetime(series, format=name, errors="coerce")), zone)


def _from_sheet(cells: Cells, name: str) -> NDArray[np.datetime64]:
    """Read serial numbers of a spreadsheet: days since its epoch, to the millisecond."""
    days = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=float)
    fits = np.isfinite(days) & (days >= 1) & (days < 2_958_466)  # noqa: PLR2004 - the year 10000
    millis = (np.where(fits, days, 0) * 86_400_000).round().astype("int64")
    whole = _SHEETS[name] + millis.astype("timedelta64[ms]")
    return np.where(fits, whole, NOTHING)


def _read_iso(cells: Cells, zone: str) -> NDArray[np.datetime64]:
    matches = [_ISO_TEXT.fullmatch(cell) for cell in cells]
    has_offset = np.fromiter((bool(m and m[2]) for m in matches), dtype=bool, count=len(matches))
    bare = np.array([m[0].replace(",", ".") if m else None for m in matches], dtype=object)
    found = np.full(len(cells), NOTHING, dtype="datetime64[us]")
    for mask, is_aware in ((has_offset, True), (~has_offset, False)):
        if not mask.any():
            continue
        series = pd.Series(bare[mask], dtype="object")
        read = pd.to_datetime(series, format="ISO8601", errors="coerce", utc=is_aware)
        found[mask] = _bare(read.dt.tz_localize(None)) if is_aware else to_utc(_bare(read), zone)
    return found


def _bare(series: "pd.Series[Any]") -> NDArray[np.datetime64]:
    if not pd.api.types.is_datetime64_any_dtype(series):  # nothing fitted at all
        return np.full(len(series), NOTHING, dtype="datetime64[us]")
    return series.to_numpy().astype("datetime64[us]")
