"""Several worker processes of one tiny city, and a watcher who sees what they publish."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import history
import store
from history import schemas
from model import Command, Snapshot

ROOT = Path(__file__).resolve().parents[1]
HEADER = "Nr,Opened,Closed,Kind,Lat,Lon\n"


@dataclass
class Crew:
    """Several workers of one city."""

    city: Any
    workers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, number: int) -> None:
        self.workers[number] = subprocess.Popen(
            [sys.executable, str(ROOT / "worker.py")],
            env={
                **os.environ,
                "BARTIZAN_CITY": str(self.city.folder),
                "BARTIZAN_DATA": str(self.city.data),
                "BARTIZAN_WORKER": str(number),
                **self.environment,
            },
            cwd=ROOT,
        )

    def start_two(self) -> int:
        """Start two workers; return the one that leads."""
        self.start(1)
        self.start(2)
        self.await_members(2)
        return self.await_leader()

    def leader(self) -> int | None:
        memory = store.open(self.city.url)
        try:
            leads = [one for one in memory.workers() if one.note.get("leads")]
            names = [number for number, one in self.workers.items() if _is(one, leads)]
            return names[0] if len(names) == 1 else None
        finally:
            memory.close()

    def await_leader(self, *, other_than: int | None = None) -> int:
        end = time.monotonic() + 40
        while (found := self.leader()) is None or found == other_than:
            assert time.monotonic() < end, "nobody ever led"
            time.sleep(0.05)
        return found

    def await_members(self, count: int) -> None:
        memory = store.open(self.city.url)
        end = time.monotonic() + 40
        while sum("leads" in one.note for one in memory.workers()) < count:
            assert time.monotonic() < end, "not all came"
            time.sleep(0.05)
        memory.close()

    def kill(self, number: int, how: signal.Signals = signal.SIGKILL) -> None:
        self.workers[number].send_signal(how)
        if how is signal.SIGKILL:
            self.workers[number].wait()

    def stop(self) -> None:
        for one in self.workers.values():
            if one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.kill()
        for one in self.workers.values():
            one.wait()


def _is(process: subprocess.Popen[bytes], leads: list[store.WorkerNote]) -> bool:
    return any(one.note["pid"] == process.pid for one in leads)


@dataclass
class Watcher:
    """Sees every head that is published, as a web process does."""

    url: str
    heads: list[tuple[float, store.Head]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join(5)

    def _watch(self) -> None:
        memory = store.open(self.url)
        for head in memory.ticks(0.2):
            if head is not None:
                self.heads.append((time.monotonic(), head))
            if self._stop.is_set():
                break
        memory.close()

    def longest_gap_s(self) -> float:
        times = [at for at, _ in self.heads]
        return max((b - a for a, b in pairwise(times)), default=0.0)

    def check(self) -> None:
        versions = [tuple(int(part) for part in head.version.split("-")) for _, head in self.heads]
        assert versions == sorted(versions), "a version went back"
        assert len({epoch for epoch, _ in versions}) == 1
        times = [head.published_at for _, head in self.heads]
        assert times == sorted(times), "an older picture was shown after a newer one"


def row(number: int, opened: datetime, closed: datetime | None = None) -> str:
    end = f"{closed:%Y-%m-%dT%H:%M:%SZ}" if closed else ""
    return f"{number},{opened:%Y-%m-%dT%H:%M:%SZ},{end},Pothole,0.5,{0.5 + number % 2}\n"


def write(city, rows: list[str]) -> None:
    fresh = city.csv.with_suffix(".new")
    fresh.write_text(HEADER + "".join(rows), encoding="utf-8")
    fresh.replace(city.csv)


def new_requests(snapshot: Snapshot) -> float:
    reading = snapshot.reading("srv.new")
    return 0.0 if reading is None or reading.num is None else reading.num


def written_twice(kept: history.History) -> int:
    """Return how many rows of cases stand there that were admitted once and written twice."""
    table = kept.engine.relation(schemas.CASES)
    counts = "count(*) as n, count(distinct feed_id || case_id || known_at) as once"
    rows = kept.engine.ask(f"select {counts} from {table}", {}).to_pylist()
    return int(rows[0]["n"] - rows[0]["once"])


def acknowledge(city, occurrence: str) -> Command:
    memory = store.open(city.url)
    command = Command(
        command_id="c1",
        occurrence=occurrence,
        call="ack",
        by="M. Bouchard",
        at=datetime.now(UTC),
        comment="crew is on its way",
    )
    outcome = memory.submit(command, timeout_s=10)
    memory.close()
    assert outcome.status == "applied"
    return command
