"""Captures of open-data portals: Socrata and ArcGIS, and New York's requests served as SODA."""

import csv
import json
import re
from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, Limits, arcgis, poll, socrata
from feeds.arcgis_layer import layer_of
from feeds.arcgis_parse import lenient, sheet_of
from feeds.socrata_parse import about

pytestmark = pytest.mark.realdata
LIMITS = Limits(sleep=lambda _: None)
COUNTS = {
    "site_id": "id",
    "observed_at": "date",
    "quantity": {"value": "footfall"},
    "value": {"column": "counts", "unit": "count"},
}
CARSON = {"case_id": "OBJECTID", "opened_at": "Edit_Date", "service": "TYPE"}
COOK = {
    "case_id": "OBJECTID",
    "opened_at": {"column": "LAST_EDIT", "format": "%m/%d/%Y %I:%M:%S %p"},
    "service": "TYPE",
}


def serving(answer):
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_bike_counts_of_seattle_come_in_two_pages(make_feed, records, now):
    folder = records / "wire/soda"
    pages = [(folder / f"bike_counts_page_{n}.json").read_bytes() for n in (1, 2)]

    def answer(request):
        if "/api/views/" in request.url.path:
            return httpx.Response(200, content=(folder / "get_song_metadata.txt").read_bytes())
        at = int(request.url.params["$offset"]) // 1000
        return httpx.Response(200, content=pages[at] if at < 2 else b"[]")

    feed = make_feed(
        "socrata",
        "observation",
        timezone="America/Los_Angeles",
        options={"dataset": "65db-xm6k", "columns": COUNTS},
    )
    found = poll(feed, serving(answer), {}, now=now, limits=LIMITS).parsed

    rows = [row for page in pages for row in json.loads(page)]
    assert len(rows) == 1001
    assert (len(found.accepted), found.rejected) == (1001, [])
    assert sum(one.value for one in found.accepted) == sum(int(row["counts"]) for row in rows)
    first = found.accepted[0]
    assert (first.site_id, first.value, first.unit) == ("100009424", 100.0, "count")
    assert first.observed_at == datetime(2016, 9, 21, 22, 45, tzinfo=UTC)


def test_a_portal_that_wants_a_log_in_says_so(make_feed, records, now):
    body = (records / "wire/soda/403_response_json.txt").read_bytes()
    feed = make_feed("socrata", "observation", options={"dataset": "a1b2-c3d4", "columns": COUNTS})

    with pytest.raises(FeedError, match="You must be logged in"):
        poll(feed, serving(lambda _: httpx.Response(403, content=body)), {}, now=now, limits=LIMITS)
    with pytest.raises(FeedError, match="You must be logged in"):
        socrata.parse(body, feed, now)


def test_metadata_of_songs_have_neither_columns_nor_a_date(records):
    found = about((records / "wire/soda/get_song_metadata.txt").read_bytes())

    assert (found.changed, found.columns) == (None, ())


def test_a_day_of_new_york_served_as_soda_is_read_whole(make_feed, records, now):
    path = records / "nyc/311/nyc311_2022-05-01.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {name.lower().replace(" ", "_"): cell for name, cell in row.items() if cell}
            for row in csv.DictReader(file)
        ]
    for n, row in enumerate(rows):
        row[":id"] = f"row-{n:06}"
        row[":updated_at"] = f"2022-05-02T0{n // 130 % 6}:00:00.000Z"
    rows.sort(key=lambda row: (row[":updated_at"], row[":id"]))

    def answer(request):
        if "/api/views/" in request.url.path:
            return httpx.Response(404)
        asked = request.url.params
        least = asked.get("$where", "").rpartition(">= '")[2].strip("'")
        found = [row for row in rows if row[":updated_at"] >= least.replace("Z", ".000Z")]
        at, size = int(asked["$offset"]), int(asked["$limit"])
        return httpx.Response(200, json=found[at : at + size])

    dates = {"format": "%m/%d/%Y %I:%M:%S %p"}
    columns = {
        "case_id": "unique_key",
        "opened_at": {"column": "created_date"} | dates,
        "closed_at": {"column": "closed_date"} | dates,
        "service": "complaint_type",
        "lat": "latitude",
        "lon": "longitude",
    }
    feed = make_feed(
        "socrata",
        "case",
        timezone="America/New_York",
        options={"dataset": "erm2-nwe9", "columns": columns, "max_rows": 250, "page_size": 50},
    )
    seen, memory = [], {}
    for _ in range(20):
        found = poll(feed, serving(answer), memory, now=now, limits=LIMITS)
        memory = found.memory
        seen += [case.case_id for case in found.parsed.accepted]
        if not memory["socrata"]["more"]:
            break

    assert len(rows) == 924
    assert sorted(seen) == sorted(row["unique_key"] for row in rows)


