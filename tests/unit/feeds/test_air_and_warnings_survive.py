"""Whatever the services of air, weather and warnings send: facts, rejects or a FeedError."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import FeedError, again, poll
from feeds.http import Limits
from model import Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None, max_documents=200, attempts=1)
AREA = {"area": [45.5, -73.6, 20]}
KEY = {"key": "env:AIR_TEST_KEY"}
SEEN = int(NOW.timestamp()) - 60
SQUARE = [[-73.7, 45.4], [-73.5, 45.4], [-73.5, 45.6], [-73.7, 45.4]]
MEASURED = {"unitCode": "wmoUnit:degC", "value": 21.5, "qualityControl": "V"}

KINDS = {
    "openaq": KEY | AREA,
    "sensor-community": AREA,
    "airnow": KEY | AREA,
    "purpleair": KEY | AREA | {"quantities": ["pm25"]},
    "nws": {"stations": ["KLAX"]},
    "cap": {},
}
GOOD = {
    "openaq": {
        "meta": {"found": 1},
        "results": [
            {
                "id": 1,
                "isMobile": False,
                "isMonitor": True,
                "coordinates": {"latitude": 45.5, "longitude": -73.6},
                "datetimeLast": {"utc": "2026-11-24T11:00:00Z"},
                "sensors": [{"id": 11, "parameter": {"id": 2, "name": "pm25", "units": "µg/m³"}}],
                "datetime": {"utc": "2026-11-24T11:00:00Z"},
                "value": 21.5,
                "sensorsId": 11,
                "locationsId": 1,
            }
        ],
    },
    "sensor-community": [
        {
            "timestamp": "2026-11-24 11:58:00",
            "location": {"id": 1, "latitude": "45.5", "longitude": "-73.6", "indoor": 0},
            "sensor": {"id": 7},
            "sensordatavalues": [{"value_type": "P2", "value": "21.5"}],
        }
    ],
    "airnow": [
        {
            "Latitude": 45.5,
            "Longitude": -73.6,
            "UTC": "2026-11-24T11:00",
            "Parameter": "PM2.5",
            "Unit": "UG/M3",
            "RawConcentration": 21.5,
            "FullAQSCode": "1",
        }
    ],
    "purpleair": {
        "data_time_stamp": SEEN,
        "fields": [
            "sensor_index",
            "last_seen",
            "latitude",
            "longitude",
            "pm2.5_cf_1_a",
            "pm2.5_cf_1_b",
            "humidity",
        ],
        "data": [[1, SEEN, 45.5, -73.6, 21.5, 21.5, 50]],
    },
    "nws": {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [-73.6, 45.5]},
                "properties": {
                    "station": "https://city.example/stations/KLAX",
                    "timestamp": "2026-11-24T11:53:00+00:00",
                    "temperature": MEASURED,
                },
            }
        ],
    },
    "cap": {
        "type": "FeatureCollection",
        "updated": "2026-11-24T11:58:00+00:00",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
                "properties": {
                    "id": "A1",
                    "sender": "s@x",
                    "sent": "2026-11-24T10:00:00+00:00",
                    "ends": "2026-11-25T10:00:00+00:00",
                    "status": "Actual",
                    "messageType": "Alert",
                    "severity": "Severe",
                    "event": "Flood é",
                    "areaDesc": "Here",
                    "geocode": {"UGC": ["CAZ041"]},
                    "affectedZones": ["https://city.example/zones/1"],
                    "references": [
                        {"sender": "s", "identifier": "A0", "sent": "2026-11-23T10:00:00Z"}
                    ],
                },
            }
        ],
    },
}
BODIES = {kind: json.dumps(body, ensure_ascii=False) for kind, body in GOOD.items()}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("AIR_TEST_KEY", "not-to-be-seen")


def feed(kind):
    path = "/alerts/active" if kind == "cap" else ""
    return Feed(
        id="f1",
        kind=kind,
        gives="notice" if kind == "cap" else "observation",
        every=timedelta(minutes=5),
        url=f"https://city.example{path}",
        options=KINDS[kind],
    )


def read(kind, body, *, now=NOW, memory=None):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with httpx.Client(transport=transport) as client:
        return poll(feed(kind), client, memory or {}, now=now, limits=LIMITS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_good_body_is_good(kind, encoding):
    found = read(kind, BODIES[kind].encode(encoding)).parsed

    assert len(found.accepted) == 1
    assert found.rejected == []
    json.dumps(read(kind, BODIES[kind].encode()).memory)


@pytest.mark.parametrize("kind", KINDS)
def test_latin_1_is_read(kind):
    body = BODIES[kind].replace("³", "3").encode("latin-1")

    assert len(read(kind, body).parsed.accepted) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_row_twice_counts_once(kind):
    document = json.loads(BODIES[kind])
    rows = (
        document
        if isinstance(document, list)
        else document.get("results") or document.get("data") or document["features"]
    )
    rows.append(rows[0])

    found = read(kind, json.dumps(document).encode()).parsed

    assert len({fact.key for fact in found.accepted}) == 1
    assert found.rejected == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_cut_off_anywhere_fails(kind):
    body = BODIES[kind].encode()
    for end in range(0, len(body) - 1, 5):
        with pytest.raises(FeedError):
            read(kind, body[:end])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\x00\x01",
        b"<html><body>log in",
        b"null",
        b"0",
        b'"x"',
        b"[[[[]]]]",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_nothing_of_it_fails_or_gives_nothing(kind, body):
    try:
        found = read(kind, body).parsed
    except FeedError:
        return
    assert found.accepted == []


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_bodies_do_no_harm(kind, data):
    body = bytearray(BODIES[kind].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))

    survive(kind, bytes(body))


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["21,5", "NaN", "Infinity", "-9999", "2026-11-24", "é" * 9, "0", ""])
    | st.text(max_size=5)
)


def mutated(draw, value):
    """Replace some parts of a document by something else of JSON."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            leaves
            | st.lists(leaves, max_size=2)
            | st.dictionaries(st.text(max_size=3), leaves, max_size=2)
        )
    if isinstance(value, dict):
        return {key: mutated(draw, item) for key, item in value.items() if draw(st.integers(0, 9))}
    if isinstance(value, list):
        return [mutated(draw, item) for item in value]
    return value


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_documents_with_other_things_in_them_do_no_harm(kind, data):
    survive(kind, json.dumps(mutated(data.draw, GOOD[kind])).encode())


def survive(kind, body):
    try:
        found = read(kind, body)
    except FeedError:
        return
    json.dumps(found.memory)
    for fact in found.parsed.accepted:
        assert fact.fetched_at == NOW
        assert fact.observed_at.utcoffset() == timedelta(0)
    if found.parsed.rejected:
        assert all(one.reason and len(one.reason) <= 300 for one in found.parsed.rejected)
        reread = again(feed(kind), found.parsed.rejected, found.memory, now=NOW)
        assert reread.rejected or reread.accepted


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_of_yesterday_is_no_news_of_today(kind):
    tomorrow = NOW + timedelta(days=1)

    found = read(kind, BODIES[kind].encode(), now=tomorrow).parsed

    assert all(fact.observed_at < NOW for fact in found.accepted)


@pytest.mark.parametrize("kind", KINDS)
def test_a_measurement_of_the_future_is_not_believed(kind):
    if kind == "cap":
        pytest.skip("an alert may be for tomorrow")

    found = read(kind, BODIES[kind].encode(), now=NOW - timedelta(hours=6)).parsed

    assert {fact.quality for fact in found.accepted} <= {"BAD"}
