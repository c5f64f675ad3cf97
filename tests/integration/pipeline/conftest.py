import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import store
from model import Snapshot
from store import embedded
from tests.crews import Crew

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0

PACK = """
[city]
id = "smallport"
name = "Smallport"
timezone = "Europe/Lisbon"

[districts]
file = "wards.geojson"
id = "ward"
name = "label"
population = "pop"

[[feeds]]
id = "complaints"
kind = "file"
path = "complaints.csv"
every = "1s"
latency = "12h"
gives = "case"
timezone = "UTC"
[feeds.columns]
case_id = "Nr"
opened_at = { column = "Opened", format = "%Y-%m-%dT%H:%M:%SZ" }
closed_at = { column = "Closed", format = "%Y-%m-%dT%H:%M:%SZ", missing = [""] }
service = "Kind"
lat = "Lat"
lon = "Lon"

[[indicators]]
id = "srv.new"
window = "3h"

[[rules]]
id = "many"
title = "Many new requests"
indicator = "srv.new"
scope = "city"
direction = "high"
warn = 50
deadband = 5
priority = { warn = 2 }
cause = ["something broke"]
consequence_if_ignored = "people wait"
corrective_action = ["send somebody"]
time_to_respond = "30m"
"""


def square(ward: str, west: float) -> dict[str, Any]:
    ring = [[west, 0.0], [west + 1, 0.0], [west + 1, 1.0], [west, 1.0], [west, 0.0]]
    return {
        "type": "Feature",
        "properties": {"ward": ward, "label": f"Ward {ward}", "pop": 50_000},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def until(condition: Callable[[], Any], why: str, within_s: float = PATIENCE_S) -> Any:
    """Wait for a condition and return what made it true."""
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end, why
        time.sleep(0.05)
    return found


@dataclass
class City:
    """A tiny city: a folder, a store, and a worker that can be killed."""

    folder: Path
    data: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)
    worker: subprocess.Popen[bytes] | None = None

    @property
    def csv(self) -> Path:
        return self.folder / "complaints.csv"

    def start(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, str(ROOT / "worker.py")],
            env={
                **os.environ,
                "BARTIZAN_CITY": str(self.folder),
                "BARTIZAN_DATA": str(self.data),
                "BARTIZAN_WORKER": "1",
                **self.environment,
            },
            cwd=ROOT,
        )

    def kill(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()

    def stop(self) -> int:
        assert self.worker is not None
        self.worker.terminate()
        return self.worker.wait(20)

    def snapshot(self, condition: Callable[[Snapshot], bool], why: str) -> Snapshot:
        memory = store.open(self.url)

        def find() -> Snapshot | None:
            try:
                found = memory.latest()
            except store.StoreDown:  # not for long
                return None
            return found if found is not None and condition(found) else None

        try:
            return until(find, why)
        finally:
            memory.close()


def write_city(folder: Path, *, cases: int = 0) -> None:
    """Write the tiny city's pack, with so many requests opened an hour ago."""
    folder.mkdir()
    (folder / "city.toml").write_text(PACK, encoding="utf-8")
    wards = {"type": "FeatureCollection", "features": [square("a", 0.0), square("b", 1.0)]}
    (folder / "wards.geojson").write_text(json.dumps(wards), encoding="utf-8")
    opened = datetime.now(UTC) - timedelta(hours=1)
    rows = "".join(
        f"{number},{opened:%Y-%m-%dT%H:%M:%SZ},,Pothole,0.5,{0.5 + number % 2}\n"
        for number in range(cases)
    )
    header = "Nr,Opened,Closed,Kind,Lat,Lon\n"
    (folder / "complaints.csv").write_text(header + rows, encoding="utf-8")


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    folder, data = tmp_path / "pack", tmp_path / "var"
    data.mkdir()
    write_city(folder)
    server = embedded.start(data)
    made = City(folder, data, server.url)
    try:
        yield made
    finally:
        if made.worker is not None and made.worker.poll() is None:
            made.kill()
        server.stop()


@pytest.fixture
def crew(city: City) -> Iterator[Crew]:
    made = Crew(city)
    try:
        yield made
    finally:
        made.stop()
