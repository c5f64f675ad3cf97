"""ArcGIS layers: metadata, three ways to page, errors under 200; bodies after the reference."""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, again, arcgis, poll, problems

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://gis.city.example/arcgis/rest/services/Requests/FeatureServer/0"
COLUMNS = {"case_id": "REQ", "opened_at": "CREATED", "service": "TYPE"}
LIMITS = Limits(sleep=lambda _: None)
CREATED = 1795424400000  # 2026-11-23T09:00Z
FIELDS = [
    {"name": "OBJECTID", "type": "esriFieldTypeOID"},
    {"name": "REQ", "type": "esriFieldTypeString"},
    {"name": "CREATED", "type": "esriFieldTypeDate"},
    {
        "name": "TYPE",
        "type": "esriFieldTypeString",
        "domain": {
            "type": "codedValue",
            "codedValues": [{"name": "Pothole", "code": "PH"}, {"name": "Noise", "code": 7}],
        },
    },
]


def feature(number, **about):
    known = {
        "attributes": {"OBJECTID": number, "REQ": f"R{number} ", "CREATED": CREATED, "TYPE": "PH"},
        "geometry": {"x": -73.6, "y": 45.5},
    }
    return known | about


def asked_of(request):
    body = request.content.decode()
    found = dict(request.url.params)
    return found | dict(httpx.QueryParams(body)) if body else found


class Server:
    """A layer on a server that can page, only list ids, or not even that."""

    def __init__(self, *features, can="page", cap=1000, edited=None, **about):
        self.features = list(features)
        self.can, self.cap = can, cap
        self.about = {"fields": FIELDS, "maxRecordCount": cap, "id": 0} | about
        if can == "page":
            self.about["advancedQueryCapabilities"] = {"supportsPagination": True}
        self.edited = edited
        self.reference = {"wkid": 4326}
        self.asked = []

    def answer(self, request):
        asked = asked_of(request)
        self.asked.append((request.method, request.url.path, asked))
        if not request.url.path.endswith("/query"):
            info = {"editingInfo": {"lastEditDate": self.edited}} if self.edited else {}
            return httpx.Response(200, json=self.about | info)
        return httpx.Response(200, json=self.query(asked))

    def query(self, asked):
        found = self.features
        ids = [one["attributes"]["OBJECTID"] for one in found]
        if asked.get("returnIdsOnly") and self.can != "nothing":
            return {"objectIdFieldName": "OBJECTID", "objectIds": ids or None}
        if beyond := re.search(r"OBJECTID > (-?\d+)", asked.get("where", "")):
            upto = re.search(r"OBJECTID <= (\d+)", asked["where"])
            most = int(upto[1]) if upto else 10**9
            found = [f for f, n in zip(found, ids, strict=True) if int(beyond[1]) < n <= most]
            ids = [one["attributes"]["OBJECTID"] for one in found]
        if "objectIds" in asked:
            wanted = {int(one) for one in asked["objectIds"].split(",")}
            found = [f for f, n in zip(found, ids, strict=True) if n in wanted]
        start = int(asked.get("resultOffset", 0)) if self.can == "page" else 0
        size = min(self.cap, int(asked.get("resultRecordCount", self.cap)))
        page = {"spatialReference": self.reference, "features": found[start : start + size]}
        return page | ({"exceededTransferLimit": True} if len(found) > start + size else {})

    @property
    def queries(self):
        return [asked for _, path, asked in self.asked if path.endswith("/query")]


def read(  # noqa: PLR0913 - what a feed may differ in
    make_feed, server, memory=None, *, now=NOW, gives="case", url=URL, **options
):
    feed = make_feed(
        "arcgis", gives, url=url, timezone="America/Montreal",
        options={"columns": COLUMNS} | options,
    )  # fmt: skip
    client = httpx.Client(transport=httpx.MockTransport(server.answer))
    return poll(feed, client, memory or {}, now=now, limits=LIMITS)


def ids(found):
    return [case.case_id for case in found.parsed.accepted]


