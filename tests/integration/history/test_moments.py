"""The room rewound, by what was known then and by what is known now."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import alerts
import history
from model import (
    Case,
    Fact,
    FeedState,
    Notice,
    Observation,
    Quality,
    Reading,
    State,
    Usual,
)
from tests.unit.alerts import cast

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.integration

ReadingMaker = Callable[..., Reading]


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


def case(name: str, opened: datetime, known: datetime, **other: object) -> Case:
    values: dict[str, object] = {"feed_id": "311", "case_id": name, "opened_at": opened}
    return Case(**values | {"fetched_at": known, "known_at": known} | other)  # type: ignore[arg-type]


def notice(name: str, issued: datetime, **other: object) -> Notice:
    values: dict[str, object] = {
        "feed_id": "cap",
        "notice_id": name,
        "headline": name,
        "effective": issued,
        "fetched_at": issued,
        "known_at": issued,
        "published_at": issued,
    }
    return Notice(**values | other)  # type: ignore[arg-type]


def names(room: history.Room) -> set[str]:
    return {item.notice_id for item in room.notices}


def test_a_reading_comes_back_as_it_was_kept(kept: history.History, reading: ReadingMaker):
    whole = reading(
        NOW,
        2.5,
        num=5.0,
        den=2.0,
        n=7,
        quality=Quality.UNCERTAIN,
        observed_at=NOW - HOUR,
        usual=Usual(centre=2.0, low=1.0, high=3.0, spread=0.5, weeks=7),
        z=-1.0,
        coverage=0.75,
        reason="few sites",
        site="s1",
        feeds=("air", "weather"),
    )
    bare = reading(NOW, None, district="d1", quality=Quality.NODATA)
    kept.append_readings([whole, bare])

    assert kept.latest(NOW) == [whole, bare]
    span = {"start": NOW, "end": NOW + HOUR}
    assert [history.reading_of(row) for row in kept.readings("env.pm25", **span)] == [whole, bare]
    assert [
        history.reading_of(row) for row in kept.series("env.pm25", resolution=HOUR, **span)
    ] == [whole, bare]


def test_the_latest_is_the_newest_of_each_place_by_then(
    kept: history.History, reading: ReadingMaker
):
    kept.append_readings(
        [
            reading(NOW - 2 * HOUR, 1.0),
            reading(NOW - HOUR, 2.0),
            reading(NOW - HOUR, 2.5, known_at=NOW + DAY),
            reading(NOW, 3.0, known_at=NOW + HOUR),
            reading(NOW - HOUR, 9.0, district="d1"),
            reading(NOW - 20 * DAY, 5.0, district="d2"),
            reading(NOW, 7.0, indicator="mob.speed"),
        ]
    )

    def values(at: datetime, **other: object) -> dict[str, float | None]:
        return {r.district: r.value for r in kept.latest(at, indicators=["env.pm25"], **other)}

    assert values(NOW - 2 * HOUR) == {"city": 1.0}
    assert values(NOW - HOUR) == {"city": 2.5, "d1": 9.0}
    assert values(NOW, known_at=NOW) == {"city": 2.0, "d1": 9.0}
    assert values(NOW) == {"city": 3.0, "d1": 9.0}
    assert values(NOW, back=30 * DAY)["d2"] == 5.0
    assert len(kept.latest(NOW)) == 3


def test_cases_are_open_as_they_were(kept: history.History):
    early, late = NOW - DAY, NOW + DAY
    kept.append_facts(
        numbered(
            [
                case("closed later", early, early),
                case("closed later", early, late, status="closed", closed_at=NOW + HOUR),
                case("closed before", early, early),
                case("closed before", early, early + HOUR, status="closed", closed_at=early + HOUR),
                case("heard of late", early, late),
                case("closed, heard of late", early, early),
                case("closed, heard of late", early, late, status="closed", closed_at=early + HOUR),
                case("not yet", NOW + HOUR, NOW + HOUR),
            ]
        )
    )

    then, now = kept.state_at(NOW), kept.state_at(NOW, known="now")

    assert {c.case_id for c in then.cases} == {"closed later", "closed, heard of late"}
    assert {c.case_id for c in now.cases} == {"closed later", "heard of late"}
    assert {(c.status, c.closed_at) for c in (*then.cases, *now.cases)} == {("open", None)}
    assert kept.cases_at(NOW, known_at=late) == list(now.cases)


def test_notices_are_in_force_until_over_replaced_or_cancelled(kept: history.History):
    issued = NOW - DAY
    kept.append_facts(
        numbered(
            [
                notice("stands", issued),
                notice("over", issued, expires=NOW - HOUR),
                notice("ends later", issued, expires=NOW + HOUR),
                notice("begins later", issued, effective=NOW + HOUR),
                notice("replaced", issued),
                notice("new", NOW - HOUR, msg_type="update", supersedes=("replaced",)),
                notice("cancelled later", issued),
                notice("cancel", NOW + HOUR, msg_type="cancel", supersedes=("cancelled later",)),
                notice("cancelled", issued),
                notice(
                    "cancel, over",
                    issued + HOUR,
                    msg_type="cancel",
                    supersedes=("cancelled",),
                    expires=issued + 2 * HOUR,
                ),
                notice("exercise", issued, status="exercise"),
                notice("heard of late", issued, known_at=NOW + DAY),
                notice("shortened late", issued, expires=NOW + DAY),
                notice("shortened late", issued, expires=NOW - HOUR, known_at=NOW + DAY),
            ]
        )
    )

    always = {"stands", "ends later", "new", "cancelled later"}
    assert names(kept.state_at(NOW)) == always | {"shortened late"}
    assert names(kept.state_at(NOW, known="now")) == always | {"heard of late"}
    assert "cancelled later" not in names(kept.state_at(NOW + 2 * HOUR))


def test_feeds_and_the_pack_are_those_of_the_time(kept: history.History):
    state = FeedState(
        id="air", kind="file", name="", gives="observation", state=Quality.GOOD, due_every=HOUR
    )
    kept.append_feed_changes([state], known_at=NOW - DAY)
    kept.append_feed_changes([replace(state, state=Quality.STALE, failures=3)], known_at=NOW)
    kept.append_pack("old", {"city.toml": "1"}, at=NOW - DAY)
    kept.append_pack("new", {"city.toml": "2"}, at=NOW + HOUR)

    before, after = kept.state_at(NOW - HOUR), kept.state_at(NOW + HOUR)

    assert [(f.id, f.state, f.failures) for f in before.feeds] == [("air", Quality.GOOD, 0)]
    assert [(f.state, f.failures, f.known_at) for f in after.feeds] == [(Quality.STALE, 3, NOW)]
    assert before.pack == history.PackRow("old", {"city.toml": "1"}, NOW - DAY)
    assert after.pack is not None
    assert after.pack.hash == "new"
    assert kept.state_at(NOW - 2 * DAY).pack is None


def lived(dice: random.Random, scope: str, rule: object) -> cast.Room:
    """Return an alert's life of two days: values, silence, people."""
    room = cast.Room(rule, scope)  # type: ignore[arg-type]
    minutes = 0.0
    for _ in range(160):
        minutes += dice.uniform(1, 25)
        what = dice.random()
        if what < 0.75:
            quality = dice.choice([cast.GOOD] * 5 + [cast.STALE])
            room.see(dice.choice([20.0] * 5 + [120.0, 150.0, 250.0]), minutes, quality)
        elif what < 0.9:
            room.ask(dice.choice(["ack", "unack", "comment", "assign"]), minutes, owner="Bo")
        elif what < 0.95:
            until = cast.at(minutes + 45)
            body = {"kind": "timed", "until": until.isoformat(), "reason": "works"}
            room.ask("shelve", minutes, **body)
        else:
            room.wait(minutes)
    return room


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_alerts_that_were_alive_are_rebuilt_from_their_lines(kept: history.History, seed: int):
    dice = random.Random(seed)
    rules = (cast.RULE, cast.PROMPT, cast.LATCHING)
    rooms = [lived(dice, f"d{number}", rule) for number, rule in enumerate(rules * 2)]
    lines = [line for room in rooms for line in room.lines]
    dice.shuffle(lines)
    kept.append_alert_events(lines)
    kept.append_alert_events(lines[:20])  # told twice
    alive = calm = 0

    for minutes in range(0, 2100, 75):
        found = kept.events_alive(cast.at(minutes))
        for room in rooms:
            key = room.record.key
            mine = [line for line in found if line.key == key]
            before = [line for line in room.lines if line.at <= cast.at(minutes)]
            if not before:
                assert mine == []
                continue
            whole = alerts.replay(room.rule, before)
            if not mine:
                calm += 1
                assert (whole.state, whole.suppressed) == (State.NORM, ())
                continue
            alive += 1
            assert mine == before[-len(mine) :]
            again = alerts.replay(room.rule, mine)
            assert is_seen(again) == is_seen(whole)
    assert alive > 20
    assert calm > 3


