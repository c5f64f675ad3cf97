"""Permit reviews by GeoReport: whole, stable, and mostly decided when due."""

import json

import numpy as np
import pytest

from demo import permits
from demo.calls import Call
from demo.georeport import GeoReportError
from demo.routes import answer

from .conftest import instant

NOW = instant("2026-11-24T15:00:00+00:00")
DAY = 86_400


def span(first: str, last: str, **more: str) -> dict[str, str]:
    return {"start_date": f"{first}T00:00:00Z", "end_date": f"{last}T00:00:00Z"} | more


def test_most_reviews_are_decided_when_due_and_none_before_it_was_asked_for(world):
    rows = permits.between(world, NOW - 200 * DAY, NOW - 120 * DAY)

    assert 0.82 < (rows.closed <= rows.due).mean() < 0.95
    assert (rows.closed > rows.opened).all()
    assert len(set(rows.id.tolist())) == len(rows)
    assert 3_500 < len(rows) < 7_500


def test_a_review_is_listed_as_it_stood(world):
    (first, *_) = permits.listed(world, span("2026-10-01", "2026-10-02"), now=NOW)
    name = first["service_request_id"]
    row = permits.named(world, [name])

    before = permits.single(world, name, now=int(row.closed[0]) - 1)
    after = permits.single(world, name, now=int(row.closed[0]))

    assert (before[0]["status"], after[0]["status"]) == ("open", "closed")
    assert before[0]["updated_datetime"] == before[0]["requested_datetime"]
    assert first["agency_responsible"] == permits.AGENCY


def test_what_changed_and_what_is_open_can_be_asked_for(world):
    window = span("2026-09-15", "2026-11-24")
    changed = permits.listed(world, window | {"updated_after": "2026-11-23T15:00:00Z"}, now=NOW)
    is_open = permits.listed(world, window | {"status": "open", "page_size": "5"}, now=NOW)
    one_kind = permits.listed(world, window | {"service_code": "P30", "page_size": "5"}, now=NOW)

    assert changed
    assert all(row["updated_datetime"] >= "2026-11-23T10:00:00" for row in changed)
    assert {row["status"] for row in is_open} == {"open"}
    assert {row["service_name"] for row in one_kind} == {"New building permit"}


def test_pages_lose_and_repeat_nothing(world):
    window = span("2026-11-16", "2026-11-21")
    whole = permits.listed(world, window, now=NOW)
    pages = [
        row
        for page in range(1, 9)
        for row in permits.listed(world, window | {"page": str(page), "page_size": "100"}, now=NOW)
    ]

    assert 300 < len(whole) < 800
    assert pages == whole


def test_ids_that_nobody_drew_are_refused_or_left_out(world):
    with pytest.raises(GeoReportError, match="not found"):
        permits.single(world, "2099999999", now=NOW)
    assert permits.listed(world, {"service_request_id": "x,99999999999999"}, now=NOW) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/permits/v2/services.json", 200),
        ("/permits/v2/requests.json", 200),
        ("/permits/v2/requests/nothing.json", 404),
        ("/permits/v2/services/P10.json", 404),
        ("/permits/v2/requests.xml", 404),
    ],
)
def test_the_portal_answers_in_the_words_of_the_standard(world, path, status):
    reply = answer(Call(world, "http://x", path, "", NOW))

    assert reply.status == status
    assert json.loads(reply.body)


def test_permits_and_requests_are_apart(world):
    def names(path):
        body = json.loads(answer(Call(world, "http://x", path, "page_size=50", NOW)).body)
        return {row["service_name"] for row in body}

    assert not names("/permits/v2/requests.json") & names("/open311/v2/requests.json")
    assert np.isfinite(permits.between(world, NOW - DAY, NOW).lat).all()
