from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS, Window, measure
from metrics.privacy import covered, suppress
from model import CITY, District, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, scope, seen

CARD, BUSINESS, CLAIMS, BUILDING = (
    INDICATORS[f"eco.{name}"] for name in ("card", "business", "claims", "permit_value")
)
NOW = datetime(2026, 3, 11, 15, tzinfo=UTC)  # nine days after the newest week's end
END = datetime(2026, 3, 2, tzinfo=scope().zone)  # of 2026-W09
LAST = datetime(2025, 3, 3, tzinfo=scope().zone)  # of 2025-W09


def got(indicator, facts, at=NOW, **more) -> dict[str, Reading]:
    return {r.district: r for r in measure(indicator, Window.build(facts), at, scope(**more))}


def weekly(
    quantity: str, values: list[float | None], end: datetime = END, **more: object
) -> list[Observation]:
    """Newest first."""
    fields = {"site": "north"} | more
    return [
        seen(value, quantity=quantity, at=end - timedelta(weeks=k), **fields)
        for k, value in enumerate(values)
    ]


def cards(now: float, then: float, merchants: float = 40, **more: object) -> list[Observation]:
    found: list[Observation] = []
    for end, spent in ((END, now), (LAST, then)):
        found += weekly("card_spend", [spent] * 5, end, **more)
        found += weekly("card_merchants", [merchants] * 5, end, **more)
    return found


SOUTH = {"site": "south", "district": "south"}


def prices(now: float, then: float) -> list[Observation]:
    both = ((END - 40 * DAY, now), (LAST - 40 * DAY, then))
    return [
        seen(value, quantity="price_index", site="cpi", district=None, at=at) for at, value in both
    ]


# By hand: 4 × 1060 at prices of 106 are 4 × 1000 at prices of 100; the year before 4 × 800.
def test_card_spending_is_compared_at_the_prices_of_the_year_before() -> None:
    found = got(CARD, cards(1_060, 800) + prices(106, 100))["north"]

    assert (found.num, found.den) == (pytest.approx(4_000), 3_200)
    assert found.value == pytest.approx(25)
    assert found.quality is Quality.GOOD
    assert found.reason == "weeks 2026-W06 to 2026-W09, ended 9 d ago"


def test_without_prices_it_is_the_change_in_money_and_doubtful() -> None:
    found = got(CARD, cards(1_060, 800))["north"]

    assert found.value == pytest.approx(32.5)
    assert found.quality is Quality.UNCERTAIN
    assert "no price index" in (found.reason or "")


def test_the_city_is_a_ratio_of_sums_and_no_mean_of_changes() -> None:
    facts = cards(100, 50) + cards(1_000, 1_000, **SOUTH) + prices(100, 100)

    found = got(CARD, facts)

    assert found["north"].value == pytest.approx(100)
    assert found["south"].value == pytest.approx(0)
    assert found[CITY].value == pytest.approx(100 * (4_400 / 4_200 - 1))


def test_a_site_without_one_of_the_weeks_counts_on_neither_side() -> None:
    facts = cards(1_000, 1_000) + prices(100, 100)
    gone = END - timedelta(weeks=1)
    facts += [f for f in cards(900, 100, **SOUTH) if f.observed_at != gone]

    found = got(CARD, facts)

    assert found["south"].value is None
    assert found[CITY].den == 4_000
    assert found[CITY].coverage == pytest.approx(0.5)


TEN = tuple(
    District(id=name, name=name, short=name, population=1_000) for name in ("a", "b", "c", "d")
)


def test_a_district_with_under_ten_merchants_is_hidden_and_one_more_with_it() -> None:
    facts = prices(100, 100)
    for name, merchants in (("a", 9), ("b", 12), ("c", 30), ("d", 50)):
        facts += cards(1_000, 900, merchants, site=name, district=name)

    found = got(CARD, facts, districts=TEN)

    assert [found[name].value is None for name in "abcd"] == [True, True, False, False]
    for name in "ab":
        hidden = found[name]
        assert (hidden.num, hidden.den, hidden.n) == (None, None, None)
        assert "fewer than 10 merchants" in (hidden.reason or "")
    assert (found["c"].n, found[CITY].n) == (30, 101)


def test_a_number_of_merchants_that_nobody_tells_is_too_few() -> None:
    spent = [f for f in cards(1_000, 900) if f.quantity == "card_spend"]

    found = got(CARD, spent + prices(100, 100))

    assert found["north"].value is None
    assert found[CITY].value is None


