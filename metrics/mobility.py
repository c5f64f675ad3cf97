"""Traffic and shared bikes."""

from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.freeflow import NIGHTS, free_flow, road_weights
from metrics.grouping import middle, total
from metrics.scope import Question
from metrics.sites import current, feeds_by_cell, observed, share, tell
from model import Indicator, Reading, Threshold

TTI = Indicator(
    id="mob.tti",
    title="Travel time index",
    short="Travel time",
    unit="ratio",
    direction="lower",
    domain="mobility",
    cadence=timedelta(minutes=5),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each sensor",
    district_aggregation="ratio of sums",
    definition=(
        "How much longer a trip takes now than on an empty road: 1.0 is free flow, 1.5 is half as "
        "long again. Free flow is the 85th percentile of each sensor's speeds between 22:00 and "
        "05:00 city time over the last 28 nights. Where length and volume of every road section "
        "are known they weigh it; else every sensor weighs the same, and the reading says so."
    ),
    numerator="sum of the time per kilometre now, over sensors that reported within 15 minutes",
    denominator="sum of the time per kilometre at free flow, over the same sensors",
    source="FHWA, Travel Time Reliability (2006)",
    standard="ISO 37120:2018, 19 (transportation)",
    decimals=2,
    threshold=Threshold(warn=1.5, crit=2.0),
    target=1.3,
    normal=(1.05, 1.40),
    quantities=("speed",),
)

BIKES = Indicator(
    id="mob.bikes",
    title="Docks with a bike",
    short="Docks with a bike",
    unit="%",
    direction="band",
    domain="mobility",
    cadence=timedelta(minutes=5),
    window=timedelta(minutes=30),
    time_aggregation="newest report of each station",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the working docks of shared bikes that hold a bike. Near 0 nobody can set out, "
        "near 100 nobody can return a bike."
    ),
    numerator="bikes available at stations that reported within 30 minutes",
    denominator="bikes and free docks at the same stations",
    source="GBFS 3.0 station_status",
    decimals=0,
    threshold=Threshold(kind="band", low=20.0, high=80.0, crit_low=10.0, crit_high=90.0),
    target=50.0,
    normal=(30.0, 70.0),
    quantities=("bikes_available", "docks_available"),
)

PARKING = Indicator(
    id="mob.parking",
    title="Parking spaces taken",
    short="Parking taken",
    unit="%",
    direction="band",
    domain="mobility",
    cadence=timedelta(minutes=5),
    window=timedelta(minutes=15),
    time_aggregation="newest report of each car park",
    district_aggregation="ratio of sums",
    definition=(
        "Share of the parking spaces that are taken now. At 85 % a driver finds a space without "
        "going round the block; above 90 % people search, and near 100 % nobody finds one. Few "
        "taken spaces, as by night, worry nobody here. A car park with more cars than spaces "
        "counts as full; one without spaces is closed and does not count."
    ),
    numerator="spaces taken in car parks that reported within 15 minutes",
    denominator="spaces of the same car parks",
    source="Shoup (2005), The High Cost of Free Parking: the 85 % rule",
    standard="NGSI-LD OffStreetParking",
    decimals=0,
    threshold=Threshold(kind="band", high=90.0, crit_high=97.0),
    target=85.0,
    normal=(55.0, 88.0),
    quantities=("parking_spaces", "parking_occupied"),
)


def travel_time_index(question: Question) -> list[Reading]:
    """Return Σ w/v ÷ Σ w/v_ff by district, over sensors with a fresh speed."""
    window, scope = question.window, question.scope
    now = current(question, "speed")
    flow = free_flow(window, question.at, scope.timezone)
    sites = now.where(np.isfinite(flow.speed[now.site]))
    if not len(sites.site):
        why = "no sensor reported within 15 minutes" if not len(now.site) else _NO_NIGHT
        return nothing(question, why)
    weight, is_weighted = road_weights(question, sites.site)
    size = scope.size
    count = total(sites.group, size)
    cells = Cells(
        num=total(sites.group, size, weight / sites.value),
        den=total(sites.group, size, weight / flow.speed[sites.site]),
        n=count.astype(np.int64),
        observed=observed(sites, size),
        coverage=share(count, sites.expected),
        because="no sensor with a fresh speed and a known free flow",
        feeds=feeds_by_cell(question, sites.site, sites.group),
    )
    nights = np.floor(middle(sites.group, size, flow.nights[sites.site].astype(np.float64)))
    for some in np.unique(nights[nights < NIGHTS]).tolist():
        cells.doubt(nights == some, f"free flow from {int(some)} of {NIGHTS} nights")
    if not is_weighted:
        cells.note(count > 0, "every sensor weighs the same: no lengths and volumes")
    tell(cells, sites, size)
    return readings(question, cells)


def bikes(question: Question) -> list[Reading]:
    """Return the share of docks that hold a bike, over stations that report both counts."""
    size = question.scope.size
    have = current(question, "bikes_available")
    free = current(question, "docks_available")
    _, here, there = np.intersect1d(have.site, free.site, return_indices=True)
    works = have.value[here] + free.value[there] > 0
    stations, docks = have.where(here[works]), free.value[there[works]]
    count = total(stations.group, size)
    cells = Cells(
        num=total(stations.group, size, stations.value),
        den=total(stations.group, size, stations.value + docks),
        n=count.astype(np.int64),
        observed=observed(stations, size),
        scale=100.0,
        coverage=share(count, stations.expected),
        because="no station reported its bikes and docks in time",
        feeds=feeds_by_cell(question, stations.site, stations.group),
    )
    tell(cells, stations, size)
    return readings(question, cells)


def parking(question: Question) -> list[Reading]:
    """Return spaces taken ÷ spaces by district, over car parks that report both, in percent."""
    size = question.scope.size
    spaces = current(question, "parking_spaces")
    taken = current(question, "parking_occupied")
    _, here, there = np.intersect1d(spaces.site, taken.site, return_indices=True)
    is_open = spaces.value[here] > 0
    parks, cars = spaces.where(here[is_open]), taken.value[there[is_open]]
    count = total(parks.group, size)
    cells = Cells(
        num=total(parks.group, size, np.minimum(cars, parks.value)),
        den=total(parks.group, size, parks.value),
        n=count.astype(np.int64),
        observed=observed(parks, size),
        scale=100.0,
        coverage=share(count, parks.expected),
        because="no car park reported its spaces and cars in time",
        feeds=feeds_by_cell(question, parks.site, parks.group),
    )
    tell(cells, parks, size)
    over = total(parks.group, size, cars > parks.value) > 0
    cells.note(over, "a car park with more cars than spaces counts as full")
    return readings(question, cells)


_NO_NIGHT = "no night of any sensor is known yet, so its free flow is not"
