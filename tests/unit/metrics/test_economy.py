from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed, scope, seen

FOOTFALL, FEEDS = INDICATORS["eco.footfall"], INDICATORS["dq.feeds"]


def people(
    count: float | None, site: str = "a", *, at: datetime = NOW, **more: object
) -> Observation:
    return seen(count, site=site, quantity="footfall", at=at, **more)


def past(site: str, counts: list[float], **more: object) -> list[Observation]:
    return [people(c, site, at=NOW - (i + 1) * 7 * DAY, **more) for i, c in enumerate(counts)]


def index(facts: list[Observation], at: datetime = NOW) -> dict[str, Reading]:
    return {r.district: r for r in measure(FOOTFALL, Window.build(facts), at, scope())}


def test_the_index_is_now_over_the_usual_sum() -> None:
    facts = [
        people(90.0),
        *past("a", [100.0] * 8),
        people(60.0, "b", district="south"),
        *past("b", [40.0, 50.0, 60.0] * 2, district="south"),
    ]

    got = index(facts)

    assert got["north"].value == pytest.approx(90)
    assert got["south"].value == pytest.approx(120)
    assert (got[CITY].num, got[CITY].den, got[CITY].n) == (150, 150, 2)
    assert got[CITY].quality is Quality.GOOD


def test_a_counter_without_a_past_counts_on_neither_side() -> None:
    got = index([people(90.0), *past("a", [100.0] * 8), people(900.0, "b")])[CITY]

    assert got.value == pytest.approx(90)
    assert (got.n, got.coverage) == (1, 0.5)


def test_few_weeks_are_said() -> None:
    got = index([people(90.0), *past("a", [100.0] * 3)])[CITY]

    assert got.quality is Quality.UNCERTAIN
    assert got.reason == "usual from 3 of 8 weeks"


def test_an_hour_of_quarters_is_summed_and_an_incomplete_one_left_out() -> None:
    quarters = [people(10.0, at=NOW - m * MINUTE) for m in (0, 15, 30, 45)]
    half = [people(10.0, "b", at=NOW - m * MINUTE) for m in (0, 15)]

    got = index([*quarters, *past("a", [40.0] * 8), *half, *past("b", [40.0] * 8)])[CITY]

    assert got.value == pytest.approx(100)
    assert got.n == 1


@pytest.mark.parametrize("clock_change", ["2026-03-08", "2025-11-02"])
def test_the_same_hour_of_other_weeks_goes_by_the_clock_on_the_wall(clock_change: str) -> None:
    zone = scope().zone
    noon = datetime.fromisoformat(f"{clock_change}T12:00:00").replace(tzinfo=zone) + 3 * DAY
    facts = [people(50.0, at=noon.astimezone(UTC))]
    for week in range(1, 7):
        then = (noon - timedelta(weeks=week)).astimezone(UTC)
        facts += [people(100.0, at=then), people(7.0, at=then - HOUR), people(7.0, at=then + HOUR)]

    assert index(facts, noon.astimezone(UTC))[CITY].value == pytest.approx(50)


def test_a_place_where_usually_nobody_is_has_no_index() -> None:
    got = index([people(3.0), *past("a", [0.0] * 8)])[CITY]

    assert (got.value, got.num, got.den) == (None, 3.0, 0.0)
    assert got.reason


def test_a_count_of_four_hours_ago_is_not_now() -> None:
    assert index([people(3.0, at=NOW - 4 * HOUR), *past("a", [5.0] * 8)])[CITY].value is None


def test_the_share_of_feeds_in_order_is_the_city_s_alone() -> None:
    states = {
        "a": feed("a", HOUR),
        "b": feed("b", HOUR, state=Quality.STALE),
        "c": feed("c", HOUR, None),
    }

    got = measure(FEEDS, Window(), NOW, scope(feed_age=states))

    assert got[-1].value == pytest.approx(200 / 3)
    assert (got[-1].num, got[-1].den, got[-1].n) == (2, 3, 3)
    assert got[0].value is None
    assert got[0].reason == "only for the whole city"
    past_one = measure(FEEDS, Window(), NOW - DAY, scope(feed_age=states))[-1]
    assert past_one.value is None
    assert measure(FEEDS, Window(), NOW, scope())[-1].reason == "the city has no feed"
