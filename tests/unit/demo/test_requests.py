"""Requests: how many, where, and that the work keeps up with them all year round."""

from collections import Counter

import numpy as np
import pytest
import shapely

from demo import requests
from demo.almanac import city_time
from demo.districts import ward, wards
from demo.incidents import World
from demo.services import SERVICES, Service

from .conftest import SEED, instant

DAY = 86400


def number(code: str) -> int:
    return [service.code for service in SERVICES].index(code)


@pytest.fixture(scope="module")
def year() -> requests.Requests:
    calm = World(SEED, has_programme=False)
    return requests.between(
        calm, instant("2025-09-01T04:00:00+00:00"), instant("2026-12-01T05:00:00+00:00")
    )


def test_about_3000_requests_arrive_a_day_and_fewer_on_weekends(year):
    when = city_time(year.opened)
    days, counts = np.unique(when.day, return_counts=True)
    workday = np.array([city_time(np.array([d * DAY + 18 * 3600])).is_workday[0] for d in days])

    assert 2600 < counts.mean() < 3400
    assert counts[~workday].mean() < 0.75 * counts[workday].mean()
    assert counts.min() > 1000


def test_people_ask_by_day_and_complain_of_noise_by_night(year):
    hour = city_time(year.opened).hour
    noise = year.service == number("402")

    assert ((hour > 7) & (hour < 21)).mean() > 0.75
    assert ((hour[noise] > 20) | (hour[noise] < 3)).mean() > 0.4


@pytest.mark.parametrize(
    ("code", "high", "low"),
    [
        ("202", (0.0, 0.2), (0.4, 0.7)),
        ("201", (0.2, 0.32), (0.5, 0.8)),
        ("402", (0.4, 0.7), (0, 0.2)),
    ],
)
def test_services_have_their_season(year, code, high, low):
    rows = year.pick(
        (year.service == number(code)) & (year.opened >= instant("2025-12-01T05:00:00+00:00"))
    )
    season = city_time(rows.opened).season

    def rate(bounds):
        return ((season >= bounds[0]) & (season < bounds[1])).sum() / (bounds[1] - bounds[0])

    assert rate(high) > 1.5 * rate(low)


@pytest.mark.parametrize(
    "month", ["2026-01", "2026-03", "2026-05", "2026-07", "2026-09", "2026-11"]
)
def test_the_backlog_stays_within_its_normal_ranges(year, month):
    now = instant(f"{month}-24T15:00:00+00:00")
    seen = year.pick(year.opened <= now)
    is_open = seen.closed > now
    closed_28 = ((seen.closed <= now) & (seen.closed > now - 28 * DAY)).sum() / 28
    due = (seen.due <= now) & (seen.due > now - 28 * DAY)
    opened_7 = (seen.opened > now - 7 * DAY).sum()
    closed_7 = ((seen.closed <= now) & (seen.closed > now - 7 * DAY)).sum()

    assert 7 < is_open.sum() / closed_28 < 12.5  # srv.backlog, days of work
    assert 0.04 < (is_open & (seen.due < now)).sum() / is_open.sum() < 0.14  # srv.overdue
    assert 0.90 < (due & (seen.closed <= seen.due)).sum() / due.sum() < 0.97  # srv.sla
    assert 0.80 < opened_7 / closed_7 < 1.15  # srv.netflow


def test_every_request_lies_in_its_district(year):
    some = year.pick(np.arange(0, len(year), 501))

    for n, lon, lat in zip(some.ward, some.lon, some.lat, strict=True):
        assert shapely.contains_xy(wards()[n].shape, lon, lat)


def test_populous_districts_ask_more(year):
    counts = Counter(wards()[n].id for n in year.ward)
    most, least = counts["131"], counts["64"]

    assert len(counts) == 58
    assert most / least == pytest.approx(ward("131").population / ward("64").population, rel=0.6)


def test_times_stand_in_their_order_and_ids_are_unique(year):
    assert (np.diff(year.opened) >= 0).all()
    assert (year.closed > year.opened).all()
    assert (year.touched >= year.opened).all()
    assert (year.touched <= year.closed).all()
    assert (year.due > year.opened).all()
    assert len(set(year.id.tolist())) == len(year)
    hour = city_time(year.closed).hour
    assert ((hour >= 7.0) & (hour <= 22.1)).mean() > 0.97


def test_a_request_is_found_again_by_its_id(world, year):
    asked = [str(n) for n in year.id[[5, 70_000, 300_000]]]

    found = requests.named(
        world, [*asked, "20260230000000001", "12", "x" * 17, "20260101990000001"]
    )

    assert [str(n) for n in found.id] == asked


def test_a_window_is_the_same_whatever_was_asked_before(world):
    first, last = instant("2026-05-03T10:11:12+00:00"), instant("2026-05-04T15:00:00+00:00")
    wide = requests.between(world, first - 3 * DAY, last + 3 * DAY)
    inside = wide.pick((wide.opened >= first) & (wide.opened <= last))
    requests._drawn.cache_clear()

    narrow = requests.between(world, first, last)

    for name, values in vars(narrow).items():
        assert np.array_equal(values, vars(inside)[name]), name


def test_codes_are_unique_and_every_service_is_complete():
    assert len({service.code for service in SERVICES}) == len(SERVICES) >= 12
    assert all(isinstance(s, Service) and s.name and s.name_fr and s.days > 0 for s in SERVICES)
