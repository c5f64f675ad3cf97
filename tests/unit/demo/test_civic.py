"""Car parks, equipment, works, services, threats and opinion: plausible, and of one piece."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from demo import (
    exposition,
    kev,
    measures,
    mqtt,
    ngsi,
    opinion,
    participation,
    portal,
    sites,
    works,
)
from demo.districts import wards
from demo.incidents import World, started

from .conftest import SEED, hours, instant

NOW = instant("2026-11-24T17:03:10+00:00")


def with_one(kind, **about):
    one = replace(started(kind, NOW - 600, seed=SEED, minutes=40), **about)
    return World(SEED, (one,), has_programme=False)


def test_car_parks_fill_by_day_and_never_overflow(world):
    at = hours("2026-11-23T05:00:00+00:00", "2026-11-24T05:00:00+00:00")
    share = measures.parked(world, at) / np.array(
        [[site.properties["spaces"]] for site in sites.parking()]
    )

    assert share.min() >= 0.0
    assert share.max() <= 1.0
    assert share[:, 12].mean() > 0.6
    assert share[:, -1].mean() < 0.4


def test_boardings_have_two_rushes_and_quiet_nights(world):
    at = hours("2026-11-24T06:00:00+00:00", "2026-11-25T06:00:00+00:00")
    riders = measures.boardings(world, at).sum(axis=0)

    assert riders.argmax() in {7, 8, 16, 17}
    assert riders[2] < 0.02 * riders.max()
    assert (riders == np.round(riders)).all()


def test_a_context_broker_lists_its_car_parks(world):
    found = ngsi.entities(world, NOW)

    assert len(found) == len(sites.parking())
    for one in found:
        total, free, taken = (
            one[f"{word}SpotNumber"]["value"] for word in ("total", "available", "occupied")
        )
        assert total == free + taken
        assert one["availableSpotNumber"]["observedAt"] == "2026-11-24T17:00:00Z"


class Ear:
    def __init__(self, monkeypatch, *, is_good=True):
        self.told = []
        monkeypatch.setattr(ngsi, "_post", self.post)
        self.is_good = is_good

    def post(self, endpoint, body):
        self.told.append((endpoint, json.loads(body)))
        return self.is_good


def subscription(uri="http://127.0.0.1:1/push"):
    return {
        "type": "Subscription",
        "entities": [{"type": "OffStreetParking"}],
        "notification": {
            "endpoint": {
                "uri": uri,
                "receiverInfo": [{"key": "Authorization", "value": "Bearer x"}],
            }
        },
    }


def ask(broker, method, key="", body=None):
    sent = b"" if body is None else json.dumps(body).encode()
    return broker.answer(method, f"/ngsi-ld/v1/subscriptions{key}", sent)


def test_who_subscribes_is_told_the_present_state(world, monkeypatch):
    ear = Ear(monkeypatch)
    broker = ngsi.Broker(lambda: world, lambda: NOW)

    status, _, headers = ask(broker, "POST", body=subscription())
    key = headers["Location"].rpartition("/")[2]
    broker.notify(broker.subscriptions[key], NOW)

    assert status == 201
    ((endpoint, body),) = ear.told
    assert endpoint["receiverInfo"][0]["value"] == "Bearer x"
    assert (body["type"], body["subscriptionId"]) == ("Notification", key)
    assert len(body["data"]) == len(sites.parking())
    assert ask(broker, "GET", f"/{key}")[1]["notification"]["timesSent"] == 1


def test_a_subscription_can_be_changed_and_ended(world):
    broker = ngsi.Broker(lambda: world, lambda: NOW)
    key = ask(broker, "POST", body=subscription())[2]["Location"].rpartition("/")[2]

    assert ask(broker, "PATCH", f"/{key}", {"isActive": False})[0] == 204
    assert ask(broker, "GET")[1][0]["status"] == "paused"
    assert ask(broker, "DELETE", f"/{key}")[0] == 204
    assert ask(broker, "GET", f"/{key}")[0] == 404


def test_who_does_not_answer_is_given_up_after_five_times(world, monkeypatch):
    Ear(monkeypatch, is_good=False)
    broker = ngsi.Broker(lambda: world, lambda: NOW)
    key = ask(broker, "POST", body=subscription())[2]["Location"].rpartition("/")[2]
    for _ in range(5):
        broker.notify(broker.subscriptions[key], NOW)

    assert broker.subscriptions[key]["status"] == "failed"


@pytest.mark.parametrize(
    "uri", ["http://10.0.0.1/push", "https://127.0.0.1/push", "http://evil.example/", "x"]
)
def test_the_demo_notifies_this_machine_only(world, uri):
    broker = ngsi.Broker(lambda: world, lambda: NOW)

    assert ask(broker, "POST", body=subscription(uri))[0] == 400
    assert not broker.subscriptions


def test_signals_go_dark_in_a_power_cut():
    def signals(world):
        page = exposition.metrics(world, NOW)
        return {
            match[1]: int(match[2])
            for match in re.finditer(r'city_assets_working{site="(signals-\d+)"[^}]*} (\d+)', page)
        }

    calm, dark = (
        signals(w) for w in (World(SEED, has_programme=False), with_one("powercut", place="182"))
    )

    assert calm.keys() == dark.keys() == {f"signals-{ward.id}" for ward in wards()}
    assert {key for key in calm if dark[key] < calm[key]} == {"signals-182"}


def test_works_lie_in_the_city_and_are_not_over(world):
    found = works.feed(world, NOW)
    city = shapely.union_all([ward.shape for ward in wards()]).buffer(0.02)

    assert found["feed_info"]["version"] == "4.2"
    assert 20 < len(found["features"]) < 90
    for feature in found["features"]:
        assert city.covers(shape(feature["geometry"]))
        assert feature["properties"]["end_date"] > "2026-11-24T17:00:00Z"
    ids = [feature["id"] for feature in found["features"]]
    assert len(set(ids)) == len(ids)


def test_a_crash_closes_a_lane():
    ids = {one["id"] for one in works.feed(with_one("crash", place="182"), NOW)["features"]}

    assert f"crash-{NOW - 600}" in ids


def test_the_portal_dies_when_told_to(world):
    assert portal.page(world, "requests", NOW).status == 200
    assert portal.page(with_one("deadsite"), "requests", NOW).status == 503
    assert portal.page(with_one("deadsite"), "home", NOW).status == 200
    assert portal.page(world, "nowhere", NOW) is None


def test_the_catalogue_grows_and_says_how_long_it_is(world):
    now = kev.catalogue(world, NOW)

    assert now["count"] == len(now["vulnerabilities"]) > 60
    assert all(one["dueDate"] > one["dateAdded"] for one in now["vulnerabilities"])
    assert len({one["cveID"] for one in now["vulnerabilities"]}) == now["count"]


def test_now_and_then_a_vulnerability_concerns_the_city(world):
    products = {product for _, product in kev.OURS}
    counts = [
        sum(
            one["product"] in products
            for one in kev.catalogue(world, NOW + day * 86_400)["vulnerabilities"]
        )
        for day in range(-35, 0)
    ]

    assert sorted(set(counts)) == [0, 1]
    assert sum(counts) == 24


def test_posts_can_be_paged_without_loss(world):
    whole = opinion.timeline(world, {"limit": "40"}, NOW)
    ids = [int(post["id"]) for post in whole]
    assert ids == sorted(set(ids), reverse=True)

    seen, low = [], ids[-1] - 1
    while page := opinion.timeline(world, {"limit": "7", "min_id": str(low)}, NOW):
        seen += sorted(int(post["id"]) for post in page)
        low = seen[-1]
    assert seen == sorted(ids)


def test_weather_stations_publish_the_minute(world):
    told = mqtt.messages(world, NOW)

    assert len(told) == len(sites.weather_stations()) == 19
    for topic, payload in told:
        body = json.loads(payload)
        assert topic.startswith("city/weather-")
        assert body["time"] == "2026-11-24T17:03:00Z"
        assert -40 < body["temperature"] < 40
        assert 15 <= body["humidity"] <= 100
        assert body["wind_speed"] >= 0


def test_proposals_gather_supports_and_none_is_withdrawn(world):
    def read(now):
        lines = csv.DictReader(io.StringIO(participation.export(world, now)), delimiter=";")
        return {row["id"]: int(row["supports"]) for row in lines}

    before, after = read(NOW - 86_400), read(NOW)

    assert 150 < len(after) < 330
    assert all(after[key] >= count for key, count in before.items() if key in after)
    assert sum(after.values()) > sum(before.values())