def test_a_feature_becomes_a_case(make_feed):
    found = read(make_feed, Server(feature(1), edited=1795500000000))

    (case,) = found.parsed.accepted
    assert (case.case_id, case.service) == ("R1", "PH")
    assert case.opened_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert (case.lat, case.lon) == (45.5, -73.6)
    assert found.parsed.published_at == datetime.fromtimestamp(1795500000, UTC)


def test_degrees_and_only_the_mapped_fields_are_asked_for(make_feed):
    server = Server(feature(1))

    read(make_feed, server)

    (asked,) = server.queries
    assert (asked["outSR"], asked["f"], asked["where"]) == ("4326", "json", "1=1")
    assert asked["outFields"] == "CREATED,REQ,TYPE,OBJECTID"
    assert asked["orderByFields"] == "OBJECTID"


@pytest.mark.parametrize("can", ["page", "ids", "nothing"])
@pytest.mark.parametrize("n", [0, 1, 3, 23])
def test_every_kind_of_server_gives_all(make_feed, can, n):
    server = Server(*[feature(i) for i in range(1, n + 1)], can=can, cap=3)

    found = read(make_feed, server)

    assert ids(found) == [f"R{i}" for i in range(1, n + 1)]
    assert not found.memory["arcgis"]["more"]


@pytest.mark.parametrize("can", ["page", "ids", "nothing"])
def test_a_long_layer_is_continued_and_nothing_skipped(make_feed, can):
    server = Server(*[feature(i) for i in range(1, 24)], can=can, cap=3, edited=1)
    seen, memory = [], {}

    for _ in range(6):
        found = read(make_feed, server, memory, max_rows=6)
        seen += ids(found)
        memory = found.memory

    assert seen == [f"R{i}" for i in range(1, 24)]
    assert found.not_modified


def test_features_that_moved_between_two_parts_cause_a_new_beginning(make_feed):
    server = Server(*[feature(i) for i in range(1, 9)], cap=4, edited=1)
    first = read(make_feed, server, max_rows=4)
    del server.features[0]

    second = read(make_feed, server, first.memory, max_rows=9)

    assert ids(second) == [f"R{i}" for i in range(2, 9)]


def test_ids_are_posted_in_chunks_and_what_a_server_cuts_off_is_asked_for_again(make_feed):
    server = Server(*[feature(i) for i in range(1, 8)], can="ids", cap=2)
    server.about["maxRecordCount"] = 5  # it promises more than it sends

    found = read(make_feed, server)

    assert ids(found) == [f"R{i}" for i in range(1, 8)]
    assert [m for m, _, asked in server.asked if "objectIds" in asked] == ["POST"] * 4


def test_a_layer_that_was_not_edited_is_not_read(make_feed):
    server = Server(feature(1), edited=1795500000000)
    first = read(make_feed, server)
    n = len(server.queries)

    same = read(make_feed, server, first.memory)
    recount = read(make_feed, server, first.memory, now=NOW + timedelta(days=1))
    server.edited += 1
    edited = read(make_feed, server, first.memory)

    assert (same.not_modified, len(server.queries) - n) == (True, 2)
    assert ids(recount) == ids(edited) == ["R1"]


def test_what_was_edited_between_two_parts_is_read_at_the_next_turn(make_feed):
    server = Server(*[feature(i) for i in range(1, 6)], cap=3, edited=1)
    first = read(make_feed, server, max_rows=3)
    server.edited = 2

    second = read(make_feed, server, first.memory)
    third = read(make_feed, server, second.memory)

    assert (len(ids(second)), len(ids(third))) == (2, 5)


def test_more_and_nothing_is_an_error_and_no_endless_loop(make_feed):
    server = Server(feature(1))
    server.query = lambda _: {"features": [], "exceededTransferLimit": True}

    with pytest.raises(FeedError, match="sends nothing"):
        read(make_feed, server)


def test_the_same_page_for_ever_is_an_error(make_feed):
    server = Server(feature(1))
    server.query = lambda _: {"features": [feature(1)], "exceededTransferLimit": True}

    with pytest.raises(FeedError, match="same page"):
        read(make_feed, server)


