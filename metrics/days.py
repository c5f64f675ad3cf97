"""Days that are unlike others of their weekday: holidays, and spans of events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SUNDAY = 6
LIKE_SUNDAYS = "Sundays and holidays"  # what a holiday is compared with, a message id


@dataclass(frozen=True, slots=True)
class Span:
    """An event from ``start`` until before ``end``, both in UTC."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """What stands apart in a city's calendar. Without any entry every day is an ordinary one.

    ``holidays`` gives the name of each by date; it may make them up as it is asked.
    """

    timezone: str = "UTC"
    holidays: Mapping[date, str] = field(default_factory=dict)
    events: Sequence[Span] = ()

    def day_of(self, at: datetime) -> date:
        """Return the city's date at an instant."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def is_holiday(self, day: date) -> bool:
        """Whether a date is a holiday."""
        return day in self.holidays

    def has_event(self, start: datetime, end: datetime) -> bool:
        """Whether an event touches a span."""
        return any(event.start < end and start < event.end for event in self.events)

    def is_apart(self, day: date, hour: int | None = None) -> bool:
        """Whether a day, or one hour of it, is no example of its weekday."""
        if self.is_holiday(day):
            return True
        start = self._instant(day, 0 if hour is None else hour)
        end = self._instant(day + DAY, 0) if hour is None else start + timedelta(hours=1)
        return self.has_event(start, end)

    def holidays_before(self, day: date, weeks: int) -> list[date]:
        """Return the holidays of the weeks before a date, the newest first."""
        days = (day - DAY * back for back in range(1, 7 * weeks + 1))
        return [one for one in days if self.is_holiday(one)]

    def _instant(self, day: date, hour: int) -> datetime:
        local = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(self.timezone))
        return local.astimezone(UTC)
