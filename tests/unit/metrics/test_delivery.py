from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS, Window, measure
from metrics.privacy import suppress
from model import CITY, FeedState, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, asked, feed, scope, seen

CALLS, WASTE, PERMITS = (INDICATORS[f"srv.{name}"] for name in ("call30", "waste", "permits"))
QUARTER = 15 * MINUTE


def got(indicator, facts, at=NOW, cases=(), **more) -> dict[str, Reading]:
    window = Window.build(facts, cases)
    return {r.district: r for r in measure(indicator, window, at, scope(**more))}


def calls(many: float, within: float | None, at: datetime = NOW) -> list[Observation]:
    both = [seen(many, quantity="calls_311", site="pbx", at=at)]
    return [*both, seen(within, quantity="calls_311_within", site="pbx", at=at)]


def hour(many: float, within: float, end: datetime = NOW) -> list[Observation]:
    return [fact for k in range(4) for fact in calls(many, within, end - k * QUARTER)]


def rounds(plan: float, made: float, days: int = 0, **more: object) -> list[Observation]:
    fields = {"site": "north-1", "at": NOW - days * DAY} | more
    both = [("collections_planned", plan), ("collections_made", made)]
    return [seen(value, quantity=name, **fields) for name, value in both]


def test_calls_of_the_hour_are_pooled_and_belong_to_the_city_alone() -> None:
    found = got(CALLS, [*hour(20, 19), *calls(500, 0, NOW - HOUR)])

    assert (found[CITY].num, found[CITY].den, found[CITY].n) == (76, 80, 80)
    assert found[CITY].value == pytest.approx(95)
    assert (found[CITY].quality, found[CITY].coverage) == (Quality.GOOD, 1)
    assert (found["north"].value, found["north"].n) == (None, None)
    assert found["north"].reason == "only for the whole city"


def test_a_quiet_hour_is_told_by_its_day_and_a_quiet_day_by_its_week() -> None:
    night = [fact for h in range(24) for fact in hour(1, 1, NOW - h * HOUR)]
    rare = [fact for h in range(7 * 24) for fact in calls(0.2, 0.1, NOW - h * HOUR)]

    by_day, by_week = got(CALLS, night)[CITY], got(CALLS, rare)[CITY]

    assert (by_day.n, by_day.reason) == (96, "over 24 h: too few within 1 h")
    assert by_week.n == 34
    assert "over 7 d: too few within 1 h" in (by_week.reason or "")


def test_a_report_of_one_of_the_two_counts_on_neither_side() -> None:
    facts = [*hour(20, 10), seen(None, quantity="calls_311_within", site="pbx", at=NOW)]
    facts.append(seen(999.0, quantity="calls_311", site="pbx", at=NOW - MINUTE))

    assert got(CALLS, facts)[CITY].den == 60


def test_more_in_time_than_calls_is_impossible_and_said() -> None:
    found = got(CALLS, [*hour(20, 10), *calls(5, 6, NOW - MINUTE)])[CITY]

    assert found.den == 80
    assert "1 left out: more than the whole" in (found.reason or "")


def test_missing_hours_of_a_day_make_it_doubtful() -> None:
    told = [fact for h in range(0, 24, 2) for fact in hour(1, 1, NOW - h * HOUR)]

    found = got(CALLS, told)[CITY]

    assert found.coverage == pytest.approx(0.5)
    assert found.quality is Quality.UNCERTAIN


def test_an_exchange_that_is_silent_is_not_at_its_best() -> None:
    found = got(CALLS, hour(20, 20, NOW - 3 * HOUR))[CITY]

    assert (found.value, found.quality) == (None, Quality.NODATA)
    assert found.reason == "no calls to 311 were reported in time"


def test_nobody_called_is_unknown_and_not_a_hundred_percent() -> None:
    assert got(CALLS, hour(0, 0))[CITY].value is None


