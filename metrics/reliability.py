"""How much time to plan for: the travel times of 28 days against an empty road."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, HOUR, NONE, UNPLACED, Bools, Floats, Ints, milliseconds
from metrics.freeflow import NIGHTS, free_flow, road_weights
from metrics.grouping import Groups, latest, middle, quantile, tally, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import expectation, feeds_by_cell, fit, share
from metrics.window import Window
from model import Indicator, Reading, Threshold

DAYS = 28
RELIABLE = 1.5  # 23 CFR 490.507: P80 ÷ P50 below it in every period
FULL, HALF = 0.75, 0.5  # of the hours
_FROM, _UNTIL = 6, 20  # hours of city time that count: those of the periods below
_PERIODS = 4  # of working days 6-10, 10-16, 16-20; of weekends 6-20
_SATURDAY, _THURSDAY = 5, 3  # the first of January 1970 was a Thursday
_RECENT = 2 * HOUR

PTI = Indicator(
    id="mob.pti",
    title="Planning time index, 28 d",
    short="Planning time",
    unit="ratio",
    direction="lower",
    domain="mobility",
    cadence=timedelta(days=1),
    window=timedelta(days=DAYS),
    time_aggregation="95th percentile of the hours from 06:00 to 20:00 of 28 days, pooled",
    district_aggregation="ratio of sums",
    definition=(
        "How much time to plan for a trip, so as to be late on one of twenty only: 2.0 means twice "
        "the time that an empty road takes. For each sensor it is the 95th percentile of the mean "
        "travel times per hour, 06:00 to 20:00 city time, of the last 28 whole days, against free "
        "flow as for the travel time index, with the same weights. The reading also names the "
        "buffer index (95th percentile beyond the mean, as a share of the mean) and at how many "
        "sensors the 80th percentile stays under 1.5 times the median in each of four periods: "
        "working days 6 to 10, 10 to 16 and 16 to 20 h, weekends 6 to 20 h."
    ),
    numerator="sum over sensors of the 95th percentile of the time per kilometre",
    denominator="sum over the same sensors of the time per kilometre at free flow",
    source="FHWA, Travel Time Reliability (2006); 23 CFR 490.507 and 490.511",
    standard="ISO 37120:2018, 19 (transportation)",
    decimals=2,
    threshold=Threshold(warn=2.0, crit=3.0),
    target=1.6,
    normal=(1.3, 2.0),
    quantities=("speed",),
)


@dataclass(frozen=True, slots=True)
class Course:
    """Travel times per kilometre (h) at the sensors that have any; arrays of the same length.

    ``hours`` is how many of the hours that count have a mean, ``worst`` the largest P80 ÷ P50 of
    any period, NaN where no period has a whole day's worth.
    """

    site: Ints
    late: Floats  # 95th percentile
    mean: Floats
    worst: Floats
    hours: Ints
    newest: Ints

    def where(self, mask: Bools) -> "Course":
        """Return the sensors for which ``mask`` holds."""
        return Course(
            self.site[mask],
            self.late[mask],
            self.mean[mask],
            self.worst[mask],
            self.hours[mask],
            self.newest[mask],
        )


def planning_time_index(question: Question) -> list[Reading]:
    """Return Σ w·P95 ÷ Σ w·t_ff by district, over sensors with half of their hours."""
    window, scope, size = question.window, question.scope, question.scope.size
    course = course_of(window, question.at, scope.zone)
    flow = free_flow(window, question.at, scope.timezone)
    part = course.hours / (DAYS * (_UNTIL - _FROM))
    home, expected = expectation(question, "speed")
    group = home[course.site]
    usable = (part >= HALF) & np.isfinite(flow.speed[course.site])
    if not usable.any():
        return nothing(question, "no sensor has half of the hours of 28 days and a free flow")
    site, group = course.site[usable], group[usable]
    weight, is_weighted = road_weights(question, site)
    count = total(group, size)
    late = total(group, size, weight * course.late[usable])
    cells = Cells(
        num=late,
        den=total(group, size, weight / flow.speed[site]),
        n=count.astype(np.int64),
        observed=latest(group, size, _newest(question, course.where(usable))),
        coverage=share(count, expected),
        because="no sensor with half of the hours of 28 days and a free flow",
        feeds=feeds_by_cell(question, site, group),
    )
    thin = total(group, size, part[usable] < FULL) > 0
    cells.doubt(thin, "a sensor has under 75 % of its hours")
    nights = np.floor(middle(group, size, flow.nights[site].astype(np.float64)))
    for some in np.unique(nights[nights < NIGHTS]).tolist():
        cells.doubt(nights == some, f"free flow from {int(some)} of {NIGHTS} nights")
    if not is_weighted:
        cells.note(count > 0, "every sensor weighs the same: no lengths and volumes")
    mean = total(group, size, weight * course.mean[usable])
    _tell(cells, late, mean, group, course.worst[usable])
    return readings(question, cells)


def course_of(window: Window, at: datetime, zone: ZoneInfo) -> Course:
    """Return the travel times of the 28 whole days before ``at``, kept until one of them changes.

    A day lasts from midnight to midnight in city time, so it has 23 to 25 hours.
    """
    end = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    start, until = milliseconds(end - timedelta(days=DAYS)), milliseconds(end)
    track = window.tracks.get("speed")
    counted = (track.count(start - 1, until - 1), track.changes) if track else (0, 0)
    key, name = (until, counted), ("travel times", zone.key)
    known = window.memo.get(name)
    if known is None or known[0] != key:
        rows = window.rows("speed", start - 1, until - 1)
        known = window.memo[name] = (key, _measured(rows.where(fit(rows, "speed")), zone))
    course: Course = known[1]
    return course


def _measured(rows: Rows, zone: ZoneInfo) -> Course:
    """Return the figures of each sensor from its hourly mean travel times."""
    local = rows.at + _offsets(rows.at, zone)
    hour = local // HOUR
    counts = (hour % 24 >= _FROM) & (hour % 24 < _UNTIL)
    site, hour, pace = rows.site[counts], hour[counts], 1.0 / rows.value[counts]
    codes, place = np.unique(site, return_inverse=True)
    cell, where = np.unique(place * _FAR + hour, return_inverse=True)
    mean = share(tally(where, len(cell), pace), tally(where, len(cell)))
    who, hour = cell // _FAR, cell % _FAR
    size = len(codes)
    period = _period(hour)
    by_period = who * _PERIODS + period
    some = size * _PERIODS
    ratio = share(quantile(by_period, some, mean, 0.8), quantile(by_period, some, mean, 0.5))
    ratio = np.where(tally(by_period, some) >= _UNTIL - _FROM, ratio, -np.inf)
    worst = ratio.reshape(size, _PERIODS).max(axis=1, initial=-np.inf)
    newest = np.full(size, NONE, np.int64)
    np.maximum.at(newest, place, rows.at[counts])
    return Course(
        site=codes,
        late=quantile(who, size, mean, 0.95),
        mean=share(tally(who, size, mean), tally(who, size)),
        worst=np.where(np.isfinite(worst), worst, np.nan),
        hours=tally(who, size).astype(np.int64),
        newest=newest,
    )


_FAR = 1 << 24  # more hours than any instant has since 1970


def _period(hour: Ints) -> Ints:
    """Return the period of each hour (city time, counted from 1970)."""
    of_day, weekday = hour % 24, (hour // 24 + _THURSDAY) % 7
    working = (of_day >= 10).astype(np.int64) + (of_day >= 16)  # noqa: PLR2004 - 23 CFR 490.511
    return np.where(weekday >= _SATURDAY, _PERIODS - 1, working)


def _offsets(at: Ints, zone: ZoneInfo) -> Ints:
    """Return how far city time is ahead of UTC at each instant, in ms."""
    quarter = HOUR // 4
    steps, where = np.unique(at // quarter, return_inverse=True)
    if not len(steps):
        return np.zeros(0, np.int64)
    edges = np.unique(np.append(steps // 96, steps[-1] // 96 + 1))
    ahead = np.array([_ahead(int(edge) * DAY, zone) for edge in edges.tolist()], np.int64)
    if (ahead == ahead[0]).all():
        return np.full(len(at), ahead[0], np.int64)
    exact = np.array([_ahead(int(step) * quarter, zone) for step in steps.tolist()], np.int64)
    return np.asarray(exact[where], np.int64)


def _ahead(at: int, zone: ZoneInfo) -> int:
    ahead = datetime.fromtimestamp(at / 1000, zone).utcoffset() or timedelta(0)
    return ahead // timedelta(milliseconds=1)


def _newest(question: Question, course: Course) -> Ints:
    """Return when each sensor spoke last: a figure of 28 days is as old as its feed is silent."""
    rows = question.window.rows("speed", question.now - _RECENT, question.now)
    newest = np.full(len(question.window.sites.names), NONE, np.int64)
    newest[rows.site] = rows.at  # rows ascend in time: the newest stays
    return np.maximum(course.newest, newest[course.site])


def _tell(cells: Cells, late: Floats, mean: Floats, group: Groups, worst: Floats) -> None:
    size = len(cells.num) - 1
    judged = np.isfinite(worst)
    told = total(np.where(judged, group, UNPLACED), size, judged)
    good = total(group, size, np.where(judged, worst, np.inf) < RELIABLE)
    buffer = share(late, mean) - 1.0
    for place in np.flatnonzero(np.isfinite(buffer)).tolist():
        text = f"buffer index {buffer[place]:.0%}"
        if told[place]:
            text += f"; reliable at {int(good[place])} of {int(told[place])} sensors"
        cells.notes.setdefault(place, []).append(text)
