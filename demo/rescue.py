"""Calls, ambulances, fire engines and violent crime.

Levels follow the order of magnitude of a city of this size: 2 400 calls to 311 and 1 500 emergency
calls a day, 130 life-threatening ones among them, 75 fire calls, 14 violent crimes.
"""

from functools import lru_cache

import numpy as np

from demo import weather
from demo.almanac import DAY, HOUR, CityTime, bump, city_time, summer
from demo.events import BLOCK, Events, Happening
from demo.incidents import World, course
from demo.noise import Floats, Ints, fractal, normal, uniform
from demo.places import every_ward, only
from demo.roots import Quantity, Root
from demo.sites import Site

_QUARTER, _FIVE = 900, 300
_SLOT = 2 * HOUR
_EMS_PER_DAY, _FIRE_PER_DAY, _VIOLENT_PER_DAY = 130.0, 75.0, 14.0
_EMS_S, _EMS_SPREAD = 318.0, 0.33  # median seconds to arrival; log-normal
_FIRE_S, _FIRE_SPREAD = 158.0, 0.30
_NIGHTLIFE = {"182": 5.0, "113": 2.5, "181": 2.0, "111": 1.8, "183": 1.6, "73": 1.5}


def _posts() -> tuple[Site, ...]:
    return every_ward("post", "Rescue post")


def _beats() -> tuple[Site, ...]:
    return every_ward("beat", "Police beat")


