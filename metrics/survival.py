"""Durations of which some have not ended yet: Kaplan and Meier's estimate, by group."""

import numpy as np

from metrics.columns import Bools, Floats
from metrics.grouping import Groups

_TOLERANCE = 1e-9  # S(t) ≤ 0.1 must not fail by the last bit of a product


def time_until(
    groups: Groups, size: int, times: Floats, has_ended: Bools, share: float
) -> tuple[Floats, Floats]:
    """Return by group the time by which ``share`` of all cases have ended.

    Cases that still run are not thrown away and not counted as ended: they were at risk until
    their present age. Where cases end and others are cut off at the same time, the ends come
    first.

    Args:
        groups: shape (n,), group of each case; negative is left out.
        size: number of groups.
        times: shape (n,), duration so far, any unit, finite.
        has_ended: shape (n,), whether the duration is complete.
        share: between 0 and 1, for example 0.9 for the 90th percentile.

    Returns:
        Two arrays of shape (size,): the smallest time with S(t) ≤ 1 − share, NaN where the curve
        does not come down that far; and the longest time that was seen, NaN for an empty group.

    Source:
        Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457–481.

    >>> time_until(np.zeros(4, int), 1, np.array([1.0, 2, 3, 4]), np.array([1, 1, 0, 1]) > 0, 0.5)
    (array([2.]), array([4.]))

    """
    placed = groups >= 0
    groups, times, has_ended = groups[placed], times[placed], has_ended[placed]
    order = np.lexsort((~has_ended, times, groups))
    groups, times, has_ended = groups[order], times[order], has_ended[order]
    counts = np.bincount(groups, minlength=size)
    first = np.cumsum(counts) - counts
    at_risk = counts[groups] - (np.arange(len(groups)) - first[groups])
    with np.errstate(divide="ignore"):
        steps = np.where(has_ended, np.log1p(-1 / at_risk), 0.0)
    log_survival = _running_sum(steps, groups, first)
    reached = has_ended & (log_survival <= np.log(1 - share) + _TOLERANCE)
    found = np.full(size, np.nan)
    place = np.flatnonzero(reached)[::-1]
    found[groups[place]] = times[place]  # backwards, so the earliest stays
    longest = np.full(size, np.nan)
    longest[groups] = times  # ascending, so the longest stays
    return found, longest


def _running_sum(steps: Floats, groups: Groups, first: Groups) -> Floats:
    """Return the sum from the start of each group; −∞ (all ended) stays within its group."""
    finite = np.where(np.isfinite(steps), steps, 0.0)
    running = np.cumsum(finite)
    before = np.append(0.0, running)[first][groups]
    is_last = ~np.isfinite(steps)  # the last one at risk has ended: only at a group's end
    return np.where(is_last, -np.inf, running - before)
