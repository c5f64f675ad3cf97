"""How good the forecast of the next 24 hours is: MASE against the same hour a week before.

Seeded courses of the simulated city and a few made up (noise with a memory, a level that shifts,
weather), and records of real cities where their folder is there (BARTIZAN_REALDATA). Every
forecast is made as if its hour had been now, from what came before it.

- *MASE*: mean absolute error ÷ that of last week's value over the record before (Hyndman 2006).
- *relative*: the same ratio over the very hours that were forecast.
- *in band*: share of the hours within the 90 % band, made from earlier forecasts than those judged.
"""

import argparse
import csv
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from demo import air, measures, rescue, trade
from demo.incidents import World
from metrics.ahead import WEEK, slots_of
from metrics.columns import Floats
from metrics.days import Days
from metrics.forecast import Errors, Slots, measured

END = datetime(2026, 3, 2, tzinfo=UTC)
WEEKS = 17
HOUR = timedelta(hours=1)
ZONE = "America/Toronto"
SEED = 1642
DEMO: dict[str, Callable[[World, np.ndarray], Floats]] = {
    "mob.tti (speed)": measures.speed,
    "mob.parking": measures.parked,
    "mob.ridership": measures.boardings,
    "eco.footfall": measures.footfall,
    "eco.energy": trade.electricity,
    "env.pm25": air.pm25,
    "env.no2": air.no2,
    "env.river": measures.river_level,
    "srv.call30 (calls)": rescue.calls_311,
}

Row = tuple[str, Floats, Slots, int, int]  # name, values, slots, season, horizon


def main() -> None:
    """Print one row per course, and the median of each group."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=WEEKS, help="length of the made-up courses")
    weeks = parser.parse_args().weeks
    for title, rows in (
        ("simulated city", simulated(weeks)),
        ("made up", made_up(weeks)),
        ("real cities", real()),
    ):
        table(title, rows)


def table(title: str, rows: Iterator[Row]) -> None:
    """Print one group."""
    found = []
    for name, values, slots, season, horizon in rows:
        start = time.process_time()
        errors = measured(values, slots, season, horizon)
        found.append((name, errors, (time.process_time() - start) * 1000))
    if not found:
        print(f"\n{title}: no records here")
        return
    print(f"\n{title:34}{'MASE':>8}{'relative':>10}{'in band':>9}{'ms':>7}")
    for name, errors, took in found:
        print(f"{name:34}{told(errors)}{took:7.0f}")
    ratios = [errors.mase for _, errors, _ in found if errors.mase is not None]
    others = [errors.relative for _, errors, _ in found if errors.relative is not None]
    print(f"{'median':34}{statistics.median(ratios):8.2f}{statistics.median(others):10.2f}")


def told(errors: Errors) -> str:
    """Return the three figures of a row."""
    figures = (errors.mase, errors.relative, errors.coverage)
    return "".join(
        f"{'–' if value is None else format(value, '.2f'):>{width}}"
        for value, width in zip(figures, (8, 10, 9), strict=True)
    )


def simulated(weeks: int) -> Iterator[Row]:
    """The city's mean over the sites of each quantity, by the hour."""
    times = hours(END, weeks)
    at = np.array([int(one.timestamp()) for one in times], np.int64)
    slots, world = slots_of(times, Days(ZONE)), World(SEED)
    for name, quantity in DEMO.items():
        yield name, np.nanmean(quantity(world, at), axis=0), slots, WEEK, 24


def made_up(weeks: int) -> Iterator[Row]:
    """Courses that are hard in one way each."""
    rng = np.random.default_rng(SEED)
    times = hours(END, weeks)
    slots, n = slots_of(times, Days(ZONE)), len(times)
    week = 50 + 20 * np.sin(2 * np.pi * (slots % 24) / 24) + 8 * (slots // 24 < 5)
    yield "a week and noise", week + rng.normal(0, 3, n), slots, WEEK, 24
    yield "a week and a memory (0.9)", week + remembering(rng, n, 0.9, 3.0), slots, WEEK, 24
    level = np.where(np.arange(n) > n - 3 * WEEK, 15.0, 0.0)
    yield "a level that shifted", week + level + rng.normal(0, 3, n), slots, WEEK, 24
    yield "a trend", week + np.linspace(0, 30, n) + rng.normal(0, 3, n), slots, WEEK, 24
    gaps = np.where(rng.random(n) < 0.2, np.nan, week + rng.normal(0, 3, n))
    yield "a fifth missing", gaps, slots, WEEK, 24
    yield "no week at all (memory 0.98)", 50 + remembering(rng, n, 0.98, 3.0), slots, WEEK, 24
    yield "counts", rng.poisson(np.clip(week / 10, 0, None)).astype(float), slots, WEEK, 24


def real() -> Iterator[Row]:
    """Records of real cities; nothing where their folder is missing."""
    root = Path(os.environ.get("BARTIZAN_REALDATA", "../shared/data"))
    weather = root / "montreal/weather_2012_hourly.csv"
    if weather.exists():
        rows = table_of(weather, ",")
        start = datetime(2012, 1, 1, 5, tzinfo=UTC)
        slots = slots_of([start + HOUR * n for n in range(len(rows))], Days("Etc/GMT+5"))
        for column in ("Temp (C)", "Rel Hum (%)"):
            yield f"Montréal 2012, {column}", numbers(rows, column), slots, WEEK, 24
    riders = root / "nyc/transit/mta_daily_ridership.csv"
    if riders.exists():
        rows = table_of(riders, ",")[700:]  # after the worst of the pandemic
        slots = np.arange(len(rows), dtype=np.int64) % 7
        for column in ("Subways: Total Estimated Ridership", "Buses: Total Estimated Ridership"):
            name = f"New York by the day, {column.split(':')[0].lower()}"
            yield name, numbers(rows, column), slots, 7, 7
    bikes = root / "montreal/bikes_2012_counters.csv"
    if bikes.exists():
        rows = table_of(bikes, ";")
        slots = np.arange(len(rows), dtype=np.int64) % 7
        yield "Montréal 2012 by the day, bicycles", numbers(rows, "Berri 1"), slots, 7, 7
    traffic = root / "la/traffic/metr_la_speed_20120301_07.csv"
    if traffic.exists():
        speeds = np.loadtxt(traffic, delimiter=",", skiprows=1)
        hourly = np.where(speeds > 0, speeds, np.nan)
        mean = np.nanmean(hourly.reshape(-1, 12, hourly.shape[1]), axis=(1, 2))
        slots = np.arange(len(mean), dtype=np.int64) % 24
        yield "Los Angeles, speed, one week by day", mean, slots, 24, 12


def table_of(path: Path, mark: str) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file, delimiter=mark))


def numbers(rows: list[dict[str, str]], column: str) -> Floats:
    """Return one column, NaN where it is empty."""
    return np.array([float(row[column]) if row[column] else np.nan for row in rows])


def hours(end: datetime, weeks: int) -> list[datetime]:
    """Return the hours of the weeks before an instant."""
    return [end - HOUR * back for back in range(weeks * WEEK, 0, -1)]


def remembering(rng: np.random.Generator, n: int, rho: float, sd: float) -> Floats:
    """Return noise in which each value resembles the one before."""
    found, noise = np.zeros(n), rng.normal(0, sd * np.sqrt(1 - rho * rho), n)
    for at in range(1, n):
        found[at] = rho * found[at - 1] + noise[at]
    return found


if __name__ == "__main__":
    main()
