"""Rescue, care and trade: told when such figures are, of believable size, for ever the same."""

from datetime import datetime

import numpy as np
import pytest

from demo import care, periods, rescue, trade
from demo.almanac import ZONE
from demo.archive import ROOTS, instants, values
from demo.districts import wards
from demo.incidents import World, started

from .conftest import SEED, hours, instant

NOW = instant("2026-11-24T15:00:00+00:00")
DAY = 86_400
NEW = [*rescue.ROOTS, *care.ROOTS, *trade.ROOTS]


def told(world, root, *, days, now=NOW):
    """Return instants and one table (sites, instants) per quantity of the last days."""
    at = instants(world, root, now, now - days * DAY, now)
    rows = np.arange(len(root.sites()))
    return at, {q.name: values(world, root, q, at, rows=rows) for q in root.quantities}


@pytest.mark.parametrize("root", NEW, ids=lambda root: root.name)
def test_nothing_is_told_before_it_is_published_nor_kept_for_ever(root, world):
    at = instants(world, root, NOW, 0, np.inf)

    assert at.size
    assert at.max() <= NOW - root.latency
    assert at.min() >= NOW - root.kept


@pytest.mark.parametrize("root", NEW, ids=lambda root: root.name)
def test_what_was_told_stays_what_it_was(root, world):
    at, then = told(world, root, days=40, now=NOW - 3 * DAY)
    later, now = told(world, root, days=43)
    common, mine, yours = np.intersect1d(at, later, return_indices=True)

    assert common.size
    for name, table in then.items():
        np.testing.assert_array_equal(table[:, mine], now[name][:, yours])


@pytest.mark.parametrize("root", NEW, ids=lambda root: root.name)
def test_figures_are_whole_where_they_are_counts_and_never_negative(root, world):
    _, tables = told(world, root, days=60)
    for quantity in root.quantities:
        known = tables[quantity.name][np.isfinite(tables[quantity.name])]
        if quantity.name != "load_temperature":
            assert known.min() >= 0
        if quantity.symbol == "1" and quantity.name != "price_index":
            assert (known == np.round(known)).all()


def test_weeks_end_at_midnight_to_monday_whatever_the_clocks_do(world):
    at = periods.week_ends(world, instant("2026-01-01T00:00:00+00:00"), NOW)
    local = [datetime.fromtimestamp(one, ZONE) for one in at.tolist()]

    assert len(at) == 47
    assert {(one.weekday(), one.hour, one.minute) for one in local} == {(0, 0, 0)}
    assert {one.utcoffset() for one in local} == {one.utcoffset() for one in local[::20]}


def test_days_end_once_a_day_also_in_a_week_of_a_change_of_clocks(world):
    first, last = (instant(f"2026-11-0{n}T12:00:00+00:00") for n in (1, 8))

    assert np.diff(periods.day_ends(world, first, last)).tolist() == [DAY] * 6
    first, last = (instant(f"2026-03-{n:02}T12:00:00+00:00") for n in (6, 11))
    assert (DAY - 3600) in np.diff(periods.at_hour(4)(world, first, last)).tolist()


def test_no_part_is_larger_than_its_whole(world):
    pairs = {
        "calls-311": ("calls_311", "calls_311_within"),
        "calls-911": ("calls_911", "calls_911_within"),
        "waste": ("collections_planned", "collections_made"),
        "hotels": ("rooms_available", "rooms_sold"),
        "shelters": ("shelter_beds", "shelter_occupied"),
        "hospitals": ("hospital_beds", "hospital_occupied"),
    }
    for name, (whole, part) in pairs.items():
        _, tables = told(world, ROOTS[name], days=60)
        assert (tables[part] <= tables[whole]).all()
        assert (tables[part] > 0).any()


def test_shares_of_calm_weeks_are_those_of_a_city_in_order(world):
    def share(name, whole, part):
        _, tables = told(world, ROOTS[name], days=60)
        return tables[part].sum() / tables[whole].sum()

    assert 0.95 < share("calls-311", "calls_311", "calls_311_within") < 0.985
    assert 0.96 < share("calls-911", "calls_911", "calls_911_within") < 0.99
    assert 0.97 < share("waste", "collections_planned", "collections_made") < 0.995
    assert 0.76 < share("hospitals", "hospital_beds", "hospital_occupied") < 0.9
    assert 0.5 < share("hotels", "rooms_available", "rooms_sold") < 0.85


