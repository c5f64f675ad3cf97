"""Wider windows where too few cases fall into the usual one.

Each place takes the narrowest window that holds enough, and its reading says which. A figure about
people must not come back from the difference between the city and the districts that share its
window: as many districts as that takes are widened with it.
"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from metrics.cells import Cells
from metrics.columns import Floats, Ints
from metrics.privacy import SMALLEST
from metrics.scope import Question
from model import Indicator

_DAY = timedelta(days=1)


def windows(indicator: Indicator) -> list[timedelta]:
    """Return the indicator's window and the wider ones to take in turn."""
    return [indicator.window, *(w for w in indicator.roll_up if w > indicator.window)]


def chosen(indicator: Indicator, counts: Sequence[Floats]) -> Ints:
    """Return for each district and, last, the city which window holds enough cases.

    Args:
        indicator: its ``min_n`` is enough; where it counts people's cases, five at least.
        counts: by window, narrow to wide: cases by district and, last, for the city.

    Returns:
        Places in ``counts``; the widest where none holds enough.

    """
    need = max(indicator.min_n, SMALLEST if indicator.is_counted else 1)
    table = np.array(counts)
    enough = table >= need
    level = np.where(enough.any(axis=0), enough.argmax(axis=0), len(table) - 1)
    if indicator.is_counted:
        _cover(level, table)
    return level


def pick(tables: Sequence[Floats], level: Ints) -> Floats:
    """Return each place's figure from the table of its own window."""
    return np.asarray(np.array(tables)[level, np.arange(len(level))])


def tell(cells: Cells, question: Question, level: Ints) -> None:
    """Say which window was taken, where it is not the usual one."""
    spans = windows(question.indicator)
    for k in np.unique(level[level > 0]).tolist():
        note = f"over {words(spans[k])}: too few within {words(spans[0])}"
        cells.note(level == k, note)


def words(duration: timedelta) -> str:
    """Return a window as a reader says it.

    >>> words(timedelta(days=7)), words(timedelta(hours=24)), words(timedelta(minutes=30))
    ('7 d', '24 h', '30 min')

    """
    minutes = duration // timedelta(minutes=1)
    if duration % _DAY == timedelta(0) and duration > _DAY:
        return f"{duration // _DAY} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _cover(level: Ints, counts: Floats) -> None:
    """Widen districts beside the city's window until those apart from it betray nothing."""
    here = int(level[-1])
    of_city, last = counts[here, :-1], len(counts) - 1
    while here < last:
        apart = level[:-1] != here
        many = int(apart.sum())
        if not many or (many > 1 and of_city[apart].sum() >= SMALLEST):
            return
        beside = np.flatnonzero(~apart)
        if not len(beside):
            return
        level[beside[np.argmin(of_city[beside])]] = here + 1
