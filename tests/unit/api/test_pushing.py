import base64
import gzip
import io
import tracemalloc
import zlib
from datetime import timedelta

import pytest

from model import Delivery
from store import InboxFull, StoreDown
from tests.unit.api.conftest import NOW

PATH = "/api/v1/feeds/pushed/push"
SECRET = "s3cret-of-the-feed"
RIGHT = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("PUSHED_KEY", SECRET)


def push(house, body=b'{"a": 1}', headers=RIGHT, **more):
    return house.client.post(PATH, data=body, headers=headers, **more)


def kept(house) -> list[Delivery]:
    return [delivery for _, delivery in house.store.deliveries("pushed")]


def basic(password: str, user: str = "broker") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "headers",
    [RIGHT, {"Authorization": f"bearer  {SECRET}"}, {"X-Feed-Secret": SECRET}, basic(SECRET)],
)
def test_what_is_pushed_with_the_secret_is_kept_as_it_came(house, headers):
    said = {"Content-Type": "application/ld+json; charset=utf-8"}
    answer = push(house, b"\xff not parsed here", {**headers, **said})

    assert answer.status_code == 202
    ((name, delivery),) = house.store.deliveries("pushed")
    assert answer.json == {"delivery": name}
    assert delivery == Delivery(
        feed_id="pushed",
        body=b"\xff not parsed here",
        received_at=NOW,
        media_type="application/ld+json; charset=utf-8",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": SECRET},
        {"X-Feed-Secret": SECRET[:-1]},
        {"X-Feed-Secret": SECRET.upper()},
        basic("wrong"),
        basic("", SECRET),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer s\u00e9cret"},
    ],
)
def test_without_the_secret_nothing_is_kept(house, headers):
    answer = push(house, headers=headers)

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert SECRET not in answer.text
    assert kept(house) == []


def test_a_secret_of_other_letters_than_ascii_is_known_by_its_bytes(house, monkeypatch):
    monkeypatch.setenv("PUSHED_KEY", "clé-münchen")
    raw = "clé-münchen".encode().decode("latin-1")  # as a server hands headers on

    assert push(house, headers={"X-Feed-Secret": raw}).status_code == 202
    assert push(house, headers=basic("clé-münchen")).status_code == 202


def test_a_feed_without_a_secret_says_so_and_names_none(house, monkeypatch):
    none = house.client.post("/api/v1/feeds/river/push", data=b"x", headers=RIGHT)
    monkeypatch.delenv("PUSHED_KEY")
    unset = push(house)

    assert (none.status_code, unset.status_code) == (403, 403)
    assert none.json["detail"] == unset.json["detail"]
    assert "PUSHED_KEY" not in unset.text


def test_an_unknown_feed_is_404(house):
    answer = house.client.post("/api/v1/feeds/nope/push", data=b"x", headers=RIGHT)

    assert answer.status_code == 404


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
def test_an_empty_body_is_400(house, body):
    assert push(house, body).status_code == 400
    assert kept(house) == []


def test_a_body_over_ten_megabytes_is_413_and_one_of_ten_is_kept(house):
    assert push(house, b"x" * 10_000_001).status_code == 413
    assert kept(house) == []
    assert push(house, b"x" * 10_000_000).status_code == 202


@pytest.mark.parametrize(("size", "status"), [(9_000_000, 202), (10_000_001, 413)])
def test_a_body_of_unknown_length_is_capped_as_it_comes(house, size, status):
    answer = house.client.post(
        PATH,
        input_stream=io.BytesIO(b"x" * size),
        headers=RIGHT,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )

    assert answer.status_code == status
    assert len(kept(house)) == (status == 202)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_body_that_was_cut_off_is_not_kept(house, coding):
    body = b"site,value\nq1,12" if coding == "identity" else gzip.compress(b"site,value\nq1,12")

    answer = house.client.post(
        PATH,
        input_stream=io.BytesIO(body),
        headers={**RIGHT, "Content-Encoding": coding},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": "300"},
    )

    assert answer.status_code == 400
    assert kept(house) == []


