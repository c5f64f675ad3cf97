"""SODA 2.1 and 3: paging, increments and the dirt; bodies written after dev.socrata.com."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, again, poll, problems, socrata

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COLUMNS = {
    "case_id": "unique_key",
    "opened_at": "created_date",
    "closed_at": "closed_date",
    "service": "complaint_type",
}
OPTIONS = {"dataset": "abcd-1234", "columns": COLUMNS, "location": "location"}
URL = "https://data.city.example"
LIMITS = Limits(sleep=lambda _: None)


def row(number, minute=0, **about):
    return {
        ":id": f"row-{number:04}",
        ":updated_at": f"2026-11-24T08:{minute:02}:00.000Z",
        "unique_key": str(number),
        "created_date": "2026-11-23T09:00:00.000",
        "complaint_type": "Pothole",
    } | about


class Portal:
    """A portal that understands the few questions that we ask, versions 2.1 and 3."""

    def __init__(self, *rows, changed=1795500000, columns=(), has_version_3=True):
        self.rows = list(rows)
        self.changed = changed
        self.columns = columns
        self.has_version_3 = has_version_3
        self.asked = []

    def answer(self, request):
        if request.url.path.startswith("/api/views/"):
            columns = [{"fieldName": name} for name in self.columns]
            return httpx.Response(200, json={"rowsUpdatedAt": self.changed, "columns": columns})
        self.asked.append(request)
        if request.url.path.startswith("/api/v3/"):
            if not self.has_version_3:
                return httpx.Response(404, json={"message": "no"})
            body = json.loads(request.content)
            page = body["page"]
            return self.page(
                body["query"],
                (page["pageNumber"] - 1) * page["pageSize"],
                page["pageSize"],
            )
        asked = request.url.params
        return self.page(asked.get("$where", ""), int(asked["$offset"]), int(asked["$limit"]))

    def page(self, where, offset, limit):
        match = re.search(r":updated_at >= '([^']+)'", where)
        least = datetime.fromisoformat(match[1]) if match else datetime.min.replace(tzinfo=UTC)
        found = [r for r in self.rows if datetime.fromisoformat(r[":updated_at"]) >= least]
        found.sort(key=lambda r: (r[":updated_at"], r[":id"]))
        return httpx.Response(200, json=found[offset : offset + limit])

    @property
    def client(self):
        return httpx.Client(transport=httpx.MockTransport(self.answer))


def read(make_feed, portal, memory=None, *, now=NOW, gives="case", **options):
    feed = make_feed(
        "socrata", gives, url=URL, timezone="America/New_York", options=OPTIONS | options
    )
    return poll(feed, portal.client, memory or {}, now=now, limits=LIMITS)


def ids(found):
    return [case.case_id for case in found.parsed.accepted]


def test_a_row_becomes_a_case_in_the_zone_of_the_feed(make_feed):
    portal = Portal(
        row(
            1,
            closed_date="2026-11-23T15:00:00.000Z",
            location={"type": "Point", "coordinates": [-73.9, 40.7]},
        )
    )

    found = read(make_feed, portal)

    (case,) = found.parsed.accepted
    assert case.opened_at == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # floating: New York
    assert case.closed_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # fixed: Z
    assert (case.lat, case.lon, case.status) == (40.7, -73.9, "closed")
    assert found.parsed.published_at == datetime.fromtimestamp(1795500000, UTC)


def test_only_what_the_mapping_reads_is_asked_for(make_feed):
    portal = Portal(row(1))

    read(make_feed, portal)

    asked = portal.asked[0].url.params
    assert asked["$select"] == (
        ":id,:updated_at,closed_date,complaint_type,created_date,location,unique_key"
    )
    assert asked["$order"] == ":updated_at,:id"


@pytest.mark.parametrize(
    "place",
    [
        {"type": "Point", "coordinates": [-73.9, 40.7]},
        {"latitude": "40.7", "longitude": "-73.9", "human_address": "{}", "needs_recoding": False},
        "POINT (-73.9 40.7)",
    ],
)
def test_points_are_read_in_every_dress(make_feed, place):
    (case,) = read(make_feed, Portal(row(1, location=place))).parsed.accepted

    assert (case.lat, case.lon) == (40.7, -73.9)


@pytest.mark.parametrize("place", [None, {"human_address": "{}"}, {"latitude": None}, ""])
def test_no_point_is_no_place(make_feed, place):
    (case,) = read(make_feed, Portal(row(1, location=place))).parsed.accepted

    assert (case.lat, case.lon) == (None, None)


def test_a_place_that_makes_no_sense_costs_its_row(make_feed):
    bad = row(2, location={"type": "Point", "coordinates": [987_654.0, 201_000.0]})

    found = read(make_feed, Portal(row(1), bad, row(3))).parsed

    assert [case.case_id for case in found.accepted] == ["1", "3"]
    assert (found.rejected[0].line, "no degrees" in found.rejected[0].reason) == (2, True)


@pytest.mark.parametrize("has_token", [False, True])
@pytest.mark.parametrize("n_ties", [1, 7, 25])
def test_pages_and_polls_skip_nothing_whatever_the_ties(make_feed, monkeypatch, has_token, n_ties):
    monkeypatch.setenv("SODA", "token-1234")
    portal = Portal(*[row(n, n // n_ties) for n in range(25)])
    more = {"token": "env:SODA"} if has_token else {}
    seen, memory = [], {}

    for _ in range(10):
        found = read(make_feed, portal, memory, page_size=3, max_rows=6, **more)
        seen += ids(found)
        memory = found.memory

    assert sorted(map(int, seen)) == list(range(25))
    assert not memory["socrata"]["more"]


def test_nothing_new_asks_for_the_metadata_only(make_feed):
    portal = Portal(row(1))
    first = read(make_feed, portal)

    second = read(make_feed, portal, first.memory)

    assert second.not_modified
    assert len(portal.asked) == 1


def test_what_was_updated_is_read_with_its_ties_and_an_overlap(make_feed):
    portal = Portal(row(1, 0), row(2, 30))
    first = read(make_feed, portal)
    portal.rows += [row(3, 30), row(4, 25), row(5, 40)]
    portal.changed += 1

    second = read(make_feed, portal, first.memory)

    assert ids(second) == ["4", "2", "3", "5"]


def test_rows_that_change_between_two_parts_are_not_lost(make_feed):
    portal = Portal(*[row(n, 5) for n in range(8)])
    first = read(make_feed, portal, page_size=2, max_rows=4)
    portal.rows[0] = row(0, 50)  # it leaves its place, and the others move up
    portal.changed += 1

    second = read(make_feed, portal, first.memory, page_size=2, max_rows=20)

    assert set(ids(second)) == {str(n) for n in range(8)}


def test_everything_is_counted_again_after_a_day(make_feed):
    portal = Portal(row(1, 0), row(2, 50))
    first = read(make_feed, portal)
    portal.changed += 1

    later = read(make_feed, portal, first.memory, now=NOW + timedelta(hours=23))
    recount = read(make_feed, portal, first.memory, now=NOW + timedelta(hours=24))

    assert ids(later) == ["2"]
    assert ids(recount) == ["1", "2"]


def test_the_first_poll_may_begin_late(make_feed):
    found = read(make_feed, Portal(row(1, 0), row(2, 50)), since="3h")

    assert ids(found) == []

    found = read(make_feed, Portal(row(1, 0), row(2, 50)), since="4h")

    assert ids(found) == ["1", "2"]


def test_a_token_opens_version_3(make_feed, monkeypatch):
    monkeypatch.setenv("SODA", "token-1234")
    portal = Portal(row(1))

    read(make_feed, portal, token="env:SODA", where="borough = 'BRONX'")

    (asked,) = portal.asked
    body = json.loads(asked.content)
    assert asked.url.path == "/api/v3/views/abcd-1234/query.json"
    assert asked.headers["x-app-token"] == "token-1234"
    assert body["query"].endswith("WHERE (borough = 'BRONX') ORDER BY :updated_at,:id")
    assert body["page"] == {"pageNumber": 1, "pageSize": 1000}


def test_a_portal_without_version_3_is_asked_in_2_1(make_feed, monkeypatch):
    monkeypatch.setenv("SODA", "token-1234")

    found = read(make_feed, Portal(row(1), has_version_3=False), token="env:SODA")

    assert ids(found) == ["1"]


def test_a_renamed_column_names_its_neighbour(make_feed):
    portal = Portal(row(1), columns=("unique_key", "created_dt", "closed_date", "complaint_type"))

    with pytest.raises(FeedError, match="no column 'created_date'; did you mean 'created_dt'"):
        read(make_feed, portal)


def test_without_metadata_a_missing_column_is_named_from_the_rows(make_feed, answering):
    bare = row(1)
    del bare["created_date"]
    client = answering({"/resource/abcd-1234.json": [bare]})
    feed = make_feed("socrata", "case", url=URL, options=OPTIONS)

    with pytest.raises(FeedError, match="no column 'created_date' in any row"):
        poll(feed, client, {}, now=NOW, limits=LIMITS)


def test_an_absent_member_is_missing(make_feed):
    full, bare = row(1), row(2)
    del bare["complaint_type"]

    found = read(make_feed, Portal(full, bare)).parsed.accepted

    assert [case.service for case in found] == ["Pothole", None]


def test_data_sets_without_updates_are_counted_off(make_feed):
    def bare(number):
        return {name: value for name, value in row(number).items() if name != ":updated_at"}

    rows = [bare(n) for n in range(5)]

    def answer(request):
        if "/api/views/" in request.url.path:
            return httpx.Response(403, json={"message": "no", "error": True})
        offset = int(request.url.params["$offset"])
        return httpx.Response(200, json=rows[offset : offset + 2])

    client = httpx.Client(transport=httpx.MockTransport(answer))
    feed = make_feed(
        "socrata", "case", url=URL, options=OPTIONS | {"page_size": 2, "incremental": False}
    )

    found = poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert ids(found) == ["0", "1", "2", "3", "4"]


def test_one_page_again_and_again_is_an_error(make_feed, answering):
    client = answering({"/resource/abcd-1234.json": [row(1), row(2)]})
    feed = make_feed("socrata", "case", url=URL, options=OPTIONS | {"page_size": 2})

    with pytest.raises(FeedError, match="the same page again"):
        poll(feed, client, {}, now=NOW, limits=LIMITS)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"message": "You must be logged in", "error": True}, "logged in"),
        (429, {"message": "throttled"}, "429"),
        (200, {"message": "no such dataset", "error": True}, "no such dataset"),
        (200, {"rows": []}, "no list of rows"),
    ],
)
def test_errors_say_what_the_portal_says(make_feed, answering, status, body, said):
    client = answering({"/resource/abcd-1234.json": httpx.Response(status, json=body)})
    feed = make_feed("socrata", "case", url=URL, options=OPTIONS)

    with pytest.raises(FeedError, match=said) as caught:
        poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert caught.value.permanent is (status != 429)


@pytest.mark.parametrize(
    "url",
    [
        "https://data.city.example/resource/abcd-1234.json",
        "https://data.city.example/resource/abcd-1234.json?$where=id=%27wxyz-9876%27",
        "https://data.city.example/d/abcd-1234",
        "https://data.city.example/api/v3/views/abcd-1234/query.json",
        "https://data.city.example/Social-Services/Requests/abcd-1234",
    ],
)
def test_the_url_may_be_that_of_the_data_set(make_feed, answering, url):
    client = answering({"/resource/abcd-1234.json": [row(1)]})
    options = {"columns": COLUMNS}
    feed = make_feed("socrata", "case", url=url, options=options)

    assert problems(feed) == []
    assert ids(poll(feed, client, {}, now=NOW, limits=LIMITS)) == ["1"]


def test_declarations_that_cannot_work_are_refused(make_feed):
    def said(**options):
        return "; ".join(problems(make_feed("socrata", "case", url=URL, options=options)))

    computed = COLUMNS | {"district": ":@computed_region_f5dn_yrer"}

    assert "dataset: missing" in said(columns=COLUMNS)
    assert "computed region" in said(**OPTIONS | {"columns": computed})
    assert "never stands in a pack" in said(**OPTIONS, token="secret")
    assert "no data set's id" in said(columns=COLUMNS, dataset="ABCD")
    assert "incremental" in said(**OPTIONS, since="1d", incremental=False)


def test_observations_and_notices_come_through_the_same_door(make_feed):
    count = {
        "site_id": "id",
        "observed_at": "date",
        "quantity": {"value": "footfall"},
        "value": {"column": "counts", "unit": "count"},
    }
    body = b'[{"id":"1","date":"2026-11-24T06:45:00.000","counts":"100"},{"id":"1"}]'
    feed = make_feed(
        "socrata", "observation", url=URL, timezone="America/New_York",
        options={"dataset": "abcd-1234", "columns": count},
    )  # fmt: skip

    found = socrata.parse(body, feed, NOW)

    assert (found.accepted[0].value, found.accepted[0].observed_at.hour) == (100.0, 11)
    assert [r.reason for r in found.rejected] == ["observed_at is missing"]


def test_refused_rows_are_read_again_after_the_mapping_was_mended(make_feed):
    bad = row(2, created_date="11/23/2026", location={"latitude": "40.7", "longitude": "-73.9"})
    refused = read(make_feed, Portal(row(1), bad)).parsed.rejected
    mended = COLUMNS | {"opened_at": {"column": "created_date", "format": "%m/%d/%Y"}}
    feed = make_feed("socrata", "case", url=URL, options=OPTIONS | {"columns": mended})

    found = again(feed, refused, {}, now=NOW)

    assert [(case.case_id, case.lat) for case in found.accepted] == [("2", 40.7)]
    assert found.rejected == []


def test_what_still_lacks_its_column_or_is_cut_off_stays_refused(make_feed):
    bare = row(2)
    del bare["created_date"]
    (lacking,) = read(make_feed, Portal(row(1), bare, row(3))).parsed.rejected
    broken = replace(lacking, raw='{"unique_key": "9", "created')
    feed = make_feed("socrata", "case", url=URL, options=OPTIONS)

    found = again(feed, [lacking, broken], {}, now=NOW)

    assert found.accepted == []
    assert [one.line for one in found.rejected] == [2, 2]
