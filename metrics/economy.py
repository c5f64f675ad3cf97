"""How busy the streets are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import HOUR, NONE, Floats, Ints, milliseconds
from metrics.grouping import latest, middle, tally, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import expectation, feeds_by_cell, fit, share, stuck
from model import Indicator, Reading, Threshold

WEEKS = 8
_WHOLE = 0.75
ENOUGH_WEEKS = 6  # control-room §4.2

FOOTFALL = Indicator(
    id="eco.footfall",
    title="Footfall against the same hour of other weeks",
    short="Footfall index",
    unit="index",
    direction="band",
    domain="economy",
    cadence=timedelta(hours=1),
    window=timedelta(hours=3),
    time_aggregation="sum of the newest complete hour",
    district_aggregation="ratio of sums",
    definition=(
        "People counted in the newest hour, as a share of what is usual for this hour of this "
        "weekday: 100 is usual. Usual is the median of the same hour, by city time, over up to 8 "
        "weeks before, counter by counter; counters without a past are left out."
    ),
    numerator="people counted in the newest hour",
    denominator="people usually counted in this hour, at the same counters",
    source="the city's counters",
    decimals=0,
    threshold=Threshold(kind="band", low=85.0, crit_low=70.0),
    target=100.0,
    normal=(90.0, 110.0),
    quantities=("footfall",),
)


def footfall(question: Question) -> list[Reading]:
    """Return people now ÷ people usually, by district, in percent."""
    size = question.scope.size
    now = _newest_hour(question)
    if not len(now.site):
        return nothing(question, "no counter reported within 3 hours")
    past = _past(question, now)
    weeks = np.isfinite(past).sum(axis=0)
    has_past = weeks > 0
    usual = np.nanmedian(past[:, has_past], axis=0) if has_past.any() else np.zeros(0)
    home, expected = expectation(question, "footfall")
    site, weeks = now.site[has_past], weeks[has_past].astype(np.float64)
    group = home[site]
    count = total(group, size)
    cells = Cells(
        num=total(group, size, now.people[has_past]),
        den=total(group, size, usual),
        n=count.astype(np.int64),
        observed=latest(group, size, now.end[has_past]),
        scale=100.0,
        coverage=share(count, expected),
        because="no counter has both this hour and a past, or nobody usually comes by",
        feeds=feeds_by_cell(question, site, group),
    )
    typical = np.floor(middle(group, size, weeks))
    for some in np.unique(typical[typical < ENOUGH_WEEKS]).tolist():
        cells.doubt(typical == some, f"usual from {int(some)} of {WEEKS} weeks")
    return readings(question, cells)


@dataclass(frozen=True, slots=True)
class Hour:
    """People counted in the newest hour of each counter that has a whole one."""

    site: Ints
    end: Ints
    people: Floats


def _newest_hour(question: Question) -> Hour:
    """Return the hour up to the newest report of each counter.

    A counter that has sent under three quarters of the reports of the busiest one in that hour is
    not complete yet: its sum would look like an empty street.
    """
    at, size = question.now, len(question.window.sites.names)
    rows = question.window.rows("footfall", question.start - HOUR, at)
    rows = rows.where(fit(rows, "footfall"))
    rows = rows.where(~np.isin(rows.site, stuck(question, "footfall")))
    end = np.full(size, NONE, np.int64)
    np.maximum.at(end, rows.site, rows.at)
    end[end <= question.start] = NONE
    people, reports = _sums(rows, end, size)
    whole = np.flatnonzero(reports >= _WHOLE * reports.max(initial=1.0))
    return Hour(whole, end[whole], people[whole])


def _past(question: Question, now: Hour) -> Floats:
    """Return people of the same hour by city time in earlier weeks, shape (weeks, counters)."""
    zone, size = question.scope.zone, len(question.window.sites.names)
    ends, which = np.unique(now.end, return_inverse=True)
    past = np.full((WEEKS, len(now.site)), np.nan)
    for week in range(WEEKS):
        back = timedelta(weeks=week + 1)
        locals_ = [datetime.fromtimestamp(ms / 1000, zone) - back for ms in ends.tolist()]
        then = np.array([milliseconds(local) for local in locals_], np.int64)
        rows = question.window.rows("footfall", int(then.min()) - HOUR, int(then.max()))
        rows = rows.where(fit(rows, "footfall"))
        end = np.full(size, NONE, np.int64)
        end[now.site] = then[which]
        people, reports = _sums(rows, end, size)
        past[week] = np.where(reports > 0, people, np.nan)[now.site]
    return past


def _sums(rows: Rows, end: Ints, size: int) -> tuple[Floats, Floats]:
    """Return people and reports of the hour up to ``end`` of each site, by site code."""
    mine = (rows.at <= end[rows.site]) & (rows.at > end[rows.site] - HOUR)
    site = rows.site[mine]
    return tally(site, size, rows.value[mine]), tally(site, size)
