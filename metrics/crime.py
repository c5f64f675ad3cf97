"""Violent crimes against the same weeks of other years."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, Floats, milliseconds, moment
from metrics.grouping import total
from metrics.rates import count_limits
from metrics.safety import record_start
from metrics.scope import Question
from metrics.shares import feeds_of
from metrics.sites import fit
from model import Indicator, Reading, Threshold, Usual

YEARS = 3
PER_RESIDENTS = 100_000
WARN, CRIT = 0.95, 0.998
_DAYS = timedelta(days=28)
_FEW = 20  # events from which a rate may be judged (control-room §4.3)

VIOLENT = Indicator(
    id="saf.violent",
    title="Violent crimes, 28 days, against three years",
    short="Violent crime, 28 d",
    unit="per 100 000",
    direction="lower",
    domain="safety",
    cadence=timedelta(days=1),
    window=_DAYS,
    time_aggregation="sum",
    district_aggregation="rate, judged by limits of its own past",
    definition=(
        "Violent crimes recorded in the newest 28 whole days, per 100 000 residents. The reading "
        "says how many the same days of the three years before lead to expect, and between which "
        "counts 95 % would fall by chance (negative binomial: years differ by more than chance). "
        "Only beyond 99.8 % is it told apart from chance with confidence. Recorded crimes are not "
        "all crimes; districts are not ranked."
    ),
    numerator="violent crimes recorded in 28 days",
    denominator="residents",
    source="the records of the police; limits: Lawless (1987), Canadian J. of Statistics 15(3)",
    standard="ISO 37120-15",
    decimals=1,
    threshold=Threshold(kind="funnel", warn=95.0, crit=99.8),
    statistic="expected",
    is_counted=True,
    quantities=("violent_crime",),
    look_back=timedelta(days=3 * 366 + 60),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the years before lead to expect, by district and, last, for the city.

    ``size`` is that of the negative binomial (variance = mean + mean² ÷ size).
    ``low``–``high`` holds 95 % of the counts to be expected, ``far_low``–``far_high`` 99.8 %.
    NaN where no year is known.
    """

    years: int
    mean: Floats
    size: Floats
    low: Floats
    high: Floats
    far_low: Floats
    far_high: Floats


def violent(question: Question) -> list[Reading]:
    """Return violent crimes of 28 days per 100 000 residents, and what was to be expected."""
    scope, end = question.scope, _last_midnight(question)
    if end is None:
        return nothing(question, "no crime was recorded within 28 days")
    count = _counted(question, end)
    newest = question.window.rows("violent_crime", milliseconds(end - _DAYS), question.now)
    cells = Cells(
        num=count,
        den=np.append(scope.residents, scope.population or float(scope.residents.sum())),
        n=np.round(count).astype(np.int64),
        observed=np.full(scope.size + 1, newest.at[-1], np.int64),  # a quiet district is not old
        scale=float(PER_RESIDENTS),
        because="its number of residents is not known",
        feeds=feeds_of(question, newest.site),
    )
    found = _expected(question, end)
    every = np.ones(scope.size + 1, np.bool_)
    if not found.years:
        cells.doubt(every, "nothing to compare with: the record is younger than a year")
    elif found.years < YEARS:
        cells.doubt(every, f"expected from {found.years} of {YEARS} years")
    _tell(cells, found)
    return [_with_usual(reading, i, found) for i, reading in enumerate(readings(question, cells))]


def expectation(question: Question) -> Expectation | None:
    """Return what is expected of the newest 28 whole days; ``None`` where nothing is recorded."""
    end = _last_midnight(question)
    return None if end is None else _expected(question, end)


