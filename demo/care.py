"""Bins emptied and beds for the night."""

from functools import cache

import numpy as np

from demo import weather
from demo.almanac import DAY, HOUR, city_time, summer
from demo.incidents import World
from demo.noise import Floats, Ints, fractal, normal, uniform
from demo.periods import at_hour, day_ends
from demo.places import every_ward, named, place
from demo.roots import Quantity, Root
from demo.sites import Site

_PER_ADDRESS = 2.2  # residents
_SHELTERS = {"182": 3, "181": 2, "113": 2, "73": 2, "161": 1, "111": 1, "193": 1, "91": 1, "13": 1}

_HOSPITALS = ("182", "181", "31", "33", "73", "14", "111", "171", "131")


@cache
def shelters() -> tuple[Site, ...]:
    """Return the shelters, 14, each with its beds."""
    return tuple(
        place(
            f"shelter{n + 1}-{d}",
            f"Shelter {named(d)} {n + 1}",
            d,
            beds=float(40 + 10 * round(16 * float(uniform("place", "beds", d, n)[0]))),
        )
        for d, many in _SHELTERS.items()
        for n in range(many)
    )


@cache
def hospitals() -> tuple[Site, ...]:
    """Return the hospitals, nine, each with its beds."""
    return tuple(
        place(
            f"hospital-{d}",
            f"Hospital {named(d)}",
            d,
            beds=float(120 + 20 * round(20 * float(uniform("place", "hospital beds", d)[0]))),
        )
        for d in _HOSPITALS
    )


def _rounds() -> tuple[Site, ...]:
    return every_ward("round", "Collection round")


def planned(world: World, at: Ints) -> Floats:
    """Return the addresses to be served in the day that ends at each instant."""
    del world
    who, when = _numbers(len(_rounds())), city_time(at - DAY // 2)
    people = np.array([[one.properties["residents"]] for one in _rounds()])
    early = (who % 2 == 0) & np.isin(when.weekday, (0, 3))[None, :]
    late = (who % 2 == 1) & np.isin(when.weekday, (1, 4))[None, :]
    paper = np.broadcast_to((when.weekday == 2)[None, :], early.shape)
    return np.asarray(np.round(people / _PER_ADDRESS * (early | late | paper)))


def made(world: World, at: Ints) -> Floats:
    """Return those that were served on their day: fewer in snow, and where a lorry breaks down."""
    who = _numbers(len(_rounds()))
    snow = np.minimum(weather.soaked(world.seed, at, hours=36, snow=True), 15.0) / 15.0
    usual = 0.004 + 0.014 * uniform("place", "round", who)
    broken = 0.22 * (uniform(world.seed, "lorry", who, at // DAY) < 0.02)
    missed = usual * np.exp(0.6 * normal(world.seed, "missed", who, at // DAY)) + 0.06 * snow
    whole = planned(world, at)
    return np.asarray(np.round(whole * np.clip(1.0 - missed - broken, 0.0, 1.0)))


def beds(world: World, at: Ints) -> Floats:
    """Return the beds of each shelter."""
    del world
    return np.repeat(np.array([[one.properties["beds"]] for one in shelters()]), at.size, axis=1)


def taken(world: World, at: Ints) -> Floats:
    """Return the beds taken at each instant: more on cold nights and late in the month."""
    who, night = _numbers(len(shelters())), at // DAY
    cold = np.clip(4.0 - weather.temperature(world.seed, at), 0.0, 24.0) / 24.0
    slow = 0.025 * fractal(world.seed, "shelter", who, at=at / (20.0 * DAY))
    own = 0.035 * normal(world.seed, "shelter night", who, night)
    share = 0.80 + 0.06 * uniform("place", "shelter", who) + 0.09 * cold + slow + own
    whole = beds(world, at)
    return np.asarray(np.clip(np.round(whole * share), 0.0, whole))


def staffed(world: World, at: Ints) -> Floats:
    """Return the staffed beds of each hospital: fewer in the summer holidays."""
    whole = np.array([[one.properties["beds"]] for one in hospitals()])
    shut = 0.05 * np.clip(summer(city_time(at).season), 0.0, None)
    who = _numbers(len(hospitals()))
    return np.asarray(np.round(whole * (1.0 - shut - 0.01 * uniform(world.seed, "ward", who))))


def occupied(world: World, at: Ints) -> Floats:
    """Return the beds taken: more in winter, fewer at weekends."""
    who, when = _numbers(len(hospitals())), city_time(at)
    flu = -0.045 * summer(when.season)
    weekend = np.where(when.is_workday, 0.0, -0.035)
    slow = 0.02 * fractal(world.seed, "hospital", who, at=at / (9.0 * DAY))
    own = 0.78 + 0.06 * uniform("place", "hospital", who)
    share = own + flu + weekend + slow + 0.01 * normal(world.seed, "admitted", who, at // DAY)
    whole = staffed(world, at)
    return np.asarray(np.clip(np.round(whole * share), 0.0, whole))


def _numbers(size: int) -> Ints:
    return np.arange(size, dtype=np.int64)[:, None]


_BEDS = ("beds", "1", "1")
_STOPS = ("collections", "1", "1")

ROOTS: tuple[Root, ...] = (
    Root(
        "waste",
        "Collection rounds",
        _rounds,
        (
            Quantity("collections_planned", "Collections planned", *_STOPS, planned),
            Quantity("collections_made", "Collections made on their day", *_STOPS, made),
        ),
        cadence=DAY,
        latency=6 * HOUR,
        times=day_ends,
    ),
    Root(
        "shelters",
        "Shelters, counted at 4 in the morning",
        shelters,
        (
            Quantity("shelter_occupied", "Beds taken", *_BEDS, taken),
            Quantity("shelter_beds", "Beds", *_BEDS, beds),
        ),
        cadence=DAY,
        latency=HOUR,
        times=at_hour(4),
    ),
    Root(
        "hospitals",
        "Hospitals, counted at 7 in the morning",
        hospitals,
        (
            Quantity("hospital_beds", "Staffed beds", *_BEDS, staffed),
            Quantity("hospital_occupied", "Beds taken", *_BEDS, occupied),
        ),
        cadence=DAY,
        latency=2 * HOUR,
        times=at_hour(7),
    ),
)
"""Roots of daily care."""
