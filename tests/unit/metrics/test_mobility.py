from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from metrics.freeflow import free_flow
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed, scope, seen

TTI, BIKES = INDICATORS["mob.tti"], INDICATORS["mob.bikes"]
MIDNIGHT = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)  # in Montréal, UTC−5


def nights(
    site: str, speed: float, *, count: int = 28, district: str = "north"
) -> list[Observation]:
    """Return hourly reports of the last nights, 22:00 to 05:00 city time."""
    return [
        seen(speed, site=site, district=district, at=MIDNIGHT - night * DAY + hour * HOUR)
        for night in range(count)
        for hour in range(-2, 6)
    ]


def by_district(facts: list[Observation], **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(TTI, Window.build(facts), NOW, scope(**more))}


def test_half_the_speed_takes_twice_the_time() -> None:
    got = by_district([*nights("a", 100.0), seen(50.0, site="a")])

    assert got["north"].value == pytest.approx(2.0)
    assert got["north"].num == pytest.approx(1 / 50)
    assert got["north"].den == pytest.approx(1 / 100)
    assert got["north"].n == 1
    assert got["north"].observed_at == NOW
    assert got["north"].feeds == ("feed",)
    assert got["north"].quality is Quality.GOOD
    assert got["south"].value is None
    assert got["south"].num is None
    assert got["south"].quality is Quality.NODATA
    assert got[CITY].value == pytest.approx(2.0)


def test_the_city_is_a_ratio_of_sums_and_not_a_mean_of_ratios() -> None:
    facts = [
        *nights("a", 100.0),
        seen(50.0, site="a"),
        *nights("b", 50.0, district="south"),
        seen(50.0, site="b", district="south"),
    ]

    assert by_district(facts)[CITY].value == pytest.approx((1 / 50 + 1 / 50) / (1 / 100 + 1 / 50))


def test_free_flow_is_the_85th_percentile_of_the_nights_only() -> None:
    speeds = [float(v) for v in range(40, 40 + 8)]
    facts = [
        seen(speed, site="a", at=MIDNIGHT + hour * HOUR)
        for speed, hour in zip(speeds, range(-2, 6), strict=True)
    ]
    facts += [seen(200.0, site="a", at=MIDNIGHT + 12 * HOUR), seen(90.0, site="a")]

    flow = free_flow(Window.build(facts), NOW, "America/Montreal")

    assert flow.speed.tolist() == [pytest.approx(np.quantile(speeds, 0.85))]
    assert flow.nights.tolist() == [1]


def test_few_nights_are_said_and_make_it_uncertain() -> None:
    got = by_district([*nights("a", 100.0, count=6), seen(50.0, site="a")])[CITY]

    assert got.quality is Quality.UNCERTAIN
    assert got.reason == (
        "free flow from 6 of 28 nights; every sensor weighs the same: no lengths and volumes"
    )


def test_without_a_night_there_is_no_value() -> None:
    got = by_district([seen(50.0, site="a")])[CITY]

    assert (got.value, got.quality) == (None, Quality.NODATA)
    assert "no night" in (got.reason or "")


def test_a_speed_of_sixteen_minutes_ago_is_not_fresh() -> None:
    past = nights("a", 100.0)

    assert by_district([*past, seen(50.0, site="a", at=NOW - 14 * MINUTE)])[CITY].value
    assert by_district([*past, seen(50.0, site="a", at=NOW - 15 * MINUTE)])[CITY].value is None


@pytest.mark.parametrize("speed", [None, 0.0, -3.0, 400.0, float("inf")])
def test_an_impossible_speed_is_left_out(speed: float | None) -> None:
    past = [*nights("a", 100.0), *nights("b", 100.0)]

    got = by_district([*past, seen(50.0, site="a"), seen(speed, site="b")])[CITY]

    assert got.value == pytest.approx(2.0)
    assert (got.n, got.coverage) == (1, 0.5)
    assert got.quality is Quality.UNCERTAIN
    assert ("left out" in (got.reason or "")) == (speed is not None)


def test_a_value_that_its_source_calls_bad_is_not_used_and_an_uncertain_one_is_told() -> None:
    past = nights("a", 100.0)

    bad = by_district([*past, seen(50.0, site="a", quality=Quality.BAD)])[CITY]
    doubtful = by_district([*past, seen(50.0, site="a", quality=Quality.UNCERTAIN)])[CITY]

    assert bad.value is None
    assert doubtful.quality is Quality.UNCERTAIN


def test_under_half_of_the_sensors_the_reading_is_bad() -> None:
    past = [fact for site in "abc" for fact in nights(site, 100.0)]

    got = by_district([*past, seen(50.0, site="a")])[CITY]

    assert got.quality is Quality.BAD
    assert got.value is not None
    assert "33% of the expected reports" in (got.reason or "")


