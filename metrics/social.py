"""A bed for the night, and a place at school."""

from datetime import datetime, timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import DAY, HOUR, Floats, Ints, milliseconds
from metrics.grouping import total
from metrics.scope import Question
from metrics.shares import feeds_of, share_of
from metrics.sites import fit, newest_by_site, share
from model import Indicator, Reading, Threshold

_DAY = timedelta(days=1)
_CENSUS = 4  # o'clock, city time
_BEFORE = 3 * HOUR  # how old a report may be at the census
_ENOUGH = 0.75  # of the shelters: then a night is counted
_NIGHTS = 3  # how far back a counted night may lie
_BEDS_DAYS = 7

SHELTER = Indicator(
    id="soc.shelter",
    title="Beds in shelters that are taken, at 4 in the morning",
    short="Shelter beds taken",
    unit="%",
    direction="lower",
    domain="social",
    cadence=_DAY,
    window=_DAY,
    time_aggregation="last count at 04:00 city time",
    district_aggregation="ratio of sums",
    definition=(
        "Beds taken at 4 in the morning, city time, as a share of the beds of the shelters that "
        "reported, in the newest night that three quarters of the shelters have reported. A "
        "report is used if it is from the 3 hours before. Who is turned away is not counted here."
    ),
    numerator="beds taken",
    denominator="beds of the same shelters",
    source="the city's shelters",
    standard="U4SSC, housing",
    decimals=1,
    threshold=Threshold(warn=92.0, crit=98.0),
    target=90.0,
    normal=(80.0, 92.0),
    is_counted=True,
    quantities=("shelter_occupied", "shelter_beds"),
)

SCHOOL = Indicator(
    id="soc.school",
    title="Pupils present at school",
    short="School attendance",
    unit="%",
    direction="higher",
    domain="social",
    cadence=_DAY,
    window=_DAY,
    time_aggregation="newest school day",
    district_aggregation="ratio of sums",
    definition=(
        "Pupils present on the newest school day that is reported, as a share of those enrolled "
        "in the same schools. On days without school there is no count, and none is made up."
    ),
    numerator="pupils present",
    denominator="pupils enrolled",
    source="the school boards",
    standard="Boston CityScore",
    decimals=1,
    min_n=30,
    threshold=Threshold(warn=93.0, crit=90.0),
    target=95.0,
    normal=(92.0, 97.0),
    is_counted=True,
    quantities=("pupils_enrolled", "pupils_present"),
)


HOSPITAL = Indicator(
    id="soc.hospital",
    title="Hospital beds that are taken",
    short="Hospital beds taken",
    unit="%",
    direction="lower",
    domain="social",
    cadence=_DAY,
    window=_DAY,
    time_aggregation="newest count of the day",
    district_aggregation="ratio of sums",
    definition=(
        "Staffed beds that are taken in the newest day's count, as a share of all staffed beds of "
        "the hospitals that reported. Above 85 % patients wait for a bed. A district is where the "
        "hospital stands, not where its patients live."
    ),
    numerator="beds taken",
    denominator="staffed beds of the same hospitals",
    source="the hospitals",
    standard="ISO 37120-11",
    decimals=1,
    threshold=Threshold(warn=85.0, crit=92.0),
    target=82.0,
    normal=(75.0, 85.0),
    is_counted=True,
    quantities=("hospital_beds", "hospital_occupied"),
)


def shelters(question: Question) -> list[Reading]:
    """Return beds taken ÷ beds at the newest census of the shelters, in percent."""
    found = _census(question)
    if found is None:
        return nothing(question, "no shelter has reported a night")
    night, site, taken, beds, group, expected = found
    size = question.scope.size
    known = np.isfinite(beds)
    count = total(group[known], size)
    cells = Cells(
        num=total(group[known], size, taken[known]),
        den=total(group[known], size, beds[known]),
        n=count.astype(np.int64),
        observed=np.full(size + 1, milliseconds(night), np.int64),
        scale=100.0,
        coverage=share(count, expected),
        because="no shelter reports from here, or none says how many beds it has",
        feeds=feeds_of(question, site),
    )
    cells.note(count > 0, f"the night to {night:%Y-%m-%d}")
    return readings(question, cells)


def attendance(question: Question) -> list[Reading]:
    """Return pupils present ÷ pupils enrolled on the newest school day, in percent."""
    nobody = "no school day was reported in time"
    return share_of(question, "pupils_enrolled", "pupils_present", nobody=nobody)


def hospitals(question: Question) -> list[Reading]:
    """Return hospital beds taken ÷ staffed beds at the newest count, in percent."""
    nobody = "no hospital has reported in time"
    return share_of(question, "hospital_beds", "hospital_occupied", nobody=nobody)


def _census(
    question: Question,
) -> tuple[datetime, Ints, Floats, Floats, Ints, Floats] | None:
    """Return the newest counted night: its instant, and by shelter beds taken, beds, district."""
    window, scope, now = question.window, question.scope, question.now
    back = now - (_NIGHTS + _BEDS_DAYS) * DAY
    rows = window.rows("shelter_occupied", back, now)
    rows = rows.where(fit(rows, "shelter_occupied"))
    expected = np.unique(rows.site)
    best = None
    for night in _nights(question):
        at = milliseconds(night)
        told = rows.where((rows.at <= at) & (rows.at > at - _BEFORE))
        told = told.where(newest_by_site(told))
        if best is None or len(told) > len(best[1]):
            best = (night, told) if len(told) else best
        if len(told) >= _ENOUGH * len(expected):
            break
    if best is None:
        return None
    night, told = best
    group = scope.groups(window, told.district)
    known = rows.where(newest_by_site(rows))
    home = total(scope.groups(window, known.district), scope.size)
    return night, told.site, told.value, _beds(question, told.site, night), group, home


def _beds(question: Question, site: Ints, night: datetime) -> Floats:
    """Return the beds of shelters, as told last before a night; else a constant of the pack."""
    at = milliseconds(night)
    rows = question.window.rows("shelter_beds", at - _BEDS_DAYS * DAY, at)
    rows = rows.where(fit(rows, "shelter_beds"))
    rows = rows.where(newest_by_site(rows))
    found = np.full(len(question.window.sites.names), np.nan)
    for code in site.tolist():
        name = question.window.name_of(code)
        found[code] = question.scope.references.get(("shelter_beds", name), np.nan)
    found[rows.site] = rows.value
    return found[site]


def _nights(question: Question) -> list[datetime]:
    """Return the last instants of 04:00 city time, newest first."""
    local = question.at.astimezone(question.scope.zone)
    today = local.replace(hour=_CENSUS, minute=0, second=0, microsecond=0, fold=0)
    nights = [today - timedelta(days=back) for back in range(_NIGHTS + 1)]
    return [night for night in nights if night <= question.at][:_NIGHTS]
