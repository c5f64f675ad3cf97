"""Open311 GeoReport v2, JSON and XML; bodies written after the standard."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, open311, poll, problems
from model import Case

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BASE = "https://city.example/v2"


def request(**about):
    return {
        "service_request_id": "638344",
        "status": "open",
        "service_name": "Sidewalk",
        "service_code": "006",
        "agency_responsible": "DPW",
        "requested_datetime": "2026-11-24T05:00:00-05:00",
        "updated_datetime": None,
        "expected_datetime": "2026-11-26T05:00:00-05:00",
        "lat": "45.5",
        "long": "-73.6",
    } | about


def xml(*rows, root="service_requests"):
    inside = "".join(
        "<request>"
        + "".join(f"<{k}>{v}</{k}>" if v else f"<{k}/>" for k, v in row.items())
        + "</request>"
        for row in rows
    )
    return f'\n<?xml version="1.0" encoding="utf-8"?><{root}>{inside}</{root}>'.encode()


def parsed(make_feed, body, **options):
    feed = make_feed("open311", "case", timezone="America/Montreal", options=options)
    return open311.parse(httpx.Response(200, json=body).content, feed, NOW)


def test_json_and_xml_give_the_same_case(make_feed):
    feed = make_feed("open311", "case")

    (one,) = parsed(make_feed, [request()]).accepted
    (other,) = open311.parse(xml(request()), feed, NOW).accepted

    assert one == other
    assert isinstance(one, Case)
    assert one.opened_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert one.due_at == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert (one.case_id, one.status, one.closed_at) == ("638344", "open", None)
    assert (one.service, one.department, one.updated_at) == ("Sidewalk", "DPW", None)
    assert (one.lat, one.lon) == (45.5, -73.6)


@pytest.mark.parametrize(
    "body",
    [
        request(),
        {"service_requests": [request()]},
        {"service_requests": {"request": [request()]}},
        {"service_requests": {"request": request()}},
    ],
)
def test_a_single_request_need_not_stand_in_a_list(make_feed, body):
    assert len(parsed(make_feed, body).accepted) == 1


def test_a_closed_request_closed_when_it_was_last_updated(make_feed):
    updated = "2026-11-24T06:00:00-05:00"
    closed = request(status="Closed", updated_datetime=updated)
    exact = closed | {"closed_datetime": "2026-11-24T05:30:00-05:00"}

    found = parsed(make_feed, [closed, exact]).accepted

    assert [case.closed_at.hour * 60 + case.closed_at.minute for case in found] == [660, 630]


def test_naive_times_and_distrusted_offsets_belong_to_the_citys_zone(make_feed):
    row = request(requested_datetime="2026-04-14T06:00:00-05:00")  # summer, with winter's offset

    assert parsed(make_feed, [row]).accepted[0].opened_at.hour == 11
    assert parsed(make_feed, [row], ignore_offset=True).accepted[0].opened_at.hour == 10


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"status": "pending"}, "status 'pending' is neither open nor closed"),
        ({"status": None}, "status None"),
        ({"requested_datetime": ""}, "requested_datetime is missing"),
        ({"service_request_id": None}, "service_request_id is missing"),
        ({"requested_datetime": "24.11.2026"}, "requested_datetime: '24.11.2026' is no ISO"),
        ({"expected_datetime": "soon"}, "expected_datetime: 'soon' is no ISO"),
        ({"service_request_id": ["1"]}, "service_request_id is no id"),
        ({"service_request_id": 1.5}, "service_request_id is no id"),
        ({"service_request_id": 10**400}, "service_request_id is no id"),
        ({"service_request_id": " "}, "service_request_id is missing"),
    ],
)
def test_a_bad_request_is_quarantined_alone(make_feed, about, says):
    found = parsed(make_feed, [request(), request(**about)])

    assert len(found.accepted) == 1
    assert found.rejected[0].line == 2
    assert says in found.rejected[0].reason


@pytest.mark.parametrize(
    "place",
    [
        {"lat": ""},
        {"lat": "x"},
        {"lat": "45,5"},
        {"lat": "0", "long": "0"},
        {"lat": 999},
        {"lat": 10**400},
        {"lat": [45.5]},
        {"lat": "nan"},
    ],
)
def test_a_place_that_is_none_is_missing(make_feed, place):
    assert parsed(make_feed, [request(**place)]).accepted[0].lat is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'[{"code": 404, "description": "no such service"}]', "the source reports 404: no such"),
        (b'{"errors": [{"code": 1, "description": "x"}]}', "the source reports 1: x"),
        (
            b"<errors><error><code>404</code><description>gone</description></error></errors>",
            "404 gone",
        ),
        (b'HTTP/1.1 403 Forbidden\n\n<?xml version="1.0"?><error>no key</error>', "reports no key"),
        (b'{"error": "no such jurisdiction"}', "the source reports no such jurisdiction"),
        (b"<services/>", "'services' where service_requests"),
        (b'[{"service_request_id": ', "Expecting value"),
        (b"<service_requests><request>", "XML: no element found"),
        (b"[1, 2]", "no objects"),
        (b"OK", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><service_requests/>', "DTDForbidden"),
    ],
)
def test_errors_under_200_and_broken_bodies_fail(make_feed, answering, body, says):
    client = answering({"/v2/requests.json": body})

    with pytest.raises(FeedError, match=says) as caught:
        poll(make_feed("open311", "case", url=BASE), client, {}, now=NOW)

    assert caught.value.permanent


def test_no_requests_are_no_error(make_feed, answering):
    client = answering({"/v2/requests.json": []})

    found = poll(make_feed("open311", "case", url=BASE), client, {}, now=NOW)

    assert found.parsed.accepted == []
    assert found.memory["since"] == "2026-11-24T11:00:00Z"


class City:
    """A GeoReport endpoint over a list of requests, with a cap that it never mentions."""

    def __init__(self, n, *, cap=1000, pages=False):
        step = timedelta(hours=1)
        self.rows = {
            str(i): request(
                service_request_id=str(i), requested_datetime=(NOW - i * step).isoformat()
            )
            for i in range(1, n + 1)
        }
        self.cap, self.pages = cap, pages
        self.asked = []

    def client(self):
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, asked):
        query = dict(asked.url.params)
        self.asked.append(query)
        if "service_request_id" in query:
            ids = query["service_request_id"].split(",")
            rows = [self.rows[key] for key in ids if key in self.rows]
        else:
            low, high = (datetime.fromisoformat(query[k]) for k in ("start_date", "end_date"))
            rows = [
                row
                for row in self.rows.values()
                if low <= datetime.fromisoformat(row["requested_datetime"]) <= high
                and row["status"] in query.get("status", row["status"])
            ]
        if self.pages and "page" in query:
            size = int(query["page_size"])
            first = (int(query["page"]) - 1) * size
            return httpx.Response(200, json=rows[first : first + size])
        return httpx.Response(200, json=rows[: self.cap])


def ids(found):
    return sorted(int(case.case_id) for case in found.parsed.accepted)


@pytest.mark.parametrize(("n", "cap"), [(500, 1000), (500, 30), (500, 7), (100, 2)])
def test_full_windows_are_cut_until_everything_is_read(make_feed, n, cap):
    city = City(n, cap=cap)
    feed = make_feed("open311", "case", url=BASE, options={"cap": cap, "history": "60d"})

    found = poll(feed, city.client(), {}, now=NOW)

    assert ids(found) == list(range(1, n + 1))
    assert found.parsed.rejected == []


def test_a_window_that_stays_full_is_told(make_feed):
    city = City(0, cap=2)
    at = (NOW - timedelta(hours=3)).isoformat()
    city.rows = {
        str(i): request(service_request_id=str(i), requested_datetime=at) for i in range(5)
    }
    feed = make_feed("open311", "case", url=BASE, options={"cap": 2, "history": "1d"})

    found = poll(feed, city.client(), {}, now=NOW)

    assert any("some may be missing" in item.reason for item in found.parsed.rejected)


@pytest.mark.parametrize("pages", [True, False])
def test_pages_are_read_to_the_end_also_where_the_city_ignores_them(make_feed, pages):
    city = City(50, pages=pages)
    feed = make_feed("open311", "case", url=BASE, options={"page_size": 20, "history": "60d"})

    assert ids(poll(feed, city.client(), {}, now=NOW)) == list(range(1, 51))


def test_catching_up_starts_where_the_last_poll_ended(make_feed):
    city = City(100)
    feed = make_feed("open311", "case", url=BASE, options={"jurisdiction_id": "city.example"})

    found = poll(feed, city.client(), {"since": "2026-11-24T07:30:00Z", "open": {}}, now=NOW)

    assert ids(found) == [1, 2, 3, 4]
    assert city.asked[0] == {
        "start_date": "2026-11-24T07:30:00Z",
        "end_date": "2026-11-24T12:00:00Z",
        "jurisdiction_id": "city.example",
    }


def test_the_closing_of_an_old_request_is_learnt_by_asking_for_it_again(make_feed):
    city = City(30)
    feed = make_feed("open311", "case", url=BASE)
    first = poll(feed, city.client(), {}, now=NOW)
    city.rows["20"] |= {"status": "closed", "updated_datetime": NOW.isoformat()}
    del city.rows["21"]

    later = NOW + timedelta(minutes=15)
    second = poll(feed, city.client(), first.memory, now=later)

    closed = {case.case_id for case in second.parsed.accepted if case.status == "closed"}
    assert len(first.memory["open"]) == 30
    assert closed == {"20"}
    assert "20" not in second.memory["open"]
    assert second.memory["open"]["21"][:2] == ["2026-11-24T12:15:00Z", 1]
    assert len(second.parsed.accepted) == 1  # what did not change is not told again


def test_after_a_back_fill_what_was_open_before_is_watched_as_well(make_feed):
    city = City(50)
    city.rows["40"]["status"] = "closed"
    feed = make_feed("open311", "case", url=BASE)
    memory = poll(feed, city.client(), {"since": "2026-11-24T09:30:00Z"}, now=NOW).memory
    city.rows["30"]["status"] = "closed"

    found = poll(feed, city.client(), memory, now=NOW + timedelta(minutes=5))

    assert len(memory["open"]) == 49
    assert {c.case_id for c in found.parsed.accepted if c.status == "closed"} == {"30"}


def test_a_city_that_lists_its_changes_is_not_asked_by_id(make_feed):
    city = City(30)
    feed = make_feed("open311", "case", url=BASE, options={"changes": "updated_after"})
    memory = poll(feed, city.client(), {}, now=NOW).memory
    city.rows["20"] |= {"status": "closed", "updated_datetime": NOW.isoformat()}
    city.asked.clear()

    found = poll(feed, city.client(), memory, now=NOW + timedelta(minutes=5))

    assert {c.case_id for c in found.parsed.accepted if c.status == "closed"} == {"20"}
    assert not any("service_request_id" in query for query in city.asked)
    assert city.asked[-1]["updated_after"] == "2026-11-24T11:00:00Z"


def test_a_request_that_stays_away_is_no_longer_asked_for(make_feed):
    city = City(3)
    feed = make_feed("open311", "case", url=BASE, options={"misses": 2})
    memory = poll(feed, city.client(), {}, now=NOW).memory
    city.rows.clear()

    for minutes in (90, 105):
        memory = poll(feed, city.client(), memory, now=NOW + timedelta(minutes=minutes)).memory

    assert memory["open"] == {}


def test_asking_again_is_limited_and_goes_round(make_feed):
    city = City(10)
    feed = make_feed(
        "open311", "case", url=BASE, options={"reread": 4, "reread_batch": 2, "overlap": "1min"}
    )
    memory = poll(feed, city.client(), {}, now=NOW).memory
    asked = []
    for minute in (5, 10, 15):
        city.asked.clear()
        memory = poll(feed, city.client(), memory, now=NOW + timedelta(minutes=minute)).memory
        asked += [q["service_request_id"] for q in city.asked if "service_request_id" in q]

    everyone = {key for batch in asked for key in batch.split(",")}
    assert everyone == set(city.rows)
    assert all(len(batch.split(",")) == 2 for batch in asked)


PERSONAL = {
    "description": "my neighbour <b>Ann</b>",
    "address": "1 Main St",
    "first_name": "Ann",
    "email": "ann@example.org",
    "media_url": "https://pictures.example/1.jpg ",
    "status_notes": "called Ann",
    "zipcode": 94110,
}


def test_texts_addresses_and_people_are_never_kept(make_feed, answering):
    rows = [request(**PERSONAL), request(service_request_id="2", status="?", **PERSONAL)]
    client = answering({"/v2/requests.json": rows})

    found = poll(make_feed("open311", "case", url=BASE), client, {}, now=NOW)

    kept = repr(found.parsed) + json.dumps(found.memory)
    assert len(found.parsed.accepted) == len(found.parsed.rejected) == 1
    assert not any(str(text).strip() in kept for text in PERSONAL.values())


def test_xml_may_hold_html_cdata_and_stray_attributes(make_feed):
    body = (
        b'\xef\xbb\xbf\n  <?xml version="1.0"?><service_requests is_array="true"><request>'
        b"<service_request_id>7</service_request_id><status>open</status>"
        b"<description><![CDATA[<p>a & b</p>]]></description><media_url>http://x/1.jpg </media_url>"
        b"<requested_datetime>2026-11-24T05:00:00-05:00</requested_datetime><updated_datetime/>"
        b"<service_name>Caf\xc3\xa9</service_name><long/></request></service_requests>"
    )

    (case,) = open311.parse(body, make_feed("open311", "case"), NOW).accepted

    assert (case.case_id, case.service, case.updated_at, case.lat) == ("7", "Café", None, None)


@pytest.mark.parametrize("root", ["request", "service_request"])
def test_a_single_request_may_be_the_whole_document(make_feed, root):
    body = xml(request()).split(b"<service_requests>")[1].split(b"</service_requests>")[0]
    body = body.replace(b"request>", f"{root}>".encode())

    assert len(open311.parse(body, make_feed("open311", "case"), NOW).accepted) == 1


def test_other_words_for_open_and_closed_are_declared(make_feed):
    rows = [request(service_request_id=str(n), status=word) for n, word in enumerate(WORDS)]

    found = parsed(make_feed, rows, statuses={"Archived": "closed", "in process": "open"})

    assert [case.status for case in found.accepted] == ["open", "closed", "closed", "open", "open"]
    assert "'lost' is neither" in found.rejected[0].reason


WORDS = ["OPEN", "closed ", "Archived", "In Process", "in process", "lost"]


def test_declared_words_are_watched_until_they_close(make_feed):
    city = City(2)
    city.rows["1"]["status"] = "Waiting"
    options = {"statuses": {"waiting": "open"}}

    found = poll(
        make_feed("open311", "case", url=BASE, options=options), city.client(), {}, now=NOW
    )

    assert set(found.memory["open"]) == {"1", "2"}


DISCOVERY = {
    "changeset": "2026-01-01 00:00",
    "endpoints": [
        {
            "specification": "http://wiki.open311.org/GeoReport_v1",
            "url": "/v1",
            "type": "production",
        },
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": "https://city.example/test",
            "type": "test",
            "formats": ["text/xml", "application/json"],
        },
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": "https://city.example/v2",
            "type": "production",
            "formats": ["application/json"],
        },
    ],
}
DISCOVERY_XML = b"""<?xml version="1.0"?><discovery><endpoints>
<endpoint><specification>http://wiki.open311.org/GeoReport_v2</specification>
<url>https://city.example/x</url><type>production</type><formats><format>text/xml</format></formats>
</endpoint><endpoint><specification>http://wiki.open311.org/GeoReport_v2</specification>
<url>https://city.example/v2/</url><type>production</type>
<formats><format>application/json</format></formats></endpoint></endpoints></discovery>"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("discovery.json", DISCOVERY),
        ("discovery.json", {"discovery": {"endpoints": {"endpoint": DISCOVERY["endpoints"]}}}),
        ("discovery.xml", DISCOVERY_XML),
    ],
)
def test_a_discovery_document_leads_to_the_production_endpoint(make_feed, answering, name, body):
    client = answering({f"/{name}": body, "/v2/requests.json": [request()]})
    feed = make_feed("open311", "case", url=f"https://city.example/{name}")

    first = poll(feed, client, {}, now=NOW)
    second = poll(feed, client, first.memory, now=NOW + timedelta(hours=1))
    poll(feed, client, second.memory, now=NOW + timedelta(days=2))

    assert len(first.parsed.accepted) == 1
    assert [r.url.path for r in client.asked].count(f"/{name}") == 2


