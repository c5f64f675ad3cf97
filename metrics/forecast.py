"""What the next hours should bring, with a band as wide as the forecast has been wrong.

The centre is the same model as the baseline: the median of the same hour of the week over eight
weeks. Onto it goes the level of the last week, and what is left of the last hour's surprise, which
decays as such surprises have decayed before (an autoregression of order one). The band holds what
nine of ten errors of the same reach were over the last weeks, made and measured as if each hour
had been now; it promises no more than that.

Sources: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.10 (rolling
origin); Hyndman & Koehler (2006), International Journal of Forecasting 22, 679-688 (MASE).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.columns import Floats

WEEKS = 8
HORIZON = 24
APART = -1  # the slot of a step that is no example of its hour (an event)
LEAST_WEEKS = 3
LOW, HIGH = 5.0, 95.0
ORIGINS = 90  # forecasts of the past that the error is measured by
_EVERY = 7  # steps between them: every hour of the day has its turn
_MOST_MEMORY = 0.98
_STALE = 6  # steps after which the last surprise says nothing any more

Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next steps, shape (horizon,) each, in the unit of the values."""

    centre: Floats
    low: Floats
    high: Floats
    error: "Errors"


@dataclass(frozen=True, slots=True)
class Errors:
    """How wrong forecasts of the past were.

    ``gaps`` has shape (origins, horizon): truth − forecast, NaN where unknown. ``mase`` is the mean
    absolute error ÷ that of the value a season before over the record until then; under 1 the
    model is better than that. ``relative`` is the same over the very hours forecast. ``coverage``
    is the share (0–1) of the newest third that fell into bands made from the two before it.
    """

    gaps: Floats
    mase: float | None
    relative: float | None
    coverage: float | None


def forecast(values: Floats, slots: Slots, ahead: Slots, season: int) -> Ahead | None:
    """Return the next steps; ``None`` from a record under three seasons, or of gaps only.

    Args:
        values: shape (n,), one per step, oldest first, the last one newest; NaN is a gap.
        slots: shape (n,), place of each step in the season, 0 to season − 1; ``APART`` leaves the
            step out.
        ahead: shape (horizon,), slots of the next steps.
        season: steps of one season, 168 for the hours of a week.

    """
    if np.isfinite(values[slots != APART]).sum() < LEAST_WEEKS * season // 2:
        return None
    if len(values) < LEAST_WEEKS * season:
        return None
    centre = _centre(values, slots, ahead, season)
    error = measured(values, slots, season, len(ahead))
    low, high = _stretched(error.gaps)
    least = 0.0 if np.nanmin(values) >= 0 else -np.inf
    return Ahead(centre, np.maximum(centre + low, least), centre + high, error)


def measured(
    values: Floats, slots: Slots, season: int, horizon: int = HORIZON, origins: int = ORIGINS
) -> Errors:
    """Return the errors of forecasts made at past steps, each knowing only what came before."""
    first = max(LEAST_WEEKS * season, len(values) - horizon - _EVERY * (origins - 1))
    starts = range(first, len(values) - horizon + 1, _EVERY)
    gaps = np.full((len(starts), horizon), np.nan)
    naive = np.full((len(starts), horizon), np.nan)
    for row, start in enumerate(starts):
        truth = values[start : start + horizon]
        then = slots[start : start + horizon]
        gaps[row] = truth - _centre(values[:start], slots[:start], then, season)
        naive[row] = truth - values[start - season : start - season + horizon]
        gaps[row][then == APART] = naive[row][then == APART] = np.nan
    before = np.abs(values[season:first] - values[: first - season])
    return Errors(gaps, _ratio(gaps, before), _ratio(gaps, naive, both=True), _coverage(gaps))


def profile(values: Floats, slots: Slots, season: int) -> Floats:
    """Return the median of each slot over the last eight seasons, shape (season,).

    A slot without a value takes the median of the same step of the day (a 7th of the season),
    then of all.
    """
    values, slots = values[-WEEKS * season :], slots[-WEEKS * season :]
    use = np.isfinite(values) & (slots != APART)
    found = medians(values[use], slots[use], season)
    day = season // 7
    if np.isnan(found).any() and day:
        by_day = medians(values[use], slots[use] % day, day)
        found = np.where(np.isnan(found), np.tile(by_day, 7)[:season], found)
    rest = float(np.median(values[use])) if use.any() else np.nan
    return np.where(np.isnan(found), rest, found)


