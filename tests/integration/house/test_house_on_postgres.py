"""The whole house with its long memory on a server."""

import subprocess
import sys

import pytest

from tests import postgres_servers as postgres
from tests.integration.house.conftest import ROOT, environment, until
from tests.integration.pipeline.conftest import write_city

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
def server():
    yield from postgres.lent()


def test_a_house_on_postgresql_works_and_comes_back_when_the_server_does(start, server, tmp_path):
    write_city(tmp_path / "city", cases=80)
    house = start(BARTIZAN_CITY=str(tmp_path / "city"), HISTORY_URL=server.tcp_url(schema="small"))
    house.wait_ready()
    path = "/api/v1/readings?indicator=srv.new&district=city"

    def rows():
        return house.json(path)["items"]

    until(lambda: rows() and rows()[-1]["value"] is not None, 60.0)
    known = rows()[-1]["value"]

    server.stop()
    body = until(lambda: (said := house.get("/readyz"))[0] == 503 and said[1])
    assert b"history" in body
    assert b"127.0.0.1" in body
    before = house.json("/api/v1/snapshot")["version"]  # the room goes on
    until(lambda: house.json("/api/v1/snapshot")["version"] != before)
    csv = tmp_path / "city" / "complaints.csv"  # what comes in waits until it can be kept
    csv.write_text(csv.read_text() + csv.read_text().splitlines()[1].replace("0,", "80,", 1) + "\n")

    server.start()
    house.wait_ready()
    until(lambda: rows()[-1]["value"] > known, 60.0)

    told = house.said().encode() + body + house.get("/metrics")[1] + house.get("/readyz")[1]
    for word in (*postgres.PASSWORD.split(), "corr3ct%20horse"):
        assert word.encode() not in told
    assert not (tmp_path / "data" / "history").exists()


def test_a_house_that_starts_before_its_server_waits_for_it(start, server, tmp_path):
    write_city(tmp_path / "city", cases=80)
    server.stop()
    house = start(BARTIZAN_CITY=str(tmp_path / "city"), HISTORY_URL=server.tcp_url(schema="small"))

    body = until(lambda: (said := house.get("/readyz"))[0] == 503 and said[1], 60.0)
    assert b"history" in body

    server.start()
    house.wait_ready()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:s3cret@x@host/city", "written as %40"),
        ("mysql://me:s3cret@host/city", "names no history that is known"),
    ],
)
def test_a_history_that_cannot_be_meant_stops_the_start_in_one_line(url, words, tmp_path):
    settings = {"BARTIZAN_DATA": str(tmp_path / "data"), "HISTORY_URL": url}
    found = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert found.returncode == 1
    assert words in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert "s3cret" not in found.stderr + found.stdout
    assert not (tmp_path / "data" / "history").exists()
