"""The same hour of the same weekday in past weeks, by the city's clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Hour:
    """One local hour as a span of UTC, ``[start, end)``; ``week`` is the week's Monday."""

    week: date
    start: datetime
    end: datetime


def same_hours(at: datetime, timezone: str, weeks: int) -> list[Hour]:
    """Return the local hour of ``at`` in each of the ``weeks`` weeks before, newest first.

    An hour that the clock skips has no span and is left out; one that it repeats lasts two hours.

    >>> zone = "America/Toronto"
    >>> [h.start.hour for h in same_hours(datetime(2026, 3, 9, 16, 30, tzinfo=UTC), zone, 2)]
    [17, 17]

    """
    zone = ZoneInfo(timezone)
    local = at.astimezone(zone)
    hours = []
    for back in range(1, weeks + 1):
        day = local.date() - timedelta(weeks=back)
        start = _instant(day, local.hour, zone)
        end = _instant(day, local.hour + 1, zone)
        if end > start:
            hours.append(Hour(day - timedelta(days=day.weekday()), start, end))
    return hours


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """Return the first instant at which the clock shows this hour, or would have."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    naive = midnight.replace(tzinfo=None) + timedelta(hours=hour)
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
