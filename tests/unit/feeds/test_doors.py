"""Which addresses a feed may ask, and how its secrets are kept."""

import socket
from datetime import timedelta

import httpx
import pytest

from feeds import FeedError, open_client, poll, problems, secrets
from feeds.doors import Doors, is_internal
from feeds.http import Fetcher
from model import Feed

TARGET = {"id": "a", "url": "https://city.example/"}


def feed(url: str | None = "https://city.example/feed", **about) -> Feed:
    return Feed(
        **{"id": "f1", "kind": "file", "gives": "case", "every": timedelta(1), "url": url} | about
    )


@pytest.mark.parametrize(
    ("url", "hosts", "asked", "is_open"),
    [
        ("https://city.example/a", (), "https://city.example/b?c", True),
        ("https://city.example/a", (), "http://city.example/b", True),
        ("http://city.example/a", (), "https://city.example/b", True),
        ("https://city.example/a", (), "https://city.example:8443/b", False),
        ("https://city.example/a", (), "https://evil.example/b", False),
        ("https://city.example/a", (), "https://city.example.evil.example/", False),
        ("https://city.example/a", (), "https://city.example@evil.example/", False),
        ("https://city.example/a", ("cdn.example",), "https://cdn.example/b", True),
        ("https://city.example/a", ("cdn.example",), "https://cdn.example:81/b", True),
        ("https://city.example/a", ("cdn.example:81",), "https://cdn.example/b", False),
        ("https://city.example/a", ("*.cdn.example",), "https://a.cdn.example/b", True),
        ("https://city.example/a", ("*.cdn.example",), "https://cdn.example/b", False),
        ("http://127.0.0.1:9000/a", (), "http://127.0.0.1:9000/b", True),
        ("http://127.0.0.1:9000/a", (), "http://127.0.0.1:9001/b", False),
        ("http://127.0.0.1:9000/a", (), "http://localhost:9000/b", False),
        ("https://city.example/a", (), "ftp://city.example/b", False),
        ("https://city.example/a", (), "file:///etc/passwd", False),
        ("https://city.example/a", (), "https://[::1/b", False),
        (None, (), "https://city.example/", False),
    ],
)
def test_only_what_the_pack_names_is_asked(url, hosts, asked, is_open):
    assert (Doors.of(feed(url, hosts=hosts)).refusal(asked) is None) is is_open


def test_a_refusal_says_how_to_allow_it():
    said = Doors.of(feed()).refusal("https://cdn.example:81/x?key=secret")

    assert said is not None
    assert "hosts = ['cdn.example:81']" in said
    assert "secret" not in said


@pytest.fixture
def resolving(monkeypatch):
    def answer(address):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    return answer


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
def test_a_public_name_may_not_lead_into_a_private_network(resolving, waits, address):
    resolving(address)

    with (
        open_client("x") as client,
        pytest.raises(FeedError, match="private network") as caught,
    ):
        Fetcher("f1", client, Doors.of(feed()), waits.limits(attempts=1))("http://city.example/x")
    assert "private = true" in caught.value.reason


def test_the_pack_may_let_a_name_into_a_private_network(resolving, waits):
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    resolving("127.0.0.1")
    broker = feed(f"http://broker.city.example:{port}/", is_private=True)

    with open_client("x") as client, pytest.raises(FeedError) as caught:
        Fetcher("f1", client, Doors.of(broker), waits.limits(attempts=1))(broker.url)

    assert "private" not in caught.value.reason  # it was asked, and nobody listens there
    closed.close()


def test_keys_do_not_follow_a_redirect_to_another_host(waits):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, request.headers.get("x-api-key")))
        if request.url.host == "city.example":
            return httpx.Response(302, headers={"location": "https://cdn.example/y"})
        return httpx.Response(200, text="good")

    client = httpx.Client(transport=httpx.MockTransport(answer))
    fetch = Fetcher("f1", client, Doors.of(feed(hosts=("cdn.example",))), waits.limits())

    fetch("https://city.example/x", headers={"X-API-Key": "k1234"})

    assert seen == [("city.example", "k1234"), ("cdn.example", None)]


