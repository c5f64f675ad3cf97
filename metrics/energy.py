"""Electricity against what the weather and the hour of the week lead to expect.

Method. For every metering site, the hourly load of the last 8 weeks (up to the last midnight UTC)
is explained by a level for each hour of a working day, a Saturday and a Sunday (72 classes, city
time) and by two slopes: degree-hours of heating below 18 °C and of cooling above it. Slopes and
levels are fitted together by Huber's M-estimator (k = 1.345, scale from the median absolute
residual), so that holidays and outages bend them little. The expectation of an hour is its level
plus the slopes times its degree-hours. Holidays are not told apart.

Sources: Huber (1964), Annals of Mathematical Statistics 35, 73-101; degree-days to 18 °C:
Environment and Climate Change Canada, glossary of climate normals.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from metrics.columns import DAY, HOUR, Floats, Ints
from metrics.scope import Question
from metrics.sites import fit

BASE = 18.0  # °C
WEEKS = 8
_FEWEST = 4 * 7 * 24  # hours that a fit needs
_CLASSES = 72
_SATURDAY = 5
_HUBER = 1.345
_ROUNDS = 50
_CLOSE = 1e-8
_WHOLE = 0.75  # of the reports of an hour


@dataclass(frozen=True, slots=True)
class Model:
    """Fits of some sites. ``levels`` has shape (sites, 72), NaN for an hour never seen.

    ``heating`` and ``cooling`` are per degree-hour; ``coldest`` and ``warmest`` bound what the
    fits have seen, °C.
    """

    sites: Ints
    levels: Floats
    heating: Floats
    cooling: Floats
    coldest: float
    warmest: float

    def expected(self, sites: Ints, kind: int, degrees: float) -> Floats:
        """Return the load expected in an hour of a class, NaN for sites without a fit."""
        found = np.full(len(sites), np.nan)
        _, mine, yours = np.intersect1d(sites, self.sites, return_indices=True)
        heat, cool = max(0.0, BASE - degrees), max(0.0, degrees - BASE)
        weather = self.heating[yours] * heat + self.cooling[yours] * cool
        found[mine] = self.levels[yours, kind] + weather
        return found


def hourly(question: Question, quantity: str, first: int, last: int) -> tuple[Ints, Ints, Floats]:
    """Return sites, hours (by their end, in hours since 1970) and sums, shape (sites, hours).

    Hours end after ``first`` and not after ``last`` (ms). An hour of which a site sent less than
    three quarters of its usual reports is NaN.
    """
    rows = question.window.rows(quantity, first, last)
    rows = rows.where(fit(rows, quantity))
    hour = -(-rows.at // HOUR)
    sites, row = np.unique(rows.site, return_inverse=True)
    hours, column = np.unique(hour, return_inverse=True)
    cell, shape = row * len(hours) + column, (len(sites), len(hours))
    size = len(sites) * len(hours)
    sums = np.bincount(cell, rows.value, minlength=size).reshape(shape)
    many = np.bincount(cell, minlength=size).reshape(shape)
    usual = many.max(axis=1, initial=1)[:, None]
    return sites, hours, np.where(many >= _WHOLE * usual, sums, np.nan)


def temperatures(question: Question, first: int, last: int) -> dict[int, float]:
    """Return the mean temperature of each hour, by its end in hours since 1970."""
    rows = question.window.rows("load_temperature", first, last)
    rows = rows.where(fit(rows, "load_temperature"))
    hours, column = np.unique(-(-rows.at // HOUR), return_inverse=True)
    means = np.bincount(column, rows.value) / np.maximum(1, np.bincount(column))
    return dict(zip(hours.tolist(), means.tolist(), strict=True))


@lru_cache(maxsize=20_000)
def kind_of(hour: int, timezone: str) -> int:
    """Return the class (0–71) of the hour that ends at ``hour``: kind of day × 24 + hour."""
    middle = datetime.fromtimestamp((hour * HOUR - HOUR // 2) / 1000, UTC)
    local = middle.astimezone(ZoneInfo(timezone))
    return max(0, local.weekday() - _SATURDAY + 1) * 24 + local.hour


def model_of(question: Question) -> Model | None:
    """Return the fits for an instant, from a cache while nothing of their past changes."""
    last = question.now // DAY * DAY
    first = last - WEEKS * 7 * DAY
    tracks = question.window.tracks
    if "electricity" not in tracks or "load_temperature" not in tracks:
        return None
    counts = [tracks[name].count(first, last) for name in ("electricity", "load_temperature")]
    changes = [tracks[name].changes for name in ("electricity", "load_temperature")]
    key = (last, *counts, *changes)
    memo = question.window.memo
    if memo.get("energy", (None,))[0] != key:
        memo["energy"] = (key, _fitted(question, first, last))
    found: Model | None = memo["energy"][1]
    return found


def _fitted(question: Question, first: int, last: int) -> Model | None:
    sites, hours, loads = hourly(question, "electricity", first, last)
    degrees = temperatures(question, first, last)
    warmth = np.array([degrees.get(hour, np.nan) for hour in hours.tolist()])
    kinds = np.array([kind_of(hour, question.scope.timezone) for hour in hours.tolist()], np.intp)
    fits = []
    for place, load in enumerate(loads):
        known = np.isfinite(load) & np.isfinite(warmth)
        if known.sum() >= _FEWEST:
            fits.append((place, *robust(load[known], kinds[known], warmth[known])))
    if not fits:
        return None
    return Model(
        sites=sites[[one[0] for one in fits]],
        levels=np.array([one[1] for one in fits]),
        heating=np.array([one[2] for one in fits]),
        cooling=np.array([one[3] for one in fits]),
        coldest=float(np.nanmin(warmth)),
        warmest=float(np.nanmax(warmth)),
    )


def robust(load: Floats, kinds: Ints, warmth: Floats) -> tuple[Floats, float, float]:
    """Return the 72 levels and the slopes of heating and cooling, by Huber's M-estimator.

    Args:
        load: shape (hours,), finite.
        kinds: shape (hours,), classes 0–71.
        warmth: shape (hours,), °C, finite.

    Returns:
        Levels, NaN for a class without an hour; load per degree-hour of heating; of cooling.

    """
    weather = np.stack([np.maximum(0, BASE - warmth), np.maximum(0, warmth - BASE)], axis=1)
    weights, before = np.ones(len(load)), np.full(2, np.inf)
    for _ in range(_ROUNDS):
        levels, slopes = _weighted(load, kinds, weather, weights)
        rest = np.abs(load - levels[kinds] - weather @ slopes)
        scale = float(np.median(rest)) / 0.6745  # the third quartile of a normal
        if scale <= 0 or np.allclose(slopes, before, rtol=_CLOSE, atol=_CLOSE):
            break
        before = slopes
        weights = np.minimum(1.0, _HUBER * scale / np.maximum(rest, 1e-12))
    return levels, float(slopes[0]), float(slopes[1])


def _weighted(load: Floats, kinds: Ints, weather: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return levels and slopes by weighted least squares: levels first taken out of both sides."""
    total = np.bincount(kinds, weights, minlength=_CLASSES)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(kinds, weights * load, minlength=_CLASSES) / total
        means = np.stack(
            [np.bincount(kinds, weights * x, minlength=_CLASSES) / total for x in weather.T], axis=1
        )
    root = np.sqrt(weights)
    within = (weather - means[kinds]) * root[:, None]
    slopes = np.asarray(np.linalg.lstsq(within, (load - mean[kinds]) * root, rcond=None)[0])
    return mean - means @ slopes, slopes.astype(np.float64)
