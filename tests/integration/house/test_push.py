"""Facts brought to a real house over HTTP: a secret from ``.env``, a worker that goes away."""

import gzip
import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.house.conftest import until
from tests.integration.pipeline.conftest import write_city
from tests.integration.pipeline.test_pushed import PUSHED, entity

pytestmark = pytest.mark.integration

SECRET = "only-the-broker-knows"
PATH = "/api/v1/feeds/air/push"


@pytest.fixture
def house(tmp_path, start):
    folder = tmp_path / "pack"
    write_city(folder)
    path = folder / "city.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[[indicators]]", PUSHED, 1), encoding="utf-8")
    (tmp_path / ".env").write_text(f"AIR_KEY={SECRET}\n", encoding="utf-8")
    made = start(BARTIZAN_CITY=str(folder))
    made.wait_ready()
    return made


def push(house, body, **headers) -> tuple[int, dict]:
    line = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    try:
        line.request("POST", PATH, body, {"X-Feed-Secret": SECRET} | headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        line.close()


def air(house) -> dict:
    return next(item for item in house.json("/api/v1/feeds")["items"] if item["id"] == "air")


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


def test_facts_are_pushed_in_every_form_and_the_worker_may_be_away(house):
    now = datetime.now(UTC) - timedelta(seconds=2)
    whole = json.dumps([entity(1, now)]).encode()
    chunked = json.dumps([entity(2, now), entity(3, now)]).encode() + b" " * 3_000_000
    packed = gzip.compress(json.dumps([entity(4, now)]).encode(), mtime=0)

    codes = [
        push(house, whole)[0],
        push(house, pieces(chunked))[0],  # of unknown length, larger than other requests may be
        push(house, packed, **{"Content-Encoding": "gzip"})[0],
    ]
    until(lambda: air(house)["accepted"] == 4)
    worker = house.child("worker.py")
    worker.send_signal(signal.SIGSTOP)
    away = push(house, json.dumps([entity(5, now)]))
    worker.send_signal(signal.SIGKILL)

    assert codes == [202] * 3
    assert away[0] == 202
    until(lambda: air(house)["last_observed_at"] is not None, 40)
    until(lambda: 'bartizan_inbox{feed="air"} 0.0' in house.get("/metrics")[1].decode(), 40)
    until(lambda: sum(good for _, good, _ in air(house)["hours"]), 40)
    assert SECRET not in house.said()


def test_what_may_not_come_in_is_refused(house):
    too_large = pieces(b"x" * 10_500_000)

    assert push(house, b"{}", **{"X-Feed-Secret": "wrong"})[0] == 401
    assert push(house, b"")[0] == 400
    with suppress(BrokenPipeError, ConnectionResetError):  # the house need not read on
        assert push(house, too_large)[0] == 413
    assert push(house, b"{}", Host="broker.city.example")[0] == 202


def test_a_person_asks_a_feed_now_and_hears_what_became_of_it(house):
    answer = house.post("/api/v1/feeds/complaints/poll", {"by": "Ann"})
    replay = house.post("/api/v1/feeds/air/replay", {"by": "Ann"})

    assert answer["changed"] in (True, False)
    assert replay["read"] == 0
