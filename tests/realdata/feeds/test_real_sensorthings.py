"""Every sample of SensorThings, taken as it is and as a server would have told it."""

import json

import pytest

from feeds import problems, receive, sensorthings
from model import Delivery

pytestmark = pytest.mark.realdata

WARM = {"Temperatuur": {"quantity": "temperature", "unit": "°C"}}
TIMES = ("2019-01-09T11:00:00Z", "2019-01-09T12:00:00Z")


@pytest.fixture
def feed(make_feed):
    one = make_feed(
        "sensorthings", "observation", push_secret="env:PUSH", options={"quantities": WARM}
    )
    assert problems(one) == []
    return one


@pytest.fixture
def sample(records):
    return lambda name: (records / "wire/sensorthings" / name).read_bytes()


def test_the_collection_is_complete(records):
    assert {path.name for path in (records / "wire/sensorthings").iterdir()} == {
        "frost_dataBatchPost.json",
        "geonovum_1431Z936.MON",
        "geonovum_dataStream1.json",
        "geonovum_dataStream2.json",
        "geonovum_thing.json",
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("geonovum_thing.json", "Expecting ',' delimiter"),
        ("geonovum_1431Z936.MON", "malformed body"),
        ("frost_dataBatchPost.json", "no page of Things, Datastreams or Observations"),
    ],
)
def test_what_is_no_document_of_the_standard_is_one_reject(feed, sample, now, name, reason):
    found = receive(feed, Delivery(feed_id="f1", body=sample(name), received_at=now))

    assert found.accepted == []
    assert [one.line for one in found.rejected] == [0]
    assert reason in found.rejected[0].reason


def test_datastreams_in_lines_are_refused_and_say_where(feed, sample, now):
    lines = b"\n".join(
        json.dumps(json.loads(sample(f"geonovum_dataStream{n}.json"))).encode() for n in (1, 2)
    )

    (refused,) = receive(feed, Delivery(feed_id="f1", body=lines, received_at=now)).rejected

    assert "Extra data: line 2 column 1" in refused.reason


@pytest.mark.parametrize("name", ["geonovum_dataStream1.json", "geonovum_dataStream2.json"])
def test_a_datastream_without_observations_gives_nothing(feed, sample, now, name):
    stream = json.loads(sample(name)) | {"@iot.id": 1, "Thing": {"@iot.id": 5}}

    found = sensorthings.parse(json.dumps(stream).encode(), feed, now)

    assert (found.accepted, found.rejected) == ([], [])


@pytest.mark.parametrize("name", ["geonovum_dataStream1.json", "geonovum_dataStream2.json"])
def test_both_names_of_a_datastream_measure_temperature_in_every_shape(feed, sample, now, name):
    stream = json.loads(sample(name)) | {"@iot.id": 1, "Thing": {"@iot.id": 5}}
    rows = [
        {"phenomenonTime": at, "result": value}
        for at, value in zip(TIMES, (11.5, "11,6"), strict=True)
    ]
    array = {
        "components": ["phenomenonTime", "result"],
        "dataArray": [[row["phenomenonTime"], row["result"]] for row in rows],
    }
    bodies = [
        stream | {"Observations": rows},
        {"value": [stream | {"Observations": [array]}]},
        [array | {"Datastream": stream}],
        [row | {"Datastream": stream} for row in rows],
    ]

    read = [sensorthings.parse(json.dumps(body).encode(), feed, now) for body in bodies]

    for found in read:
        assert found.rejected == []
        assert [(o.site_id, o.value, o.unit) for o in found.accepted] == [
            ("5", 11.5, "°C"),
            ("5", 11.6, "°C"),
        ]


def test_the_datastreams_of_a_batch_are_read_where_they_stand_alone(make_feed, sample, now):
    batch = json.loads(sample("frost_dataBatchPost.json"))["requests"]
    streams = [
        one["body"] | {"@iot.id": n, "ObservedProperty": {"name": "x"}}
        for n, one in enumerate(batch)
        if one["url"] == "Datastreams"
    ]
    feed = make_feed(
        "sensorthings",
        "observation",
        options={"quantities": {"x": {"quantity": "level"}}, "site": "datastream"},
    )

    found = sensorthings.parse(json.dumps({"value": streams}).encode(), feed, now)

    assert len(streams) == 8
    assert found.rejected == []
    assert len(found.accepted) == sum(len(one["Observations"]) for one in streams)