def is_seen(record: alerts.Record) -> tuple[object, ...]:
    """Return what people see of a record."""
    return (
        record.state,
        record.level,
        record.occurrence,
        record.acked_by,
        record.owner,
        record.shelf,
        record.suppressed,
        record.seq,
        record.timers,
    )


def test_a_day_with_late_revised_and_doubled_facts_is_known_then_and_now(
    kept: history.History, reading: ReadingMaker, observation: Callable[..., Observation]
):
    dice = random.Random(42)
    day = NOW - 12 * HOUR
    facts: list[Observation] = []
    readings: list[Reading] = []
    for site in range(6):
        for quarter in range(96):
            at = day + quarter * HOUR / 4
            known = at + dice.choice([timedelta(minutes=1), 3 * HOUR, 30 * HOUR])
            for revision in range(dice.randrange(1, 4)):
                known += revision * dice.uniform(0.1, 9) * HOUR
                value = float(dice.randrange(1000))
                facts.append(observation(site, value=value, observed_at=at, known_at=known))
                readings.append(reading(at, value, district=f"d{site}", known_at=known))
    told = facts + dice.sample(facts, 200)
    dice.shuffle(told)
    for start in range(0, len(told), 97):
        kept.append_facts(numbered(list(told[start : start + 97]), start))
    shuffled = readings + dice.sample(readings, 200)
    dice.shuffle(shuffled)
    kept.append_readings(shuffled)

    end = day + DAY
    always = datetime(9000, 1, 1, tzinfo=UTC)
    assert facts_of(kept.observations(day, end)) == expected(facts, known=always)
    for hour in range(0, 61, 3):
        t = day + hour * HOUR
        assert facts_of(kept.observations(day, end, known_at=t)) == expected(facts, known=t)
        if hour <= 24:
            assert room_of(kept.state_at(t)) == newest(readings, t, known=t)
            assert room_of(kept.state_at(t, known="now")) == newest(readings, t, known=always)