@pytest.mark.parametrize(
    "order", [[3, 1, 2, 5, 4], [1_000_000, 7, 2_000_000, 3], [9], list(range(40, 90))]
)
def test_ids_in_any_order_and_with_any_gaps_are_found_by_spans(make_feed, order):
    server = Server(*[feature(i) for i in order], can="nothing", cap=3)

    found = read(make_feed, server)

    assert sorted(ids(found)) == sorted(f"R{i}" for i in order)
    assert len(server.queries) < 100


def test_a_server_that_answers_the_same_whatever_is_asked_is_an_error(make_feed):
    server = Server(can="nothing")
    server.query = lambda _: {"features": [feature(5), feature(7)]}

    with pytest.raises(FeedError, match="neither pages"):
        read(make_feed, server)


@pytest.mark.parametrize(
    ("error", "permanent", "said"),
    [
        ({"code": 400, "message": "Unable to complete operation.", "details": []}, True, "Unable"),
        ({"code": 499, "message": "Token Required"}, True, r'token = "env:NAME" \(499'),
        ({"code": 498, "message": "Invalid token."}, True, r'token = "env:NAME" \(498'),
        ({"code": 504, "message": "Timeout"}, False, "504"),
        ("something", True, "something"),
    ],
)
def test_errors_under_200_say_what_the_server_says(make_feed, error, permanent, said):
    body = json.dumps({"error": error})

    with pytest.raises(FeedError, match=said) as caught:
        arcgis.parse(body.encode(), make_feed("arcgis", "case", options={"columns": COLUMNS}), NOW)

    assert caught.value.permanent is permanent


def test_a_token_is_posted_and_stands_in_no_address(make_feed, monkeypatch):
    monkeypatch.setenv("GIS", "geheim-1234")
    server = Server(feature(1))

    read(make_feed, server, token="env:GIS")

    assert {method for method, _, _ in server.asked} == {"POST"}
    assert all(asked["token"] == "geheim-1234" for _, _, asked in server.asked)


def test_a_service_instead_of_a_layer_is_told(make_feed):
    server = Server()
    server.about = {"layers": [{"id": 3, "name": "Trees"}], "tables": [{"id": 5, "name": "Notes"}]}

    with pytest.raises(FeedError, match=r"number of a layer: 3 \(Trees\), 5 \(Notes\)"):
        read(make_feed, server)


def test_a_field_that_is_no_longer_there_names_its_neighbour(make_feed):
    server = Server(feature(1), fields=[{"name": "Created_"}, {"name": "REQ"}, {"name": "TYPE"}])

    with pytest.raises(FeedError, match="no column 'CREATED'; did you mean 'Created_'"):
        read(make_feed, server)


def test_labels_stand_for_codes_where_asked_for(make_feed):
    server = Server(feature(1), feature(2, attributes=feature(2)["attributes"] | {"TYPE": "7"}))
    server.features.append(feature(3, attributes=feature(3)["attributes"] | {"TYPE": "??"}))

    found = read(make_feed, server, labels=True).parsed.accepted

    assert [case.service for case in found] == ["Pothole", "Noise", "??"]


def test_a_subtype_has_labels_of_its_own(make_feed):
    domain = {"type": "codedValue", "codedValues": [{"name": "Deep pothole", "code": "PH"}]}
    kinds = [{"id": 2, "name": "Roads", "domains": {"TYPE": domain}}]
    server = Server(feature(1), typeIdField="KIND", types=kinds)
    server.about["fields"] = [*FIELDS, {"name": "KIND", "type": "esriFieldTypeInteger"}]
    server.features[0]["attributes"]["KIND"] = 2

    assert read(make_feed, server, labels=True).parsed.accepted[0].service == "Deep pothole"


