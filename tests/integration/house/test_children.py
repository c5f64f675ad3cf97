"""The supervisor with small scripts as its children: real processes, no servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from house.children import ROOT, Children, Role

pytestmark = pytest.mark.integration

QUIET = """
import os, pathlib, signal, sys, threading
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())
(folder / f"{name}.pid").write_text(str(os.getpid()))
end.wait()
with (folder / "ended").open("a") as out:
    out.write(name + "\\n")
"""
STUBBORN = """
import os, pathlib, signal, sys, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(pathlib.Path(sys.argv[2]) / f"{sys.argv[1]}.pid").write_text(str(os.getpid()))
threading.Event().wait()
"""
PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from house.children import Children, Role
names, script, folder = sys.argv[2].split(","), sys.argv[3], sys.argv[4]
children = Children([Role(n, (script, n, folder)) for n in names], {})
children.start()
print("started", flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], object], within_s: float = 15.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def script(tmp_path):
    def write(text: str, name: str = "child.py") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def pid(folder: Path, name: str) -> int | None:
    path = folder / f"{name}.pid"
    text = path.read_text() if path.exists() else ""
    return int(text) if text else None


def is_alive(number: int) -> bool:
    return psutil.pid_exists(number) and psutil.Process(number).status() != "zombie"


def test_children_end_in_their_order(tmp_path, script):
    path = script(QUIET)
    names = ("web", "worker", "demo")
    children = Children([Role(n, (path, n, str(tmp_path)), 2.0) for n in names], {})
    children.start()
    until(lambda: all(pid(tmp_path, name) for name in names))

    children.stop(10.0)

    assert (tmp_path / "ended").read_text().split() == list(names)


def test_a_child_that_does_not_end_is_ended_in_time(tmp_path, script):
    children = Children([Role("a", (script(STUBBORN), "a", str(tmp_path)))], {})
    children.start()
    until(lambda: pid(tmp_path, "a"))
    started = time.monotonic()

    children.stop(0.5)

    assert time.monotonic() - started < 2.0
    assert not is_alive(pid(tmp_path, "a"))


def test_a_child_that_died_is_started_again_after_its_wait(tmp_path, script):
    children = Children([Role("a", (script(QUIET), "a", str(tmp_path)))], {})
    children.start()
    until(lambda: pid(tmp_path, "a"))
    first = pid(tmp_path, "a")
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        children.tend(time.monotonic())
        return pid(tmp_path, "a") not in (None, first)

    until(is_back)
    children.stop(5.0)


def test_waits_double_up_to_their_limit_and_start_over_after_health(script):
    children = Children([Role("a", (script("raise SystemExit(3)"),))], {})
    children.start()
    child, waits, now = children._all[0], [], 1000.0
    for _ in range(8):
        process = child.process
        process.wait(20)
        child.started_at = now
        children.tend(now)
        waits.append(child.due_at - now)
        now = child.due_at
        children.tend(now)
    child.process.wait(20)
    child.started_at = now - 61.0
    children.tend(now)

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert child.due_at - now == 0.5
    children.stop(1.0)


@pytest.mark.parametrize("text", [QUIET, STUBBORN], ids=["willing", "stubborn"])
def test_a_house_that_is_killed_leaves_no_orphan(tmp_path, script, text):
    parent = subprocess.Popen(
        [
            sys.executable,
            script(PARENT, "parent.py"),
            str(ROOT),
            "a,b",
            script(text),
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    until(lambda: pid(tmp_path, "a") and pid(tmp_path, "b"))
    numbers = [pid(tmp_path, "a"), pid(tmp_path, "b")]
    parent.kill()
    parent.wait()
    parent.stdout.close()

    until(lambda: not any(is_alive(number) for number in numbers), 10.0)


def test_the_leash_holds_without_the_kernels_help(tmp_path, script):
    """As on macOS: the pipe alone ends the child."""
    read_end, write_end = os.pipe()
    text = "import house.leash as l; l.ask_kernel = lambda: None; import sys; l.main(sys.argv[1:])"
    child = subprocess.Popen(
        [sys.executable, "-c", text, script(QUIET), "a", str(tmp_path)],
        pass_fds=(read_end,),
        env={**os.environ, "PYTHONPATH": str(ROOT), "BARTIZAN_LEASH": str(read_end)},
    )
    os.close(read_end)
    until(lambda: pid(tmp_path, "a"))

    os.close(write_end)

    assert child.wait(10) == 0
    assert (tmp_path / "ended").read_text() == "a\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('why')", 1),
        ("pass", 0),
        ("raise ValueError('x')", 1),
        ("import atexit; atexit.register(print, 'bye')", 0),
        ("import threading; threading.Thread(target=print, args=('bye',)).start()", 0),
    ],
)
def test_a_child_on_the_leash_ends_as_it_would_without(script, text, code):
    done = subprocess.run(
        [sys.executable, "-m", "house.leash", script(text)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == code
    assert ("bye" in done.stdout) == ("bye" in text)
    assert ("why" in done.stderr) == ("why" in text)
