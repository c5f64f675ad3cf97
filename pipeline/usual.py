"""What is usual for each hour of the week, read from the history and kept in memory."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from history import BaselineRow, History
from metrics.baseline import usual
from metrics.privacy import suppress_course
from model import CITY, Indicator, Reading, Trend, Usual

Key = tuple[str, str]
HOUR = timedelta(hours=1)
EIGHT_WEEKS = timedelta(weeks=8)
KEPT = timedelta(hours=20)  # an hour of the week is read again at its next turn

_SPANS = (  # cadence up to, how far back a spark goes, one point per
    (timedelta(minutes=15), timedelta(hours=24), timedelta(minutes=15)),
    (timedelta(hours=1), timedelta(days=7), timedelta(hours=1)),
    (timedelta.max, timedelta(days=35), timedelta(days=1)),
)


def spark_span(cadence: timedelta) -> tuple[timedelta, timedelta]:
    """Return how far back a spark goes and its step, by the indicator's cadence."""
    return next((back, step) for limit, back, step in _SPANS if cadence <= limit)


@dataclass(slots=True)
class UsualBook:
    """Usual values by hour of the week. ``refresh`` runs beside the ticks and may be slow."""

    history: History
    indicators: Mapping[str, Indicator]
    timezone: str
    _hours: dict[tuple[int, int], tuple[datetime, dict[Key, Usual]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, at: datetime) -> Mapping[Key, Usual]:
        """Return what is known to be usual for that hour; empty where it was never read."""
        with self._lock:
            found = self._hours.get(slot_of(at, self.timezone))
        return found[1] if found else {}

    def seed(self, at: datetime, readings: Iterable[Reading]) -> None:
        """Start from what was shown last: usual values of that hour, until it is read."""
        shown = {(r.indicator, r.district): r.usual for r in readings if r.usual is not None}
        with self._lock:
            self._hours.setdefault(slot_of(at, self.timezone), (at - KEPT, shown))

    def forget(self) -> None:
        """Read everything again (a back-fill has ended)."""
        with self._lock:
            self._hours.clear()

    def refresh(self, at: datetime) -> None:
        """Read the hour of ``at`` unless it was read this turn."""
        slot = slot_of(at, self.timezone)
        with self._lock:
            found = self._hours.get(slot)
        if found and timedelta(0) <= at - found[0] < KEPT:
            return
        rows = self.history.baseline_rows(at, timezone=self.timezone)
        usuals = self._decide(rows)
        with self._lock:
            self._hours[slot] = (at, usuals)

    def _decide(self, rows: Iterable[BaselineRow]) -> dict[Key, Usual]:
        values: dict[Key, list[tuple[date, float]]] = defaultdict(list)
        for row in rows:
            values[row.indicator, row.district].append((row.week, row.value))
        found = {}
        for (name, district), weeks in values.items():
            indicator = self.indicators.get(name)
            decided = usual(weeks, indicator) if indicator else None
            if decided is not None:
                found[name, district] = decided
        return found


@dataclass(slots=True)
class TrendBook:
    """The recent course of the city's readings, for sparks, over what was usual then."""

    history: History
    indicators: Sequence[Indicator]
    timezone: str
    _trends: dict[str, Trend] = field(default_factory=dict)
    _bands: dict[str, dict[tuple[int, int], Usual]] = field(default_factory=dict)
    _bands_at: datetime | None = None

    def refresh(self, now: datetime) -> None:
        """Read every spark again from the history, and once an hour what is usual."""
        if self._bands_at is None or now - self._bands_at >= HOUR:
            self._bands = {i.id: self._band(i, now) for i in self.indicators}
            self._bands_at = now
        self._trends = {i.id: self._read(i, now) for i in self.indicators}

    def seed(self, trends: Iterable[Trend]) -> None:
        """Start from what was shown last, until it is read."""
        known = {indicator.id for indicator in self.indicators}
        self._trends = {t.indicator: t for t in trends if t.indicator in known} | self._trends

    def forget(self) -> None:
        """Read what is usual again (a back-fill has ended)."""
        self._bands_at = None

    def now(self, readings: Mapping[Key, Reading]) -> tuple[Trend, ...]:
        """Return the sparks with the newest reading as their last point."""
        return tuple(
            _ended(trend, readings.get((trend.indicator, CITY))) for trend in self._trends.values()
        )

    def _read(self, indicator: Indicator, now: datetime) -> Trend:
        back, step = spark_span(indicator.cadence)
        end = _floor(now, step) + step
        found = self.history.trend(indicator.id, CITY, start=end - back, end=end, step=step)
        if indicator.is_counted:
            found = self._without_small_cells(found, indicator, step)
        usuals = self._bands.get(indicator.id, {})
        bands = [usuals.get(slot_of(at, self.timezone)) for at in found.times]
        return replace(
            found,
            low=tuple(band.low if band else None for band in bands),
            high=tuple(band.high if band else None for band in bands),
        )

    def _without_small_cells(self, found: Trend, indicator: Indicator, step: timedelta) -> Trend:
        """Leave a gap where the city's own figure would tell of too few cases."""
        start, end = found.times[0], found.times[-1] + step
        rows = self.history.readings(indicator.id, start=start, end=end, resolution=step)
        names = ("indicator", "district", "at", "value", "num", "den", "n")
        readings = [Reading(**{name: row[name] for name in names}) for row in rows]
        hidden = {
            reading.at
            for reading in suppress_course(readings, {indicator.id: indicator})
            if reading.suppressed and reading.district == CITY
        }
        pairs = zip(found.times, found.values, strict=True)
        return replace(found, values=tuple(None if at in hidden else v for at, v in pairs))

    def _band(self, indicator: Indicator, now: datetime) -> dict[tuple[int, int], Usual]:
        """Return what is usual in each hour of the week, from one look at eight weeks."""
        found = self.history.trend(indicator.id, CITY, start=now - EIGHT_WEEKS, end=now, step=HOUR)
        zone = ZoneInfo(self.timezone)
        values: dict[tuple[int, int], list[tuple[date, float]]] = defaultdict(list)
        for at, value in zip(found.times, found.values, strict=True):
            if value is not None:
                day = at.astimezone(zone).date()
                week = day - timedelta(days=day.weekday())
                values[slot_of(at, self.timezone)].append((week, value))
        decided = {slot: usual(some, indicator) for slot, some in values.items()}
        return {slot: some for slot, some in decided.items() if some is not None}


def slot_of(at: datetime, timezone: str) -> tuple[int, int]:
    """Return weekday (Monday 0) and hour by the city's clock."""
    local = at.astimezone(ZoneInfo(timezone))
    return (local.weekday(), local.hour)


def _ended(trend: Trend, reading: Reading | None) -> Trend:
    if reading is None or not trend.times or (reading.value is None and not reading.suppressed):
        return trend
    return replace(trend, values=(*trend.values[:-1], reading.value))


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, at.tzinfo)
