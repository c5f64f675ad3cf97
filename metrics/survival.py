"""Durations of which some have not ended yet: Kaplan and Meier's estimate, by group."""

import numpy as np
from numpy.typing import NDArray

from metrics.columns import Bools, Floats
from metrics.grouping import Groups

_TOLERANCE = 1e-9  # S(t) ≤ 0.1 must not fail by the last bit of a product


def time_until(
    groups: Groups, size: int, times: Floats, has_ended: Bools, share: float
) -> tuple[Floats, Floats]:
    """Return by group, and last for all cases, the time by which ``share`` of them have ended.

    Cases that still run are not thrown away and not counted as ended: they were at risk until
    their present age. Where cases end and others are cut off at the same time, the ends come
    first.

    Args:
        groups: shape (n,), group of each case; negative ones count only among all.
        size: number of groups.
        times: shape (n,), duration so far, any unit, finite.
        has_ended: shape (n,), whether the duration is complete.
        share: between 0 and 1, for example 0.9 for the 90th percentile.

    Returns:
        Two arrays of shape (size + 1,): the smallest time with S(t) ≤ 1 − share, NaN where the
        curve does not come down that far; and the longest time seen, NaN for an empty group.

    Source:
        Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457–481.

    >>> time_until(np.zeros(4, int), 1, np.array([1.0, 2, 3, 4]), np.array([1, 1, 0, 1]) > 0, 0.5)
    (array([2., 2.]), array([4., 4.]))

    """
    order = np.argsort(np.where(has_ended, times, np.nextafter(times, np.inf)))
    groups, times, has_ended = groups[order].astype(np.int16), times[order], has_ended[order]
    by_group = np.argsort(groups, kind="stable")
    by_group = by_group[int((groups < 0).sum()) :]
    mine = _first_below(groups[by_group], size, times[by_group], has_ended[by_group], 1 - share)
    every = _first_below(np.zeros(len(times), np.int16), 1, times, has_ended, 1 - share)
    return np.append(mine[0], every[0]), np.append(mine[1], every[1])


def _first_below(
    groups: NDArray[np.signedinteger], size: int, times: Floats, has_ended: Bools, level: float
) -> tuple[Floats, Floats]:
    """Return when each curve first comes down to ``level``, and its longest time.

    Rows are ordered by group, then time, ends before cuts.
    """
    counts = np.bincount(groups, minlength=size)
    first = np.cumsum(counts) - counts
    at_risk = counts[groups] - (np.arange(len(groups)) - first[groups])
    with np.errstate(divide="ignore"):
        steps = np.where(has_ended, np.log1p(-1 / at_risk), 0.0)
    log_survival = _running_sum(steps, groups, first)
    place = np.flatnonzero(has_ended & (log_survival <= np.log(level) + _TOLERANCE))[::-1]
    found, longest = np.full(size, np.nan), np.full(size, np.nan)
    found[groups[place]] = times[place]  # backwards, so the earliest stays
    longest[groups] = times  # ascending, so the longest stays
    return found, longest


def _running_sum(steps: Floats, groups: NDArray[np.signedinteger], first: Groups) -> Floats:
    """Return the sum from the start of each group; −∞ (all ended) stays within its group."""
    finite = np.where(np.isfinite(steps), steps, 0.0)
    running = np.cumsum(finite)
    before = np.append(0.0, running)[first][groups]
    is_last = ~np.isfinite(steps)  # the last one at risk has ended: only at a group's end
    return np.where(is_last, -np.inf, running - before)
