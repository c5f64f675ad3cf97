"""What is spent, opened, built and lost: slow figures by ISO week, for the journal."""

from datetime import timedelta

import numpy as np

from metrics.cells import UNKNOWN, Cells, nothing, readings
from metrics.change import Change, cells_of, change, lag, prices
from metrics.columns import DAY, Bools, Floats
from metrics.grouping import total
from metrics.privacy import covered
from metrics.scope import Question
from metrics.shares import feeds_of
from metrics.sites import share
from metrics.weeks import instant_of, table, year_before
from model import Indicator, Reading, Threshold

FEWEST_MERCHANTS = 10
PER_RESIDENTS = 10_000
_WEEK = timedelta(weeks=1)
_FOUR, _TWELVE, _YEAR = 4, 12, 52  # weeks
_OLDEST = 8
_LOOK_BACK = (53 + _OLDEST + 2) * _WEEK

CARD = Indicator(
    id="eco.card",
    title="Card spending, 4 weeks against a year before, prices taken out",
    short="Card spending, YoY",
    unit="%",
    direction="higher",
    domain="economy",
    cadence=_WEEK,
    window=_FOUR * _WEEK,
    time_aggregation="ratio of sums over 4 weeks",
    district_aggregation="ratio of sums",
    definition=(
        "What was paid by card in the newest 4 weeks, at the prices of a year before, against the "
        "same ISO weeks of that year, in percent of them. Where no price index is known it is the "
        "change in money, and the reading says so. A district is shown where at least 10 merchants "
        "stand behind every week. Card spending is not all spending: cash and the web are missing."
    ),
    numerator="card spending of 4 weeks, at the prices of the year before",
    denominator="card spending of the same ISO weeks a year before",
    source="a provider of card data",
    decimals=1,
    min_n=FEWEST_MERCHANTS,
    threshold=Threshold(warn=-3.0, crit=-8.0),
    target=0.0,
    normal=(-2.0, 5.0),
    quantities=("card_spend", "card_merchants", "price_index"),
    look_back=_LOOK_BACK + 4 * _FOUR * _WEEK,
)

BUSINESS = Indicator(
    id="eco.business",
    title="Net new business licences, 28 days",
    short="New businesses, net",
    unit="per 10 000",
    direction="higher",
    domain="economy",
    cadence=_WEEK,
    window=_FOUR * _WEEK,
    time_aggregation="sum",
    district_aggregation="rate",
    definition=(
        "Business licences issued less those closed in the newest 4 weeks, per 10 000 residents. "
        "Licences are a public register; many businesses close without handing theirs in."
    ),
    numerator="licences issued less licences closed within 4 weeks",
    denominator="residents",
    source="the city's register of business licences",
    standard="ISO 37120-5; U4SSC",
    decimals=1,
    threshold=Threshold(warn=0.0, crit=-2.0),
    target=1.0,
    normal=(0.0, 4.0),
    quantities=("licences_issued", "licences_closed"),
    look_back=(_FOUR + _OLDEST + 4) * _WEEK,
)

CLAIMS = Indicator(
    id="eco.claims",
    title="Initial jobless claims, 4 weeks against 52 weeks before",
    short="Jobless claims, YoY",
    unit="%",
    direction="lower",
    domain="economy",
    cadence=_WEEK,
    window=_FOUR * _WEEK,
    time_aggregation="sum over 4 weeks",
    district_aggregation="ratio of sums",
    definition=(
        "First claims for unemployment benefit in the newest 4 weeks against those 52 weeks "
        "before, in percent of them. Four weeks smooth out holidays and late forms."
    ),
    numerator="claims of 4 weeks",
    denominator="claims of the 4 weeks that lie 52 weeks before",
    source="the office that pays the benefit",
    standard="ISO 37120-5",
    decimals=1,
    min_n=40,
    threshold=Threshold(warn=15.0, crit=30.0),
    target=0.0,
    normal=(-10.0, 10.0),
    is_counted=True,
    quantities=("jobless_claims",),
    look_back=_LOOK_BACK,
)

BUILDING = Indicator(
    id="eco.permit_value",
    title="Dwellings permitted, 12 weeks against a year before",
    short="Dwellings permitted",
    unit="%",
    direction="band",
    domain="economy",
    cadence=_WEEK,  # registers that tell by the week are not made to wait for the month
    window=_TWELVE * _WEEK,
    time_aggregation="sum over 12 weeks",
    district_aggregation="ratio of sums",
    definition=(
        "Dwellings in building permits of the newest 12 weeks against the same ISO weeks of the "
        "year before, in percent of them. One tower moves a district; look at the city first."
    ),
    numerator="dwellings permitted in 12 weeks",
    denominator="dwellings permitted in the same ISO weeks a year before",
    source="the city's building permits",
    standard="U4SSC",
    decimals=0,
    min_n=40,
    threshold=Threshold(kind="band", low=-20.0, high=20.0, crit_low=-40.0, crit_high=40.0),
    target=5.0,
    normal=(-15.0, 15.0),
    quantities=("units_permitted",),
    look_back=_LOOK_BACK + _TWELVE * _WEEK,
)