def facts_of(found: list[Observation]) -> dict[tuple[str, ...], float | None]:
    values = {item.key: item.value for item in found}
    assert len(values) == len(found)
    return values


def expected(facts: list[Observation], *, known: datetime) -> dict[tuple[str, ...], float | None]:
    """Return the newest version known of each, as a person would look it up."""
    by_time = sorted(facts, key=lambda item: item.known_at or known)
    return {item.key: item.value for item in by_time if item.known_at and item.known_at <= known}


def room_of(room: history.Room) -> dict[str, tuple[datetime, float | None]]:
    return {item.district: (item.at, item.value) for item in room.readings}


def newest(
    readings: list[Reading], t: datetime, *, known: datetime
) -> dict[str, tuple[datetime, float | None]]:
    seen = [r for r in readings if r.at <= t and r.known_at and r.known_at <= known]
    seen.sort(key=lambda r: (r.at, r.known_at))
    return {r.district: (r.at, r.value) for r in seen}


def test_what_is_learnt_later_does_not_change_what_was_known(
    kept: history.History, reading: ReadingMaker
):
    kept.append_readings([reading(NOW - HOUR, 1.0)])
    kept.append_facts(numbered([case("1", NOW - DAY, NOW - DAY)]))
    before = kept.state_at(NOW)

    kept.append_readings([reading(NOW - HOUR, 2.0, known_at=NOW + timedelta(microseconds=1))])
    kept.append_facts(numbered([case("2", NOW - DAY, NOW + HOUR)], 1))

    assert kept.state_at(NOW) == before
    assert kept.state_at(NOW, known="now") != before
