"""Ends of days and weeks by city time: when slow figures are told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np

from demo.almanac import DAY, ZONE, day_of
from demo.incidents import World
from demo.noise import Ints

_UNIX = date(1970, 1, 1).toordinal()
_MONDAY = 0


def day_ends(world: World, first: int, last: int) -> Ints:
    """Return the local midnights in [first, last]; each ends a day."""
    return at_hour(0)(world, first, last)


def week_ends(world: World, first: int, last: int) -> Ints:
    """Return the local midnights in [first, last] that end an ISO week."""
    del world
    return _instants(first, last, 0, lambda day: day.weekday() == _MONDAY)


def at_hour(hour: int) -> Callable[[World, int, int], Ints]:
    """Return a function that gives an hour of every local day in [first, last]."""

    def times(world: World, first: int, last: int) -> Ints:
        del world
        return _instants(first, last, hour, lambda _: True)

    return times


def weeks(at: Ints) -> Ints:
    """Return the number of the week that ends at each instant; 52 or 53 of them make a year."""
    return (at - DAY) // (7 * DAY)


def week_of_year(at: Ints) -> Ints:
    """Return the ISO week (1–53) that ends at each instant."""
    days = [day_of(int(one)) - 1 for one in at]
    return np.array([date.fromordinal(_UNIX + day).isocalendar()[1] for day in days], np.int64)


def _instants(first: int, last: int, hour: int, is_one: Callable[[date], bool]) -> Ints:
    found: list[int] = []
    if last < first:
        return np.array(found, np.int64)
    day = date.fromordinal(_UNIX + day_of(first))
    while True:
        at = int(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).timestamp())
        if at > last:
            return np.array(found, np.int64)
        if at >= first and is_one(day):
            found.append(at)
        day += timedelta(days=1)
