"""Probes of a city's services, and status pages; servers answer from memory."""

import json
import socket
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, Limits, is_polled, poll, problems, statuspage
from feeds.statuspage_certificate import not_after
from feeds.statuspage_probe import side_by_side

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOME = {"id": "home", "url": "https://city.example/"}


def feed_of(make_feed, *targets, hosts=(), **options):
    return make_feed(
        "statuspage", url=None, hosts=hosts, options={"targets": list(targets) or [HOME]} | options
    )


def look(feed, answer, memory=None):
    client = httpx.Client(transport=httpx.MockTransport(answer))
    found = poll(feed, client, memory or {}, now=NOW, limits=Limits(attempts=1))
    return found.parsed, json.loads(json.dumps(found.memory))


def values(found):
    return {(o.site_id, o.quantity): o.value for o in found.accepted}


def up(found):
    return {o.site_id: o.value for o in found.accepted if o.quantity == "probe_up"}


def always(status=200, **more):
    return lambda _: httpx.Response(status, **more)


def lost(problem):
    def answer(request):
        raise problem(request) if callable(problem) else problem

    return answer


def test_a_page_that_answers_is_up_and_took_some_time(make_feed):
    target = HOME | {"lat": 45.5, "lon": -73.6, "district": "centre"}

    found, _ = look(feed_of(make_feed, target), always(html="<html>Welcome</html>"))

    state, latency = found.accepted
    assert (state.quantity, state.value, state.unit, state.observed_at) == (
        "probe_up", 1.0, "count", NOW,
    )  # fmt: skip
    assert (state.lat, state.lon, state.district_id) == (45.5, -73.6, "centre")
    assert (latency.quantity, latency.unit) == ("probe_latency", "s")
    assert 0 <= latency.value < 5
    assert found.rejected == []


@pytest.mark.parametrize(
    ("about", "status", "expected"),
    [
        ({}, 204, 1),
        ({}, 404, 0),
        ({}, 503, 0),
        ({"expect": 401}, 401, 1),
        ({"expect": 401}, 200, 0),
        ({"expect": [200, 302]}, 302, 1),
        ({"text": "Welcome"}, 200, 1),
        ({"text": "Bienvenue à"}, 200, 0),
        ({"method": "HEAD"}, 200, 1),
    ],
)
def test_what_counts_as_up(make_feed, about, status, expected):
    headers = {"location": "https://elsewhere.example/"} if status == 302 else {}

    found, _ = look(
        feed_of(make_feed, HOME | about), always(status, text="Welcome", headers=headers)
    )

    assert up(found) == {"home": expected}
    assert len(found.rejected) == 1 - expected


def test_an_empty_page_is_up_as_its_status_says(make_feed):
    assert up(look(feed_of(make_feed), always(content=b""))[0]) == {"home": 1}


def test_a_text_is_found_in_its_charset(make_feed):
    page = httpx.Response(
        200, content="Bienvenue à la ville".encode("latin-1"), headers={"content-type": "text/html"}
    )

    found, _ = look(feed_of(make_feed, HOME | {"text": "Bienvenue à"}), lambda _: page)

    assert up(found) == {"home": 1}


def test_one_that_is_down_is_a_fact_and_costs_no_other(make_feed):
    def answer(request):
        if request.url.path == "/dead":
            raise httpx.ConnectError("Connection refused", request=request)
        return httpx.Response(200)

    dead = {"id": "dead", "url": "https://city.example/dead"}

    found, memory = look(feed_of(make_feed, dead, HOME), answer)

    assert up(found) == {"dead": 0, "home": 1}
    assert ("dead", "probe_latency") not in values(found)
    assert found.rejected[0].reason == "dead: no answer: Connection refused"
    assert memory["troubles"] == {"dead": "no answer: Connection refused"}


def test_a_trouble_is_told_when_it_begins_and_when_it_changes(make_feed):
    feed = feed_of(make_feed)
    first, memory = look(feed, always(503))
    same, memory = look(feed, always(503), memory)
    other, memory = look(feed, always(500), memory)
    _, memory = look(feed, always(200), memory)
    again, _ = look(feed, always(500), memory)

    told = [[one.reason for one in found.rejected] for found in (first, same, other, again)]
    assert told == [["home: HTTP 503"], [], ["home: HTTP 500"], ["home: HTTP 500"]]


@pytest.mark.parametrize(("hosts", "expected"), [((), None), (("login.example",), 1)])
def test_a_redirect_is_followed_to_listed_hosts_only(make_feed, hosts, expected):
    asked = []

    def answer(request):
        asked.append(request.url.host)
        if request.url.host == "city.example":
            return httpx.Response(302, headers={"location": "https://login.example/"})
        return httpx.Response(200)

    found, _ = look(feed_of(make_feed, hosts=hosts), answer)

    assert up(found) == {"home": expected}
    assert ("login.example" in asked) == bool(hosts)
    assert bool(found.rejected) is not bool(hosts)


def test_redirects_without_end_are_down(make_feed):
    found, _ = look(feed_of(make_feed), always(302, headers={"location": "/again"}))

    assert up(found) == {"home": 0}


def no_name(request):
    problem = httpx.ConnectError("city.example: Name or service not known", request=request)
    problem.__cause__ = socket.gaierror(-2, "Name or service not known")
    return problem


def test_when_no_name_is_found_at_all_we_are_blind(make_feed):
    other = {"id": "b", "url": "https://b.example/"}

    with pytest.raises(FeedError, match="cannot see out") as caught:
        look(feed_of(make_feed, HOME, other), lost(no_name))

    assert not caught.value.permanent