def limits(past: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean, and size of the negative binomial, of the next count in each place.

    Args:
        past: shape (years, places), counts of the same days in years before.

    Returns:
        Means; the sizes by which the next count scatters (variance = mean + mean² ÷ size), which
        takes in that the mean itself rests on few years; and the dispersion α that all places
        share, by the method of moments (0: Poisson).

    """
    years = len(past)
    mean = past.mean(axis=0)
    alpha = np.zeros(1)
    if years > 1 and (mean > 0).any():
        some = past[:, mean > 0]
        centre = mean[mean > 0]
        excess = some.var(axis=0, ddof=1) - centre
        alpha = np.array([max(0.0, float(excess.sum() / (centre * centre).sum()))])
    variance = (mean + alpha * mean * mean) * (1 + 1 / years)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(mean > 0, mean * mean / (variance - mean), np.inf)
    return mean, size, alpha


def _last_midnight(question: Question) -> datetime | None:
    """Return the last midnight, city time, up to which crimes have been recorded."""
    rows = question.window.rows("violent_crime", question.now - 28 * DAY, question.now)
    rows = rows.where(fit(rows, "violent_crime"))
    newest = moment(int(rows.at[-1])) if len(rows) else None
    if newest is None:
        return None
    local = newest.astimezone(question.scope.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _counted(question: Question, end: datetime) -> Floats:
    """Return the crimes of the 28 days before a midnight, by district and for the city."""
    first, last = (milliseconds(at) - 1 for at in (end - _DAYS, end))
    rows = question.window.rows("violent_crime", first, last)
    rows = rows.where(fit(rows, "violent_crime"))
    group = question.scope.groups(question.window, rows.district)
    return total(group, question.scope.size, rows.value)


def _expected(question: Question, end: datetime) -> Expectation:
    """Return the expectation, from a cache while the years before stay the same."""
    start = record_start(question, "violent_crime")
    ends = [_years_before(end, back) for back in range(1, YEARS + 1)]
    past = [_counted(question, at) for at in ends if milliseconds(at - _DAYS) >= start]
    key = ("violent", question.scope.size, tuple(np.concatenate(past).tolist()) if past else ())
    memo = question.window.memo
    if memo.get("violent", (None,))[0] != key:
        memo["violent"] = (key, _limited(past, question.scope.size + 1))
    found: Expectation = memo["violent"][1]
    return found


def _limited(past: Sequence[Floats], places: int) -> Expectation:
    if not past:
        none = np.full(places, np.nan)
        return Expectation(0, none, none, none, none, none, none)
    mean, size, _ = limits(np.array(past))
    both = [
        [
            count_limits(m, confidence, size=s)
            for m, s in zip(mean.tolist(), size.tolist(), strict=True)
        ]
        for confidence in (WARN, CRIT)
    ]
    low, high, far_low, far_high = (np.array(x) for pair in both for x in zip(*pair, strict=True))
    return Expectation(len(past), mean, size, low, high, far_low, far_high)


def _years_before(end: datetime, years: int) -> datetime:
    """Return the same day of an earlier year; 29 February becomes the 28th."""
    try:
        return end.replace(year=end.year - years)
    except ValueError:
        return end.replace(year=end.year - years, day=28)


def _with_usual(reading: Reading, place: int, found: Expectation) -> Reading:
    """Return the reading with what was expected as its usual value, in the indicator's unit."""
    mean, size = float(found.mean[place]), float(found.size[place])
    if reading.den is None or not np.isfinite(mean):
        return reading
    per = PER_RESIDENTS / reading.den
    usual = Usual(
        centre=per * mean,
        low=per * float(found.low[place]),
        high=per * float(found.high[place]),
        spread=per * math.sqrt(mean + mean * mean / size) if mean > 0 else 0.0,
        weeks=found.years * (_DAYS // timedelta(weeks=1)),
    )
    return replace(reading, usual=usual)


def _tell(cells: Cells, found: Expectation) -> None:
    """Say what was expected; of few cases, that they are too few to judge."""
    for place in np.flatnonzero(np.isfinite(found.mean)).tolist():
        mean = found.mean[place]
        told = f"expected {mean:.0f}, by chance {found.low[place]:.0f} to {found.high[place]:.0f}"
        few = max(float(cells.num[place]), mean) < _FEW
        cells.notes.setdefault(place, []).append(f"{told}; too few to judge" if few else told)
