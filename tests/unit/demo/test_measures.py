"""The city behaves like one: rush hours, weekends, seasons, and levels within normal ranges."""

import numpy as np
import pytest

from demo import air, measures, sites, weather
from demo.almanac import city_time
from demo.incidents import World

from .conftest import SEED, hours

YEAR = hours("2026-01-01T05:00:00+00:00", "2027-01-01T05:00:00+00:00")
WEEKS = hours("2026-09-21T04:00:00+00:00", "2026-11-23T05:00:00+00:00")


def column(places, name):
    return np.array([[place.properties[name]] for place in places])


def travel_time_index(speeds):
    places = sites.traffic()
    length, free = column(places, "length_m"), column(places, "free_flow_kmh")
    return (length / speeds).sum(axis=0) / (length / free).sum()


def at_hour(when, hour, *, workday):
    return (np.floor(when.hour) == hour) & (when.is_workday == workday)


@pytest.mark.parametrize(
    "measure",
    [
        *(measures.speed, measures.river_level, measures.customers_out, measures.footfall),
        *(measures.bikes, air.pm25, air.pm10, air.no2, air.o3),
    ],
)
def test_an_instant_asked_alone_equals_the_same_within_a_year(measure, world):
    at = YEAR[::7]

    together = measure(world, at)

    for n in (0, 333, at.size - 1):
        assert np.array_equal(measure(world, at[n : n + 1])[:, 0], together[:, n])
    assert np.isfinite(together).all()
    assert (together >= 0.0).all()


def test_another_seed_is_another_city(world):
    other = World(SEED + 1, has_programme=False)

    assert not np.array_equal(measures.speed(world, WEEKS), measures.speed(other, WEEKS))


def test_traffic_has_two_rush_hours_on_working_days_and_flows_by_night(world):
    when = city_time(WEEKS)
    index = travel_time_index(measures.speed(world, WEEKS))

    def usual(hour, *, workday=True):
        return np.median(index[at_hour(when, hour, workday=workday)])

    assert usual(3) < 1.03
    assert 1.15 < usual(8) < 1.40
    assert 1.20 < usual(17) < 1.45
    assert usual(8) > usual(12) < usual(17)
    assert usual(8, workday=False) < 1.06
    assert usual(17, workday=False) < usual(17)


def test_the_same_hour_of_the_week_differs_from_week_to_week(world):
    index = travel_time_index(measures.speed(world, WEEKS))
    tuesdays = index.reshape(-1)[24 + 17 :: 7 * 24][:8]

    assert 0.005 < tuesdays.std() < 0.12


def test_neighbouring_instants_resemble_each_other(world):
    fine = hours("2026-11-10T17:00:00+00:00", "2026-11-10T19:00:00+00:00", 300)
    speeds = measures.speed(world, fine)

    steps = np.abs(np.diff(speeds, axis=1))
    assert np.median(steps) < 0.25 * speeds.std(axis=1).mean() + 1.0
    assert (steps > 0.0).mean() > 0.8


def test_no_healthy_sensor_draws_a_flat_line(world):
    # metrics leaves a sensor out that repeats one value for more than ten cadences
    fine = hours("2026-11-01T05:00:00+00:00", "2026-11-29T05:00:00+00:00", 300)
    coarse = fine[::12]

    for values in (measures.speed(world, fine), air.pm25(world, coarse), air.o3(world, coarse)):
        flat = np.diff(values, axis=1) == 0.0
        runs = np.lib.stride_tricks.sliding_window_view(flat, 10, axis=1).all(axis=2)
        assert not runs.any()


def test_snow_and_rain_slow_the_traffic(world):
    slow = weather.slippery(SEED, YEAR)
    when = city_time(YEAR)
    index = travel_time_index(measures.speed(world, YEAR))
    rush = at_hour(when, 17, workday=True)

    assert index[rush & (slow > 0.1)].mean() > index[rush & (slow < 0.005)].mean() + 0.05


def test_the_climate_is_that_of_montreal():
    season = city_time(YEAR).season
    warm = weather.temperature(SEED, YEAR)
    fallen = weather.precipitation(SEED, YEAR)

    assert -15 < warm[season < 1 / 12].mean() < -4
    assert 16 < warm[(season > 6 / 12) & (season < 7 / 12)].mean() < 26
    assert 700 < fallen.sum() < 1500
    assert 0.75 < (fallen == 0).mean() < 0.95
    summer = (season > 0.42) & (season < 0.7)
    assert weather.is_snow(SEED, YEAR)[summer].max() == 0.0


def test_the_air_stays_within_its_normal_levels(world):
    days = air.pm25(world, YEAR[: 24 * 364]).reshape(12, -1, 24).mean(axis=2)

    assert np.percentile(days, 5) > 4
    assert np.percentile(days, 95) < 15
    assert (air.pm10(world, YEAR) > air.pm25(world, YEAR)).mean() > 0.99
    when = city_time(YEAR)
    rush, night = at_hour(when, 8, workday=True), at_hour(when, 3, workday=True)
    no2 = air.no2(world, YEAR).mean(axis=0)
    assert 8 < no2.mean() < 25
    assert no2[rush].mean() > 1.5 * no2[night].mean()
    sunny = at_hour(when, 15, workday=True) & (when.season > 0.4) & (when.season < 0.65)
    assert air.o3(world, YEAR)[:, sunny].mean() > air.o3(world, YEAR).mean() + 10


def test_rivers_stay_between_45_and_75_percent_of_flood_stage(world):
    share = measures.river_level(world, YEAR) / column(sites.river(), "flood_stage_m") * 100

    assert np.percentile(share, 2) > 45
    assert np.percentile(share, 99) < 72
    assert share.max() < 80


def test_a_river_rises_after_rain(world):
    wet = weather.soaked(SEED, YEAR, hours=72)
    level = measures.river_level(world, YEAR)[0]
    a_day = 24

    wetter = wet[a_day:] - wet[:-a_day]
    higher = level[a_day:] - level[:-a_day]

    assert np.corrcoef(wetter, higher)[0, 1] > 0.6


def test_few_customers_are_without_power(world):
    out = measures.customers_out(world, YEAR)
    share = out.sum(axis=0) / column(sites.power(), "customers_served").sum() * 100

    assert 0 < np.median(share) < 0.1
    assert share.max() < 0.3


def test_streets_are_busy_at_lunch_and_empty_by_night(world):
    when = city_time(WEEKS)
    count = measures.footfall(world, WEEKS).sum(axis=0)

    def usual(hour):
        return np.median(count[at_hour(when, hour, workday=True)])

    assert usual(13) > 8 * usual(4)
    assert usual(17) > usual(10)


def test_bikes_move_downtown_by_day_and_home_by_night(world):
    at = hours("2026-07-06T04:00:00+00:00", "2026-08-03T04:00:00+00:00")
    when = city_time(at)
    counts = measures.bikes(world, at)
    capacity = column(sites.bikes(), "capacity")
    downtown = np.array([site.district in {"181", "182", "183"} for site in sites.bikes()])
    share = counts / capacity
    noon, night = at_hour(when, 13, workday=True), at_hour(when, 3, workday=True)

    assert (counts <= capacity).all()
    assert share[downtown][:, noon].mean() > share[downtown][:, night].mean() + 0.2
    assert share[~downtown][:, noon].mean() < share[~downtown][:, night].mean() - 0.05
    assert 0.25 < share.mean() < 0.6
