"""Sums, maxima and quantiles by district, the city in the last place."""

import numpy as np
from numpy.typing import NDArray

from metrics.columns import NONE, Bools, Floats, Ints

Groups = NDArray[np.intp]


def total(groups: Groups, size: int, weights: Floats | Ints | Bools | None = None) -> Floats:
    """Return sums (or counts) by district, and in the last place that of all rows.

    Rows outside every district count for the city only.
    """
    placed = groups >= 0
    amounts = np.ones(len(groups)) if weights is None else weights.astype(np.float64)
    sums = np.bincount(groups[placed], amounts[placed], minlength=size)
    return np.append(sums, amounts.sum())


def tally(codes: Groups | Ints, size: int, weights: Floats | None = None) -> Floats:
    """Return the sum of the weights (or the number of rows) of each code; none is negative."""
    return np.asarray(np.bincount(codes, weights, minlength=size), np.float64)


def latest(groups: Groups, size: int, at: Ints) -> Ints:
    """Return the newest instant by district and for the city; ``NONE`` where there is no row."""
    newest = np.full(size + 1, NONE, np.int64)
    placed = groups >= 0
    np.maximum.at(newest, groups[placed], at[placed])
    newest[size] = at.max(initial=NONE)
    return newest


def deciding(groups: Groups, size: int, values: Floats) -> Ints:
    """Return by district and for the city the row with the largest value, -1 where none.

    Of equal values the first row decides.
    """
    order = np.lexsort((-np.arange(len(values)), values))
    rows = np.full(size + 1, -1, np.int64)
    placed = groups[order] >= 0
    rows[groups[order][placed]] = order[placed]  # ascending, so the largest stays
    if len(order):
        rows[size] = order[-1]
    return rows


def quantile(groups: Groups | Ints, size: int, values: Floats, share: float) -> Floats:
    """Return the quantile of the values of each group, NaN for an empty group.

    Linear between the two nearest ranks, as ``numpy.quantile`` does it; rows without a group
    (-1) are left out.

    >>> quantile(np.array([0, 0, 1]), 3, np.array([1.0, 3.0, 5.0]), 0.5)
    array([ 2.,  5., nan])

    """
    placed = groups >= 0
    groups, values = groups[placed], values[placed]
    ordered = values[np.lexsort((values, groups))]
    counts = np.bincount(groups, minlength=size)
    rank = share * np.maximum(counts - 1, 0)
    low = np.floor(rank).astype(np.int64)
    first = np.cumsum(counts) - counts
    full = counts > 0
    here, start = rank[full] - low[full], (first + low)[full]
    end = np.minimum(start + 1, (first + counts - 1)[full])
    found = np.full(size, np.nan)
    found[full] = ordered[start] * (1 - here) + ordered[end] * here
    return found


def middle(groups: Groups, size: int, values: Floats) -> Floats:
    """Return the median by district and for the city; NaN where there is no row."""
    every = np.zeros(len(values), np.intp)
    return np.append(quantile(groups, size, values, 0.5), quantile(every, 1, values, 0.5))
