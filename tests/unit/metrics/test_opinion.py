from dataclasses import replace

import pytest

from metrics import INDICATORS, Window, measure
from metrics.levels import level, limits
from metrics.privacy import suppress
from model import CITY, Level, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, NOW, scope, seen

PARTICIPATION, SENTIMENT = INDICATORS["par.participation"], INDICATORS["par.sentiment"]


def acts(count: float | None, days: int = 0, site: str = "p1", **more: object) -> Observation:
    return seen(count, site=site, quantity="participants", at=NOW - days * DAY, **more)


def participation(facts: list[Observation], **more: object) -> dict[str, Reading]:
    window = Window.build(facts)
    return {r.district: r for r in measure(PARTICIPATION, window, NOW, scope(**more))}


def test_acts_of_28_days_are_told_per_1_000_residents() -> None:
    facts = [acts(20.0), acts(10.0, 27), acts(500.0, 28), acts(60.0, 3, "p2", district="south")]

    got = participation(facts)

    assert (got["north"].num, got["north"].value) == (30, 30)
    assert (got["south"].num, got["south"].value) == (60, 20)
    assert (got[CITY].num, got[CITY].den, got[CITY].value) == (90, 4_000, 22.5)


def test_a_process_of_the_whole_city_counts_for_the_city_only() -> None:
    got = participation([acts(40.0, district=None)])

    assert (got["north"].value, got[CITY].value) == (None, 10)


def test_the_citys_own_number_of_residents_wins() -> None:
    assert participation([acts(40.0)], population=8_000)[CITY].value == 5


def test_a_day_that_was_counted_again_counts_once() -> None:
    later = acts(25.0, known_at=NOW)

    assert participation([acts(20.0, known_at=NOW - HOUR), later])["north"].num == 25


def test_no_count_is_not_nobody() -> None:
    assert participation([acts(None)])[CITY].value is None
    assert participation([acts(0.0)])[CITY].value == 0


def test_a_few_acts_in_a_district_stay_in_the_house() -> None:
    found = list(participation([acts(3.0), acts(60.0, site="p2", district="south")]).values())

    hidden = {r.district: r.suppressed for r in suppress(found, INDICATORS)}

    assert hidden["north"]


def test_a_plan_gives_a_verdict_where_the_city_has_one() -> None:
    planned = replace(PARTICIPATION, threshold=replace(PARTICIPATION.threshold, plan=40.0))
    said = Reading(indicator=planned.id, district=CITY, at=NOW, value=25.0)

    assert limits(PARTICIPATION, said) is None
    assert level(25.0, limits(planned, said)) is Level.WARN


def posts(n: float, good: float, bad: float, hours: int = 0, **more: object) -> list[Observation]:
    at = NOW - hours * HOUR
    counts = {"posts": n, "posts_positive": good, "posts_negative": bad}
    fields = {"site": "tag", "district": None, "at": at} | more
    return [seen(value, quantity=name, **fields) for name, value in counts.items()]


def tone(facts: list[Observation]) -> dict[str, Reading]:
    return {r.district: r for r in measure(SENTIMENT, Window.build(facts), NOW, scope())}


def test_the_tone_of_a_day_is_pooled_over_hours_and_sources() -> None:
    facts = [*posts(60, 10, 20), *posts(40, 5, 5, 23), *posts(500, 500, 0, 24)]
    facts += posts(100, 10, 40, 2, site="news")

    got = tone(facts)[CITY]

    assert (got.num, got.den, got.n, got.value) == (-40, 200, 200, -20)
    assert got.quality is Quality.GOOD


@pytest.mark.parametrize(("n", "value"), [(99, None), (100, 10.0)])
def test_under_100_posts_the_tone_is_unknown(n: int, value: float | None) -> None:
    got = tone(posts(n, 10, 0))[CITY]

    assert got.value == value
    if value is None:
        assert got.reason == "fewer than 100 posts"
        assert (got.num, got.den, got.n) == (None, None, None)


def test_a_district_under_100_posts_tells_neither_its_tone_nor_how_many_there_were() -> None:
    got = tone(
        [*posts(200, 50, 10, district="north"), *posts(99, 9, 8, site="x", district="south")]
    )

    hidden = got["south"]
    assert (hidden.value, hidden.num, hidden.den, hidden.n) == (None, None, None, None)
    assert hidden.reason == "fewer than 100 posts"
    assert got["north"].n == 200


def test_posts_of_a_district_are_its_own() -> None:
    got = tone([*posts(200, 50, 10, district="north"), *posts(200, 0, 100, site="x")])

    assert (got["north"].value, got["south"].value) == (20, None)
    assert got[CITY].value == pytest.approx(-15)


def test_the_tone_is_compared_with_usual_and_wakes_nobody() -> None:
    assert SENTIMENT.threshold.kind == "z"
    assert "never for an alarm" in SENTIMENT.definition
