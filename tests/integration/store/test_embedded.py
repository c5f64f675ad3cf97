"""The embedded server starts, saves, and never outlives us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

import store
from model import City, Observation, Snapshot
from store import embedded
from store.known import Generations

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.integration

PARENT = """
import signal, sys, time
from pathlib import Path
from store import embedded
from store.known import Generations
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
running = embedded.start(Path(sys.argv[1]))
print(running.pid, running.url, flush=True)
time.sleep(600)
"""


def wait_for(is_so: Callable[[], bool], limit_s: float = 10.0) -> bool:
    deadline = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def parent(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """Another process that runs the embedded server; its pid and URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid, url = process.stdout.readline().split()
    yield process, int(pid), url
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_starts_answers_and_stops_with_its_data(folder: Path, observation):
    first = embedded.start(folder)
    opened = store.open(first.url)
    opened.add_facts([observation(1)])
    epoch = opened.epoch()
    opened.close()
    started = time.monotonic()
    first.stop()
    first.stop()

    assert time.monotonic() - started < 3
    assert is_gone(first.pid)
    assert embedded.attach(folder) is None

    second = embedded.start(folder)
    opened = store.open(second.url)
    assert [fact for _, fact in opened.read_facts("w")] == [observation(1)]
    assert opened.epoch() == epoch
    opened.close()
    second.stop()


def test_nothing_is_left_outside_the_folder(folder: Path):
    before = set(Path.home().iterdir())

    running = embedded.start(folder)
    running.stop()

    assert set(Path.home().iterdir()) - before == set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_death_of_the_parent_leaves_no_orphan(parent, how: signal.Signals):
    process, pid, _ = parent
    family = [pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]

    process.send_signal(how)
    process.wait(5)

    assert wait_for(lambda: all(is_gone(one) for one in family), 5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_the_death_of_the_watchdog_ends_the_server(parent):
    process, pid, _ = parent
    watchdog = psutil.Process(pid).parent()
    assert watchdog is not None
    assert watchdog.pid != process.pid

    watchdog.kill()

    assert wait_for(lambda: is_gone(pid), 5)


def test_what_was_written_a_second_before_sigkill_survives(folder: Path, parent):
    process, pid, url = parent
    opened = store.open(url)
    opened.save_memory("air", {"n": 1})
    time.sleep(1.1)  # the log is flushed every second; that is the promise under test
    os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    opened.close()

    again = embedded.start(folder)
    opened = store.open(again.url)
    assert opened.memory("air") == {"n": 1}
    opened.close()
    again.stop()


def test_a_second_launcher_learns_who_runs(folder: Path, parent):
    process, _, url = parent

    with pytest.raises(store.AlreadyRunning) as caught:
        embedded.start(folder)

    assert caught.value.pid == process.pid
    assert caught.value.url == url
    assert embedded.attach(folder) == url


def test_of_many_launchers_at_once_one_wins(folder: Path):
    code = PARENT.replace("time.sleep(600)", "sys.stdin.read(); running.stop()")
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(3)
    ]
    lines = [racer.stdout.readline() for racer in racers if racer.stdout]
    for racer in racers:
        racer.communicate()

    assert sum(bool(line) for line in lines) == 1
    assert sorted(racer.returncode for racer in racers) == [0, 1, 1]


def test_a_new_launcher_waits_for_the_last_server_to_leave(folder: Path, parent):
    process, pid, _ = parent
    os.kill(pid, signal.SIGSTOP)  # the server cannot leave yet
    process.kill()
    process.wait()

    with pytest.raises(store.EmbeddedError, match="does not leave"):
        embedded.start(folder, timeout_s=0.3)

    os.kill(pid, signal.SIGCONT)
    running = embedded.start(folder)
    assert is_gone(pid)
    running.stop()


def test_a_deep_folder_still_gets_a_socket(tmp_path: Path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)

    running = embedded.start(deep)

    assert len(running.url) < 100
    assert embedded.attach(deep) == running.url
    opened = store.open(running.url)
    opened.ping()
    opened.close()
    running.stop()
    assert not Path(running.url.removeprefix("unix://")).parent.exists()


def test_a_folder_with_odd_characters_works(tmp_path: Path):
    running = embedded.start(tmp_path / "dé #1?")

    assert embedded.attach(tmp_path / "dé #1?") == running.url
    opened = store.open(running.url)
    opened.ping()
    opened.close()
    running.stop()


def test_a_server_that_cannot_start_says_why(folder: Path):
    running = embedded.start(folder)
    running.stop()
    base = next((folder / "store" / "appendonlydir").glob("*.base.rdb"))
    base.write_bytes(b"this is no data of ours" * 9)

    with pytest.raises(store.EmbeddedError, match=r"(?s)ended at once.*\n") as caught:
        embedded.start(folder)

    assert "format" in str(caught.value) or "RDB" in str(caught.value)


