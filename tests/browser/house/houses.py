"""A whole house for a browser: ``python app.py`` on free ports, in a folder of its own."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from demo.almanac import DAY, city_time
from demo.incidents import programme
from tests.integration.house.conftest import ROOT, House, alive, environment, until

__all__ = ["ROOT", "Home", "end", "say", "start", "until"]


@dataclass
class Home(House):
    """A house, its folder, and its simulated city where it has one."""

    folder: Path = field(default_factory=Path)
    demo_port: int = 0
    started_at: float = field(default_factory=time.time)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def all_of(self, mark: str) -> list[psutil.Process]:
        """Every process of the house whose command line has the mark, the oldest first."""
        found = [p for p in self.family() if mark in " ".join(p.cmdline())]
        return sorted(found, key=lambda process: process.create_time())

    def version(self) -> tuple[str, int]:
        """The epoch and the number of the newest snapshot."""
        epoch, _, number = self.json("/api/v1/snapshot")["version"].rpartition("-")
        return epoch, int(number)

    def alerts(self, query: str = "") -> list[dict]:
        return self.json(f"/api/v1/alerts{query}")["items"]

    def incident(self, *words: str) -> str:
        """Trigger an incident as an operator of the demo does."""
        done = subprocess.run(
            [sys.executable, "-m", "demo", "incident", *words, "--port", str(self.demo_port)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def say(text: str) -> None:
    """Tell a figure to whoever reads the output of the test."""
    sys.stdout.write(f"\n{text}\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, **settings: str) -> Home:
    """Start a house; the caller ends it."""
    port, demo_port, output = free_port(), free_port(), folder / "out.txt"
    own = {
        "BARTIZAN_DATA": str(folder / "data"),
        "PORT": str(port),
        "DEMO_PORT": str(demo_port),
        "DEMO_MQTT_PORT": str(free_port()),
        "DEMO_SEED": str(quiet_seed(int(time.time()))),
    }
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")],
            cwd=folder,
            env=environment(**own | settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return Home(process, port, output, folder=folder / "data", demo_port=demo_port)


def end(home: Home) -> None:
    """End a house and all that it left, by pid."""
    if home.process.poll() is None:
        family = home.family()
        for process in family:
            process.resume()
        home.end()
        for process in alive(family):
            process.kill()
    if keep := os.environ.get("HOUSE_LOG"):  # where a person wants to read what it said
        Path(keep).write_text(home.said(), encoding="utf-8")


def quiet_seed(now: int) -> int:
    """Return a seed whose programme leaves yesterday, today and tomorrow alone."""
    days = city_time(np.array([now - DAY, now, now + DAY], dtype=np.int64)).day
    return next(
        seed for seed in range(1, 200) if not any(programme(seed, int(day)) for day in days)
    )
