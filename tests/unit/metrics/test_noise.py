from datetime import UTC, datetime, timedelta
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from metrics.noise import night_of
from model import CITY, District, Observation, Quality, Reading
from tests.unit.metrics.cast import HOUR, MINUTE, scope, seen

NOISE = INDICATORS["env.noise"]
ZONE = scope().zone
MORNING = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # 07:00 in Montréal
NOW = MORNING + 3 * HOUR


def night(
    levels: list[float], site: str = "a", *, end: datetime = MORNING, **more: object
) -> list[Observation]:
    """Return hourly levels, the last one at the end of the night."""
    return [
        seen(level, site=site, quantity="noise", at=end - back * HOUR, unit="dB", **more)
        for back, level in enumerate(reversed(levels))
    ]


def by_district(facts: list[Observation], at: datetime = NOW, **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(NOISE, Window.build(facts), at, scope(**more))}


# Four hours at 50 dB and four at 60: 10·log10((4·10⁵ + 4·10⁶) / 8) = 57.4, not 55.
def test_ten_decibels_more_count_ten_times() -> None:
    got = by_district(night([50.0] * 4 + [60.0] * 4))["north"]

    assert got.value == pytest.approx(57.404, abs=0.001)
    assert (got.num, got.den, got.n) == (pytest.approx(550_000), 1, 1)
    assert got.quality is Quality.GOOD


# 1 000 residents at 50 dB and 3 000 at 60: 10·log10((1 000·10⁵ + 3 000·10⁶) / 4 000) = 58.9.
def test_the_city_is_weighted_by_residents_in_energy() -> None:
    got = by_district([*night([50.0] * 8), *night([60.0] * 8, "b", district="south")])

    assert got[CITY].value == pytest.approx(58.893, abs=0.001)
    assert (got[CITY].den, got[CITY].n) == (4_000, 2)
    assert got[CITY].reason is None


def test_a_district_is_the_energy_mean_of_its_meters() -> None:
    got = by_district([*night([50.0] * 8), *night([60.0] * 8, "b")])["north"]

    assert got.value == pytest.approx(10 * log10((1e5 + 1e6) / 2))


def test_without_residents_the_city_is_the_mean_of_the_meters_and_says_so() -> None:
    bare = (District(id="north", name="N", short="N"), District(id="south", name="S", short="S"))
    facts = [*night([50.0] * 8), *night([60.0] * 8, "b", district="south")]

    got = by_district(facts, districts=bare)[CITY]

    assert got.value == pytest.approx(10 * log10((1e5 + 1e6) / 2))
    assert "mean of the meters" in (got.reason or "")


def test_the_hour_before_the_night_and_the_hour_after_do_not_count() -> None:
    loud = [
        seen(90.0, site="a", quantity="noise", at=MORNING - 8 * HOUR),  # ends at 23:00
        seen(90.0, site="a", quantity="noise", at=MORNING + HOUR),
    ]

    assert by_district([*night([50.0] * 8), *loud])["north"].value == pytest.approx(50.0)


def test_a_night_is_one_figure_all_day_long() -> None:
    facts = [*night([50.0] * 8), *night([55.0, 56.0] * 10, end=MORNING + 20 * HOUR)]

    values = [by_district(facts, at=MORNING + h * HOUR)["north"].value for h in (0, 5, 16, 20, 23)]

    assert values == [pytest.approx(50.0)] * 5


def test_it_is_as_old_as_its_meters_are_silent() -> None:
    facts = [*night([50.0] * 8), *night([60.0, 61.0], end=NOW)]

    assert by_district(facts)["north"].observed_at == NOW


@pytest.mark.parametrize(
    ("count", "quality"),
    [
        (8, Quality.GOOD),
        (6, Quality.GOOD),
        (5, Quality.UNCERTAIN),
        (4, Quality.UNCERTAIN),
        (3, Quality.NODATA),
    ],
)
def test_a_night_needs_its_hours(count: int, quality: Quality) -> None:
    got = by_district(night([50.0] * count))

    assert got["north"].quality is quality
    assert got["south"].value is None


@pytest.mark.parametrize("level", [None, -5.0, 0.0, 200.0, float("nan")])
def test_an_impossible_level_is_left_out(level: float | None) -> None:
    facts = [*night([50.0] * 7), seen(level, site="a", quantity="noise", at=MORNING - 7 * HOUR)]

    assert by_district(facts)["north"].value == pytest.approx(50.0)


def test_a_meter_that_repeats_one_value_is_left_out() -> None:
    facts = [*night([50.0] * 20), *night([60.0, 61.0] * 10, "b")]

    got = by_district(facts, at=MORNING)["north"]

    assert (got.n, got.coverage) == (1, 0.5)
    assert got.value == pytest.approx(10 * log10((1e6 + 10**6.1) / 2))


def test_many_reports_of_an_hour_weigh_as_one_hour() -> None:
    extra = [seen(60.0, site="a", quantity="noise", at=MORNING - 5 * MINUTE * k) for k in range(12)]

    got = by_district([*night([50.0] * 7, end=MORNING - HOUR), *extra])["north"]

    assert got.value == pytest.approx(10 * log10((7e5 + 1e6) / 8))


@pytest.mark.parametrize(
    ("morning", "hours"), [("2026-03-08", 7), ("2026-11-01", 9), ("2026-07-01", 8)]
)
def test_the_night_of_a_clock_change_is_shorter_or_longer(morning: str, hours: int) -> None:
    end = datetime.fromisoformat(f"{morning}T07:00:00").replace(tzinfo=ZONE).astimezone(UTC)
    facts = [*night([50.0] * hours, end=end), *night([90.0], end=end - hours * HOUR)]

    start, until = night_of(end, ZONE)
    got = by_district(facts, at=end)["north"]

    assert until - start == hours * 3_600_000
    assert got.value == pytest.approx(50.0)
    assert got.quality is Quality.GOOD


def test_before_seven_the_night_before_is_the_newest_whole_one() -> None:
    assert night_of(MORNING - MINUTE, ZONE)[1] == night_of(MORNING, ZONE)[1] - 86_400_000
    assert night_of(MORNING + timedelta(hours=23), ZONE) == night_of(MORNING, ZONE)


@given(st.lists(st.floats(30, 100), min_size=8, max_size=8))
def test_the_energy_mean_lies_between_the_mean_and_the_loudest_hour(levels: list[float]) -> None:
    got = by_district(night(levels))["north"].value

    assert got is not None
    assert sum(levels) / 8 - 1e-6 <= got <= max(levels) + 1e-6
