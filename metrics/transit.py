"""Buses and trains: whether they are on time, whether they run, and how many ride."""

from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.counters import against_usual
from metrics.grouping import latest, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import feeds_by_cell, fit, newest_by_site
from model import Indicator, Quality, Reading, Threshold

EARLY, LATE = -60.0, 300.0  # seconds: the usual limits of agencies, control-room §3.5

PUNCTUALITY = Indicator(
    id="mob.transit_otp",
    title="Transit on time",
    short="Transit on time",
    unit="%",
    direction="higher",
    domain="mobility",
    cadence=timedelta(minutes=15),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each trip",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the trips under way that will reach their next stop at most 1 minute early and "
        "at most 5 minutes late. Only trips that real time and the timetable both know count; a "
        "trip belongs to the district of its next stop."
    ),
    numerator="trips whose delay at the next stop lies within −60 and +300 s",
    denominator="trips with a delay reported within 15 minutes",
    source="GTFS-Realtime trip updates against GTFS",
    standard="agency practice (−1 / +5 minutes)",
    decimals=0,
    min_n=10,
    statistic="proportion",
    threshold=Threshold(warn=80.0, crit=70.0),
    target=90.0,
    normal=(80.0, 92.0),
    quantities=("transit_delay",),
)

SERVICE = Indicator(
    id="mob.transit_service",
    title="Scheduled trips operated",
    short="Trips operated",
    unit="%",
    direction="higher",
    domain="mobility",
    cadence=timedelta(minutes=15),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each trip",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the trips that the timetable has under way now which real time knows as "
        "running. What real time does not know may run unseen: then the figure is too low."
    ),
    numerator="scheduled trips that real time knows as running",
    denominator="trips that the timetable has under way",
    source="GTFS-Realtime against GTFS",
    standard="ITU-T Y.4903 (U4SSC), transport",
    decimals=0,
    min_n=10,
    statistic="proportion",
    threshold=Threshold(warn=97.0, crit=92.0),
    target=99.0,
    normal=(97.0, 100.0),
    quantities=("trip_operated",),
)

RIDERSHIP = Indicator(
    id="mob.ridership",
    title="Boardings against the same hour of other weeks",
    short="Ridership index",
    unit="index",
    direction="band",
    domain="mobility",
    cadence=timedelta(hours=1),
    window=timedelta(hours=3),
    time_aggregation="sum of the newest complete hour",
    district_aggregation="ratio of sums",
    definition=(
        "Boardings in the newest hour, as a share of what is usual for this hour of this weekday: "
        "100 is usual. Where counts come for longer periods, such as days, the newest period is "
        "compared with the same one of other weeks. Usual is the median of up to 8 weeks before, "
        "stop by stop; stops without a past are left out."
    ),
    numerator="boardings in the newest hour or period",
    denominator="usual boardings of this hour or period, at the same stops",
    source="gates, validators and passenger counters",
    standard="ISO 37120:2018, 19 (transportation); SDG 11.2",
    decimals=0,
    threshold=Threshold(kind="band", low=85.0, high=115.0, crit_low=70.0, crit_high=130.0),
    target=100.0,
    normal=(90.0, 110.0),
    quantities=("boardings",),
    look_back=timedelta(days=63),
)


def on_time(question: Question) -> list[Reading]:
    """Return trips on time ÷ trips with a delay, by district of the next stop, in percent."""
    trips = _newest(question, "transit_delay")
    if not len(trips):
        return nothing(question, "no trip reported its delay within 15 minutes")
    is_good = (trips.value >= EARLY) & (trips.value <= LATE)
    return _share(question, trips, is_good.astype(np.float64))


def operated(question: Question) -> list[Reading]:
    """Return trips operated ÷ trips scheduled to be under way, in percent."""
    trips = _newest(question, "trip_operated")
    if not len(trips):
        return nothing(question, "no trip is scheduled now, or nobody compared within 15 minutes")
    return _share(question, trips, trips.value)


def ridership(question: Question) -> list[Reading]:
    """Return boardings now ÷ boardings usually, by district, in percent."""
    return against_usual(question, "boardings", nobody="no stop reported its boardings in time")


def _newest(question: Question, quantity: str) -> Rows:
    """Return the newest fit report of each trip within the window.

    A trip is a site only for as long as it runs, so nothing is expected of those of before.
    """
    limit = np.maximum(question.now - question.start, question.delays())
    rows = question.window.rows(quantity, question.now - int(limit.max(initial=0)), question.now)
    rows = rows.where(fit(rows, quantity) & (rows.at > question.now - limit[rows.site]))
    return rows.where(newest_by_site(rows))


def _share(question: Question, trips: Rows, good: np.ndarray) -> list[Reading]:
    size = question.scope.size
    group = question.scope.groups(question.window, trips.district)
    count = total(group, size)
    cells = Cells(
        num=total(group, size, good),
        den=count,
        n=count.astype(np.int64),
        observed=latest(group, size, trips.at),
        scale=100.0,
        because="no trip is on its way to a stop here",
        feeds=feeds_by_cell(question, trips.site, group),
    )
    is_doubtful = trips.quality >= Quality.UNCERTAIN.rank
    cells.doubt(total(group, size, is_doubtful) > 0, "its source calls some values uncertain")
    return readings(question, cells)
