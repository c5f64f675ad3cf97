"""What measuring sites say now: their newest fit value, who is silent, who is stuck."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrics.cells import Cells
from metrics.columns import DAY, UNPLACED, Bools, Floats, Ints, span
from metrics.grouping import Groups, latest, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.window import Window
from model import Quality

EXPECTED_DAYS = 7  # a site that has said nothing for longer is no longer expected
STUCK_CADENCES = 10  # control-room §1.10: the same value for longer is a flat line
_STUCK_REPORTS = 6
_MARGIN = 2  # cadences beyond the limit, so that a stuck site is still seen between two reports

# What can be true, in the units at rest: (lowest, highest), both allowed. Engineering limits:
# wide enough for the worst day on record, narrow enough for sentinels and unit mistakes.
RANGES: Mapping[str, tuple[float, float]] = {
    "speed": (0.5, 250.0),  # a detector that has counted nobody says 0
    "bikes_available": (0.0, 1_000.0),
    "docks_available": (0.0, 1_000.0),
    "pm25": (0.0, 1_500.0),
    "pm10": (0.0, 5_000.0),
    "no2": (0.0, 3_000.0),
    "o3": (0.0, 1_500.0),
    "so2": (0.0, 5_000.0),
    "co": (0.0, 200.0),
    "temperature": (-60.0, 60.0),
    "apparent_temperature": (-80.0, 85.0),
    "humidity": (0.0, 105.0),
    "river_level": (-10.0, 60.0),
    "flood_stage": (0.01, 100.0),
    "customers_out": (0.0, 50_000_000.0),
    "customers_served": (1.0, 50_000_000.0),
    "water_customers_out": (0.0, 50_000_000.0),
    "water_customers_served": (1.0, 50_000_000.0),
    "water_supplied": (0.0, 10_000_000_000.0),
    "water_billed": (0.0, 10_000_000_000.0),
    "assets": (0.0, 10_000_000.0),
    "assets_working": (0.0, 10_000_000.0),
    "parking_spaces": (0.0, 100_000.0),
    "parking_occupied": (0.0, 100_000.0),
    "clearance": (0.0, 20_160.0),  # minutes; two weeks
    "ksi": (0.0, 1_000.0),
    "noise": (10.0, 150.0),
    "footfall": (0.0, 1_000_000.0),
    "boardings": (0.0, 10_000_000.0),
    "transit_delay": (-7_200.0, 21_600.0),  # beyond, the service day was mistaken
    "trip_operated": (0.0, 1.0),
    "probe_up": (0.0, 1.0),
    "kev_overdue": (0.0, 100_000.0),
    "kev_overdue_week": (0.0, 100_000.0),
    "participants": (0.0, 10_000_000.0),
    "posts": (0.0, 10_000_000.0),
    "posts_positive": (0.0, 10_000_000.0),
    "posts_negative": (0.0, 10_000_000.0),
    "calls_311": (0.0, 1_000_000.0),
    "calls_311_within": (0.0, 1_000_000.0),
    "calls_911": (0.0, 1_000_000.0),
    "calls_911_within": (0.0, 1_000_000.0),
    "collections_planned": (0.0, 10_000_000.0),
    "collections_made": (0.0, 10_000_000.0),
    "card_spend": (0.0, 1e12),
    "card_merchants": (0.0, 10_000_000.0),
    "price_index": (1.0, 100_000.0),
    "licences_issued": (0.0, 100_000.0),
    "licences_closed": (0.0, 100_000.0),
    "jobless_claims": (0.0, 1_000_000.0),
    "units_permitted": (0.0, 100_000.0),
    "rooms_available": (0.0, 1_000_000.0),
    "rooms_sold": (0.0, 1_000_000.0),
    "electricity": (0.0, 1_000_000.0),
    "energy_expected": (0.0, 1_000_000.0),
    "load_temperature": (-60.0, 60.0),
    "ems_response": (1.0, 14_400.0),  # beyond four hours the times were mistaken
    "fire_travel": (1.0, 7_200.0),
    "violent_crime": (0.0, 10_000.0),
    "shelter_occupied": (0.0, 100_000.0),
    "shelter_beds": (1.0, 100_000.0),
    "pupils_enrolled": (0.0, 1_000_000.0),
    "pupils_present": (0.0, 1_000_000.0),
    "hospital_beds": (1.0, 1_000_000.0),
    "hospital_occupied": (0.0, 1_000_000.0),
}

# A flat line is impossible for these while the value is above what is given (a detection limit,
# an empty street at night). Stations without trips, still water, a full reservoir of customers,
# and SO2 and CO at their detection limit stay flat for days and are believed.
STUCK_ABOVE: Mapping[str, float] = {
    "speed": 0.0,
    "pm25": 1.0,
    "pm10": 2.0,
    "no2": 1.0,
    "o3": 2.0,
    "footfall": 0.0,
    "boardings": 0.0,
    "noise": 20.0,
}


@dataclass(frozen=True, slots=True)
class Sites:
    """The newest fit value of each site that has one; arrays of the same length, by site code.

    ``expected`` and ``unfit`` count by district and, last, for the city: sites that should have
    reported, and sites whose newest values were left out as impossible or stuck.
    """

    site: Ints
    at: Ints
    value: Floats
    group: Groups
    is_doubtful: Bools
    expected: Floats
    unfit: Floats

    def where(self, mask: Bools | Ints) -> "Sites":
        """Return the sites for which ``mask`` holds, or those at the given places."""
        return Sites(
            self.site[mask],
            self.at[mask],
            self.value[mask],
            self.group[mask],
            self.is_doubtful[mask],
            self.expected,
            self.unfit,
        )


def fit(rows: Rows, quantity: str) -> Bools:
    """Return which rows may be used: reported, physically possible, not flagged as bad."""
    low, high = RANGES.get(quantity, (-np.inf, np.inf))
    with np.errstate(invalid="ignore"):
        can = (rows.value >= low) & (rows.value <= high)
    return can & (rows.quality <= Quality.LATE.rank)


def newest_by_site(rows: Rows) -> Ints:
    """Return the place of the newest row of each site, by ascending site code."""
    size = int(rows.site.max(initial=-1)) + 1
    last = np.full(size, -1, np.int64)
    last[rows.site] = np.arange(len(rows))  # rows ascend in time: the newest stays
    return last[last >= 0]


def current(question: Question, quantity: str) -> Sites:
    """Return the newest fit value of each site that is fresh.

    Fresh is what was observed within the indicator's window or, where its feed is slower than
    that, within one and a half cadences and the feed's normal latency.
    """
    at, scope = question.now, question.scope
    limit = np.maximum(span(question.indicator.window), question.delays())
    rows = question.window.rows(quantity, at - int(limit.max(initial=0)), at)
    rows = rows.where(rows.at > at - limit[rows.site])
    seen = rows.where(newest_by_site(rows))
    good = rows.where(fit(rows, quantity))
    good = good.where(newest_by_site(good))
    kept = good.where(~np.isin(good.site, stuck(question, quantity)))
    left_out = ~np.isin(seen.site, kept.site) & ~np.isnan(seen.value)
    home, expected = expectation(question, quantity)
    return Sites(
        site=kept.site,
        at=kept.at,
        value=kept.value,
        group=home[kept.site],
        is_doubtful=kept.quality >= Quality.UNCERTAIN.rank,
        expected=expected,
        unfit=total(home[seen.site[left_out]], scope.size),
    )


def expectation(question: Question, *quantities: str) -> tuple[Groups, Floats]:
    """Return where each site stands, and how many are expected by district and in the city.

    A site is expected while it has said something of these quantities, even "missing", in the
    last 7 days.
    """
    window, scope, at = question.window, question.scope, question.now
    size = len(window.sites.names)
    district = np.full(size, UNPLACED, np.int32)
    is_there = np.zeros(size, np.bool_)
    for quantity in quantities:
        rows = window.rows(quantity, at - EXPECTED_DAYS * DAY, at)
        district[rows.site] = rows.district
        is_there[rows.site] = True
    home = scope.groups(window, district)
    return home, total(home[is_there], scope.size)


def stuck(question: Question, quantity: str) -> Ints:
    """Return the sites that repeat one value for more than ten cadences where that cannot be."""
    above, at = STUCK_ABOVE.get(quantity), question.now
    step = question.steps()
    if above is None or not len(step):
        return np.zeros(0, np.int64)
    reach = step * (STUCK_CADENCES + _MARGIN)
    rows = question.window.rows(quantity, at - int(reach.max()), at)
    rows = rows.where(~np.isnan(rows.value) & (rows.at > at - reach[rows.site]))
    size = len(step)
    lowest, highest = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(lowest, rows.site, rows.value)
    np.maximum.at(highest, rows.site, rows.value)
    first, last = np.full(size, at, np.int64), at - reach
    np.minimum.at(first, rows.site, rows.at)
    np.maximum.at(last, rows.site, rows.at)
    reports = np.bincount(rows.site, minlength=size)
    is_flat = (lowest == highest) & (highest > above) & (reports >= _STUCK_REPORTS)
    return np.flatnonzero(is_flat & (last - first > step * STUCK_CADENCES))


def feeds_by_cell(question: Question, site: Ints, group: Groups) -> list[tuple[str, ...]]:
    """Return by district and, last, for the city the feeds that these sites belong to."""
    window, scope = question.window, question.scope
    names: list[set[str]] = [set() for _ in range(scope.size + 1)]
    width = len(window.feeds.names) + 1
    for pair in np.unique((group + 1) * width + window.feed_codes[site]).tolist():
        name = str(window.feeds.names[pair % width])
        names[scope.size].add(name)
        if pair >= width:
            names[pair // width - 1].add(name)
    return [tuple(sorted(some)) for some in names]


def observed(sites: Sites, size: int) -> Ints:
    """Return the newest instant by district and for the city."""
    return latest(sites.group, size, sites.at)


def names(window: Window, site: Ints, rows: Ints) -> list[str | None]:
    """Return the site id behind each chosen row, ``None`` where no row was chosen (-1)."""
    return [window.name_of(int(site[row])) if row >= 0 else None for row in rows.tolist()]


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where nothing is expected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def tell(cells: Cells, sites: Sites, size: int) -> None:
    """Say what was left out, and doubt what rests on doubtful facts."""
    doubtful = total(sites.group, size, sites.is_doubtful) > 0
    cells.doubt(doubtful, "its source calls some values uncertain")
    for some in np.unique(sites.unfit[sites.unfit > 0]).tolist():
        cells.note(sites.unfit == some, f"{int(some)} left out: impossible or stuck values")