@pytest.mark.parametrize(
    ("about", "options", "hour"),
    [
        ({}, {}, 9),
        ({"datesInUnknownTimezone": True}, {}, 14),
        ({}, {"dates": "local"}, 14),
        ({"datesInUnknownTimezone": True}, {"dates": "utc"}, 9),
        ({"dateFieldsTimeReference": {"timeZone": "Eastern Standard Time"}}, {}, 9),
    ],
)
def test_dates_are_utc_unless_the_layer_does_not_know_its_zone(make_feed, about, options, hour):
    server = Server(feature(1), **about)

    (case,) = read(make_feed, server, **options).parsed.accepted

    assert case.opened_at == datetime(2026, 11, 23, hour, 0, tzinfo=UTC)
    is_told = "timeReferenceUnknownClient" in server.queries[0]
    assert is_told is ("datesInUnknownTimezone" in about)


def test_an_epoch_that_the_mapping_declares_is_left_to_it(make_feed):
    columns = COLUMNS | {"opened_at": {"column": "CREATED", "format": "epoch_ms"}}

    (case,) = read(make_feed, Server(feature(1)), columns=columns).parsed.accepted

    assert case.opened_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_date_before_time_and_one_beyond_it_cost_their_rows(make_feed):
    rows = [feature(n) for n in (1, 2, 3)]
    rows[0]["attributes"]["CREATED"] = 10**18
    rows[1]["attributes"]["CREATED"] = -1

    found = read(make_feed, Server(*rows), quarantine_limit=0.9).parsed

    assert [case.case_id for case in found.accepted] == ["R2", "R3"]
    assert found.rejected[0].field == "opened_at"


@pytest.mark.parametrize(
    ("reference", "shape", "place"),
    [
        ({"wkid": 4326}, {"x": -73.6, "y": 45.5}, (45.5, -73.6)),
        ({"wkid": 4269}, {"x": -73.6, "y": 45.5}, (45.5, -73.6)),
        (None, {"x": -73.6, "y": 45.5}, (45.5, -73.6)),
        (
            {"wkid": 102100, "latestWkid": 3857},
            {"x": -8193114.5, "y": 5700582.7},
            (45.5, -73.6),
        ),
        ({"wkid": 4326}, None, (None, None)),
        ({"wkid": 4326}, {}, (None, None)),
        ({"wkid": 4326}, {"x": "NaN", "y": "NaN"}, (None, None)),
        ({"wkid": 4326}, {"x": None, "y": None}, (None, None)),
        ({"wkid": 4326}, {"rings": []}, (None, None)),
        ({"wkid": 4326}, {"points": []}, (None, None)),
    ],
)
def test_places_come_in_degrees(make_feed, reference, shape, place):
    server = Server(feature(1, geometry=shape))
    server.reference = reference

    (case,) = read(make_feed, server).parsed.accepted

    assert (case.lat, case.lon) == (
        pytest.approx(place, abs=1e-4) if place[0] is not None else place
    )


@pytest.mark.parametrize("reference", [{"wkid": 2229}, {"wkt": 'PROJCS["feet"]'}])
def test_coordinates_in_anything_else_are_refused(make_feed, reference):
    server = Server(feature(1, geometry={"x": 6_474_022.2, "y": 1_748_978.7}))
    server.reference = reference

    with pytest.raises(FeedError, match="though degrees were asked for"):
        read(make_feed, server)


def test_what_has_its_place_in_columns_needs_no_geometry(make_feed):
    server = Server(feature(1, geometry=None))
    server.about["fields"] = [*FIELDS, {"name": "LAT"}, {"name": "LON"}]
    server.features[0]["attributes"] |= {"LAT": 45.5, "LON": -73.6}

    (case,) = read(
        make_feed, server, columns=COLUMNS | {"lat": "LAT", "lon": "LON"}
    ).parsed.accepted

    assert (case.lat, server.queries[0]["returnGeometry"]) == (45.5, "false")


def test_feet_without_a_word_cost_their_rows(make_feed):
    server = Server(feature(1), feature(2, geometry={"x": 6_474_022.2, "y": 1_748_978.7}))
    server.reference = None

    found = read(make_feed, server).parsed

    assert (ids_of(found), found.rejected[0].line) == (["R1"], 2)