def test_carson_answers_in_degrees_and_keeps_nothing_of_its_blanks(make_feed, records, now):
    folder = records / "wire/arcgis/us-ca-carson"
    layer = layer_of(json.loads((folder / "us-ca-carson-metadata.json").read_bytes()), "f1")
    feed = make_feed("arcgis", "case", options={"columns": CARSON, "quarantine_limit": 1})

    found = sheet_of((folder / "us-ca-carson-0.json").read_bytes(), feed, layer)

    assert (layer.oid, layer.can_page, layer.edited, layer.size) == ("OBJECTID", False, None, 1000)
    assert "Edit_Date" in layer.dates
    assert found.ids == [1, 2, 3, 1, 4, 5]
    assert found.rows[0]["@lon"] == -118.26612584395593
    assert [row["@lat"] is None for row in found.rows].count(True) == 1
    parsed = arcgis.parse((folder / "us-ca-carson-0.json").read_bytes(), feed, now)
    assert parsed.accepted == []  # Edit_Date is null throughout, and never made up
    assert {one.reason for one in parsed.rejected} == {"opened_at is missing"}


def test_the_cache_of_carson_has_a_comma_too_many(make_feed, records):
    body = (records / "wire/arcgis/us-ca-carson/us-ca-carson-cache.geojson").read_bytes()
    feed = make_feed("arcgis", "case", options={"columns": CARSON})

    found = sheet_of(body, feed)

    document, n_commas = lenient(body)
    assert (found.n_commas, n_commas) == (1, 1)
    assert len(found.rows) == len(document["features"]) == body.count(b'"Feature"')
    assert found.rows[0]["@lat"] == 33.83225576098862


def test_a_server_that_ignores_the_question_for_ids_is_read_by_spans_of_them(
    make_feed, records, now
):
    folder = records / "wire/arcgis/us-il-cook"
    bodies = {n: (folder / f"{n}.json").read_bytes() for n in ("metadata", "ids-only")}
    features = [
        one
        for name in ("page-full", "page-partial")
        for one in json.loads((folder / f"{name}.json").read_bytes())["features"]
    ]

    def answer(request):
        asked = request.url.params
        if not request.url.path.endswith("/query"):
            return httpx.Response(200, content=bodies["metadata"])
        if "returnIdsOnly" in asked:
            return httpx.Response(200, content=bodies["ids-only"])
        bounds = re.findall(r"OBJECTID (?:>|<=) (-?\d+)", asked["where"])
        low, high = int(bounds[0]), int(bounds[1]) if len(bounds) > 1 else 10**9
        found = [one for one in features if low < one["attributes"]["OBJECTID"] <= high]
        return httpx.Response(
            200, json={"spatialReference": {"wkid": 4326}, "features": found[:500]}
        )

    feed = make_feed("arcgis", "case", timezone="America/Chicago", options={"columns": COOK})
    found = poll(feed, serving(answer), {}, now=now, limits=LIMITS).parsed

    assert len(found.accepted) == 501
    assert [one.reason for one in found.rejected] == ["opened_at is missing"]
    first = found.accepted[0]
    assert (first.case_id, first.service) == ("1", "CEMETERY")
    assert first.opened_at == datetime(2005, 12, 23, 6, 0, tzinfo=UTC)
    assert (first.lat, first.lon) == (41.946683282, -87.7923858839999)


def test_feet_of_cook_and_a_bare_wkt_of_kent_are_refused(make_feed, records, now):
    feed = make_feed("arcgis", "case", options={"columns": COOK})

    with pytest.raises(FeedError, match="coordinates in 3435"):
        sheet_of((records / "wire/arcgis/us-il-cook/ids-only.json").read_bytes(), feed)
    with pytest.raises(FeedError, match="NAD_1983_StatePlane_Michigan_South"):
        sheet_of((records / "wire/arcgis/us-mi-kent/us-mi-kent-0.json").read_bytes(), feed)
    with pytest.raises(FeedError, match="400: Unable to complete operation"):
        arcgis.parse(
            (records / "wire/arcgis/us-mi-kent/us-mi-kent-statistics.json").read_bytes(), feed, now
        )


@pytest.mark.parametrize(
    ("name", "oid", "can_page", "size"),
    [
        ("us-mi-kent/us-mi-kent-metadata", "OBJECTID", False, 1000),
        ("us-il-chicago/metadata", "OBJECTID", True, 100_000),
        ("us-il-cook/metadata", "OBJECTID", False, 1000),
    ],
)
def test_metadata_of_each_server_are_understood(records, name, oid, can_page, size):
    layer = layer_of(json.loads((records / f"wire/arcgis/{name}.json").read_bytes()), "f1")

    assert (layer.oid, layer.can_page, layer.size) == (oid, can_page, size)


@pytest.mark.parametrize(
    "name",
    ["us-il-chicago/count-only", "us-mi-kent/us-mi-kent-count-only",
     "us-mi-kent/us-mi-kent-ids-only", "us-ca-carson/us-ca-carson-ids-only"],
)  # fmt: skip
def test_counts_and_ids_are_no_features(make_feed, records, now, name):
    body = (records / f"wire/arcgis/{name}.json").read_bytes()

    with pytest.raises(ValueError, match="no features"):
        arcgis.parse(body, make_feed("arcgis", "case", options={"columns": COOK}), now)
