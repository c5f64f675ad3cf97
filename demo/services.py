"""The kinds of request that residents file, how often, when in the year and how fast they close.

``days`` is the promised time. Times to close are log-normal with 7 % past the promise, so that
about 93 % of the due requests are in time and about a tenth of the open ones is overdue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from demo import weather
from demo.almanac import bump, city_time, summer
from demo.noise import Floats, Ints

SPREAD = 0.85  # of the logarithm of the time to close
LATE = 1.476  # normal quantile of the 93 % that close within the promise

Season = Callable[[int, Ints], Floats]


@dataclass(frozen=True)
class Service:
    """One kind of request. ``per_day`` is the yearly mean for the whole city."""

    code: str
    name: str
    name_fr: str
    group: str
    agency: str
    per_day: float
    days: float
    season: Season
    is_central: bool = False


def _even(seed: int, at: Ints) -> Floats:
    del seed
    return np.ones(at.shape)


def _warm(seed: int, at: Ints) -> Floats:
    del seed
    return np.asarray(1.0 + 0.45 * summer(city_time(at).season))


def _thaw(seed: int, at: Ints) -> Floats:
    season = city_time(at).season
    fresh = 0.15 * np.minimum(weather.soaked(seed, at, hours=72), 20.0) / 20.0
    return np.asarray(0.55 + 2.2 * np.exp(-0.5 * ((season - 0.25) / 0.07) ** 2) + fresh)


def _snowy(seed: int, at: Ints) -> Floats:
    fallen = weather.soaked(seed, at, hours=60, snow=True)
    return np.asarray(0.02 + 3.2 * np.tanh(fallen / 12.0))


def _rainy(seed: int, at: Ints) -> Floats:
    return np.asarray(0.7 + 1.3 * np.tanh(weather.soaked(seed, at, hours=18) / 12.0))


def _dark(seed: int, at: Ints) -> Floats:
    del seed
    return np.asarray(1.0 - 0.35 * summer(city_time(at).season))


def _leafy(seed: int, at: Ints) -> Floats:
    gale = np.clip(weather.wind(seed, at) - 26.0, 0.0, None) / 12.0
    return np.asarray(0.15 + 1.0 * np.clip(0.5 + summer(city_time(at).season), 0.0, None) + gale)


def _frosty(seed: int, at: Ints) -> Floats:
    return np.asarray(0.8 + 0.7 / (1.0 + np.exp((weather.temperature(seed, at) + 8.0) / 3.0)))


SERVICES: tuple[Service, ...] = (
    Service(
        "101",
        "Missed garbage collection",
        "Collecte oubliée",
        "waste",
        "Environment",
        540,
        7,
        _even,
    ),
    Service(
        "102",
        "Bulky items and recycling",
        "Encombrants et recyclage",
        "waste",
        "Environment",
        420,
        18,
        _warm,
    ),
    Service("201", "Pothole", "Nid-de-poule", "roads", "Roads", 330, 28, _thaw),
    Service("202", "Snow and ice removal", "Déneigement", "roads", "Roads", 330, 10, _snowy),
    Service(
        "203", "Sidewalk or street damage", "Trottoir ou chaussée", "roads", "Roads", 170, 60, _warm
    ),
    Service("301", "Street light out", "Lampadaire éteint", "lighting", "Roads", 190, 30, _dark),
    Service("302", "Traffic signal fault", "Feu de circulation", "lighting", "Roads", 90, 4, _even),
    Service(
        "401", "Graffiti", "Graffiti", "cleanliness", "Environment", 230, 40, _warm, is_central=True
    ),
    Service("402", "Noise", "Bruit", "nuisance", "Public safety", 290, 14, _warm, is_central=True),
    Service("501", "Water leak or main break", "Fuite d'eau", "water", "Water", 170, 10, _frosty),
    Service(
        "502",
        "Flooded basement or sewer backup",
        "Sous-sol inondé",
        "water",
        "Water",
        60,
        6,
        _rainy,
    ),
    Service("601", "Tree care", "Arbre", "parks", "Parks", 130, 75, _leafy),
    Service(
        "701",
        "Parking or sign problem",
        "Stationnement",
        "mobility",
        "Public safety",
        250,
        26,
        _even,
        is_central=True,
    ),
)
"""All services, in the order of their codes."""

BY_CODE: Mapping[str, Service] = {service.code: service for service in SERVICES}
NUMBER: Mapping[str, int] = {service.code: n for n, service in enumerate(SERVICES)}


def arrivals(service: Service, hour: Floats, *, is_workday: bool) -> Floats:
    """Return how requests of a service spread over the hours of a day (not normalised)."""
    if service.code == "402":  # noise is heard at night
        return np.asarray(0.25 + bump(hour, 23.0, 2.4) + 0.2 * bump(hour, 16.0, 4.0))
    day = bump(hour, 10.0, 2.2) + 0.8 * bump(hour, 15.5, 2.8) + 0.35 * bump(hour, 19.5, 2.0)
    return np.asarray(0.03 + day * (1.0 if is_workday else 0.6))
