from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics import INDICATORS, Window, measure
from metrics.reliability import course_of
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, scope, seen

PTI = INDICATORS["mob.pti"]
ZONE = scope().zone
NOW = datetime(2026, 2, 27, 15, 0, tzinfo=UTC)  # winter time in Montréal for all of 28 days
MIDNIGHT = datetime(2026, 2, 27, tzinfo=ZONE)
FREE = 100.0


def days(
    speeds: dict[int, float], site: str = "a", *, count: int = 28, **more: object
) -> list[Observation]:
    """Return hourly reports of the last days: free by night, as given by the hour of the day."""
    return [
        seen(
            speeds.get(hour, 80.0) if 6 <= hour < 20 else FREE,
            site=site,
            at=(MIDNIGHT - (day + 1) * DAY).replace(hour=hour).astimezone(UTC),
            **more,
        )
        for day in range(count)
        for hour in range(24)
    ]


def by_district(facts: list[Observation], at: datetime = NOW, **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(PTI, Window.build(facts), at, scope(**more))}


# 392 hours from 6 to 20 h; one of 14 at 40 km/h is 7 %, so the 95th percentile is 1/40 h/km. The
# mean is (28/40 + 364/80) / 392 = 5.25/392, so the buffer index is (1/40) / (5.25/392) - 1 = 87 %.
def test_the_slowest_twentieth_decides_against_an_empty_road() -> None:
    got = by_district(days({12: 40.0}))["north"]

    assert got.value == pytest.approx(FREE / 40)
    assert (got.num, got.den) == (pytest.approx(1 / 40), pytest.approx(1 / FREE))
    assert (got.n, got.quality) == (1, Quality.GOOD)
    assert "buffer index 87%; reliable at 1 of 1 sensors" in (got.reason or "")


def test_one_hour_in_thirty_is_too_rare_to_plan_for() -> None:
    slow = days({})
    for place in np.flatnonzero([fact.value == 80.0 for fact in slow])[::30].tolist():
        slow[place] = seen(20.0, site="a", at=slow[place].observed_at)

    assert by_district(slow)["north"].value == pytest.approx(FREE / 80)


def test_hours_of_the_evening_and_of_today_do_not_count() -> None:
    facts = days({})
    facts += [seen(5.0, site="a", at=NOW - k * 10 * MINUTE) for k in range(18)]
    facts += [
        seen(20.0, site="a", at=(MIDNIGHT - day * DAY - 3 * HOUR).astimezone(UTC))
        for day in range(28)
    ]

    assert by_district(facts)["north"].value == pytest.approx(FREE / 80)


def test_many_reports_of_an_hour_are_one_hour() -> None:
    facts = days({})
    extra = [
        seen(40.0, site="a", at=(MIDNIGHT - DAY + 8 * HOUR + m * MINUTE).astimezone(UTC))
        for m in range(1, 60)
    ]

    assert by_district([*facts, *extra])["north"].value == pytest.approx(FREE / 80)


def test_the_city_is_a_ratio_of_sums_with_the_weights_of_the_roads() -> None:
    facts = [*days({8: 40.0}), *days({8: 20.0}, "b", district="south")]
    known = {("length", "a"): 3.0, ("length", "b"): 1.0, ("volume", "a"): 1.0, ("volume", "b"): 1.0}

    plain, weighted = by_district(facts)[CITY], by_district(facts, references=known)[CITY]

    assert plain.value == pytest.approx((1 / 40 + 1 / 20) / (2 / FREE))
    assert weighted.value == pytest.approx((3 / 40 + 1 / 20) / (4 / FREE))
    assert "every sensor weighs the same" in (plain.reason or "")
    assert "weighs" not in (weighted.reason or "")


# 23 CFR 490.511: P80 ÷ P50 in four periods. In the evenings every third hour takes twice as long.
def test_a_road_is_unreliable_if_one_period_is() -> None:
    facts = days({})
    for place, fact in enumerate(facts):
        local = fact.observed_at.astimezone(ZONE)
        if 16 <= local.hour < 20 and (local.day + local.hour) % 3 == 0 and local.weekday() < 5:
            facts[place] = seen(40.0, site="a", at=fact.observed_at)

    assert "reliable at 0 of 1 sensors" in (by_district(facts)["north"].reason or "")
    window = Window.build(facts)
    assert course_of(window, NOW, ZONE).worst.tolist() == [pytest.approx(2.0)]


@pytest.mark.parametrize(
    ("count", "quality"),
    [
        (28, Quality.GOOD),
        (21, Quality.UNCERTAIN),  # the nights of free flow are fewer too
        (14, Quality.UNCERTAIN),
        (13, Quality.NODATA),
    ],
)
def test_a_sensor_needs_half_of_its_hours(count: int, quality: Quality) -> None:
    got = by_district(days({8: 40.0}, count=count))["north"]

    assert got.quality is quality
    assert ("under 75 %" in (got.reason or "")) == (count == 14)


def test_districts_without_sensors_are_unknown_and_silent_ones_too() -> None:
    got = by_district(days({}))

    assert (got["south"].value, got["south"].quality) == (None, Quality.NODATA)
    assert by_district(days({}), at=NOW + timedelta(days=15))[CITY].value is None


def test_impossible_speeds_are_left_out() -> None:
    wild = [
        seen(400.0, site="a", at=(MIDNIGHT - DAY + h * HOUR + 5 * MINUTE).astimezone(UTC))
        for h in range(24)
    ]

    assert by_district([*days({}), *wild])["north"].value == pytest.approx(FREE / 80)


@pytest.mark.parametrize("day", ["2026-03-20", "2026-11-20"])
def test_the_hours_of_a_clock_change_are_those_on_the_wall(day: str) -> None:
    at = datetime.fromisoformat(f"{day}T15:00:00").replace(tzinfo=ZONE).astimezone(UTC)
    facts = []
    for back in range(1, 24 * 31):
        then = (at - back * HOUR).replace(minute=0)
        hour = then.astimezone(ZONE).hour
        facts.append(seen(80.0 if 6 <= hour < 20 else FREE, site="a", at=then))

    course = course_of(Window.build(facts), at, ZONE)

    assert course.hours.tolist() == [28 * 14]
    assert course.late.tolist() == [pytest.approx(1 / 80)]


def test_it_is_kept_until_one_of_its_days_changes() -> None:
    window = Window.build(days({}))
    first = course_of(window, NOW, ZONE)
    later = window.extended([seen(30.0, site="a", at=NOW), seen(3.0, site="new", quantity="pm25")])
    changed = later.extended(
        [seen(40.0, site="a", at=(MIDNIGHT - DAY + 8 * HOUR).astimezone(UTC), known_at=NOW)]
    )

    assert course_of(later, NOW + MINUTE, ZONE) is first
    assert course_of(changed, NOW + MINUTE, ZONE) is not first
    assert course_of(later, NOW + DAY, ZONE) is not first


def test_it_is_as_old_as_its_sensors_are_silent() -> None:
    facts = [*days({}), seen(70.0, site="a", at=NOW - 3 * MINUTE)]

    assert by_district(facts)["north"].observed_at == NOW - 3 * MINUTE
