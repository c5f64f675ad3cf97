"""Drinking water: who has none, and what is pumped but never billed."""

from datetime import datetime

import numpy as np

from demo import sites, weather
from demo.almanac import DAY, HOUR, ZONE, city_time
from demo.incidents import World, course
from demo.noise import Floats, Ints, normal, smooth, uniform
from demo.roots import Quantity, Root

_BREAK = 2.35  # of the noise of main breaks: about one hour in a hundred lies above
_FLOODED = 0.015  # share of customers whose water is shut off at the height of a flood
_THIRST = 0.24  # m³ per resident and day
_YEARS = 1250 * DAY


def customers_out(world: World, at: Ints) -> Floats:
    """Return customers without water: main breaks, more in frost; shut off where it floods."""
    places = sites.water()
    who = np.arange(len(places), dtype=np.int64)[:, None]
    frost = np.clip(-weather.temperature(world.seed, at) - 8.0, 0.0, 12.0) / 12.0
    trouble = smooth(world.seed, "main break", who, at=at / (4.0 * HOUR))
    share = 0.05 * np.clip(trouble - _BREAK + 0.35 * frost, 0.0, 1.0)
    for incident in world.incidents("flood", *_span(at)):
        reach = np.array([[sites.RIVERSIDE.get(place.district, 0.0)] for place in places])
        share = np.maximum(share, _FLOODED * reach * course(incident, at))
    return np.asarray(np.round(_served() * share))


def customers_served(world: World, at: Ints) -> Floats:
    """Return the customers of each area; told once a day, at 05:00 UTC."""
    del world
    return np.asarray(np.where(at % DAY == 5 * HOUR, _served(), np.nan))


def supplied(world: World, at: Ints) -> Floats:
    """Return the water pumped into each area in the month that ends at each instant, m³."""
    return np.asarray(np.round(_billed(world, at) / (1.0 - _lost(world, at))))


def billed(world: World, at: Ints) -> Floats:
    """Return the water billed in each area for the month that ends at each instant, m³."""
    return np.asarray(np.round(_billed(world, at)))


def month_ends(world: World, first: int, last: int) -> Ints:
    """Return the local midnights that begin a month, in [first, last]."""
    del world
    local = datetime.fromtimestamp(first, ZONE)
    month = local.year * 12 + local.month - 1
    found: list[int] = []
    while True:
        at = int(datetime(month // 12, month % 12 + 1, 1, tzinfo=ZONE).timestamp())
        if at > last:
            return np.array(found, np.int64)
        if at >= first:
            found.append(at)
        month += 1


def _billed(world: World, at: Ints) -> Floats:
    who, month = _who(), at // DAY
    people = np.array([[place.properties["residents"]] for place in sites.water()])
    days = _days(at)
    summer = 1.0 + 0.12 * np.sin(2.0 * np.pi * (city_time(at - DAY).season - 0.3))
    meters = np.exp(0.02 * normal(world.seed, "meters", who, month))
    own = 0.85 + 0.3 * uniform("place", "thirst", who)
    return np.asarray(people * _THIRST * days * summer * own * meters)


def _lost(world: World, at: Ints) -> Floats:
    """Return the share that leaks or is not billed: old pipes, frost."""
    who = _who()
    age = 0.10 + 0.16 * uniform("place", "pipes", who)
    cold = 0.03 * np.clip(np.cos(2.0 * np.pi * (city_time(at - DAY).season - 0.08)), 0.0, None)
    return np.asarray(age + cold + 0.008 * normal(world.seed, "leaks", who, at // DAY))


def _days(at: Ints) -> Ints:
    """Return the days of the month that ends at each instant."""
    before = [datetime.fromtimestamp(int(one) - HOUR, ZONE).day for one in at]
    return np.array(before, np.int64)


def _served() -> Floats:
    return np.array([[place.properties["customers_served"]] for place in sites.water()])


def _who() -> Ints:
    return np.arange(len(sites.water()), dtype=np.int64)[:, None]


def _span(at: Ints) -> tuple[int, int]:
    return (int(at.min()), int(at.max())) if at.size else (0, 0)


_M3 = ("cubic metre", "m³", "m3")
_NUMBER = ("customers", "1", "1")

ROOTS: tuple[Root, ...] = (
    Root(
        "water",
        "Water supply areas",
        sites.water,
        (
            Quantity("water_customers_out", "Customers without water", *_NUMBER, customers_out),
            Quantity("water_customers_served", "Customers of the area", *_NUMBER, customers_served),
        ),
        cadence=900,
        latency=60,
    ),
    Root(
        "water-balance",
        "Water supplied and billed, by month",
        sites.water,
        (
            Quantity("water_supplied", "Water supplied in the month", *_M3, supplied),
            Quantity("water_billed", "Water billed in the month", *_M3, billed),
        ),
        cadence=30 * DAY,
        latency=12 * DAY,
        kept=_YEARS,
        times=month_ends,
    ),
)
"""Roots of the water works."""
