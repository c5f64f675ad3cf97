"""Requests for service: how many come, how many wait, and how long."""

from datetime import timedelta

import numpy as np

from metrics.caseload import Caseload
from metrics.casework import (
    feeds_of,
    first_closure,
    groups_of,
    judge_record,
    load_of,
    no_cases,
    observed,
    record_start,
)
from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, NONE, Floats, span
from metrics.grouping import total
from metrics.rollup import chosen, pick, tell, windows
from metrics.scope import Question
from model import Indicator, Reading, Threshold

PER_RESIDENTS = 100_000
_CLOSURE_DAYS = 28
_FLOW_DAYS = 7

NEW = Indicator(
    id="srv.new",
    title="New requests for service",
    short="311 requests, 3 h",
    unit="per 100 000",
    direction="lower",
    domain="services",
    cadence=timedelta(minutes=5),
    window=timedelta(hours=3),
    time_aggregation="count",
    district_aggregation="rate",
    definition=(
        "Requests opened in the last 3 hours (or this city's own window), per 100 000 residents. "
        "Where fewer than 5 came, it is the pace of the last 24 hours or 7 days, as their mean for "
        "3 hours, and the reading says so. Where no district's population is known it is the plain "
        "count."
    ),
    numerator="requests opened within the window",
    denominator="residents, times the windows that were taken together",
    source="the city's requests for service",
    standard="Open311 GeoReport v2",
    decimals=1,
    statistic="rate",
    threshold=Threshold(kind="z", warn=3.5, crit=5.0),
    is_counted=True,
    roll_up=(timedelta(hours=24), timedelta(days=7)),
    needs_cases=True,
)

BACKLOG = Indicator(
    id="srv.backlog",
    title="Backlog of requests",
    short="311 backlog",
    unit="days",
    direction="lower",
    domain="services",
    cadence=timedelta(days=1),
    window=timedelta(days=_CLOSURE_DAYS),
    time_aggregation="last",
    district_aggregation="ratio of sums",
    definition=(
        "Days of work that wait: how long it would take to close all open requests at the pace of "
        "the last 28 days. True as a waiting time only while inflow and outflow are steady."
    ),
    numerator="requests open now",
    denominator="requests closed per day, mean of the last 28 days",
    source="Little (1961), Operations Research 9(3): L = λ W",
    decimals=1,
    min_n=20,
    threshold=Threshold(kind="usual_ratio", warn=1.25, crit=1.5),
    target=10.0,
    normal=(5.0, 12.0),
    is_counted=True,
    needs_cases=True,
)

NETFLOW = Indicator(
    id="srv.netflow",
    title="Inflow over outflow of requests",
    short="311 in / out",
    unit="ratio",
    direction="band",
    domain="services",
    cadence=timedelta(days=1),
    window=timedelta(days=_FLOW_DAYS),
    time_aggregation="ratio of sums",
    district_aggregation="ratio of sums",
    definition=(
        "Requests opened for each one closed in the last 7 days. Above 1 the backlog grows, below "
        "1 it shrinks."
    ),
    numerator="requests opened in the last 7 days",
    denominator="requests closed in the last 7 days",
    source="the city's requests for service",
    decimals=2,
    min_n=20,
    threshold=Threshold(kind="band", high=1.10, crit_high=1.25),
    target=1.0,
    normal=(0.85, 1.10),
    is_counted=True,
    needs_cases=True,
)


def new_requests(question: Question) -> list[Reading]:
    """Return requests opened within the window per 100 000 residents, or their count."""
    load, scope = load_of(question), question.scope
    if load is None:
        return nothing(question, no_cases(question))
    lives = np.isfinite(scope.residents)
    is_rate = bool(lives.any())
    spans = windows(question.indicator)[: None if is_rate else 1]
    counts = [_opened(question, load, window) for window in spans]
    if is_rate and scope.population is None and not lives.all():
        for every in counts:
            every[-1] = every[:-1][lives].sum()
    level = chosen(question.indicator, counts)
    count = pick(counts, level)
    whole = scope.population or float(scope.residents[lives].sum())
    times = np.array([one / spans[0] for one in spans])[level]
    cells = Cells(
        num=count,
        den=np.append(scope.residents, whole) * times if is_rate else np.full(len(count), np.nan),
        n=count.astype(np.int64),
        observed=observed(question, load),
        scale=float(PER_RESIDENTS) if is_rate else 1.0,
        because="its number of residents is not known",
        feeds=feeds_of(question, load),
        has_ratio=is_rate,
    )
    for k, window in enumerate(spans):
        start = record_start(load) if k else int(load.opened[0])
        judge_record(cells, question, start, window, level == k)
    tell(cells, question, level)
    return readings(question, cells)


def _opened(question: Question, load: Caseload, window: timedelta) -> Floats:
    """Return how many were opened within a window, by district and for the city."""
    first = int(np.searchsorted(load.opened, question.now - span(window), side="right"))
    return total(groups_of(question, load)[first:], question.scope.size)


def backlog(question: Question) -> list[Reading]:
    """Return open requests ÷ requests closed per day: days of work."""
    load, scope = load_of(question), question.scope
    if load is None:
        return nothing(question, no_cases(question))
    groups = groups_of(question, load)
    waits = load.closed == NONE
    closed = load.closed > question.now - _CLOSURE_DAYS * DAY
    start = first_closure(load, question.now)
    days = min(float(_CLOSURE_DAYS), max(1.0, (question.now - start) / DAY))
    closures = total(groups[closed], scope.size)
    cells = Cells(
        num=total(groups[waits], scope.size),
        den=closures / days,
        n=closures.astype(np.int64),
        observed=observed(question, load),
        because=f"no request was closed in the last {days:.0f} days, so there is no pace",
        feeds=feeds_of(question, load),
    )
    judge_record(cells, question, start, timedelta(days=_CLOSURE_DAYS))
    return readings(question, cells)


def net_flow(question: Question) -> list[Reading]:
    """Return requests opened ÷ requests closed, both within the window."""
    load, scope = load_of(question), question.scope
    if load is None:
        return nothing(question, no_cases(question))
    groups = groups_of(question, load)
    opened = total(groups[load.opened > question.start], scope.size)
    closed = total(groups[load.closed > question.start], scope.size)
    cells = Cells(
        num=opened,
        den=closed,
        n=(opened + closed).astype(np.int64),
        observed=observed(question, load),
        because="no request was closed within the window",
        feeds=feeds_of(question, load),
    )
    judge_record(cells, question, record_start(load), question.indicator.window)
    return readings(question, cells)
