"""What the sites measure: one pure function per quantity, many sites and instants at once.

Every function takes the world and a column of instants and returns shape (sites, instants) in the
unit of its quantity; NaN where nothing was measured.
"""

import numpy as np
from numpy.typing import NDArray

from demo import sites, weather
from demo.almanac import HOUR, CityTime, bump, city_time, summer
from demo.incidents import World, course
from demo.noise import Floats, Ints, fractal, normal, smooth, uniform
from demo.sites import Site

_FLOOD_REACH = {
    "river-sainte-genevieve": 1.0,
    "river-ile-bizard": 0.85,
    "river-cartierville": 0.45,
    "river-rdp": 0.15,
}
_FLOOD_CREST = 108.0  # % of flood stage at full strength


def speed(world: World, at: Ints) -> Floats:
    """Return mean speeds, km/h: two rush hours, weather, days that differ, incidents."""
    places, when = sites.traffic(), city_time(at)
    who = _numbers(places)
    free = _property(places, "free_flow_kmh")
    busy = 0.19 + 0.33 * uniform(world.seed, "busy", who)
    city_day = normal(world.seed, "traffic day", when.day)
    own_day = normal(world.seed, "traffic own day", who, when.day)
    load = _traffic_load(world.seed, who, when) * np.exp(0.07 * city_day + 0.12 * own_day)
    wander = fractal(world.seed, "speed", who, at=at / (45.0 * 60.0))
    delay = busy * load * (1.0 + 0.15 * wander) + weather.slippery(world.seed, at) * (0.4 + load)
    jitter = normal(world.seed, "jitter", who, at)  # few cars in five minutes: no flat line
    pace = (1.0 + 0.018 * wander + 0.011 * jitter) / (1.0 + np.clip(delay, 0.0, None))
    return np.asarray(np.round(np.clip(free * pace * slowed(world, places, at), 3.0, None), 1))


def slowed(world: World, places: tuple[Site, ...], at: Ints) -> Floats:
    """Return the factor (0–1) by which incidents slow the traffic at places."""
    factor = np.ones((len(places), at.size))
    for kind, depth in (("flood", 0.5), ("powercut", 0.45), ("crash", 0.5)):
        for incident in world.incidents(kind, *_span(at)):
            reach = sites.RIVERSIDE if kind == "flood" else {incident.place: 1.0}
            near = np.array([[reach.get(place.district, 0.0)] for place in places])
            acting = np.minimum(1.0, course(incident, at) * (3.0 if kind == "powercut" else 1.0))
            factor = factor * (1.0 - depth * near * acting)
    return factor


def river_level(world: World, at: Ints) -> Floats:
    """Return river levels, m: seasons, rain of the last days, a flood when there is one."""
    places = sites.river()
    who = _numbers(places)
    stage = _property(places, "flood_stage_m")
    season = city_time(at).season
    freshet = 7.0 * np.exp(-0.5 * ((season - 0.315) / 0.045) ** 2)
    slow = 2.6 * fractal(world.seed, "river", who, at=at / (9.0 * 24.0 * HOUR))
    rain = 7.0 * np.tanh(weather.soaked(world.seed, at, hours=72) / 40.0)
    ripple = 0.08 * smooth(world.seed, "ripple", who, at=at / 240.0)
    share = 50.0 + 5.0 * uniform("place", "river base", who) + freshet + slow + rain + ripple
    for incident in world.incidents("flood", *_span(at)):
        reach = np.array([[_FLOOD_REACH.get(place.id, 0.0)] for place in places])
        share = share + (_FLOOD_CREST - share) * reach * course(incident, at)
    return np.asarray(np.round(np.clip(share, 5.0, None) * stage / 100.0, 2))


def customers_out(world: World, at: Ints) -> Floats:
    """Return customers without power: few by night and day, more in a gale or a power cut."""
    places = sites.power()
    who = _numbers(places)
    served = _property(places, "customers_served")
    trouble = smooth(world.seed, "fault", who, at=at / (2.5 * HOUR))
    gale = np.clip(weather.wind(world.seed, at) - 32.0, 0.0, None) / 20.0
    share = 0.002 * np.clip(trouble - 1.35 + gale, 0.0, None)
    for incident in world.incidents("powercut", *_span(at)):
        here = np.array([[float(place.district == incident.place)] for place in places])
        peak = 0.035 + 0.045 * uniform(world.seed, "peak", incident.started)
        share = share + here * peak * course(incident, at)
    return np.asarray(np.round(served * share))


def customers_served(world: World, at: Ints) -> Floats:
    """Return the customers of each feeder."""
    del world
    return np.repeat(_property(sites.power(), "customers_served"), at.size, axis=1)


