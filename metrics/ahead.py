"""A forecast of one reading's course: from times and values to the hours of the week and back."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from metrics.days import SUNDAY, Days
from metrics.forecast import APART, HORIZON, Ahead, Slots, forecast

HOUR = timedelta(hours=1)
WEEK = 168  # hours


def slots_of(times: Sequence[datetime], days: Days) -> Slots:
    """Return the hour of the week of each instant by the city's clock, shape (n,).

    Holidays count as Sundays; hours of events are :data:`APART`.
    """
    zone = ZoneInfo(days.timezone)
    found = []
    for at in times:
        local = at.astimezone(zone)
        weekday = SUNDAY if days.is_holiday(local.date()) else local.weekday()
        is_apart = days.has_event(at, at + HOUR)
        found.append(APART if is_apart else weekday * 24 + local.hour)
    return np.array(found, np.int64)


def hours_ahead(
    times: Sequence[datetime],
    values: Sequence[float | None],
    days: Days,
    *,
    horizon: int = HORIZON,
) -> tuple[tuple[datetime, ...], Ahead] | None:
    """Return the instants and the forecast of the hours after a course by the hour.

    ``None`` where the record is too short (see ``metrics.forecast.forecast``).

    Raises:
        ValueError: if the times are not one hour apart.

    """
    if any(later - earlier != HOUR for earlier, later in itertools.pairwise(times)):
        raise ValueError("a forecast by the hour needs a course by the hour")
    if not times:
        return None
    coming = tuple(times[-1] + HOUR * step for step in range(1, horizon + 1))
    plain = np.array([np.nan if value is None else value for value in values], np.float64)
    # what an event will do is not known: its hours are told as those of an ordinary day
    ordinary = Days(days.timezone, days.holidays)
    found = forecast(plain, slots_of(times, days), slots_of(coming, ordinary), WEEK)
    return None if found is None else (coming, found)
