"""The weeks of a recording: how long its cycle is, and which days fill in for missing ones."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Micros = NDArray[np.int64]
Walls = NDArray[np.datetime64]

DAY = 86_400_000_000  # µs
_WEEK = 7 * DAY
_DAYS = 7
_SATURDAY = 5
_A_MONDAY = np.datetime64("2001-01-01", "us")


def micros(durations: NDArray[np.timedelta64]) -> Micros:
    """Return durations in whole µs."""
    return durations.astype("timedelta64[us]").astype(np.int64)


def monday(starts: Walls) -> np.datetime64:
    """Return the Monday 00:00 on or before the first of the wall times."""
    if not len(starts):
        return _A_MONDAY
    since = int(micros((starts.min() - _A_MONDAY).reshape(1))[0])
    return _A_MONDAY + np.timedelta64(since // _WEEK * _WEEK, "us")


def span(starts: Walls) -> int:
    """Return the length of the cycle in µs: the recorded days, rounded up to whole weeks.

    Thursday to the Wednesday after is one week; one day is one week.
    """
    if not len(starts):
        return _WEEK
    days = starts.astype("datetime64[D]")
    recorded = int((days.max() - days.min()).astype(np.int64)) + 1
    return -(-recorded // _DAYS) * _WEEK


def copies(
    starts: Micros, length: int, gaps: str
) -> tuple[NDArray[np.int64], Micros, NDArray[np.bool_]]:
    """Return row, shift (µs) and whether it fills a gap, for each row and each of its copies.

    A day of the cycle without a recording shows the same weekday of the nearest other week. Where
    that weekday was never recorded, it stays empty (``gaps`` is ``none``) or shows the ``nearest``
    recorded day, a working day for a working day and a weekend's for a weekend's if there is one.

    Args:
        starts: shape (n,), µs from the Monday at which the cycle begins.
        length: of the cycle, in µs.
        gaps: ``none`` or ``nearest``.

    """
    days = (starts // DAY) % (length // DAY)
    rows = [np.arange(len(starts), dtype=np.int64)]
    shifts = [np.zeros(len(starts), dtype=np.int64)]
    filled = [np.zeros(len(starts), dtype=bool)]
    for missing, source, is_gap in _fillings(set(days.tolist()), length // DAY, gaps):
        found = np.flatnonzero(days == source).astype(np.int64)
        rows.append(found)
        shifts.append(np.full(len(found), (missing - source) * DAY, dtype=np.int64))
        filled.append(np.full(len(found), is_gap, dtype=bool))
    return np.concatenate(rows), np.concatenate(shifts), np.concatenate(filled)


def _fillings(recorded: set[int], n_days: int, gaps: str) -> Iterator[tuple[int, int, bool]]:
    """Yield a missing day, the day that fills it, and whether it is another weekday."""
    for missing in sorted(set(range(n_days)) - recorded if recorded else ()):
        same = [day for day in recorded if day % _DAYS == missing % _DAYS]
        alike = [day for day in recorded if _is_weekend(day) is _is_weekend(missing)]
        if same:
            yield missing, _nearest(same, missing, n_days), False
        elif gaps == "nearest":
            yield missing, _nearest(alike or list(recorded), missing, n_days), True


def _nearest(days: list[int], missing: int, n_days: int) -> int:
    """Return the day with the fewest days between, around the cycle; the earlier of two."""
    return min(
        days,
        key=lambda day: (
            min((day - missing) % n_days, (missing - day) % n_days),
            (missing - day) % n_days,
        ),
    )


def _is_weekend(day: int) -> bool:
    return day % _DAYS >= _SATURDAY