def test_a_discovery_document_without_georeport_2_is_told(make_feed, answering):
    client = answering({"/discovery.json": {"endpoints": DISCOVERY["endpoints"][:1]}})
    feed = make_feed("open311", "case", url="https://city.example/discovery.json")

    with pytest.raises(FeedError, match="names no endpoint of GeoReport v2"):
        poll(feed, client, {}, now=NOW)


def test_an_endpoint_on_another_host_must_stand_in_the_pack(make_feed, answering):
    away = json.loads(json.dumps(DISCOVERY).replace("https://city.example", "https://311.example"))
    client = answering({"/discovery.json": away})
    feed = make_feed("open311", "case", url="https://city.example/discovery.json")

    with pytest.raises(FeedError, match=r"hosts = \['311.example'\]"):
        poll(feed, client, {}, now=NOW)


def test_a_key_is_sent_and_never_shown(make_feed, answering, monkeypatch):
    monkeypatch.setenv("CITY_KEY", "s3cret-key")
    client = answering({"/v2/requests.json": httpx.Response(403, text="bad key s3cret-key")})
    feed = make_feed("open311", "case", url=BASE, options={"key": "env:CITY_KEY"})

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=NOW)

    assert client.asked[0].url.params["api_key"] == "s3cret-key"
    assert "s3cret" not in str(caught.value)


