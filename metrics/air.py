"""The air that people breathe: pollutants over a day, and the air quality index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any

import numpy as np

from metrics.airtables import CHOICES, DAQI_2012, EAQI_2024, US_2024, Table, in_force
from metrics.aqi import HOURS, sub_indices
from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, HOUR, NONE, Bools, Floats, Ints
from metrics.grouping import Groups, deciding, latest, tally, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import expectation, feeds_by_cell, fit, names, share, stuck
from model import Indicator, Quality, Reading, Threshold

POLLUTANTS = ("pm25", "pm10", "no2", "o3", "so2", "co")
FULL_DAY = 0.75  # of the hours: air quality practice (40 CFR 50, EU 2008/50/EC)
HALF_DAY = 0.5

PM25 = Indicator(
    id="env.pm25",
    title="Fine particles, 24 h",
    short="PM2.5, 24 h",
    unit="µg/m³",
    direction="lower",
    domain="environment",
    cadence=timedelta(hours=1),
    window=timedelta(hours=24),
    time_aggregation="mean of hourly means, at least 75 % of the hours",
    district_aggregation="mean weighted by residents",
    definition=(
        "Mean concentration of particles under 2.5 µm over the last 24 hours. A site with under "
        "75 % of its hours makes the reading uncertain, under 50 % it does not count. A district "
        "is the mean of its sites; the city is weighted by residents where they are known, else "
        "it is the mean of the sites, and the reading says so."
    ),
    numerator="sum over sites of the 24 h means; for the city, residents × district mean",
    denominator="sites; for the city, residents of the districts with a mean",
    source="WHO global air quality guidelines (2021): 15 µg/m³ over 24 h; US EPA: 35.4",
    standard="ISO 37120:2018, 8 (environment); SDG 11.6.2",
    decimals=1,
    threshold=Threshold(warn=15.0, crit=35.4),
    target=15.0,
    normal=(4.0, 15.0),
    quantities=("pm25",),
)

NO2 = Indicator(
    id="env.no2",
    title="Nitrogen dioxide, 24 h",
    short="NO2, 24 h",
    unit="µg/m³",
    direction="lower",
    domain="environment",
    cadence=timedelta(hours=1),
    window=timedelta(hours=24),
    time_aggregation="mean of hourly means, at least 75 % of the hours",
    district_aggregation="mean weighted by residents",
    definition=(
        "Mean concentration of nitrogen dioxide over the last 24 hours. A site with under "
        "75 % of its hours makes the reading uncertain, under 50 % it does not count. A district "
        "is the mean of its sites; the city is weighted by residents where they are known, else "
        "it is the mean of the sites, and the reading says so."
    ),
    numerator="sum over sites of the 24 h means; for the city, residents × district mean",
    denominator="sites; for the city, residents of the districts with a mean",
    source=(
        "WHO global air quality guidelines (2021): 25 µg/m³ over 24 h; Directive (EU) 2024/2881: 50"
    ),
    standard="ISO 37120:2018, 8 (environment)",
    decimals=1,
    threshold=Threshold(warn=25.0, crit=50.0),
    target=20.0,
    normal=(8.0, 25.0),
    quantities=("no2",),
)

AQI = Indicator(
    id="env.aqi",
    title="Air quality index",
    short="Air quality index",
    unit="index",
    direction="lower",
    domain="environment",
    cadence=timedelta(hours=1),
    window=timedelta(hours=24),
    time_aggregation="worst pollutant; particles by NowCast",
    district_aggregation="maximum",
    definition=(
        "The worst index of any pollutant at any site, by the version of the table that was in "
        "force on the day. Table us: PM2.5 and PM10 by NowCast over 12 hours, O3 and CO over 8, "
        "O3, NO2 and SO2 over 1, gases converted at 25 °C and 1013 hPa; 0 to 500 and beyond. Table "
        "eaqi: bands from 1 (good) to 6 (extremely poor), hourly means since 2024. Table uk-daqi: "
        "1 to 10, particles over 24 hours, O3 over 8. The city's reading is its worst site, for "
        "alarms; it also tells the mean of the districts weighted by residents, for reports."
    ),
    numerator="index of the worst pollutant at the worst site",
    denominator="none: a maximum",
    source="US EPA, 40 CFR 58 App. G; EEA, European Air Quality Index; COMEAP and DEFRA (UK)",
    standard="ISO 37120:2018, 8 (environment)",
    decimals=0,
    threshold=Threshold(warn=101.0, crit=151.0),
    target=50.0,
    normal=(20.0, 70.0),
    quantities=POLLUTANTS,
    options=(("table", US_2024.family),),
)

# What replaces the defaults above when a city chooses the European or the British table.
EAQI_DEFAULTS: Mapping[str, Any] = {
    "threshold": Threshold(warn=4.0, crit=5.0),
    "target": 2.0,
    "normal": (1.0, 3.0),
    "options": (("table", EAQI_2024.family),),
}
DAQI_DEFAULTS: Mapping[str, Any] = {
    "threshold": Threshold(warn=7.0, crit=10.0),
    "target": 3.0,
    "normal": (1.0, 4.0),
    "options": (("table", DAQI_2012.family),),
}


@dataclass(frozen=True, slots=True)
class Hourly:
    """Hourly means of the last 24 hours at the sites that reported.

    ``means``: pollutant to (sites, 24), newest hour first, NaN where missing. ``newest`` is the
    newest instant of each site (ms).
    """

    site: Ints
    newest: Ints
    is_doubtful: Bools
    means: Mapping[str, Floats]


def daily_mean(question: Question) -> list[Reading]:
    """Return the 24 h mean of the indicator's pollutant by district, the city by residents."""
    pollutant = question.indicator.quantities[0]
    scope, hourly = question.scope, _hourly(question, (pollutant,))
    home, expected = expectation(question, pollutant)
    hours = hourly.means[pollutant]
    part = np.isfinite(hours).sum(axis=1) / HOURS
    usable = part >= HALF_DAY
    group, site = home[hourly.site[usable]], hourly.site[usable]
    means = np.nanmean(hours[usable], axis=1) if usable.any() else np.zeros(0)
    count = total(group, scope.size)
    num, den = total(group, scope.size, means), count.copy()
    is_weighted = weigh_city(num, den, scope.residents)
    cells = Cells(
        num=num,
        den=den,
        n=count.astype(np.int64),
        observed=latest(group, scope.size, hourly.newest[usable]),
        coverage=share(count, expected),
        because="no site has at least half of its last 24 hours",
        feeds=feeds_by_cell(question, site, group),
    )
    thin = total(group, scope.size, part[usable] < FULL_DAY) > 0
    cells.doubt(thin, "a site has under 75 % of its hours")
    _tell(cells, group, hourly.is_doubtful[usable], scope.size)
    if not is_weighted and count[-1]:
        city = np.arange(scope.size + 1) == scope.size
        cells.note(city, "mean of the sites: the residents of their districts are not known")
    return readings(question, cells)


