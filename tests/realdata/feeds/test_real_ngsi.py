"""Every example of nine smart data models, in three shapes each."""

import json
from collections import Counter
from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, ngsi, poll
from model import Observation, Quality

pytestmark = pytest.mark.realdata

UNTIMED = "no time of its own"
# model → (accepted, rejected) for normalized NGSI-LD, normalized v2, key-values
COUNTS = {
    "AirQualityObserved": [(8, 0), (8, 0), (8, 0)],
    "BikeHireDockingStation": [(2, 0), (2, 0), (0, 2)],
    "NoiseLevelObserved": [(1, 0), (1, 0), (1, 0)],
    "OffStreetParking": [(2, 0), (2, 0), (2, 0)],
    "OnStreetParking": [(2, 0), (2, 0), (2, 0)],
    "Streetlight": [(0, 1), (0, 1), (0, 1)],
    "TrafficFlowObserved": [(3, 0), (3, 0), (3, 0)],
    "Vehicle": [(0, 0), (0, 0), (0, 0)],
    "WasteContainer": [(0, 1), (0, 1), (0, 1)],
}
SHAPES = ("example-normalized-ld.jsonld", "example-normalized.json", "example.json")


@pytest.fixture
def feed(make_feed):
    return make_feed(
        "ngsi",
        "observation",
        url="https://broker.example/ngsi-ld/v1",
        timezone="Europe/Madrid",
        options={"types": ("A",)},
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", COUNTS)
def test_every_example_gives_what_it_holds(feed, records, now, model, shape):
    body = (records / f"wire/ngsi/{model}__{shape}").read_bytes()

    found = ngsi.parse(body, feed, now)

    accepted, rejected = COUNTS[model][SHAPES.index(shape)]
    assert (len(found.accepted), len(found.rejected)) == (accepted, rejected)
    assert all(UNTIMED in one.reason for one in found.rejected)
    assert bool(found.skipped) is (model == "Vehicle")


def test_the_collection_is_complete(records):
    names = {path.name for path in (records / "wire/ngsi").iterdir()}

    assert names == {f"{model}__{shape}" for model in COUNTS for shape in SHAPES}


def test_the_first_record_in_full(feed, records, now):
    body = (records / "wire/ngsi/TrafficFlowObserved__example-normalized-ld.jsonld").read_bytes()

    found = {one.quantity: one for one in ngsi.parse(body, feed, now).accepted}

    assert found["traffic_flow"] == Observation(
        feed_id="f1",
        site_id="urn:ngsi-ld:TrafficFlowObserved:TrafficFlowObserved-Valladolid-osm-60821110",
        quantity="traffic_flow",
        value=2364.0,
        unit="veh/h",
        observed_at=datetime(2016, 12, 7, 11, 15, tzinfo=UTC),
        fetched_at=now,
        lat=pytest.approx(41.657820933136),
        lon=pytest.approx(-4.735326098274353),
    )
    assert (found["occupancy"].value, found["speed"].value) == (76.0, 52.6)


def test_all_shapes_of_a_model_agree_on_values_and_units(feed, records, now):
    for model in COUNTS:
        seen = [
            {
                (one.quantity, one.value, one.unit)
                for one in ngsi.parse(
                    (records / f"wire/ngsi/{model}__{shape}").read_bytes(), feed, now
                ).accepted
            }
            for shape in SHAPES
        ]
        assert seen[0] == seen[1]
        assert seen[2] in (seen[0], set())


def test_an_hour_without_a_zone_is_an_hour_of_the_feeds_zone(feed, records, now):
    body = (records / "wire/ngsi/AirQualityObserved__example.json").read_bytes()

    found = ngsi.parse(body, feed, now).accepted

    assert {one.observed_at for one in found} == {datetime(2016, 3, 15, 11, 0, tzinfo=UTC)}
    assert {one.site_id for one in found} == {"Madrid-AmbientObserved-28079004"}


def test_all_examples_in_one_answer(feed, records, now):
    rows = [
        json.loads((records / f"wire/ngsi/{model}__{SHAPES[0]}").read_bytes()) for model in COUNTS
    ]
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=rows)))

    found = poll(feed, client, {}, now=now).parsed

    assert Counter(one.quality for one in found.accepted) == {
        Quality.GOOD: 17,
        Quality.UNCERTAIN: 1,
    }
    assert len(found.rejected) == 2


def test_a_broker_of_vehicles_only_is_refused_and_named(feed, records, now):
    body = (records / f"wire/ngsi/Vehicle__{SHAPES[1]}").read_bytes()
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    )

    with pytest.raises(FeedError, match="1 entities and no fact \\(Vehicle"):
        poll(feed, client, {}, now=now)
