"""Entities and notifications of NGSI-LD and NGSIv2, clean and dirty, after the standards."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, ngsi, poll, problems, receive
from model import Delivery, Quality, Reject

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = "2026-11-24T11:55:00Z"
LD = "https://broker.example/ngsi-ld/v1"


def air(**about):
    return {
        "id": "urn:ngsi-ld:AirQualityObserved:school",
        "type": "AirQualityObserved",
        "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}},
        "NO2": {"type": "Property", "value": 40, "unitCode": "GQ"},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [-73.6, 45.5]},
        },
    } | about


def entities(make_feed, *rows, gives="observation", **options):
    feed = make_feed("ngsi", gives, url=LD, options={"types": ("A",), **options})
    assert problems(feed) == []
    return ngsi.parse(json.dumps(list(rows)).encode(), feed, NOW)


def values(parsed):
    return {item.quantity: (item.value, item.unit) for item in parsed.accepted}


def test_a_normalized_entity_of_ngsi_ld(make_feed):
    (found,) = entities(make_feed, air()).accepted

    assert found.site_id == "urn:ngsi-ld:AirQualityObserved:school"
    assert (found.quantity, found.value, found.unit) == ("no2", 40.0, "µg/m³")
    assert found.observed_at == datetime(2026, 11, 24, 11, 55, tzinfo=UTC)
    assert (found.lat, found.lon, found.quality) == (45.5, -73.6, Quality.GOOD)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"type": "Property", "value": 1, "unitCode": "GP"}, 1000.0),
        ({"value": 10}, 10.0),
        (10, 10.0),
        ("10", 10.0),
        ({"value": "10.5", "metadata": {"unitCode": {"value": "GQ"}}}, 10.5),
        ({"type": "Number", "value": 1, "metadata": {"unitCode": {"value": "GP"}}}, 1000.0),
        ({"value": 100, "unitCode": "61"}, 188.161554),
        ({"value": 0.1, "unitCode": "59"}, 188.161554),
        ({"value": 10, "unitCode": "µg/m3"}, 10.0),
        (None, None),
        ({"value": None}, None),
    ],
)
def test_one_pollutant_in_every_shape(make_feed, said, value):
    found = entities(make_feed, air(NO2=said))

    assert found.rejected == []
    assert [item.value for item in found.accepted] == [value]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"value": 1, "unitCode": "ZZ9"}, "'ZZ9' is unknown"),
        ({"value": 1, "unitCode": "KMH"}, "does not measure no2"),
        ("21,5", "no number"),
        ("moderate", "no number"),
        (True, "no number"),
        ({"value": {"x": 1}}, "no number"),
        ([1, 2], "no number"),
        (-1, "less than nothing"),
        (10**400, "beyond all measure"),
    ],
)
def test_a_bad_attribute_costs_only_itself(make_feed, said, reason):
    found = entities(make_feed, air(NO2=said, PM10={"value": 7}))

    assert values(found) == {"pm10": (7.0, "µg/m³")}
    assert (found.rejected[0].field, found.rejected[0].line) == ("NO2", 1)
    assert reason in found.rejected[0].reason


@pytest.mark.parametrize("name", ["PM2.5", "pm25", "PM25", "pm2_5", "https://x.example/ns#PM2.5"])
def test_names_come_in_many_spellings_and_as_long_uris(make_feed, name):
    row = air(
        **{name: 7}, type="https://smartdatamodels.org/dataModel.Environment/AirQualityObserved"
    )

    assert values(entities(make_feed, row))["pm25"] == (7.0, "µg/m³")


def test_vehicles_per_interval_become_vehicles_per_hour(make_feed):
    row = {
        "id": "lane-1",
        "type": "TrafficFlowObserved",
        "dateObserved": "2026-11-24T12:50:00/2026-11-24T12:55:00",
        "dateObservedFrom": "2026-11-24T11:50:00Z",
        "dateObservedTo": AT,
        "intensity": 20,
        "occupancy": 0.25,
        "averageVehicleSpeed": 52.6,
    }

    found = entities(make_feed, row)

    assert values(found) == {
        "traffic_flow": (240.0, "veh/h"),
        "occupancy": (25.0, "%"),
        "speed": (52.6, "km/h"),
    }
    assert {item.observed_at.minute for item in found.accepted} == {55}


def test_an_intensity_needs_an_interval_or_a_unit_in_the_pack(make_feed):
    row = {"id": "1", "type": "TrafficFlowObserved", "dateObserved": AT, "intensity": 20}

    alone = entities(make_feed, row)
    with_interval = entities(make_feed, row, interval="15min")
    as_rate = entities(
        make_feed, row, quantities={"intensity": {"quantity": "traffic_flow", "unit": "veh/h"}}
    )

    assert "say interval" in alone.rejected[0].reason
    assert values(with_interval) == {"traffic_flow": (80.0, "veh/h")}
    assert values(as_rate) == {"traffic_flow": (20.0, "veh/h")}


def test_parking_at_the_time_of_its_count(make_feed):
    row = {
        "id": "p",
        "type": "OffStreetParking",
        "modifiedAt": "2016-01-01T00:00:00Z",
        "totalSpotNumber": {"type": "Property", "value": 414},
        "availableSpotNumber": {"type": "Property", "value": 132, "observedAt": AT},
    }

    found = entities(make_feed, row)

    assert values(found) == {
        "parking_spaces": (414.0, "count"),
        "parking_occupied": (282.0, "count"),
    }
    assert {item.observed_at.year for item in found.accepted} == {2026}


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"availableSpotNumber": 5}, "totalSpotNumber is not said"),
        ({"availableSpotNumber": 5, "totalSpotNumber": 4}, "5 of 4 spaces are free"),
        ({"availableSpotNumber": "many", "totalSpotNumber": 4}, "no number"),
    ],
)
def test_parking_that_does_not_add_up_is_refused(make_feed, about, reason):
    row = {"id": "p", "type": "OnStreetParking", "dateModified": AT, **about}

    found = entities(make_feed, row)

    assert found.accepted == []
    assert reason in found.rejected[0].reason


def test_a_share_above_one_is_refused_and_a_pack_may_say_per_cent(make_feed):
    row = {"id": "w", "type": "WasteContainer", "dateModified": AT, "fillingLevel": 40}
    quantities = {"fillingLevel": {"quantity": "fill_level", "unit": "%"}}

    assert "no share of 1" in entities(make_feed, row).rejected[0].reason
    assert values(entities(make_feed, row, quantities=quantities)) == {"fill_level": (40.0, "%")}
    coded = row | {"fillingLevel": {"value": 40, "unitCode": "P1"}}
    assert values(entities(make_feed, coded)) == {"fill_level": (40.0, "%")}


def test_an_ngsi_ld_entity_in_a_notification_of_v2(make_feed):
    row = {
        "id": "urn:ngsi-ld:Device:filling001",
        "type": "https://uri.etsi.org/ngsi-ld/default-context/WasteContainer",
        "https://uri.fiware.org/ns/data-models#fillingLevel": {
            "type": "Property",
            "value": 0.33,
            "metadata": {
                "unitCode": "C62",
                "accuracy": {"type": "Property", "value": 0.05},
                "observedAt": AT,
            },
        },
    }

    (found,) = entities(make_feed, row).accepted

    assert (found.quantity, found.value, found.unit) == ("fill_level", 33.0, "%")
    assert found.observed_at.minute == 55


def test_weather_noise_lamps_and_bikes(make_feed):
    at = {"dateObserved": AT}
    found = entities(
        make_feed,
        {
            "id": "1", "type": "WeatherObserved", "temperature": -5, "relativeHumidity": 0.5,
            "windSpeed": 2, "atmosphericPressure": 990, "precipitation": 0,
            "feelsLikeTemperature": -8, **at,
        },
        {"id": "2", "type": "NoiseLevelObserved", "LAeq": 67.8, "LAmax": 94.5, **at},
        {"id": "3", "type": "Streetlight", "status": "defectiveLamp", **at},
        {"id": "4", "type": "BikeHireDockingStation", "availableBikeNumber": 3,
         "freeSlotNumber": 4, "status": "outOfService", **at},
    )  # fmt: skip

    assert found.rejected == []
    assert values(found) == {
        "temperature": (-5.0, "°C"),
        "apparent_temperature": (-8.0, "°C"),
        "humidity": (50.0, "%"),
        "wind_speed": (7.2, "km/h"),
        "pressure": (990.0, "hPa"),
        "precipitation": (0.0, "mm"),
        "noise": (67.8, "dB"),
        "light_ok": (0.0, "count"),
        "bikes_available": (0.0, "count"),
        "docks_available": (0.0, "count"),
    }


def test_times_of_the_attribute_come_before_those_of_the_entity(make_feed):
    row = air(
        NO2={"value": 1, "observedAt": "2026-11-24T11:00:00Z"},
        PM10={"value": 2, "metadata": {"TimeInstant": {"value": "2026-11-24T10:00:00Z"}}},
        SO2={"value": 3},
    )

    found = {item.quantity: item.observed_at.hour for item in entities(make_feed, row).accepted}

    assert found == {"no2": 11, "pm10": 10, "so2": 11}


def test_naive_times_belong_to_the_zone_of_the_feed(make_feed):
    feed = make_feed("ngsi", url=LD, timezone="Europe/Madrid", options={"types": ("A",)})
    row = air(dateObserved="2026-11-24T12:00:00/2026-11-24T12:30:00")

    (found,) = ngsi.parse(json.dumps([row]).encode(), feed, NOW).accepted

    assert found.observed_at == datetime(2026, 11, 24, 11, 30, tzinfo=UTC)


def test_what_has_no_time_is_refused_or_doubted_or_timed_by_declaration(make_feed):
    untimed = {"id": "w", "type": "WasteContainer", "fillingLevel": 0.4}
    station = {
        "id": "b",
        "type": "BikeHireDockingStation",
        "availableBikeNumber": {"value": 2, "observedAt": AT},
        "freeSlotNumber": {"value": 3},
    }

    refused = entities(make_feed, untimed)
    sibling = entities(make_feed, station)
    declared = entities(make_feed, untimed, time="arrival")

    assert "no time of its own" in refused.rejected[0].reason
    assert [item.quality for item in sibling.accepted] == [Quality.GOOD, Quality.UNCERTAIN]
    assert [item.observed_at for item in declared.accepted] == [NOW]


def test_a_clock_of_1970_is_no_time(make_feed):
    row = air(dateObserved="1970-01-01T00:00:00Z", dateModified=AT)

    (found,) = entities(make_feed, row).accepted

    assert found.observed_at.year == 2026


def test_instances_of_one_attribute_are_instruments_of_their_own(make_feed):
    row = air(
        NO2=[
            {"type": "Property", "value": 1},
            {"type": "Property", "value": 2, "datasetId": "urn:ngsi-ld:Dataset:b"},
        ],
        PM10={"dataset": {"@none": 5, "urn:ngsi-ld:Dataset:b": 6}},
    )

    found = entities(make_feed, row)

    site = "urn:ngsi-ld:AirQualityObserved:school"
    assert sorted((o.site_id, o.quantity, o.value) for o in found.accepted) == [
        (site, "no2", 1.0),
        (site, "pm10", 5.0),
        (f"{site}:b", "no2", 2.0),
        (f"{site}:b", "pm10", 6.0),
    ]


def test_an_id_that_ends_in_a_time_is_one_site(make_feed):
    first = air(id="Madrid-28079004-2026-11-24T11:00:00")
    second = air(id="Madrid-28079004-2026-11-24T12:00:00", dateObserved="2026-11-24T11:59:00Z")

    assert {o.site_id for o in entities(make_feed, first, second).accepted} == {"Madrid-28079004"}


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ({"type": "geo:point", "value": "45.5, -73.6"}, (45.5, -73.6)),
        ({"type": "geo:line", "value": ["45.4, -73.6", "45.6, -73.6"]}, (45.5, -73.6)),
        ({"type": "Point", "coordinates": [-73.6, 45.5]}, (45.5, -73.6)),
        ({"value": {"type": "Point", "coordinates": [0, 0]}}, (None, None)),
        (None, (None, None)),
        ({"value": None}, (None, None)),
    ],
)
def test_places_come_in_many_shapes(make_feed, place, where):
    (found,) = entities(make_feed, air(location=place)).accepted

    assert (found.lat, found.lon) == pytest.approx(where)


@pytest.mark.parametrize("place", ["here", {"type": "Point", "coordinates": [1]}, 5])
def test_a_bad_place_costs_only_the_place(make_feed, place):
    found = entities(make_feed, air(location=place))

    assert (found.accepted[0].lat, found.rejected[0].field) == (None, "location")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("row", "no JSON object"),
        (None, "no JSON object"),
        ({"type": "AirQualityObserved"}, "id is missing"),
        ({"id": "1"}, "type is missing"),
        ({"id": {"x": 1}, "type": "AirQualityObserved"}, "id is no text"),
        (air(dateObserved="yesterday"), "no ISO 8601 time"),
        (air(dateObserved={"value": 5}), "a time of type int"),
        ({"id": "1", "type": "Alert"}, "gives a notice"),
    ],
)
def test_a_bad_entity_is_refused_alone(make_feed, row, reason):
    found = entities(make_feed, air(), row, air(id="b"))

    assert len(found.accepted) == 2
    assert found.rejected[0].line == 2
    assert reason in found.rejected[0].reason


def test_the_same_entity_twice_counts_once(make_feed):
    assert len(entities(make_feed, air(), air()).accepted) == 1


def test_what_nobody_asks_for_is_counted_and_names_of_people_stay_out(make_feed):
    car = {"id": "v", "type": "Vehicle", "speed": 50, "vehiclePlateIdentifier": "3456ABC"}
    bad = air(NO2="x", owner="Jane Doe", refUser="jane")

    found = entities(make_feed, car, bad)

    assert found.skipped == {"Vehicle: nothing that is asked for": 1}
    assert "Jane" not in found.rejected[0].raw
    assert "jane" not in found.rejected[0].raw


def test_the_pack_names_attributes_of_its_own(make_feed):
    row = {"id": "r", "type": "RiverGauge", "niveau": 130, "TimeInstant": AT}
    quantities = {"niveau": {"quantity": "river_level", "unit": "cm"}}

    found = entities(make_feed, row, quantities=quantities, site="gauge")
    clash = entities(
        make_feed, row | {"niveau": {"value": 130, "unitCode": "MTR"}}, quantities=quantities
    )

    assert values(found) == {"river_level": (1.3, "m")}
    assert "cm in the pack, m at the source" in clash.rejected[0].reason


def test_declared_sentinels_are_missing(make_feed):
    found = entities(make_feed, air(NO2=-9999), missing=[-9999])

    assert [item.value for item in found.accepted] == [None]


def test_requests_for_service_are_cases(make_feed):
    row = {
        "id": "r1",
        "type": "Open311_ServiceRequest",
        "service_request_id": "638344",
        "status": "closed",
        "service_name": "Sidewalk repair",
        "requested_datetime": "2026-11-20T06:00:00Z",
        "updated_datetime": "2026-11-21T06:00:00Z",
        "expected_datetime": "2026-11-22T06:00:00Z",
        "email": "jane@doe.example",
        "location": {"type": "Point", "coordinates": [-73.6, 45.5]},
    }

    (found,) = entities(make_feed, row, gives="case").accepted

    assert (found.case_id, found.status, found.service) == ("638344", "closed", "Sidewalk repair")
    assert (found.opened_at.day, found.closed_at.day, found.due_at.day) == (20, 21, 22)
    assert (found.lat, found.lon) == (45.5, -73.6)


def test_alerts_are_notices(make_feed):
    row = {
        "id": "a1",
        "type": "Alert",
        "category": {"type": "Property", "value": "traffic"},
        "subCategory": {"type": "Property", "value": "trafficJam"},
        "severity": {"type": "Property", "value": "high"},
        "dateIssued": {"type": "Property", "value": {"@type": "DateTime", "@value": AT}},
        "validTo": "2026-11-24T13:00:00Z",
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        },
    }

    (found,) = entities(make_feed, row, gives="notice").accepted

    assert (found.headline, found.severity) == ("trafficJam", "severe")
    assert (found.effective.minute, found.expires.hour) == (55, 13)
    assert found.geometry.startswith("POLYGON ((0.0 0.0")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "n", "type": "Notification", "subscriptionId": "s", "data": [air()]},
        {"subscriptionId": "57458eb60962ef754e7c0998", "data": [air()]},
        air(),
        [air()],
        {"type": "FeatureCollection", "features": [
            {"id": "s", "type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]},
             "properties": {key: air()[key] for key in ("type", "dateObserved", "NO2")}}]},
    ],
)  # fmt: skip
def test_pushed_bodies_of_every_shape(make_feed, body):
    feed = make_feed("ngsi", url=None, push_secret="env:PUSH_SECRET")
    assert problems(feed) == []

    found = receive(feed, Delivery(feed_id="f1", body=json.dumps(body).encode(), received_at=NOW))

    assert [(o.quantity, o.value) for o in found.accepted] == [("no2", 40.0)]
    assert found.rejected == []


def test_a_notification_lends_its_time_with_doubt(make_feed):
    feed = make_feed("ngsi", url=None, push_secret="env:PUSH_SECRET")
    row = {"id": "w", "type": "WasteContainer", "fillingLevel": {"type": "Property", "value": 0.4}}
    body = {"type": "Notification", "notifiedAt": AT, "data": [row]}

    (found,) = receive(
        feed, Delivery(feed_id="f1", body=json.dumps(body).encode(), received_at=NOW)
    ).accepted

    assert (found.observed_at.minute, found.quality) == (55, Quality.UNCERTAIN)


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"{", b"<html></html>", b'{"x": 1}', b"5", b"null", b'"x"', b"NaN"]
)
def test_a_useless_pushed_body_is_one_reject(make_feed, body):
    feed = make_feed("ngsi", url=None, push_secret="env:PUSH_SECRET")

    found = receive(feed, Delivery(feed_id="f1", body=body, received_at=NOW))

    assert found.accepted == []
    assert [one.line for one in found.rejected] == [0]


def test_refused_entities_are_read_again_after_the_mapping_was_mended(make_feed):
    row = {"id": "w", "type": "WasteContainer", "dateModified": AT, "fillingLevel": 40}
    refused = entities(make_feed, row, "cut").rejected
    quantities = {"fillingLevel": {"quantity": "fill_level", "unit": "%"}}
    mended = make_feed("ngsi", url=LD, options={"types": ("A",), "quantities": quantities})

    found = again(mended, refused, {}, now=NOW)

    assert values(found) == {"fill_level": (40.0, "%")}
    assert [one.reason for one in found.rejected] == ["no JSON object"]


def test_what_arrived_without_a_time_keeps_its_arrival_when_it_is_read_again(make_feed):
    row = {"id": "w", "type": "WasteContainer", "fillingLevel": 0.4}
    refused = entities(make_feed, row).rejected
    mended = make_feed("ngsi", url=LD, options={"types": ("A",), "time": "arrival"})

    found = again(mended, refused, {}, now=NOW + timedelta(days=7))

    assert [one.observed_at for one in found.accepted] == [NOW]


def test_a_whole_notification_is_read_again_with_its_time(make_feed):
    feed = make_feed("ngsi", url=None, push_secret="env:PUSH_SECRET")
    row = {"id": "w", "type": "WasteContainer", "fillingLevel": 0.4}
    whole = Reject(
        feed_id="f1", line=0, reason="?", at=NOW,
        raw=json.dumps({"type": "Notification", "notifiedAt": AT, "data": [row]}),
    )  # fmt: skip

    found = again(feed, [whole], {}, now=NOW)

    assert [one.observed_at.minute for one in found.accepted] == [55]


def test_pages_are_followed_by_offset_until_the_count(make_feed, answering):
    pages = {"0": [air(id="a"), air(id="b")], "2": [air(id="c")]}

    def page(request):
        rows = pages[request.url.params["offset"]]
        return httpx.Response(200, json=rows, headers={"NGSILD-Results-Count": "3"})

    client = answering({"/ngsi-ld/v1/entities": page})
    feed = make_feed(
        "ngsi", url=LD, options={"types": ("AirQualityObserved",), "limit": 2, "tenant": "smart",
                                 "context": "https://x.example/context.jsonld"},
    )  # fmt: skip

    found = poll(feed, client, {}, now=NOW)

    assert [o.site_id for o in found.parsed.accepted] == ["a", "b", "c"]
    assert len(client.asked) == 2
    first = client.asked[0]
    assert first.url.params["type"] == "AirQualityObserved"
    assert first.headers["NGSILD-Tenant"] == "smart"
    assert first.headers["Link"].startswith("<https://x.example/context.jsonld>; rel=")


def test_pages_are_followed_by_link(make_feed, answering):
    link = '</ngsi-ld/v1/entities?page=2>; rel="next"; type="application/json"'
    first = httpx.Response(200, json=[air(id="a")], headers={"Link": link})
    client = answering(
        {"/ngsi-ld/v1/entities?page=2": [air(id="b")], "/ngsi-ld/v1/entities": first}
    )
    feed = make_feed("ngsi", url=LD, options={"types": ("A",), "limit": 1})

    found = poll(feed, client, {}, now=NOW)

    assert [o.site_id for o in found.parsed.accepted] == ["a", "b"]


def test_pages_without_an_end_are_cut_off(make_feed, answering, waits):
    link = '</ngsi-ld/v1/entities>; rel="next"'
    client = answering(
        {
            "/ngsi-ld/v1/entities": lambda _: httpx.Response(
                200, json=[air()], headers={"Link": link}
            )
        }
    )
    feed = make_feed("ngsi", url=LD, options={"types": ("A",)})

    with pytest.raises(FeedError, match="more than 5 documents"):
        poll(feed, client, {}, now=NOW, limits=waits.limits(max_documents=5))


def test_a_broker_that_speaks_v2_only_is_found_out_once(make_feed, answering, monkeypatch):
    monkeypatch.setenv("BROKER_TOKEN", "s3cret-token")
    row = {
        "id": "a",
        "type": "AirQualityObserved",
        "NO2": {"value": 1},
        "dateModified": {"value": AT},
    }
    client = answering({"/v2/entities": [row]})
    options = {"types": ("A", "B"), "service": "smart", "service_path": "/#", "q": "NO2>0",
               "token": "env:BROKER_TOKEN", "incremental": True}  # fmt: skip
    feed = make_feed("ngsi", url="https://broker.example", options=options)

    first = poll(feed, client, {}, now=NOW)
    poll(feed, client, first.memory, now=NOW + timedelta(minutes=5))

    assert [request.url.path for request in client.asked] == [
        "/ngsi-ld/v1/entities",
        "/v2/entities",
        "/v2/entities",
    ]
    asked, later = client.asked[1], client.asked[2]
    assert asked.headers["Fiware-Service"] == "smart"
    assert asked.headers["Fiware-ServicePath"] == "/#"
    assert asked.headers["Authorization"] == "Bearer s3cret-token"
    assert asked.url.params["metadata"] == "dateModified,*"
    assert asked.url.params["q"] == "NO2>0"
    assert later.url.params["q"] == "NO2>0;dateModified>=2026-11-24T11:53:00Z"
    assert "s3cret" not in json.dumps(first.memory)


@pytest.mark.parametrize(
    ("body", "says", "permanent"),
    [
        ([], "no entity of A", False),
        ([{"id": "v", "type": "Vehicle", "speed": 5}], "Vehicle: nothing", True),
        ({"type": "https://uri.etsi.org/ngsi-ld/errors/BadRequestData", "title": "no"}, "no", True),
        (b'[{"id":', "malformed body", True),
        (b"<!DOCTYPE html><html></html>", "HTML page", False),
        (b"", "empty", False),
    ],
)
def test_a_useless_answer_fails_and_says_why(  # noqa: PLR0913, PLR0917 - fixtures
    make_feed, answering, waits, body, says, permanent
):
    feed = make_feed("ngsi", url=LD, options={"types": ("A",)})

    with pytest.raises(FeedError) as caught:
        poll(feed, answering({"/ngsi-ld/v1/entities": body}), {}, now=NOW, limits=waits.limits())

    assert says in caught.value.reason
    assert caught.value.permanent is permanent


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"options": {}}, "must be asked for types"),
        ({"options": {"types": ("A",), "subscribe": "https://us.example"}}, "a push_secret"),
        ({"options": {"types": ("A",), "token": "s3cret"}}, "never stands in a pack"),
        ({"options": {"types": ("A",), "callback": "mqtt://us"}}, "no http or https address"),
        ({"options": {"types": ("A",), "quantities": {"x": {"quantity": "no2", "unit": "m"}}}},
         "does not measure no2"),
        ({"url": None, "options": {}}, "needs a url"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work_are_named(make_feed, about, says):
    found = problems(make_feed("ngsi", **({"url": LD} | about)))

    assert any(says in one for one in found)
