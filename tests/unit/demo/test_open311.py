"""GeoReport v2 as its readers rely on it: window, cap, paging, ids, and closings as of now."""

from datetime import datetime

import pytest

from demo import open311
from demo.incidents import World
from demo.open311 import GeoReportError

from .conftest import SEED, instant

NOW = instant("2026-11-24T15:03:10+00:00")
CALM = World(SEED, has_programme=False)
FIELDS = {
    *("service_request_id", "status", "status_notes", "service_name", "service_code"),
    *("description", "agency_responsible", "service_notice", "requested_datetime"),
    *("updated_datetime", "expected_datetime", "address", "address_id", "zipcode"),
    *("lat", "long", "media_url"),
}


def listed(now=NOW, **options):
    return open311.listed(CALM, options, now=now)


def at(row, name):
    return datetime.fromisoformat(row[f"{name}_datetime"])


def test_a_request_has_every_field_of_the_standard():
    for row in listed(page_size="50"):
        assert set(row) == FIELDS
        assert row["status"] in {"open", "closed"}
        assert at(row, "requested") <= at(row, "updated")
        assert at(row, "expected") > at(row, "requested")
        assert at(row, "requested").utcoffset() is not None
        assert isinstance(row["lat"], float)
        assert isinstance(row["long"], float)


def test_without_options_the_newest_thousand_come():
    rows = listed()

    assert len(rows) == 1000
    times = [at(row, "requested") for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[0].timestamp() <= NOW


def test_pages_of_a_closed_window_hold_each_request_once():
    window = {"start_date": "2026-11-20T00:00:00Z", "end_date": "2026-11-21T00:00:00Z"}
    pages = [listed(**window, page=str(n), page_size="700") for n in range(1, 9)]
    ids = [row["service_request_id"] for page in pages for row in page]

    assert [len(page) for page in pages].count(700) >= 3
    assert pages[-1] == []
    assert len(ids) == len(set(ids))
    hours = [
        listed(start_date=f"2026-11-20T{h:02}:00:00Z", end_date=f"2026-11-20T{h:02}:59:59Z")
        for h in range(24)
    ]
    assert {row["service_request_id"] for rows in hours for row in rows} == set(ids)


def test_filters_narrow_the_list():
    rows = listed(service_code="402,501", status="open", page_size="200")

    assert rows
    assert {row["service_code"] for row in rows} <= {"402", "501"}
    assert {row["status"] for row in rows} == {"open"}


def test_ids_override_all_else_and_unknown_ones_are_left_out():
    some = [row["service_request_id"] for row in listed(page_size="3")]

    rows = listed(service_request_id=",".join([*some, "1", "20261124990000001"]), status="closed")

    assert sorted(row["service_request_id"] for row in rows) == sorted(some)


def test_a_closing_is_told_when_it_has_happened_and_not_before():
    earlier = instant("2026-11-10T15:00:00+00:00")
    before = listed(earlier, status="open", page_size="300")
    ids = ",".join(row["service_request_id"] for row in before)
    after = {row["service_request_id"]: row for row in listed(service_request_id=ids)}

    closed = [row for row in after.values() if row["status"] == "closed"]
    assert len(after) == len(before) == 300
    assert 100 < len(closed) < 300
    for row in closed:
        assert earlier < at(row, "updated").timestamp() <= NOW
    for row in before:
        same = {**after[row["service_request_id"]]}
        for name in ("status", "status_notes", "updated_datetime"):
            same[name] = row[name]
        assert same == row


def test_changes_can_be_asked_for_since_an_instant():
    rows = listed(updated_after="2026-11-24T14:00:00Z")

    assert rows
    first = datetime.fromisoformat("2026-11-24T14:00:00+00:00")
    assert all(at(row, "updated") >= first for row in rows)
    assert any(row["status"] == "closed" for row in rows)


def test_a_single_request_comes_in_a_list_and_only_once_it_exists():
    row = listed(page_size="1")[0]

    assert open311.single(CALM, row["service_request_id"], now=NOW) == [row]
    with pytest.raises(GeoReportError, match="not found"):
        open311.single(CALM, row["service_request_id"], now=NOW - 86400)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"start_date": "2026-11-20"}, 400),
        ({"start_date": "2026-11-20T00:00:00"}, 400),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ({"start_date": "2026-11-22T00:00:00Z", "end_date": "2026-11-21T00:00:00Z"}, 400),
        ({"status": "lost"}, 400),
        ({"service_code": "999"}, 404),
        ({"page_size": "0"}, 400),
        ({"page": "x"}, 400),
    ],
)
def test_a_senseless_question_is_refused_in_the_words_of_the_standard(options, code):
    with pytest.raises(GeoReportError) as caught:
        listed(**options)

    assert caught.value.code == code
    assert caught.value.body == [{"code": code, "description": caught.value.description}]


def test_services_and_their_definitions_fit_together():
    services = open311.services()

    for service in services:
        assert {"service_code", "service_name", "description", "metadata", "type"} <= set(service)
        found = open311.definition(service["service_code"])
        assert found == {"service_code": service["service_code"], "attributes": []}
    with pytest.raises(GeoReportError):
        open311.definition("999")