def test_collections_of_seven_days_are_a_ratio_of_sums() -> None:
    facts = [fact for d in range(8) for fact in rounds(100, 99 - d, d)]
    facts += rounds(50, 25, site="south-1", district="south")

    found = got(WASTE, facts)

    assert (found["north"].num, found["north"].den) == (sum(99 - d for d in range(7)), 700)
    assert found["south"].value == pytest.approx(50)
    assert found[CITY].num == (found["north"].num or 0) + 25
    assert found[CITY].value != pytest.approx(
        ((found["north"].value or 0) + 50) / 2
    )  # no mean of shares


def test_a_late_source_ends_its_window_with_its_newest_day() -> None:
    facts = [fact for d in range(3, 10) for fact in rounds(100, 98, d)]

    found = got(WASTE, facts)["north"]

    assert (found.den, found.coverage) == (700, 1)
    assert found.observed_at == NOW - 3 * DAY


@pytest.mark.parametrize("clock_change", ["2026-03-08", "2026-11-01"])
def test_days_of_23_and_25_hours_are_days(clock_change: str) -> None:
    zone = scope().zone
    end = datetime.fromisoformat(f"{clock_change}T00:00:00").replace(tzinfo=zone) + 3 * DAY
    facts = [
        fact
        for d in range(10)
        for fact in rounds(100, 98, at=(end - timedelta(days=d)).astimezone(UTC))
    ]

    found = got(WASTE, facts, at=end.astimezone(UTC) + HOUR)["north"]

    assert (found.den, found.coverage) == (700, 1)


def test_a_round_that_does_not_report_lowers_the_coverage() -> None:
    facts = [fact for d in range(7) for fact in rounds(100, 98, d)]
    facts += [f for d in (5, 6) for f in rounds(100, 98, d, site="north-2")]

    found = got(WASTE, facts)

    assert found["north"].coverage == pytest.approx(9 / 14)
    assert found["north"].quality is Quality.UNCERTAIN


def permits(**more) -> dict[str, FeedState]:
    return {"permits": feed("permits", HOUR, **more)}


def test_permits_are_judged_by_those_that_fell_due_and_by_no_request() -> None:
    late = {"feed_id": "permits", "due_at": NOW - 2 * DAY}
    cases = [asked(f"in{i}", NOW - 9 * DAY, NOW - 3 * DAY, **late) for i in range(30)]
    cases += [asked(f"late{i}", NOW - 9 * DAY, NOW - DAY, **late) for i in range(6)]
    cases += [asked(f"open{i}", NOW - 9 * DAY, **late) for i in range(4)]
    cases += [asked(f"far{i}", NOW - 9 * DAY, feed_id="permits", due_at=NOW + DAY) for i in "abc"]
    cases += [asked("old", NOW - 90 * DAY, NOW - 80 * DAY, feed_id="permits")]
    cases += [asked(f"hole{i}", NOW - 9 * DAY) for i in range(99)]

    found = got(PERMITS, [], cases=cases, subjects={"permits": "permits"})["north"]

    assert (found.num, found.den, found.value) == (30, 40, 75)
    assert found.feeds == ("permits",)


def test_without_permits_it_is_said_what_is_missing() -> None:
    found = got(PERMITS, [], cases=[asked("a", NOW)])[CITY]

    assert found.reason == "no case with the subject 'permits' is known"


def test_a_district_with_few_reviews_is_hidden() -> None:
    due = {"feed_id": "permits", "due_at": NOW - DAY}
    cases = [asked(f"n{i}", NOW - 9 * DAY, **due) for i in range(3)]
    cases += [asked(f"s{i}", NOW - 9 * DAY, district="south", **due) for i in range(50)]
    found = got(PERMITS, [], cases=cases, subjects={"permits": "permits"})

    shown = {r.district: r for r in suppress(list(found.values()), INDICATORS)}

    assert shown["north"].suppressed
    assert shown["south"].suppressed  # else the city would tell
