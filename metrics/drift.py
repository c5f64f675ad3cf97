"""Small shifts that last: EWMA and CUSUM of a robust z.

A single value must be three sd away to be told; a shift of one sd is never told that way. These
two remember. Both expect z that are independent from one to the next: where they are not
(:func:`memory` above 0.3), :func:`whitened` takes the memory out first.

Sources: Lucas & Saccucci (1990), Technometrics 32, 1-12 (EWMA); Page (1954), Biometrika 41,
100-115 (CUSUM); Montgomery, Introduction to Statistical Quality Control, 9.
"""

import math
from dataclasses import dataclass

import numpy as np

from metrics.columns import Floats

WEIGHT = 0.2
LIMITS = {0.1: 2.81, 0.2: 2.96, 0.25: 3.00, 0.4: 3.05}  # L for one false alarm in 500 steps
SLACK, DECISION = 0.5, 5.0  # CUSUM: k and h, one false alarm in 465 steps
_NEWEST = 8  # values that an EWMA of weight 0.2 still feels
REMEMBERS = 0.3  # lag-1 correlation from which z are whitened


def ewma(z: Floats, weight: float = WEIGHT) -> Floats:
    """Return the exponentially weighted mean after each step; a gap (NaN) leaves it as it was.

    Args:
        z: shape (n,), robust z, oldest first.
        weight: of the newest value, 0–1.

    """
    found, mean = np.empty(len(z)), 0.0
    for step, value in enumerate(z.tolist()):
        if not math.isnan(value):
            mean += weight * (value - mean)
        found[step] = mean
    return found


def ewma_limit(weight: float = WEIGHT) -> float:
    """Return how far from 0 the EWMA may lie: L √(λ ÷ (2 − λ)), in sd.

    >>> [round(ewma_limit(w), 2) for w in (0.1, 0.2, 0.25, 0.4)]
    [0.64, 0.99, 1.13, 1.52]

    """
    reach = float(np.interp(weight, list(LIMITS), list(LIMITS.values())))
    return reach * math.sqrt(weight / (2 - weight))


@dataclass(frozen=True, slots=True)
class Cusum:
    """What has piled up above and below, shape (n,) each; both 0 or more."""

    high: Floats
    low: Floats

    def alarms(self, decision: float = DECISION) -> np.ndarray:
        """Return where either side is over the decision limit."""
        return (self.high > decision) | (self.low > decision)


def cusum(z: Floats, slack: float = SLACK) -> Cusum:
    """Return the sums on both sides after each step; a gap (NaN) leaves them as they were."""
    high, low = np.empty(len(z)), np.empty(len(z))
    up = down = 0.0
    for step, value in enumerate(z.tolist()):
        if not math.isnan(value):
            up, down = max(0.0, up + value - slack), max(0.0, down - value - slack)
        high[step], low[step] = up, down
    return Cusum(high, low)


def memory(z: Floats) -> float:
    """Return the lag-1 correlation, around 0, over neighbours that are both known.

    0 where chance explains it: under 1.96 ÷ √n.
    """
    before, after = z[:-1], z[1:]
    both = np.isfinite(before) & np.isfinite(after)
    energy = float((before[both] ** 2).sum())
    if both.sum() < 3 or energy == 0:  # noqa: PLR2004 - two pairs say nothing
        return 0.0
    rho = max(-0.99, min(0.99, float((before[both] * after[both]).sum()) / energy))
    return rho if abs(rho) > 1.96 / math.sqrt(both.sum()) else 0.0


def whitened(z: Floats, rho: float | None = None) -> Floats:
    """Return what is new in each z, on the same scale, where they remember; else the z themselves.

    What follows a gap cannot be told from it and stays as it is. ``rho`` is the memory of calm
    times; without it that of the z themselves, in which a shift looks like memory.
    """
    rho = memory(z) if rho is None else rho
    if abs(rho) <= REMEMBERS:
        return z
    before = np.concatenate([[np.nan], z[:-1]])
    fresh = (z - rho * before) / math.sqrt(1 - rho * rho)
    found: Floats = np.where(np.isfinite(before), fresh, z)
    return found


def has_drifted(z: Floats, weight: float = WEIGHT) -> str | None:
    """Return ``better``, ``worse`` or ``None`` by where the EWMA of the newest z stands.

    ``z`` is positive when better, as in ``metrics.baseline.robust_z``. Their memory is taken from
    those before the newest, which may be the shift itself.
    """
    if not len(z) or np.isnan(z).all():
        return None
    newest = float(ewma(whitened(z, memory(z[:-_NEWEST])), weight)[-1])
    if abs(newest) <= ewma_limit(weight):
        return None
    return "better" if newest > 0 else "worse"
