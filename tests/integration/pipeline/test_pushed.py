"""What is pushed to a worker that is killed: kept by the store, admitted once, told in time."""

import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

import history
import store
from model import Command, Delivery, Outcome, Reject
from store.keys import rejects
from tests.integration.pipeline.conftest import until

pytestmark = pytest.mark.integration

PUSHED = """
[[feeds]]
id = "air"
kind = "ngsi"
every = "2s"
push_secret = "env:AIR_KEY"
gives = "observation"

[[indicators]]
"""


@pytest.fixture
def pushed(city):
    path = city.folder / "city.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[[indicators]]", PUSHED, 1), encoding="utf-8")
    return city


@pytest.fixture
def memory(pushed):
    opened = store.open(pushed.url)
    yield opened
    opened.close()


def entity(number: int, at: datetime, value: float | str = 12.5) -> dict:
    return {
        "id": f"urn:ngsi-ld:AirQualityObserved:{number}",
        "type": "AirQualityObserved",
        "dateObserved": {"type": "Property", "value": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [0.5 + number % 2, 0.5]},
        },
        "pm25": {"type": "Property", "value": value, "unitCode": "GQ"},
    }


def notification(*entities: dict, now: datetime) -> Delivery:
    body = {"id": "urn:n:1", "type": "Notification", "subscriptionId": "s", "data": list(entities)}
    return Delivery(
        feed_id="air",
        body=json.dumps(body).encode(),
        received_at=now,
        media_type="application/json",
    )


def kept(city) -> list[str]:
    opened = history.open(city.data / "history", writer=False)
    try:
        return [one.site_id for one in opened.observations(datetime.now(UTC) - timedelta(days=1))]
    finally:
        opened.close()


def test_a_worker_killed_at_any_moment_brings_what_was_pushed_once(pushed, memory, is_long):
    moments = random.Random(5)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    n = 0
    for _ in range(10 if is_long else 3):
        pushed.start()
        for _ in range(40):
            memory.deliver(notification(entity(n, at), entity(n + 1, at), now=at))
            n += 2
        time.sleep(moments.uniform(1.5, 5.0))  # the kill falls anywhere in their walk
        pushed.kill()
    memory.deliver(notification(entity(n, at), entity(n + 1, at), now=at))  # while it is away
    n += 2
    pushed.start()

    until(lambda: len(kept(pushed)) >= n and not memory.waiting(), f"{n} never arrived")
    pushed.stop()

    sites = kept(pushed)
    assert len(sites) == len(set(sites)) == n
    found = history.open(pushed.data / "history", writer=False)
    assert found.counts()["observations"] == n, "a fact was written twice"


def test_silence_of_a_pushed_feed_raises_its_alarm_and_a_push_is_seen_at_once(pushed, memory):
    pushed.start()
    silent = pushed.snapshot(
        lambda found: any(alert.rule == "dq.air" for alert in found.alerts),
        "nobody was told that nothing is pushed",
    )
    feed = next(feed for feed in silent.feeds if feed.id == "air")
    now = datetime.now(UTC)

    memory.deliver(notification(entity(1, now), now=now))
    started = time.monotonic()
    until(lambda: not memory.waiting(), "it was never taken")
    took = time.monotonic() - started
    pushed.snapshot(
        lambda found: any(feed.id == "air" and feed.accepted == 1 for feed in found.feeds),
        "what was pushed never showed",
    )

    assert (feed.is_polled, feed.is_pushed, feed.next_due_at) == (False, True, None)
    assert took < 2.0


def ask(memory, call: str, feed: str, name: str, **body) -> Outcome:
    command = Command(
        command_id=name,
        occurrence=f"feed:{feed}",
        call=call,
        by="Ann",
        at=datetime.now(UTC),
        body=tuple(body.items()),
    )
    return memory.submit(command, timeout_s=20)


def test_a_feed_is_asked_on_demand_and_refused_rows_stay_with_their_reason(pushed, memory):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    memory.deliver(notification(entity(1, at, "much"), entity(2, at), now=at))
    pushed.start()
    until(lambda: memory.quarantine("air").items, "nothing was refused")

    polled = ask(memory, "poll", "complaints", "p1")
    replayed = ask(memory, "replay", "air", "r1")
    nobody = ask(memory, "poll", "nobody", "p2")

    assert polled.status == "applied"
    assert dict(replayed.body) == {"read": "1", "accepted": "0", "refused": "1", "unreadable": "0"}
    assert nobody.status == "unknown"
    (row,) = memory.quarantine("air").items
    assert row.reject.at == at
    assert sum(reason.count for reason in memory.reasons("air")) == 1


def test_a_replay_that_is_killed_goes_on_and_loses_nothing(pushed, memory):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    n = 4000
    memory.add_rejects(
        [
            Reject(
                feed_id="air",
                line=number,
                reason="was no number",
                raw=json.dumps(entity(number, at)),
                at=at + timedelta(seconds=number // 20),
                field="pm25",
            )
            for number in range(n)
        ]
    )
    pushed.start()
    pushed.snapshot(lambda _: True, "the worker never published")
    outcomes: list[Outcome] = []
    asker = threading.Thread(target=lambda: outcomes.append(ask(memory, "replay", "air", "r")))
    asker.start()
    end = time.monotonic() + 60
    while not 0 < memory._clients.quick.xlen(rejects("air")) < n:  # counted, for it is quick
        assert time.monotonic() < end, "it never began"
    pushed.kill()
    left = len(rows_of(memory))
    pushed.start()
    asker.join(60)

    until(lambda: len(kept(pushed)) >= n, "some never arrived")
    pushed.stop()
    assert 0 < left < n
    assert int(dict(outcomes[0].body)["read"]) <= left
    assert rows_of(memory) == []
    sites = kept(pushed)
    assert len(sites) == len(set(sites)) == n


def rows_of(memory) -> list:
    return memory.quarantine("air", limit=10_000).items
