"""Open311 GeoReport v2, JSON and XML; bodies written after the standard."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, open311, poll
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
    ],
)
def test_a_bad_request_is_quarantined_alone(make_feed, about, says):
    found = parsed(make_feed, [request(), request(**about)])

    assert len(found.accepted) == 1
    assert found.rejected[0].line == 2
    assert says in found.rejected[0].reason


@pytest.mark.parametrize(
    "place", [{"lat": ""}, {"lat": "x"}, {"lat": "0", "long": "0"}, {"lat": 999}]
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
