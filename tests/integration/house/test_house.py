"""The whole house as a person starts it: real processes on free ports, no network."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import psutil
import pytest

from tests.integration.house.conftest import ROOT, alive, environment, until
from tests.integration.pipeline.conftest import write_city

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def call(*arguments: str, cwd, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mark_pid(house, mark: str) -> int | None:
    try:
        return house.child(mark).pid
    except (StopIteration, psutil.Error):
        return None


def version_number(house) -> int:
    return int(house.json("/api/v1/snapshot")["version"].rpartition("-")[2])


def test_a_house_starts_serves_and_ends_in_order(start, tmp_path):
    house = start()
    house.wait_ready()
    lines = house.said().splitlines()
    assert lines[0] == f"http://127.0.0.1:{house.port}"
    assert lines[1] == f"data folder: {tmp_path / 'data'}"
    assert lines[2] == "demo city: simulated data"

    second = call(
        str(ROOT / "app.py"),
        cwd=tmp_path,
        BARTIZAN_DATA=str(tmp_path / "data"),
        PORT=str(house.port),
    )
    assert second.returncode == 0
    assert str(house.process.pid) in second.stdout
    assert f"http://127.0.0.1:{house.port}" in second.stdout

    first = version_number(house)
    until(lambda: version_number(house) > first)

    ended = threading.Event()

    def watch() -> None:
        url = f"http://127.0.0.1:{house.port}/stream?scene=overview"
        with urllib.request.urlopen(url, timeout=20) as stream:
            seen.append(stream.readline())
            while stream.readline():
                pass
        ended.set()

    seen: list[bytes] = []
    threading.Thread(target=watch, daemon=True).start()
    until(lambda: seen)
    family = house.family()

    took_s = house.end()

    assert house.process.returncode == 0, house.said()
    assert took_s < 5.0
    assert alive(family) == []
    assert ended.wait(1.0), "the stream was not ended"
    assert "did not end in time" not in house.said()
    assert "leaked" not in house.said()


def test_a_house_goes_on_where_it_ended(start):
    house = start()
    house.wait_ready()
    epoch = house.json("/api/v1/snapshot")["version"].rpartition("-")[0]
    last = version_number(house)
    house.end()

    again = start()
    again.wait_ready()

    assert again.json("/api/v1/snapshot")["version"].rpartition("-")[0] == epoch
    assert version_number(again) > last


def test_a_house_that_is_killed_leaves_nothing_and_can_start_again(start):
    house = start()
    house.wait_ready()
    family = house.family()
    assert len(family) >= 5  # web twice, worker, demo, store and its watchdog

    house.process.kill()
    house.process.wait()

    until(lambda: not alive(family), 15.0)
    start().wait_ready()


def test_parts_that_die_come_back_by_themselves(start):
    house = start()
    house.wait_ready()
    epoch = house.json("/api/v1/snapshot")["version"].rpartition("-")[0]

    for mark in ("valkey-server unixsocket", "worker.py", "gunicorn", "demo serve"):
        died = house.child(mark)
        gone = [died, *died.children(recursive=True)]  # an orphan may answer for a moment yet
        died.kill()
        psutil.wait_procs(gone, timeout=10.0)
        until(lambda mark=mark, died=died: mark_pid(house, mark) not in (None, died.pid))
        house.wait_ready()
        last = version_number(house)
        until(lambda last=last: version_number(house) > last)

    assert house.json("/api/v1/snapshot")["version"].rpartition("-")[0] == epoch
    assert house.process.poll() is None


def test_a_stream_lives_through_a_restart_of_the_store(start):
    house = start()
    house.wait_ready()
    versions: list[str] = []

    def watch() -> None:
        url = f"http://127.0.0.1:{house.port}/stream?scene=overview"
        with urllib.request.urlopen(url, timeout=60) as stream:
            versions.extend(line.decode() for line in stream if line.startswith(b"id: "))

    threading.Thread(target=watch, daemon=True).start()
    until(lambda: len(versions) > 1)

    house.child("valkey-server unixsocket").kill()
    killed_at, before = time.monotonic(), len(versions)

    until(lambda: len(versions) > before + 2, 20.0)
    assert time.monotonic() - killed_at < 15.0
    assert len(set(versions)) == len(versions)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_it_too(start, number):
    house = start()
    until(lambda: "data folder" in house.said())

    house.process.send_signal(number)

    assert house.process.wait(10) == 0


def test_two_houses_on_two_folders_do_not_meet(start):
    one, two = start("one"), start("two")

    one.wait_ready()
    two.wait_ready()

    first, second = (h.json("/api/v1/snapshot")["version"].split("-")[0] for h in (one, two))
    assert first != second


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "many"}, "PORT=many"),
        ({"HOST": "0.0.0.0"}, "BARTIZAN_OPEN=1"),
        ({"BARTIZAN_CITY": "/nowhere"}, "/nowhere"),
        ({"BARTIZAN_CTY": "x"}, "did you mean BARTIZAN_CITY"),
        ({"BARTIZAN_DATA": "/dev/null/x"}, "BARTIZAN_DATA"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_starts(tmp_path, settings, said):
    done = call(str(ROOT / "app.py"), cwd=tmp_path, **{"BARTIZAN_DATA": str(tmp_path)} | settings)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path, free_port):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = call(
            str(ROOT / "app.py"),
            cwd=tmp_path,
            BARTIZAN_DATA=str(tmp_path),
            PORT=port,
            DEMO_PORT=str(free_port()),
            DEMO_MQTT_PORT=str(free_port()),
        )

    assert done.returncode == 1
    assert port in done.stderr
    assert "PORT" in done.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("check",), ("--nonsense",)])
def test_wrong_usage_is_2(tmp_path, arguments):
    assert call(str(ROOT / "app.py"), *arguments, cwd=tmp_path).returncode == 2


def test_help_names_the_calls(tmp_path):
    done = call(str(ROOT / "app.py"), "--help", cwd=tmp_path)

    assert done.returncode == 0
    assert re.search(r"check\s+check a city pack", done.stdout)


@pytest.mark.parametrize(
    "command", [("-m", "gunicorn", "app:server"), ("worker.py",)], ids=["web", "worker"]
)
def test_a_part_alone_without_a_store_says_so_and_ends(tmp_path, free_port, command):
    done = call(*command, cwd=ROOT, BARTIZAN_DATA=str(tmp_path / "empty"), PORT=str(free_port()))

    assert done.returncode == 1
    assert "python app.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_api_of_a_living_house_reads_and_commands(start, tmp_path):
    city = tmp_path / "smallport"
    write_city(city, cases=80)  # its rule calls a person from 50 new requests on
    house = start(BARTIZAN_CITY=str(city))
    house.wait_ready()
    snapshot = house.json("/api/v1/snapshot")
    assert {"version", "published_at", "city", "readings", "alerts", "feeds"} <= snapshot.keys()
    for call_ in ("districts", "indicators", "feeds", "alerts", "openapi.json"):
        assert house.json(f"/api/v1/{call_}"), call_
    indicator = snapshot["readings"][0]["indicator"]

    rows = until(
        lambda: house.json(f"/api/v1/readings?indicator={indicator}&district=city")["items"], 60.0
    )
    assert rows[0]["indicator"] == indicator
    alert = until(lambda: house.json("/api/v1/alerts?state=UNACK")["items"], 120.0)[0]

    first = house.post(f"/api/v1/alerts/{alert['id']}/ack", {"by": "Ann", "comment": "seen"})
    again = house.post(f"/api/v1/alerts/{alert['id']}/ack", {"by": "Bob"})

    assert (first["changed"], again["changed"]) == (True, False)
    until(lambda: house.json(f"/api/v1/alerts/{alert['id']}").get("acked_by") == "Ann")
    audit = until(
        lambda: [
            line
            for line in house.json(f"/api/v1/alerts/{alert['id']}")["audit"]
            if line["kind"] == "ACK"
        ]
    )
    assert (audit[0]["actor"], audit[0]["comment"]) == ("Ann", "seen")


def test_check_tells_a_good_pack_from_a_bad_one(tmp_path):
    good = call(str(ROOT / "app.py"), "check", str(ROOT / "cities" / "montreal"), cwd=tmp_path)
    (tmp_path / "city.toml").write_text('[city]\nid = "x"\nnmae = "X"\n')
    bad = call(str(ROOT / "app.py"), "check", str(tmp_path), "--json", cwd=tmp_path)

    assert good.returncode == 0, good.stdout
    assert "58 districts" in good.stdout
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["ok"] is False
    assert "nmae" in bad.stdout
