"""How old the open requests are, by multiples of the time that each may take."""

from dataclasses import dataclass

import numpy as np

from metrics.casework import allowed, groups_of, load_of
from metrics.columns import DAY, NONE, Bools, Floats
from metrics.grouping import Groups, quantile, total
from metrics.privacy import SMALLEST, covered
from metrics.scope import Question
from model import CITY

EDGES = (0.5, 1.0, 2.0)
"""Upper bounds of the first bands, in times allowed: ≤ 0.5, 0.5–1, 1–2, > 2."""

_P90 = 0.9
_P90_LEAST = 30  # control-room §4.3


@dataclass(frozen=True, slots=True)
class Ages:
    """The open requests of one place.

    ``shares`` (0–1, by the bands of ``EDGES``) are those of the requests that have a due date, and
    ``count`` is how many have one; ``undated`` have none. ``p90`` is the 90th percentile of the
    age, days, of all of them. ``None`` is unknown, or hidden (``is_hidden``): fewer than five, or
    a neighbour that they would betray.
    """

    district: str
    shares: tuple[float, float, float, float] | None
    count: int | None
    undated: int | None
    p90: float | None
    is_hidden: bool = False


def age_shares(question: Question) -> tuple[Ages, ...]:
    """Return the ages of open requests by district of the scope and, last, for the city.

    The question's indicator says which cases count (its ``subject``); any about them will do.
    """
    load, size = load_of(question), question.scope.size
    names = [*(district.id for district in question.scope.districts), CITY]
    if load is None:
        return tuple(Ages(name, None, None, None, None) for name in names)
    waits = load.closed == NONE
    age = (question.now - load.opened[waits]).astype(np.float64)
    limit, groups = allowed(question, load)[waits], groups_of(question, load)[waits]
    with np.errstate(invalid="ignore"):
        dated = limit > 0
    band = np.searchsorted(EDGES, age[dated] / limit[dated], side="left")
    bands = np.array([total(groups[dated], size, band == k) for k in range(len(EDGES) + 1)])
    count, undated = bands.sum(axis=0), total(groups[~dated], size)
    every = count + undated
    hidden = _hidden(count, every)
    p90 = _percentile(groups, size, age / DAY, every)
    return tuple(
        Ages(name, None, None, None, None, is_hidden=True)
        if hidden[i]
        else Ages(name, _shares(bands[:, i]), int(count[i]), int(undated[i]), p90[i])
        for i, name in enumerate(names)
    )


def _hidden(count: Floats, every: Floats) -> Bools:
    """Return which places to hide, the city last: few are open, or few of those have a due date."""
    hidden = np.append(covered(every[:-1].tolist()), every[-1] < SMALLEST)
    dated = np.flatnonzero(count[:-1] > 0)  # where none has one, no share is told
    hidden[dated] |= np.array(covered(count[dated].tolist()), np.bool_)
    hidden[-1] |= 0 < count[-1] < SMALLEST
    return hidden


def _percentile(groups: Groups, size: int, days: Floats, every: Floats) -> list[float | None]:
    whole = np.zeros(len(days), np.intp)
    found = np.append(quantile(groups, size, days, _P90), quantile(whole, 1, days, _P90))
    return [float(x) if n >= _P90_LEAST else None for x, n in zip(found, every, strict=True)]


def _shares(counts: Floats) -> tuple[float, float, float, float] | None:
    whole = counts.sum()
    if whole <= 0:
        return None
    under, near, over, far = (counts / whole).tolist()
    return under, near, over, far
