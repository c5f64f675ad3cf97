"""Which trip of the timetable a trip of real time is, and on which service day.

By trip id; else by the part of it that tells origin time, route and direction (New York's subway
has no other); else by route, direction and start time, as the standard allows. Without a start
date, and where it is a calendar day instead of a service day, the day that fits best counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from feeds.gtfs_calendar import written_day
from feeds.gtfs_read import origin
from feeds.gtfs_rt_message import instant
from feeds.gtfs_stop_times import seconds
from feeds.gtfs_timetable import Run, Timetable

_FITS = timedelta(hours=6)  # a trip that is further off is one of another day
_UNTOLD = frozenset({1, 2, 3})  # SKIPPED, NO_DATA, UNSCHEDULED: nothing to be late for
ADDED = frozenset({1, 6, 8})  # ADDED, DUPLICATED, NEW: the timetable does not know them
CANCELED = frozenset({3, 7})  # CANCELED, DELETED


@dataclass(frozen=True, slots=True)
class Expected:
    """A stop that real time tells of. ``row`` of the timetable; ``time`` is predicted.

    ``delay`` is what the source says of it, in seconds, used where it gives no ``time``.
    """

    row: int | None
    time: datetime | None
    delay: int | None
    stop_id: str


def trip_rows(timetable: Timetable, trip: int) -> range:
    """Return the rows of a trip."""
    return range(int(timetable.rows.first[trip]), int(timetable.rows.first[trip + 1]))


def scheduled(timetable: Timetable, run: Run, row: int) -> datetime:
    """Return when a run should be at a stop: arriving, or leaving at its first one."""
    is_first = row == timetable.rows.first[run.trip]
    times = timetable.rows.departs if is_first else timetable.rows.arrives
    return timetable.beginning(run.day) + timedelta(seconds=int(times[row]) + run.shift)


def candidates(timetable: Timetable, trip: Any) -> tuple[int, ...]:
    """Return the trips of the timetable that a trip descriptor may mean."""
    if (place := timetable.trips.get(trip.trip_id)) is not None:
        return (place,)
    if trip.trip_id:
        key = origin(trip.trip_id)
        return timetable.origins.get(key, ()) if key else ()
    if not (trip.route_id and trip.start_time):
        return ()
    start = seconds(trip.start_time)
    found = np.flatnonzero(timetable.starts == (-1 if start is None else start)).tolist()
    return tuple(
        place
        for place in found
        if timetable.route_of[place] == trip.route_id
        and (
            not trip.HasField("direction_id")
            or timetable.direction_of[place] in {-1, trip.direction_id}
        )
    )


def expectations(timetable: Timetable, trip: int, updates: Iterable[Any]) -> list[Expected]:
    """Return the stops that real time has something to say of, in its order.

    Raises:
        ValueError: if a time is none.

    """
    rows = trip_rows(timetable, trip)
    found: list[Expected] = []
    for update in updates:
        if update.schedule_relationship in _UNTOLD:
            continue
        after = next((one.row for one in reversed(found) if one.row is not None), rows.start - 1)
        row = _row(timetable, rows, update, after)
        event = _event(update, is_first=row == rows.start)
        if event is not None:
            time = instant(event.time) if event.time else None
            delay = event.delay if event.HasField("delay") else None
            found.append(Expected(row, time, delay, update.stop_id))
    return found


def _event(update: Any, *, is_first: bool) -> Any:
    """Return the event that counts: arriving, or leaving at the first stop."""
    names = ("departure", "arrival") if is_first else ("arrival", "departure")
    for name in names:
        event = getattr(update, name)
        if update.HasField(name) and (event.time or event.HasField("delay")):
            return event
    return None


def _row(timetable: Timetable, rows: range, update: Any, after: int) -> int | None:
    """Return the row of a stop, by stop_sequence where the stop agrees, else by its id."""
    stop = timetable.stops.index.get(update.stop_id, -1)
    if update.HasField("stop_sequence"):
        place = rows.start + int(
            np.searchsorted(timetable.rows.sequence[rows.start : rows.stop], update.stop_sequence)
        )
        is_there = place < rows.stop and timetable.rows.sequence[place] == update.stop_sequence
        if is_there and (
            not update.stop_id or _same(timetable, int(timetable.rows.stop[place]), stop)
        ):
            return place
    if stop < 0:
        return None
    same = [row for row in rows if _same(timetable, int(timetable.rows.stop[row]), stop)]
    return next((row for row in same if row > after), None)


def _same(timetable: Timetable, one: int, other: int) -> bool:
    """Whether two stops are the same, or platforms of the same station."""
    if one < 0 or other < 0:
        return False
    station = timetable.stops.station
    return one == other or bool(station[one] == station[other])


def run_of(
    timetable: Timetable, trip: Any, place: int, told: list[Expected], at: datetime
) -> Run | None:
    """Return the run that a trip descriptor means; ``None`` if it runs on no such day.

    Args:
        timetable: where it should stand.
        trip: the descriptor.
        place: the trip of the timetable, from :func:`candidates`.
        told: what real time says of its stops.
        at: when real time said so.

    Raises:
        ValueError: if the start date or time is none.

    """
    said = written_day(trip.start_date)
    if trip.start_date and said is None:
        raise ValueError(f"start_date {trip.start_date[:20]!r} is no day")
    run = _shifted(timetable, place, seconds(trip.start_time))
    days = list(timetable.days_at(at))
    if said is not None:
        days = [said + timedelta(days=n) for n in (0, -1, 1)]
    fitting: list[tuple[timedelta, Run]] = []
    for day in days:
        one = replace(run, day=day)
        off = _off(timetable, one, told, at)
        if timetable.runs_on(place, day) and off <= _FITS:
            fitting.append((off, one))
    if fitting and said == fitting[0][1].day:
        return fitting[0][1]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _shifted(timetable: Timetable, place: int, start: int | None) -> Run:
    """Return a run of a trip, on any day, that starts when a repeated one is said to start."""
    rows = np.flatnonzero(timetable.repeats.trip == place)
    if not len(rows):
        return Run(place, date.min)
    is_exact = bool(timetable.repeats.is_exact[rows].all())
    shift = 0 if start is None else start - int(timetable.starts[place])
    return Run(place, date.min, shift, start, is_exact)


def _off(timetable: Timetable, run: Run, told: list[Expected], at: datetime) -> timedelta:
    """Return how far real time is from a run."""
    known = next((one for one in told if one.row is not None and one.time is not None), None)
    is_loose = run.start is None and bool((timetable.repeats.trip == run.trip).any())
    if known is not None and known.time is not None and known.row is not None and not is_loose:
        return abs(known.time - scheduled(timetable, run, known.row))
    first, last = int(timetable.starts[run.trip]), int(timetable.ends[run.trip])
    if is_loose:
        rows = timetable.repeats.trip == run.trip
        last += int(timetable.repeats.end[rows].max()) - first
        first = int(timetable.repeats.start[rows].min())
    now = (at - timetable.beginning(run.day)).total_seconds() - run.shift
    return timedelta(seconds=max(first - now, now - last, 0))