def card_spending(question: Question) -> list[Reading]:
    """Return what was paid by card in real terms against a year before, in percent."""
    found = change(question, "card_spend", _FOUR, year_before)
    if found is None:
        return nothing(question, "no card spending was told within 8 weeks")
    real = _at_old_prices(question, found)
    cells = cells_of(question, real or found, because="no whole 4 weeks here, or none a year ago")
    every = np.ones(question.scope.size + 1, np.bool_)
    if real is None:
        cells.doubt(every, "in money: no price index is known")
    return readings(question, _with_merchants(question, cells, found))


def licences(question: Question) -> list[Reading]:
    """Return licences issued − closed within 4 weeks per 10 000 residents."""
    scope, back = question.scope, (_FOUR + _OLDEST) * 7 * DAY
    issued, closed = (table(question, name, back) for name in BUSINESS.quantities)
    newest = issued.newest()
    if newest is None or issued.end_of(newest) < question.now - _OLDEST * 7 * DAY:
        return nothing(question, "no licences were told within 8 weeks")
    weeks = tuple(range(newest - _FOUR + 1, newest + 1))
    common, mine, yours = np.intersect1d(issued.sites, closed.sites, return_indices=True)
    gained = issued.of(weeks)[mine].sum(axis=1)
    lost = closed.of(weeks)[yours].sum(axis=1)
    group, whole = issued.group[mine], np.isfinite(gained) & np.isfinite(lost)
    count = total(group[whole], scope.size)
    net = total(group[whole], scope.size, (gained - lost)[whole])
    end = issued.end_of(newest)
    cells = Cells(
        num=np.where(count > 0, net, np.nan),
        den=np.append(scope.residents, scope.population or float(scope.residents.sum())),
        n=np.round(total(group[whole], scope.size, (gained + lost)[whole])).astype(np.int64),
        observed=np.full(scope.size + 1, end, np.int64),
        scale=float(PER_RESIDENTS),
        because="its number of residents is not known, or no whole 4 weeks were told here",
        feeds=feeds_of(question, common),
    )
    part = share(count, total(issued.group, scope.size))
    cells.doubt(part < 1, "some places told of fewer than 4 weeks")
    cells.note(np.isfinite(cells.values()), lag(question, weeks, end))
    return readings(question, cells)


def jobless_claims(question: Question) -> list[Reading]:
    """Return claims of 4 weeks against those 52 weeks before, in percent."""
    found = change(question, "jobless_claims", _FOUR, lambda week: week - _YEAR)
    if found is None:
        return nothing(question, "no claims were told within 8 weeks")
    because = "no whole 4 weeks here, or none 52 weeks before"
    return readings(question, cells_of(question, found, because=because))


def dwellings(question: Question) -> list[Reading]:
    """Return dwellings permitted in 12 weeks against a year before, in percent."""
    found = change(question, "units_permitted", _TWELVE, year_before)
    if found is None:
        return nothing(question, "no building permits were told within 8 weeks")
    because = "no whole 12 weeks here, or nothing was permitted a year ago"
    return readings(question, cells_of(question, found, because=because))


def _at_old_prices(question: Question, found: Change) -> Change | None:
    """Return the newer weeks at the prices of those that they are compared with."""
    zone = question.scope.timezone
    ends = [instant_of(week, zone) for week in (*found.weeks, *found.before)]
    index = prices(question, "price_index", ends)
    if not np.isfinite(index).all():
        return None
    return found.weighed(index[_FOUR:] / index[:_FOUR])


def _with_merchants(question: Question, cells: Cells, found: Change) -> Cells:
    """Hide districts with few merchants behind any of the weeks, and what would betray them."""
    behind = _merchants(question, found)
    spends = total(found.table.group[found.whole], question.scope.size) > 0
    hidden = _few(behind, spends)
    cells.n = np.where(np.isfinite(behind), behind, UNKNOWN).astype(np.int64)
    for figures in (cells.num, cells.den):
        figures[hidden] = np.nan
    cells.n[hidden] = UNKNOWN
    why = f"fewer than {FEWEST_MERCHANTS} merchants, or a neighbour that they would betray"
    because = str(cells.because)
    cells.because = [why if is_hidden else because for is_hidden in hidden.tolist()]
    return cells


def _merchants(question: Question, found: Change) -> Floats:
    """Return the fewest merchants behind any week, by district and city; NaN where not told."""
    told = table(question, "card_merchants", (53 + _FOUR + _OLDEST) * 7 * DAY)
    counts = told.of((*found.weeks, *found.before))
    size = question.scope.size
    if not counts.size:
        return np.full(size + 1, np.nan)
    known = np.isin(told.sites, found.table.sites[found.whole]) & np.isfinite(counts).all(axis=1)
    sums = [total(told.group[known], size, week) for week in counts[known].T]
    return np.asarray(np.min(sums, axis=0)) if sums else np.full(size + 1, np.nan)


def _few(behind: Floats, spends: Bools) -> Bools:
    """Return where, among the places that have spending, too few merchants stand behind it."""
    here, hidden = np.nan_to_num(behind), np.zeros(len(behind), np.bool_)
    some = np.flatnonzero(spends[:-1])
    hidden[some] = covered(here[some].tolist(), FEWEST_MERCHANTS)
    hidden[-1] = here[-1] < FEWEST_MERCHANTS
    return hidden