def test_a_sensor_that_repeats_one_value_for_an_hour_is_left_out() -> None:
    stuck = [seen(61.0, site="a", at=NOW - m * 5 * MINUTE) for m in range(13)]
    alive = [seen(61.0 + m % 2, site="b", at=NOW - m * 5 * MINUTE) for m in range(13)]

    got = by_district([*nights("a", 100.0), *nights("b", 100.0), *stuck, *alive])[CITY]

    assert got.n == 1
    assert "1 left out: impossible or stuck" in (got.reason or "")


def test_lengths_and_volumes_weigh_where_all_are_known() -> None:
    facts = [
        *nights("a", 100.0),
        seen(50.0, site="a"),
        *nights("b", 100.0),
        seen(100.0, site="b"),
    ]
    known = {("length", s): x for s, x in (("a", 3.0), ("b", 1.0))}
    known |= {("volume", s): 100.0 for s in "ab"}

    got = by_district(facts, references=known)[CITY]

    assert got.value == pytest.approx((3 / 50 + 1 / 100) / (4 / 100))
    assert got.reason is None
    assert by_district(facts, references={("length", "a"): 3.0})[CITY].value == pytest.approx(1.5)


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_the_night_of_a_clock_change_lasts_from_22_to_5_on_the_wall(day: str) -> None:
    base = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=scope().zone)
    start = (base - HOUR * 2).astimezone(UTC)
    facts = [seen(float(50 + h), site="a", at=start + h * HOUR) for h in range(-3, 12)]
    at = base.replace(hour=12).astimezone(UTC)
    hours = 6 if day.endswith("08") else 8  # a night of seven hours on the wall

    flow = free_flow(Window.build(facts), at, "America/Montreal")

    inside = [50.0 + h for h in range(hours + 1)]
    assert flow.speed[0] == pytest.approx(np.quantile(inside, 0.85))


def test_free_flow_is_kept_until_a_night_changes() -> None:
    window = Window.build([*nights("a", 100.0), seen(50.0, site="a")])
    first = free_flow(window, NOW, "America/Montreal")
    later = window.extended([seen(55.0, site="a", at=NOW + MINUTE)])
    changed = later.extended(
        [seen(120.0, site="a", at=MIDNIGHT - n * DAY, known_at=NOW + HOUR) for n in range(28)]
    )

    assert free_flow(later, NOW + MINUTE, "America/Montreal") is first
    assert free_flow(changed, NOW + MINUTE, "America/Montreal") is not first


@given(
    speeds=st.lists(st.floats(5, 120), min_size=1, max_size=6),
    slower=st.floats(1, 99),
)
def test_a_sensor_slower_than_free_flow_never_lowers_a_free_city(
    speeds: list[float], slower: float
) -> None:
    past = [f for i in range(len(speeds) + 1) for f in nights(f"s{i}", 100.0, count=1)]
    facts = [*past, *(seen(v, site=f"s{i}") for i, v in enumerate(speeds))]
    before = by_district(facts)[CITY].value
    worst = min(*speeds, slower) if len(speeds) > 1 else min(speeds[0], slower)

    after = by_district([*facts, seen(worst, site=f"s{len(speeds)}")])[CITY].value

    assert before is not None
    assert after is not None
    assert after >= before - 1e-9


@given(st.permutations([*nights("a", 90.0, count=2), seen(40.0, site="a"), seen(None, site="b")]))
def test_the_order_of_facts_is_nothing(facts: list[Observation]) -> None:
    assert by_district(facts)[CITY].value == pytest.approx(90 / 40)


def station(site: str, have: float | None, free: float | None, **more: object) -> list[Observation]:
    return [
        seen(have, site=site, quantity="bikes_available", **more),
        seen(free, site=site, quantity="docks_available", **more),
    ]


def docks(facts: list[Observation], **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(BIKES, Window.build(facts), NOW, scope(**more))}


def test_bikes_over_docks_of_all_stations() -> None:
    got = docks([*station("a", 5, 15), *station("b", 9, 1, district="south")])

    assert (got[CITY].num, got[CITY].den, got[CITY].n) == (14, 30, 2)
    assert got["north"].value == pytest.approx(25.0)
    assert got["south"].value == pytest.approx(90.0)


def test_an_empty_station_is_zero_and_a_silent_or_closed_one_is_none() -> None:
    assert docks(station("a", 0, 10))[CITY].value == 0.0
    assert docks(station("a", None, None))[CITY].value is None
    assert docks(station("a", 0, 0))[CITY].value is None
    assert docks(station("a", 5, None))[CITY].value is None


def test_a_station_that_last_reported_weeks_ago_does_not_count() -> None:
    got = docks([*station("a", 5, 5), *station("b", 10, 0, at=NOW - timedelta(days=6))])[CITY]

    assert got.value == pytest.approx(50.0)
    assert (got.n, got.coverage) == (1, 0.5)


def test_a_slow_feed_counts_within_its_own_cadence() -> None:
    facts = station("a", 5, 5, at=NOW - 80 * MINUTE)

    assert docks(facts)[CITY].value is None
    assert docks(facts, feed_age={"feed": feed("feed", HOUR)})[CITY].value == pytest.approx(50.0)
