"""Whether a course rises or falls, told only where it can be told from chance.

Slope by Theil and Sen (a few wild values move nothing), significance by Mann and Kendall with
ties; where neighbours resemble each other the variance is widened accordingly.

Sources: Sen (1968), JASA 63, 1379-1389; Kendall, Rank Correlation Methods (1975); Yue & Wang
(2004), Water Resources Management 18, 201-218 (serial correlation).
"""

import math
from dataclasses import dataclass

import numpy as np

from metrics.columns import Floats
from metrics.rates import two_sided

LEAST, LEVEL = 10, 0.05
RISES, FALLS, UNCLEAR = "rises", "falls", "no clear change"
ARROWS = {RISES: "↗", FALLS: "↘", UNCLEAR: "→"}


@dataclass(frozen=True, slots=True)
class Slope:
    """The trend of a course: per step of its times, over ``change`` from first to last.

    ``verdict`` is a message id: rises, falls or no clear change.
    """

    slope: float
    change: float
    p: float
    n: int
    verdict: str


def trend(times: Floats, values: Floats, *, deadband: float = 0.0) -> Slope | None:
    """Return the trend; ``None`` under three known points.

    Args:
        times: shape (n,), rising, any unit.
        values: shape (n,), NaN is a gap.
        deadband: a change up to this is none, in the unit of the values.

    """
    known = np.isfinite(values)
    at, value = times[known], values[known]
    n = len(value)
    if n < 3:  # noqa: PLR2004 - docstring
        return None
    slope = theil_sen(at, value)
    change = slope * float(at[-1] - at[0])
    p = mann_kendall(value, memory=_memory(value - slope * at))
    is_clear = n >= LEAST and p < LEVEL and abs(change) > deadband
    verdict = UNCLEAR if not is_clear else RISES if slope > 0 else FALLS
    return Slope(slope, change, p, n, verdict)


def theil_sen(times: Floats, values: Floats) -> float:
    """Return the median of the slopes between all pairs of points."""
    first, second = np.triu_indices(len(values), 1)
    run = times[second] - times[first]
    rise = (values[second] - values[first])[run != 0]
    return float(np.median(rise / run[run != 0])) if len(rise) else 0.0


def mann_kendall(values: Floats, *, memory: float = 0.0) -> float:
    """Return the two-sided p of no trend, with ties and a correction for continuity.

    ``memory`` is the lag-1 correlation of what is left without the trend; at 0 or less the points
    count as independent.
    """
    n = len(values)
    first, second = np.triu_indices(n, 1)
    score = float(np.sign(values[second] - values[first]).sum())
    _, ties = np.unique(values, return_counts=True)
    tied = float((ties * (ties - 1) * (2 * ties + 5)).sum())
    variance = (n * (n - 1) * (2 * n + 5) - tied) / 18 * _inflation(n, memory)
    if variance <= 0 or score == 0:
        return 1.0
    return two_sided((abs(score) - 1) / math.sqrt(variance))


def _inflation(n: int, memory: float) -> float:
    """Return n ÷ effective n: by how much alike neighbours widen the variance."""
    if memory <= 0:
        return 1.0
    lags = np.arange(1, n)
    return 1 + 2 * float(((1 - lags / n) * memory**lags).sum())


def _memory(rest: Floats) -> float:
    """Return the lag-1 correlation of what is left, 0 where chance explains it."""
    centred = rest - rest.mean()
    energy = float((centred**2).sum())
    if energy == 0:
        return 0.0
    rho = float((centred[:-1] * centred[1:]).sum()) / energy
    return rho if rho > 1.96 / math.sqrt(len(rest)) else 0.0
