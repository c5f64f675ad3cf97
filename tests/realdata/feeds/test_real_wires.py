"""Captures of real services: GBFS, CAP, Open311 and SensorThings."""

import json
import re
from collections import Counter

import httpx
import pytest

from feeds import cap, gbfs, gbfs_parse, open311, poll, sensorthings
from model import Quality

pytestmark = pytest.mark.realdata


def serving(bodies):
    def answer(request):
        body = bodies.get(request.url.path)
        return httpx.Response(404) if body is None else httpx.Response(200, content=body)

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_bay_wheels_counts_equal_the_capture(make_feed, records):
    folder = records / "wire/gbfs/transitland"
    names = ("station_status", "station_information")
    listing = {"data": {"en": {"feeds": [{"name": n, "url": f"/{n}"} for n in names]}}}
    bodies = {f"/{n}": (folder / f"{n}.json").read_bytes() for n in names}
    bodies["/feed"] = json.dumps(listing).encode()
    document = json.loads(bodies["/station_status"])
    now = gbfs_parse.time_of(document["last_updated"])

    found = poll(make_feed("gbfs", "observation"), serving(bodies), {}, now=now).parsed

    rows = [row for row in document["data"]["stations"] if row["is_installed"]]
    bikes = [item for item in found.accepted if item.quantity == "bikes_available"]
    old = [row for row in rows if document["last_updated"] - row["last_reported"] > 3600]
    assert len(document["data"]["stations"]) == 496
    assert found.rejected == []
    assert len(bikes) == len({row["station_id"] for row in rows})
    assert sum(item.value for item in bikes) == sum(
        row["num_bikes_available"] for row in rows if row["is_renting"]
    )
    assert all(item.lat is not None for item in bikes)
    assert sum(item.quality is Quality.STALE for item in bikes) == len(old) > 0


@pytest.mark.parametrize("version", ["v2.1", "v2.2", "v2.3", "v3.0"])
def test_each_gbfs_version_is_read(make_feed, records, now, version):
    body = (records / f"wire/gbfs/entur/fixtures/{version}/station_status.json").read_bytes()

    found = gbfs.parse(body, make_feed("gbfs", "observation"), now)

    stations = json.loads(body)["data"]["stations"]
    assert len(found.accepted) == 2 * len(stations)
    assert found.rejected == []


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v2.0", "v2.3", "v3.0"])
def test_each_gbfs_listing_is_understood(records, version):
    body = (records / f"wire/gbfs/entur/fixtures/{version}/gbfs.json").read_bytes()

    assert "station_information" in gbfs.feeds_of(body)


def test_every_cap_message_of_the_collection_is_read(make_feed, records, now):
    paths = sorted((records / "wire/cap").rglob("*.*"))

    found = {p.name: cap.parse(p.read_bytes(), make_feed("cap", "notice"), now) for p in paths}

    assert len(paths) == 20
    for path in paths:
        messages = len(re.findall(rb"<(?:\w+:)?alert[\s>]", path.read_bytes()))
        assert len(found[path.name].accepted) == messages, path.name
        assert found[path.name].rejected == [], path.name
    notices = [notice for one in found.values() for notice in one.accepted]
    assert len(notices) == 20
    assert Counter(notice.msg_type for notice in notices)["update"] == 2
    assert "Usulután" in found["earthquake-iso8859-1.cap"].accepted[0].headline
    canada = found["canada.cap"].accepted[0]
    assert len(canada.supersedes) == 2
    assert canada.geometry.startswith("MULTIPOLYGON (((-82.931400 42.348100,")


def test_the_weather_index_names_its_messages(make_feed, records, now):
    body = (records / "wire/cap/google/weather_index.atom").read_bytes()
    asked = []

    def answer(request):
        if request.url.path == "/feed":
            return httpx.Response(200, content=body)
        asked.append(str(request.url))
        return httpx.Response(410)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    found = poll(make_feed("cap", "notice", hosts=("www.weather.gov",)), client, {}, now=now).parsed

    entries = body.count(b"<entry>")
    assert entries == len(set(asked)) == len(found.rejected)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("cfa_get_service_request.xml", (1, 0)),
        ("cfa_service_requests.xml", (2, 0)),
        ("cfa_service_requests_empty.xml", (0, 0)),
        ("cfa_post_service_request.xml", (0, 1)),
        ("cfa_request_id_from_token.xml", (0, 1)),
        ("status_requests_toronto_multi.xml", (2, 0)),
    ],
)
def test_open311_samples(make_feed, records, now, name, counts):
    body = (records / "wire/open311" / name).read_bytes()

    found = open311.parse(body, make_feed("open311", "case"), now)

    assert (len(found.accepted), len(found.rejected)) == counts


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cfa_403.xml", "Invalid api_key"),
        ("cfa_get_service_request_not_found.xml", "404"),
        ("cfa_services.xml", "'services'"),
        ("status_services_giessen.xml", "'services'"),
        ("cfa_service_definition.xml", "'service_definition'"),
    ],
)
def test_open311_errors_and_other_documents_are_no_requests(make_feed, records, now, name, says):
    body = (records / "wire/open311" / name).read_bytes()

    with pytest.raises(ValueError, match=says):
        open311.parse(body, make_feed("open311", "case"), now)


def test_san_franciscos_requests_come_through_the_json_form(make_feed, records, now):
    (path,) = (records / "sf/311").iterdir()
    fields = [
        row["fields"] for row in json.loads(path.read_text()) if row["model"] == "dashboard.request"
    ]
    body = json.dumps([{**row, "lat": None, "long": None} for row in fields]).encode()

    found = open311.parse(body, make_feed("open311", "case", timezone="America/Los_Angeles"), now)

    assert len(fields) == 500
    assert len(found.accepted) + len(found.rejected) == 500
    assert Counter(c.status for c in found.accepted) == Counter(
        row["status"].lower() for row in fields if row["status"].lower() in {"open", "closed"}
    )


QUANTITIES = {"Temperatuur": {"quantity": "temperature", "unit": "°C"}}


@pytest.mark.parametrize("name", ["geonovum_dataStream1.json", "geonovum_dataStream2.json"])
def test_the_datastream_that_lies_about_itself_is_a_temperature(make_feed, records, now, name):
    stream = json.loads((records / "wire/sensorthings" / name).read_text(encoding="utf-8"))
    stream["@iot.id"] = 1
    stream["Observations"] = [{"phenomenonTime": stream["phenomenonTime"], "result": "11,5"}]
    thing = {
        "@iot.id": 5,
        "Datastreams": [stream],
        "Locations": [{"location": stream["observedArea"]}],
    }
    feed = make_feed("sensorthings", "observation", options={"quantities": QUANTITIES})

    (found,) = sensorthings.parse(json.dumps({"value": [thing]}).encode(), feed, now).accepted

    assert (found.quantity, found.value, found.unit) == ("temperature", 11.5, "°C")
    assert found.observed_at.isoformat() == "2019-01-09T12:00:00+00:00"
    assert found.lat is None  # the standard's example place


@pytest.mark.parametrize("name", ["geonovum_thing.json", "geonovum_1431Z936.MON"])
def test_broken_sensorthings_samples_are_malformed(make_feed, records, now, name):
    body = (records / "wire/sensorthings" / name).read_bytes()
    feed = make_feed("sensorthings", "observation", options={"quantities": QUANTITIES})

    with pytest.raises(ValueError):
        sensorthings.parse(body, feed, now)
