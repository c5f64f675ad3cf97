"""Water that is pumped and never billed."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, HOUR, Floats, Ints
from metrics.grouping import Groups, latest, total
from metrics.scope import Question
from metrics.series import SITE_BITS
from metrics.sites import feeds_by_cell, fit, share
from model import Indicator, Quality, Reading, Threshold

_YEAR = 365 * DAY - 12 * HOUR  # twelve months, without the end of the thirteenth
_LAG = timedelta(days=85)  # how late the newest balance may be: it is published after the month

WATER_LOSS = Indicator(
    id="env.water_loss",
    title="Water supplied but not billed, 12 months",
    short="Water loss",
    unit="%",
    direction="lower",
    domain="environment",
    cadence=timedelta(days=30),
    window=timedelta(days=365),
    time_aggregation="ratio of sums over the 12 newest months that are published",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the water put into the network that is not billed: leaks, breaks, unmetered and "
        "stolen water. It is taken over the 12 newest months for which both figures are "
        "published, for meters are read at other times than pumps; so it is as old as the newest "
        "balance, not as this month."
    ),
    numerator="water supplied minus water billed, m³, over the same areas and months",
    denominator="water supplied, m³",
    source="water balance of the utility (IWA standard water balance)",
    standard="ISO 37120:2018, 23 (water)",
    decimals=1,
    threshold=Threshold(warn=25.0, crit=35.0),
    target=15.0,
    normal=(10.0, 25.0),
    quantities=("water_supplied", "water_billed"),
    look_back=timedelta(days=365) + _LAG,
)


@dataclass(frozen=True, slots=True)
class Balances:
    """What was supplied and billed in the same areas and periods. Arrays of one length."""

    at: Ints
    site: Ints
    group: Groups
    supplied: Floats
    billed: Floats
    is_doubtful: Floats


def unbilled(question: Question) -> list[Reading]:
    """Return (supplied − billed) ÷ supplied by district over twelve months, in percent."""
    size = question.scope.size
    found = _year(question)
    if found is None:
        return nothing(question, "no month has both the water supplied and the water billed")
    group, one = found.group, np.ones(len(found.at))
    areas = np.unique(found.site, return_index=True)[1]
    months = len(np.unique(found.at))
    supplied = total(group, size, found.supplied)
    cells = Cells(
        num=supplied - total(group, size, found.billed),
        den=supplied,
        n=total(group, size, one).astype(np.int64),
        observed=latest(group, size, found.at),
        scale=100.0,
        coverage=share(total(group, size, one), total(group[areas], size) * months),
        because="no area of here has both figures, or no water was supplied",
        feeds=feeds_by_cell(question, found.site, group),
    )
    reach = int(found.at[-1] - found.at[0])
    if reach < _YEAR - 32 * DAY:
        every = np.ones(size + 1, np.bool_)
        cells.doubt(every, f"the record holds {months} periods of under 12 months")
    cells.doubt(cells.num < 0, "more water was billed than supplied")
    doubtful = total(group, size, found.is_doubtful) > 0
    cells.doubt(doubtful, "its source calls some values uncertain")
    return readings(question, cells)


def _year(question: Question) -> Balances | None:
    """Return the pairs of the year that ends with the newest one; ``None`` without any."""
    window, now = question.window, question.now
    start = now - (365 + _LAG.days) * DAY
    put, paid = (window.rows(name, start, now) for name in question.indicator.quantities)
    put, paid = put.where(fit(put, "water_supplied")), paid.where(fit(paid, "water_billed"))
    _, here, there = np.intersect1d(
        (put.at << SITE_BITS) | put.site,
        (paid.at << SITE_BITS) | paid.site,
        assume_unique=True,
        return_indices=True,
    )
    if not len(here):
        return None
    put, paid = put.where(here), paid.where(there)
    last = put.at > put.at[-1] - _YEAR
    put, paid = put.where(last), paid.where(last)
    is_doubtful = np.maximum(put.quality, paid.quality) >= Quality.UNCERTAIN.rank
    return Balances(
        at=put.at,
        site=put.site,
        group=question.scope.groups(window, put.district),
        supplied=put.value,
        billed=paid.value,
        is_doubtful=is_doubtful.astype(np.float64),
    )
