"""City time for many instants at once: hour, weekday, holidays and the season.

Instants are whole seconds since 1970 (UTC). Holidays: Loi sur les normes du travail (Québec),
article 60; on them the city behaves as on a Sunday.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from demo.noise import Floats, Ints

ZONE = ZoneInfo("America/Toronto")
HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class CityTime:
    """City time of many instants.

    ``hour`` in [0, 24); ``weekday`` 0 = Monday, holidays counted as 6; ``day`` = days since
    1970-01-01 of the local date; ``season`` in [0, 1) from the first of January.
    """

    hour: Floats
    weekday: Ints
    day: Ints
    season: Floats

    @property
    def is_workday(self) -> NDArray[np.bool_]:
        """Whether offices and schools are open that day."""
        return np.asarray(self.weekday < 5)


def city_time(at: Ints) -> CityTime:
    """Return the city time of instants, daylight saving included."""
    hours, where = np.unique(at // HOUR, return_inverse=True)
    offset = np.array([_offset(int(hour)) for hour in hours], dtype=np.int64)[where]
    local = at + offset.reshape(at.shape)
    day = local // DAY
    weekday = (day + 3) % 7
    free = np.isin(day, [d for d in np.unique(day) if _is_holiday(int(d))])
    return CityTime(
        hour=(local % DAY) / HOUR,
        weekday=np.where(free, 6, weekday),
        day=day,
        season=((local / DAY + 0.5) / 365.2425) % 1.0,
    )


def midnight(day: int) -> int:
    """Return the instant at which a local day (days since 1970) begins."""
    start = datetime.fromordinal(date(1970, 1, 1).toordinal() + day)
    return int(start.replace(tzinfo=ZONE).timestamp())


def day_of(at: int) -> int:
    """Return the local day (days since 1970) of one instant."""
    return (at + _offset(at // HOUR)) // DAY


def bump(hour: Floats, centre: float, width: float) -> Floats:
    """Return a bell of height 1 over the hours of a day, closed over midnight."""
    away = (hour - centre + 12.0) % 24.0 - 12.0
    return np.asarray(np.exp(-0.5 * (away / width) ** 2))


def summer(season: Floats) -> Floats:
    """Return −1 in the middle of January and +1 in the middle of July."""
    return np.asarray(-np.cos(2.0 * np.pi * (season - 0.055)))


@lru_cache(maxsize=200_000)
def _offset(hour: int) -> int:
    shift = datetime.fromtimestamp(hour * HOUR, UTC).astimezone(ZONE).utcoffset()
    return int((shift or timedelta(0)).total_seconds())


@lru_cache(maxsize=20_000)
def _is_holiday(day: int) -> bool:
    on = date.fromordinal(date(1970, 1, 1).toordinal() + day)
    fixed = (on.month, on.day) in {(1, 1), (6, 24), (7, 1), (12, 25)}
    return fixed or on in _mondays(on.year) or on == _easter(on.year) - timedelta(days=2)


def _mondays(year: int) -> tuple[date, ...]:
    """Return Patriots' Day, Labour Day and Thanksgiving."""
    return (
        _monday_from(date(year, 5, 18)),
        _monday_from(date(year, 9, 1)),
        _monday_from(date(year, 10, 8)),
    )


def _monday_from(first: date) -> date:
    return first + timedelta(days=-first.weekday() % 7)


def _easter(year: int) -> date:
    """Return Easter Sunday (Butcher's Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)
