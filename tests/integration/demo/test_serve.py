"""The real server as its own process, over real sockets."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def served(*options: str, **more) -> Iterator[tuple[str, subprocess.Popen]]:
    """Run the demo on a port of its own choice until the block ends."""
    command = [
        sys.executable,
        "-m",
        "demo",
        "serve",
        "--port",
        "0",
        "--programme",
        "none",
        *options,
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **more)
    try:
        line = process.stdout.readline()
        found = re.search(r"url=(http://127\.0\.0\.1:\d+)", line)
        assert found, line
        yield found[1], process
    finally:
        process.terminate()
        process.wait(timeout=5)
        process.stdout.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served("--now", "2026-11-24T15:03:10Z") as (found, _):
        yield found


def command(url: str, *words: str) -> subprocess.CompletedProcess:
    port = url.rpartition(":")[2]
    line = [sys.executable, "-m", "demo", *words, "--port", port]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_feed_answers_over_http(url):
    with httpx.Client(base_url=url) as client:
        index = client.get("/").json()
        replies = [client.get(path) for path in index["feeds"]]

    assert index["now"].startswith("2026-11-24T15:0")
    assert [reply.status_code for reply in replies] == [200] * len(index["feeds"])
    assert len(replies) == 40
    kinds = {reply.headers["Content-Type"].split(";")[0] for reply in replies}
    assert kinds == {
        "application/json",
        "application/atom+xml",
        "application/geo+json",
        "application/ld+json",
        "application/x-protobuf",
        "application/zip",
        "text/csv",
        "text/plain",
    }


def test_an_unchanged_resource_is_304_without_a_body(url):
    with httpx.Client(base_url=url) as client:
        first = client.get("/gbfs/station_information.json")
        again = client.get(
            "/gbfs/station_information.json", headers={"If-None-Match": first.headers["ETag"]}
        )
        other = client.get("/gbfs/station_information.json", headers={"If-None-Match": '"x"'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


def test_one_connection_carries_many_requests(url):
    connection = HTTPConnection(url.removeprefix("http://"))
    connection.connect()
    socket = connection.sock

    for path in ("/", "/gbfs/gbfs.json", "/nothing", "/open311/v2/services.json"):
        connection.request("GET", path)
        connection.getresponse().read()

    assert connection.sock is socket
    connection.close()


def test_gzip_is_sent_to_those_who_accept_it(url):
    with httpx.Client(base_url=url) as client:
        plain = client.get("/gbfs/station_status.json", headers={"Accept-Encoding": "identity"})
        with client.stream("GET", "/gbfs/station_status.json") as zipped:
            raw = b"".join(zipped.iter_raw())

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(raw) < len(plain.content) / 3
    assert json.loads(gzip.decompress(raw))["data"]["stations"]


def test_head_tells_the_length_and_sends_nothing(url):
    reply = httpx.head(f"{url}/gbfs/station_status.json")

    assert reply.status_code == 200
    assert int(reply.headers["Content-Length"]) > 1000
    assert reply.content == b""


def test_nine_weeks_of_every_datastream_can_be_walked(url):
    where = "phenomenonTime gt 2026-09-22T15:00:00Z and phenomenonTime le 2026-11-24T15:00:00Z"
    with httpx.Client(base_url=url, timeout=60) as client:
        query = {"$filter": where, "$top": "10000", "$select": "@iot.id"}
        page = client.get("/sta/river/v1.1/Observations", params=query).json()
        ids = [row["@iot.id"] for row in page["value"]]
        while "@iot.nextLink" in page:
            page = client.get(page["@iot.nextLink"]).json()
            ids += [row["@iot.id"] for row in page["value"]]

    assert len(ids) == len(set(ids)) == 6 * (61 * 24 - 1 + 48 * 60 + 1)


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1", "[::2]:80"])
def test_a_foreign_host_name_is_refused(url, host):
    assert httpx.get(f"{url}/", headers={"Host": host}).status_code == 421


def test_a_web_page_cannot_start_an_incident(url):
    reply = httpx.post(
        f"{url}/control/incident", json={"kind": "flood"}, headers={"Origin": "http://evil.example"}
    )

    assert reply.status_code == 403
    assert httpx.get(f"{url}/control/incidents").json()["acting"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b"{}", 409),
        (b'{"kind": "meteor"}', 409),
        (b'{"kind": "flood", "minutes": "ten"}', 409),
        (b'{"kind": "powercut", "place": "999"}', 409),
    ],
)
def test_a_senseless_wish_is_refused_and_nothing_starts(url, body, status):
    reply = httpx.post(f"{url}/control/incident", content=body)

    assert reply.status_code == status
    assert httpx.get(f"{url}/control/incidents").json()["acting"] == []


def test_an_incident_is_started_seen_remembered_and_stopped(tmp_path):
    state = ("--state", str(tmp_path / "state.json"))
    with served(*state) as (url, _):
        assert httpx.get(f"{url}/sta/traffic/v1.1/Things").status_code == 200
        begun = command(url, "incident", "deadfeed", "--minutes", "90")
        assert (begun.returncode, begun.stdout) == (0, "started: deadfeed for 90 min\n")
        assert httpx.get(f"{url}/sta/traffic/v1.1/Things").status_code == 503
        twice = command(url, "incident", "deadfeed")
        assert twice.returncode == 1
        assert "already going on" in twice.stderr

    with served(*state) as (url, _):
        assert httpx.get(f"{url}/sta/traffic/v1.1/Things").status_code == 503
        assert "deadfeed for 90 min" in command(url, "list").stdout
        ended = command(url, "incident", "--stop", "deadfeed")
        assert (ended.returncode, ended.stdout) == (0, "stopped: deadfeed for 90 min\n")
        assert httpx.get(f"{url}/sta/traffic/v1.1/Things").status_code == 200
        assert command(url, "incident", "--stop", "deadfeed").stdout == "stopped: nothing\n"


def test_without_a_server_the_command_says_so(free_port):
    found = command(f"http://127.0.0.1:{free_port()}", "list")

    assert found.returncode == 1
    assert found.stderr.startswith("demo: ")


def test_it_ends_when_whoever_started_it_is_gone():
    with served("--while-stdin-open", stdin=subprocess.PIPE) as (url, process):
        assert httpx.get(url).status_code == 200

        process.stdin.close()

        assert process.wait(timeout=5) == 0


def test_it_ends_at_once_when_told_to():
    with served() as (_, process):
        process.terminate()

        assert process.wait(timeout=5) == 0


def test_it_listens_on_loopback_only():
    line = [sys.executable, "-m", "demo", "serve", "--host", "0.0.0.0", "--port", "0"]
    found = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert found.returncode == 1
    assert "loopback only" in found.stderr