def test_chunks_that_are_none_are_400(house):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise ArithmeticError("no chunk")  # any error that a server may have

    answer = house.client.post(
        PATH,
        input_stream=Broken(),
        headers=RIGHT,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )

    assert answer.status_code == 400
    assert kept(house) == []


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_compressed_body_is_kept_plain(house, pack):
    body = b'{"a": 1}' * 50_000
    coding = "gzip" if pack is gzip.compress else "deflate"

    answer = push(house, pack(body), {**RIGHT, "Content-Encoding": coding})

    assert answer.status_code == 202
    assert [delivery.body for delivery in kept(house)] == [body]


def test_several_gzip_members_are_one_body(house):
    answer = push(
        house,
        gzip.compress(b"a" * 70_000, mtime=0) + gzip.compress(b"b", mtime=0),
        {**RIGHT, "Content-Encoding": "gzip"},
    )

    assert answer.status_code == 202
    assert kept(house)[0].body == b"a" * 70_000 + b"b"


def test_a_gzip_bomb_costs_no_memory_and_is_413(house):
    bomb = gzip.compress(b"\0" * 300_000_000, mtime=0)
    tracemalloc.start()
    answer = push(house, bomb, {**RIGHT, "Content-Encoding": "gzip"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert answer.status_code == 413
    assert peak < 40_000_000


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"cut off" * 100, mtime=0)[:-9], "gzip", 400),
        (b"x", "br", 415),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(house, body, coding, status):
    assert push(house, body, {**RIGHT, "Content-Encoding": coding}).status_code == status
    assert kept(house) == []


def test_a_full_inbox_asks_to_send_again_later(house, monkeypatch):
    def full(_):
        raise InboxFull("pushed")

    monkeypatch.setattr(house.store, "deliver", full)
    answer = push(house)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_store_that_is_away_is_never_answered_as_kept(house, monkeypatch):
    def down(_):
        raise StoreDown("away")

    monkeypatch.setattr(house.store, "deliver", down)

    assert push(house).status_code == 503


def test_ten_wrong_secrets_a_minute_and_then_only_the_right_one_is_heard(house):
    wrong = {"X-Feed-Secret": "wrong"}
    statuses = [push(house, headers=wrong).status_code for _ in range(11)]
    blocked = push(house, headers=wrong)
    right = push(house)
    elsewhere = push(house, headers=wrong, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    house.now[0] += timedelta(seconds=61)

    assert statuses == [401] * 10 + [429]
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["Retry-After"]) <= 60
    assert right.status_code == 202
    assert elsewhere.status_code == 401
    assert push(house, headers=wrong).status_code == 401


def test_who_shows_no_secret_is_asked_for_it_and_not_counted(house):
    for _ in range(20):
        assert push(house, headers={}).status_code == 401

    assert push(house).status_code == 202


def test_senders_behind_a_proxy_are_told_apart(house):
    bad = {"X-Feed-Secret": "wrong", "X-Forwarded-For": "192.0.2.66"}
    for _ in range(11):
        push(house, headers=bad)

    assert push(house, headers=bad).status_code == 429
    assert push(house, headers={**bad, "X-Forwarded-For": "192.0.2.1"}).status_code == 401


@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "http://broker.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "bartizan.city.example"},
    ],
)
def test_a_sender_elsewhere_is_let_in_by_its_secret(house, more):
    assert push(house, headers={**RIGHT, **more}).status_code == 202


def test_other_routes_stay_closed_to_other_names_and_origins(house):
    host = house.client.get("/api/v1/feeds", headers={"Host": "bartizan.city.example"})
    origin = house.client.post(
        "/api/v1/feeds/river/poll", json={"by": "A"}, headers={"Origin": "http://x.example"}
    )

    assert (host.status_code, origin.status_code) == (421, 403)
