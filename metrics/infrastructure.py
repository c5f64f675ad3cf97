"""What keeps a city going: electricity, water, signals and street lights."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from metrics.cells import Cells, readings
from metrics.columns import DAY, Floats
from metrics.grouping import total
from metrics.scope import Question
from metrics.sites import (
    EXPECTED_DAYS,
    Sites,
    current,
    feeds_by_cell,
    fit,
    observed,
    share,
    tell,
)
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
    time_aggregation="newest report of each area",  # not the highest: what is mended shows at once
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

WATER = Indicator(
    id="inf.water",
    title="Customers without water",
    short="Without water",
    unit="%",
    direction="lower",
    domain="infrastructure",
    cadence=timedelta(minutes=15),
    window=timedelta(minutes=30),
    time_aggregation="highest report of each area within 30 minutes",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the customers of the water network who have no water: of each supply area the "
        "most that was reported within 30 minutes, so that a pause in a repair is no recovery."
    ),
    numerator="customers without water",
    denominator="customers served in the same areas",
    source="outage reports of the water works",
    standard="ISO 37120:2018, 23 (water)",
    decimals=2,
    threshold=Threshold(warn=0.2, crit=1.0),
    target=0.0,
    normal=(0.0, 0.1),
    quantities=("water_customers_out", "water_customers_served"),
)

ASSETS = Indicator(
    id="inf.assets",
    title="Traffic signals and street lights that work",
    short="Signals and lights",
    unit="%",
    direction="higher",
    domain="infrastructure",
    cadence=timedelta(minutes=5),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each group of devices",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the traffic signals and street lights that work, as they report it themselves. "
        "A group that reports only one of its two counts, or more working devices than it has, "
        "is left out."
    ),
    numerator="signals and lights that work",
    denominator="signals and lights of the same groups",
    source="remote monitoring of signals and street lights",
    standard="Boston CityScore",
    decimals=1,
    threshold=Threshold(warn=97.0, crit=94.0),
    target=99.0,
    normal=(97.0, 99.5),
    quantities=("assets", "assets_working"),
)


def without_power(question: Question) -> list[Reading]:
    """Return customers without power ÷ customers served by district, in percent."""
    out = current(question, "customers_out")
    return _without(question, out, _served(question, "customers_served"))


def without_water(question: Question) -> list[Reading]:
    """Return customers without water ÷ customers served by district, in percent."""
    out = _at_worst(question, current(question, "water_customers_out"))
    return _without(question, out, _served(question, "water_customers_served"))


def working(question: Question) -> list[Reading]:
    """Return devices that work ÷ devices by district, in percent."""
    size = question.scope.size
    all_of, good = current(question, "assets"), current(question, "assets_working")
    _, here, there = np.intersect1d(all_of.site, good.site, return_indices=True)
    pairs, works = all_of.where(here), good.value[there]
    is_absurd = works > pairs.value
    absurd = total(pairs.group[is_absurd], size)
    usable = ~is_absurd & (pairs.value > 0)
    pairs, works = pairs.where(usable), works[usable]
    count = total(pairs.group, size)
    cells = Cells(
        num=total(pairs.group, size, works),
        den=total(pairs.group, size, pairs.value),
        n=count.astype(np.int64),
        observed=observed(pairs, size),
        scale=100.0,
        coverage=share(count, pairs.expected),
        because="no signals or lights reported in time how many there are and work",
        feeds=feeds_by_cell(question, pairs.site, pairs.group),
    )
    tell(cells, pairs, size)
    cells.note(absurd > 0, "groups with more working devices than devices are left out")
    return readings(question, cells)


def _at_worst(question: Question, out: Sites) -> Sites:
    """Return the same sites with the highest fit value within the window, at least the newest."""
    rows = question.window.rows("water_customers_out", question.start, question.now)
    rows = rows.where(fit(rows, "water_customers_out"))
    most = np.full(len(question.window.sites.names), -np.inf)
    np.maximum.at(most, rows.site, rows.value)
    return replace(out, value=np.maximum(out.value, most[out.site]))


def _without(question: Question, out: Sites, served: Floats) -> list[Reading]:
    """Return customers out ÷ customers served by district, in percent.

    ``served`` are the customers of each site by site code.
    """
    size = question.scope.size
    base = served[out.site]
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


def _served(question: Question, quantity: str) -> Floats:
    """Return the customers of each site by site code, NaN where nobody says.

    The number changes rarely and is not always repeated: the newest of the last 7 days counts,
    else the pack's reference.
    """
    window = question.window
    known = question.scope.references
    served = np.full(len(window.sites.names), np.nan)
    said = {site: value for (name, site), value in known.items() if name == quantity}
    if said:
        served[:] = [said.get(window.name_of(s), np.nan) for s in range(len(served))]
    rows = window.rows(quantity, question.now - EXPECTED_DAYS * DAY, question.now)
    rows = rows.where(fit(rows, quantity))
    served[rows.site] = rows.value  # rows ascend in time: the newest stays
    return served
