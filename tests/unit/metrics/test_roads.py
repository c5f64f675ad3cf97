from datetime import timedelta

import numpy as np
import pytest

from metrics import INDICATORS, Window, measure
from metrics.privacy import suppress
from model import CITY, District, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, scope, seen

CLEARANCE, KSI = INDICATORS["mob.clearance"], INDICATORS["mob.ksi"]
OLD = 200 * DAY


def cleared(minutes: list[float], *, back: timedelta = DAY, **more: object) -> list[Observation]:
    """Return incidents of their own place, one a minute, the first ``back`` ago."""
    where = str(more.get("district", "north"))
    return [
        seen(
            value,
            site=f"{where}-{k}",
            quantity="clearance",
            at=NOW - back + k * MINUTE,
            unit="min",
            **more,
        )
        for k, value in enumerate(minutes)
    ]


def begun(quantity: str, value: float = 1.0, *, back: timedelta = OLD) -> Observation:
    """Return an event so old that only the record's begin rests on it."""
    return seen(value, site="first", quantity=quantity, at=NOW - back, district=None)


def clearances(facts: list[Observation]) -> dict[str, Reading]:
    window = Window.build([*facts, begun("clearance")])
    return {r.district: r for r in measure(CLEARANCE, window, NOW, scope())}


def test_nine_of_ten_is_a_rank_of_the_pooled_incidents_and_never_a_mean_of_ranks() -> None:
    north, south = [float(m) for m in range(10, 50)], [float(m) for m in range(100, 130)]
    got = clearances([*cleared(north), *cleared(south, district="south")])

    assert got["north"].value == pytest.approx(np.quantile(north, 0.9)) == pytest.approx(45.1)
    assert got["south"].value == pytest.approx(np.quantile(south, 0.9)) == pytest.approx(126.1)
    assert got[CITY].value == pytest.approx(np.quantile(north + south, 0.9))
    assert (got[CITY].n, got[CITY].den, got[CITY].quality) == (70, 1, Quality.GOOD)


def test_too_few_within_a_week_take_four_weeks_and_say_so() -> None:
    week, before = cleared([30.0] * 29), cleared([60.0] * 10, back=20 * DAY)
    many = [
        seen(f.value, site=f"b{k}", quantity="clearance", at=f.observed_at)
        for k, f in enumerate(before)
    ]

    got = clearances([*week, *many])["north"]

    assert got.n == 39
    assert got.value == pytest.approx(np.quantile([30.0] * 29 + [60.0] * 10, 0.9))
    assert "over 28 d" in (got.reason or "")


@pytest.mark.parametrize(("count", "is_known"), [(29, False), (30, True)])
def test_under_thirty_incidents_there_is_no_percentile(count: int, *, is_known: bool) -> None:
    got = clearances(cleared([30.0] * count))["north"]

    assert (got.value is not None) == is_known
    assert ("n too small (29 of 30)" in (got.reason or "")) != is_known


def test_what_ended_before_the_window_or_lies_ahead_does_not_count() -> None:
    inside = cleared([30.0] * 40)
    outside = cleared([600.0] * 40, back=29 * DAY, district="south")
    ahead = seen(600.0, site="x", quantity="clearance", at=NOW + MINUTE)

    got = clearances([*inside, *outside, ahead])

    assert (got[CITY].value, got[CITY].n) == (30.0, 40)
    assert got["south"].value is None


def test_impossible_minutes_are_left_out() -> None:
    got = clearances([*cleared([30.0] * 40), *cleared([-5.0] * 40, district="south")])

    assert (got[CITY].n, got["south"].value) == (40, None)


def test_a_quiet_district_is_as_fresh_as_the_city() -> None:
    got = clearances([*cleared([30.0] * 30), *cleared([9.0] * 30, back=HOUR, district="south")])

    assert got["north"].observed_at == got["south"].observed_at == NOW - HOUR + 29 * MINUTE


def test_a_young_record_is_doubted() -> None:
    window = Window.build(cleared([30.0] * 40))

    got = measure(CLEARANCE, window, NOW, scope())[-1]

    assert got.quality is Quality.UNCERTAIN
    assert "the record reaches back" in (got.reason or "")


def hit(counts: list[float], *, back: timedelta = DAY, **more: object) -> list[Observation]:
    where = str(more.get("district", "north"))
    return [
        seen(value, site=f"{where}-{back}-{k}", quantity="ksi", at=NOW - back - k * HOUR, **more)
        for k, value in enumerate(counts)
    ]


def rates(facts: list[Observation], **more: object) -> dict[str, Reading]:
    window = Window.build([*facts, begun("ksi", 0.0, back=1095 * DAY - MINUTE)])
    return {r.district: r for r in measure(KSI, window, NOW, scope(**more))}


# 7 people in the north of 1 000 residents: 700 per 100 000; the city 13 of 4 000: 325.
def test_people_hurt_per_resident_and_year() -> None:
    got = rates([*hit([1.0, 2.0, 4.0]), *hit([6.0], district="south")])

    assert (got["north"].value, got["north"].num, got["north"].den) == (700.0, 7, 1_000)
    assert (got[CITY].value, got[CITY].num, got[CITY].den) == (325.0, 13, 4_000)
    assert got[CITY].quality is Quality.GOOD
    assert KSI.threshold.kind == "funnel"


def test_few_people_take_two_years_and_the_rate_stays_a_yearly_one() -> None:
    got = rates([*hit([3.0, 1.0]), *hit([4.0], back=500 * DAY), *hit([20.0], district="south")])

    assert (got["north"].num, got["north"].den) == (8, 2_000)
    assert got["north"].value == pytest.approx(400.0)
    assert "over 730 d" in (got["north"].reason or "")


def test_a_district_without_a_collision_is_zero_and_hidden_with_its_neighbour() -> None:
    got = rates(hit([6.0]))
    shown = {r.district: r for r in suppress(list(got.values()), INDICATORS)}

    assert got["south"].value == 0.0
    assert shown["south"].suppressed
    assert shown["south"].value is None
    assert shown["north"].suppressed  # the city minus the north would give the south away


def test_without_residents_there_is_no_rate() -> None:
    bare = (District(id="north", name="N", short="N"), District(id="south", name="S", short="S"))

    got = rates(hit([6.0]), districts=bare)

    assert got["north"].value is None
    assert "residents" in (got["north"].reason or "")
    assert rates(hit([6.0]), districts=bare, population=4_000)[CITY].value == 150.0


def test_a_record_of_some_months_is_doubted() -> None:
    window = Window.build(hit([9.0], back=100 * DAY))

    got = measure(KSI, window, NOW, scope())[-1]

    assert (got.value, got.quality) == (225.0, Quality.UNCERTAIN)
    assert "100 d of 365 d" in (got.reason or "")