def medians(values: Floats, groups: Slots, size: int) -> Floats:
    """Return the median by group, NaN where it is empty."""
    found = np.full(size, np.nan)
    order = np.lexsort((values, groups))
    values, counts = values[order], np.bincount(groups, minlength=size)
    first = np.cumsum(counts) - counts
    some = counts > 0
    low, high = first + (counts - 1) // 2, first + counts // 2
    found[some] = (values[low[some]] + values[high[some]]) / 2
    return found


def _centre(values: Floats, slots: Slots, ahead: Slots, season: int) -> Floats:
    usual = profile(values, slots, season)
    recent, places = values[-WEEKS * season :], slots[-WEEKS * season :]
    rest = np.where(places == APART, np.nan, recent - usual[places])
    level = _level(rest[-season:])
    rest = rest - level
    rho = _memory(rest)
    known = np.flatnonzero(np.isfinite(rest[-_STALE:]))
    surprise, age = 0.0, 0
    if len(known):
        age = min(_STALE, len(rest)) - 1 - int(known[-1])
        surprise = float(rest[-1 - age])
    steps = np.arange(1, len(ahead) + 1) + age
    middle = np.where(ahead == APART, np.nanmedian(usual), usual[ahead])
    return np.asarray(middle + level + surprise * rho**steps, np.float64)


def _level(rest: Floats) -> float:
    """Return how far the last season lies from the usual one, as far as it is known."""
    known = rest[np.isfinite(rest)]
    if not len(known):
        return 0.0
    return float(np.median(known)) * len(known) / len(rest)


def _memory(rest: Floats) -> float:
    """Return the lag-1 correlation, 0 to 0.98."""
    before, after = rest[:-1], rest[1:]
    both = np.isfinite(before) & np.isfinite(after)
    energy = float((before[both] ** 2).sum())
    if energy == 0:
        return 0.0
    return min(_MOST_MEMORY, max(0.0, float((before[both] * after[both]).sum()) / energy))


def _band(gaps: Floats) -> tuple[Floats, Floats]:
    """Return the 5th and 95th percentile of the errors by reach, neighbours lent."""
    low, high = np.empty(gaps.shape[1]), np.empty(gaps.shape[1])
    for step in range(gaps.shape[1]):
        near = gaps[:, max(0, step - 1) : step + 2]
        some = near[np.isfinite(near)]
        if not len(some):
            low[step], high[step] = -np.inf, np.inf
            continue
        low[step], high[step] = np.percentile(some, [LOW, HIGH])
    return np.minimum(low, 0.0), np.maximum(high, 0.0)


def _stretched(gaps: Floats) -> tuple[Floats, Floats]:
    """Return the band of all errors, stretched by what older ones fell short of newer ones.

    Cities change: a band from last month's errors is too narrow for this month's. By how much is
    measured on the record's second half, and never taken for less than nothing.
    """
    low, high = _band(gaps)
    half = len(gaps) // 2
    if half < 2:  # noqa: PLR2004 - one forecast is no band
        return low, high
    older = _band(gaps[:half])
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(gaps[half:] < 0, gaps[half:] / older[0], gaps[half:] / older[1])
    reach = reach[np.isfinite(reach)]
    factor = max(1.0, float(np.percentile(reach, HIGH - LOW))) if len(reach) else 1.0
    return low * factor, high * factor


def _coverage(gaps: Floats) -> float | None:
    """Return how often the newest third fell into the band of the older two."""
    cut = 2 * len(gaps) // 3
    low, high = _stretched(gaps[:cut])
    rest = gaps[cut:]
    known = np.isfinite(rest)
    if cut < 2 or not known.any():  # noqa: PLR2004 - one forecast is no band
        return None
    return float(((rest >= low) & (rest <= high))[known].mean())


def _ratio(gaps: Floats, others: Floats, *, both: bool = False) -> float | None:
    if both:
        use = np.isfinite(gaps) & np.isfinite(others)
        gaps, others = gaps[use], others[use]
    top, bottom = np.abs(gaps[np.isfinite(gaps)]), np.abs(others[np.isfinite(others)])
    if not len(top) or not len(bottom) or bottom.mean() == 0:
        return None
    return float(top.mean() / bottom.mean())
