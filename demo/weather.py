"""The weather that moves the rest of the city: temperature, rain or snow, wind.

Levels follow the climate normals of Montréal (−10 °C in January, 22 °C in July, about 1000 mm of
precipitation a year); the course is noise with the periods of passing lows.
"""

import numpy as np

from demo.almanac import HOUR, city_time, summer
from demo.noise import Floats, Ints, fractal


def temperature(seed: int, at: Ints) -> Floats:
    """Return the air temperature, °C."""
    when = city_time(at)
    season = 6.0 + 15.7 * summer(when.season)
    daily = 3.6 * np.cos(2.0 * np.pi * (when.hour - 15.5) / 24.0)
    low = 4.2 * fractal(seed, "warm", at=at / (84.0 * HOUR))
    return np.asarray(season + daily + low)


def precipitation(seed: int, at: Ints) -> Floats:
    """Return rain or melted snow, mm per hour; 0 most of the time."""
    wet = fractal(seed, "wet", at=at / (20.0 * HOUR))
    return np.asarray(np.clip((wet - 1.1) * 1.6, 0.0, None))


def is_snow(seed: int, at: Ints) -> Floats:
    """Return the share (0–1) of the precipitation that falls as snow."""
    return np.asarray(np.clip((1.5 - temperature(seed, at)) / 2.0, 0.0, 1.0))


def wind(seed: int, at: Ints) -> Floats:
    """Return the mean wind, km/h, stronger under rain."""
    gusty = fractal(seed, "wind", at=at / (9.0 * HOUR))
    return np.asarray(np.clip(14.0 + 7.5 * gusty + 2.0 * precipitation(seed, at), 0.0, None))


def soaked(seed: int, at: Ints, *, hours: int, snow: bool = False) -> Floats:
    """Return the rain (or snow water) of the last ``hours``, mm, older hours counting less."""
    if at.size == 0:
        return np.zeros(at.shape)
    first = int(at.min()) // HOUR - hours - 1
    grid = np.arange(first, int(at.max()) // HOUR + 2, dtype=np.int64) * HOUR
    fallen = precipitation(seed, grid)
    frozen = is_snow(seed, grid)
    fallen = fallen * (frozen if snow else 1.0 - frozen)
    kernel = np.exp(-2.0 * np.arange(hours) / hours)
    total = np.convolve(fallen, kernel)[: grid.size]
    return np.asarray(np.interp(at, grid, total))


def slippery(seed: int, at: Ints) -> Floats:
    """Return how much longer a trip takes on wet or snowy roads: 0 dry, 0.1 rain, 0.3 snow."""
    fall = np.minimum(precipitation(seed, at), 3.0) / 3.0
    frozen = is_snow(seed, at)
    lying = np.minimum(soaked(seed, at, hours=18, snow=True), 15.0) / 15.0
    return np.asarray(fall * (0.12 + 0.18 * frozen) + 0.12 * lying)
