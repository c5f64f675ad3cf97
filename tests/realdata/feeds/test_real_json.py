"""Documents of many services, read by pointers alone."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, anyjson, poll
from feeds.http import Limits
from model import Observation

pytestmark = pytest.mark.realdata

LIMITS = Limits(sleep=lambda _: None)
MADRID = {
    "rows": "/records",
    "published_at": "/responseDate",
    "melt": {"columns": "H{hour:02d}", "valid": "V{hour:02d}"},
    "columns": {
        "site_id": "ESTACION",
        "observed_at": {"column": ["ANO", "MES", "DIA"], "format": "%Y %m %d"},
        "quantity": {
            "column": "MAGNITUD",
            "map": {"1": "so2", "6": "co", "7": "no", "8": "no2", "9": "pm25", "10": "pm10"},
        },
        "unit": {
            "column": "MAGNITUD",
            "map": {"6": "mg/m³", **dict.fromkeys(["1", "7", "8", "9", "10"], "µg/m³")},
        },
    },
}


def test_madrids_envelopes_give_what_the_json_module_counts(make_feed, records, now):
    paths = sorted((records / "madrid/air/realtime").rglob("*.json"))
    feed = make_feed("json", "observation", timezone="Europe/Madrid", options=MADRID)
    first = None
    for path in paths:
        found = anyjson.parse(path.read_bytes(), feed, now)
        rows = [
            row
            for row in json.loads(path.read_bytes())["records"]
            if row["MAGNITUD"] in MADRID["columns"]["quantity"]["map"]
        ]
        cells = [(row[f"H{h:02d}"], row[f"V{h:02d}"]) for row in rows for h in range(1, 25)]
        assert found.rejected == []
        assert len(found.accepted) == len(cells) > 1000
        known = [fact.value for fact in found.accepted if fact.value is not None]
        assert len(known) == sum(flag == "V" for _, flag in cells)
        assert sum(known) == pytest.approx(sum(float(v) for v, flag in cells if flag == "V"))
        first = first or found.accepted[0]
    assert len(paths) == 6
    assert first == Observation(
        feed_id="f1",
        site_id="11",
        quantity="no",
        value=1.0,
        unit="µg/m³",
        observed_at=datetime(2025, 8, 24, 23, tzinfo=UTC),
        fetched_at=now,
        published_at=datetime(2025, 8, 25, 7, 23, tzinfo=UTC),
    )


def test_madrids_failed_polls_fail_and_say_what_was_there_instead(make_feed, records, now):
    paths = sorted((records / "madrid/air/realtime_failures").glob("*.json"))
    feed = make_feed("json", "observation", timezone="Europe/Madrid", options=MADRID)

    for path in paths:
        body = path.read_bytes()
        transport = httpx.MockTransport(lambda _, body=body: httpx.Response(200, content=body))
        with pytest.raises(FeedError, match="nothing stands at /records; there are 'page'"):
            poll(feed, httpx.Client(transport=transport), {}, now=now, limits=LIMITS)
    assert len(paths) == 8


def test_madrids_files_are_read_from_a_folder_too(make_feed, records, now):
    options = {name: value for name, value in MADRID.items() if name != "published_at"}
    feed = make_feed(
        "file", "observation", timezone="Europe/Madrid", options=options,
        path=str(records / "madrid/air/realtime/*/*.json"),
    )  # fmt: skip

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    assert found.rejected == []
    assert len(found.accepted) > 6_000


def test_sixty_five_payloads_after_each_other(make_feed, records, now):
    (path,) = (records / "wire/mqtt").iterdir()
    options = {
        "lines": True,
        "quarantine_limit": 1.0,
        "columns": {
            "site_id": "dev_id",
            "observed_at": {"column": "payload_fields.timestamp", "format": "epoch_s"},
            "quantity": {"value": "temperature"},
            "value": {"column": "/payload_fields/waterTemperature", "unit": "°C"},
            "lat": "/payload_fields/Lat",
            "lon": "/payload_fields/Lon",
        },
    }

    found = anyjson.parse(path.read_bytes(), make_feed("json", "observation", options=options), now)

    body = path.read_text()
    assert len(found.accepted) + len(found.rejected) == body.count('"dev_id"') == 65
    assert len(found.accepted) == body.count('"timestamp"') == 29
    assert {one.reason for one in found.rejected} == {"observed_at is missing"}
    first = found.accepted[0]
    assert (first.site_id, first.value) == ("357518080168982", 14.39)
    assert (first.lat, first.lon) == (52.2261655, 5.1747002)
    assert first.observed_at == datetime(2019, 10, 29, 12, 10, 9, tzinfo=UTC)


def test_the_cisa_catalogue_as_notices(make_feed, records, now):
    body = (records / "cyber/cisa_kev.json").read_bytes()
    options = {
        "rows": "/vulnerabilities",
        "published_at": "/dateReleased",
        "columns": {
            "notice_id": "cveID",
            "headline": "vulnerabilityName",
            "effective": "dateAdded",
            "severity": {
                "column": "knownRansomwareCampaignUse",
                "map": {"Known": "severe", "Unknown": "unknown"},
            },
            "event": "product",
        },
    }

    found = anyjson.parse(body, make_feed("json", "notice", options=options), now)

    rows = json.loads(body)["vulnerabilities"]
    assert found.rejected == []
    assert len(found.accepted) == len(rows) == 1404
    assert found.accepted[0].notice_id == "CVE-2025-48384"
    assert found.published_at == datetime(2025, 8, 25, 17, 4, 19, 979600, tzinfo=UTC)


def test_openaq_measurements_with_sentinels_and_nulls(make_feed, records, now):
    body = (records / "wire/openaq/measurements_1000.json").read_bytes()
    options = {
        "rows": "/results",
        "columns": {
            "site_id": {"value": "s"},
            "observed_at": "period.datetimeTo.utc",
            "quantity": "parameter.name",
            "unit": "parameter.units",
            "value": {"column": "value", "missing": [-9999, 9999, 999]},
        },
    }

    found = anyjson.parse(body, make_feed("json", "observation", options=options), now)

    rows = json.loads(body)["results"]
    known = [r["value"] for r in rows if r["value"] not in (None, -9999, 9999, 999)]
    assert found.rejected == []
    assert len(found.accepted) == len(rows)
    assert sum(f.value for f in found.accepted if f.value is not None) == pytest.approx(sum(known))


@pytest.mark.parametrize("number", [1, 2])
def test_socrata_rows_with_numbers_as_texts(make_feed, records, now, number):
    body = (records / f"wire/soda/bike_counts_page_{number}.json").read_bytes()
    options = {
        "columns": {
            "site_id": "id",
            "observed_at": "date",
            "quantity": {"value": "footfall"},
            "value": "counts",
        }
    }
    feed = make_feed("json", "observation", timezone="America/Montreal", options=options)

    found = anyjson.parse(body, feed, now)

    rows = json.loads(body)
    assert found.rejected == []
    assert sum(f.value for f in found.accepted) == sum(float(r["counts"]) for r in rows)


def test_django_fixtures_hold_requests_inside_rows(make_feed, records, now):
    (path,) = (records / "sf/311").iterdir()
    options = {
        "only": {"model": "dashboard.request"},
        "quarantine_limit": 1.0,
        "columns": {
            "case_id": "fields.service_request_id",
            "opened_at": "fields.requested_datetime",
            "updated_at": "fields.updated_datetime",
            "service": "fields.service_name",
            "status": {"column": "fields.status", "map": {"Open": "open", "Closed": "closed"}},
        },
    }
    feed = make_feed("json", "case", timezone="America/Los_Angeles", options=options)

    found = anyjson.parse(path.read_bytes(), feed, now)

    assert len(found.accepted) + len(found.rejected) == 500
    assert len(found.accepted) == 500


def test_the_weather_service_forecast_by_the_hour(make_feed, records, now):
    body = (records / "wire/nws/gridpoints_forecast_hourly_us.json").read_bytes()
    options = {
        "rows": "/properties/periods",
        "published_at": "/properties/updated",
        "columns": {
            "site_id": {"value": "grid"},
            "observed_at": "startTime",
            "quantity": {"value": "temperature"},
            "value": "temperature",
            "unit": "temperatureUnit",
        },
    }

    found = anyjson.parse(body, make_feed("json", "observation", options=options), now)

    rows = json.loads(body)["properties"]["periods"]
    assert found.rejected == []
    assert len(found.accepted) == len(rows)
    assert found.accepted[0].value == pytest.approx((rows[0]["temperature"] - 32) / 1.8)
