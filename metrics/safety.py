"""How fast help is on its way: ambulances, fire engines, and those who pick up the telephone."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np

from metrics.casework import judge_record
from metrics.cells import Cells, nothing, readings
from metrics.columns import Floats, Ints, span
from metrics.grouping import Groups, quantile, total
from metrics.rollup import chosen, pick, tell, windows
from metrics.scope import Question
from metrics.series import SITE_BITS, Rows
from metrics.shares import feeds_of, share_of
from metrics.sites import fit
from model import Indicator, Reading, Threshold

_DAY = timedelta(days=1)
_MINUTE = 60.0  # seconds
_FOUR_MINUTES = 240.0
_P90 = 0.9

EMS = Indicator(
    id="saf.ems",
    title="Ambulance response to life-threatening calls, 90th percentile",
    short="Ambulance, P90",
    unit="min",
    direction="lower",
    domain="safety",
    cadence=timedelta(hours=1),
    window=_DAY,
    roll_up=(28 * _DAY,),
    time_aggregation="90th percentile of all responses",
    district_aggregation="90th percentile of the pooled responses",
    definition=(
        "Within how many minutes an ambulance arrived at nine of ten calls of the first priority "
        "in the last 24 hours, counted from the call. Where there were fewer than 30 it is that of "
        "the last 28 days, and the reading says so. Responses of all places are pooled; "
        "percentiles are never averaged."
    ),
    numerator="90th percentile of the time from call to arrival",
    denominator="1",
    source="the dispatch of the ambulance service",
    standard="ISO 37120-15",
    decimals=1,
    min_n=30,
    statistic="p90",
    threshold=Threshold(warn=9.0, crit=12.0),
    target=8.0,
    normal=(6.0, 9.0),
    is_counted=True,
    quantities=("ems_response",),
)

FIRE = Indicator(
    id="saf.fire4",
    title="First fire engines there within 4 minutes of leaving",
    short="Fire travel ≤ 4 min",
    unit="%",
    direction="higher",
    domain="safety",
    cadence=_DAY,
    window=28 * _DAY,
    roll_up=(91 * _DAY,),
    time_aggregation="ratio of sums",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the incidents of the last 28 days at which the first engine travelled for 4 "
        "minutes at most. Where there were fewer than 30 it is that of the last 91 days, and the "
        "reading says so."
    ),
    numerator="incidents with a first engine there within 4 minutes of leaving",
    denominator="incidents to which an engine travelled",
    source="the dispatch of the fire service",
    standard="NFPA 1710",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=85.0, crit=75.0),
    target=90.0,
    normal=(86.0, 94.0),
    is_counted=True,
    quantities=("fire_travel",),
    look_back=92 * _DAY,
)

CALLS_911 = Indicator(
    id="saf.911",
    title="Emergency calls answered within 20 seconds",
    short="911 in 20 s",
    unit="%",
    direction="higher",
    domain="safety",
    cadence=timedelta(minutes=5),
    window=timedelta(hours=1),
    roll_up=(_DAY, 7 * _DAY),
    time_aggregation="ratio of sums",
    district_aggregation="city only",
    definition=(
        "Share of the emergency calls of the last hour that were answered within 20 seconds. Where "
        "fewer than 30 calls came it is the last 24 hours or 7 days, and the reading says so."
    ),
    numerator="emergency calls answered within 20 seconds",
    denominator="emergency calls",
    source="the emergency call centre",
    standard="NENA-STA-020 (95 % within 20 s)",
    decimals=1,
    min_n=30,
    statistic="proportion",
    threshold=Threshold(warn=93.0, crit=88.0),
    target=95.0,
    normal=(94.0, 99.0),
    quantities=("calls_911", "calls_911_within"),
)


def ambulances(question: Question) -> list[Reading]:
    """Return the 90th percentile of the response times, in minutes, from their pooled values."""

    def percentile(rows: Rows, group: Groups) -> Floats:
        every = np.zeros(len(rows), np.intp)
        mine = quantile(group, question.scope.size, rows.value, _P90)
        return np.append(mine, quantile(every, 1, rows.value, _P90)) / _MINUTE

    return _from_events(
        question, percentile, nobody="no response was reported within 28 days", is_share=False
    )


def engines(question: Question) -> list[Reading]:
    """Return first engines that travelled 4 minutes at most ÷ all, in percent."""

    def in_time(rows: Rows, group: Groups) -> Floats:
        return total(group, question.scope.size, rows.value <= _FOUR_MINUTES)

    return _from_events(
        question, in_time, nobody="no engine was reported within 91 days", is_share=True
    )


def emergency_calls(question: Question) -> list[Reading]:
    """Return emergency calls answered within 20 s ÷ calls, for the city, in percent."""
    return share_of(
        question,
        "calls_911",
        "calls_911_within",
        nobody="no emergency calls were reported in time",
        is_city_only=True,
    )


def _from_events(
    question: Question,
    figure: Callable[[Rows, Groups], Floats],
    *,
    nobody: str,
    is_share: bool,
) -> list[Reading]:
    """Return a figure over events, each with its own duration in seconds, by district.

    It is unknown where even the widest window holds fewer than ``min_n``.
    """
    (quantity,), least = question.indicator.quantities, question.indicator.min_n
    spans, scope, now = windows(question.indicator), question.scope, question.now
    rows = question.window.rows(quantity, now - span(spans[-1]), now)
    rows = rows.where(fit(rows, quantity))
    if not len(rows):
        return nothing(question, nobody)
    group = scope.groups(question.window, rows.district)
    firsts = [int(np.searchsorted(rows.at, now - span(w), side="right")) for w in spans]
    counts = [total(group[first:], scope.size) for first in firsts]
    level = chosen(question.indicator, counts)
    n = pick(counts, level)
    parts = [(rows.where(np.arange(first, len(rows))), group[first:]) for first in firsts]
    found = pick([figure(*part) for part in parts], level)
    cells = Cells(
        num=np.where(n >= least, found, np.nan),
        den=n if is_share else np.ones(scope.size + 1),
        n=n.astype(np.int64),
        observed=np.full(scope.size + 1, rows.at[-1], np.int64),  # a quiet district is not old
        scale=100.0 if is_share else 1.0,
        because=[f"n too small ({count:.0f} of {least})" for count in n.tolist()],
        feeds=feeds_of(question, rows.site),
    )
    tell(cells, question, level)
    for k, window in enumerate(spans):
        judge_record(cells, question, record_start(question, quantity), window, level == k)
    return readings(question, cells)


def record_start(question: Question, quantity: str) -> int:
    """Return the instant of the oldest event that the window still holds."""
    track = question.window.tracks[quantity]
    keys: list[Ints] = [block.key for block in (track.base, track.tail) if len(block)]
    return min(int(key[0]) >> SITE_BITS for key in keys)
