"""What one more viewer costs: bytes, server CPU and arrival of the frames of a wall.

A real web process (gunicorn, the real scene of the demo city) on a real store. A publisher makes a
new snapshot every second in which every tile and ten districts of the map change; viewers are
plain sockets in a second process. CPU is that of the web process alone; the marginal cost is the
difference between many viewers and few. Run ``python -m bench.fanout [--seconds N]``.
"""

import argparse
import json
import multiprocessing
import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psutil

import cities
import store as stores
from model import CITY, FeedState, Quality, Reading, Snapshot, Usual
from store import embedded

ROOT = Path(__file__).resolve().parents[1]
VIEWERS = (1, 50, 200)
SETTLE_S = 2.0


@dataclass
class Arrivals:
    """What the viewers saw: delays in ms, bytes and frames, and versions that were skipped."""

    delays: list[float] = field(default_factory=list)
    n_bytes: int = 0
    frames: int = 0
    missed: int = 0

    def note(self, frame: dict[str, Any], n_bytes: int, arrived_ms: float, last: str) -> None:
        """Count one frame; the full one that greets a viewer is no tick."""
        if frame["full"]:
            return
        self.delays.append(arrived_ms - frame["published_at"])
        self.n_bytes += n_bytes
        self.frames += 1
        self.missed += frame["prev"] != last


def snapshots(pack: cities.Pack, seed: int = 1) -> Iterator[Snapshot]:
    """Yield snapshots of the whole city, each a little different from the last."""
    draw = random.Random(seed)
    now = datetime.now(UTC)
    readings = {
        (indicator.id, district): _reading(indicator.id, district, draw.uniform(1, 90), now)
        for indicator in pack.indicators
        for district in (CITY, *pack.districts.ids)
    }
    while True:
        now = datetime.now(UTC)
        moved = [(indicator.id, CITY) for indicator in pack.indicators]
        moved += [("srv.new", name) for name in draw.sample(pack.districts.ids, 10)]
        for key in moved:
            if key in readings:
                readings[key] = _reading(*key, draw.uniform(1, 90), now)
        yield Snapshot(
            version="0-0",
            published_at=now,
            city=pack.city,
            readings=tuple(readings.values()),
            feeds=tuple(_feed(feed.id, now) for feed in pack.feeds),
        )


def _reading(indicator: str, district: str, value: float, now: datetime) -> Reading:
    return Reading(
        indicator=indicator,
        district=district,
        at=now,
        value=value,
        num=value,
        den=1.0,
        n=20,
        quality=Quality.GOOD,
        known_at=now,
        observed_at=now,
        late_at=now + timedelta(minutes=10),
        stale_at=now + timedelta(minutes=20),
        nodata_at=now + timedelta(hours=1),
        usual=Usual(centre=40.0, low=20.0, high=60.0, spread=10.0, weeks=8),
        z=0.4,
    )


def _feed(name: str, now: datetime) -> FeedState:
    return FeedState(
        id=name,
        kind="bench",
        name=name,
        gives="observation",
        state=Quality.GOOD,
        due_every=timedelta(minutes=5),
        last_observed_at=now,
    )


def watch(port: int, viewers: int, answers: Any, is_over: Any) -> None:
    """Hold open streams in this process and tell how their frames arrived."""
    chooser, buffers = selectors.DefaultSelector(), {}
    for _ in range(viewers):
        viewer = socket.create_connection(("127.0.0.1", port), timeout=10)
        viewer.sendall(b"GET /stream?scene=overview HTTP/1.1\r\nHost: localhost\r\n\r\n")
        viewer.settimeout(0)
        chooser.register(viewer, selectors.EVENT_READ)
        buffers[viewer] = b""
    seen, last = Arrivals(), dict.fromkeys(buffers, "")
    is_complete = False
    while not is_over.is_set():
        for key, _ in chooser.select(timeout=0.2):
            viewer = cast("socket.socket", key.fileobj)
            piece, arrived_ms = viewer.recv(1 << 20), time.time() * 1000
            *whole, buffers[viewer] = (buffers[viewer] + piece).split(b"\n\n")
            for event in whole:
                if b"event: frame" in event:
                    frame = json.loads(event.split(b"data: ", 1)[1].rsplit(b"\r\n", 1)[0])
                    seen.note(frame, len(event) + 2, arrived_ms, last[viewer])
                    last[viewer] = frame["v"]
        if not is_complete and all(last.values()):
            is_complete = True
            answers.put("complete")
    answers.put(seen)