def test_an_incident_makes_people_call_and_wait():
    flood = started("flood", NOW - 3600, seed=SEED, minutes=90)
    at = np.arange(NOW - 2700, NOW + 1, 300, dtype=np.int64)
    calm, wet = World(SEED, has_programme=False), World(SEED, (flood,), has_programme=False)
    of_311 = (rescue.calls_311, rescue.in_time_311)
    of_911 = (rescue.calls_911, rescue.in_time_911)

    for calls, answered in (of_311, of_911):
        many, few = calls(wet, at).sum(), calls(calm, at).sum()
        assert many > 1.4 * few
        assert answered(wet, at).sum() / many < answered(calm, at).sum() / few


def test_help_comes_as_often_and_as_fast_as_in_a_city_of_this_size(world):
    _, ems = told(world, ROOTS["ambulances"], days=60)
    _, fire = told(world, ROOTS["engines"], days=60)
    seconds = ems["ems_response"][np.isfinite(ems["ems_response"])]
    travel = fire["fire_travel"][np.isfinite(fire["fire_travel"])]

    assert 100 < seconds.size / 60 < 160
    assert 6.5 < np.percentile(seconds, 90) / 60 < 9
    assert 55 < travel.size / 60 < 95
    assert 0.86 < (travel <= 240).mean() < 0.95


def test_crimes_reach_back_three_years_and_come_by_night_and_in_summer(world):
    at, tables = told(world, ROOTS["crime"], days=1_095)
    column = np.nonzero(np.isfinite(tables["violent_crime"]))[1]
    local = [datetime.fromtimestamp(one, ZONE) for one in at[column].tolist()]
    hour = np.bincount([one.hour for one in local], minlength=24)
    month = np.bincount([one.month for one in local], minlength=13)

    assert 12 < column.size / 1_095 < 16
    assert hour[[22, 23, 0]].sum() > 1.7 * hour[[6, 7, 8]].sum()
    assert month[7] > 1.15 * month[1]


def test_cards_grow_faster_than_prices_and_some_districts_have_few_merchants(world):
    at, cards = told(world, ROOTS["cards"], days=500)
    spent = cards["card_spend"].sum(axis=0)
    _, index = told(world, ROOTS["prices"], days=500)

    assert len(at) > 60
    assert 1.0 < spent[-4:].sum() / spent[-56:-52].sum() < 1.08
    assert 1.01 < index["price_index"][0, -1] / index["price_index"][0, -13] < 1.035
    assert 1 <= (cards["card_merchants"][:, -1] < 10).sum() <= 8


def test_electricity_follows_the_cold_and_the_hour(world):
    winter = hours("2026-01-12T05:00:00+00:00", "2026-01-19T05:00:00+00:00")
    autumn = hours("2026-10-05T04:00:00+00:00", "2026-10-12T04:00:00+00:00")

    cold, mild = (trade.electricity(world, at).sum(axis=0) for at in (winter, autumn))

    assert cold.mean() > 1.3 * mild.mean()
    assert mild[17] > 1.2 * mild[3]
    temperature = trade.load_temperature(world, winter)
    assert np.isfinite(temperature[0]).all()
    assert np.isnan(temperature[1:]).all()


def test_all_slow_and_counted_facts_of_a_full_back_fill_stay_under_a_hundred_thousand(world):
    spans = {"engines": 100, "crime": 1_200, "cards": 600, "prices": 600}
    spans |= {"claims": 600, "building": 620, "licences": 120}
    count = 0
    for root in NEW:
        _, tables = told(world, root, days=spans.get(root.name, 63))
        count += sum(int(np.isfinite(table).sum()) for table in tables.values())

    assert 60_000 < count < 100_000


def test_sites_have_names_and_stand_in_their_districts():
    known = {ward.id for ward in wards()}
    for root in NEW:
        places = root.sites()
        assert len({place.id for place in places}) == len(places)
        assert {place.district for place in places} <= known
