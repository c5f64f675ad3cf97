"""Sums of weeks against those of a year before, site by site, in percent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metrics.cells import Cells
from metrics.columns import DAY, Bools, Floats
from metrics.grouping import total
from metrics.scope import Question
from metrics.shares import feeds_of
from metrics.sites import share
from metrics.weeks import Table, named, table

_YEAR = 371 * DAY  # a year of 53 weeks
_OLDEST = 8  # weeks: a source that has told nothing for longer says nothing of now


@dataclass(frozen=True, slots=True)
class Change:
    """The newest whole weeks of each site, and those before. Sums have one row per site.

    ``whole`` marks sites that told of every week on both sides; the others count on neither.
    """

    table: Table
    weeks: tuple[int, ...]
    before: tuple[int, ...]
    now: Floats
    then: Floats

    @property
    def whole(self) -> Bools:
        """Which sites can be compared."""
        return np.asarray(np.isfinite(self.now) & np.isfinite(self.then))

    def weighed(self, now: Floats) -> "Change":
        """Return the same with each newer week multiplied, by prices for example."""
        return replace(self, now=(self.table.of(self.weeks) * now).sum(axis=1))


def change(
    question: Question, quantity: str, weeks: int, compared_with: Callable[[int], int]
) -> Change | None:
    """Return the sums of the newest ``weeks`` and of those that each is compared with.

    ``None`` where no week of the last eight was told of.
    """
    back = _YEAR + (weeks + _OLDEST) * 7 * DAY
    found = table(question, quantity, back)
    newest = found.newest()
    if newest is None or found.end_of(newest) < question.now - _OLDEST * 7 * DAY:
        return None
    mine = tuple(range(newest - weeks + 1, newest + 1))
    before = tuple(compared_with(week) for week in mine)
    now, then = found.of(mine).sum(axis=1), found.of(before).sum(axis=1)
    return Change(found, mine, before, now, then)


def cells_of(question: Question, found: Change, *, because: str) -> Cells:
    """Return now ÷ then as a change in percent, by district and for the city."""
    size, group, whole = question.scope.size, found.table.group, found.whole
    told = np.isfinite(found.table.of(found.weeks)).any(axis=1)
    count = total(group[whole], size)
    now = total(group[whole], size, found.now[whole])
    then = total(group[whole], size, found.then[whole])
    end = found.table.end_of(found.weeks[-1])
    cells = Cells(
        num=now,
        den=then,
        n=np.round(now + then).astype(np.int64),
        observed=np.full(size + 1, end, np.int64),
        scale=100.0,
        shift=-100.0,
        coverage=share(count, total(group[told], size)),
        because=because,
        feeds=feeds_of(question, found.table.sites),
    )
    cells.note(np.isfinite(cells.values()), lag(question, found.weeks, end))
    return cells


def lag(question: Question, weeks: Sequence[int], end: int) -> str:
    """Return which weeks a figure rests on and how old they are."""
    days = (question.now - end) // DAY
    return f"weeks {named(weeks[0])} to {named(weeks[-1])}, ended {days} d ago"


def prices(question: Question, quantity: str, ends: Sequence[int]) -> Floats:
    """Return the price index that was newest at each instant (ms); NaN where none was known."""
    first, last = min(ends) - 92 * DAY, question.now
    rows = question.window.rows(quantity, first, last)
    rows = rows.where(np.isfinite(rows.value) & (rows.value > 0))
    place = np.searchsorted(rows.at, np.asarray(ends), side="right") - 1
    found = np.full(len(ends), np.nan)
    there = place >= 0
    found[there] = rows.value[place[there]]
    return found