def test_when_one_name_of_two_is_found_the_other_is_down(make_feed):
    def answer(request):
        if request.url.host == "b.example":
            return httpx.Response(500)
        raise no_name(request)

    found, _ = look(feed_of(make_feed, HOME, {"id": "b", "url": "https://b.example/"}), answer)

    assert up(found) == {"home": 0, "b": 0}


def test_a_reference_decides_whether_it_is_us(make_feed):
    def answer(request):
        if request.url.host == "reference.example":
            return httpx.Response(404)
        raise no_name(request)

    feed = feed_of(make_feed, reference="https://reference.example/")

    assert up(look(feed, answer)[0]) == {"home": 0}
    with pytest.raises(FeedError, match="neither does the reference"):
        look(feed, lost(httpx.ConnectTimeout("timed out")))


def test_all_that_refuse_are_down_and_we_are_not_blind(make_feed):
    found, _ = look(feed_of(make_feed), lost(httpx.ConnectError("Connection refused")))

    assert up(found) == {"home": 0}


@pytest.mark.parametrize(
    "problem",
    [httpx.ReadError("reset"), httpx.RemoteProtocolError("?"), ValueError("odd"), OSError("gone")],
)
def test_nothing_but_facts_comes_of_a_broken_answer(make_feed, problem):
    assert up(look(feed_of(make_feed), lost(problem))[0]) == {"home": 0}


def test_targets_are_asked_side_by_side_and_the_slow_do_not_hold_us(make_feed):
    release = threading.Event()

    def answer(request):
        if request.url.path == "/slow":
            release.wait(20)
        return httpx.Response(200)

    slow = {"id": "slow", "url": "https://city.example/slow"}
    began = time.monotonic()

    found, _ = look(feed_of(make_feed, slow, HOME, deadline="0.3s"), answer)

    release.set()
    assert time.monotonic() - began < 5
    assert up(found) == {"slow": 0, "home": 1}
    assert "before the deadline" in found.rejected[0].reason


def test_results_stand_in_the_order_of_the_jobs():
    found = side_by_side(lambda n: n * n, list(range(50)), at_once=8, within_s=5)

    assert found == [n * n for n in range(50)]


# -- status pages

SUMMARY = {
    "page": {"id": "p", "name": "City", "updated_at": "2026-11-24T06:58:00.123-05:00"},
    "components": [
        {"id": "c1", "name": "Payments", "status": "operational", "group": False},
        {"id": "c2", "name": "Permits", "status": "major_outage", "group": False},
        {"id": "c3", "name": "Maps", "status": "degraded_performance"},
        {"id": "c4", "name": "Library", "status": "partial_outage"},
        {"id": "c5", "name": "Archive", "status": "under_maintenance"},
        {"id": "g1", "name": "All", "status": "operational", "group": True},
    ],
    "status": {"indicator": "major", "description": "Partial outage"},
}
PAGE = {"id": "sp", "url": "https://status.city.example/", "format": "statuspage"}


def test_a_status_page_tells_of_its_components(make_feed):
    asked = []

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, json=SUMMARY)

    found, _ = look(feed_of(make_feed, PAGE), answer)

    assert asked == ["/api/v2/summary.json"]
    assert up(found) == {
        "sp/Payments": 1,
        "sp/Permits": 0,
        "sp/Maps": 1,
        "sp/Library": 0,
        "sp/Archive": None,
    }
    assert found.rejected == []


def test_components_may_be_chosen_by_name_or_id(make_feed):
    found, _ = look(
        feed_of(make_feed, PAGE | {"components": ["Payments", "c2"]}), always(json=SUMMARY)
    )

    assert set(up(found)) == {"sp/Payments", "sp/Permits"}


@pytest.mark.parametrize("row", [None, 7, [], {}, {"id": "x", "name": "X", "status": "fine"},
                                 {"id": "c1", "name": "Twice", "status": "operational"},
                                 {"id": "y", "name": " ", "status": "operational"}])  # fmt: skip
def test_an_odd_component_costs_itself(make_feed, row):
    body = SUMMARY | {"components": [*SUMMARY["components"], row]}

    found, _ = look(feed_of(make_feed, PAGE), always(json=body))

    assert len(up(found)) == 5
    assert len(found.rejected) == 1


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b"{}", b'{"components": []}', b"{"])
def test_a_status_page_that_is_none_says_nothing_of_its_components(make_feed, body):
    found, _ = look(feed_of(make_feed, PAGE, HOME), always(content=body))

    assert up(found) == {"home": 1}
    assert "no status page" in found.rejected[0].reason


def test_a_summary_is_parsed_without_a_network(make_feed):
    found = statuspage.parse(json.dumps(SUMMARY).encode(), feed_of(make_feed), NOW)

    assert up(found)["f1/Payments"] == 1
    assert found.published_at == datetime(2026, 11, 24, 11, 58, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    "options",
    [
        {"targets": []},
        {"targets": [HOME, HOME]},
        {"targets": [HOME | {"url": "ftp://city.example"}]},
        {"targets": [HOME | {"url": "https://me:secret@city.example"}]},
        {"targets": [HOME | {"method": "HEAD", "text": "x"}]},
        {"targets": [HOME | {"lat": 45.5}]},
        {"targets": [HOME | {"components": ["a"]}]},
        {"targets": [HOME | {"verify": False}]},
        {"targets": [HOME], "at_once": 0},
    ],
)
def test_contradictions_are_told_before_anything_is_asked(make_feed, options):
    assert problems(make_feed("statuspage", url=None, options=options))


def test_it_is_polled_without_a_url(make_feed):
    assert problems(feed_of(make_feed)) == []
    assert is_polled(feed_of(make_feed))


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x80", b"\x30\x03\x30\x01\x02", b"nonsense" * 9]
)
def test_what_is_no_certificate_is_said(der):
    with pytest.raises(ValueError, match="certificate"):
        not_after(der)