def footfall(world: World, at: Ints) -> Floats:
    """Return passers-by in the hour that ends at each instant."""
    places = sites.footfall()
    middle = at - HOUR // 2
    who, when = _numbers(places), city_time(middle)
    busiest = _property(places, "busiest_per_hour")
    lunch = bump(when.hour, 12.5, 1.6) * np.where(when.is_workday, 0.75, 0.5)
    evening = bump(when.hour, 17.3, 2.2) * np.where(when.weekday == 6, 0.55, 0.9)
    late = bump(when.hour, 22.0, 2.0) * np.where(
        (when.weekday == 4) | (when.weekday == 5), 0.4, 0.12
    )
    shopping = bump(when.hour, 14.5, 2.6) * np.where(when.weekday == 5, 0.75, 0.2)
    shape = 0.015 + lunch + evening + late + shopping
    rain = 1.0 - 0.22 * np.minimum(weather.precipitation(world.seed, middle), 3.0) / 3.0
    warm = 0.95 + 0.15 * np.tanh((weather.temperature(world.seed, middle) - 4.0) / 14.0)
    days = 0.05 * normal(world.seed, "street day", when.day)
    own = 0.07 * fractal(world.seed, "street", who, at=middle / (5.0 * HOUR))
    expected = busiest * 0.62 * shape * rain * warm * np.exp(days + own)
    people = expected + np.sqrt(expected) * normal(world.seed, "people", who, at)
    return np.asarray(np.round(np.clip(people, 0.0, None)))


def bikes(world: World, at: Ints) -> Floats:
    """Return bikes at the stations: homes empty by day, offices fill; the weather damps it."""
    places = sites.bikes()
    who, when = _numbers(places), city_time(at)
    capacity = _property(places, "capacity")
    central = np.array([[float(place.district in {"181", "182", "183", "91"})] for place in places])
    day = bump(when.hour, 12.8, 3.4) * np.where(when.is_workday, 1.0, 0.45)
    warm = np.clip(0.35 + weather.temperature(world.seed, at) / 30.0, 0.15, 1.0)
    swing = (0.5 * central - 0.22 * (1.0 - central)) * day * warm
    base = 0.34 + 0.2 * uniform(world.seed, "bike base", who) - 0.08 * central
    slow = 0.10 * fractal(world.seed, "bike slow", who, at=at / (7.0 * HOUR))
    city = 0.035 * fractal(world.seed, "bike city", at=at / (30.0 * HOUR))
    quick = 0.05 * warm * smooth(world.seed, "bike quick", who, at=at / 420.0)
    return np.asarray(np.round(np.clip(base + swing + slow + quick + city, 0.0, 1.0) * capacity))


def parked(world: World, at: Ints) -> Floats:
    """Return occupied spaces of the car parks: full by day, emptier on Sundays."""
    places = sites.parking()
    who, when = _numbers(places), city_time(at)
    spaces = _property(places, "spaces")
    work = bump(when.hour, 12.5, 3.3) * np.where(when.is_workday, 0.66, 0.3)
    shops = bump(when.hour, 15.0, 2.5) * np.where(when.weekday == 5, 0.45, 0.1)
    late = bump(when.hour, 20.5, 2.0) * np.where(when.weekday >= 4, 0.25, 0.1)
    base = 0.12 + 0.12 * uniform("place", "parking base", who)
    wander = 0.05 * fractal(world.seed, "parking", who, at=at / (2.0 * HOUR))
    share = np.clip(base + work + shops + late + wander, 0.0, 1.0)
    return np.asarray(np.round(share * spaces))


def boardings(world: World, at: Ints) -> Floats:
    """Return the boardings in the hour that ends at each instant."""
    places = sites.stations()
    middle = at - HOUR // 2
    who, when = _numbers(places), city_time(middle)
    total = _property(places, "boardings_per_day")
    rush = 0.145 * bump(when.hour, 8.0, 1.1) + 0.135 * bump(when.hour, 17.1, 1.5)
    day = 0.035 * bump(when.hour, 13.0, 4.5) + 0.01 * bump(when.hour, 21.5, 2.0)
    free = 0.055 * bump(when.hour, 14.5, 4.2) + 0.012 * bump(when.hour, 22.5, 1.8)
    shape = 0.0006 + np.where(when.is_workday, rush + day, free)
    closed = np.where((when.hour > 1.5) & (when.hour < 5.0), 0.02, 1.0)
    mood = 0.04 * normal(world.seed, "riders day", when.day)
    own = 0.05 * fractal(world.seed, "riders", who, at=middle / (6.0 * HOUR))
    expected = total * shape * closed * np.exp(mood + own)
    people = expected + np.sqrt(expected) * normal(world.seed, "boardings", who, at)
    return np.asarray(np.round(np.clip(people, 0.0, None)))


def _traffic_load(seed: int, who: Ints, when: CityTime) -> Floats:
    morning = bump(when.hour, 7.9, 0.95) * (0.6 + 0.6 * uniform(seed, "morning", who))
    evening = bump(when.hour, 17.0, 1.35) * (0.7 + 0.6 * uniform(seed, "evening", who))
    midday = 0.34 * bump(when.hour, 13.0, 3.2)
    free = 0.5 * bump(when.hour, 14.5, 3.4) + 0.12 * bump(when.hour, 20.5, 2.0)
    holidays = 1.0 - 0.15 * np.clip(summer(when.season), 0.0, None)
    return np.asarray(np.where(when.is_workday, morning + evening + midday, free) * holidays)


def _span(at: Ints) -> tuple[int, int]:
    return (int(at.min()), int(at.max())) if at.size else (0, 0)


def _numbers(places: tuple[Site, ...]) -> Ints:
    return np.arange(len(places), dtype=np.int64)[:, None]


def _property(places: tuple[Site, ...], name: str) -> NDArray[np.float64]:
    return np.array([[place.properties[name]] for place in places])
