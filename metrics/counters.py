"""Counts against what is usual for this hour of this weekday, counter by counter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import HOUR, NONE, Floats, Ints, milliseconds
from metrics.grouping import latest, middle, tally, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import expectation, feeds_by_cell, fit, share, stuck
from model import Reading

WEEKS = 8
_WHOLE = 0.75
ENOUGH_WEEKS = 6  # control-room §4.2


def against_usual(question: Question, quantity: str, *, nobody: str) -> list[Reading]:
    """Return the count of the newest hour ÷ the usual one, by district, in percent.

    ``nobody`` is the reason where no counter has reported in time.
    """
    size = question.scope.size
    now = _newest_hour(question, quantity)
    if not len(now.site):
        return nothing(question, nobody)
    past = _past(question, quantity, now)
    weeks = np.isfinite(past).sum(axis=0)
    has_past = weeks > 0
    usual = np.nanmedian(past[:, has_past], axis=0) if has_past.any() else np.zeros(0)
    home, expected = expectation(question, quantity)
    site, weeks = now.site[has_past], weeks[has_past].astype(np.float64)
    group = home[site]
    count = total(group, size)
    cells = Cells(
        num=total(group, size, now.count[has_past]),
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
    """What was counted in the newest hour of each counter that has a whole one."""

    site: Ints
    end: Ints
    count: Floats


def _newest_hour(question: Question, quantity: str) -> Hour:
    """Return the hour up to the newest report of each counter.

    A counter that has sent under three quarters of the reports of the busiest one of its feed in
    that hour is not complete yet: its sum would look like an empty street. Where a feed counts for
    longer than an hour, its newest report is the period.
    """
    at, size = question.now, len(question.window.sites.names)
    limit = np.maximum(at - question.start, question.delays())
    rows = question.window.rows(quantity, at - int(limit.max(initial=0)) - HOUR, at)
    rows = rows.where(fit(rows, quantity))
    rows = rows.where(~np.isin(rows.site, stuck(question, quantity)))
    end = np.full(size, NONE, np.int64)
    np.maximum.at(end, rows.site, rows.at)
    end[end <= at - limit] = NONE
    count, reports = _sums(rows, end, size)
    feed = question.window.feed_codes
    most = np.ones(len(question.window.feeds.names))
    np.maximum.at(most, feed, reports)
    whole = np.flatnonzero(reports >= _WHOLE * most[feed])
    return Hour(whole, end[whole], count[whole])


def _past(question: Question, quantity: str, now: Hour) -> Floats:
    """Return counts of the same hour by city time in earlier weeks, shape (weeks, counters)."""
    zone, size = question.scope.zone, len(question.window.sites.names)
    ends, which = np.unique(now.end, return_inverse=True)
    past = np.full((WEEKS, len(now.site)), np.nan)
    for week in range(WEEKS):
        back = timedelta(weeks=week + 1)
        locals_ = [datetime.fromtimestamp(ms / 1000, zone) - back for ms in ends.tolist()]
        then = np.array([milliseconds(local) for local in locals_], np.int64)
        rows = question.window.rows(quantity, int(then.min()) - HOUR, int(then.max()))
        rows = rows.where(fit(rows, quantity))
        end = np.full(size, NONE, np.int64)
        end[now.site] = then[which]
        count, reports = _sums(rows, end, size)
        past[week] = np.where(reports > 0, count, np.nan)[now.site]
    return past


def _sums(rows: Rows, end: Ints, size: int) -> tuple[Floats, Floats]:
    """Return counts and reports of the hour up to ``end`` of each site, by site code."""
    mine = (rows.at <= end[rows.site]) & (rows.at > end[rows.site] - HOUR)
    site = rows.site[mine]
    return tally(site, size, rows.value[mine]), tally(site, size)
