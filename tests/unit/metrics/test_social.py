from datetime import UTC, datetime

import pytest

from metrics import INDICATORS, Window, measure
from metrics.privacy import suppress
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, scope, seen

SHELTER, SCHOOL = INDICATORS["soc.shelter"], INDICATORS["soc.school"]
CENSUS = datetime(2026, 3, 4, 4, tzinfo=scope().zone)


def got(indicator, facts, at=NOW, **more) -> dict[str, Reading]:
    return {r.district: r for r in measure(indicator, Window.build(facts), at, scope(**more))}


def night(
    taken: float | None, beds: float | None = 100.0, at: datetime = CENSUS, **more: object
) -> list[Observation]:
    fields = {"site": "s1", "at": at.astimezone(UTC)} | more
    told = [seen(taken, quantity="shelter_occupied", **fields)]
    return told + [seen(beds, quantity="shelter_beds", **fields)] * (beds is not None)


SOUTH = {"site": "s2", "district": "south"}


def test_beds_taken_at_four_are_a_ratio_of_sums() -> None:
    found = got(SHELTER, night(90) + night(20, 40, **SOUTH))

    assert (found["north"].value, found["south"].value) == (90, 50)
    assert (found[CITY].num, found[CITY].den, found[CITY].n) == (110, 140, 2)
    assert found[CITY].observed_at == CENSUS
    assert found[CITY].reason == "the night to 2026-03-04"
    assert found[CITY].quality is Quality.GOOD


def test_only_the_last_report_of_the_three_hours_before_counts() -> None:
    facts = night(50, at=CENSUS - 2 * HOUR) + night(80, at=CENSUS - 5 * MINUTE)
    facts += night(99, at=CENSUS + MINUTE) + night(10, at=CENSUS - 3 * HOUR, site="early")

    assert got(SHELTER, facts)["north"].num == 80


def test_before_this_night_is_told_the_last_one_stands() -> None:
    facts = night(70, at=CENSUS - DAY) + night(20, 40, CENSUS - DAY, **SOUTH)

    just_after = got(SHELTER, facts, at=CENSUS.astimezone(UTC) + MINUTE)[CITY]
    half = got(SHELTER, facts + night(99))[CITY]

    assert (just_after.num, just_after.reason) == (90, "the night to 2026-03-03")
    assert half.num == 90  # one of two shelters is no night yet


def test_a_shelter_that_is_silent_lowers_the_coverage_and_is_not_empty() -> None:
    facts = [f for k in range(4) for f in night(30, 40, site=f"n{k}")]
    facts += night(20, 40, CENSUS - 2 * DAY, **SOUTH)

    found = got(SHELTER, facts)

    assert found["south"].value is None
    assert found[CITY].den == 160
    assert found[CITY].coverage == pytest.approx(0.8)
    assert found[CITY].quality is Quality.UNCERTAIN


@pytest.mark.parametrize(
    ("when", "offset"),
    [("2026-03-08", "-04:00"), ("2026-11-01", "-05:00"), ("2026-03-07", "-05:00")],
)
def test_four_o_clock_is_four_o_clock_when_the_clocks_change(when: str, offset: str) -> None:
    census = datetime.fromisoformat(f"{when}T04:00:00{offset}")

    found = got(SHELTER, night(90, at=census), at=census.astimezone(UTC) + HOUR)["north"]

    assert (found.num, found.observed_at) == (90, census)


def test_beds_may_be_constants_of_the_pack_and_without_any_there_is_no_share() -> None:
    facts = night(30, None) + night(20, None, **SOUTH)

    found = got(SHELTER, facts, references={("shelter_beds", "s1"): 40.0})

    assert found["north"].value == 75
    assert found["south"].value is None
    assert (
        found["south"].reason == "no shelter reports from here, or none says how many beds it has"
    )


def test_four_nights_of_silence_are_no_night() -> None:
    assert got(SHELTER, night(90, at=CENSUS - 4 * DAY))[CITY].value is None


def test_a_few_guests_of_one_house_stay_in_the_house() -> None:
    shown = suppress(list(got(SHELTER, night(3, 5) + night(20, 40, **SOUTH)).values()), INDICATORS)

    assert [r.suppressed for r in shown[:2]] == [True, True]


def test_hospital_beds_are_those_of_the_newest_count() -> None:
    def count(taken: float, beds: float, days: int, **more: object) -> list[Observation]:
        both = [("hospital_beds", beds), ("hospital_occupied", taken)]
        fields = {"at": NOW - HOUR - days * DAY} | more
        return [seen(value, quantity=name, **fields) for name, value in both]

    facts = count(90, 100, 0) + count(10, 100, 1) + count(160, 200, 0, **SOUTH)

    found = got(INDICATORS["soc.hospital"], facts)

    assert (found["north"].value, found["south"].value) == (90, 80)
    assert found[CITY].value == pytest.approx(100 * 250 / 300)
    assert found[CITY].observed_at == NOW - HOUR


def test_pupils_of_the_newest_school_day_are_a_ratio_of_sums() -> None:
    def day(present: float, enrolled: float, days: int, **more: object) -> list[Observation]:
        both = [("pupils_enrolled", enrolled), ("pupils_present", present)]
        fields = {"at": NOW - days * DAY} | more
        return [seen(value, quantity=name, **fields) for name, value in both]

    facts = day(95, 100, 0) + day(10, 100, 1) + day(180, 200, 0, **SOUTH)

    found = got(SCHOOL, facts)

    assert (found["north"].value, found["south"].value) == (95, 90)
    assert (found[CITY].num, found[CITY].den) == (275, 300)
