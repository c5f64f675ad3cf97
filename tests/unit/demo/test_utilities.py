"""Few are without water; a month's balance is told late, and loses a fifth."""

from datetime import datetime

import numpy as np
import pytest

from demo import sites, utilities
from demo.almanac import ZONE
from demo.archive import ROOTS, instants
from demo.incidents import World, started

from .conftest import SEED, hours, instant

NOW = instant("2026-11-24T15:00:00+00:00")
YEAR = hours("2026-01-01T05:00:00+00:00", "2027-01-01T05:00:00+00:00")


def of_the_city(out):
    served = sum(place.properties["customers_served"] for place in sites.water())
    return out.sum(axis=0) / served * 100


def test_few_customers_are_without_water(world):
    share = of_the_city(utilities.customers_out(world, YEAR))

    assert np.median(share) < 0.05
    assert np.percentile(share, 90) < 0.1
    assert 0 < share.max() < 0.6


def test_a_flood_shuts_the_water_off_where_it_reaches_and_not_across_the_city():
    flood = started("flood", NOW - 3600, seed=SEED, minutes=120)
    at = np.array([NOW], dtype=np.int64)
    dry = utilities.customers_out(World(SEED, has_programme=False), at)[:, 0]
    out = utilities.customers_out(World(SEED, (flood,), has_programme=False), at)[:, 0]

    for place, before, after in zip(sites.water(), dry, out, strict=True):
        reach = sites.RIVERSIDE.get(place.district, 0.0)
        flooded = round(place.properties["customers_served"] * 0.015 * reach)
        assert after == max(before, flooded)
    assert of_the_city(out[:, None])[0] < 0.2


def test_the_customers_of_an_area_are_told_once_a_day(world):
    table = utilities.customers_served(world, YEAR[:48])

    assert np.isfinite(table).sum(axis=1).tolist() == [2] * len(sites.water())
    assert np.nanmax(table[0]) == sites.water()[0].properties["customers_served"]


def test_months_end_at_local_midnight_and_are_told_twelve_days_later(world):
    root = ROOTS["water-balance"]
    at = instants(world, root, NOW, NOW - 800 * 86_400, NOW)

    ends = [datetime.fromtimestamp(int(one), ZONE) for one in at]
    assert [(end.day, end.hour) for end in ends] == [(1, 0)] * len(ends)
    assert len({(end.year, end.month) for end in ends}) == len(ends) == 26
    assert (ends[-1].year, ends[-1].month) == (2026, 11)
    eleventh = instant("2026-11-11T15:00:00+00:00")
    assert instants(world, root, eleventh, eleventh - 45 * 86_400, eleventh)[-1] < at[-1]


def test_a_year_loses_between_a_tenth_and_a_quarter(world):
    at = utilities.month_ends(world, NOW - 365 * 86_400, NOW)
    pumped, billed = utilities.supplied(world, at), utilities.billed(world, at)

    assert at.size == 12
    assert (pumped > billed).all()
    assert 0.10 < 1 - billed.sum() / pumped.sum() < 0.25
    days = 365
    residents = sum(place.properties["residents"] for place in sites.water())
    assert billed.sum() / residents / days == pytest.approx(0.24, rel=0.1)
