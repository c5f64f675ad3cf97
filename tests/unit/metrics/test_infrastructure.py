from datetime import timedelta

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed, scope, seen

WATER, ASSETS, PARKING = (INDICATORS[i] for i in ("inf.water", "inf.assets", "mob.parking"))
FEEDS = {"feed": feed("feed", 15 * MINUTE)}


def area(
    out: float | None, served: float | None, site: str = "a", **more: object
) -> list[Observation]:
    return [
        seen(out, site=site, quantity="water_customers_out", **more),
        seen(served, site=site, quantity="water_customers_served", **more),
    ]


def water(facts: list[Observation], **more: object) -> dict[str, Reading]:
    given: dict[str, object] = {"feed_age": FEEDS, **more}
    return {r.district: r for r in measure(WATER, Window.build(facts), NOW, scope(**given))}


def test_customers_out_over_customers_served() -> None:
    got = water([*area(5.0, 1_000.0), *area(0.0, 4_000.0, "b", district="south")])

    assert (got["north"].value, got["south"].value) == (0.5, 0.0)
    assert (got[CITY].num, got[CITY].den, got[CITY].n) == (5, 5_000, 2)
    assert got[CITY].value == pytest.approx(0.1)
    assert got[CITY].quality is Quality.GOOD


def test_the_worst_report_of_half_an_hour_counts() -> None:
    facts = area(5.0, 1_000.0)
    facts += [seen(40.0, site="a", quantity="water_customers_out", at=NOW - 29 * MINUTE)]
    facts += [seen(900.0, site="a", quantity="water_customers_out", at=NOW - 31 * MINUTE)]

    assert water(facts)["north"].value == pytest.approx(4.0)


def test_the_customers_of_an_area_may_be_told_once_a_day_or_by_the_pack() -> None:
    told = [
        seen(5.0, site="a", quantity="water_customers_out"),
        seen(1_000.0, site="a", quantity="water_customers_served", at=NOW - 2 * DAY),
    ]
    said = {("water_customers_served", "a"): 500.0, ("customers_served", "a"): 1.0}

    assert water(told)["north"].value == pytest.approx(0.5)
    assert water(told[:1], references=said)["north"].value == pytest.approx(1.0)
    assert water(told[:1])["north"].value is None


def test_an_area_that_is_silent_or_absurd_is_no_zero() -> None:
    facts = [*area(50.0, 10.0), *area(None, 100.0, "b"), *area(1.0, 100.0, "c")]

    got = water(facts)["north"]

    assert (got.value, got.n) == (1.0, 1)
    assert got.coverage == pytest.approx(1 / 3)
    assert "more customers out than served" in (got.reason or "")
    assert water(area(5.0, 1_000.0, at=NOW - HOUR))["north"].value is None


def group(
    total: float | None, works: float | None, site: str = "a", **more: object
) -> list[Observation]:
    return [
        seen(total, site=site, quantity="assets", **more),
        seen(works, site=site, quantity="assets_working", **more),
    ]


def assets(facts: list[Observation]) -> dict[str, Reading]:
    return {r.district: r for r in measure(ASSETS, Window.build(facts), NOW, scope())}


def test_devices_that_work_over_devices() -> None:
    got = assets(
        [
            *group(40, 38, "signals-n"),
            *group(160, 158, "lights-n"),
            *group(100, 99, "lights-s", district="south"),
        ]
    )

    assert got["north"].value == pytest.approx(98.0)
    assert (got[CITY].num, got[CITY].den, got[CITY].n) == (295, 300, 3)
    assert got[CITY].value == pytest.approx(98.333, abs=0.001)


def test_a_group_without_both_counts_or_with_absurd_ones_is_left_out() -> None:
    facts = [*group(10, 9), *group(10, None, "b"), *group(10, 11, "c"), *group(0, 0, "d")]

    got = assets(facts)["north"]

    assert (got.value, got.n) == (90.0, 1)
    assert got.coverage == 0.25
    assert got.quality is Quality.BAD
    assert "more working devices" in (got.reason or "")


def test_devices_that_are_all_out_are_zero_and_silent_ones_unknown() -> None:
    assert assets(group(10, 0))["north"].value == 0.0
    assert assets(group(10, 10, at=NOW - 16 * MINUTE))["north"].value is None
    assert assets(group(10, 10))["south"].value is None


def park(
    spaces: float | None, taken: float | None, site: str = "a", **more: object
) -> list[Observation]:
    return [
        seen(spaces, site=site, quantity="parking_spaces", **more),
        seen(taken, site=site, quantity="parking_occupied", **more),
    ]


def parking(facts: list[Observation]) -> dict[str, Reading]:
    return {r.district: r for r in measure(PARKING, Window.build(facts), NOW, scope())}


def test_spaces_taken_over_spaces_of_all_car_parks() -> None:
    got = parking([*park(100, 90), *park(300, 150, "b"), *park(50, 40, "c", district="south")])

    assert got["north"].value == pytest.approx(60.0)
    assert (got[CITY].num, got[CITY].den, got[CITY].n) == (280, 450, 3)
    assert got["south"].value == pytest.approx(80.0)


def test_more_cars_than_spaces_are_a_full_car_park() -> None:
    got = parking([*park(100, 103), *park(100, 50, "b")])["north"]

    assert got.value == pytest.approx(75.0)
    assert "counts as full" in (got.reason or "")


def test_a_closed_or_silent_car_park_is_no_empty_one() -> None:
    assert parking(park(0, 0))["north"].value is None
    assert parking(park(100, None))["north"].value is None
    assert parking(park(100, 0))["north"].value == 0.0
    assert parking(park(100, 50, at=NOW - timedelta(minutes=15)))["north"].value is None


def test_only_a_full_city_worries() -> None:
    limits = PARKING.threshold

    assert (limits.kind, limits.low, limits.crit_low) == ("band", None, None)
    assert (limits.high, limits.crit_high) == (90.0, 97.0)