def calls_311(world: World, at: Ints) -> Floats:
    """Return calls to 311 in the quarter of an hour that ends at each instant."""
    when = city_time(at - _QUARTER // 2)
    day = bump(when.hour, 10.2, 2.3) + 0.9 * bump(when.hour, 14.6, 2.6)
    shape = 0.06 + day * np.where(when.is_workday, 1.0, 0.45)
    mood = np.exp(0.08 * normal(world.seed, "311 day", when.day))
    expected = 2_400 / 34.0 * shape * mood * (1.0 + 1.6 * _trouble(world, at))
    return _counted(expected, normal(world.seed, "311", at))[None, :]


def in_time_311(world: World, at: Ints) -> Floats:
    """Return those of them answered within 30 seconds: fewer when many call at once."""
    strain = np.clip(fractal(world.seed, "311 staff", at=at / (3.0 * HOUR)), 0.0, None)
    share = 0.972 - 0.018 * strain - 0.25 * _trouble(world, at)
    return _part(calls_311(world, at), share, normal(world.seed, "311 in time", at))


def calls_911(world: World, at: Ints) -> Floats:
    """Return emergency calls in the five minutes that end at each instant."""
    when = city_time(at - _FIVE // 2)
    late = 0.35 * bump(when.hour, 23.5, 2.5) * np.where(when.weekday >= 4, 1.0, 0.4)
    shape = 0.45 + 0.75 * bump(when.hour, 17.0, 5.0) + late
    expected = 1_500 / 288.0 * shape / 0.85 * (1.0 + 1.2 * _trouble(world, at))
    return _counted(expected, normal(world.seed, "911", at))[None, :]


def in_time_911(world: World, at: Ints) -> Floats:
    """Return those of them answered within 20 seconds."""
    strain = np.clip(fractal(world.seed, "911 staff", at=at / (2.0 * HOUR)), 0.0, None)
    share = 0.984 - 0.012 * strain - 0.12 * _trouble(world, at)
    return _part(calls_911(world, at), share, normal(world.seed, "911 in time", at))


@lru_cache(maxsize=64)
def _ambulances(world: World, number: int) -> Events:
    """Return the responses to life-threatening calls of 32 days, by arrival, in seconds."""
    who, slot, when = _slots(number)
    shape = 0.7 + 0.6 * bump(when.hour, 15.0, 5.0)
    rate = _by_people(_EMS_PER_DAY, "ems") * shape[None, :] / 12.0
    row, column = np.nonzero(uniform(world.seed, "ems", who, slot) < rate)
    far = 0.88 + 0.24 * uniform("place", "ems far", who)
    slow = 1.0 + 0.5 * weather.slippery(world.seed, slot[0] * _SLOT)
    spread = np.exp(_EMS_SPREAD * normal(world.seed, "ems long", who, slot))
    return _arrivals(world, "ems", (row, column), slot[0], _EMS_S * far * slow[None, :] * spread)


@lru_cache(maxsize=64)
def _engines(world: World, number: int) -> Events:
    """Return the travels of first engines of 32 days, by arrival, in seconds."""
    who, slot, when = _slots(number)
    shape = 0.7 + 0.6 * bump(when.hour, 18.0, 4.5)
    rate = _by_people(_FIRE_PER_DAY, "fire") * shape[None, :] / 12.0
    row, column = np.nonzero(uniform(world.seed, "fire", who, slot) < rate)
    far = 0.85 + 0.3 * uniform("place", "fire far", who)
    slow = 1.0 + 0.4 * weather.slippery(world.seed, slot[0] * _SLOT)
    spread = np.exp(_FIRE_SPREAD * normal(world.seed, "fire long", who, slot))
    return _arrivals(world, "fire", (row, column), slot[0], _FIRE_S * far * slow[None, :] * spread)


@lru_cache(maxsize=128)
def _crimes(world: World, number: int) -> Events:
    """Return the violent crimes of 32 days: more in summer and at night; years differ."""
    who, slot, when = _slots(number)
    night = 0.5 + 1.1 * bump(when.hour, 23.5, 3.0) + 0.5 * bump(when.hour, 17.0, 4.0)
    weekend = np.where((when.weekday == 4) | (when.weekday == 5), 1.25, 0.9)
    year = slot[0] * _SLOT // (365 * DAY)
    trend = 0.985 ** (year - 55)
    season = 1.0 + 0.16 * summer(when.season)
    lively = np.array([[_NIGHTLIFE.get(place.district, 1.0)] for place in _beats()])
    own = np.exp(0.10 * normal(world.seed, "crime year", who, year[None, :]))
    rate = _by_people(_VIOLENT_PER_DAY, "crime") * lively / 1.25 * own
    rate = rate * (night * weekend * trend * season)[None, :] / 12.0
    row, column = np.nonzero(uniform(world.seed, "crime", who, slot) < rate)
    at = _within(world, "crime", (row, column), slot[0])
    return Events(at, row, np.ones(row.size))


def _slots(number: int) -> tuple[Ints, Ints, CityTime]:
    """Return the places (a column), the two-hour slots of a block (a row), and their city time."""
    who = np.arange(len(_posts()), dtype=np.int64)[:, None]
    slot = number * BLOCK * (DAY // _SLOT) + np.arange(BLOCK * DAY // _SLOT, dtype=np.int64)
    return who, slot[None, :], city_time(slot * _SLOT + _SLOT // 2)


def _by_people(per_day: float, label: str) -> Floats:
    """Return events a day by place: after residents, some places more than others."""
    people = np.array([[place.properties["residents"]] for place in _posts()])
    who = np.arange(len(people), dtype=np.int64)[:, None]
    weight = people * (0.7 + 0.6 * uniform("place", label, who))
    return np.asarray(per_day * weight / weight.sum())


def _arrivals(
    world: World, label: str, where: tuple[Ints, Ints], slot: Ints, seconds: Floats
) -> Events:
    whole = np.clip(np.round(seconds[where]), 30.0, 3_600.0)
    return Events(_within(world, label, where, slot) + whole.astype(np.int64), where[0], whole)


def _within(world: World, label: str, where: tuple[Ints, Ints], slot: Ints) -> Ints:
    """Return the second within its slot at which each event began."""
    row, column = where
    part = uniform(world.seed, f"{label} at", row, slot[column])
    return slot[column] * _SLOT + (part * _SLOT).astype(np.int64)


def _trouble(world: World, at: Ints) -> Floats:
    """Return how much incidents (0–1) make people call."""
    found = np.zeros(at.shape)
    if at.size:
        for kind, strength in (("flood", 1.0), ("powercut", 0.6), ("crash", 0.25)):
            for incident in world.incidents(kind, int(at.min()), int(at.max())):
                found = np.maximum(found, strength * course(incident, at))
    return found


def _counted(expected: Floats, noise: Floats) -> Floats:
    return np.asarray(np.round(np.clip(expected + np.sqrt(expected) * noise, 0.0, None)))


def _part(whole: Floats, share: Floats, noise: Floats) -> Floats:
    share = np.clip(share, 0.05, 1.0)
    part = whole * share + np.sqrt(whole * share * (1.0 - share)) * noise
    return np.asarray(np.clip(np.round(part), 0.0, whole))


def _places() -> int:
    return len(_posts())


_AMBULANCES = Happening(_ambulances, _places)
_ENGINES = Happening(_engines, _places)
_CRIMES = Happening(_crimes, _places)
_CALLS = ("calls", "1", "1")
_SECONDS = ("second", "s", "s")

ROOTS: tuple[Root, ...] = (
    Root(
        "calls-311",
        "Exchange of the 311 centre",
        lambda: only("exchange-311", "311 centre"),
        (
            Quantity("calls_311", "Calls", *_CALLS, calls_311),
            Quantity("calls_311_within", "Calls answered within 30 s", *_CALLS, in_time_311),
        ),
        cadence=_QUARTER,
        latency=60,
    ),
    Root(
        "calls-911",
        "Exchange of the emergency call centre",
        lambda: only("exchange-911", "Emergency call centre"),
        (
            Quantity("calls_911", "Emergency calls", *_CALLS, calls_911),
            Quantity("calls_911_within", "Calls answered within 20 s", *_CALLS, in_time_911),
        ),
        cadence=_FIVE,
        latency=20,
    ),
    Root(
        "ambulances",
        "Responses of ambulances to life-threatening calls",
        _posts,
        (Quantity("ems_response", "Time from call to arrival", *_SECONDS, _AMBULANCES.draw),),
        cadence=HOUR,
        latency=300,
        times=_AMBULANCES.times,
    ),
    Root(
        "engines",
        "Travels of first fire engines",
        _posts,
        (Quantity("fire_travel", "Time from leaving to arrival", *_SECONDS, _ENGINES.draw),),
        cadence=HOUR,
        latency=300,
        kept=120 * DAY,
        times=_ENGINES.times,
    ),
    Root(
        "crime",
        "Violent crimes recorded",
        _beats,
        (Quantity("violent_crime", "Violent crimes", "crimes", "1", "1", _CRIMES.draw),),
        cadence=DAY,
        latency=2 * DAY,
        kept=1_250 * DAY,
        times=_CRIMES.times,
    ),
)
"""Roots of those who help."""
