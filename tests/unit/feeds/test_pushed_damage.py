"""Whatever is pushed or heard: facts, rejects, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeds
from model import Delivery, Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = "2026-11-24T11:55:00Z"
WARM = {"quantity": "temperature", "unit": "°C"}

OPTIONS = {
    "mqtt": {"topics": ("city/+site",), "values": {"/temp": WARM}, "time": "/at", "site": "/name"},
    "ngsi": {"types": ("WeatherObserved",)},
    "sensorthings": {"quantities": {"Wärme": WARM}},
}
URLS = {"mqtt": "mqtt://broker.example"}
GOOD = {
    "mqtt": {"temp": 21.5, "at": AT, "name": "Brébeuf"},
    "ngsi": {
        "id": "urn:1",
        "type": "Notification",
        "notifiedAt": AT,
        "data": [
            {
                "id": "urn:Brébeuf",
                "type": "WeatherObserved",
                "dateObserved": {"value": {"@type": "DateTime", "@value": AT}},
                "temperature": {"type": "Property", "value": 21.5, "unitCode": "CEL"},
                "location": {"value": {"type": "Point", "coordinates": [-73.6, 45.5]}},
            }
        ],
    },
    "sensorthings": {
        "phenomenonTime": AT,
        "result": 21.5,
        "Datastream": {
            "@iot.id": 1,
            "ObservedProperty": {"name": "Wärme"},
            "Thing": {"@iot.id": "Brébeuf", "name": "x", "Locations": []},
        },
    },
}


def receive(kind, body):
    feed = Feed(
        id="f1",
        kind=kind,
        gives="observation",
        every=timedelta(minutes=5),
        url=URLS.get(kind, "https://city.example"),
        push_secret="env:PUSH",
        options=OPTIONS[kind],
    )
    found = feeds.receive(feed, Delivery(feed_id="f1", body=body, received_at=NOW, topic="city/x"))
    feeds.again(feed, found.rejected, {}, now=NOW)
    return found


def written(kind, *, ensure_ascii=False):
    return json.dumps(GOOD[kind], ensure_ascii=ensure_ascii)


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_the_good_body_is_good_in_every_encoding(kind, encoding):
    found = receive(kind, written(kind).encode(encoding))

    (fact,) = found.accepted
    assert fact.value == 21.5
    assert fact.site_id.endswith("Brébeuf")
    assert found.rejected == []


@pytest.mark.parametrize("kind", GOOD)
def test_a_body_cut_off_anywhere_is_refused_and_kept(kind):
    body = written(kind, ensure_ascii=True).encode()
    for end in range(len(body) - 1):
        found = receive(kind, body[:end])

        assert found.accepted == []
        (refused,) = found.rejected
        assert refused.raw.strip(" ,") == body[:end].decode().strip(" ,")


@pytest.mark.parametrize("kind", GOOD)
def test_the_same_body_one_day_older_is_one_day_older(kind):
    body = written(kind).replace("2026-11-24", "2026-11-23").encode()

    (fact,) = receive(kind, body).accepted

    assert NOW - fact.observed_at == timedelta(days=1, minutes=5)


@pytest.mark.parametrize("kind", ["ngsi", "sensorthings"])
def test_the_same_body_twice_in_a_row_is_malformed(kind):
    found = receive(kind, written(kind).encode() * 2)

    assert (len(found.accepted), len(found.rejected)) == (0, 1)


@pytest.mark.parametrize("kind", GOOD)
@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_bytes_do_no_harm(kind, data):
    body = bytearray(written(kind).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))

    found = receive(kind, bytes(body))

    assert all(fact.feed_id == "f1" for fact in found.accepted)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["21,5", AT, "2026-13-45T99:99:99Z", "1970-01-01T00:00:00Z"])
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["value", "type", "@value", "coordinates", "x"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)


def mutated(draw, value):
    """Replace some parts of a document by something else of JSON."""
    if draw(st.integers(0, 7)) == 0:
        return draw(trees)
    if isinstance(value, dict):
        return {key: mutated(draw, item) for key, item in value.items() if draw(st.integers(0, 9))}
    if isinstance(value, list):
        return [mutated(draw, item) for item in value]
    return value


@pytest.mark.parametrize("kind", GOOD)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_documents_with_other_things_in_them_do_no_harm(kind, data):
    found = receive(kind, json.dumps(mutated(data.draw, GOOD[kind])).encode())

    assert all(fact.fetched_at == NOW for fact in found.accepted)
    assert all(one.at == NOW for one in found.rejected)