def test_the_fewest_merchants_of_any_week_count() -> None:
    facts = [f for f in cards(1_000, 900) if f.quantity == "card_spend"]
    facts += weekly("card_merchants", [40, 8, 40, 40]) + weekly("card_merchants", [40] * 4, LAST)

    assert got(CARD, facts)["north"].value is None


def test_covered_hides_at_least_two_and_at_least_the_least() -> None:
    assert covered([9.0, 12.0, 30.0], 10) == [True, True, False]
    assert covered([1.0, 2.0, 3.0, 40.0], 10) == [True, True, True, True]
    assert covered([10.0, 12.0], 10) == [False, False]
    assert covered([], 10) == []


def test_a_source_that_has_told_nothing_for_eight_weeks_says_nothing_of_now() -> None:
    for indicator in (CARD, BUSINESS, CLAIMS, BUILDING):
        facts = [f for quantity in indicator.quantities for f in weekly(quantity, [50.0] * 90)]
        late = NOW + timedelta(weeks=9)

        assert got(indicator, facts)[CITY].value is not None
        assert got(indicator, facts, at=late)[CITY].value is None


def test_the_publication_lag_is_told() -> None:
    facts = weekly("jobless_claims", [50.0] * 90)

    found = got(CLAIMS, facts, at=NOW + 12 * DAY)[CITY]

    assert "ended 21 d ago" in (found.reason or "")
    assert found.observed_at == END


def test_licences_issued_less_closed_are_told_per_10_000_residents() -> None:
    facts = weekly("licences_issued", [5, 6, 7, 8, 99]) + weekly("licences_closed", [4, 4, 4, 4, 0])
    facts += weekly("licences_issued", [1] * 4, **SOUTH) + weekly(
        "licences_closed", [3] * 4, **SOUTH
    )

    found = got(BUSINESS, facts)

    assert (found["north"].num, found["north"].den, found["north"].n) == (10, 1_000, 42)
    assert found["north"].value == pytest.approx(100)
    assert found["south"].value == pytest.approx(10_000 * -8 / 3_000)
    assert found[CITY].value == pytest.approx(10_000 * 2 / 4_000)


def test_licences_with_a_missing_week_are_unknown_and_not_fewer() -> None:
    facts = weekly("licences_issued", [5, None, 7, 8]) + weekly("licences_closed", [4] * 4)
    facts += weekly("licences_issued", [1] * 4, **SOUTH) + weekly(
        "licences_closed", [3] * 4, **SOUTH
    )

    found = got(BUSINESS, facts)

    assert found["north"].value is None
    assert found[CITY].quality is Quality.UNCERTAIN
    assert "fewer than 4 weeks" in (found[CITY].reason or "")


def test_claims_are_compared_with_those_52_weeks_before() -> None:
    facts = weekly("jobless_claims", [30, 30, 30, 30])
    facts += weekly("jobless_claims", [99, 20, 20, 20, 20], END - timedelta(weeks=51))

    found = got(CLAIMS, facts)["north"]

    assert (found.num, found.den, found.value) == (120, 80, 50)


def test_few_claims_of_a_district_stay_in_the_house() -> None:
    facts = weekly("jobless_claims", [1.0] + [0.0] * 80)
    facts += weekly("jobless_claims", [30.0] * 80, **SOUTH)

    shown = {r.district: r for r in suppress(list(got(CLAIMS, facts).values()), INDICATORS)}

    assert shown["north"].suppressed


def test_dwellings_of_twelve_weeks_are_compared_over_a_week_53() -> None:
    end = datetime(2027, 1, 4, tzinfo=scope().zone)  # 2026-W53
    facts = weekly("units_permitted", [12.0] * 12, end)
    facts += weekly("units_permitted", [10.0] * 12, end - timedelta(weeks=52))

    found = got(BUILDING, facts, at=end.astimezone(UTC) + 10 * DAY)["north"]

    assert (found.num, found.den) == (144, 120)
    assert found.value == pytest.approx(20)
    assert (found.reason or "").startswith("weeks 2026-W42 to 2026-W53")


def test_where_nothing_was_permitted_a_year_ago_there_is_no_change() -> None:
    facts = weekly("units_permitted", [12.0] * 12) + weekly("units_permitted", [0.0] * 12, LAST)

    found = got(BUILDING, facts)["north"]

    assert (found.value, found.num, found.den) == (None, 144, 0)
    assert found.reason == "no whole 12 weeks here, or nothing was permitted a year ago"
