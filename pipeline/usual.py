"""What is usual for each hour of the week, read from the history and kept in memory."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from history import BaselineRow, History
from metrics.baseline import usual
from model import CITY, Indicator, Reading, Trend, Usual

Key = tuple[str, str]
HOUR = timedelta(hours=1)
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
            found = self._hours.get(self._slot(at))
        return found[1] if found else {}

    def forget(self) -> None:
        """Read everything again (a back-fill has ended)."""
        with self._lock:
            self._hours.clear()

    def refresh(self, at: datetime) -> None:
        """Read the hour of ``at`` unless it was read this turn."""
        slot = self._slot(at)
        with self._lock:
            found = self._hours.get(slot)
        if found and timedelta(0) <= at - found[0] < KEPT:
            return
        rows = self.history.baseline_rows(at, timezone=self.timezone)
        usuals = self._decide(rows)
        with self._lock:
            self._hours[slot] = (at, usuals)

    def _slot(self, at: datetime) -> tuple[int, int]:
        local = at.astimezone(ZoneInfo(self.timezone))
        return (local.weekday(), local.hour)

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
    """The recent course of the city's readings, for sparks."""

    history: History
    usual: UsualBook
    indicators: Sequence[Indicator]
    _trends: dict[str, Trend] = field(default_factory=dict)

    def refresh(self, now: datetime) -> None:
        """Read every spark again from the history."""
        for indicator in self.indicators:
            back, step = spark_span(indicator.cadence)
            if step <= HOUR:
                self._read_bands(now, back)
            end = _floor(now, step) + step
            found = self.history.trend(indicator.id, CITY, start=end - back, end=end, step=step)
            bands = [self.usual.at(at).get((indicator.id, CITY)) for at in found.times]
            self._trends[indicator.id] = replace(
                found,
                low=tuple(band.low if band else None for band in bands),
                high=tuple(band.high if band else None for band in bands),
            )

    def now(self, readings: Mapping[Key, Reading]) -> tuple[Trend, ...]:
        """Return the sparks with the newest reading as their last point."""
        return tuple(
            _ended(trend, readings.get((trend.indicator, CITY))) for trend in self._trends.values()
        )

    def _read_bands(self, now: datetime, back: timedelta) -> None:
        for hours in range(int(back / HOUR) + 1):
            self.usual.refresh(now - hours * HOUR)


def _ended(trend: Trend, reading: Reading | None) -> Trend:
    if reading is None or reading.value is None or not trend.times:
        return trend
    return replace(trend, values=(*trend.values[:-1], reading.value))


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, at.tzinfo)