def ids_of(parsed):
    return [case.case_id for case in parsed.accepted]


def test_geojson_is_read_too(make_feed):
    body = {
        "type": "FeatureCollection",
        "properties": {"exceededTransferLimit": True},
        "features": [
            {
                "type": "Feature",
                "id": 1,
                "geometry": {"type": "Point", "coordinates": [-73.6, 45.5]},
                "properties": {"REQ": "R1", "CREATED": "2026-11-23T09:00:00Z", "TYPE": "PH"},
            }
        ],
    }
    feed = make_feed("arcgis", "case", options={"columns": COLUMNS})

    (case,) = arcgis.parse(json.dumps(body).encode(), feed, NOW).accepted

    assert (case.case_id, case.lat) == ("R1", 45.5)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2229"}}
    with pytest.raises(FeedError, match="2229"):
        arcgis.parse(json.dumps(body | {"crs": crs}).encode(), feed, NOW)


def test_a_comma_too_many_is_read_over_and_told(make_feed):
    body = json.dumps({"features": [feature(1), feature(2)]})
    body = body.replace("]}", ",\n]}").replace('"R1 "', '"R1, ]"')
    feed = make_feed("arcgis", "case", options={"columns": COLUMNS})
    known = arcgis.Layer(dates=frozenset({"CREATED"}))

    found = arcgis.parse(body.encode(), feed, NOW, layer=known)

    assert ids_of(found) == ["R1, ]", "R2"]
    assert found.rejected[0].reason.startswith("1 commas")


def test_notices_get_their_shape(make_feed):
    ring = [[-73.6, 45.5], [-73.6, 45.6], [-73.5, 45.6], [-73.5, 45.5], [-73.6, 45.5]]
    columns = {"notice_id": "REQ", "headline": "TYPE", "effective": "CREATED"}
    server = Server(feature(1, geometry={"rings": [ring]}))

    (notice,) = read(make_feed, server, gives="notice", columns=columns).parsed.accepted

    assert notice.geometry.startswith("POLYGON ((-73.6 45.5, -73.6 45.6")


def test_the_url_may_be_that_of_a_query(make_feed):
    assert ids(read(make_feed, Server(feature(1)), url=f"{URL}/query?where=1%3D1&f=html")) == ["R1"]


def test_refused_features_are_read_again_after_the_mapping_was_mended(make_feed):
    bad = feature(2, geometry={"curvePaths": []})
    late = feature(3)
    late["attributes"]["CREATED"] = "23.11.2026"
    first = read(make_feed, Server(feature(1), bad, late), quarantine_limit=0.9)
    mended = COLUMNS | {"opened_at": {"column": "CREATED", "format": ["iso", "%d.%m.%Y"]}}
    feed = make_feed("arcgis", "case", url=URL, options={"columns": mended})

    found = again(feed, first.parsed.rejected, first.memory, now=NOW)

    assert ids_of(found) == ["R3"]
    assert "curvePaths" in found.rejected[0].reason


def test_a_secret_in_the_pack_is_refused(make_feed):
    feed = make_feed("arcgis", "case", options={"columns": COLUMNS, "token": "abcdef"})

    assert "never stands in a pack" in problems(feed)[0]


def test_a_wide_layer_is_melted_and_keeps_its_place(make_feed):
    columns = {"site_id": "S", "observed_at": "D", "quantity": {"value": "traffic_flow"}}
    columns |= {"value": {"unit": "veh/h"}}
    wide = {"columns": "H{hour:02d}", "id": ["S", "D"], "hours": [1, 2]}
    about = {"S": "a", "D": "2026-11-20", "H01": 3, "H02": 4}
    body = json.dumps({"features": [{"attributes": about, "geometry": {"x": -73.6, "y": 45.5}}]})
    feed = make_feed("arcgis", "observation", options={"columns": columns, "melt": wide})

    found = arcgis.parse(body.encode(), feed, NOW).accepted

    assert [(one.value, one.lat, one.lon) for one in found] == [(3, 45.5, -73.6), (4, 45.5, -73.6)]
