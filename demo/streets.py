"""What happens in the streets: collisions, incidents until they are cleared, and noise.

Levels follow the order of magnitude of a city of this size: about 170 people killed or seriously
injured a year, forty road incidents a day, LAeq of 46–52 dB by night at the facades.
"""

from functools import lru_cache

import numpy as np

from demo import sites, weather
from demo.almanac import DAY, HOUR, bump, city_time, summer
from demo.districts import ward
from demo.events import BLOCK, Events, Happening
from demo.incidents import World, course
from demo.noise import Floats, Ints, fractal, normal, uniform
from demo.roots import Quantity, Root

_SLOT = 2 * HOUR
_KSI_PER_YEAR = 170.0
_INCIDENTS_PER_DAY = 40.0
_CLEARED_IN = 23.0  # minutes, median
_SPREAD = 0.48
_LIVELY = {"182": 4.0, "113": 3.0, "181": 2.5, "111": 2.0, "183": 1.5}


@lru_cache(maxsize=512)
def _collisions(world: World, number: int) -> Events:
    """Return the collisions of 32 days in which somebody was killed or seriously injured."""
    places = sites.junctions()
    day = number * BLOCK + np.arange(BLOCK, dtype=np.int64)[None, :]
    who = np.arange(len(places), dtype=np.int64)[:, None]
    people = np.array([[ward(place.district).population] for place in places], np.float64)
    danger = people * (0.4 + 1.2 * uniform("place", "danger", who))
    season = city_time(day * DAY).season
    rate = _KSI_PER_YEAR / 365.0 * danger / danger.sum() * (1.0 + 0.25 * summer(season))
    row, column = np.nonzero(uniform(world.seed, "ksi", who, day) < rate)
    second = (uniform(world.seed, "ksi at", who, day) * DAY).astype(np.int64)[row, column]
    is_more = uniform(world.seed, "ksi many", who, day)[row, column] < 0.06
    many = np.where(is_more, 2.0, 1.0)
    return Events(day[0, column] * DAY + second, row, many)


@lru_cache(maxsize=64)
def _cleared(world: World, number: int) -> Events:
    """Return the road incidents of 32 days by their end, with the minutes until it."""
    slot = number * BLOCK * (DAY // _SLOT) + np.arange(BLOCK * DAY // _SLOT, dtype=np.int64)
    who = np.arange(len(sites.junctions()), dtype=np.int64)[:, None]
    when = city_time(slot * _SLOT + _SLOT // 2)
    shape = 0.25 + 1.1 * bump(when.hour, 8.3, 1.8) + 1.5 * bump(when.hour, 17.0, 2.4)
    busy = shape + 0.5 * bump(when.hour, 13.0, 3.0)
    often = 0.5 + uniform("place", "incidents", who)
    slippery = weather.slippery(world.seed, slot * _SLOT)
    rate = _INCIDENTS_PER_DAY / often.size / 12.0 * often * busy / 0.86 * (1.0 + 2.0 * slippery)
    row, column = np.nonzero(uniform(world.seed, "incident", who, slot[None, :]) < rate)
    part = uniform(world.seed, "incident at", who, slot[None, :])[row, column]
    spread = normal(world.seed, "incident long", who, slot[None, :])[row, column]
    began = slot[column] * _SLOT + (part * _SLOT).astype(np.int64)
    minutes = _CLEARED_IN * np.exp(_SPREAD * spread) * (1.0 + 1.2 * slippery[column])
    drawn = _held_up(world, began, row, minutes)
    return Events.joined([drawn, _crashes(world, number)])


def _held_up(world: World, began: Ints, row: Ints, minutes: Floats) -> Events:
    """Return the incidents by their end; in a flood crews need up to twice as long."""
    reach = np.array([sites.RIVERSIDE.get(place.district, 0.0) for place in sites.junctions()])
    if began.size:
        for flood in world.incidents("flood", int(began.min()), int(began.max())):
            minutes = minutes * (1.0 + reach[row] * course(flood, began))
    whole = np.clip(np.round(minutes), 4.0, 600.0)
    return Events(began + (60.0 * whole).astype(np.int64), row, whole)


def _crashes(world: World, number: int) -> Events:
    """Return the scripted crashes that ended within the days of a block."""
    first, last = number * BLOCK * DAY, (number + 1) * BLOCK * DAY
    home = {place.district: row for row, place in reversed(list(enumerate(sites.junctions())))}
    found = [c for c in world.incidents("crash", first, last - 1) if first <= c.ends < last]
    return Events(
        np.array([c.ends for c in found], np.int64),
        np.array([home[c.place] for c in found], np.int64),
        np.array([max(1.0, (c.ends - c.started) // 60) for c in found], np.float64),
    )


def noise(world: World, at: Ints) -> Floats:
    """Return the sound level of the hour that ends at each instant, LAeq in dB(A)."""
    middle = at - HOUR // 2
    places = sites.microphones()
    who = np.arange(len(places), dtype=np.int64)[:, None]
    when = city_time(middle)
    lively = np.array([[_LIVELY.get(place.district, 0.0)] for place in places])
    base = 43.5 + 6.0 * uniform("place", "noise", who)
    day = 11.0 / (1.0 + np.exp(-(when.hour - 6.2) * 2.0)) / (1.0 + np.exp((when.hour - 22.3) * 1.4))
    free = np.where(when.is_workday, 0.0, -1.5) * (day > 5.0)
    weekend = (when.weekday == 4) | (when.weekday == 5)
    late = lively * bump(when.hour, 23.8, 2.4) * np.where(weekend, 1.0, 0.35)
    snow = -2.5 * np.minimum(weather.soaked(world.seed, middle, hours=48, snow=True), 15.0) / 15.0
    wind = 0.12 * np.clip(weather.wind(world.seed, middle) - 20.0, 0.0, None)
    own = 1.1 * fractal(world.seed, "noise", who, at=middle / (5.0 * HOUR))
    return np.asarray(np.round(base + day + free + late + snow + wind + own, 1))


def _junctions() -> int:
    return len(sites.junctions())


_KSI = Happening(_collisions, _junctions)
_CLEARED = Happening(_cleared, _junctions)
_WHO = "Killed or seriously injured in a collision"

ROOTS: tuple[Root, ...] = (
    Root(
        "noise",
        "Sound level meters",
        sites.microphones,
        (Quantity("noise", "Sound level, LAeq 1 h", "decibel", "dB", "dB", noise),),
        cadence=HOUR,
        latency=240,
        lost=0.004,
        is_interval=True,
    ),
    Root(
        "collisions",
        "Collisions with people killed or seriously injured",
        sites.junctions,
        (Quantity("ksi", _WHO, "persons", "1", "1", _KSI.draw),),
        cadence=DAY,
        latency=2 * DAY,
        kept=1200 * DAY,
        times=_KSI.times,
    ),
    Root(
        "incidents",
        "Road incidents that were cleared",
        sites.junctions,
        (Quantity("clearance", "Time until cleared", "minute", "min", "min", _CLEARED.draw),),
        cadence=HOUR,
        latency=60,
        times=_CLEARED.times,
    ),
)
"""Roots of the streets."""
