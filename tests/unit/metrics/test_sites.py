"""Rivers and electricity: what both say of silent, unknown and absurd sites."""

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, scope, seen

RIVER, POWER = INDICATORS["env.river"], INDICATORS["inf.power"]


def level(value: float | None, site: str = "g1", **more: object) -> Observation:
    return seen(value, site=site, quantity="river_level", **more)


def river(facts: list[Observation], **stages: float) -> dict[str, Reading]:
    known = {("flood_stage", site): stage for site, stage in stages.items()}
    return {
        r.district: r for r in measure(RIVER, Window.build(facts), NOW, scope(references=known))
    }


def test_the_gauge_nearest_its_own_flood_stage_decides() -> None:
    got = river(
        [level(4.0), level(1.8, "g2"), level(9.0, "g3", district="south")], g1=8, g2=2, g3=10
    )

    assert got["north"].value == pytest.approx(90)
    assert (got["north"].site, got["north"].num, got["north"].den) == ("g2", 1.8, 2)
    assert got[CITY].site in {"g2", "g3"}
    assert got[CITY].n == 3


def test_the_stage_of_the_pack_stands_before_that_of_the_source() -> None:
    stage = seen(5.0, site="g1", quantity="flood_stage", at=NOW - 300 * DAY)

    assert river([level(4.0), stage])[CITY].value == pytest.approx(80)
    assert river([level(4.0), stage], g1=8)[CITY].value == pytest.approx(50)


def test_a_gauge_without_a_stage_is_left_out_and_said() -> None:
    got = river([level(4.0), level(4.0, "g2")], g1=8)["north"]

    assert got.value == pytest.approx(50)
    assert "1 left out: no flood stage known" in (got.reason or "")
    assert river([level(4.0)])[CITY].reason == "no flood stage is known for any gauge"


@pytest.mark.parametrize("stage", [0.0, -1.0])
def test_an_absurd_stage_is_no_stage(stage: float) -> None:
    assert river([level(4.0)], g1=stage)[CITY].value is None


def test_still_water_is_believed() -> None:
    facts = [level(4.0, at=NOW - m * 15 * MINUTE) for m in range(40)]

    assert river(facts, g1=8)[CITY].value == pytest.approx(50)


def test_a_silent_gauge_lowers_the_coverage() -> None:
    got = river([level(4.0), level(4.0, "g2", at=NOW - DAY)], g1=8, g2=8)[CITY]

    assert got.coverage == 0.5
    assert got.quality is Quality.UNCERTAIN


def area(
    out: float | None, served: float | None, site: str = "a1", **more: object
) -> list[Observation]:
    return [
        seen(out, site=site, quantity="customers_out", **more),
        seen(served, site=site, quantity="customers_served", **more),
    ]


def power(facts: list[Observation], **more: object) -> dict[str, Reading]:
    return {r.district: r for r in measure(POWER, Window.build(facts), NOW, scope(**more))}


def test_power_is_a_ratio_of_sums() -> None:
    got = power([*area(10, 100), *area(0, 900, "a2", district="south")])

    assert got["north"].value == pytest.approx(10)
    assert got["south"].value == 0
    assert (got[CITY].num, got[CITY].den, got[CITY].value) == (10, 1_000, pytest.approx(1.0))


def test_the_number_served_may_be_days_old_or_come_from_the_pack() -> None:
    old = [area(10, None)[0], seen(100.0, site="a1", quantity="customers_served", at=NOW - 2 * DAY)]

    assert power(old)[CITY].value == pytest.approx(10)
    assert power(area(10, None))[CITY].value is None
    known = {("customers_served", "a1"): 200.0}
    assert power(area(10, None), references=known)[CITY].value == pytest.approx(5)


def test_more_customers_out_than_served_is_no_reading() -> None:
    got = power([*area(200, 100), *area(1, 100, "a2")])[CITY]

    assert got.value == pytest.approx(1)
    assert "more customers out than served" in (got.reason or "")


def test_an_outage_that_nobody_repeats_is_not_now() -> None:
    assert power(area(10, 100, at=NOW - HOUR))[CITY].value is None