def run(viewers: int, seconds: float, house: "House") -> tuple[Arrivals, float]:
    """Return what the viewers saw and the CPU seconds that the web process used meanwhile."""
    answers: Any = multiprocessing.Queue()
    is_over = multiprocessing.Event()
    crowd = multiprocessing.Process(target=watch, args=(house.port, viewers, answers, is_over))
    crowd.start()
    while answers.empty():
        _publish(house, 1.0)
    answers.get()
    _publish(house, SETTLE_S)
    before = house.cpu_s()
    _publish(house, seconds)
    used = house.cpu_s() - before
    is_over.set()
    seen = answers.get(timeout=30)
    crowd.join()
    return seen, used


def _publish(house: "House", seconds: float) -> None:
    end = time.monotonic() + seconds
    due = time.monotonic()
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        snapshot = next(house.snapshots)
        house.store.publish(replace(snapshot, published_at=datetime.now(UTC)))
        due += 1.0


@dataclass
class House:
    """A store, a web process and a source of snapshots."""

    store: stores.Store
    port: int
    web: subprocess.Popen[bytes]
    snapshots: Iterator[Snapshot]

    def cpu_s(self) -> float:
        """Return the CPU seconds of the web's worker process so far."""
        (worker,) = psutil.Process(self.web.pid).children()
        times = worker.cpu_times()
        return float(times.user + times.system)


@contextmanager
def opened() -> Iterator[House]:
    """Start a store and a web of the demo city in a folder of their own."""
    pack = cities.load(ROOT / "cities" / "montreal", places={"demo": "http://127.0.0.1:9"})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        server = embedded.start(Path(name))
        environment = {"BARTIZAN_DATA": name, "PORT": str(port), "LOG_LEVEL": "WARNING"}
        web = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:server"],
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        house = House(stores.open(server.url), port, web, snapshots(pack))
        try:
            house.store.publish(next(house.snapshots))
            _wait_for(port)
            yield house
        finally:
            web.terminate()
            web.wait(10)
            server.stop()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                if probe.recv(100):
                    return
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share lies."""
    return statistics.quantiles(values, n=100)[round(share * 100) - 1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each run")
    seconds = parser.parse_args().seconds
    print("| viewers | kB/viewer-tick | CPU of one core | p50 ms | p95 ms | missed |")
    print("|---|---|---|---|---|---|")
    used: dict[int, float] = {}
    with opened() as house:
        for viewers in VIEWERS:
            seen, used[viewers] = run(viewers, seconds, house)
            kilobytes = seen.n_bytes / max(1, seen.frames) / 1000
            p50, p95 = (quantile(seen.delays, share) for share in (0.5, 0.95))
            print(
                f"| {viewers} | {kilobytes:.2f} | {used[viewers] / seconds:.1%} | {p50:.1f} | "
                f"{p95:.1f} | {seen.missed} |",
                flush=True,
            )
    many, few = max(VIEWERS), min(VIEWERS)
    each_ms = (used[many] - used[few]) / (many - few) / seconds * 1000
    print(f"one tick to one more viewer: {each_ms:.3f} ms of server CPU (budget 0.3, and 4 kB)")
    print("budget at 200 viewers: 10 % of one core, p95 100 ms, none missed")


if __name__ == "__main__":
    main()