def test_ticks_come_again_after_a_restart_of_the_server(folder: Path):
    city = City(id="c", name="C", timezone="UTC")
    snapshot = Snapshot(version="", published_at=NOW, city=city)
    running = embedded.start(folder)
    opened = store.open(running.url)
    ticks = opened.ticks(timeout_s=0.2)
    opened.publish(snapshot)
    assert next(head for head in ticks if head).version.endswith("-1")

    running.stop()
    assert [next(ticks) for _ in range(3)] == [None, None, None]
    with pytest.raises(store.StoreDown):
        opened.latest()
    running = embedded.start(folder)

    # the present head comes first, then the next one
    seen = next(head for head in ticks if head)
    after = opened.publish(snapshot)
    assert seen.version.endswith("-1")
    assert next(head for head in ticks if head) == after
    assert after.version == seen.version.replace("-1", "-2")
    latest = opened.latest()
    assert latest is not None
    assert latest.version == after.version
    ticks.close()  # type: ignore[attr-defined]
    opened.close()
    running.stop()


def test_a_silent_server_costs_the_web_half_a_second(parent):
    _, pid, url = parent
    opened = store.open(url)
    opened.ping()
    os.kill(pid, signal.SIGSTOP)

    started = time.monotonic()
    with pytest.raises(store.StoreDown):
        opened.latest()
    assert time.monotonic() - started < 1.0

    os.kill(pid, signal.SIGCONT)
    opened.close()


def test_an_unreadable_entry_goes_to_quarantine_and_is_not_seen_again(
    folder: Path, observation: Callable[..., Observation]
):
    running = embedded.start(folder)
    opened = store.RedisStore(running.url)
    raw = opened._clients.patient
    opened.add_facts([observation(1)])
    for body in (b"not json", b'[{"_":"x","feed_id":"air"}]', b'[{"_":"o","feed_id":"air"}, 5]'):
        raw.xadd("bz:obs:in:{0}", {"f": body})
    opened.add_facts([observation(2)])

    found = opened.read_facts("w", block_ms=0)
    opened.ack([name for name, _ in found])

    assert [fact for _, fact in found] == [observation(1), observation(2)]
    assert opened.backlog() == store.Backlog(0, 0)
    assert opened.quarantine("air").total == 2
    assert opened.quarantine("unknown").total == 2
    opened.close()
    running.stop()


def test_the_stream_does_not_grow_once_facts_are_acknowledged(
    folder: Path, observation: Callable[..., Observation]
):
    running = embedded.start(folder)
    opened = store.RedisStore(running.url)
    for _ in range(20):
        opened.add_facts([observation(n) for n in range(500)])
        opened.ack([name for name, _ in opened.read_facts("w", block_ms=0)])

    assert opened._clients.patient.xlen("bz:obs:in:{0}") == 0
    opened.close()
    running.stop()


def test_what_is_known_is_bounded_and_repeated_windows_stay_known(folder: Path):
    running = embedded.start(folder)
    opened = store.RedisStore(running.url)
    known = Generations(opened._clients.patient, limit=1000)
    names = ("bz:seen:{x}:new", "bz:seen:{x}:old")
    window = [(f"w{n}".encode(), b"1") for n in range(200)]
    known.learn(names, dict(window))
    for batch in range(30):
        known.learn(names, {f"{batch}.{n}".encode(): b"1" for n in range(300)})
        assert known.know(names, window) == [True] * 200

    raw = opened._clients.patient
    assert raw.hlen(names[0]) + raw.hlen(names[1]) < 3000
    assert known.know(names, [(b"0.1", b"1"), (b"29.1", b"1"), (b"29.1", b"2")]) == [
        False,
        True,
        False,
    ]
    opened.close()
    running.stop()


def test_a_deaf_subscription_is_noticed(folder: Path):
    city = City(id="c", name="C", timezone="UTC")
    running = embedded.start(folder)
    opened = store.RedisStore(running.url)
    opened.publish(Snapshot(version="", published_at=NOW, city=city))
    ticks = opened.ticks(timeout_s=0.2)
    next(ticks)

    opened._clients.patient.hset("bz:{house}:head", "version", "missed-1")  # without a tick
    deadline = time.monotonic() + 8
    found = next(head for head in ticks if head or time.monotonic() > deadline)

    assert found is not None
    assert found.version == "missed-1"
    ticks.close()  # type: ignore[attr-defined]
    opened.close()
    running.stop()
