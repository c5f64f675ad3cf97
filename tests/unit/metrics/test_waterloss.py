from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, scope, seen

LOSS = INDICATORS["env.water_loss"]
ZONE = scope().zone
NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


def month_end(back: int, now: datetime = NOW) -> datetime:
    """Return the local midnight that ended the month ``back`` months ago; 0 is the newest."""
    month = now.year * 12 + now.month - 1 - back
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=ZONE).astimezone(UTC)


def balance(
    back: int, put: float | None, paid: float | None, site: str = "a", **more: object
) -> list[Observation]:
    at = month_end(back)
    return [
        seen(put, site=site, quantity="water_supplied", at=at, unit="m³", **more),
        seen(paid, site=site, quantity="water_billed", at=at, unit="m³", **more),
    ]


def months(put: float, paid: float, *, count: int = 12, **more: object) -> list[Observation]:
    return [fact for back in range(count) for fact in balance(back, put, paid, **more)]


def by_district(facts: list[Observation], at: datetime = NOW) -> dict[str, Reading]:
    return {r.district: r for r in measure(LOSS, Window.build(facts), at, scope())}


def test_the_city_is_a_ratio_of_sums_over_areas_and_months() -> None:
    got = by_district([*months(100.0, 80.0), *months(300.0, 270.0, site="b", district="south")])

    assert got["north"].value == pytest.approx(20.0)
    assert got["south"].value == pytest.approx(10.0)
    assert (got[CITY].num, got[CITY].den) == (12 * 50, 12 * 400)
    assert got[CITY].value == pytest.approx(12.5)
    assert (got[CITY].n, got[CITY].quality) == (24, Quality.GOOD)


def test_the_thirteenth_month_does_not_count() -> None:
    facts = [*months(100.0, 80.0), *balance(12, 100_000.0, 0.0)]

    assert by_district(facts)["north"].value == pytest.approx(20.0)


@pytest.mark.parametrize("year", [2024, 2025])
def test_twelve_months_are_twelve_in_leap_years_too(year: int) -> None:
    now = datetime(year, 3, 20, 15, 0, tzinfo=UTC)
    facts = [
        seen(value, site="a", quantity=name, at=month_end(back, now))
        for back in range(15)
        for name, value in (("water_supplied", 100.0), ("water_billed", 80.0))
    ]

    assert by_district(facts, at=now)["north"].n == 12


def test_a_year_ends_with_the_newest_month_that_is_published_on_both_sides() -> None:
    facts = [fact for back in range(2, 14) for fact in balance(back, 100.0, 80.0)]
    facts.append(seen(900.0, site="a", quantity="water_supplied", at=month_end(1)))

    got = by_district(facts)["north"]

    assert (got.value, got.n) == (pytest.approx(20.0), 12)
    assert got.observed_at == month_end(2)


def test_an_area_that_told_only_one_side_counts_on_neither() -> None:
    facts = [*months(100.0, 80.0), *(f for b in range(12) for f in balance(b, 900.0, None, "b"))]

    assert by_district(facts)["north"].value == pytest.approx(20.0)


def test_missing_months_are_told_by_the_coverage() -> None:
    facts = months(100.0, 80.0)
    facts += [f for b in range(0, 12, 2) for f in balance(b, 100.0, 60.0, "b", district="south")]

    got = by_district(facts)

    assert got["north"].coverage == 1.0
    assert (got["south"].coverage, got["south"].quality) == (0.5, Quality.UNCERTAIN)
    assert got["south"].value == pytest.approx(40.0)


def test_a_young_record_is_doubted() -> None:
    got = by_district(months(100.0, 80.0, count=5))["north"]

    assert (got.value, got.quality) == (pytest.approx(20.0), Quality.UNCERTAIN)
    assert "5 periods of under 12 months" in (got.reason or "")


def test_more_billed_than_supplied_is_doubted_and_not_hidden() -> None:
    got = by_district(months(100.0, 110.0))["north"]

    assert (got.value, got.quality) == (pytest.approx(-10.0), Quality.UNCERTAIN)
    assert "more water was billed" in (got.reason or "")


def test_no_water_supplied_has_no_share() -> None:
    assert by_district(months(0.0, 0.0))["north"].value is None


def test_daily_balances_are_a_year_of_days() -> None:
    facts = [
        seen(value, site="a", quantity=name, at=NOW - day * DAY - HOUR)
        for day in range(380)
        for name, value in (("water_supplied", 10.0), ("water_billed", 9.0))
    ]

    got = by_district(facts)["north"]

    assert (got.n, got.value) == (365, pytest.approx(10.0))


def test_a_balance_of_long_ago_tells_nothing_of_now() -> None:
    old = NOW + timedelta(days=460)

    assert by_district(months(100.0, 80.0), at=old)[CITY].value is None
