"""A GTFS timetable in columns, and what is under way at an instant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from feeds.gtfs_calendar import Services, beginning
from feeds.gtfs_stop_times import Ints, StopTimes

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Stops:
    """Where stops are; ``station`` is the place of a stop's parent, its own where it has none."""

    index: Mapping[str, int]
    names: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    station: Ints

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in the order of the places."""
        return tuple(self.index)

    def place(self, stop: int) -> tuple[float | None, float | None]:
        """Return latitude and longitude of a stop, else of its station; ``None`` if unknown."""
        for one in (stop, int(self.station[stop])) if stop >= 0 else ():
            if np.isfinite(self.lat[one]):
                return float(self.lat[one]), float(self.lon[one])
        return None, None


@dataclass(frozen=True, slots=True)
class Repeats:
    """frequencies.txt: trips that run every so often, in seconds of the service day."""

    trip: Ints
    start: Ints
    end: Ints
    headway: Ints
    is_exact: NDArray[np.bool_]

    def counts(self) -> NDArray[np.int64]:
        """Return how often each row starts its trip."""
        return -(-(self.end.astype(np.int64) - self.start) // self.headway)


@dataclass(frozen=True, slots=True)
class Run:
    """One trip on one day. ``shift`` is how much later than in stop_times it runs, in seconds.

    ``start`` is the second of the service day at which a repeated trip starts, else ``None``.
    """

    trip: int
    day: date
    shift: int = 0
    start: int | None = None
    is_exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A timetable as columns. ``starts`` and ``ends`` are -1 for trips without times."""

    zone: ZoneInfo
    version: str
    services: Services
    stops: Stops
    routes: Mapping[str, str]
    trips: Mapping[str, int]
    trip_ids: tuple[str, ...]
    route_of: tuple[str, ...]
    service_of: Ints
    direction_of: Ints
    rows: StopTimes
    starts: Ints
    ends: Ints
    repeats: Repeats
    origins: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...]

    def beginning(self, day: date) -> datetime:
        """Return when a service day begins, in UTC."""
        return beginning(day, self.zone)

    def is_valid(self, day: date) -> bool:
        """Whether a day lies within the days of the timetable."""
        span = self.services.span
        return span is not None and span[0] <= day <= span[1]

    def days_at(self, at: datetime) -> Iterator[date]:
        """Yield the service days that an instant may belong to, the newest first."""
        today = at.astimezone(self.zone).date()
        back = int(self.ends.max(initial=0)) // _DAY + 1
        yield from (today - timedelta(days=n) for n in range(-1, back + 1))

    def runs_on(self, trip: int, day: date) -> bool:
        """Whether a trip runs on a day."""
        return bool(self.starts[trip] >= 0 and self.services.on(day)[self.service_of[trip]])

    def under_way(self, at: datetime, margin: timedelta = timedelta(0)) -> list[Run]:
        """Return what has left its first stop and not yet reached its last one.

        ``margin`` leaves out what left, or arrives, within so much time.
        """
        edge = margin.total_seconds()
        found: list[Run] = []
        for day in self.days_at(at):
            now = (at - self.beginning(day)).total_seconds()
            is_active = self.services.on(day)[self.service_of] & (self.starts >= 0)
            once = is_active.copy()
            once[self.repeats.trip] = False
            times = (self.starts + edge <= now) & (now <= self.ends - edge)
            found += [Run(int(trip), day) for trip in np.flatnonzero(once & times)]
            found += self._repeated(day, now, edge, is_active)
        return found

    def _repeated(
        self, day: date, now: float, edge: float, is_active: NDArray[np.bool_]
    ) -> Iterator[Run]:
        rows = self.repeats
        lasts = self.ends[rows.trip] - self.starts[rows.trip]
        latest = np.floor((now - edge - rows.start) / rows.headway)
        earliest = np.ceil((now + edge - lasts - rows.start) / rows.headway)
        latest = np.minimum(latest, rows.counts() - 1)
        earliest = np.maximum(earliest, 0)
        for row in np.flatnonzero(is_active[rows.trip] & (earliest <= latest)):
            trip = int(rows.trip[row])
            for n in range(int(earliest[row]), int(latest[row]) + 1):
                start = int(rows.start[row] + n * rows.headway[row])
                shift = start - int(self.starts[trip])
                yield Run(trip, day, shift, start, bool(rows.is_exact[row]))

    def row_at(self, run: Run, at: datetime) -> int:
        """Return the row of the stop that a run should serve next at an instant."""
        now = (at - self.beginning(run.day)).total_seconds() - run.shift
        first, last = self.rows.first[run.trip], self.rows.first[run.trip + 1]
        row = first + np.searchsorted(self.rows.departs[first:last], now)
        return int(min(row, last - 1))

    def departures(self, day: date) -> NDArray[np.int64]:
        """Return how many departures each station has on a day, by place of the stop."""
        times = (self.services.on(day)[self.service_of] & (self.starts >= 0)).astype(np.int64)
        times[self.repeats.trip] = 0
        is_active = self.services.on(day)[self.service_of[self.repeats.trip]]
        np.add.at(times, self.repeats.trip, np.where(is_active, self.repeats.counts(), 0))
        leaves = np.ones(len(self.rows.stop), dtype=bool)
        leaves[self.rows.first[1:][np.diff(self.rows.first) > 0] - 1] = False
        weights = np.repeat(times, np.diff(self.rows.first)) * leaves
        known = self.rows.stop >= 0
        station = self.stops.station[self.rows.stop[known]]
        counts = np.bincount(station, weights[known], minlength=len(self.stops.station))
        return counts.astype(np.int64)
