"""Cards, prices, licences, claims, dwellings, hotels and electricity.

Weekly figures are told at the end of an ISO week, and days or weeks later, as such figures are.
"""

from functools import cache

import numpy as np

from demo import weather
from demo.almanac import DAY, HOUR, bump, city_time, summer
from demo.incidents import World
from demo.noise import Floats, Ints, fractal, normal, uniform
from demo.periods import day_ends, week_ends, week_of_year, weeks
from demo.places import every_ward, named, only, place
from demo.roots import Quantity, Root
from demo.sites import AIR_DISTRICTS, Site
from demo.utilities import month_ends

_YEAR = 365.25 * DAY
_START = 1_704_067_200  # 2024, from where prices and trends are counted
_INFLATION, _GROWTH = 0.021, 0.034  # a year
_PER_MERCHANT = 9_400.0  # dollars a week
_ROOMS = 17_500.0
_BASE = 18.0  # °C
_SMALLEST_TOWER = 0.985  # of the draws of a week and district lies below


def _centres() -> tuple[Site, ...]:
    return every_ward("trade", "Merchants of")


@cache
def substations() -> tuple[Site, ...]:
    """Return the substations, 12, with the customers behind each."""
    return tuple(
        place(f"grid-{d}", f"Substation {named(d)}", d, peak_mwh=float(90 + 15 * n))
        for n, d in enumerate(AIR_DISTRICTS)
    )


def merchants(world: World, at: Ints) -> Floats:
    """Return the merchants behind each week's spending; a few districts have under ten."""
    who = _numbers()
    many = 4.0 + 420.0 * uniform("place", "merchants", who) ** 2
    wobble = 1.0 + 0.01 * normal(world.seed, "merchants", who, weeks(at))
    return np.asarray(np.round(many * wobble))


def spending(world: World, at: Ints) -> Floats:
    """Return what was paid by card in the week that ends at each instant, dollars."""
    who = _numbers()
    number = week_of_year(at)
    season = 1.0 + 0.22 * np.exp(-0.5 * ((number - 50.5) / 1.8) ** 2) - 0.08 * (number <= 6)
    growth = (1.0 + _GROWTH) ** ((at - _START) / _YEAR)
    city = 1.0 + 0.012 * fractal(world.seed, "mood to buy", at=at / (50.0 * DAY))
    own = 1.0 + 0.025 * normal(world.seed, "till", who, weeks(at))
    return np.asarray(np.round(merchants(world, at) * _PER_MERCHANT * season * growth * city * own))


