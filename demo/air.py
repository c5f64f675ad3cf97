"""The air at the 12 stations, µg/m³, hourly means: traffic, wood smoke, wind, rain and sun."""

import numpy as np

from demo import sites, weather
from demo.almanac import HOUR, bump, city_time, summer
from demo.incidents import World
from demo.noise import Floats, Ints, fractal, uniform


def pm25(world: World, at: Ints) -> Floats:
    """Return fine particles; a stuck station repeats the value of the hour it stuck in."""
    values = _pm25(world.seed, at)
    last = (int(at.max()) if at.size else 0, int(at.min()) if at.size else 0)
    for incident in world.incidents("stuck", last[1], last[0]):
        row = sites.AIR_DISTRICTS.index(incident.place)
        held = np.array([incident.started // HOUR * HOUR], dtype=np.int64)
        during = (at > held[0]) & (at < incident.ends)
        values[row, during] = _pm25(world.seed, held)[row, 0]
    return values


def pm10(world: World, at: Ints) -> Floats:
    """Return coarse and fine particles together."""
    dust = fractal(world.seed, "dust", _who(), at=at / (8.0 * HOUR))
    dry = 3.5 * np.exp(-weather.soaked(world.seed, at, hours=12) / 2.0)
    return np.asarray(np.round(1.55 * _pm25(world.seed, at) * np.exp(0.12 * dust) + 1.0 + dry, 1))


def no2(world: World, at: Ints) -> Floats:
    """Return nitrogen dioxide."""
    when = city_time(at)
    near_road = 0.7 + 0.6 * uniform("place", "road", _who())
    wander = np.exp(0.2 * fractal(world.seed, "no2", _who(), at=at / (6.0 * HOUR)))
    heating = 4.0 - 3.0 * summer(when.season)
    traffic = _rush(at) * 13.0 * near_road
    return np.asarray(np.round((4.5 + heating + traffic) * wander * _stillness(world.seed, at), 1))


def o3(world: World, at: Ints) -> Floats:
    """Return ozone: high on sunny afternoons, eaten by fresh exhaust."""
    when = city_time(at)
    warm = summer(when.season)
    sun = bump(when.hour, 15.0, 3.2) * (14.0 + 12.0 * warm)
    wander = 7.0 * fractal(world.seed, "o3", _who(), at=at / (14.0 * HOUR))
    value = 46.0 + 9.0 * warm + sun + wander - 0.7 * no2(world, at)
    return np.asarray(np.round(np.clip(value, 4.0, None), 1))


def _pm25(seed: int, at: Ints) -> Floats:
    when = city_time(at)
    region = 0.26 * fractal(seed, "pm25", at=at / (40.0 * HOUR))
    own = 0.13 * fractal(seed, "pm25 own", _who(), at=at / (5.0 * HOUR))
    winter = np.clip(-summer(when.season), 0.0, None)
    smoke = 2.4 * winter * bump(when.hour, 21.5, 2.6)
    washed = 1.0 - 0.3 * np.tanh(weather.soaked(seed, at, hours=6) / 3.0)
    level = 6.3 * np.exp(region + own) + 1.3 * _rush(at) + smoke
    return np.asarray(np.round(np.clip(level * washed * _stillness(seed, at), 0.8, None), 1))


def _rush(at: Ints) -> Floats:
    when = city_time(at)
    busy = bump(when.hour, 8.2, 1.3) + 0.9 * bump(when.hour, 17.6, 1.9) + 0.3
    return np.asarray(busy * np.where(when.is_workday, 1.0, 0.55))


def _stillness(seed: int, at: Ints) -> Floats:
    return np.asarray(np.clip(np.exp(-0.022 * (weather.wind(seed, at) - 14.0)), 0.55, 1.5))


def _who() -> Ints:
    return np.arange(len(sites.AIR_DISTRICTS), dtype=np.int64)[:, None]
