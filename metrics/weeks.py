"""Counts by ISO week, and the same weeks a year before.

A week's figure is observed at its end: midnight between Sunday and Monday, city time, or any
instant of that Sunday. It is compared with the week of the same ISO number a year before; a week
53, where the year before has none, with the week 52 weeks before it (week 1 of its own year), so
that weeks in a row are compared with weeks in a row.

Source: ISO 8601-1:2019, 4.3.2 (week calendar).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from metrics.columns import DAY, Floats, Ints, milliseconds
from metrics.grouping import Groups
from metrics.scope import Question
from metrics.sites import fit

_JUST_BEFORE = timedelta(milliseconds=1)
_LAST_WEEK = 53
_WHOLE = 0.75  # of the sites that reported in the weeks before: then a week is there
_BEFORE = 4  # weeks
_SLACK = 15 * DAY  # around the weeks asked for


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by site (rows) and week (columns); NaN where a site told nothing.

    ``group`` is the district of each row, ``weeks`` the number of each column (weeks since the
    year 1), ``ends`` the newest instant reported for it, in ms.
    """

    sites: Ints
    group: Groups
    weeks: Ints
    ends: Ints
    values: Floats

    def of(self, wanted: Sequence[int]) -> Floats:
        """Return the figures of some weeks, shape (sites, weeks); NaN where there is none."""
        found = np.full((len(self.sites), len(wanted)), np.nan)
        place, there = np.searchsorted(self.weeks, wanted), np.isin(wanted, self.weeks)
        found[:, there] = self.values[:, place[there]]
        return found

    def newest(self) -> int | None:
        """Return the newest week that three quarters of the usual sites have told of.

        Usual is the most of that week and the four before it: sites that are gone for good are not
        waited for longer than that.
        """
        told = np.isfinite(self.values).sum(axis=0)
        if not len(told):
            return None
        usual = np.array([told[max(0, k - _BEFORE) : k + 1].max() for k in range(len(told))])
        whole = np.flatnonzero((told >= _WHOLE * usual) & (told > 0))
        if not len(whole):
            return None
        return int(self.weeks[whole[-1]])

    def end_of(self, week: int) -> int:
        """Return the instant at which a week of the table was observed."""
        return int(self.ends[np.searchsorted(self.weeks, week)])


def table(question: Question, quantity: str, back: int) -> Table:
    """Return what sites told of the weeks since ``back`` ms before now."""
    rows = question.window.rows(quantity, question.now - back - _SLACK, question.now)
    rows = rows.where(fit(rows, quantity))
    instants, which = np.unique(rows.at, return_inverse=True)
    zone = question.scope.timezone
    number = np.array([week_of(at, zone) for at in instants.tolist()], np.int64)[which]
    sites, row = np.unique(rows.site, return_inverse=True)
    weeks, column = np.unique(number, return_inverse=True)
    values = np.full((len(sites), len(weeks)), np.nan)
    values[row, column] = rows.value  # ascending in time: what was told last of a week stays
    ends = np.zeros(len(weeks), np.int64)
    np.maximum.at(ends, column, rows.at)
    district = np.full(len(sites), -1, rows.district.dtype)
    district[row] = rows.district
    return Table(sites, question.scope.groups(question.window, district), weeks, ends, values)


@lru_cache(maxsize=20_000)
def week_of(at: int, timezone: str) -> int:
    """Return the number of the week that an instant ends or lies in, counted from the year 1.

    >>> monday = milliseconds(datetime(2026, 3, 9, tzinfo=UTC))
    >>> week_of(monday, "UTC") == number_of(2026, 10)
    True

    """
    local = datetime.fromtimestamp(at / 1000, UTC) - _JUST_BEFORE
    return (local.astimezone(ZoneInfo(timezone)).toordinal() - 1) // 7


def number_of(year: int, week: int) -> int:
    """Return the number of an ISO week."""
    return (date.fromisocalendar(year, week, 1).toordinal() - 1) // 7


def year_before(number: int) -> int:
    """Return the week that a week is compared with: a year before it."""
    year, week, _ = date.fromordinal(number * 7 + 1).isocalendar()
    try:
        return number_of(year - 1, week)
    except ValueError:  # the year before has no week 53
        return number - 52


def named(number: int) -> str:
    """Return a week as ``2026-W10``."""
    year, week, _ = date.fromordinal(number * 7 + 1).isocalendar()
    return f"{year}-W{week:02d}"


def instant_of(number: int, timezone: str) -> int:
    """Return the instant (ms) at which a week ends in a zone."""
    monday = date.fromordinal((number + 1) * 7 + 1)
    local = datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(timezone))
    return milliseconds(local)