def price_index(world: World, at: Ints) -> Floats:
    """Return the index of consumer prices of the month that ends at each instant."""
    wobble = 0.15 * normal(world.seed, "prices", at // DAY)
    return np.round(100.0 * (1.0 + _INFLATION) ** ((at - _START) / _YEAR) + wobble, 1)[None, :]


def issued(world: World, at: Ints) -> Floats:
    """Return the business licences issued in each week."""
    expected = _people() / 5_900.0 * (1.0 + 0.25 * np.sin(2.0 * np.pi * week_of_year(at) / 52.0))
    return _poisson(expected, uniform(world.seed, "issued", _numbers(), weeks(at)))


def closed(world: World, at: Ints) -> Floats:
    """Return the business licences closed in each week."""
    expected = _people() / 8_300.0 * np.ones(at.size)
    return _poisson(expected, uniform(world.seed, "closed", _numbers(), weeks(at)))


def claims(world: World, at: Ints) -> Floats:
    """Return the first claims for unemployment benefit in each week: many in winter."""
    cycle = 1.0 + 0.08 * fractal(world.seed, "claims", at=at / (150.0 * DAY))
    season = 1.0 - 0.22 * summer(city_time(at - DAY).season)
    expected = _people() / 950.0 * season * cycle
    spread = 1.0 + 0.11 * normal(world.seed, "claim", _numbers(), weeks(at))
    return np.asarray(np.round(np.clip(expected * spread, 0.0, None)))


def dwellings(world: World, at: Ints) -> Floats:
    """Return the dwellings in building permits of each week; a tower now and then."""
    who, week = _numbers(), weeks(at)
    cycle = 1.0 + 0.05 * fractal(world.seed, "building", at=at / (180.0 * DAY))
    season = 1.0 + 0.2 * summer(city_time(at - DAY).season)
    usual = _poisson(_people() / 9_000.0 * season * cycle, uniform(world.seed, "units", who, week))
    draw = uniform(world.seed, "tower", who, week)
    tower = np.where(draw > _SMALLEST_TOWER, 20.0 + 4_000.0 * (draw - _SMALLEST_TOWER), 0.0)
    return np.asarray(np.round(usual + tower))


def rooms(world: World, at: Ints) -> Floats:
    """Return the hotel rooms on offer in the night that ends at each instant."""
    closed_for_works = 250.0 * uniform(world.seed, "works", at // (30 * DAY))
    return np.round(_ROOMS - closed_for_works)[None, :]


def sold(world: World, at: Ints) -> Floats:
    """Return the rooms sold: more in summer and at weekends."""
    when = city_time(at - DAY // 2)
    weekend = np.where((when.weekday == 4) | (when.weekday == 5), 0.07, 0.0)
    slow = 0.03 * fractal(world.seed, "guests", at=at / (12.0 * DAY))
    share = 0.67 + 0.15 * summer(when.season) + weekend + slow
    share = share + 0.02 * normal(world.seed, "night", at // DAY)
    return np.asarray(np.round(rooms(world, at) * np.clip(share, 0.2, 0.99)))


def load_temperature(world: World, at: Ints) -> Floats:
    """Return the mean temperature of the hour, °C, at the first substation only."""
    found = np.full((len(substations()), at.size), np.nan)
    found[0] = np.round(weather.temperature(world.seed, at - HOUR // 2), 1)
    return found


def electricity(world: World, at: Ints) -> Floats:
    """Return the electricity drawn in the hour that ends at each instant, MWh."""
    middle = at - HOUR // 2
    when, warmth = city_time(middle), weather.temperature(world.seed, middle)
    rush = 0.14 * bump(when.hour, 8.0, 1.9) + 0.20 * bump(when.hour, 18.3, 2.6)
    office = 0.16 * bump(when.hour, 13.0, 3.8) * np.where(when.is_workday, 1.0, 0.3)
    shape = 0.42 + rush + office
    heat = 0.014 * np.clip(_BASE - warmth, 0.0, None) + 0.010 * np.clip(warmth - _BASE, 0.0, None)
    who = np.arange(len(substations()), dtype=np.int64)[:, None]
    own = 1.0 + 0.010 * fractal(world.seed, "load", who, at=middle / (9.0 * HOUR))
    noise = 1.0 + 0.008 * normal(world.seed, "load hour", who, at)
    peak = np.array([[one.properties["peak_mwh"]] for one in substations()])
    return np.asarray(np.round(peak * (shape + heat) * own * noise, 2))


def _numbers() -> Ints:
    return np.arange(len(_centres()), dtype=np.int64)[:, None]


def _people() -> Floats:
    return np.array([[one.properties["residents"]] for one in _centres()])


def _poisson(expected: Floats, draw: Floats) -> Floats:
    """Return Poisson counts by inversion; a few are expected at most."""
    count = np.zeros(np.broadcast_shapes(expected.shape, draw.shape))
    term = np.broadcast_to(np.exp(-expected), count.shape)
    total = term
    for n in range(1, 60):
        count = count + (draw >= total)
        term = term * expected / n
        total = total + term
    return count


_DOLLARS, _MWH = ("dollar", "$", "[CAD]"), ("megawatt-hour", "MWh", "MW.h")
_KEPT = 620 * DAY


def _weekly(name: str, title: str, quantities: tuple[Quantity, ...], days: int) -> Root:
    return Root(
        name,
        title,
        _centres,
        quantities,
        cadence=7 * DAY,
        latency=days * DAY,
        kept=_KEPT,
        times=week_ends,
    )


ROOTS: tuple[Root, ...] = (
    _weekly(
        "cards",
        "Card spending by week",
        (
            Quantity("card_spend", "Paid by card", *_DOLLARS, spending),
            Quantity("card_merchants", "Merchants", "merchants", "1", "1", merchants),
        ),
        9,
    ),
    _weekly(
        "licences",
        "Register of business licences",
        (
            Quantity("licences_issued", "Licences issued", "licences", "1", "1", issued),
            Quantity("licences_closed", "Licences closed", "licences", "1", "1", closed),
        ),
        2,
    ),
    _weekly(
        "claims",
        "First claims for unemployment benefit",
        (Quantity("jobless_claims", "First claims", "claims", "1", "1", claims),),
        5,
    ),
    _weekly(
        "building",
        "Dwellings in building permits",
        (Quantity("units_permitted", "Dwellings permitted", "dwellings", "1", "1", dwellings),),
        10,
    ),
    Root(
        "prices",
        "Consumer prices",
        lambda: only("prices", "Consumer prices"),
        (Quantity("price_index", "All items, 2024 = 100", "index", "1", "1", price_index),),
        cadence=30 * DAY,
        latency=18 * DAY,
        kept=800 * DAY,
        times=month_ends,
    ),
    Root(
        "hotels",
        "Hotels",
        lambda: only("hotels", "Hotels of the city"),
        (
            Quantity("rooms_available", "Rooms on offer", "rooms", "1", "1", rooms),
            Quantity("rooms_sold", "Rooms sold", "rooms", "1", "1", sold),
        ),
        cadence=DAY,
        latency=DAY,
        times=day_ends,
    ),
    Root(
        "electricity",
        "Substations",
        substations,
        (
            Quantity("electricity", "Electricity drawn in the hour", *_MWH, electricity),
            Quantity(
                "load_temperature",
                "Temperature",
                "degree Celsius",
                "°C",
                "Cel",
                load_temperature,
            ),
        ),
        cadence=HOUR,
        latency=600,
        is_interval=True,
    ),
)
"""Roots of trade."""
