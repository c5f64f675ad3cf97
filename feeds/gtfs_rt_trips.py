"""Trip updates and vehicles against the timetable: delays, trips that run, vehicles on the way.

Where the timetable knows a trip, its delay is told; where it knows most of them, so is what should
be under way and is not. Else there are only counts. Vehicles are counted per route; neither they
nor where they are is kept.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from feeds.gtfs_calendar import written_day
from feeds.gtfs_rt_match import (
    ADDED,
    CANCELED,
    Expected,
    candidates,
    expectations,
    run_of,
    scheduled,
)
from feeds.gtfs_rt_message import Message, Refused, instant, refusal
from feeds.gtfs_stop_times import seconds
from feeds.gtfs_timetable import Run, Timetable

_SKIPPED = 1
_UNSCHEDULED = 2
_AWAY = timedelta(days=2)  # a prediction further from its feed is none
_MAX_DELAY = timedelta(hours=12)
_BAD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Late:
    """How late a run is at its next stop, ``row`` of the timetable if it is known there."""

    run: Run
    row: int | None
    delay: float
    at: datetime


@dataclass(slots=True)
class Hearing:
    """What real time says in one poll.

    ``at`` is when it says so, ``ahead`` how early a trip is of interest before it starts.
    ``trips`` tells of each trip that claims to stand in the timetable whether it does; ``runs``
    whether a run of the timetable operates; ``routes`` are those of trips that stand in it.
    """

    timetable: Timetable | None
    at: datetime
    ahead: timedelta
    oldest: datetime
    trips: dict[tuple[str, ...], bool] = field(default_factory=dict)
    runs: dict[Run, bool] = field(default_factory=dict)
    updated: set[Run] = field(default_factory=set)
    late: list[Late] = field(default_factory=list)
    routes: set[str] = field(default_factory=set)
    live: Counter[str] = field(default_factory=Counter)
    vehicles: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)

    def hear(self, message: Message) -> None:
        """Take in a message; an entity that makes no sense is refused alone."""
        self.refused += message.refused
        for line, entity in message.entities:
            if entity.is_deleted:
                continue
            try:
                if entity.HasField("trip_update"):
                    self._update(entity.trip_update)
                if entity.HasField("vehicle"):
                    self._vehicle(entity.vehicle)
            except _BAD as problem:
                said = str(problem) if isinstance(problem, ValueError) else repr(problem)
                self.refused.append(refusal(line, entity, said[:300]))
                self._note_presence(entity)

    def _note_presence(self, entity: Any) -> None:
        """A trip whose times make no sense is there all the same: it is not missing."""
        told = entity.trip_update if entity.HasField("trip_update") else entity.vehicle
        trip = type(told.trip)()
        trip.CopyFrom(told.trip)
        trip.ClearField("start_date")
        trip.ClearField("start_time")
        if not trip.trip_id:
            return
        with suppress(*_BAD):
            run, _ = self._matched(trip, ())
            if run is not None:
                self.runs.setdefault(run, trip.schedule_relationship not in CANCELED)

    @property
    def share(self) -> float | None:
        """The share of trips that the timetable knows, 0 to 1; ``None`` where none claims so."""
        if self.timetable is None or not self.trips:
            return None
        return sum(self.trips.values()) / len(self.trips)

    def _update(self, update: Any) -> None:
        _check(update, self.at)
        trip = update.trip
        told_at = instant(update.timestamp) if update.timestamp else self.at
        is_off = trip.schedule_relationship in CANCELED or _is_skipped(update.stop_time_update)
        run, told = self._matched(trip, update.stop_time_update)
        if not is_off:
            self.live[self._route(trip, run)] += 1
        if run is None:
            return
        if run in self.updated:
            raise ValueError(f"trip {trip.trip_id!r} stands in the feed twice")
        self.updated.add(run)
        self.runs[run] = not is_off
        if not is_off:
            self._note_delay(run, told, told_at)

    def _vehicle(self, vehicle: Any) -> None:
        """Count a vehicle on a trip; one that fell silent, or has none, is not on the way."""
        told_at = instant(vehicle.timestamp) if vehicle.timestamp else self.at
        if not vehicle.HasField("trip"):
            self.skipped["a vehicle without a trip"] += 1
            return
        if told_at < self.oldest:
            self.skipped["a vehicle that has been silent for long"] += 1
            return
        _check_trip(vehicle.trip)
        run, _ = self._matched(vehicle.trip, ())
        self.vehicles[self._route(vehicle.trip, run)] += 1
        if run is not None and vehicle.trip.schedule_relationship not in CANCELED:
            self.runs.setdefault(run, True)

    def _matched(self, trip: Any, updates: Iterable[Any]) -> tuple[Run | None, list[Expected]]:
        """Return the run of the timetable that a trip is, and what is told of its stops."""
        if self.timetable is None:
            return None, []
        if trip.schedule_relationship in ADDED:
            self.skipped["an added trip"] += 1
            return None, []
        found = candidates(self.timetable, trip)
        if trip.schedule_relationship == _UNSCHEDULED and not found:
            return None, []
        key = (trip.trip_id, trip.route_id, trip.start_date, trip.start_time)
        for place in found:
            told = expectations(self.timetable, place, updates)
            run = run_of(self.timetable, trip, place, told, self.at)
            if run is not None:
                self.trips[key] = True
                self.routes.add(self.timetable.route_of[place])
                return run, told
        self.trips.setdefault(key, False)
        self.skipped["a trip of another day" if found else "a trip not in the timetable"] += 1
        return None, []

    def _route(self, trip: Any, run: Run | None) -> str:
        if run is not None and self.timetable is not None:
            return self.timetable.route_of[run.trip]
        place = self.timetable.trips.get(trip.trip_id) if self.timetable else None
        if self.timetable is not None and place is not None:
            return self.timetable.route_of[place]
        return str(trip.route_id) or "unknown"

    def _note_delay(self, run: Run, told: list[Expected], told_at: datetime) -> None:
        """Note how late a run is at the first stop that it has not passed, else at its last."""
        timetable = self.timetable
        if timetable is None or not run.is_exact or _is_loose(timetable, run):
            return
        start = timetable.beginning(run.day)
        start += timedelta(seconds=int(timetable.starts[run.trip]) + run.shift)
        if start > self.at + self.ahead:
            return
        known = [(one, when) for one in told if (when := _when(timetable, run, one)) is not None]
        if not known:
            return
        one, when = next((pair for pair in known if pair[1] >= self.at), known[-1])
        delay = timedelta(seconds=one.delay or 0)
        if one.row is not None:
            delay = when - scheduled(timetable, run, one.row)
        elif one.delay is None:
            return
        if abs(delay) > _MAX_DELAY:
            raise ValueError(f"a delay of {delay} is none")
        self.late.append(Late(run, one.row, delay.total_seconds(), told_at))


def _when(timetable: Timetable, run: Run, one: Expected) -> datetime | None:
    """Return when a run is expected at a stop: a time wins over a delay."""
    if one.time is not None:
        return one.time
    if one.row is None or one.delay is None:
        return None
    return scheduled(timetable, run, one.row) + timedelta(seconds=one.delay)


def _is_loose(timetable: Timetable, run: Run) -> bool:
    """Whether a run repeats without saying which of the repetitions it is."""
    return run.start is None and bool((timetable.repeats.trip == run.trip).any())


def _is_skipped(updates: Iterable[Any]) -> bool:
    relations = [update.schedule_relationship for update in updates]
    return bool(relations) and all(relation == _SKIPPED for relation in relations)


def _check_trip(trip: Any) -> None:
    seconds(trip.start_time)
    if trip.start_date and written_day(trip.start_date) is None:
        raise ValueError(f"start_date {trip.start_date[:20]!r} is no day")
    if not (trip.trip_id or trip.route_id):
        raise ValueError("the trip has neither a trip_id nor a route_id")


def _check(update: Any, at: datetime) -> None:
    """Refuse a trip update that contradicts the standard.

    Raises:
        ValueError: saying what is wrong.

    """
    _check_trip(update.trip)
    if update.timestamp:
        _near(update.timestamp, at, "timestamp")
    order = [one.stop_sequence for one in update.stop_time_update if one.HasField("stop_sequence")]
    if order != sorted(order):
        raise ValueError("the stop_time_updates are not in the order of stop_sequence")
    for one in update.stop_time_update:
        if not (one.stop_id or one.HasField("stop_sequence")):
            raise ValueError("a stop_time_update has neither a stop_id nor a stop_sequence")
        for name in ("arrival", "departure"):
            if time := getattr(one, name).time:
                _near(time, at, f"{name}.time")


def _near(time: int, at: datetime, name: str) -> None:
    try:
        found = instant(time)
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from problem
    if abs(found - at) > _AWAY:
        raise ValueError(f"{name}: {found:%Y-%m-%d %H:%M} is days away from the feed's own time")
