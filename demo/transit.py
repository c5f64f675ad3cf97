"""The buses of the simulated city: lines, stops, timetable, and how late each trip runs.

Ten lines cross the island; every district has a stop. A trip is a pure function of its line,
direction, day and departure; its delay follows the rush hours, the weather and the incidents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from demo import measures, weather
from demo.almanac import DAY, HOUR, bump, city_time, midnight
from demo.districts import Ward, points, wards
from demo.incidents import World
from demo.noise import Floats, normal, uniform
from demo.sites import Site

LINES = 10
CANCELLED = 0.012  # share of trips that do not run
UNSEEN = 0.004  # share of trips that run without telling
MOOD = 300  # seconds for which the delays of a trip stay as they are
SERVICES = ("workday", "saturday", "sunday")
_MINUTES_PER_KM = 1.7
_KM_PER_DEGREE = (78.0, 111.2)  # of longitude and latitude at 45.5° north


@dataclass(frozen=True)
class Line:
    """One line; ``stops`` from west to east, ``minutes`` from the first stop to each."""

    id: str
    name: str
    stops: tuple[Site, ...]
    minutes: tuple[int, ...]


@dataclass(frozen=True)
class Trip:
    """One trip of one service day. ``starts`` in seconds after the start of the service day."""

    line: Line
    direction: int
    service: str
    starts: int

    @property
    def id(self) -> str:
        """``<line>-<direction>-<service>-<HHMM>``; hours go over 24."""
        hour, minute = divmod(self.starts // 60, 60)
        return f"{self.line.id}-{self.direction}-{self.service}-{hour:02d}{minute:02d}"

    @property
    def calls(self) -> tuple[tuple[Site, int], ...]:
        """Stops in the order of the trip, with seconds after the start of the service day."""
        if self.direction == 0:
            stops, minutes = self.line.stops, self.line.minutes
        else:
            stops = self.line.stops[::-1]
            minutes = tuple(self.line.minutes[-1] - m for m in self.line.minutes[::-1])
        return tuple((s, self.starts + 60 * m) for s, m in zip(stops, minutes, strict=True))


@dataclass(frozen=True)
class Run:
    """A trip on a day: absolute times of its calls and its delay (s) at each, rising smoothly."""

    trip: Trip
    day: int
    times: tuple[int, ...]
    delays: tuple[int, ...]
    is_cancelled: bool
    is_seen: bool

    def next_call(self, now: int) -> int | None:
        """Return the number of the next call, ``None`` before the first and after the last."""
        late = [at + delay for at, delay in zip(self.times, self.delays, strict=True)]
        if not self.times[0] <= now <= late[-1]:
            return None
        return next((n for n, at in enumerate(late) if at >= now), None)


@cache
def lines() -> tuple[Line, ...]:
    """Return the lines: districts by their latitude band, ordered from west to east."""
    centres = {ward.id: ward.shape.centroid for ward in wards()}
    tilt = {ward.id: _across(centres[ward.id].x, centres[ward.id].y) for ward in wards()}
    ranked = sorted(wards(), key=lambda ward: tilt[ward.id])
    bands = [
        ranked[n * len(ranked) // LINES : (n + 1) * len(ranked) // LINES] for n in range(LINES)
    ]
    return tuple(_line(n, band, ranked) for n, band in enumerate(bands, 1))


def _across(lon: float, lat: float) -> float:
    """The island lies askew: its axis runs from south-west to north-east."""
    return lat * _KM_PER_DEGREE[1] - 0.55 * lon * _KM_PER_DEGREE[0]


def _line(number: int, band: list[Ward], ranked: list[Ward]) -> Line:
    """A line serves its band and one district of the next, where one changes."""
    after = ranked[(ranked.index(band[-1]) + 1) % len(ranked)]
    chosen = sorted({*band, after}, key=lambda ward: ward.shape.centroid.x)
    stops = tuple(stop for ward in chosen for stop in _stops(ward, number))
    minutes = [0]
    for before, here in pairwise(stops):
        minutes.append(minutes[-1] + 1 + round(_km(before, here) * _MINUTES_PER_KM))
    name = f"{chosen[0].name} – {chosen[-1].name}"
    return Line(f"bus-{number}", name, stops, tuple(minutes))


def _stops(ward: Ward, line: int) -> tuple[Site, ...]:
    spots = points(ward.id, "stop")[2 * line - 2 : 2 * line]
    ordered = sorted(spots.tolist())
    return tuple(
        Site(f"stop-{line}-{ward.id}-{n}", f"{ward.name} / {line}-{n}", ward.id, lon, lat)
        for n, (lon, lat) in enumerate(ordered, 1)
    )


def _km(one: Site, two: Site) -> float:
    dx, dy = ((two.lon - one.lon) * _KM_PER_DEGREE[0], (two.lat - one.lat) * _KM_PER_DEGREE[1])
    return float(np.hypot(dx, dy))


def service_of(day: int) -> str:
    """Return the service of a local day (days since 1970); holidays run as Sundays."""
    weekday = int(city_time(np.array([midnight(day) + 12 * HOUR], dtype=np.int64)).weekday[0])
    return "sunday" if weekday == 6 else "saturday" if weekday == 5 else "workday"


@cache
def trips(service: str) -> tuple[Trip, ...]:
    """Return the timetable of a service: every 10 minutes at the rush, 15 by day, 20 else."""
    return tuple(
        Trip(line, direction, service, starts)
        for line in lines()
        for direction in (0, 1)
        for starts in _departures(service, int(line.id.partition("-")[2]))
    )


def _departures(service: str, line: int) -> Iterator[int]:
    minute = 5 * 60 + (3 * line) % 10
    while minute < 24 * 60 + 30:
        yield minute * 60
        is_rush = 6 <= minute / 60 < 9 or 15 <= minute / 60 < 18
        if service != "workday" or minute >= 21 * 60:
            minute += 20
        else:
            minute += 10 if is_rush else 15


def running(world: World, now: int) -> list[Run]:
    """Return the trips that are under way at ``now``, those of last night included."""
    today = int(city_time(np.array([now], dtype=np.int64)).day[0])
    found = []
    for day in (today - 1, today):
        began, service = service_start(day), service_of(day)
        for number, trip in enumerate(trips(service)):
            length = 60 * trip.line.minutes[-1]
            if began + trip.starts <= now <= began + trip.starts + length + HOUR:
                run = _run(world, service, number, day, now // MOOD * MOOD)
                if run.next_call(now) is not None:
                    found.append(run)
    return found


def service_start(day: int) -> int:
    """Return noon minus twelve hours of a local day: where GTFS times count from."""
    noon = midnight(day) + 12 * HOUR
    shift = int(city_time(np.array([noon], dtype=np.int64)).hour[0] * HOUR) - 12 * HOUR
    return noon - shift - 12 * HOUR


@lru_cache(maxsize=4096)
def _run(world: World, service: str, number: int, day: int, at: int) -> Run:
    trip, began = trips(service)[number], service_start(day)
    key = (trip.line.id, trip.direction, day, trip.starts)
    chance = float(uniform(world.seed, "trip runs", *key)[0])
    return Run(
        trip=trip,
        day=day,
        times=tuple(began + starts for _, starts in trip.calls),
        delays=_delays(world, trip, key, at),
        is_cancelled=chance < CANCELLED,
        is_seen=chance < 1.0 - UNSEEN,
    )


def _delays(world: World, trip: Trip, key: tuple[str | int, ...], at: int) -> tuple[int, ...]:
    """Seconds late at each call: a mood of the trip, the rush, wet roads, trouble on the way."""
    when = np.array([at], dtype=np.int64)
    hour = city_time(when).hour
    rush = bump(hour, 8.0, 1.0) + bump(hour, 17.2, 1.3)
    mood = 95.0 + 150.0 * normal(world.seed, "trip mood", *key)
    slow = 70.0 * rush + 500.0 * weather.slippery(world.seed, when)
    share: Floats = np.linspace(0.25, 1.0, len(trip.calls))
    base = (mood + slow)[0] * share
    places = tuple(site for site, _ in trip.calls)
    stuck = 420.0 * (1.0 / measures.slowed(world, places, when)[:, 0] - 1.0)
    late = base + np.maximum.accumulate(stuck)
    return tuple(int(second) for second in np.clip(np.round(late / 5) * 5, -90, 3 * HOUR))


def position(run: Run, now: int) -> tuple[float, float]:
    """Return longitude and latitude of the bus between its calls."""
    after = run.next_call(now) or 0
    calls = run.trip.calls
    here = calls[after][0]
    if after == 0:
        return here.lon, here.lat
    before = calls[after - 1][0]
    left = run.times[after - 1] + run.delays[after - 1]
    arrives = run.times[after] + run.delays[after]
    share = min(1.0, max(0.0, (now - left) / max(1, arrives - left)))
    return before.lon + (here.lon - before.lon) * share, before.lat + (
        here.lat - before.lat
    ) * share


def days(now: int) -> range:
    """Return the local days that the timetable covers: last week to half a year ahead."""
    today = now // DAY
    month = today // 30 * 30
    return range(month - 40, month + 220)
