"""Service days: which services run on a day, and when a service day begins.

A service day begins 12 hours before noon, which is midnight except where clocks change that day;
its times go on past 24:00 (GTFS Schedule reference, "Time").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.gtfs_tables import Archive

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NOON = timedelta(hours=12)
_ADDED, _REMOVED = "1", "2"
_LENGTH = 8  # of 20261124


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a timetable and their days.

    ``week`` is (n, 7) from Monday; ``first`` and ``last`` are day numbers, both (n,).
    ``exceptions`` gives the services added and removed on a day.
    """

    index: Mapping[str, int]
    week: NDArray[np.bool_]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    exceptions: Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]]

    def on(self, day: date) -> NDArray[np.bool_]:
        """Return for each service whether it runs on a day, shape (n,)."""
        number = day.toordinal()
        runs = self.week[:, day.weekday()] & (self.first <= number) & (number <= self.last)
        added, removed = self.exceptions.get(number, ((), ()))
        runs[list(removed)] = False
        runs[list(added)] = True
        return runs

    @property
    def span(self) -> tuple[date, date] | None:
        """The first and last day on which anything runs; ``None`` where nothing ever does."""
        weekly = self.week.any(axis=1) & (self.first <= self.last)
        days = [int(day) for ends in (self.first, self.last) for day in ends[weekly]]
        days += [day for day, (added, _) in self.exceptions.items() if added]
        return (date.fromordinal(min(days)), date.fromordinal(max(days))) if days else None


def beginning(day: date, zone: ZoneInfo) -> datetime:
    """Return when a service day begins, in UTC: 12 hours before noon.

    >>> beginning(date(2026, 3, 8), ZoneInfo("America/New_York")).isoformat()
    '2026-03-08T04:00:00+00:00'

    """
    return datetime.combine(day, time(12), zone).astimezone(UTC) - _NOON


def written_day(text: str) -> date | None:
    """Read a day such as ``20261124``; ``None`` where it is none."""
    if len(text) != _LENGTH or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def read_services(archive: Archive, notes: dict[str, int]) -> Services:
    """Read calendar.txt and calendar_dates.txt; a city may have either or both.

    ``notes`` counts what could not be read.

    Raises:
        ValueError: if the zip has neither.

    """
    if not {"calendar", "calendar_dates"} & archive.members.keys():
        raise ValueError("the zip holds neither calendar.txt nor calendar_dates.txt")
    weekly = archive.table("calendar", ("service_id", *_WEEK, "start_date", "end_date"))
    dates = archive.table("calendar_dates", ("service_id", "date", "exception_type"))
    names = dict.fromkeys([*weekly["service_id"], *dates["service_id"]])
    index = {name: place for place, name in enumerate(names)}
    week = np.zeros((len(index), 7), dtype=bool)
    first, last = np.zeros((2, len(index)), dtype=np.int32)
    for row in weekly.itertuples(index=False):
        start, end = written_day(str(row.start_date)), written_day(str(row.end_date))
        if start is None or end is None:
            _note(notes, "services of calendar.txt without a day of start or end")
            continue
        place = index[str(row.service_id)]
        week[place] = [getattr(row, name) == "1" for name in _WEEK]
        first[place], last[place] = start.toordinal(), end.toordinal()
    return Services(index, week, first, last, _exceptions(dates, index, notes))


def _exceptions(
    dates: pd.DataFrame, index: Mapping[str, int], notes: dict[str, int]
) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    found: dict[int, tuple[list[int], list[int]]] = {}
    for row in dates.itertuples(index=False):
        day = written_day(str(row.date))
        if day is None or row.exception_type not in {_ADDED, _REMOVED}:
            _note(notes, "rows of calendar_dates.txt that cannot be read")
            continue
        pair = found.setdefault(day.toordinal(), ([], []))
        pair[0 if row.exception_type == _ADDED else 1].append(index[str(row.service_id)])
    return {day: (tuple(added), tuple(removed)) for day, (added, removed) in found.items()}


def _note(notes: dict[str, int], what: str) -> None:
    notes[what] = notes.get(what, 0) + 1