def air_quality_index(question: Question) -> list[Reading]:
    """Return the worst index by district and for the city, with the site that decides."""
    scope = question.scope
    day = question.at.astimezone(scope.zone).date()
    table = in_force(question.indicator.option("table", US_2024.family), day)
    if table is None:
        return nothing(question, f"unknown table; known: {', '.join(CHOICES)}")
    hourly = _hourly(question, POLLUTANTS)
    home, expected = expectation(question, *POLLUTANTS)
    found = sub_indices(table, hourly.means)
    worst = reduce(np.fmax, found.values(), np.full(len(hourly.site), np.nan))
    usable = np.isfinite(worst)
    group, site, worst = home[hourly.site[usable]], hourly.site[usable], worst[usable]
    rows = deciding(group, scope.size, worst)
    index = np.where(rows >= 0, np.append(worst, np.nan)[rows], np.nan)
    count = total(group, scope.size)
    cells = Cells(
        num=index,
        den=np.full(scope.size + 1, np.nan),
        n=count.astype(np.int64),
        observed=latest(group, scope.size, hourly.newest[usable]),
        coverage=share(count, expected),
        because="no pollutant has the hours that the index asks for",
        sites=names(question.window, site, rows),
        feeds=feeds_by_cell(question, site, group),
        has_ratio=False,
    )
    _tell(cells, group, hourly.is_doubtful[usable], scope.size)
    for pollutant, values in found.items():
        decides = (values[usable] == worst)[np.maximum(rows, 0)] if len(worst) else rows >= 0
        cells.note((rows >= 0) & decides, f"{_LABELS[pollutant]} decides")
    _report(cells, index, scope.residents, table)
    return readings(question, cells)


_LABELS = {"pm25": "PM2.5", "pm10": "PM10", "no2": "NO2", "o3": "O3", "so2": "SO2", "co": "CO"}


def _hourly(question: Question, pollutants: Sequence[str]) -> Hourly:
    at = question.now
    told = {pollutant: _usable(question, pollutant) for pollutant in pollutants}
    site = np.unique(np.concatenate([rows.site for rows in told.values()]))
    size = len(site)
    newest = np.full(size, NONE, np.int64)
    is_doubtful = np.zeros(size, np.bool_)
    means: dict[str, Floats] = {}
    for pollutant, rows in told.items():
        place = np.searchsorted(site, rows.site)
        cell = place * HOURS + (at - rows.at) // HOUR
        amount, count = tally(cell, size * HOURS, rows.value), tally(cell, size * HOURS)
        means[pollutant] = share(amount, count).reshape(size, HOURS)
        np.maximum.at(newest, place, rows.at)
        is_doubtful[place[rows.quality >= Quality.UNCERTAIN.rank]] = True
    return Hourly(site, newest, is_doubtful, means)


def _usable(question: Question, pollutant: str) -> Rows:
    """Return the values of the last 24 hours that may be used."""
    rows = question.window.rows(pollutant, question.now - DAY, question.now)
    rows = rows.where(fit(rows, pollutant))
    return rows.where(~np.isin(rows.site, stuck(question, pollutant)))


def weigh_city(num: Floats, den: Floats, residents: Floats) -> bool:
    """Weigh the city's mean by residents, in place; not where a measured district has none."""
    has_mean = den[:-1] > 0
    if not has_mean.any() or not np.isfinite(residents[has_mean]).all():
        return False
    people = residents[has_mean]
    if not people.sum() > 0:
        return False
    num[-1] = (people * num[:-1][has_mean] / den[:-1][has_mean]).sum()
    den[-1] = people.sum()
    return True


def _report(cells: Cells, index: Floats, residents: Floats, table: Table) -> None:
    """Tell of the city what residents breathe on average, which no maximum says.

    Nothing is said where the residents of a measured district are not known.
    """
    has = np.isfinite(index[:-1])
    people = residents[has]
    if has.any() and people.sum() > 0:  # not where one is NaN
        mean = float((people * index[:-1][has]).sum() / people.sum())
        city = np.arange(len(index)) == len(index) - 1
        cells.note(city, f"weighted by residents: {mean:.{1 if table.bands else 0}f}")


def _tell(cells: Cells, group: Groups, is_doubtful: Bools, size: int) -> None:
    doubtful = total(group, size, is_doubtful) > 0
    cells.doubt(doubtful, "its source calls some values uncertain")
