"""Several workers of one house: any of them may die, hang or come late."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest

import history
import store
from history import schemas
from model import Command, Snapshot
from pipeline.leading import TTL

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
HEADER = "Nr,Opened,Closed,Kind,Lat,Lon\n"
TAKEOVER_S = TTL.total_seconds() + 2
AT_ONCE_S = 4.0  # a dead writer's lock is free at once


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


@pytest.fixture
def crew(city) -> Iterator[Crew]:
    made = Crew(city)
    try:
        yield made
    finally:
        made.stop()


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


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
def test_another_worker_leads_when_the_leader_is_gone_and_alarms_stand(crew, how):
    city = crew.city
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(80)])
    crew.start(1)
    crew.start(2)
    crew.await_members(2)
    first = crew.await_leader()
    raised = city.snapshot(
        lambda found: any(a.rule == "many" and a.state == "UNACK" for a in found.alerts),
        "the alarm was never raised",
    )
    alert = next(a for a in raised.alerts if a.rule == "many")
    command = acknowledge(city, alert.occurrence)

    with Watcher(city.url) as watcher:
        city.snapshot(lambda found: found.published_at > command.at, "never published again")
        crew.kill(first, how)
        gone = time.monotonic()
        second = crew.await_leader(other_than=first)
        write(city, [row(n, opened) for n in range(100)])
        after = city.snapshot(lambda found: new_requests(found) == 100, "new facts never came")
        if how is signal.SIGSTOP:
            crew.kill(first, signal.SIGCONT)
            time.sleep(2.0)  # it may try to go on
            assert crew.leader() == second
            after = city.snapshot(
                lambda found: found.published_at > after.published_at, "nobody published"
            )
        watcher.check()
        first_after = next(at for at, _ in watcher.heads if at > gone + 0.5)

    again = next(a for a in after.alerts if a.rule == "many")
    assert (again.state, again.acked_by, again.occurrence, again.raised_at) == (
        "ACKED",
        "M. Bouchard",
        alert.occurrence,
        alert.raised_at,
    )
    within_s = TAKEOVER_S if how is signal.SIGSTOP else AT_ONCE_S
    assert first_after - gone <= within_s
    assert watcher.longest_gap_s() <= within_s
    kept = history.open(city.data / "history", writer=False)
    events = kept.alert_events(occurrence=alert.occurrence)
    assert len({event.event_id for event in events}) == len(events)
    assert [event.kind for event in events].count("ACK") == 1
    assert written_twice(kept) == 0
    feed = next(feed for feed in after.feeds if feed.id == "complaints")
    assert feed.accepted == 100, "what the last leader booked was lost, or counted twice"
    assert feed.matched == 100


def test_facts_of_all_workers_are_shown_and_kept_once_whoever_dies(crew, is_long):
    """Kills fall anywhere: in a poll, between stream and history, in a term as the leader."""
    city, moments = crew.city, random.Random(7)
    crew.environment["INGEST_SHARDS"] = "4"
    opened = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    rows: dict[int, str] = {}
    write(city, [])
    for number in (1, 2, 3):
        crew.start(number)
    crew.await_members(3)
    with Watcher(city.url) as watcher:
        for turn in range(25 if is_long else 3):
            first = len(rows)
            rows |= {n: row(n, opened + timedelta(seconds=n)) for n in range(first, first + 120)}
            closed = random.Random(turn).sample(sorted(rows), 30)
            rows |= {
                n: row(n, opened + timedelta(seconds=n), opened + timedelta(hours=1, minutes=turn))
                for n in closed
            }
            write(city, list(rows.values()))
            time.sleep(moments.uniform(0.2, 2.0))
            number = moments.choice((1, 2, 3))
            crew.kill(number)
            crew.start(number)
        city.snapshot(lambda found: new_requests(found) == len(rows), "not all facts were shown")
        watcher.check()

    kept = history.open(city.data / "history", writer=False)
    expected = {n: text.split(",")[2] for n, text in rows.items()}

    def found() -> dict[int, str]:
        cases = kept.cases(opened - timedelta(days=1))
        assert len(cases) <= len(rows)
        return {
            int(c.case_id): f"{c.closed_at:%Y-%m-%dT%H:%M:%SZ}" if c.closed_at else ""
            for c in cases
        }

    end = time.monotonic() + 20
    while found() != expected and time.monotonic() < end:
        time.sleep(0.2)
    assert found() == expected
    assert written_twice(kept) == 0
    memory = store.open(city.url)
    assert memory.shards() == [0, 1, 2, 3]
    assert all(memory.backlog(shard=n) == store.Backlog(0, 0) for n in range(4))
    memory.close()


def test_another_number_of_shards_loses_nothing(crew):
    city = crew.city
    memory = store.open(city.url, shards=5)
    opened = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(60)])
    crew.environment["INGEST_SHARDS"] = "1"
    crew.start(1)
    city.snapshot(lambda found: new_requests(found) == 60, "the first facts never came")
    crew.kill(1)
    kept = history.open(city.data / "history", writer=False)
    case = kept.cases(opened - timedelta(days=1))[0]
    waiting = [replace(case, case_id=f"w{n}", known_at=datetime.now(UTC)) for n in range(50)]
    memory.admit(waiting)  # five shards, while nobody is there

    crew.environment["INGEST_SHARDS"] = "2"
    crew.start(1)

    city.snapshot(lambda found: new_requests(found) == 110, "what lay in older shards was lost")
    assert memory.shards() == [0, 1, 2, 3, 4]
    memory.close()
