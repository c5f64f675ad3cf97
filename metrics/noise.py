"""How loud the nights are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from metrics.air import FULL_DAY, HALF_DAY, weigh_city
from metrics.cells import Cells, nothing, readings
from metrics.columns import HOUR, NONE, Floats, Ints, milliseconds
from metrics.grouping import latest, tally, total
from metrics.scope import Question
from metrics.sites import expectation, feeds_by_cell, fit, share, stuck
from model import Indicator, Quality, Reading, Threshold

_FROM, _UNTIL = 23, 7  # hours of city time: Directive 2002/49/EC, Annex I

NOISE = Indicator(
    id="env.noise",
    title="Noise of the night, LAeq",
    short="Noise by night",
    unit="dB",
    direction="lower",
    domain="environment",
    cadence=timedelta(hours=1),
    window=timedelta(hours=24),
    time_aggregation="energy mean of the newest whole night, at least 75 % of its hours",
    district_aggregation="energy mean weighted by residents",
    definition=(
        "The steady sound level that would have carried as much energy as the newest whole night "
        "from 23:00 to 07:00 city time. Levels are never averaged themselves: 10 dB more count "
        "ten times. A meter with under 75 % of the hours makes the reading uncertain, under 50 % "
        "it does not count. A district is the energy mean of its meters; the city is weighted by "
        "residents where they are known, else it is the mean of the meters, and the reading says "
        "so."
    ),
    numerator="sum over meters of the night's mean energy; for the city, residents × energy",
    denominator="meters; for the city, residents of the districts with a meter",
    source="WHO, Environmental Noise Guidelines (2018): 45 dB by night for road traffic",
    standard="ISO 37120:2018, 8 (environment); ISO 1996-1; Directive 2002/49/EC",
    decimals=0,
    threshold=Threshold(warn=50.0, crit=60.0),
    target=45.0,
    normal=(42.0, 50.0),
    quantities=("noise",),
)


@dataclass(frozen=True, slots=True)
class Night:
    """Mean energy (10^(L/10)) at each meter over one night; arrays of the same length.

    ``part`` is the share of the night's hours with a report, ``newest`` when the meter spoke last,
    be it after the night.
    """

    site: Ints
    energy: Floats
    part: Floats
    newest: Ints
    doubtful: Floats


def night_level(question: Question) -> list[Reading]:
    """Return the LAeq of the newest whole night by district, the city by residents, in dB."""
    scope, size = question.scope, question.scope.size
    night = _night(question, *night_of(question.at, scope.zone))
    home, expected = expectation(question, "noise")
    usable = night.part >= HALF_DAY
    site, group = night.site[usable], home[night.site[usable]]
    if not len(site):
        return nothing(question, "no meter has at least half of the hours of the newest night")
    count = total(group, size)
    num, den = total(group, size, night.energy[usable]), count.copy()
    is_weighted = weigh_city(num, den, scope.residents)
    cells = Cells(
        num=num,
        den=den,
        n=count.astype(np.int64),
        observed=latest(group, size, night.newest[usable]),
        coverage=share(count, expected),
        because="no meter of here has at least half of the hours of the newest night",
        feeds=feeds_by_cell(question, site, group),
        is_level=True,
    )
    thin = total(group, size, night.part[usable] < FULL_DAY) > 0
    cells.doubt(thin, "a meter has under 75 % of the hours of the night")
    doubtful = total(group, size, night.doubtful[usable]) > 0
    cells.doubt(doubtful, "its source calls some values uncertain")
    if not is_weighted:
        city = np.arange(size + 1) == size
        cells.note(city, "mean of the meters: the residents of their districts are not known")
    return readings(question, cells)


def night_of(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Return begin and end (ms) of the newest night that has ended by ``at``.

    It lasts from 23:00 to 07:00 on the wall: 7 or 9 hours where the clocks change.
    """
    morning = at.astimezone(zone).replace(hour=_UNTIL, minute=0, second=0, microsecond=0, fold=0)
    if milliseconds(morning) > milliseconds(at):
        morning -= timedelta(days=1)
    evening = (morning - timedelta(days=1)).replace(hour=_FROM)
    return milliseconds(evening), milliseconds(morning)


def _night(question: Question, start: int, end: int) -> Night:
    """Return the night at each meter: an hour that ended at 23:00 is not of the night."""
    size = len(question.window.sites.names)
    hours = round((end - start) / HOUR)
    rows = question.window.rows("noise", start, question.now)
    rows = rows.where(fit(rows, "noise"))
    rows = rows.where(~np.isin(rows.site, stuck(question, "noise")))
    newest = np.full(size, NONE, np.int64)
    newest[rows.site] = rows.at  # rows ascend in time: the newest stays
    rows = rows.where(rows.at <= end)
    cell = rows.site * hours + (end - rows.at) // HOUR
    count = tally(cell, size * hours)
    energy = share(tally(cell, size * hours, 10.0 ** (rows.value / 10.0)), count)
    by_hour = energy.reshape(size, hours)
    known = np.isfinite(by_hour).sum(axis=1)
    site = np.flatnonzero(known > 0)
    doubtful = tally(rows.site, size, (rows.quality >= Quality.UNCERTAIN.rank).astype(np.float64))
    return Night(
        site=site,
        energy=np.nanmean(by_hour[site], axis=1) if len(site) else np.zeros(0),
        part=known[site] / hours,
        newest=newest[site],
        doubtful=doubtful[site],
    )
