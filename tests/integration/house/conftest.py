import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
READY_S = 60.0  # the promise is 30 s on a quiet machine; tests share theirs


def until(condition: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Wait for a condition and return what made it true."""
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return found


@dataclass
class House:
    """One `python app.py` on a folder and ports of its own."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def get(self, path: str, timeout: float = 3.0) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=timeout
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def json(self, path: str) -> Any:
        status, body = self.get(path)
        assert status == 200, f"{path} answers {status}: {body.decode()}\n{self.said()}"
        return json.loads(body)

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.said()
            return self.get("/readyz")[0] == 200

        try:
            until(is_ready, READY_S)
        except AssertionError as error:
            raise AssertionError(f"{self.get('/readyz')}\n{self.said()}") from error

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[psutil.Process]:
        """All processes of the house but the first, however deep."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, mark: str) -> psutil.Process:
        return next(p for p in self.family() if mark in " ".join(p.cmdline()))

    def end(self) -> float:
        """Ask it to end; return the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - started


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def environment(**more: str) -> dict[str, str]:
    """The environment of this machine without any setting of a house."""
    ours = (
        "BARTIZAN_",
        "REDIS_URL",
        "HISTORY_URL",
        "ANALYTICS_URL",
        "HOST",
        "PORT",
        "DEMO_",
        "WEB_",
        "WALL_",
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | more


@pytest.fixture
def start(tmp_path, free_port):
    """Return a function that starts a house; what still runs at the end is ended."""
    started: list[House] = []

    def begin(folder: str = "data", **more: str) -> House:
        port, output = free_port(), tmp_path / f"out-{len(started)}.txt"
        settings = {
            "BARTIZAN_DATA": str(tmp_path / folder),
            "PORT": str(port),
            "DEMO_PORT": str(free_port()),
            "DEMO_MQTT_PORT": str(free_port()),
        }
        with output.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py")],
                cwd=tmp_path,
                env=environment(**settings | more),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        started.append(House(process, port, output))
        return started[-1]

    yield begin
    for house in started:
        if house.process.poll() is None:
            family = house.family()
            house.end()
            for process in alive(family):
                process.kill()
