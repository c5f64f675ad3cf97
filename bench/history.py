"""How fast the long memory takes rows in and answers, on Delta tables and on PostgreSQL.

A year of readings, 40 indicators in 60 districts, is written month by month as sealed months lie;
then come batches as a worker writes them, and the questions of the screens, each asked several
times: a = 30 days by the hour, one indicator, 60 districts; a1 = the same, one district;
b = a map of one indicator now; c = the same hour of eight weeks, everything; d = a year by the day
of one indicator from raw rows; d2 = the same from the roll-up. Run
``python -m bench.history [--rows 1M] [--engines delta postgresql]``; 100M rows take some minutes
and 15 GB on PostgreSQL.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import history
from history import schemas
from history.rollups import Bins, roll

postgres: Any = import_module("tests.postgres_servers")  # it starts and ends a real one
KPIS, PLACES = [f"k{n:02}" for n in range(40)], [f"d{n:02}" for n in range(60)]
SERIES = len(KPIS) * len(PLACES)
START = datetime(2025, 3, 1, tzinfo=UTC)
DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)
END = START + YEAR
TIMES = 7
BATCHES = 20
_UNITS = {"k": 1_000, "M": 1_000_000}
_DAILY = """
select district, cast(floor(extract(epoch from "at") / 86400) as bigint) as day,
       avg(value) as mean, min(value) as low, max(value) as high
