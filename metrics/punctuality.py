"""Whether requests are done when they are due."""

from datetime import timedelta

import numpy as np

from metrics.casework import (
    allowed,
    feeds_of,
    groups_of,
    judge_record,
    load_of,
    no_cases,
    observed,
    record_start,
    timeless,
)
from metrics.cells import Cells, nothing, readings
from metrics.columns import NONE, Floats
from metrics.grouping import total
from metrics.scope import Question
from metrics.sites import share
from metrics.survival import time_until
from model import Indicator, Reading, Threshold

_COHORT = timedelta(days=28)
_SHARE = 0.9
_SHOWN_N = 30  # control-room §4.3: no 90th percentile from fewer
_NO_DUE = "none carries a due date, and no service says how long it may take"

OVERDUE = Indicator(
    id="srv.overdue",
    title="Open requests past their due date",
    short="311 overdue",
    unit="%",
    direction="lower",
    domain="services",
    cadence=timedelta(days=1),
    window=timedelta(days=1),
    time_aggregation="last",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the open requests that should have been done by now. The due date is the "
        "request's own, else its opening and what its service may take."
    ),
    numerator="open requests past their due date",
    denominator="open requests that have a due date",
    source="the city's requests for service",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=15.0, crit=25.0),
    target=8.0,
    normal=(4.0, 14.0),
    is_counted=True,
    needs_cases=True,
)

SLA = Indicator(
    id="srv.sla",
    title="Requests done when due",
    short="311 on time",
    unit="%",
    direction="higher",
    domain="services",
    cadence=timedelta(days=1),
    window=_COHORT,
    time_aggregation="ratio of sums",
    district_aggregation="ratio of sums",
    definition=(
        "Of the requests that fell due in the last 28 days, the share closed by then. A request "
        "still open past its due date is a miss; one not yet due does not count."
    ),
    numerator="requests due in the period and closed by their due date",
    denominator="requests due in the period",
    source="due-cohort form of the service level, as in Boston's CityScore",
    standard="Boston CityScore",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=90.0, crit=80.0),
    target=95.0,
    normal=(90.0, 97.0),
    is_counted=True,
    needs_cases=True,
)

TTC = Indicator(
    id="srv.ttc",
    title="Time to close against time allowed, 90th percentile",
    short="311 time to close",
    unit="ratio",
    direction="lower",
    domain="services",
    cadence=timedelta(days=1),
    window=_COHORT,
    time_aggregation="Kaplan–Meier over 28 days",
    district_aggregation="Kaplan–Meier over the pooled cases",
    definition=(
        "Within how many times its own allowed time nine of ten requests opened in the last 28 "
        "days are closed. Each request is measured against its own limit, so that a pothole (30 "
        "days) and a fallen tree (1 day) can be pooled. Requests still open count with their "
        "present age (Kaplan–Meier), so that slow ones are not left out."
    ),
    numerator="90th percentile of time to close ÷ time allowed",
    denominator="1",
    source="Kaplan & Meier (1958), JASA 53, 457–481",
    decimals=2,
    min_n=50,
    statistic="p90",
    threshold=Threshold(warn=1.0, crit=1.5),
    target=0.9,
    normal=(0.6, 1.0),
    is_counted=True,
    needs_cases=True,
)


def overdue(question: Question) -> list[Reading]:
    """Return open requests past due ÷ open requests with a due date, in percent."""
    load, size = load_of(question), question.scope.size
    if load is None:
        return nothing(question, no_cases(question))
    waits = load.closed == NONE
    opened, limit = load.opened[waits], allowed(question, load)[waits]
    groups = groups_of(question, load)[waits]
    has_due = np.isfinite(limit)
    is_late = has_due & (opened + np.where(has_due, limit, 0.0) < question.now)
    due = total(groups[has_due], size)
    cells = Cells(
        num=total(groups[is_late], size),
        den=due,
        n=due.astype(np.int64),
        observed=observed(question, load),
        scale=100.0,
        because="no open request has a due date",
        feeds=feeds_of(question, load),
    )
    _tell_undated(cells, due, total(groups, size))
    return readings(question, cells)


def due_cohort(question: Question) -> list[Reading]:
    """Return requests closed by their due date ÷ requests due in the period, in percent."""
    load, size = load_of(question), question.scope.size
    if load is None:
        return nothing(question, no_cases(question))
    limit = allowed(question, load)
    known = np.isfinite(limit)
    due_at = load.opened + np.where(known, limit, 0.0)
    in_period = known & (due_at > question.start) & (due_at <= question.now)
    strange = timeless(load)
    cohort = in_period & ~strange
    is_met = cohort & (load.closed != NONE) & (load.closed <= due_at)
    groups = groups_of(question, load)
    due = total(groups[cohort], size)
    cells = Cells(
        num=total(groups[is_met], size),
        den=due,
        n=due.astype(np.int64),
        observed=observed(question, load),
        scale=100.0,
        because="nothing fell due in the period" if known.any() else _NO_DUE,
        feeds=feeds_of(question, load),
    )
    _tell_strange(cells, total(groups[in_period & strange], size))
    judge_record(cells, question, record_start(load), question.indicator.window)
    return readings(question, cells)


def time_to_close(question: Question) -> list[Reading]:
    """Return the Kaplan–Meier 90th percentile of time to close ÷ time allowed."""
    load, size = load_of(question), question.scope.size
    if load is None:
        return nothing(question, no_cases(question))
    recent = slice(int(np.searchsorted(load.opened, question.start, side="right")), None)
    limit, groups = allowed(question, load)[recent], groups_of(question, load)[recent]
    closed, strange = load.closed[recent], timeless(load)[recent]
    with np.errstate(invalid="ignore"):
        usable = (limit > 0) & ~strange
    has_ended = closed[usable] != NONE
    until = np.where(has_ended, closed[usable], question.now)
    ratio = (until - load.opened[recent][usable]) / limit[usable]
    mine = groups[usable]
    found, longest = time_until(mine, size, ratio, has_ended, _SHARE)
    count = total(mine, size)
    cells = Cells(
        num=np.where(count < _SHOWN_N, np.nan, found),
        den=np.ones(size + 1),
        n=count.astype(np.int64),
        observed=observed(question, load),
        because=[_why(n, most) for n, most in zip(count.tolist(), longest.tolist(), strict=True)],
        feeds=feeds_of(question, load),
    )
    _tell_strange(cells, total(groups[strange], size))
    _tell_undated(cells, total(groups[np.isfinite(limit)], size), total(groups, size))
    judge_record(cells, question, record_start(load), question.indicator.window)
    return readings(question, cells)


def _why(count: float, longest: float) -> str:
    if count == 0:
        return "no request of the last 28 days has a time allowed"
    if count < _SHOWN_N:
        return f"n too small ({count:.0f} of {_SHOWN_N})"
    return f"> {longest:.1f} times the time allowed: over 10 % are still open"


def _tell_undated(cells: Cells, dated: Floats, every: Floats) -> None:
    part = share(dated, every)
    with np.errstate(invalid="ignore"):
        few = part < 1
    for place in np.flatnonzero(few).tolist():
        cells.notes.setdefault(place, []).append(f"{part[place]:.0%} have a due date")


def _tell_strange(cells: Cells, count: Floats) -> None:
    for some in np.unique(count[count > 0]).tolist():
        note = f"{int(some)} left out: closed before they were opened, or at no known time"
        cells.note(count == some, note)
