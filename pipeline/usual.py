"""What is usual for each hour of the week, read from the history and kept in memory."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from history import History
from metrics.baseline import FEW_WEEKS, JUDGED_WEEKS, usual
from metrics.days import DAY, SUNDAY, Days
from metrics.privacy import suppress_course
from model import CITY, Indicator, Reading, Rule, Trend, Usual
from pipeline.alarmed import Spans, alarmed
from pipeline.likedays import Key, LikeDays, Values

Slot = tuple[int, int]  # weekday and hour; −1 where it does not matter
ANY = -1
WEEK = timedelta(weeks=1)
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
    days: Days | None = None  # without one every day is an ordinary one
    rules: Mapping[str, Rule] = field(default_factory=dict)  # hours under their alarms stay out
    _hours: dict[Slot, tuple[datetime, dict[Key, Usual]]] = field(default_factory=dict)
    _slow: dict[date, dict[Key, Usual]] = field(default_factory=dict)
    _alarmed: tuple[datetime, Spans] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, at: datetime) -> Mapping[Key, Usual]:
        """Return what is known to be usual for that hour; empty where it was never read."""
        with self._lock:
            found = self._hours.get(slot_of(at, self.timezone))
            slow = self._slow.get(self._past().days.day_of(at), {})
        return {**found[1], **slow} if found else slow

    def seed(self, at: datetime, readings: Iterable[Reading]) -> None:
        """Start from what was shown last: usual values of that hour, until it is read."""
        shown = {(r.indicator, r.district): r.usual for r in readings if r.usual is not None}
        with self._lock:
            self._hours.setdefault(slot_of(at, self.timezone), (at - KEPT, shown))

    def forget(self) -> None:
        """Read everything again (a back-fill has ended)."""
        with self._lock:
            self._hours.clear()
            self._slow.clear()

    def refresh(self, at: datetime) -> None:
        """Read the hour of ``at`` unless it was read this turn, and the day unless it was."""
        self._refresh_slow(at)
        slot = slot_of(at, self.timezone)
        with self._lock:
            found = self._hours.get(slot)
        if found and timedelta(0) <= at - found[0] < KEPT:
            return
        usuals = self._hourly(at)
        with self._lock:
            self._hours[slot] = (at, usuals)

    def _refresh_slow(self, at: datetime) -> None:
        today = self._past().days.day_of(at)
        if today in self._slow:
            return
        past = self._past(self._under_alarm(at))
        found: dict[Key, Usual] = {}
        for indicator in self.indicators.values():
            if indicator.cadence >= DAY:
                found |= self._decide(past.slow(indicator, at), past.basis(at))
        with self._lock:
            kept = {day: some for day, some in self._slow.items() if day >= today - DAY}
            self._slow = {**kept, today: found}

    def _hourly(self, at: datetime) -> dict[Key, Usual]:
        past = self._past(self._under_alarm(at))
        quick = {name for name, one in self.indicators.items() if one.cadence < DAY}
        values = {key: some for key, some in past.hour(at).items() if key[0] in quick}
        counts = {len(some) for some in values.values()}
        if counts & set(range(JUDGED_WEEKS, FEW_WEEKS)):
            return self._decide(values, past.basis(at), past.beside(at))
        return self._decide(values, past.basis(at))

    def _past(self, alarmed: Spans | None = None) -> LikeDays:
        return LikeDays(self.history, self.days or Days(self.timezone), alarmed or {})

    def _under_alarm(self, at: datetime) -> Spans:
        """Return when each figure was under alarm in the weeks compared with, read once an hour."""
        if not self.rules:
            return {}
        if self._alarmed is None or abs(at - self._alarmed[0]) >= HOUR:
            events = self.history.alert_events(since=at - EIGHT_WEEKS - WEEK)
            self._alarmed = (at, alarmed(events, self.rules))
        return self._alarmed[1]

    def _decide(
        self, values: Values, basis: str, beside: Sequence[Values] = ()
    ) -> dict[Key, Usual]:
        found = {}
        for key, weeks in values.items():
            indicator = self.indicators.get(key[0])
            if indicator is None:
                continue
            lent = [hour.get(key, ()) for hour in beside]
            decided = usual(weeks, indicator, beside=lent, basis=basis)
            if decided is not None:
                found[key] = decided
        return found


@dataclass(slots=True)
class TrendBook:
    """The recent course of the city's readings, for sparks, over what was usual then."""

    history: History
    indicators: Sequence[Indicator]
    timezone: str
    days: Days | None = None
    _trends: dict[str, Trend] = field(default_factory=dict)
    _bands: dict[str, dict[Slot, Usual]] = field(default_factory=dict)
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
        bands = [usuals.get(self._slot(at, indicator.cadence)) for at in found.times]
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

    def _band(self, indicator: Indicator, now: datetime) -> dict[Slot, Usual]:
        """Return what is usual in each hour of the week, from one look at eight weeks.

        Of a figure by the day it is each day of the week, of one by the week any week. Holidays
        stand with the Sundays; hours of events stand nowhere.
        """
        step = DAY if indicator.cadence >= DAY else HOUR
        end = _floor(now, step)
        found = self.history.trend(indicator.id, CITY, start=end - EIGHT_WEEKS, end=end, step=step)
        days = self.days or Days(self.timezone)
        values: dict[Slot, list[tuple[date, float]]] = defaultdict(list)
        for at, value in zip(found.times, found.values, strict=True):
            if value is not None and not days.has_event(at, at + step):
                day = days.day_of(at)
                stamp = day - DAY * day.weekday() if indicator.cadence >= WEEK else day
                values[self._slot(at, indicator.cadence)].append((stamp, value))
        decided = {slot: usual(some, indicator) for slot, some in values.items()}
        return {slot: some for slot, some in decided.items() if some is not None}

    def _slot(self, at: datetime, cadence: timedelta) -> Slot:
        if cadence >= WEEK:
            return (ANY, ANY)
        weekday, hour = slot_of(at, self.timezone)
        days = self.days or Days(self.timezone)
        weekday = SUNDAY if days.is_holiday(days.day_of(at)) else weekday
        return (weekday, ANY if cadence >= DAY else hour)


def slot_of(at: datetime, timezone: str) -> Slot:
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
