"""What is too old goes, what still counts stays, and answers say how far back they reach."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import history
from history.upkeep import Policy, Upkeep
from model import AlertEvent, Case, Fact, FeedState, Notice, Observation, Quality, Reading, State

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]
ReadingMaker = Callable[..., Reading]


def numbered(facts: list[Fact], start: int = 0) -> list[tuple[str, Fact]]:
    return [(f"1700000000000-{start + n}", fact) for n, fact in enumerate(facts)]


def settle(kept: history.History, now: datetime, **policy: object) -> list[tuple[str, int]]:
    """Call until nothing is left to do; return what was dropped."""
    work = Upkeep(kept.engine, Policy("America/Toronto", **policy))  # type: ignore[arg-type]
    dropped = []
    for _ in range(300):
        done = work.step(now)
        dropped += [(done.dropped.table, done.dropped.n_rows)] if done.dropped else []
        if not done.is_behind:
            return dropped
    raise AssertionError("upkeep does not come to an end")


def test_old_days_go_and_answers_say_since_when_they_are_whole(
    kept: history.History, observation: ObservationMaker
):
    ages = [500, 401, 399, 1]
    kept.append_facts(
        numbered([observation(n, observed_at=NOW - n * DAY, known_at=NOW) for n in ages])
    )
    keep = {"observations": 400 * DAY}

    assert settle(kept, NOW, keep=keep) == [("observations", 2)]

    assert {o.site_id for o in kept.observations(NOW - 900 * DAY)} == {"s399", "s1"}
    midnight = (NOW - 400 * DAY).replace(hour=0)
    assert kept.kept_since() == {"observations": midnight}
    assert settle(kept, NOW, keep=keep) == []
    assert settle(kept, NOW + 2 * DAY, keep=keep) == [("observations", 1)]


def test_observations_stay_as_long_as_an_indicator_looks_back(
    kept: history.History, observation: ObservationMaker
):
    old = observation(1, quantity="collisions", observed_at=NOW - 90 * DAY, known_at=NOW)
    kept.append_facts(numbered([old]))

    dropped = settle(
        kept, NOW, keep={"observations": 40 * DAY}, look_back={"collisions": 100 * DAY}
    )

    assert dropped == [("observations", 0)]  # a day was looked at
    assert kept.counts()["observations"] == 1


def test_of_old_days_only_what_an_indicator_looks_back_on_stays(
    kept: history.History, observation: ObservationMaker
):
    ages = [90, 60, 50, 41, 39]
    kept.append_facts(
        numbered(
            [
                observation(n, quantity=name, observed_at=NOW - n * DAY, known_at=NOW - n * DAY)
                for n in ages
                for name in ("speed", "collisions", "pm25")
            ]
        )
    )
    policy = {"keep": {"observations": 40 * DAY}, "look_back": {"collisions": 70 * DAY}}

    dropped = settle(kept, NOW, **policy)

    assert dropped == [("observations", 3), *[("observations", 2)] * 3]
    found = kept.observations(NOW - 100 * DAY)
    assert sorted((o.quantity, (NOW - o.observed_at).days) for o in found) == [
        *(("collisions", n) for n in (39, 41, 50, 60)),
        ("pm25", 39),
        ("speed", 39),
    ]
    midnight = (NOW - 40 * DAY).replace(hour=0)
    assert kept.kept_since() == {"observations": midnight}
    assert settle(kept, NOW, **policy) == []
    assert settle(kept, NOW + 2 * DAY, **policy) == [("observations", 2)]


def test_raw_readings_go_when_they_are_rolled_up_and_the_rolls_stay(
    kept: history.History, reading: ReadingMaker
):
    kept.append_readings([reading(NOW - n * DAY, float(n)) for n in range(60)])
    keep = {"readings": 30 * DAY, "readings_hourly": 50 * DAY, "readings_daily": None}

    work = Upkeep(kept.engine, Policy("America/Toronto", keep=keep))
    first = work.step(NOW)
    rolled = kept.counts()["readings_hourly"]
    settle(kept, NOW, keep=keep)

    assert first.dropped is None  # not all of it is rolled up yet
    assert 0 < rolled < 60
    counts = kept.counts()
    assert counts["readings"] == 31
    assert counts["readings_hourly"] == 50  # this hour is not over
    assert counts["readings_daily"] == 59  # today is not over

    late = reading(NOW - 45 * DAY, 1.0, known_at=NOW)  # of an hour whose rest is gone
    kept.append_readings([late])
    settle(kept, NOW + timedelta(hours=2), keep=keep)
    assert kept.counts()["readings_daily"] == 59


def test_cases_go_when_they_were_closed_long_ago_and_no_open_one_ever(kept: history.History):
    def case(name: str, opened: int, closed: int | None = None, **other: object) -> Case:
        at = NOW - opened * DAY
        values: dict[str, object] = {"opened_at": at, "fetched_at": at, "known_at": at}
        if closed is not None:
            ended = NOW - closed * DAY
            values |= {"status": "closed", "closed_at": ended, "known_at": ended}
        return Case(feed_id="311", case_id=name, **(values | other))  # type: ignore[arg-type]

    kept.append_facts(
        numbered(
            [
                case("old", 600),
                case("old", 600, 500),
                case("still open", 900),
                case("closed lately", 700),
                case("closed lately", 700, 10),
                case("opened again", 650),
                case("opened again", 650, 600),
                case("opened again", 650, known_at=NOW - 590 * DAY),
                case("told again", 800, 700),
                case("told again", 800, 700, known_at=NOW - DAY, department="roads"),
                case("new", 3),
            ]
        )
    )

    assert settle(kept, NOW, keep={"cases": 400 * DAY}) == [("cases", 2)]

    names = {c.case_id for c in kept.cases(NOW - 2000 * DAY)}
    assert names == {"still open", "closed lately", "opened again", "told again", "new"}
    assert kept.counts()["cases"] == 9
    assert settle(kept, NOW + 30 * DAY, keep={"cases": 400 * DAY}) == []


def test_notices_go_when_they_ended_long_ago(kept: history.History):
    def notice(name: str, began: int, ended: int | None) -> Notice:
        return Notice(
            feed_id="cap",
            notice_id=name,
            headline=name,
            effective=NOW - began * DAY,
            expires=None if ended is None else NOW - ended * DAY,
            fetched_at=NOW - began * DAY,
            known_at=NOW - began * DAY,
        )

    facts: list[Fact] = [
        notice("over", 500, 450),
        notice("long", 500, 20),
        notice("endless", 500, None),
    ]
    kept.append_facts(numbered(facts))

    settle(kept, NOW, keep={"notices": 400 * DAY})

    assert {n.notice_id for n in kept.notices(NOW - 900 * DAY)} == {"long", "endless"}


def test_the_audit_that_stays_can_be_replayed_from_its_first_line(kept: history.History):
    def event(key: str, seq: int, age: int, to: State, *suppressed: str) -> AlertEvent:
        return AlertEvent(
            event_id=f"{key}{seq}",
            at=NOW - age * DAY,
            seq=seq,
            key=key,
            rule="r",
            occurrence=f"o{seq}",
            kind="H1",
            outcome="applied",
            from_state=State.NORM,
            to_state=to,
            actor="system",
            suppressed=suppressed,
        )

    kept.append_alert_events(
        [
            event("a", 1, 600, State.UNACK),
            event("a", 2, 590, State.NORM),
            event("a", 3, 500, State.UNACK),  # its alarm went on until lately
            event("a", 4, 10, State.NORM),
            event("b", 1, 600, State.NORM, "SHELVED"),
            event("b", 2, 590, State.NORM, "SHELVED"),
            event("c", 1, 600, State.NORM),  # the newest of its key
        ]
    )

    assert settle(kept, NOW, keep={"alert_events": 400 * DAY}) == [("alert_events", 2)]

    assert {e.event_id for e in kept.alert_events()} == {"a3", "a4", "b1", "b2", "c1"}


def test_the_last_change_of_a_feed_stays(kept: history.History):
    state = FeedState(
        id="air", kind="file", name="", gives="observation", state=Quality.GOOD, due_every=DAY
    )
    for age in (600, 500, 450):
        kept.append_feed_changes([state], known_at=NOW - age * DAY)
    kept.append_feed_changes([replace(state, id="bikes")], known_at=NOW - DAY)

    settle(kept, NOW, keep={"feed_changes": 400 * DAY})

    assert [(r["id"], NOW - r["known_at"]) for r in kept.feed_changes()] == [
        ("air", 450 * DAY),
        ("bikes", DAY),
    ]
