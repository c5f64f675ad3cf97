"""The city's own digital services, and what is known to be exploited in them."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import HOUR, NONE, Bools, Floats, Ints
from metrics.grouping import deciding, latest, tally, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import feeds_by_cell, fit, names, newest_by_site
from model import Indicator, Quality, Reading, Threshold

BUDGET = 0.001  # an objective of 99.9 %: so many looks may fail
FAST = 14.4  # × budget over 1 h: 2 % of a month's budget in an hour
_STEP = 0.1  # how far below the fast limit a slow burn is held
_PROOF = 2  # one failed look proves nothing: it may have been us
_LONG = 6 * HOUR
_FRESH = HOUR // 6

SERVICES = Indicator(
    id="inf.it",
    title="Essential digital services, error budget",
    short="Digital services",
    unit="× budget",
    direction="lower",
    domain="infrastructure",
    cadence=timedelta(minutes=1),
    window=timedelta(hours=6),
    time_aggregation="ratio of sums over 1 h, else over 6 h",
    district_aggregation="maximum",
    definition=(
        "How much faster than allowed the worst service uses up its error budget: 99.9 % of all "
        "looks at a service should succeed. The number is the burn over the last hour where that "
        "reaches the critical limit (14.4); else the burn over 6 hours, held just below that "
        "limit, for what is over needs nobody at once. A single failed look within the period "
        "does not count."
    ),
    numerator="failed looks at the service that decides, in the period that decides",
    denominator="failed looks that the objective allows for as many looks",
    source="probes of the city's services; Beyer et al., The Site Reliability Workbook (2018), 5",
    standard="ISO 37122:2019, 10 (governance)",
    decimals=1,
    min_n=10,
    threshold=Threshold(warn=6.0, crit=FAST),
    target=1.0,
    normal=(0.0, 0.8),
    is_public=False,
    quantities=("probe_up",),
)

VULNERABILITIES = Indicator(
    id="cyb.kev",
    title="Exploited vulnerabilities past due, exposed",
    short="Exploited, overdue",
    unit="vulnerabilities",
    direction="lower",
    domain="cyber",
    cadence=timedelta(days=1),
    window=timedelta(days=1),
    time_aggregation="last",
    district_aggregation="city only",
    definition=(
        "Vulnerabilities that are being exploited, may concern an exposed asset of the city, and "
        "are past the day until which they were to be mended. Names are matched, not versions: "
        "each is a question to answer. That one is overdue for more than a week is told by "
        "cyb.kev_week, which is critical where this one warns."
    ),
    numerator="open vulnerabilities past due, summed over exposed assets",
    denominator="none: a count",
    source="CISA Known Exploited Vulnerabilities against the city's list of assets",
    standard="CISA BOD 22-01",
    decimals=0,
    threshold=Threshold(warn=1.0),
    target=0.0,
    normal=(0.0, 0.0),
    is_public=False,
    quantities=("kev_overdue",),
)

OVER_A_WEEK = Indicator(
    id="cyb.kev_week",
    title="Exploited vulnerabilities past due for over a week",
    short="Exploited, > 7 d",
    unit="vulnerabilities",
    direction="lower",
    domain="cyber",
    cadence=timedelta(days=1),
    window=timedelta(days=1),
    time_aggregation="last",
    district_aggregation="city only",
    definition=(
        "Those of cyb.kev that are past due for more than seven days. It is an indicator of its "
        "own because one number has one pair of limits, and this one is critical from the first."
    ),
    numerator="open vulnerabilities past due for more than 7 days, summed over exposed assets",
    denominator="none: a count",
    source="CISA Known Exploited Vulnerabilities against the city's list of assets",
    standard="CISA BOD 22-01",
    decimals=0,
    threshold=Threshold(crit=1.0),
    target=0.0,
    normal=(0.0, 0.0),
    is_public=False,
    quantities=("kev_overdue_week",),
    options=(("shares_weight_with", "cyb.kev"),),
)


def burn(question: Question) -> list[Reading]:
    """Return the error-budget burn of the worst service, by district and for the city."""
    size, last = question.scope.size, _looked_at(question)
    if not len(last):
        return nothing(question, "no service was looked at in time")
    short, long = _spent(question, last, HOUR), _spent(question, last, _LONG)
    fast = question.indicator.threshold.crit or FAST
    is_fast = short.burn >= fast
    held = np.where(is_fast, short.burn, np.minimum(long.burn, fast - _STEP))
    failed = np.where(is_fast, short.failed, long.failed)
    looks = np.where(is_fast, short.looks, long.looks)
    allowed = np.where(held > 0, failed / np.where(held > 0, held, 1.0), BUDGET * looks)
    group = question.scope.groups(question.window, last.district)
    rows = deciding(group, size, held)
    cells = Cells(
        num=_of(rows, failed),
        den=_of(rows, allowed),
        n=np.nan_to_num(_of(rows, looks)).astype(np.int64),
        observed=latest(group, size, last.at),
        because="no service of here was looked at in time",
        sites=names(question.window, last.site, rows),
        feeds=feeds_by_cell(question, last.site, group),
    )
    is_held = _of(rows, (held < long.burn) & ~is_fast) == 1.0
    cells.note(is_held, f"more over 6 hours, and under {fast:g} over the last: held below it")
    return readings(question, cells)


@dataclass(frozen=True, slots=True)
class Spent:
    """Failed looks and looks at each service over some time, shape (n,) each."""

    failed: Floats
    looks: Floats

    @property
    def burn(self) -> Floats:
        """How many times faster than allowed the error budget was used up."""
        return self.failed / (BUDGET * np.maximum(self.looks, 1.0))


def _looked_at(question: Question) -> Rows:
    """Return the newest look at each service that is still looked at."""
    limit = np.maximum(_FRESH, question.delays())
    rows = question.window.rows("probe_up", question.now - _LONG, question.now)
    rows = rows.where(fit(rows, "probe_up"))
    rows = rows.where(newest_by_site(rows))
    return rows.where(rows.at > question.now - limit[rows.site])


def _spent(question: Question, last: Rows, span: int) -> Spent:
    size = len(question.window.sites.names)
    rows = question.window.rows("probe_up", question.now - span, question.now)
    rows = rows.where(fit(rows, "probe_up"))
    failed = tally(rows.site, size, 1.0 - rows.value)[last.site]
    return Spent(np.where(failed >= _PROOF, failed, 0.0), tally(rows.site, size)[last.site])


def _of(rows: Ints, values: Floats | Bools) -> Floats:
    """Return the value of each chosen row, NaN where none was chosen (-1)."""
    return np.where(rows >= 0, np.append(values.astype(np.float64), np.nan)[rows], np.nan)


def overdue(question: Question) -> list[Reading]:
    """Return the sum over the assets of each feed's newest count, for the city and its parts."""
    (quantity,) = question.indicator.quantities
    window, size = question.window, question.scope.size
    limit = np.maximum(question.now - question.start, question.delays())
    rows = window.rows(quantity, question.now - int(limit.max(initial=0)), question.now)
    rows = rows.where(fit(rows, quantity) & (rows.at > question.now - limit[rows.site]))
    newest = np.full(len(window.feeds.names), NONE, np.int64)
    np.maximum.at(newest, window.feed_codes[rows.site], rows.at)
    assets = rows.where(rows.at == newest[window.feed_codes[rows.site]])  # one poll tells of all
    group = question.scope.groups(window, assets.district)
    count = total(group, size)
    cells = Cells(
        num=np.where(count > 0, total(group, size, assets.value), np.nan),
        den=np.full(size + 1, np.nan),
        n=count.astype(np.int64),
        observed=latest(group, size, assets.at),
        because="no exposed asset of here was held against the catalogue in time",
        feeds=feeds_by_cell(question, assets.site, group),
        has_ratio=False,
    )
    is_doubtful = assets.quality >= Quality.UNCERTAIN.rank
    cells.doubt(total(group, size, is_doubtful) > 0, "the catalogue is old")
    return readings(question, cells)
