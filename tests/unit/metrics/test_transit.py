from datetime import timedelta

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed, scope, seen

OTP, SERVICE, RIDERSHIP = (
    INDICATORS[name] for name in ("mob.transit_otp", "mob.transit_service", "mob.ridership")
)


def trip(delay: float | None, name: str = "t1", **more: object) -> Observation:
    return seen(delay, site=f"{name} 2026-03-04", quantity="transit_delay", **more)


def on_time(facts: list[Observation]) -> dict[str, Reading]:
    return {r.district: r for r in measure(OTP, Window.build(facts), NOW, scope())}


def test_a_trip_is_on_time_from_one_minute_early_to_five_late() -> None:
    delays = [-61.0, -60.0, 0.0, 300.0, 301.0]
    facts = [trip(delay, f"n{i}") for i, delay in enumerate(delays)]
    facts += [trip(900.0, f"s{i}", district="south") for i in range(15)]

    got = on_time(facts)

    assert (got["north"].num, got["north"].den, got["north"].value) == (3, 5, 60)
    assert (got["south"].num, got["south"].den, got["south"].value) == (0, 15, 0)
    assert (got[CITY].value, got[CITY].n) == (15, 20)


def test_few_trips_are_doubtful() -> None:
    got = on_time([trip(0.0, f"n{i}") for i in range(9)])

    assert got["north"].quality is Quality.UNCERTAIN
    assert got["north"].reason == "n too small (9 of 10)"
    assert got["south"].value is None
    assert got["south"].reason == "no trip is on its way to a stop here"


def test_the_newest_report_of_a_trip_counts_where_its_next_stop_is_now() -> None:
    facts = [trip(900.0, at=NOW - 5 * MINUTE), trip(0.0, at=NOW - MINUTE, district="south")]

    got = on_time(facts)

    assert got["north"].value is None
    assert (got["south"].value, got["south"].observed_at) == (100, NOW - MINUTE)


def test_trips_of_before_are_neither_counted_nor_missed() -> None:
    old = [trip(900.0, f"old{i}", at=NOW - HOUR) for i in range(50)]

    got = on_time([*old, *(trip(0.0, f"n{i}") for i in range(10))])[CITY]

    assert (got.value, got.n, got.quality, got.coverage) == (100, 10, Quality.GOOD, None)


@pytest.mark.parametrize("delay", [None, 86_400.0, -7_201.0])
def test_an_impossible_delay_is_no_delay(delay: float | None) -> None:
    got = on_time([trip(delay, "x"), trip(0.0)])[CITY]

    assert got.n == 1


def test_a_trip_without_a_place_counts_for_the_city() -> None:
    got = on_time([trip(0.0, district=None)])

    assert got["north"].value is None
    assert got[CITY].value == 100


def test_doubtful_reports_make_a_doubtful_share() -> None:
    facts = [trip(0.0, f"n{i}", quality=Quality.UNCERTAIN) for i in range(10)]

    assert on_time(facts)[CITY].reason == "its source calls some values uncertain"


def test_trips_that_real_time_does_not_know_are_missing_from_service() -> None:
    facts = [
        seen(float(i % 10 != 0), site=f"t{i}", quantity="trip_operated", district=None)
        for i in range(50)
    ]

    got = {r.district: r for r in measure(SERVICE, Window.build(facts), NOW, scope())}

    assert (got[CITY].num, got[CITY].den, got[CITY].value) == (45, 50, 90)
    assert got["north"].value is None


def ridden(count: float | None, site: str = "a", **more: object) -> Observation:
    return seen(count, site=site, quantity="boardings", **more)


def test_boardings_are_compared_with_the_same_hour_of_other_weeks() -> None:
    facts = [ridden(80.0), ridden(30.0, "b", district="south")]
    facts += [ridden(100.0, at=NOW - week * 7 * DAY) for week in range(1, 9)]
    facts += [ridden(20.0, "b", district="south", at=NOW - w * 7 * DAY) for w in range(1, 9)]

    got = {r.district: r for r in measure(RIDERSHIP, Window.build(facts), NOW, scope())}

    assert (got["north"].value, got["south"].value) == (80, 150)
    assert got[CITY].value == pytest.approx(100 * 110 / 120)
    assert got[CITY].quality is Quality.GOOD


def test_daily_boardings_are_compared_day_by_day() -> None:
    yesterday = NOW - 20 * HOUR
    facts = [ridden(70.0, at=yesterday)]
    facts += [ridden(100.0, at=yesterday - week * 7 * DAY) for week in range(1, 9)]
    facts += [ridden(5.0, at=yesterday - day * DAY) for day in range(1, 7)]
    known = scope(feed_age={"feed": feed("feed", DAY, latency=timedelta(hours=6))})

    got = measure(RIDERSHIP, Window.build(facts), NOW, known)[-1]

    assert got.value == pytest.approx(70)


def test_a_quick_feed_does_not_make_a_slow_one_incomplete() -> None:
    quick = [ridden(10.0, "q", at=NOW - m * MINUTE, feed_id="quick") for m in (0, 15, 30, 45)]
    quick += [ridden(40.0, "q", at=NOW - w * 7 * DAY, feed_id="quick") for w in range(1, 9)]
    slow = [ridden(50.0, "s", feed_id="slow")]
    slow += [ridden(50.0, "s", at=NOW - w * 7 * DAY, feed_id="slow") for w in range(1, 9)]

    got = measure(RIDERSHIP, Window.build([*quick, *slow]), NOW, scope())[-1]

    assert (got.num, got.den, got.n) == (90, 90, 2)


def test_without_boardings_nothing_is_said() -> None:
    got = measure(RIDERSHIP, Window.build([ridden(None)]), NOW, scope())[-1]

    assert (got.value, got.reason) == (None, "no stop reported its boardings in time")
