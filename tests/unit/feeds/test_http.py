"""Fetching: what is retried, what is refused, what is remembered."""

import gzip
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import httpx
import pytest

from feeds import FeedError, Limits, open_client, poll
from feeds.doors import Doors
from feeds.http import Fetcher
from model import Feed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROWS = "site,at,speed\na,2026-11-24T11:00:00Z,50\n"
OPTIONS = {
    "columns": {
        "site_id": "site",
        "observed_at": "at",
        "quantity": {"value": "speed"},
        "value": {"column": "speed", "unit": "km/h"},
    }
}


@pytest.fixture
def feed(make_feed):
    return make_feed("file", url="https://city.example/rows.csv", options=OPTIONS)


def doors(url: str) -> Doors:
    return Doors.of(Feed(id="f1", kind="file", gives="case", every=timedelta(1), url=url))


def sequence(*answers: httpx.Response | Exception):
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return httpx.Client(transport=httpx.MockTransport(answer)), left


@pytest.mark.parametrize(
    ("answer", "permanent", "says"),
    [
        (httpx.Response(404, text="gone fishing"), True, "HTTP 404: gone fishing"),
        (httpx.Response(403, text="<html>log in</html>"), True, "HTTP 403"),
        (httpx.Response(503), False, "HTTP 503"),
        (httpx.Response(500), False, "HTTP 500"),
        (httpx.Response(429), False, "HTTP 429"),
        (httpx.Response(425), False, "HTTP 425"),
        (httpx.Response(204), True, "HTTP 204"),
        (httpx.Response(200, content=b""), False, "the body is empty"),
        (httpx.Response(200, content=b" \n \n"), False, "the body is empty"),
        (httpx.Response(200, text="\n<!DOCTYPE html><html>"), False, "an HTML page"),
        (httpx.Response(200, text="\ufeff<HTML><body>"), False, "an HTML page"),
        (httpx.Response(200, text="x,y\n1,2\n"), True, "malformed body"),
        (httpx.Response(304), True, "HTTP 304"),
    ],
)
def test_failures_say_whether_to_retry(feed, waits, answer, permanent, says):
    client, _ = sequence(answer, answer, answer)

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=NOW, limits=waits.limits())

    assert caught.value.permanent is permanent
    assert says in caught.value.reason
    assert str(caught.value).startswith("feed f1: ")
    assert len(waits.slept) == (0 if permanent else 2)


def test_temporary_failures_are_asked_again_and_waits_grow(feed, waits, now):
    client, left = sequence(
        httpx.ConnectError("refused"), httpx.Response(502), httpx.Response(200, text=ROWS)
    )

    found = poll(feed, client, {}, now=now, limits=waits.limits())

    assert len(found.parsed.accepted) == 1
    assert left == []
    assert 0.5 <= waits.slept[0] <= 1.5
    assert 1.0 <= waits.slept[1] <= 3.0


def test_a_short_retry_after_is_waited_for(feed, waits, now):
    client, _ = sequence(
        httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(200, text=ROWS)
    )

    poll(feed, client, {}, now=now, limits=waits.limits())

    assert waits.slept == [7.0]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "600"}, timedelta(seconds=600)),
        (
            {
                "retry-after": "Tue, 24 Nov 2026 12:10:00 GMT",
                "date": "Tue, 24 Nov 2026 12:00:00 GMT",
            },
            timedelta(minutes=10),
        ),
        ({"x-ratelimit-reset": "48", "x-ratelimit-remaining": "0"}, timedelta(seconds=48)),
        (
            {"x-ratelimit-reset": "1795521660", "date": "Tue, 24 Nov 2026 12:00:00 GMT"},
            timedelta(minutes=1),
        ),
    ],
)
def test_a_long_retry_after_ends_the_poll_and_is_told(feed, waits, now, headers, wait):
    client, _ = sequence(httpx.Response(503, headers=headers))

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=now, limits=waits.limits())

    assert caught.value.retry_after == wait
    assert waits.slept == []


def test_validators_are_sent_again_and_304_means_not_modified(feed, now):
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        if request.headers.get("if-none-match") == '"v1"':
            return httpx.Response(304)
        return httpx.Response(200, text=ROWS, headers={"etag": '"v1"', "last-modified": "L"})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    first = poll(feed, client, {}, now=now)
    second = poll(feed, client, first.memory, now=now)

    assert not first.not_modified
    assert second.not_modified
    assert second.parsed.accepted == []
    assert second.memory["files"] == first.memory["files"]
    assert seen[1]["if-modified-since"] == "L"


def test_a_failed_poll_leaves_the_callers_memory_alone(feed, now):
    client, _ = sequence(httpx.Response(200, text=ROWS, headers={"etag": '"v1"'}))
    memory = poll(feed, client, {}, now=now).memory
    before = repr(memory)
    broken, _ = sequence(httpx.Response(200, text="x,y\n1,2\n", headers={"etag": '"v2"'}))

    with pytest.raises(FeedError):
        poll(feed, broken, memory, now=now)

    assert repr(memory) == before


