from datetime import datetime, timedelta
from pathlib import Path

import pytest

from metrics import INDICATORS, Scope, Window, measure
from metrics.air import EAQI_DEFAULTS
from metrics.catalogue import document
from model import CITY, Indicator, Quality
from tests.unit.metrics.cast import NOW, asked, scope, seen

EVERY = list(INDICATORS.values())
OF_PEOPLE = {  # counts of people or of what happened to them, though they come as observations
    "par.participation",
    "eco.claims",
    "mob.ksi",
    "saf.ems",
    "saf.fire4",
    "saf.violent",
    "soc.shelter",
    "soc.school",
    "soc.hospital",
}
ROOT = Path(__file__).resolve().parents[3]


def test_the_page_of_the_catalogue_is_current() -> None:
    page = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")

    assert page == document(EVERY), "run: python -m metrics"


def test_the_catalogue_holds_these() -> None:
    assert set(INDICATORS) == {
        "mob.tti",
        "mob.pti",
        "mob.bikes",
        "mob.parking",
        "mob.clearance",
        "mob.ksi",
        "mob.transit_otp",
        "mob.transit_service",
        "mob.ridership",
        "srv.new",
        "env.pm25",
        "env.no2",
        "env.heat",
        "env.aqi",
        "env.noise",
        "env.river",
        "env.water_loss",
        "srv.backlog",
        "srv.overdue",
        "srv.sla",
        "srv.netflow",
        "srv.ttc",
        "eco.footfall",
        "srv.call30",
        "srv.waste",
        "srv.permits",
        "eco.card",
        "eco.business",
        "eco.claims",
        "eco.permit_value",
        "eco.hotel",
        "eco.energy",
        "saf.ems",
        "saf.fire4",
        "saf.911",
        "saf.violent",
        "soc.shelter",
        "soc.school",
        "soc.hospital",
        "inf.power",
        "inf.water",
        "inf.assets",
        "inf.it",
        "cyb.kev",
        "cyb.kev_week",
        "par.participation",
        "par.sentiment",
        "dq.feeds",
    }


@pytest.mark.parametrize("indicator", EVERY, ids=lambda i: i.id)
def test_every_entry_says_what_a_reader_may_ask(indicator: Indicator) -> None:
    for text in (
        indicator.title,
        indicator.unit,
        indicator.definition,
        indicator.numerator,
        indicator.denominator,
        indicator.source,
        indicator.time_aggregation,
        indicator.district_aggregation,
    ):
        assert text.strip()
    assert 0 < len(indicator.short) <= 20
    assert indicator.direction in {"lower", "higher", "band"}
    assert indicator.cadence > timedelta(0)
    assert indicator.window > timedelta(0)
    assert indicator.needs_cases or indicator.quantities or indicator.id == "dq.feeds"
    is_of_people = indicator.needs_cases or indicator.id in OF_PEOPLE
    assert indicator.is_counted == is_of_people


@pytest.mark.parametrize("indicator", EVERY, ids=lambda i: i.id)
def test_crit_is_worse_than_warn_and_warn_worse_than_target(indicator: Indicator) -> None:
    limits = indicator.threshold
    if limits.warn is not None and limits.crit is not None:
        is_falling = indicator.direction == "higher" and limits.kind != "z"
        assert (limits.crit > limits.warn) is not is_falling
    if limits.kind == "value" and indicator.target is not None and limits.warn is not None:
        assert (indicator.target <= limits.warn) == (indicator.direction == "lower")


@pytest.mark.parametrize("indicator", EVERY, ids=lambda i: i.id)
def test_an_empty_window_answers_for_every_district_and_the_city(indicator: Indicator) -> None:
    got = measure(indicator, Window.build([], []), NOW, scope())

    assert [r.district for r in got] == ["north", "south", CITY]
    for reading in got:
        assert reading.value is None
        assert reading.quality is Quality.NODATA
        assert reading.reason
        assert reading.indicator == indicator.id


@pytest.mark.parametrize("indicator", EVERY, ids=lambda i: i.id)
def test_a_city_without_districts_still_has_readings(indicator: Indicator) -> None:
    quantities = [q for i in EVERY for q in i.quantities]
    window = Window.build(
        [seen(2.0, quantity=q, district=None) for q in quantities], [asked("a", NOW)]
    )

    got = measure(indicator, window, NOW, Scope(districts=()))

    assert [r.district for r in got] == [CITY]


@pytest.mark.parametrize("indicator", EVERY, ids=lambda i: i.id)
def test_before_the_first_fact_nothing_is_known(indicator: Indicator) -> None:
    quantities = [q for i in EVERY for q in i.quantities]
    window = Window.build([seen(2.0, quantity=q) for q in quantities], [asked("a", NOW)])

    got = measure(indicator, window, NOW - timedelta(days=1), scope())

    assert all(r.value is None and r.quality is Quality.NODATA for r in got)


def test_facts_in_districts_that_the_scope_does_not_know_count_for_the_city_only() -> None:
    window = Window.build([], [asked("a", NOW - timedelta(days=9), district="elsewhere")])

    got = {r.district: r for r in measure(INDICATORS["srv.backlog"], window, NOW, scope())}

    assert (got[CITY].num, got["north"].num) == (1, 0)


def test_a_naive_instant_and_an_unknown_indicator_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        measure(EVERY[0], Window(), datetime(2026, 1, 1), scope())  # noqa: DTZ001 - the point
    stranger = type(EVERY[0])(
        **{**{f: getattr(EVERY[0], f) for f in EVERY[0].__dataclass_fields__}, "id": "mob.fun"}
    )
    with pytest.raises(KeyError, match=r"mob\.fun"):
        measure(stranger, Window(), NOW, scope())


def test_the_defaults_of_the_european_table_fit_the_entry() -> None:
    fields = set(INDICATORS["env.aqi"].__dataclass_fields__)

    assert set(EAQI_DEFAULTS) <= fields
