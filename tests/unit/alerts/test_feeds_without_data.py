"""One rule per feed: raised when its data freeze, also where they never came."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from model import Feed, Indicator, Quality, Rule
from tests.unit.alerts.cast import BAD, GOOD, LATE, NODATA, RULE, STALE, T0, Room, at


def feed(name: str, *, kind: str = "file", gives: str = "observation", **options: object) -> Feed:
    return Feed(
        id=name,
        kind=kind,
        gives=gives,
        every=timedelta(minutes=5),
        name=name.title(),
        options=options,
    )


def indicator(name: str, *quantities: str, needs_cases: bool = False) -> Indicator:
    return Indicator(
        id=name,
        title=name,
        short=name,
        unit="",
        direction="lower",
        domain="x",
        cadence=timedelta(minutes=5),
        window=timedelta(hours=1),
        time_aggregation="LAST",
        district_aggregation="MAX",
        definition="",
        numerator="",
        denominator="",
        source="",
        quantities=quantities,
        needs_cases=needs_cases,
    )


INDICATORS = (
    indicator("env.river", "river_level"),
    indicator("env.pm25", "pm25"),
    indicator("mob.bikes", "bikes_available", "docks_available"),
    indicator("srv.new", needs_cases=True),
)
RIVER = replace(RULE, id="river", indicator="env.river", priority_warn=2, priority_crit=1)
AIR = replace(RULE, id="air", indicator="env.pm25", priority_warn=3, priority_crit=2)
DIARY = replace(RULE, id="diary", indicator="srv.new", priority_warn=0, priority_crit=0)
FEEDS = (
    feed("gauges", columns={"quantity": {"value": "river_level"}}),
    feed("air", columns={"quantity": {"column": "what", "map": {"PM2.5": "pm25"}}}),
    feed("bikes", kind="gbfs"),
    feed("cases", gives="case"),
    feed("warnings", kind="cap", gives="notice"),
)


def rules() -> dict[str, Rule]:
    made = alerts.missing_rules(FEEDS, (RIVER, AIR, DIARY), INDICATORS)
    return {rule.id: rule for rule in made}


def test_every_feed_has_one_sound_rule() -> None:
    made = rules()

    assert list(made) == [f"dq.{one.id}" for one in FEEDS]
    for one, rule in zip(FEEDS, made.values(), strict=True):
        assert (rule.kind, rule.feed, rule.title) == ("missing", one.id, f"No data: {one.name}")
        assert alerts.refusals(rule) == ()
        assert rule.on_delay == rule.off_delay == timedelta(0)


@pytest.mark.parametrize(
    ("name", "priority"),
    [("gauges", 2), ("air", 3), ("bikes", 3), ("cases", 3), ("warnings", 3)],
)
def test_it_ranks_one_below_the_best_that_depends_on_it(name: str, priority: int) -> None:
    assert rules()[f"dq.{name}"].priority_warn == priority


def test_the_rule_says_what_is_not_known_any_more() -> None:
    assert "env.river" in rules()["dq.gauges"].rationale.consequence
    assert "no indicator rests on it" in rules()["dq.warnings"].rationale.consequence


def test_a_feed_that_does_not_say_what_it_gives_may_matter_to_all() -> None:
    unclear = (feed("unclear"),)

    (rule,) = alerts.missing_rules(unclear, (RIVER, AIR), INDICATORS)
    (told,) = alerts.missing_rules(
        unclear, (RIVER, AIR), INDICATORS, delivers={"unclear": {"pm25"}}
    )

    assert (rule.priority_warn, told.priority_warn) == (2, 3)


@pytest.mark.parametrize("quality", [STALE, NODATA, BAD])
def test_frozen_data_raise_it_at_once(quality: Quality) -> None:
    room = Room(rules()["dq.air"])
    room.see(12.0, 0)

    assert room.see(12.0, 16, quality, observed=0) == "UNACK"
    assert room.called() == ["T_ON"]
    assert room.shown == "UNACK"  # its own data are the feed: nothing is held
    assert room.view.feed == "air"


def test_a_feed_that_never_delivered_is_told_too() -> None:
    rule = rules()["dq.air"]
    never = alerts.Sample(None, NODATA, None)

    record, lines = alerts.observe(rule, alerts.new(rule, "city"), never, T0)

    assert record.state == "UNACK"
    assert alerts.view(rule, record, T0).title == "No data: Air"
    assert [line.kind for line in lines] == ["H1", "T_ON"]
    assert alerts.observe(rule, record, never, at(1)) == (record, [])


def test_late_is_not_missing() -> None:
    room = Room(rules()["dq.air"])

    assert room.see(12.0, 9, LATE, observed=0) == "NORM"


def test_it_ends_after_two_samples_in_a_row() -> None:
    room = Room(rules()["dq.air"])
    room.see(None, 0, NODATA)
    assert room.see(3.0, 5) == "UNACK"
    assert room.see(3.0, 6, observed=5) == "UNACK"  # the same sample
    assert room.see(3.0, 7, STALE, observed=5) == "UNACK"  # and it went again
    assert room.see(3.0, 20) == "UNACK"

    assert room.see(3.0, 25) == "RTNU"
    room.wait(55)
    assert room.state == "NORM"  # a P3 closes itself


def test_a_p1_feed_waits_for_a_person_after_its_return() -> None:
    room = Room(rules()["dq.gauges"])
    room.see(None, 0, NODATA)
    room.see(1.0, 5)
    room.see(1.0, 10)
    room.wait(60 * 24)
    assert room.state == "RTNU"

    assert room.ask("ack", 60 * 24).status == "applied"
    assert room.state == "NORM"
    assert GOOD is room.record.quality
