"""What happens on the roads: incidents until they are cleared, and people hurt in collisions."""

from datetime import timedelta

import numpy as np

from metrics.casework import judge_record
from metrics.cells import Cells, nothing, readings
from metrics.columns import Floats, Ints, span
from metrics.grouping import quantile, total
from metrics.rollup import chosen, pick, tell, windows
from metrics.scope import Question
from metrics.series import SITE_BITS, Rows
from metrics.sites import fit
from model import Indicator, Quality, Reading, Threshold

PER_RESIDENTS = 100_000
_P90 = 0.9
_YEAR = timedelta(days=365)

CLEARANCE = Indicator(
    id="mob.clearance",
    title="Incident clearance, 90th percentile",
    short="Clearance, P90",
    unit="min",
    direction="lower",
    domain="mobility",
    cadence=timedelta(hours=1),
    window=timedelta(days=7),
    roll_up=(timedelta(days=28),),
    time_aggregation="90th percentile of all incidents",
    district_aggregation="90th percentile of the pooled incidents",
    definition=(
        "Within how many minutes nine of ten road incidents of the last 7 days were cleared, from "
        "the first report until the last responder left. Incidents of all places are pooled; "
        "percentiles are never averaged. Where there were fewer than 30 it is that of the last 28 "
        "days, and the reading says so; where they too hold fewer there is no value."
    ),
    numerator="90th percentile of the minutes until cleared",
    denominator="1",
    source="FHWA Traffic Incident Management, performance measures (incident clearance time)",
    standard="FHWA-HOP-10-010",
    decimals=0,
    min_n=30,
    threshold=Threshold(warn=60.0, crit=90.0),
    target=45.0,
    normal=(25.0, 60.0),
    quantities=("clearance",),
    statistic="p90",
)

KSI = Indicator(
    id="mob.ksi",
    title="People killed or seriously injured on the roads",
    short="Killed or injured",
    unit="per 100 000",
    direction="lower",
    domain="mobility",
    cadence=timedelta(days=7),
    window=_YEAR,
    roll_up=(2 * _YEAR, 3 * _YEAR),
    time_aggregation="sum over 365 days",
    district_aggregation="rate, judged by funnel limits",
    definition=(
        "People killed or seriously injured in collisions in the last 365 days, for every 100 000 "
        "residents of the place where it happened. Where there were fewer than five it is the "
        "yearly rate of two or three years, and the reading says so. Districts are held against "
        "the city by limits that allow for chance: a small district is not better or worse for "
        "one collision. The city's aim is to halve the figure by 2030."
    ),
    numerator="people killed or seriously injured within the window",
    denominator="residents × years of the window",
    source="collision records of the police, as published",
    standard="SDG 3.6; ISO 37120:2018, 19 (transportation)",
    decimals=1,
    min_n=5,
    threshold=Threshold(kind="funnel"),
    is_counted=True,
    quantities=("ksi",),
    look_back=3 * _YEAR + timedelta(days=1),
    statistic="rate",
)


def clearance(question: Question) -> list[Reading]:
    """Return the 90th percentile of the pooled minutes until cleared, by district."""
    size, least = question.scope.size, question.indicator.min_n
    rows = _events(question, "clearance")
    if not len(rows):
        return nothing(question, "no cleared incident was reported within the window")
    group = question.scope.groups(question.window, rows.district)
    firsts = _firsts(question, rows)
    counts = [total(group[first:], size) for first in firsts]
    level = chosen(question.indicator, counts)
    every = np.zeros(len(rows), np.intp)
    figures = [
        np.append(
            quantile(group[first:], size, rows.value[first:], _P90),
            quantile(every[first:], 1, rows.value[first:], _P90),
        )
        for first in firsts
    ]
    n = pick(counts, level)
    cells = Cells(
        num=np.where(n >= least, pick(figures, level), np.nan),
        den=np.ones(size + 1),
        n=n.astype(np.int64),
        observed=_newest(rows, size),
        because=[f"n too small ({count:.0f} of {least})" for count in n.tolist()],
        feeds=_feeds(question, rows),
    )
    _judge(cells, question, rows, level)
    return readings(question, cells)


def hurt(question: Question) -> list[Reading]:
    """Return people killed or seriously injured per 100 000 residents and year, by district."""
    scope, size = question.scope, question.scope.size
    rows = _events(question, "ksi")
    if not len(rows):
        return nothing(question, "no collision was reported within three years")
    group = scope.groups(question.window, rows.district)
    counts = [total(group[first:], size, rows.value[first:]) for first in _firsts(question, rows)]
    level = chosen(question.indicator, counts)
    count = pick(counts, level)
    lives = np.isfinite(scope.residents)
    whole = scope.population or (float(scope.residents.sum()) if lives.all() else np.nan)
    spans = windows(question.indicator)
    years = np.array([one / _YEAR for one in spans])[level]
    cells = Cells(
        num=count,
        den=np.append(scope.residents, whole) * years,
        n=count.astype(np.int64),
        observed=_newest(rows, size),
        scale=float(PER_RESIDENTS),
        because="its number of residents is not known",
        feeds=_feeds(question, rows),
    )
    _judge(cells, question, rows, level)
    return readings(question, cells)


def _events(question: Question, quantity: str) -> Rows:
    """Return the fit events of the widest window."""
    widest = span(windows(question.indicator)[-1])
    rows = question.window.rows(quantity, question.now - widest, question.now)
    return rows.where(fit(rows, quantity))


def _firsts(question: Question, rows: Rows) -> list[int]:
    """Return the first row of each window, narrow to wide."""
    starts = [question.now - span(window) for window in windows(question.indicator)]
    return [int(np.searchsorted(rows.at, start, side="right")) for start in starts]


def _newest(rows: Rows, size: int) -> Ints:
    """Return the newest event of the whole city everywhere: a quiet district is not old."""
    return np.full(size + 1, rows.at[-1], np.int64)


def _feeds(question: Question, rows: Rows) -> tuple[str, ...]:
    window = question.window
    codes = np.unique(window.feed_codes[np.unique(rows.site)])
    return tuple(sorted(str(window.feeds.names[code]) for code in codes.tolist()))


def _judge(cells: Cells, question: Question, rows: Rows, level: Ints) -> None:
    """Say which window was taken, and doubt what a short or doubtful record says."""
    (quantity,) = question.indicator.quantities
    tell(cells, question, level)
    start = _record_start(question, quantity)
    for k, window in enumerate(windows(question.indicator)):
        if (level == k).any():
            judge_record(cells, question, start, window, level == k)
    group = question.scope.groups(question.window, rows.district)
    is_doubtful = rows.quality >= Quality.UNCERTAIN.rank
    doubtful: Floats = total(group, question.scope.size, is_doubtful)
    cells.doubt(doubtful > 0, "its source calls some values uncertain")


def _record_start(question: Question, quantity: str) -> int:
    track = question.window.tracks[quantity]
    return min(int(b.key[0]) >> SITE_BITS for b in (track.base, track.tail) if len(b))
