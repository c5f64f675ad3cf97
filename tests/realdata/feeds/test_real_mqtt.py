"""65 real LoRaWAN payloads, JSON objects in a row without commas."""

import json
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from feeds import mqtt, problems, receive
from model import Delivery, Observation, Quality

pytestmark = pytest.mark.realdata

WATER = {
    "waterTemperature": {"quantity": "temperature", "unit": "°C"},
    "temp": {"quantity": "temperature", "unit": "°C"},
    "hum": {"quantity": "humidity", "unit": "%"},
}


@pytest.fixture
def body(records):
    return (records / "wire/mqtt/ttn_senseams_concatenated.json").read_bytes()


@pytest.fixture
def objects(body):
    """The same objects, told apart by other means."""
    return json.loads("[" + re.sub(rb"\}\s*\{", b"},{", body).decode() + "]")


@pytest.fixture
def feed(make_feed):
    options = {
        "preset": "tts",
        "values": WATER,
        "time": "timestamp",
        "lat": "Lat",
        "lon": "Lon",
    }
    one = make_feed("mqtt", "observation", url="mqtt://broker.example", options=options)
    assert problems(one) == []
    return one


def delivered(feed, body, now, media_type="mqtt"):
    return receive(feed, Delivery(feed_id="f1", body=body, received_at=now, media_type=media_type))


def test_every_payload_is_read(feed, body, objects, now):
    found = delivered(feed, body, now)

    assert len(objects) == 65
    assert found.rejected == []
    wanted = [
        (row["dev_id"], name, row["payload_fields"][name])
        for row in objects
        for name in WATER
        if name in row["payload_fields"]
    ]
    again = found.skipped.get("the same measurement again", 0)
    assert (len(found.accepted), again, len(wanted)) == (31, 70, 101)
    assert {o.site_id for o in found.accepted} == {site for site, _, _ in wanted}
    timed = Counter(
        (row["dev_id"], row["payload_fields"]["waterTemperature"])
        for row in objects
        if "timestamp" in row["payload_fields"]
    )
    assert timed == Counter(
        (o.site_id, o.value) for o in found.accepted if o.quality is Quality.GOOD
    )


def test_the_first_record_in_full(feed, body, now):
    assert delivered(feed, body, now).accepted[0] == Observation(
        feed_id="f1",
        site_id="357518080168982",
        quantity="temperature",
        value=14.39,
        unit="°C",
        observed_at=datetime(2019, 10, 29, 12, 10, 9, tzinfo=UTC),
        fetched_at=now,
        lat=52.2261655,
        lon=5.1747002,
    )


def test_payloads_without_a_clock_are_doubted(feed, body, objects, now):
    found = delivered(feed, body, now)

    clockless = {row["dev_id"] for row in objects if "timestamp" not in row["payload_fields"]}
    doubted = {o.site_id for o in found.accepted if o.quality is Quality.UNCERTAIN}
    assert doubted == clockless == {"SMA-A42987"}
    assert Counter(o.quality for o in found.accepted)[Quality.BAD] == 0


def test_payloads_that_were_retained_count_by_their_own_clock_only(feed, body, objects, now):
    found = delivered(feed, body, now, "mqtt; retain=1")

    assert {o.quality for o in found.accepted} == {Quality.GOOD}
    without = [row for row in objects if "timestamp" not in row["payload_fields"]]
    assert len(found.rejected) == len(without)
    assert {"nobody knows how old it is"} == {
        one.reason.partition(": ")[2] for one in found.rejected
    }


def test_payloads_without_a_fix_have_no_place(feed, body, objects, now):
    found = delivered(feed, body, now)

    assert any("Lat" not in row["payload_fields"] for row in objects)
    assert {o.lat is None for o in found.accepted} == {True, False}
    assert all(50 < o.lat < 54 for o in found.accepted if o.lat is not None)


def test_a_file_cut_off_anywhere_keeps_what_is_whole(feed, body, now):
    for end in range(body.index(b"}\n{") + 2, len(body), 997):
        found = mqtt.parse(body[:end], feed, now)
        assert found.accepted
        assert len(found.rejected) <= 1
