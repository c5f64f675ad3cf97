"""A forecast of one reading's course: from times and values to the hours of the week and back."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from metrics.days import SUNDAY, Days
from metrics.drift import has_drifted
from metrics.forecast import APART, HORIZON, Ahead, Slots, forecast
from metrics.trend import Slope, trend

HOUR = timedelta(hours=1)
DAY, WEEK = 24, 168  # hours
TREND_DAYS = 28


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


def daily_trend(
    values: Sequence[float | None], days: int = TREND_DAYS, deadband: float = 0.0
) -> Slope | None:
    """Return the trend of the daily means over the last days of a course by the hour.

    A day counts with at least half of its hours. ``None`` where hardly a day is known.
    """
    plain = np.array([np.nan if value is None else value for value in values], np.float64)
    whole = min(days, len(plain) // DAY)
    if not whole:
        return None
    table = plain[-whole * DAY :].reshape(whole, DAY)
    known = np.isfinite(table)
    total, count = np.where(known, table, 0.0).sum(axis=1), known.sum(axis=1)
    means = np.where(count * 2 >= DAY, total / np.maximum(count, 1), np.nan)
    return trend(np.arange(whole, dtype=np.float64), means, deadband=deadband)


def drift(z: Sequence[float | None]) -> str | None:
    """Return whether the z of the last week add up to ``better`` or ``worse``."""
    plain = [np.nan if value is None else value for value in z[-WEEK:]]
    return has_drifted(np.array(plain, np.float64))


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
