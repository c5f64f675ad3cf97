"""CKAN, OpenDataSoft and DKAN: three dialects; bodies written after their documentation."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, again, ckan, poll, problems

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://data.city.example"
COLUMNS = {"case_id": "REQ", "opened_at": "CREATED", "service": "TYPE"}
OPTIONS = {"columns": COLUMNS, "resource_id": "res-1"}
LIMITS = Limits(sleep=lambda _: None)


def row(number, **about):
    return {
        "_id": number,
        "REQ": f"R{number}",
        "CREATED": "2026-11-23 09:00:00",
        "TYPE": "Pothole",
    } | about


class Portal:
    """A CKAN portal: one package, one datastore that lowers every limit to ``cap``."""

    def __init__(self, *rows, cap=100, changed="2026-11-24T06:00:00.123456", **resource):
        self.rows = list(rows)
        self.cap = cap
        self.asked = []
        self.resource = {
            "id": "res-1",
            "name": "Requests 2026",
            "format": "CSV",
            "url": f"{URL}/files/requests.csv",
            "last_modified": changed,
            "datastore_active": True,
        } | resource
        self.others = []

    def answer(self, request):
        asked = dict(request.url.params)
        self.asked.append((request.url.path.rsplit("/", 1)[-1], asked))
        match request.url.path.rsplit("/", 1)[-1]:
            case "resource_show":
                return self.said(self.resource)
            case "package_show":
                return self.said({"resources": [*self.others, self.resource]})
            case "datastore_search":
                return self.search(asked)
            case "requests.csv":
                body = "REQ;CREATED;TYPE\nR1;23/11/2026 09:00;Pothole\n"
                return httpx.Response(200, text=body)
        return httpx.Response(404)

    def search(self, asked):
        if not self.resource["datastore_active"]:
            error = {"__type": "Not Found Error", "message": "Not found: Resource"}
            return httpx.Response(404, json={"success": False, "error": error})
        rows = sorted(self.rows, key=lambda r: r["_id"], reverse=asked["sort"] == "_id desc")
        for name, wanted in json.loads(asked.get("filters", "{}")).items():
            rows = [r for r in rows if r[name] in ([wanted] if isinstance(wanted, str) else wanted)]
        start, size = int(asked["offset"]), min(self.cap, int(asked["limit"]))
        return self.said({"records": rows[start : start + size], "total": len(rows), "fields": []})

    @staticmethod
    def said(result):
        return httpx.Response(200, json={"success": True, "result": result})

    @property
    def pages(self):
        return [about for name, about in self.asked if name == "datastore_search"]


def read(make_feed, portal, memory=None, *, now=NOW, columns=COLUMNS, **options):
    feed = make_feed(
        "ckan",
        "case",
        url=URL,
        timezone="America/Toronto",
        options={"columns": columns, "resource_id": "res-1"} | options,
    )
    client = httpx.Client(transport=httpx.MockTransport(portal.answer))
    return poll(feed, client, memory or {}, now=now, limits=LIMITS)


def ids(found):
    return [case.case_id for case in found.parsed.accepted]


def test_rows_become_cases_in_the_zone_of_the_feed(make_feed):
    found = read(make_feed, Portal(row(1)))

    (case,) = found.parsed.accepted
    assert (case.case_id, case.service) == ("R1", "Pothole")
    assert case.opened_at == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    assert found.parsed.published_at == datetime(2026, 11, 24, 6, 0, 0, 123456, tzinfo=UTC)


def test_a_limit_that_was_lowered_without_a_word_loses_nothing(make_feed):
    portal = Portal(*[row(n) for n in range(1, 251)], cap=32)

    assert ids(read(make_feed, portal, page_size=1000)) == [f"R{n}" for n in range(1, 251)]


def test_an_estimated_total_is_not_believed(make_feed):
    portal = Portal(*[row(n) for n in range(1, 8)], cap=3)
    honest = portal.said
    portal.said = lambda result: honest(result | {"total": 4, "total_was_estimated": True})

    assert len(ids(read(make_feed, portal))) == 7


def test_a_long_resource_is_continued_and_nothing_skipped(make_feed):
    portal = Portal(*[row(n) for n in range(1, 24)], cap=5)
    seen, memory = [], {}

    for _ in range(4):
        found = read(make_feed, portal, memory, max_rows=10)
        seen += ids(found)
        memory = found.memory

    assert seen == [f"R{n}" for n in range(1, 24)]


def test_rows_that_moved_between_two_parts_cause_a_new_beginning(make_feed):
    portal = Portal(*[row(n) for n in range(1, 9)], cap=4)
    first = read(make_feed, portal, max_rows=4)
    del portal.rows[0]

    second = read(make_feed, portal, first.memory, max_rows=8)

    assert ids(second) == [f"R{n}" for n in range(2, 9)]


def test_nothing_new_reads_no_rows(make_feed):
    portal = Portal(row(1))
    first = read(make_feed, portal)
    n_asked = len(portal.pages)

    second = read(make_feed, portal, first.memory)

    assert second.not_modified
    assert len(portal.pages) == n_asked + 1  # the newest row only


def test_rows_that_were_added_are_seen_though_the_resource_did_not_change(make_feed):
    portal = Portal(row(1))
    first = read(make_feed, portal)
    portal.rows.append(row(2))

    assert ids(read(make_feed, portal, first.memory)) == ["R1", "R2"]


def test_what_only_grows_is_read_from_where_it_ended(make_feed):
    portal = Portal(row(1), row(2))
    first = read(make_feed, portal, appends=True)
    portal.rows.append(row(3))

    assert ids(read(make_feed, portal, first.memory, appends=True)) == ["R3"]


def test_a_change_in_place_is_found_by_the_recount(make_feed):
    portal = Portal(row(1))
    first = read(make_feed, portal)
    portal.rows[0]["TYPE"] = "Graffiti"

    soon = read(make_feed, portal, first.memory, now=NOW + timedelta(hours=1))
    later = read(make_feed, portal, first.memory, now=NOW + timedelta(days=1))

    assert soon.not_modified
    assert later.parsed.accepted[0].service == "Graffiti"


def test_a_recount_that_brings_the_same_is_nothing_new(make_feed):
    portal = Portal(row(1))
    first = read(make_feed, portal)

    assert read(make_feed, portal, first.memory, now=NOW + timedelta(days=2)).not_modified


def test_a_package_gives_its_newest_resource_of_that_name(make_feed):
    portal = Portal(row(1))
    portal.others = [
        portal.resource | {"id": "old", "name": "Requests 2025", "last_modified": "2025-12-31"},
        portal.resource
        | {"id": "pdf", "name": "Read me", "format": "PDF", "last_modified": "2027"},
    ]
    options = {"resource_id": None, "package": "requests", "resource_name": "requests *"}

    found = read(make_feed, portal, **options, resource_format="csv")

    assert ids(found) == ["R1"]
    assert portal.pages[-1]["resource_id"] == "res-1"
    with pytest.raises(FeedError, match=r"no such resource; there are .*Requests 2026 \(CSV\)"):
        read(make_feed, portal, **options | {"resource_name": "permits"})


def test_filters_are_asked_for(make_feed):
    portal = Portal(row(1), row(2, TYPE="Graffiti"), row(3, TYPE="Noise"))

    assert ids(read(make_feed, portal, filters={"TYPE": ["Graffiti", "Noise"]})) == ["R2", "R3"]


def test_a_resource_without_rows_is_read_as_the_file_that_it_is(make_feed):
    portal = Portal(datastore_active=False)
    columns = COLUMNS | {"opened_at": {"column": "CREATED", "format": "%d/%m/%Y %H:%M"}}

    found = read(make_feed, portal, columns=columns, file={"separator": ";"})

    assert ids(found) == ["R1"]
    assert read(make_feed, portal, found.memory, columns=columns).not_modified


def test_a_datastore_that_is_gone_leads_to_the_file(make_feed):
    portal = Portal()
    portal.search = lambda _: httpx.Response(
        404, json={"success": False, "error": {"message": "Not found"}}
    )
    columns = COLUMNS | {"opened_at": {"column": "CREATED", "format": "%d/%m/%Y %H:%M"}}

    assert ids(read(make_feed, portal, columns=columns, file={"separator": ";"})) == ["R1"]


def test_a_file_elsewhere_is_not_fetched_unless_the_pack_names_its_host(make_feed):
    portal = Portal(datastore_active=False, url="https://bucket.example/r.csv")

    with pytest.raises(FeedError, match=r"bucket\.example"):
        read(make_feed, portal)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"success": False, "error": {"message": "Access denied"}}, "Access denied"),
        ({"success": False, "error": {"resource_id": ["Missing value"]}}, "Missing value"),
        ({"success": True, "result": {"records": None}}, "no records"),
        ({"success": True, "result": None}, "no records"),
        ({"help": "…"}, "no success"),
    ],
)
def test_errors_under_200_say_what_the_portal_says(make_feed, body, said):
    feed = make_feed("ckan", "case", url=URL, options=OPTIONS)

    with pytest.raises(FeedError, match=said):
        ckan.parse(json.dumps(body).encode(), feed, NOW)


def test_a_page_for_people_under_200_fails_for_now(make_feed, answering):
    client = answering({"/api/3/action/datastore_search": "<!DOCTYPE html><title>WAF</title>"})
    feed = make_feed("ckan", "case", url=URL, options=OPTIONS)

    with pytest.raises(FeedError, match="HTML") as caught:
        poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert not caught.value.permanent


def test_a_portal_that_sends_one_page_again_and_again_is_told_of(make_feed):
    portal = Portal()
    portal.search = lambda _: portal.said({"records": [row(1)], "total": 3})

    found = read(make_feed, portal)

    assert ids(found) == ["R1"]
    assert found.parsed.rejected[0].reason.endswith("the same page again: 1 of 3 rows read")


def ods(n, size=None, changed="2026-11-24T06:00:00+00:00"):
    rows = [
        {
            "REQ": f"R{i}",
            "CREATED": "2026-11-23T09:00:00+01:00",
            "TYPE": "Nid",
            "geo_point_2d": {"lon": 2.35, "lat": 48.85},
        }
        for i in range(n)
    ]
    asked = []

    def answer(request):
        path, params = request.url.path, request.url.params
        asked.append(request)
        if path.endswith("/records"):
            at, limit = int(params["offset"]), int(params["limit"])
            if at + limit > 10_000 or limit > 100:
                return httpx.Response(400, json={"error_code": "InvalidRESTParameterError"})
            return httpx.Response(
                200, json={"total_count": n, "results": rows[at : at + (size or limit)]}
            )
        if path.endswith("/exports/json"):
            return httpx.Response(200, json=rows)
        return httpx.Response(200, json={"metas": {"default": {"modified": changed}}})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    client.asked = asked
    return client


def ods_feed(make_feed, **options):
    known = {"dialect": "opendatasoft", "resource_id": "signalements", "location": "geo_point_2d"}
    return make_feed("ckan", "case", url=URL, options={"columns": COLUMNS} | known | options)


def test_opendatasoft_is_read_in_pages_of_a_hundred(make_feed):
    client = ods(230)

    found = poll(ods_feed(make_feed), client, {}, now=NOW, limits=LIMITS)

    assert len(ids(found)) == 230
    case = found.parsed.accepted[0]
    assert (case.lat, case.lon, case.opened_at.hour) == (48.85, 2.35, 8)
    assert poll(ods_feed(make_feed), client, found.memory, now=NOW, limits=LIMITS).not_modified


def test_opendatasoft_beyond_ten_thousand_rows_is_exported(make_feed):
    client = ods(10_050)

    found = poll(
        ods_feed(make_feed, where="a > 1", filters={"TYPE": "Nid"}, order="REQ"),
        client, {}, now=NOW, limits=LIMITS,
    )  # fmt: skip

    assert len(ids(found)) == 10_050
    assert client.asked[-1].url.path.endswith("/exports/json")
    assert client.asked[-1].url.params["where"] == '(a > 1) and TYPE in ("Nid")'
    assert client.asked[-1].url.params["order_by"] == "REQ"


def test_dkan_is_read_by_its_query(make_feed):
    rows = [{"REQ": f"R{n}", "CREATED": "2026-11-23", "TYPE": "x"} for n in range(7)]
    asked = []

    def answer(request):
        asked.append(request)
        at = int(request.url.params["offset"])
        return httpx.Response(200, json={"results": rows[at : at + 3], "count": 7, "schema": {}})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    feed = make_feed(
        "ckan", "case", url=URL,
        options=OPTIONS | {"dialect": "dkan", "filters": {"TYPE": "x"}, "order": "REQ"},
    )  # fmt: skip

    found = poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert len(ids(found)) == 7
    assert asked[0].url.path == "/api/1/datastore/query/res-1"
    assert asked[0].url.params["conditions[0][property]"] == "TYPE"
    assert asked[0].url.params["sorts[0][property]"] == "REQ"
    assert poll(feed, client, found.memory, now=NOW, limits=LIMITS).not_modified


@pytest.mark.parametrize(
    ("dialect", "header"), [("ckan", "key-1234"), ("opendatasoft", "Apikey key-1234")]
)
def test_a_token_goes_into_the_header_of_its_dialect(make_feed, monkeypatch, dialect, header):
    monkeypatch.setenv("PORTAL", "key-1234")
    seen = set()

    def answer(request):
        seen.add(request.headers.get("authorization"))
        return httpx.Response(403, json={"success": False, "error": {"message": "no key-1234"}})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    feed = make_feed(
        "ckan", "case", url=URL, options=OPTIONS | {"dialect": dialect, "token": "env:PORTAL"}
    )

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=NOW, limits=LIMITS)

    assert seen == {header}
    assert "key-1234" not in str(caught.value)


def test_declarations_that_cannot_work_are_refused(make_feed):
    def said(**options):
        feed = make_feed("ckan", "case", url=URL, options={"columns": COLUMNS} | options)
        return "; ".join(problems(feed))

    assert "either resource_id or package" in said()
    assert "either resource_id or package" in said(resource_id="a", package="b")
    assert "needs resource_id" in said(package="b", dialect="dkan")
    assert "filters only" in said(resource_id="a", where="x = 1")
    assert "by _id" in said(resource_id="a", order="x")
    assert "file: " in said(resource_id="a", file={"separater": ";"})
    assert said(resource_id="a") == ""


def test_refused_rows_are_read_again_after_the_mapping_was_mended(make_feed):
    refused = read(make_feed, Portal(row(1), row(2, CREATED="23.11.2026"))).parsed.rejected
    mended = COLUMNS | {"opened_at": {"column": "CREATED", "format": ["iso", "%d.%m.%Y"]}}
    feed = make_feed("ckan", "case", url=URL, options=OPTIONS | {"columns": mended})

    found = again(feed, refused, {}, now=NOW)

    assert [case.case_id for case in found.accepted] == ["R2"]