@pytest.mark.parametrize(
    ("target", "is_kept"),
    [
        ("https://city.example/y", True),
        ("http://city.example/y", False),
        ("https://city.example:8443/y", False),
    ],
)
def test_keys_do_not_follow_a_redirect_to_another_port_or_in_the_clear(waits, target, is_kept):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("x-api-key"))
        if request.url.path == "/x":
            return httpx.Response(302, headers={"location": target})
        return httpx.Response(200, text="good")

    client = httpx.Client(transport=httpx.MockTransport(answer))
    fetch = Fetcher("f1", client, Doors.of(feed(hosts=("city.example",))), waits.limits())

    fetch("https://city.example/x", headers={"X-API-Key": "k1234"})

    assert seen == ["k1234", "k1234" if is_kept else None]


@pytest.mark.parametrize("status", [307, 308])
def test_a_body_does_not_follow_a_redirect_to_another_host(waits, status):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(status, headers={"location": "https://cdn.example/y"})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    fetch = Fetcher("f1", client, Doors.of(feed(hosts=("cdn.example",))), waits.limits())

    with pytest.raises(FeedError, match="its body is for nobody else") as caught:
        fetch("https://city.example/x", form={"token": "k1234"})

    assert caught.value.permanent
    assert seen == ["city.example"]


def test_keys_follow_a_redirect_to_the_encrypted_twin(waits):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("x-api-key"))
        if request.url.scheme == "http":
            return httpx.Response(301, headers={"location": "https://city.example/x"})
        return httpx.Response(200, text="good")

    client = httpx.Client(transport=httpx.MockTransport(answer))
    fetch = Fetcher("f1", client, Doors.of(feed()), waits.limits())

    fetch("http://city.example/x", headers={"X-API-Key": "k1234"})

    assert seen == ["k1234", "k1234"]


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("::ffff:127.0.0.1", True),
        ("::127.0.0.1", True),
        ("64:ff9b::7f00:1", True),
        ("64:ff9b::101:101", False),
        ("2002:7f00:1::", True),
        ("fec0::1", True),
        ("224.0.0.1", True),
        ("ff0e::1", True),
        ("2130706433", True),
        ("0177.1", True),
        ("1.1.1.1", False),
        ("2606:4700::1111", False),
    ],
)
def test_private_addresses_are_known_however_they_are_written(address, is_private):
    assert is_internal(address) is is_private


@pytest.mark.parametrize("host", ["*", "https://cdn.example", "a b", "cdn.example:x", ""])
def test_a_host_that_is_none_is_named(host):
    assert any(
        "hosts" in said for said in problems(feed(hosts=(host,), kind="cap", gives="notice"))
    )


def test_no_address_of_the_options_holds_a_password():
    wrong = feed(
        None,
        kind="statuspage",
        gives="observation",
        options={"reference": "https://me:s3cret@x.example/", "targets": [TARGET]},
    )

    found = problems(wrong)

    assert any("never stands in a pack" in said for said in found)
    assert "s3cret" not in str(found)


def test_a_secret_is_read_from_the_environment():
    assert secrets.reveal("f1", "env:CITY_KEY", {"CITY_KEY": " s3cret "}) == "s3cret"
    with pytest.raises(FeedError, match="CITY_KEY is not set in the environment"):
        secrets.reveal("f1", "env:CITY_KEY", {"CITY_KEY": ""})


def test_a_secret_in_a_pack_is_refused_without_being_repeated():
    with pytest.raises(ValueError, match="never stands in a pack") as caught:
        secrets.reference("s3cret-s3cret")
    assert "s3cret" not in str(caught.value)


def test_secrets_are_covered_however_they_are_written():
    covered = secrets.hidden("a=b+c/d b%2Bc%2Fd b%2Bc/d", ["b+c/d"])

    assert covered == "a=••• ••• •••"


def test_a_name_or_password_in_a_url_is_refused(make_feed, now):
    wrong = make_feed("cap", "notice", url="https://me:pass@city.example/feed")

    with pytest.raises(FeedError, match="never stands in a pack") as caught:
        poll(wrong, httpx.Client(), {}, now=now)
    assert "pass@" not in caught.value.reason


def test_what_cannot_be_pushed_has_no_push_secret(make_feed, now):
    with pytest.raises(FeedError, match="nothing can be pushed"):
        poll(make_feed("gbfs", push_secret="env:X"), httpx.Client(), {}, now=now)