from {rows} as r where indicator = $indicator and "at" >= $since and "at" < $until
group by 1, 2
"""
_ROLLED = """
select district, "at", mean, low, high
from {rows} as r where indicator = $indicator and "at" >= $since and "at" < $until
"""


def readings(first: datetime, count: int, step: timedelta) -> pa.Table:
    """Return ``count`` readings of every series from an instant on, sorted as a sealed day is."""
    dice = np.random.default_rng(count)
    n_rows = count * SERIES
    micros = int(first.timestamp() * 1e6) + np.arange(count) * int(step.total_seconds() * 1e6)
    at = pa.array(np.tile(micros, SERIES), pa.timestamp("us", "UTC"))
    columns: dict[str, pa.Array] = {
        "indicator": pa.array(np.repeat(KPIS, count * len(PLACES))),
        "district": pa.array(np.tile(np.repeat(PLACES, count), len(KPIS))),
        "quality": pa.array(np.repeat("GOOD", n_rows)),
        "value": pa.array(np.round(50 + 10 * dice.standard_normal(n_rows), 2)),
        "at": at,
        "observed_at": at,
        "known_at": at,
    }
    shape = schemas.READINGS.columns
    arrays = [columns.get(f.name, pa.nulls(n_rows, f.type)) for f in shape]
    return pa.Table.from_arrays(
        [a.cast(f.type) for a, f in zip(arrays, shape, strict=True)], schema=shape
    )


def months() -> Iterator[tuple[datetime, datetime]]:
    """Yield the months of the year."""
    at = START
    while at < END:
        after = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield at, min(after, END)
        at = after


def fill(kept: history.History, n_rows: int) -> float:
    """Write the year; return rows a second."""
    step = timedelta(seconds=int(YEAR.total_seconds() * SERIES / n_rows))
    spent, written, at = 0.0, 0, START
    for _, until in months():
        count = max(0, -(-(until - at) // step))
        while count > 0:  # at most some million rows in memory
            part = min(count, 2_000_000 // SERIES)
            data = readings(at, part, step)
            started = time.perf_counter()
            kept.engine.append(schemas.READINGS, data)
            spent += time.perf_counter() - started
            written, at, count = written + data.num_rows, at + step * part, count - part
    return written / spent


def batch_times(kept: history.History) -> list[float]:
    """Append a tick of every series, again and again; return seconds each."""
    found = []
    for n in range(BATCHES):
        data = readings(END + n * timedelta(minutes=1), 1, HOUR)
        started = time.perf_counter()
        kept.engine.append(schemas.READINGS, data)
        found.append(time.perf_counter() - started)
    return found


def daily(kept: history.History) -> float:
    """Roll the year up by the day; return seconds a day."""
    started = time.perf_counter()
    for n in range(0, 365, 30):
        roll(
            kept.engine,
            schemas.READINGS_DAILY,
            Bins(START + n * DAY, DAY, min(30, 365 - n)),
            {},
            now=END,
        )
    return (time.perf_counter() - started) / 365


def questions(kept: history.History) -> dict[str, Callable[[int], int]]:
    """Return what is asked, by its letter; each takes a number to vary, and counts its rows."""
    engine = kept.engine

    def asked(sql: str, shape: schemas.Shape, n: int) -> int:
        given = {"indicator": KPIS[n % 40], "since": START, "until": END}
        filled = sql.replace("{rows}", engine.relation(shape, START, END))
        return int(engine.ask(filled, given).num_rows)

    month: dict[str, Any] = {"start": END - 30 * DAY, "end": END, "resolution": HOUR}
    return {
        "a": lambda n: len(kept.readings(KPIS[n % 40], **month)),
        "a1": lambda n: len(kept.readings(KPIS[n % 40], district=PLACES[n % 60], **month)),
        "b": lambda n: len(kept.latest(END, indicators=[KPIS[n % 40]])),
        "c": lambda n: len(kept.baseline_rows(END + n * HOUR, timezone="America/Toronto")),
        "d": lambda n: asked(_DAILY, schemas.READINGS, n),
        "d2": lambda n: asked(_ROLLED, schemas.READINGS_DAILY, n),
    }


def measured(ask: Callable[[int], int]) -> tuple[float, int]:
    """Return the median milliseconds of a question, and its rows."""
    found, n_rows = [], 0
    for n in range(TIMES):
        started = time.perf_counter()
        n_rows = ask(n)
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found), n_rows


@contextmanager
def opened(engine: str) -> Iterator[history.History]:
    """Open an empty history on an engine."""
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.start() if engine == "postgresql" else None
        try:
            kept = history.open(server.url() if server else Path(folder), writer=True)
            yield kept
            kept.close()
        finally:
            if server is not None:
                server.remove()


def run(engine: str, n_rows: int) -> None:
    """Fill an engine, ask it, print a line for each figure."""
    with opened(engine) as kept:
        rate = fill(kept, n_rows)
        kept.compact()
        n_kept, (_, size) = kept.counts()["readings"], kept.sizes()["readings"]
        print(f"{engine:<11} {n_kept:>12,} rows  {size / n_kept:6.2f} bytes a row")
        print(f"  {'filled':<8} {rate:>12,.0f} rows a second")
        print(f"  {'rolled':<8} {daily(kept) * 1000:>12.1f} ms a day of {n_kept // 365:,} rows")
        kept.compact()
        for name, ask in questions(kept).items():
            took, found = measured(ask)
            print(f"  {name:<8} {took:>12.1f} ms  {found:,} rows", flush=True)
        times = batch_times(kept)
        took = statistics.median(times)
        rate = SERIES / took
        print(f"  {'batch':<8} {took * 1000:>12.1f} ms  {SERIES:,} rows, {rate:,.0f} a second")


def count_of(text: str) -> int:
    """Read ``1M``, ``500k`` or a number."""
    unit = _UNITS.get(text[-1:], 1)
    return int(float(text.rstrip("kM")) * unit)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the engines that are wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=count_of, default=1_000_000)
    parser.add_argument("--engines", nargs="+", default=["delta", "postgresql"])
    wanted = parser.parse_args(arguments)
    for engine in wanted.engines:
        if engine == "postgresql" and postgres.programs() is None:
            print("postgresql: no server programs on this machine")
            continue
        run(engine, wanted.rows)


if __name__ == "__main__":
    main()
