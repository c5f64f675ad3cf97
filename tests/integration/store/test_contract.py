"""What every store promises; run over Redis and over the twin in memory."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import store
from model import (
    Case,
    City,
    Command,
    Delivery,
    Fact,
    FeedState,
    Notice,
    Observation,
    Outcome,
    Quality,
    Reading,
    Reject,
    Snapshot,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CITY = City(id="mtl", name="Montréal", timezone="America/Toronto")

pytestmark = pytest.mark.integration

Maker = Callable[..., Observation]


def snapshot(value: float = 1.0, at: datetime = NOW) -> Snapshot:
    reading = Reading(indicator="env.pm25", district="city", at=NOW, value=value, feeds=("air",))
    feed = FeedState(
        id="air",
        kind="file",
        name="Air",
        gives="observation",
        state=Quality.LATE,
        due_every=timedelta(minutes=5),
        polls=("ok", "late"),
    )
    return Snapshot(version="", published_at=at, city=CITY, readings=(reading,), feeds=(feed,))


def command(name: str = "c1") -> Command:
    return Command(command_id=name, occurrence="o1", call="ack", by="Ada", at=NOW)


def drain(opened: store.Store, consumer: str = "w") -> list[tuple[str, Fact]]:
    found: list[tuple[str, Fact]] = []
    last = None
    while batch := opened.read_facts(consumer, block_ms=0, after=last):
        found += batch
        last = batch[-1][0]
    return found


def test_facts_come_out_as_they_went_in_and_in_order(opened: store.Store, observation: Maker):
    case = Case(feed_id="311", case_id="1", opened_at=NOW, fetched_at=NOW, due_at=NOW)
    notice = Notice(
        feed_id="cap",
        notice_id="n",
        headline="Inondation",
        effective=NOW,
        fetched_at=NOW,
        supersedes=("a", "b"),
    )
    facts: list[Fact] = [
        *(observation(n, value=None if n % 3 == 0 else n / 7) for n in range(250)),
        case,
        notice,
        observation(1, quality=Quality.BAD, lat=45.5, lon=-73.6, published_at=NOW),
    ]

    opened.add_facts(facts)

    assert [fact for _, fact in drain(opened)] == facts


def test_facts_without_a_zone_are_refused(opened: store.Store, observation: Maker):
    with pytest.raises(ValueError, match="naive instant"):
        opened.add_facts([observation(observed_at=NOW.replace(tzinfo=None))])


def test_acknowledged_facts_are_gone_and_others_come_back(opened: store.Store, observation: Maker):
    opened.add_facts([observation(n) for n in range(100)])
    opened.add_facts([observation(n) for n in range(100, 130)])
    first = drain(opened)
    opened.ack([name for name, _ in first[:100]])

    assert drain(opened) == first[100:]
    opened.ack([name for name, _ in first[100:]])
    assert drain(opened) == []
    assert opened.backlog() == store.Backlog(0, 0)


def test_a_batch_that_failed_comes_again_before_newer_ones(opened: store.Store, observation: Maker):
    opened.add_facts([observation(1)])
    failed = opened.read_facts("w", block_ms=0)
    opened.add_facts([observation(2)])

    again = opened.read_facts("w", block_ms=0)
    opened.ack([name for name, _ in again])

    assert again == failed
    assert [f.site_id for _, f in opened.read_facts("w", block_ms=0)] == ["s2"]  # type: ignore[union-attr]


def test_nothing_unacknowledged_is_ever_trimmed(opened: store.Store, observation: Maker):
    for n in range(5):
        opened.add_facts([observation(n)])
    facts = drain(opened)

    opened.ack([facts[3][0], facts[1][0]])  # out of order

    assert [fact.site_id for _, fact in drain(opened)] == ["s0", "s2", "s4"]  # type: ignore[union-attr]


def test_a_dead_consumers_facts_pass_to_the_next_before_new_ones(
    opened: store.Store, observation: Maker
):
    opened.add_facts([observation(n) for n in range(3)])
    taken = opened.read_facts("dead", block_ms=0)
    opened.add_facts([observation(n) for n in range(3, 5)])

    assert opened.read_facts("alive", block_ms=0) == []  # not yet idle: nobody overtakes
    assert opened.read_facts("alive", block_ms=2000) == taken
    rest = opened.read_facts("alive", block_ms=0, after=taken[-1][0])
    assert [f.site_id for _, f in rest] == ["s3", "s4"]  # type: ignore[union-attr]


def test_a_waiting_reader_wakes_when_facts_come(opened: store.Store, observation: Maker):
    found: list[tuple[str, Fact]] = []
    reader = threading.Thread(
        target=lambda: found.extend(opened.read_facts("w", block_ms=10_000)), daemon=True
    )
    reader.start()

    started = time.monotonic()
    opened.add_facts([observation()])
    reader.join(5)

    assert len(found) == 1
    assert time.monotonic() - started < 2


def test_shards_are_apart(opened: store.Store, observation: Maker):
    opened.add_facts([observation(1)], shard=1)

    assert opened.read_facts("w", shard=0, block_ms=0) == []
    assert len(opened.read_facts("w", shard=1, block_ms=0)) == 1


def test_every_shard_that_was_ever_written_to_is_known(opened: store.Store, observation: Maker):
    assert opened.shards() == []
    opened.add_facts([observation(1)], shard=3)
    opened.add_facts([observation(1)])

    assert opened.shards() == [0, 3]


@pytest.mark.parametrize("kind", ["server", "watched", "clustered", "memory"])
def test_facts_are_shared_out_by_key_and_versions_keep_their_order(
    kind: str, request: pytest.FixtureRequest, observation: Maker
):
    url = "memory://" if kind == "memory" else request.getfixturevalue(kind).url
    several = store.open(url, shards=4)
    if kind != "memory":
        several._clients.patient.flushall()  # type: ignore[attr-defined]
    first = [observation(n) for n in range(200)]
    second = [replace(fact, value=-1.0) for fact in first]

    assert several.admit(first) == first
    assert several.admit(first) == []
    assert several.admit(second) == second

    assert several.shards() == [0, 1, 2, 3]
    places: dict[str, set[int]] = {}
    values: dict[str, list[float | None]] = {}
    for shard in several.shards():
        facts = [fact for _, fact in several.read_facts("w", shard=shard, block_ms=0)]
        assert 20 < len(facts) < 200, "one shard has nearly everything"
        for fact in facts:
            assert isinstance(fact, Observation)
            places.setdefault(fact.site_id, set()).add(shard)
            values.setdefault(fact.site_id, []).append(fact.value)
    assert all(len(shards) == 1 for shards in places.values())
    assert values == {f"s{n}": [float(n), -1.0] for n in range(200)}
    several.close()


def test_only_news_is_admitted(opened: store.Store, observation: Maker):
    one = observation(1)
    later = NOW + timedelta(minutes=5)
    again = replace(one, fetched_at=later, known_at=later, published_at=later)
    corrected = replace(again, value=99.0)

    assert opened.admit([one]) == [one]
    assert opened.admit([again]) == []
    assert opened.admit([again, corrected, corrected]) == [corrected]
    assert opened.admit([again]) == [again]  # back to the first value: a new version
    assert [fact for _, fact in drain(opened)] == [one, corrected, again]


def test_a_case_that_closes_is_news(opened: store.Store):
    case = Case(feed_id="311", case_id="1", opened_at=NOW, fetched_at=NOW)
    closed = replace(case, status="closed", closed_at=NOW + timedelta(days=1))

    assert opened.seen([case]) == [False]
    opened.mark_seen([case])
    assert opened.seen([case, closed, closed, case]) == [True, False, True, False]


def test_the_same_key_of_two_feeds_is_two_facts(opened: store.Store, observation: Maker):
    opened.mark_seen([observation(1)])

    assert opened.seen([observation(1, feed_id="other")]) == [False]


def test_snapshots_are_numbered_and_read_back_equal(opened: store.Store):
    assert opened.latest() is None
    assert opened.head() is None

    first = opened.publish(snapshot())
    second = opened.publish(snapshot(at=NOW + timedelta(seconds=1)))
    read = opened.latest()

    assert first.version == f"{opened.epoch()}-1"
    assert second.version == f"{opened.epoch()}-2"
    assert second.body_id == first.body_id
    assert opened.head() == second
    assert read == replace(snapshot(at=NOW + timedelta(seconds=1)), version=second.version)


def test_a_changed_snapshot_has_another_body(opened: store.Store):
    first = opened.publish(snapshot(1.0))
    opened.latest()
    second = opened.publish(snapshot(2.0))
    read = opened.latest()

    assert first.body_id != second.body_id
    assert read is not None
    assert read.readings[0].value == 2.0


def test_ticks_begin_with_the_present_and_say_silence(opened: store.Store):
    first = opened.publish(snapshot())
    ticks = opened.ticks(timeout_s=0.05)

    assert next(head for head in ticks if head) == first
    assert next(ticks) is None
    second = opened.publish(snapshot(2.0))
    assert next(head for head in ticks if head) == second
    ticks.close()  # type: ignore[attr-defined]


def test_a_command_is_answered_and_applied_once(opened: store.Store):
    applied: list[Command] = []

    def work() -> None:
        deadline = time.monotonic() + 5
        while not applied and time.monotonic() < deadline:
            for item in opened.take_commands(block_ms=200):
                applied.append(item)
                opened.answer(Outcome(command_id=item.command_id, status="applied"))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    outcome = opened.submit(command(), timeout_s=5)
    worker.join(5)

    assert outcome == Outcome(command_id="c1", status="applied")
    assert opened.submit(command(), timeout_s=1) == outcome  # asked twice, applied once
    assert applied == [command()]
    assert opened.take_commands() == []


def test_a_command_that_nobody_takes_is_withdrawn(opened: store.Store):
    opened.take_commands()

    with pytest.raises(store.StoreSilent) as caught:
        opened.submit(command(), timeout_s=0.1)

    assert not caught.value.is_taken
    assert opened.take_commands() == []


def test_a_command_taken_but_not_answered_says_so(opened: store.Store):
    silence: list[store.StoreSilent] = []

    def ask() -> None:
        try:
            opened.submit(command(), timeout_s=0.5)
        except store.StoreSilent as error:
            silence.append(error)

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    taken: list[Command] = []
    deadline = time.monotonic() + 5
    while not taken and time.monotonic() < deadline:
        taken = opened.take_commands(block_ms=100)
    asker.join(5)

    assert taken == [command()]
    assert silence[0].is_taken


def test_records_keep_versions_and_refuse_a_stale_writer(opened: store.Store):
    assert opened.save_records({"a": {"x": 1}}, expected={"a": 0}) == {"a": 1}
    assert opened.save_records({"a": {"x": 2}, "b": {"y": "é"}}) == {"a": 2, "b": 1}

    with pytest.raises(store.Conflict, match="a"):
        opened.save_records({"a": {"x": 9}, "b": {"y": "lost"}}, expected={"a": 1})

    assert opened.records() == {
        "a": store.Versioned(2, {"x": 2}),
        "b": store.Versioned(1, {"y": "é"}),
    }
    opened.save_records({"a": None})
    assert set(opened.records()) == {"b"}


def test_records_and_outcomes_are_written_together(opened: store.Store):
    outcome = Outcome(command_id="c9", status="applied")

    opened.save_records({"a": {"x": 1}}, answers=[outcome])

    assert opened.submit(command("c9"), timeout_s=0.1) == outcome


def test_a_refused_save_answers_nobody(opened: store.Store):
    opened.take_commands()
    with pytest.raises(store.Conflict):
        opened.save_records(
            {"a": {"x": 1}},
            expected={"a": 7},
            answers=[Outcome(command_id="c9", status="applied")],
        )

    with pytest.raises(store.StoreSilent):
        opened.submit(command("c9"), timeout_s=0.05)


def test_a_lock_has_one_owner_and_a_growing_token(opened: store.Store):
    first = opened.lock("worker", ttl=timedelta(seconds=30))
    assert first is not None
    assert opened.lock("worker") is None
    assert first.renew()
    first.release()

    second = opened.lock("worker")

    assert second is not None
    assert second.token > first.token
    assert not first.renew()
    first.release()  # must not free what is no longer its own
    assert opened.lock("worker") is None


def test_a_writer_that_lost_its_lock_is_fenced(opened: store.Store):
    lost = opened.lock("worker")
    assert lost is not None
    lost.release()
    held = opened.lock("worker")
    assert held is not None

    with pytest.raises(store.Fenced):
        opened.publish(snapshot(), fence=lost)
    with pytest.raises(store.Fenced):
        opened.save_records({"a": {"x": 1}}, fence=lost)

    opened.publish(snapshot(), fence=held)
    opened.save_records({"a": {"x": 1}}, fence=held)
    assert set(opened.records()) == {"a"}


def test_a_lock_that_ran_out_is_still_its_owners_until_another_takes_it(opened: store.Store):
    first = opened.lock("worker", ttl=timedelta(milliseconds=1))
    assert first is not None
    time.sleep(0.01)

    assert first.renew()
    time.sleep(0.01)
    second = opened.lock("worker", ttl=timedelta(milliseconds=1))
    time.sleep(0.01)

    assert second is not None
    assert not first.renew()
    assert second.renew()
    second.release()
    assert not second.renew()


def test_a_lock_can_be_forced_from_its_owner_who_is_fenced_then(opened: store.Store):
    first = opened.lock("worker")
    second = opened.lock("worker", is_forced=True)

    assert first is not None
    assert second is not None
    assert second.token > first.token
    assert not first.renew()
    first.release()
    with pytest.raises(store.Fenced):
        opened.publish(snapshot(), fence=first)
    with pytest.raises(store.Fenced):
        opened.take_commands(fence=first)
    opened.publish(snapshot(), fence=second)


def test_the_next_leader_takes_what_the_last_one_had_taken_and_not_answered(opened: store.Store):
    first = opened.lock("leader")
    asker = threading.Thread(target=lambda: opened.submit(command(), timeout_s=10), daemon=True)
    asker.start()
    taken: list[Command] = []
    deadline = time.monotonic() + 5
    while not taken and time.monotonic() < deadline:
        taken = opened.take_commands(block_ms=100, fence=first)
    second = opened.lock("leader", is_forced=True)

    assert taken == [command()]
    assert opened.take_commands(fence=second) == taken
    assert opened.take_commands(fence=second) == []
    opened.answer(Outcome(command_id="c1", status="applied"))
    asker.join(5)
    assert not asker.is_alive()


def test_an_expired_lock_can_be_taken(opened: store.Store):
    assert opened.lock("worker", ttl=timedelta(milliseconds=50)) is not None

    deadline = time.monotonic() + 5
    while (taken := opened.lock("worker")) is None and time.monotonic() < deadline:
        time.sleep(0.01)

    assert taken is not None


def test_feed_memory_and_states_come_back(opened: store.Store):
    state = snapshot().feeds[0]
    opened.save_memory("air", {"etag": '"x"', "open": ["1", "2"], "n": None})
    opened.save_feed_states([state])
    opened.save_feed_states([])

    assert opened.memory("air") == {"etag": '"x"', "open": ["1", "2"], "n": None}
    assert opened.memory("none") == {}
    assert opened.feed_states() == {"air": state}


def test_feed_states_say_how_far_they_are(opened: store.Store):
    state = snapshot().feeds[0]
    assert opened.feed_note() == {}

    opened.save_feed_states([state], note={"place": ["1-0", 3], "applied": {"w": 4}})
    opened.save_feed_states([state])

    assert opened.feed_note() == {"place": ["1-0", 3], "applied": {"w": 4}}
    assert opened.feed_states() == {"air": state}


def test_workers_know_of_each_other_until_they_leave(opened: store.Store):
    assert opened.workers() == []
    assert opened.beat("b", {"pid": 2}) == (False, {"b": {"pid": 2}})

    known, notes = opened.beat("a", {"pid": 1})
    again, _ = opened.beat("a", {"pid": 1, "leads": True})

    assert (known, again) == (False, True)
    assert notes == {"a": {"pid": 1}, "b": {"pid": 2}}
    assert [(one.name, one.note) for one in opened.workers()] == [
        ("a", {"pid": 1, "leads": True}),
        ("b", {"pid": 2}),
    ]
    assert all(0 <= one.silent_s < 5 for one in opened.workers())
    opened.leave("b")
    assert [one.name for one in opened.workers()] == ["a"]


def test_what_is_told_comes_in_order_and_only_what_is_new(opened: store.Store):
    opened.tell("book", "a", [{"old": 1}])
    begin = opened.told("book", None)
    opened.tell("book", "a", [{"n": 1}, {"n": 2}])
    opened.tell("book", "b", [{"n": 3}])
    opened.tell("other", "b", [{"n": 9}])

    found = opened.told("book", begin.place)

    assert begin.items == []
    assert found.items == [("a", {"n": 1}), ("a", {"n": 2}), ("b", {"n": 3})]
    assert found.is_whole
    assert opened.told("book", found.place) == store.Told([], found.place)


def test_who_listens_too_late_is_told_that_something_was_missed(opened: store.Store):
    begin = opened.told("book", None).place
    for n in range(0, 2600, 100):
        opened.tell("book", "a", [{"n": n + k} for k in range(100)])

    found = opened.told("book", begin)

    assert not found.is_whole
    assert found.items[-1] == ("a", {"n": 2599})
    assert opened.told("book", found.place).is_whole


def test_what_was_kept_of_a_shard_is_told_as_facts(opened: store.Store, observation: Maker):
    begin = opened.told_kept(2, None).place
    facts = [observation(n, district_id="x") for n in range(1200)]
    opened.tell_kept(2, "a", facts)
    opened.tell_kept(1, "a", facts[:1])

    found = opened.told_kept(2, begin)

    assert [fact for _, batch in found.items for fact in batch] == facts
    assert {by for by, _ in found.items} == {"a"}
    assert found.is_whole


def test_it_is_known_who_asked_a_feed_last(opened: store.Store):
    assert opened.planned_poll("air") is None
    opened.plan_poll("air", "a", NOW)
    opened.plan_poll("air", "b", NOW + timedelta(seconds=5))

    assert opened.planned_poll("air") == ("b", NOW + timedelta(seconds=5))


def reject(n: int, feed_id: str = "air") -> Reject:
    return Reject(feed_id=feed_id, line=n, reason="not a number", raw=f"row {n}", at=NOW)


def test_quarantine_is_paged_newest_first_and_keeps_each_row_once(opened: store.Store):
    assert opened.add_rejects([reject(n) for n in range(5)]) == 5
    moved = replace(reject(3), line=77, at=NOW + timedelta(hours=1))
    assert opened.add_rejects([moved, reject(9), reject(1, "other")]) == 2

    page = opened.quarantine("air", limit=4)
    rest = opened.quarantine("air", limit=4, before=page.next)

    assert [one.reject.line for one in page.items] == [9, 4, 3, 2]
    assert page.total == 6
    assert [one.reject.line for one in rest.items] == [1, 0]
    assert rest.next is None
    assert opened.quarantine("nobody").items == []


def test_totals_add_up(opened: store.Store):
    opened.count("air", accepted=5, rejected=1)
    opened.count("air", accepted=2)

    assert opened.counters("air") == {"accepted": 7, "rejected": 1}
    assert opened.counters("none") == {}


def test_rows_in_quarantine_have_names_and_can_be_asked_for_by_reason(opened: store.Store):
    words = [
        replace(reject(n), reason=f"'{n}x' is no number", field="value", context="a,b")
        for n in range(3)
    ]
    opened.add_rejects([*words, reject(7)])

    masked = opened.quarantine("air", reason="… is no number", limit=2)
    rest = opened.quarantine("air", reason="… is no number", limit=2, before=masked.next)
    exact = opened.quarantine("air", reason="'1x' is no number")

    assert [one.reject.line for one in masked.items] == [2, 1]
    assert [one.reject.line for one in rest.items] == [0]
    assert rest.next is None
    assert [one.reject for one in exact.items] == [words[1]]
    assert len({one.id for one in opened.quarantine("air").items}) == 4


def test_reasons_are_counted_with_their_values_masked(opened: store.Store):
    later = NOW + timedelta(hours=1)
    opened.add_rejects(
        [
            replace(reject(1), reason="'x' is no number", field="value", raw="old"),
            replace(reject(2), reason="'y' is no number", field="value", raw="new", at=later),
            replace(reject(3), reason="'z' is no number", field="lat"),
        ]
    )

    assert opened.reasons("air") == [
        store.Reason("… is no number", "value", 2, later, "new"),
        store.Reason("… is no number", "lat", 1, NOW, "row 3"),
    ]
    opened.add_rejects([replace(reject(4), field="lat"), replace(reject(5), field="lat")])
    assert [(one.field, one.count) for one in opened.reasons("air")] == [
        ("value", 2),
        ("lat", 2),
        ("lat", 1),
    ]
    assert opened.reasons("nobody") == []


def test_rows_leave_quarantine_or_change_their_reason_and_may_come_back(opened: store.Store):
    opened.add_rejects([reject(n) for n in range(3)])
    names = {one.reject.line: one.id for one in opened.quarantine("air").items}
    renamed = replace(reject(1), reason="no such place")

    opened.settle("air", {names[0]: None, names[1]: renamed, "1-1": None})

    kept = [one.reject for one in opened.quarantine("air").items]
    assert kept == [renamed, reject(2)]
    assert opened.add_rejects([reject(0), reject(2), renamed]) == 1
    assert opened.quarantine("air").total == 4  # a new reason is no new row


def test_quarantine_is_bounded_in_rows_and_in_bytes(
    opened: store.Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.quarantine.CAP", 4)
    opened.add_rejects([reject(n) for n in range(6)])
    few = [one.reject.line for one in opened.quarantine("air").items]
    monkeypatch.setattr("store.quarantine.CAP_BYTES", 2_500)
    opened.add_rejects([replace(reject(9), raw="x" * 1000), replace(reject(10), raw="y" * 1000)])
    opened.add_rejects([replace(reject(11), raw="z" * 5000)])

    assert few == [5, 4, 3, 2]
    assert [one.reject.line for one in opened.quarantine("air").items] == [11]
    assert opened.quarantine("air").total == 9


def delivery(body: bytes = b"{}", feed_id: str = "air") -> Delivery:
    return Delivery(
        feed_id=feed_id, body=body, received_at=NOW, media_type="application/json", topic="a/é"
    )


def test_deliveries_stay_in_order_until_dropped(opened: store.Store):
    bodies = [bytes([n, 255]) for n in range(3)]
    names = [opened.deliver(delivery(body)) for body in bodies]
    opened.deliver(delivery(feed_id="other"))

    assert opened.deliveries("air", 2) == [
        (name, delivery(body)) for name, body in zip(names[:2], bodies[:2], strict=True)
    ]
    assert opened.waiting() == {"air": store.Waiting(3, 6), "other": store.Waiting(1, 2)}
    opened.drop_deliveries("air", [names[0], "1-1"])
    assert [name for name, _ in opened.deliveries("air")] == names[1:]
    opened.drop_deliveries("air", names)
    assert opened.deliveries("air") == []
    assert opened.waiting() == {"other": store.Waiting(1, 2)}


def test_a_full_inbox_refuses_and_loses_nothing(
    opened: store.Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("store.inbox.CAP", 3)
    monkeypatch.setattr("store.inbox.CAP_BYTES", 100)
    first = opened.deliver(delivery(b"x" * 1000))  # one body always fits
    with pytest.raises(store.InboxFull, match="air"):
        opened.deliver(delivery(b"y"))
    opened.deliver(delivery(b"z" * 90, "other"))
    opened.drop_deliveries("air", [first])
    for _ in range(3):
        opened.deliver(delivery(b"y"))

    with pytest.raises(store.InboxFull):
        opened.deliver(delivery(b"y"))

    assert opened.waiting()["air"] == store.Waiting(3, 3)


def test_a_delivery_wakes_who_waits_and_none_is_missed(opened: store.Store):
    found: list[dict[str, store.Waiting]] = []
    waiter = threading.Thread(target=lambda: found.append(opened.waiting(2000)), daemon=True)
    waiter.start()

    started = time.monotonic()
    opened.deliver(delivery())
    waiter.join(5)

    assert found[0]["air"].count == 1
    assert time.monotonic() - started < 1
    assert opened.waiting(2000) == found[0]  # what lies there already is told at once
