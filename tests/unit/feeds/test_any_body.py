"""Whatever a source sends: facts, rejects or a FeedError, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import FeedError, poll
from feeds.http import Limits
from model import Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None, max_documents=50)

GOOD = {
    "gbfs": {
        "last_updated": 1795521600,
        "data": {
            "feeds": [
                {"name": "station_status", "url": "/s"},
                {"name": "station_information", "url": "/i"},
            ],
            "stations": [
                {
                    "station_id": "a",
                    "lat": 45.5,
                    "lon": -73.6,
                    "is_installed": True,
                    "num_bikes_available": 1,
                    "num_docks_available": 2,
                    "last_reported": 1795521000,
                }
            ],
        },
    },
    "open311": [
        {
            "service_request_id": "1",
            "status": "open",
            "requested_datetime": "2026-11-24T05:00:00-05:00",
            "lat": 45.5,
            "long": -73.6,
        }
    ],
    "sensorthings": {
        "value": [
            {
                "@iot.id": 1,
                "Locations": [{"location": {"type": "Point", "coordinates": [-73.6, 45.5]}}],
                "Datastreams": [
                    {
                        "@iot.id": 2,
                        "ObservedProperty": {"name": "NO2"},
                        "unitOfMeasurement": {"symbol": "µg/m³"},
                        "Observations": [
                            {"phenomenonTime": "2026-11-24T11:00:00Z", "result": "21,5"}
                        ],
                    }
                ],
            }
        ]
    },
}
CAP = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><content>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A</identifier><sender>s</sender>
<sent>2026-11-24T06:00:00-05:00</sent><status>Actual</status><msgType>Alert</msgType>
<info><event>Flood</event><severity>Severe</severity><area><areaDesc>é</areaDesc>
<polygon>45,-73 46,-73 46,-72 45,-73</polygon></area></info></alert></content></entry></feed>"""
BODIES = {kind: json.dumps(body, ensure_ascii=False) for kind, body in GOOD.items()} | {"cap": CAP}
GIVES = {"open311": "case", "cap": "notice"}
OPTIONS = {"sensorthings": {"quantities": {"NO2": {"quantity": "no2", "unit": "µg/m³"}}}}


def read(kind, body):
    feed = Feed(
        id="f1",
        kind=kind,
        gives=GIVES.get(kind, "observation"),
        every=timedelta(minutes=5),
        url="https://city.example/x",
        options=OPTIONS.get(kind, {}),
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with httpx.Client(transport=transport) as client:
        return poll(feed, client, {}, now=NOW, limits=LIMITS).parsed


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_good_body_is_good(kind, encoding):
    found = read(kind, BODIES[kind].encode(encoding))

    assert len(found.accepted) == (2 if kind == "gbfs" else 1)
    assert found.rejected == []


@pytest.mark.parametrize("kind", BODIES)
def test_latin_1_without_a_declaration_is_read(kind):
    body = BODIES[kind].replace("³", "3").encode("latin-1")

    assert read(kind, body).accepted


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_cut_off_anywhere_fails(kind):
    body = BODIES[kind].encode()
    for end in range(0, len(body) - 1, 7):
        with pytest.raises(FeedError):
            read(kind, body[:end])


@pytest.mark.parametrize("kind", BODIES)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bodies_do_no_harm(kind, data):
    body = bytearray(BODIES[kind].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))

    try:
        found = read(kind, bytes(body))
    except FeedError:
        return
    assert all(fact.feed_id == "f1" for fact in found.accepted)


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
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


@pytest.mark.parametrize("kind", GOOD)
@given(st.data())
@settings(max_examples=80, deadline=None)
def test_documents_with_other_things_in_them_do_no_harm(kind, data):
    body = json.dumps(mutated(data.draw, GOOD[kind])).encode()

    try:
        found = read(kind, body)
    except FeedError:
        return
    assert all(fact.fetched_at == NOW for fact in found.accepted)
