"""Past values of days like this one: the same weekday, holidays and events apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from history import BaselineRow, History
from metrics.days import DAY, LIKE_SUNDAYS, SUNDAY, Days
from model import Indicator, Quality
from pipeline.alarmed import Spans, calm, touches

Key = tuple[str, str]  # indicator, district
Values = Mapping[Key, Sequence[tuple[date, float]]]

WEEKS = 8
WEEK = timedelta(weeks=1)
_NOON = timedelta(hours=12)  # a day's step begins at midnight, or an hour beside it


@dataclass(slots=True)
class LikeDays:
    """Reads what was measured on days that one day may be compared with."""

    history: History
    days: Days
    alarmed: Spans = field(default_factory=dict)  # hours under alarm are no example either

    def basis(self, at: datetime) -> str:
        """Return with what a day is compared; empty for its own weekday."""
        return LIKE_SUNDAYS if self.days.is_holiday(self.days.day_of(at)) else ""

    def hour(self, at: datetime) -> Values:
        """Return the means of the hour of ``at`` on days like it, each with its date."""
        day = self.days.day_of(at)
        if not self.days.is_holiday(day):
            return self._of(self._rows(at, WEEKS), day.weekday(), at)
        sunday = self._moved(at, day + DAY * (SUNDAY - day.weekday()))
        found = defaultdict(list, self._of(self._rows(sunday, WEEKS), SUNDAY, at, is_free=True))
        for other in self.days.holidays_before(day, WEEKS):
            if other.weekday() == SUNDAY:
                continue  # it is there already
            rows = self._rows(self._moved(at, other + WEEK), 1)
            for key, values in self._of(rows, other.weekday(), at, is_free=True).items():
                found[key] = [*found[key], *values]
        return found

    def beside(self, at: datetime) -> tuple[Values, Values]:
        """Return the same of the hours before and after, by the same days."""
        hour = timedelta(hours=1)
        return self.hour(at - hour), self.hour(at + hour)

    def slow(self, indicator: Indicator, at: datetime) -> Values:
        """Return the last value of each like day; of a figure by the week, of each week.

        For indicators that are measured once a day or more rarely: the hour means nothing there.
        """
        today = self.days.day_of(at)
        start, end = (self._midnight(day) for day in (today - WEEK * WEEKS, today))
        rows = self.history.readings(indicator.id, start=start, end=end, resolution=DAY)
        found: dict[Key, dict[date, float]] = defaultdict(dict)
        for row in rows:
            day = self.days.day_of(row["at"] + _NOON)
            is_sound = row["value"] is not None and not Quality(row["quality"]).is_frozen
            if is_sound and self._is_like(day, today, indicator.cadence):
                found[indicator.id, row["district"]][_stamp(day, indicator.cadence)] = row["value"]
        return {key: self._calm(key, list(values.items()), None) for key, values in found.items()}

    def _is_like(self, day: date, today: date, cadence: timedelta) -> bool:
        if cadence >= WEEK:
            return True
        if self.days.is_holiday(today):
            is_free = day.weekday() == SUNDAY or self.days.is_holiday(day)
            return is_free and not self.days.has_event(
                self._midnight(day), self._midnight(day + DAY)
            )
        return day.weekday() == today.weekday() and not self.days.is_apart(day)

    def _rows(self, at: datetime, weeks: int) -> Iterable[BaselineRow]:
        return self.history.baseline_rows(at, timezone=self.days.timezone, weeks=weeks)

    def _of(
        self, rows: Iterable[BaselineRow], weekday: int, at: datetime, *, is_free: bool = False
    ) -> Values:
        """Return the rows by key, without those whose hour stands apart."""
        hour = at.astimezone(ZoneInfo(self.days.timezone)).hour
        found: dict[Key, list[tuple[date, float]]] = defaultdict(list)
        for row in rows:
            day = row.week + DAY * weekday
            if is_free:
                start = self._midnight(day) + timedelta(hours=hour)
                is_apart = self.days.has_event(start, start + timedelta(hours=1))
            else:
                is_apart = self.days.is_apart(day, hour)
            if not is_apart:
                found[row.indicator, row.district].append((day, row.value))
        return {key: self._calm(key, values, hour) for key, values in found.items()}

    def _calm(
        self, key: Key, values: list[tuple[date, float]], hour: int | None
    ) -> list[tuple[date, float]]:
        """Return the values without the hours (or whole days) under alarm, where enough stay."""
        spans = self.alarmed.get(key)
        if not spans:
            return values
        was_alarmed = []
        for day, _ in values:
            start = self._midnight(day) + timedelta(hours=hour or 0)
            length = DAY if hour is None else timedelta(hours=1)
            was_alarmed.append(touches(spans, start, start + length))
        return calm(values, was_alarmed)

    def _moved(self, at: datetime, day: date) -> datetime:
        """Return the same time of day on another date, by the city's clock."""
        zone = ZoneInfo(self.days.timezone)
        local = at.astimezone(zone)
        return datetime.combine(day, local.time(), zone).astimezone(UTC)

    def _midnight(self, day: date) -> datetime:
        zone = ZoneInfo(self.days.timezone)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _stamp(day: date, cadence: timedelta) -> date:
    """Return the week's Monday for a figure by the week, so that its last value stands for it."""
    return day - DAY * day.weekday() if cadence >= WEEK else day
