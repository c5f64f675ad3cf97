"""Readings of a real history, through the whole web, in every format."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import openpyxl
import pyarrow.parquet as pq
import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely.geometry import shape

import api
import history
from metrics import INDICATORS
from metrics.privacy import suppress_course
from model import CITY, Indicator, Observation, Quality, Reading
from push import Stats
from store import MemoryStore
from tests.unit.layouts.desk import montreal

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 30


def readings() -> list[Reading]:
    """Thirty hours of the river in every district, one hour of it corrected later."""
    places = [CITY, *(one.id for one in montreal.pack().districts.items)]
    made = [
        Reading(
            indicator="env.river",
            district=place,
            at=NOW - HOUR * n,
            value=50.0 + n / 4,
            num=17.0,
            den=24.1,
            n=6,
            quality=Quality.GOOD,
            known_at=NOW - HOUR * n,
        )
        for n in range(1, HOURS + 1)
        for place in places
    ]
    late = Reading(
        indicator="env.river",
        district=CITY,
        at=NOW - HOUR * 5,
        value=99.0,
        num=23.9,
        den=24.1,
        n=6,
        known_at=NOW - HOUR * 2,
    )
    counts = {place: float(20 + n) for n, place in enumerate(places[1:])}
    counts[places[1]] = 3.0
    requests = [
        Reading(
            indicator="srv.new",
            district=place,
            at=NOW - HOUR,
            value=count,
            num=count,
            den=1000.0,
            n=int(count),
            known_at=NOW - HOUR,
        )
        for place, count in {**counts, CITY: sum(counts.values())}.items()
    ]
    return [*made, late, *requests]


def speeds() -> list[tuple[str, Observation]]:
    """Speeds of three sections in two districts, every five minutes of the last hour."""
    places = [one.id for one in montreal.pack().districts.items[:2]]
    made = [
        Observation(
            feed_id="traffic",
            site_id=f"section-{n}",
            quantity="speed",
            value=30.0 + n,
            unit="km/h",
            observed_at=NOW - timedelta(minutes=minute),
            fetched_at=NOW,
            known_at=NOW,
            district_id=places[n % 2],
        )
        for minute in range(60, 0, -5)
        for n in range(3)
    ]
    return [(f"{n}-0", one) for n, one in enumerate(made, 1)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api.Door]:
    """The demo city with a history on disk."""
    kept = history.open(tmp_path_factory.mktemp("history"), writer=True)
    kept.append_readings(readings())
    kept.append_facts(speeds())
    yield api.Door(
        pack=montreal.pack(),
        store=MemoryStore(),
        history=kept,
        clock=lambda: NOW,
        build="b1",
        stream_stats=Stats,
        suppress=suppress_course,
    )
    kept.close()


@pytest.fixture(scope="module")
def client(door: api.Door) -> FlaskClient:
    """The API over it."""
    server = Flask("test", static_folder=None)
    server.register_blueprint(api.blueprint(door))
    return server.test_client()


def test_every_format_read_back_holds_the_same_readings(client: FlaskClient) -> None:
    query = "indicator=env.river&start=2026-11-23T06:00:00Z"
    told = client.get(f"/api/v1/readings?{query}").json["items"]
    text = client.get(f"/api/v1/readings.csv?{query}").data.decode("utf-8")
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/api/v1/readings.xlsx?{query}").data), read_only=True
    )
    table = pq.read_table(io.BytesIO(client.get(f"/api/v1/readings.parquet?{query}").data))

    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    sheet = list(book["readings"].iter_rows(values_only=True))[1:]
    assert len(told) == len(lines) == len(sheet) == table.num_rows == HOURS * 59
    values = [one["value"] for one in told]
    assert values == [float(line["value"]) for line in lines]
    assert values == [line[7] for line in sheet]
    assert values == table["value"].to_pylist()
    assert [one["at"] for one in told] == [
        at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in table["at"].to_pylist()
    ]


def test_geojson_opens_as_shapes_with_the_newest_reading_of_each_district(
    client: FlaskClient,
) -> None:
    found = json.loads(client.get("/api/v1/readings.geojson?indicator=env.river").data)

    assert len(found["features"]) == 58
    assert all(shape(feature["geometry"]).area > 0 for feature in found["features"])
    assert {f["properties"]["value"] for f in found["features"]} == {50.25}
    assert {f["properties"]["at"] for f in found["features"]} == {"2026-11-24T11:00:00Z"}


def test_known_at_answers_as_it_was_known(client: FlaskClient) -> None:
    query = "indicator=env.river&district=city&start=2026-11-24T07:00:00Z&end=2026-11-24T07:00:01Z"
    now = client.get(f"/api/v1/readings?{query}").json["items"]
    then = client.get(f"/api/v1/readings?{query}&known_at=2026-11-24T09:59:59Z").json["items"]

    assert [one["value"] for one in now] == [99.0]
    assert [one["value"] for one in then] == [51.25]


def test_small_cells_leave_in_no_format(client: FlaskClient) -> None:
    query = "indicator=srv.new"
    small = montreal.pack().districts.items[0].id
    table = pq.read_table(io.BytesIO(client.get(f"/api/v1/readings.parquet?{query}").data))
    shapes = client.get(f"/api/v1/readings.geojson?{query}").json["features"]

    hidden = {
        row["district"] for row in table.to_pylist() if row["suppressed"] and row["num"] is None
    }
    assert small in hidden
    assert len(hidden) == 2, "one more hides it from subtraction"
    assert {f["id"] for f in shapes if f["properties"]["suppressed"]} == hidden


def test_pages_and_the_whole_are_the_same(client: FlaskClient) -> None:
    seen: list[tuple[str, str]] = []
    url: str | None = "/api/v1/readings?indicator=env.river&limit=400&start=2026-11-23T06:00:00Z"
    while url:
        answer = client.get(url)
        seen += [(one["district"], one["at"]) for one in answer.json["items"]]
        link = answer.headers.get("Link")
        url = link[1 : link.index(">")] if link else None

    assert len(seen) == len(set(seen)) == HOURS * 59


def named(door: api.Door, key: str) -> Indicator:
    return next(one for one in door.pack.indicators if one.id == key)


def test_corrections_are_told_with_what_stood_before(door: api.Door) -> None:
    span = {"start": NOW - timedelta(days=2), "end": NOW}
    place = montreal.pack().districts.items[0].id

    river = api.revised(door, named(door, "env.river"), district=CITY, **span)
    people = api.revised(door, named(door, "srv.new"), district=place, **span)

    assert [(row["old_value"], row["value"]) for row in river] == [(51.25, 99.0)]
    assert people == []


def test_the_newest_fact_of_each_site_stands_behind_a_reading(door: api.Door) -> None:
    place = montreal.pack().districts.items[0].id

    city = api.behind(door, named(door, "mob.tti"), CITY, NOW)
    local = api.behind(door, named(door, "mob.tti"), place, NOW)

    assert {row["site_id"] for row in city.rows} == {"section-0", "section-1", "section-2"}
    assert {row["observed_at"] for row in city.rows} == {NOW - timedelta(minutes=5)}
    assert (city.count, city.sites) == (6, 3), "two reports of each in a window of 15 minutes"
    assert {row["district_id"] for row in local.rows} == {place}


def test_facts_about_people_are_never_told_one_by_one(door: api.Door) -> None:
    for indicator in door.pack.indicators:
        if indicator.is_counted or indicator.needs_cases:
            found = api.behind(door, indicator, CITY, NOW)
            assert (found.is_private, found.rows, found.count) == (True, (), 0), indicator.id


def test_what_few_merchants_took_is_never_told_by_itself(door: api.Door) -> None:
    assert api.behind(door, INDICATORS["eco.card"], CITY, NOW).is_private
