"""Kill the ingest at any moment: nothing is lost, nothing counted twice."""

import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import history
import store
from model import Case, Fact, Observation
from store import embedded

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
BATCHES, SIZE = 40, 250

pytestmark = pytest.mark.integration

INGEST = """
import sys
import time
import history, store
opened = store.open(sys.argv[1])
deadline = time.monotonic() + 20
while True:
    try:
        kept = history.open(sys.argv[2], writer=True)
        break
    except history.HistoryBusy:  # the server has not seen yet that the one before is dead
        assert time.monotonic() < deadline
        time.sleep(0.02)
epoch = opened.epoch()
print("ready", flush=True)
while True:
    items = opened.read_facts("worker", count=int(sys.argv[3]), block_ms=200)
    kept.append_facts(items, epoch=epoch)
    opened.ack([name for name, _ in items])
"""


def ingest(url: str, place: Path | str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", INGEST, url, str(place), str(count)]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def end(worker: "subprocess.Popen[str]") -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert worker.stdout is not None
    worker.stdout.close()


def batch(number: int, observation: Callable[..., Observation]) -> list[Fact]:
    facts: list[Fact] = [observation(number * SIZE + n) for n in range(SIZE)]
    facts[7] = Case(
        feed_id="311", case_id=f"c{number}", opened_at=NOW, fetched_at=NOW, known_at=NOW
    )
    return facts


def test_a_killed_ingest_loses_nothing_and_doubles_nothing(
    tmp_path: Path, place: Path | str, observation: Callable[..., Observation], is_long: bool
):
    running = embedded.start(tmp_path / "hot")
    opened = store.open(running.url)
    dice = random.Random(7)
    kills = 25 if is_long else 6
    produced = threading.Thread(
        target=lambda: [
            (opened.add_facts(batch(n, observation)), time.sleep(0.05)) for n in range(BATCHES)
        ]
    )
    produced.start()

    for _ in range(kills):
        worker = ingest(running.url, place, dice.choice([100, 300, 1000]))
        time.sleep(dice.uniform(0.0, 0.4))  # the random moment
        end(worker)
    produced.join()
    worker = ingest(running.url, place, 5000)
    deadline = time.monotonic() + 30
    while opened.backlog() != store.Backlog(0, 0) and time.monotonic() < deadline:
        time.sleep(0.05)
    end(worker)

    kept = history.open(place, writer=False)
    assert kept.counts()["observations"] == BATCHES * (SIZE - 1)
    assert kept.counts()["cases"] == BATCHES
    assert len({o.site_id for o in kept.observations(NOW)}) == BATCHES * (SIZE - 1)
    assert {c.case_id for c in kept.cases(NOW)} == {f"c{n}" for n in range(BATCHES)}
    kept.close()
    opened.close()
    running.stop()


def test_a_batch_is_whole_or_absent_after_a_kill(
    tmp_path: Path,
    fresh_place: Callable[[str], Path | str],
    observation: Callable[..., Observation],
):
    code = """
import sys
from pathlib import Path
import history, pickle
kept = history.open(sys.argv[1], writer=True)
facts = pickle.loads(Path(sys.argv[2]).read_bytes())
print("ready", flush=True)
for n in range(1000):
    kept.append_facts([(f"{n + 1}-{i}", fact) for i, fact in enumerate(facts)])
"""
    facts = tmp_path / "facts"
    facts.write_bytes(pickle.dumps([observation(n) for n in range(400)]))
    dice = random.Random(3)
    for round_ in range(3):
        place = fresh_place(f"h{round_}")
        worker = subprocess.Popen(
            [sys.executable, "-c", code, str(place), str(facts)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(dice.uniform(0.1, 0.5))  # the random moment
        end(worker)

        kept = after(place)
        n_rows = kept.counts()["observations"]
        last = kept.last_id()

        assert n_rows % 400 == 0
        assert last == (f"{n_rows // 400}-399" if n_rows else None)
        kept.close()


def after(place: Path | str) -> history.History:
    """Open as a writer as soon as the lock of the killed one is gone."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return history.open(place, writer=True)
        except history.HistoryBusy:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_two_ingests_of_one_shard_take_turns(
    tmp_path: Path, place: Path | str, observation: Callable[..., Observation]
):
    """The one that sleeps through its time wakes up to find its rows there already."""
    running = embedded.start(tmp_path / "hot")
    slow = store.RedisStore(running.url, idle_ms=50)
    quick = store.RedisStore(running.url, idle_ms=50)
    kept = history.open(place, writer=True)
    facts: list[Fact] = [observation(n) for n in range(300)]
    slow.add_facts(facts)

    held = slow.read_facts("slow", count=200, block_ms=0)
    claimed = quick.read_facts("quick", count=5000, block_ms=5000)
    kept.append_facts(claimed)
    rest = quick.read_facts("quick", count=5000, block_ms=5000, after=claimed[-1][0])
    kept.append_facts(rest)
    quick.ack([name for name, _ in claimed + rest])
    n_late = kept.append_facts(held)
    slow.ack([name for name, _ in held])

    assert [fact for _, fact in claimed + rest] == facts
    assert claimed == held
    assert n_late == 0
    assert kept.counts()["observations"] == 300
    for opened in (slow, quick, kept):
        opened.close()
    running.stop()
