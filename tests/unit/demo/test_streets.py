"""Events happen once, at one place, and stay what they were; levels are those of a city."""

from collections import Counter

import numpy as np
import pytest

from demo import sites, streets
from demo.archive import ROOTS, instants, values
from demo.districts import wards
from demo.incidents import World, started

from .conftest import SEED, hours, instant

NOW = instant("2026-11-24T15:00:00+00:00")
DAY = 86_400


def told(world, name, *, days, now=NOW):
    """Return (instant, site, figure) of every event of the last days."""
    root = ROOTS[name]
    at = instants(world, root, now, now - days * DAY, now)
    table = values(world, root, root.quantities[0], at, rows=np.arange(len(root.sites())))
    row, column = np.nonzero(np.isfinite(table))
    return {
        (int(at[c]), root.sites()[r].id, float(table[r, c]))
        for r, c in zip(row.tolist(), column.tolist(), strict=True)
    }


@pytest.mark.parametrize("name", ["collisions", "incidents"])
def test_what_has_happened_stays_whenever_it_is_asked(name, world):
    early, late = told(world, name, days=80, now=NOW - 3 * DAY), told(world, name, days=80)

    newest = NOW - 3 * DAY - ROOTS[name].latency
    both = {event for event in late if event[0] <= newest and event[0] >= NOW - 80 * DAY}
    assert both
    assert both <= early
    assert all(event[0] <= NOW - ROOTS[name].latency for event in late)


def test_three_years_of_collisions_are_few_and_spread(world):
    events = told(world, "collisions", days=1095)
    people = sum(figure for _, _, figure in events)
    residents = sum(ward.population for ward in wards())

    assert 6 < people / 3 / residents * 100_000 < 14
    assert len(events) < 1_000
    assert len({site for _, site, _ in events}) > 90
    assert {figure for _, _, figure in events} == {1.0, 2.0}


def test_collisions_are_told_two_days_later(world):
    assert max(at for at, _, _ in told(world, "collisions", days=400)) <= NOW - 2 * DAY


def test_road_incidents_come_with_the_traffic_and_are_cleared_within_the_hour(world):
    events = told(world, "incidents", days=63)
    minutes = np.array([figure for _, _, figure in events])
    ended = Counter((at // 3600 - 5) % 24 for at, _, _ in events)

    assert 30 < len(events) / 63 < 80
    assert 25 < np.percentile(minutes, 90) < 60
    assert minutes.min() >= 4
    assert ended[17] > 3 * ended[4]


def test_a_crash_that_somebody_started_is_an_incident_with_its_minutes():
    crash = started("crash", NOW - 3600, seed=SEED, minutes=30, place="182")
    world = World(SEED, (crash,), has_programme=False)

    fresh = told(world, "incidents", days=1) - told(
        World(SEED, has_programme=False), "incidents", days=1
    )

    assert fresh == {(NOW - 1800, "junction-182-1", 30.0)}


def test_crews_need_longer_where_it_floods_and_nowhere_else():
    quiet = World(SEED, has_programme=False)
    flood = started("flood", NOW - 20 * DAY, seed=SEED, minutes=19 * DAY // 60)
    wet = World(SEED, (flood,), has_programme=False)
    riverside = {place.id for place in sites.junctions() if place.district in sites.RIVERSIDE}

    def longest(world, *, is_wet):
        found = [
            m for _, site, m in told(world, "incidents", days=20) if (site in riverside) is is_wet
        ]
        return sum(found) / len(found)

    assert longest(wet, is_wet=True) > 1.3 * longest(quiet, is_wet=True)
    assert longest(wet, is_wet=False) == pytest.approx(longest(quiet, is_wet=False), rel=0.02)


def test_nights_are_quieter_than_days_and_loud_where_people_go_out(world):
    at = hours("2026-06-01T04:00:00+00:00", "2026-06-29T04:00:00+00:00")
    level = streets.noise(world, at)
    hour = (at // 3600 - 4) % 24  # of the hour that ends
    night = (hour >= 0) & (hour <= 7)
    energy = 10 * np.log10((10 ** (level[:, night] / 10)).mean(axis=1))
    downtown = [place.district for place in sites.microphones()].index("182")

    assert ((energy > 42) & (energy < 56)).all()
    assert energy[downtown] > np.median(energy)
    assert level[:, (hour >= 9) & (hour <= 20)].mean() > level[:, night].mean() + 6
    assert not (np.diff(level, axis=1) == 0.0).all(axis=1).any()
