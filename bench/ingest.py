"""How many observations a second one worker keeps: stream → group → history → acknowledged.

A producer process adds observations to the embedded server as fast as it can; this process reads
them as a worker does, appends them to history every flush and only then acknowledges. Nothing is
parsed and no district looked up. Run ``python -m bench.ingest [--rows N] [--rounds N]``.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import history
import store
from model import Fact, Observation
from store import embedded

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 3, 2, tzinfo=UTC)
SITES = 2_000
BATCH = 5_000
FLUSH_S = 1.0
BUDGET = 10_000  # observations a second, DESIGN "Budgets"


@dataclass(frozen=True)
class Round:
    """One round: observations a second, the worker's CPU for one, and what went wrong."""

    rate: float
    cpu_us: float
    lost: int
    doubled: int


def observations(start: int, count: int) -> list[Observation]:
    """Return observations with keys of their own: 2 000 sites every 5 minutes."""
    return [
        Observation(
            feed_id="speed",
            site_id=f"site-{n % SITES}",
            quantity="speed",
            value=40.0 + n % 37,
            unit="km/h",
            observed_at=START + timedelta(minutes=5 * (n // SITES)),
            fetched_at=START,
            known_at=START,
            lat=45.5,
            lon=-73.6,
            district_id=f"d{n % 58}",
        )
        for n in range(start, start + count)
    ]


def produce(url: str, n_rows: int) -> None:
    """Admit rows as a poll does: looked up, added, remembered."""
    opened = store.open(url)
    for start in range(0, n_rows, BATCH):
        opened.admit(observations(start, min(BATCH, n_rows - start)))
    opened.close()


def consume(opened: store.Store, kept: history.History, n_rows: int) -> tuple[float, float]:
    """Keep all rows; return seconds from the first to the last acknowledged, and of CPU."""
    epoch = opened.epoch()
    buffered: list[tuple[str, Fact]] = []
    n_kept, flushed, cpu = 0, time.perf_counter(), time.process_time()
    started: float | None = None
    while n_kept < n_rows:
        last = buffered[-1][0] if buffered else None
        items = opened.read_facts("bench", count=BATCH, block_ms=100, after=last)
        if items and started is None:
            started = time.perf_counter()
        buffered += items
        is_due = time.perf_counter() - flushed > FLUSH_S or n_kept + len(buffered) >= n_rows
        if buffered and is_due:
            n_kept += kept.append_facts(buffered, epoch=epoch)
            opened.ack([name for name, _ in buffered])
            buffered, flushed = [], time.perf_counter()
    return time.perf_counter() - (started or 0.0), time.process_time() - cpu


def once(n_rows: int) -> Round:
    """Run one round on a fresh server and a fresh history."""
    with tempfile.TemporaryDirectory() as folder:
        running = embedded.start(Path(folder))
        opened = store.open(running.url)
        kept = history.open(Path(folder) / "history", writer=True)
        producer = subprocess.Popen(
            [sys.executable, "-m", "bench.ingest", "--produce", running.url, "--rows", str(n_rows)],
            cwd=ROOT,
        )
        seconds, cpu = consume(opened, kept, n_rows)
        producer.wait()
        n_stored = kept.counts()["observations"]
        n_distinct = kept.observations_table(START).num_rows
        kept.close()
        opened.close()
        running.stop()
    return Round(
        rate=n_rows / seconds,
        cpu_us=cpu / n_rows * 1e6,
        lost=n_rows - n_distinct,
        doubled=n_stored - n_distinct,
    )


def main(arguments: Sequence[str]) -> int:
    """Run the rounds and print the table; 1 where a row was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--produce", metavar="URL")
    chosen = parser.parse_args(arguments)
    if chosen.produce:
        produce(chosen.produce, chosen.rows)
        return 0
    rounds = [once(chosen.rows) for _ in range(chosen.rounds)]
    median = statistics.median(one.rate for one in rounds)
    cpu_us = statistics.median(one.cpu_us for one in rounds)
    lost = sum(one.lost for one in rounds)
    doubled = sum(one.doubled for one in rounds)
    print(f"{'observations/s, one worker, median':38}{median:>12,.0f}   budget {BUDGET:,}")
    print(f"{'rounds':38}{', '.join(f'{one.rate:,.0f}' for one in rounds):>12}")
    print(f"{'CPU of the worker, µs an observation':38}{cpu_us:>12.1f}")
    print(f"{'rows a round':38}{chosen.rows:>12,}")
    print(f"{'lost':38}{lost:>12}   budget 0")
    print(f"{'doubled':38}{doubled:>12}   budget 0")
    return int(lost != 0 or doubled != 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