def test_the_same_bytes_without_validators_are_not_modified(feed, now):
    client, _ = sequence(httpx.Response(200, text=ROWS), httpx.Response(200, text=ROWS))
    first = poll(feed, client, {}, now=now)

    assert poll(feed, client, first.memory, now=now).not_modified


def test_a_body_over_the_cap_is_refused(feed, waits, now):
    client, _ = sequence(httpx.Response(200, text=ROWS * 100))

    with pytest.raises(FeedError, match="larger than 1000 bytes") as caught:
        poll(feed, client, {}, now=now, limits=waits.limits(max_bytes=1000))

    assert caught.value.permanent


def test_other_schemes_are_refused(make_feed, now):
    feed = make_feed("file", url="file:///etc/passwd", options=OPTIONS)

    with pytest.raises(FeedError, match="no http or https address"):
        poll(feed, httpx.Client(transport=httpx.MockTransport(lambda _: None)), {}, now=now)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:80", "localhost", "10.0.0.7", "[::1]", "2130706433", "169.254.169.254"]
)
def test_a_public_feed_may_not_lead_into_our_own_network(host):
    fetch = Fetcher("f1", httpx.Client(), doors("https://city.example/"), Limits())

    with pytest.raises(FeedError, match="refused"):
        fetch(f"http://{host}/secrets")


def test_redirects_are_followed_but_not_for_ever(feed, now, waits):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/rows.csv":
            return httpx.Response(302, headers={"location": "/moved.csv"})
        if request.url.path == "/moved.csv":
            return httpx.Response(200, text=ROWS)
        return httpx.Response(302, headers={"location": request.url.path})

    client = httpx.Client(transport=httpx.MockTransport(answer))

    assert len(poll(feed, client, {}, now=now).parsed.accepted) == 1
    with pytest.raises(FeedError, match="too many redirects"):
        Fetcher("f1", client, doors(feed.url), waits.limits())("https://city.example/loop")


@pytest.mark.parametrize("target", ["http://127.0.0.1/secrets", "file:///etc/passwd", "ftp://x.y/"])
def test_a_redirect_is_looked_at_like_a_link(feed, target):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": target})

    client = httpx.Client(transport=httpx.MockTransport(answer))

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=NOW)
    assert caught.value.permanent
    assert asked == ["city.example"]


class _Server(BaseHTTPRequestHandler):
    bodies: ClassVar = {
        "/zipped": gzip.compress(ROWS.encode(), mtime=0),
        "/bomb": gzip.compress(b"0" * 30_000_000, mtime=0),
        "/cut": gzip.compress(ROWS.encode() * 50, mtime=0)[:-20],
        "/two": gzip.compress(b"site,at,speed\n", mtime=0)
        + gzip.compress(b"a,2026-11-24T11:00:00Z,50\n", mtime=0),
    }

    def do_GET(self) -> None:
        body = self.bodies[self.path]
        type(self).agent = self.headers["User-Agent"]
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), _Server) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_gzip_is_unpacked_within_the_cap(server, waits):
    with open_client("ops@city.example") as client:
        fetch = Fetcher("f1", client, doors(server), waits.limits(max_bytes=1_000_000))

        assert fetch(f"{server}/zipped").content == ROWS.encode()
        assert fetch(f"{server}/two").content == ROWS.encode()
        with pytest.raises(FeedError, match="larger than"):
            fetch(f"{server}/bomb")
        with pytest.raises(FeedError, match="cut off") as caught:
            fetch(f"{server}/cut")

    assert not caught.value.permanent
    assert "ops@city.example" in _Server.agent


def test_proxies_of_the_environment_are_ignored(server, waits, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with open_client("x") as client:
        assert Fetcher("f1", client, doors(server), waits.limits())(f"{server}/zipped").content


def test_unknown_kinds_and_options_are_told_before_anything_is_fetched(make_feed, now):
    feed = make_feed("gbfs", options={"langage": "fr"})

    with pytest.raises(FeedError, match="langage") as caught:
        poll(feed, httpx.Client(), {}, now=now)
    assert caught.value.permanent
    with pytest.raises(FeedError, match="kind 'gfbs' is unknown"):
        poll(make_feed("gfbs"), httpx.Client(), {}, now=now)


def test_a_measurement_from_the_future_is_bad(feed):
    rows = ROWS + "b,2026-11-24T12:00:30Z,50\nc,2026-11-24T12:02:00Z,50\n"
    client, _ = sequence(httpx.Response(200, text=rows))

    found = poll(feed, client, {}, now=NOW)

    assert [item.quality.value for item in found.parsed.accepted] == ["GOOD", "GOOD", "BAD"]
