"""Our subscription at a context broker, told as stories against a broker in memory."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import poll
from model import Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = "push-s3cret"
ROOTS = {"ld": "/ngsi-ld/v1", "v2": "/v2"}
ENTITY = {"id": "a", "type": "AirQualityObserved", "NO2": 1, "dateModified": "2026-11-24T11:59:00Z"}


class Broker:
    """Keeps subscriptions as brokers do: 201 with a Location, 204, 404; no bodies."""

    def __init__(self, version):
        self.root = ROOTS[version]
        self.kept = {}
        self.orders = []
        self.made = 0
        self.refuses = {}
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request):
        path = request.url.path.removeprefix(self.root)
        if path == "/entities":
            return httpx.Response(200, json=[ENTITY])
        name = path.removeprefix("/subscriptions").strip("/")
        if request.method != "GET":
            self.orders.append((request.method, name))
        if request.method in self.refuses:
            return self.refuses[request.method]
        return getattr(self, f"do_{request.method.lower()}")(request, name)

    def do_get(self, request, name):
        if not name:
            offset = int(request.url.params.get("offset", 0))
            return httpx.Response(200, json=list(self.kept.values())[offset : offset + 100])
        found = self.kept.get(name)
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={})

    def do_post(self, request, _):
        self.made += 1
        name = f"urn:s:{self.made}"
        self.kept[name] = {"id": name, **json.loads(request.content)}
        return httpx.Response(201, headers={"Location": f"{self.root}/subscriptions/{name}"})

    def do_patch(self, request, name):
        self.kept[name] = {"id": name, **json.loads(request.content)}
        return httpx.Response(204)

    def do_delete(self, _, name):
        del self.kept[name]
        return httpx.Response(204)


@pytest.fixture(params=["ld", "v2"])
def broker(request, monkeypatch):
    monkeypatch.setenv("PUSH_SECRET", SECRET)
    return Broker(request.param)


def feed_at(broker, **options):
    version = "ld" if "ngsi-ld" in broker.root else "v2"
    about = {"types": ("AirQualityObserved",), "version": version}
    return Feed(
        id="air",
        kind="ngsi",
        gives="observation",
        every=timedelta(minutes=5),
        url=f"https://broker.example{broker.root}",
        push_secret="env:PUSH_SECRET",
        options=about | (options or {"subscribe": "https://us.example/"}),
    )


def visit(broker, memory, minutes=0, **options):
    return poll(
        feed_at(broker, **options), broker.client, memory, now=NOW + timedelta(minutes=minutes)
    )


def told(found):
    return [one.reason for one in found.parsed.rejected]


def only(broker):
    (kept,) = broker.kept.values()
    return kept


def called(kept):
    """The address and the headers that a subscription calls with."""
    note = kept["notification"]
    if "httpCustom" in note:
        return note["httpCustom"]["url"], note["httpCustom"]["headers"]
    end = note["endpoint"]
    return end["uri"], {pair["key"]: pair["value"] for pair in end["receiverInfo"]}


def test_the_first_poll_subscribes_and_says_nothing(broker):
    found = visit(broker, {})

    assert told(found) == []
    assert called(only(broker)) == (
        "https://us.example/api/v1/feeds/air/push",
        {"Authorization": f"Bearer {SECRET}"},
    )
    assert [o.value for o in found.parsed.accepted] == [1.0]
    assert SECRET not in json.dumps(found.memory)


def test_it_is_looked_after_every_ten_minutes_and_left_alone_while_good(broker):
    first = visit(broker, {})
    broker.kept.clear()
    soon = visit(broker, first.memory, minutes=5)
    assert broker.kept == {}

    later = visit(broker, soon.memory, minutes=11)
    calm = visit(broker, later.memory, minutes=30)

    assert "had lost our subscription" in told(later)[0]
    assert told(calm) == []
    assert [verb for verb, _ in broker.orders] == ["POST", "POST"]


def test_after_a_restart_it_is_found_by_its_description(broker):
    visit(broker, {})

    visit(broker, {}, minutes=60)

    assert [verb for verb, _ in broker.orders] == ["POST"]
    assert len(broker.kept) == 1


def test_it_is_found_behind_the_subscriptions_of_others_and_copies_go(broker):
    visit(broker, {})
    ours = only(broker)
    others = {f"x{n}": {"id": f"x{n}", "description": "other"} for n in range(150)}
    broker.kept = {**others, **broker.kept, "copy": ours | {"id": "copy"}}

    visit(broker, {}, minutes=60)

    assert len(broker.kept) == 151
    assert broker.orders[-1] == ("DELETE", "copy")


def test_what_the_broker_gave_up_is_told_once_and_made_active(broker):
    first = visit(broker, {})
    kept = only(broker)
    kept["notification"]["status" if "ngsi-ld" in broker.root else "failsCounter"] = "failed"
    kept["notification"]["lastErrorReason"] = "timeout"
    failing = json.dumps(kept)

    second = visit(broker, first.memory, minutes=11)
    assert "notification" in only(broker)
    broker.kept[kept["id"]] = json.loads(failing)
    third = visit(broker, second.memory, minutes=22)
    fourth = visit(broker, third.memory, minutes=33)

    assert told(second) == [
        "the broker could not call https://us.example/api/v1/feeds/air/push: timeout"
    ]
    assert told(third) == []
    assert told(fourth) == []
    assert [verb for verb, _ in broker.orders] == ["POST", "PATCH", "PATCH"]
    assert SECRET not in second.parsed.rejected[0].raw


@pytest.mark.parametrize("state", ["paused", "inactive", "expired"])
def test_a_paused_one_is_made_active(broker, state):
    first = visit(broker, {})
    only(broker)["status"] = state

    found = visit(broker, first.memory, minutes=11)

    assert told(found) == [f"our subscription at the broker was {state}: made active again"]
    assert only(broker).get("status", "active") == "active"


def test_a_new_address_or_secret_is_mended_quietly(broker, monkeypatch):
    first = visit(broker, {})
    moved = visit(broker, first.memory, minutes=11, callback="https://new.example/push")
    assert called(only(broker))[0] == "https://new.example/push"
    monkeypatch.setenv("PUSH_SECRET", "another-s3cret")

    rotated = visit(broker, moved.memory, minutes=22, callback="https://new.example/push")

    assert called(only(broker))[1] == {"Authorization": "Bearer another-s3cret"}
    assert told(moved) == told(rotated) == []
    assert len(broker.kept) == 1


def test_a_broker_that_hides_the_secret_is_believed(broker):
    first = visit(broker, {})
    note = only(broker)["notification"]
    if "httpCustom" in note:
        note["httpCustom"]["headers"] = {"Authorization": "*****"}
    else:
        note["endpoint"].pop("receiverInfo")

    visit(broker, first.memory, minutes=11)

    assert [verb for verb, _ in broker.orders] == ["POST"]


def test_a_broker_that_cannot_mend_gets_a_new_one(broker):
    first = visit(broker, {})
    only(broker)["status"] = "paused"
    broker.refuses["PATCH"] = httpx.Response(405)

    visit(broker, first.memory, minutes=11)

    assert [verb for verb, _ in broker.orders] == ["POST", "PATCH", "DELETE", "POST"]
    assert list(broker.kept) == ["urn:s:2"]


def test_a_refused_subscription_never_costs_the_reading(broker):
    broker.refuses["POST"] = httpx.Response(403, text=f"no {SECRET} here")

    found = visit(broker, {})

    assert [o.value for o in found.parsed.accepted] == [1.0]
    assert "our subscription cannot be kept: HTTP 403" in told(found)[0]
    assert SECRET not in told(found)[0]
    assert SECRET not in json.dumps(found.memory)


@pytest.mark.parametrize("body", [b"5", b"[5]", b'{"x": 1}', b"{"])
def test_a_malformed_answer_never_costs_the_reading(broker, body):
    broker.refuses["GET"] = httpx.Response(200, content=body)

    found = visit(broker, {})

    assert [o.value for o in found.parsed.accepted] == [1.0]


def test_what_is_asked_for_is_subscribed_to(broker):
    visit(
        broker, {}, subscribe="https://us.example", types=("A", "B"), attrs=("NO2",), q="NO2>1",
        georel="near;maxDistance==100", geometry="Point", coordinates="[-73.6,45.5]",
        throttling="30s", id_pattern="urn:.*",
    )  # fmt: skip

    kept = only(broker)
    assert kept["throttling"] == 30
    if "ngsi-ld" in broker.root:
        assert kept["entities"] == [
            {"type": "A", "idPattern": "urn:.*"},
            {"type": "B", "idPattern": "urn:.*"},
        ]
        assert kept["watchedAttributes"] == kept["notification"]["attributes"] == ["NO2"]
        assert kept["q"] == "NO2>1"
        assert kept["geoQ"]["coordinates"] == [-73.6, 45.5]
    else:
        assert kept["subject"]["entities"][1] == {"type": "B", "idPattern": "urn:.*"}
        assert kept["subject"]["condition"]["attrs"] == ["NO2"]
        assert kept["subject"]["condition"]["expression"]["coords"] == "[-73.6,45.5]"
        assert kept["notification"]["attrs"] == ["NO2", "dateModified"]
        assert kept["notification"]["metadata"] == ["dateModified", "*"]