def test_recorded_documents_are_read_from_files(make_feed, answering, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([request()]), encoding="utf-8")
    (tmp_path / "b.xml").write_bytes(xml(request(service_request_id="2")))
    (tmp_path / "c.xml").write_bytes(b"<services/>")
    feed = make_feed("open311", "case", path=f"{tmp_path}/*")

    first = poll(feed, answering({}), {}, now=NOW)
    second = poll(feed, answering({}), first.memory, now=NOW)
    (tmp_path / "b.xml").write_bytes(xml(request(service_request_id="2", status="closed")))
    third = poll(feed, answering({}), second.memory, now=NOW)

    assert ids(first) == [1 + 1, 638344]
    assert "c.xml: an element 'services'" in first.parsed.rejected[0].reason
    assert second.not_modified
    assert [case.status for case in third.parsed.accepted] == ["closed"]


@pytest.mark.parametrize(("content", "says"), [(None, "no file matches"), ("<a/>", "x.xml: an")])
def test_files_of_which_none_can_be_read_fail_the_poll(
    make_feed, answering, tmp_path, content, says
):
    if content:
        (tmp_path / "x.xml").write_text(content, encoding="utf-8")

    with pytest.raises(FeedError, match=says):
        poll(make_feed("open311", "case", path=f"{tmp_path}/*"), answering({}), {}, now=NOW)


def test_refused_requests_are_read_again(make_feed):
    feed = make_feed("open311", "case", options={"statuses": {"archived": "closed"}})
    first = parsed(make_feed, [request(), request(service_request_id="2", status="archived")])
    (reject,) = first.rejected
    hopeless = replace(reject, line=9, raw=reject.raw.replace("archived", "lost"))
    cut = replace(reject, line=10, raw=reject.raw[:30])

    found = again(feed, [reject, hopeless, cut], {}, now=NOW + timedelta(days=1))

    assert [(case.case_id, case.status) for case in found.accepted] == [("2", "closed")]
    assert sorted(item.line for item in found.rejected) == [9, 10]


def test_a_feed_needs_a_url_or_a_path(make_feed):
    assert problems(make_feed("open311", "case", url=None)) == [
        "kind 'open311' needs a url or a path"
    ]
