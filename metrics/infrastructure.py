"""What keeps a city going: electricity."""

from datetime import timedelta

import numpy as np

from metrics.cells import Cells, readings
from metrics.columns import DAY, Floats
from metrics.grouping import total
from metrics.scope import Question
from metrics.sites import EXPECTED_DAYS, current, feeds_by_cell, fit, observed, share, tell
from model import Indicator, Reading, Threshold

POWER = Indicator(
    id="inf.power",
    title="Customers without power",
    short="Without power",
    unit="%",
    direction="lower",
    domain="infrastructure",
    cadence=timedelta(minutes=5),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each area",
    district_aggregation="ratio of sums",
    definition="Share of the customers of the electricity network who have no power now.",
    numerator="customers without power",
    denominator="customers served in the same areas",
    source="outage reports of the network operator",
    standard="ISO 37120:2018, 7 (energy); IEEE 1366",
    decimals=2,
    threshold=Threshold(warn=0.5, crit=2.0),
    target=0.1,
    normal=(0.0, 0.2),
    quantities=("customers_out", "customers_served"),
)


def without_power(question: Question) -> list[Reading]:
    """Return customers out ÷ customers served by district, in percent."""
    size = question.scope.size
    out = current(question, "customers_out")
    base = _served(question)[out.site]
    with np.errstate(invalid="ignore"):
        is_absurd = out.value > base
        can = (base > 0) & ~is_absurd
    absurd = total(out.group[is_absurd], size)
    areas, base = out.where(can), base[can]
    count = total(areas.group, size)
    cells = Cells(
        num=total(areas.group, size, areas.value),
        den=total(areas.group, size, base),
        n=count.astype(np.int64),
        observed=observed(areas, size),
        scale=100.0,
        coverage=share(count, areas.expected),
        because="no area reported its customers in time, or nobody says how many it serves",
        feeds=feeds_by_cell(question, areas.site, areas.group),
    )
    tell(cells, areas, size)
    cells.note(absurd > 0, "areas with more customers out than served are left out")
    return readings(question, cells)


def _served(question: Question) -> Floats:
    """Return the customers of each site by site code, NaN where nobody says.

    The number changes rarely and is not always repeated: the newest of the last 7 days counts,
    else the pack's reference.
    """
    window = question.window
    known = question.scope.references
    sites = range(len(window.sites.names))
    served = np.array(
        [known.get(("customers_served", window.name_of(s)), np.nan) for s in sites], np.float64
    )
    rows = window.rows("customers_served", question.now - EXPECTED_DAYS * DAY, question.now)
    rows = rows.where(fit(rows, "customers_served"))
    served[rows.site] = rows.value  # rows ascend in time: the newest stays
    return served
