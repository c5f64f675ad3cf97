"""How long one tick of measuring takes, and one past hour of the back-fill.

A synthetic city of 100 districts: 2 million observations over nine weeks and 200 000 cases.
Times are CPU seconds of one process, so that a busy machine tells the same.
Run ``python -m bench.measure``; ``--hours N`` sets how many past hours are measured.
"""

import argparse
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from metrics import INDICATORS, Scope, Window, measure
from model import District, FeedState, Observation, Quality, Service

END = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEKS = 9
DISTRICTS = 100
CASES = 200_000
HOUR = 3_600_000
# quantity: sites, typical value, minutes between reports in the last 48 hours
SITES: Mapping[str, tuple[int, float, int]] = {
    "speed": (440, 60.0, 5),
    "bikes_available": (210, 9.0, 10),
    "docks_available": (210, 9.0, 10),
    "pm25": (20, 9.0, 60),
    "pm10": (20, 18.0, 60),
    "no2": (20, 25.0, 60),
    "o3": (20, 60.0, 60),
    "so2": (20, 4.0, 60),
    "river_level": (15, 2.0, 15),
    "footfall": (60, 300.0, 60),
    "customers_out": (100, 4.0, 5),
    "customers_served": (100, 2_000.0, 60),
}
_AIR = ("pm25", "pm10", "no2", "o3", "so2")
_FEEDS = {"bikes_available": "bikes", "docks_available": "bikes", **dict.fromkeys(_AIR, "air")}


def observations(random: np.random.Generator) -> dict[str, Any]:
    """Return columns of nine weeks: hourly, and at native cadence in the last two days."""
    end = round(END.timestamp() * 1000)
    start = end - WEEKS * 7 * 24 * HOUR
    parts: list[dict[str, Any]] = []
    for quantity, (sites, typical, minutes) in SITES.items():
        old = np.arange(start, end - 48 * HOUR, HOUR)
        recent = np.arange(end - 48 * HOUR, end + 1, minutes * 60_000)
        at = np.repeat(np.concatenate((old, recent)), sites)
        site = np.tile(np.arange(sites), len(old) + len(recent))
        feed = _FEEDS.get(quantity, quantity)
        names = np.array([f"{feed}-{i}" for i in range(sites)], dtype=object)
        places = np.array([f"d{i % DISTRICTS}" for i in range(sites)], dtype=object)
        parts.append(
            {
                "feed_id": np.full(len(at), feed, dtype=object),
                "site_id": names[site],
                "quantity": np.full(len(at), quantity, dtype=object),
                "observed_at": at,
                "value": typical * random.uniform(0.5, 1.5, len(at)),
                "district_id": places[site],
                "known_at": at + 60_000,
            }
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(columns["observed_at"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def cases(random: np.random.Generator) -> dict[str, Any]:
    """Return columns of 200 000 cases, most of them closed."""
    end = round(END.timestamp() * 1000)
    opened = np.sort(random.integers(end - WEEKS * 7 * 24 * HOUR, end, CASES))
    takes = random.exponential(4 * 24 * HOUR, CASES).astype(np.int64)
    closed = opened + takes
    never = np.iinfo(np.int64).min
    return {
        "feed_id": np.full(CASES, "311", dtype=object),
        "case_id": np.array([f"c{i}" for i in range(CASES)], dtype=object),
        "opened_at": opened,
        "closed_at": np.where(closed > end, never, closed),
        "service": np.array([f"s{i % 20}" for i in range(CASES)], dtype=object),
        "district_id": np.array([f"d{i}" for i in random.integers(0, DISTRICTS, CASES)], object),
        "known_at": np.minimum(closed, end),
    }


def scope() -> Scope:
    """Return the districts, services, flood stages and feeds of the synthetic city."""
    feeds = {_FEEDS.get(q, q): timedelta(minutes=m) for q, (_, _, m) in SITES.items()}
    states = {
        name: FeedState(
            id=name, kind="file", name=name, gives="observation", state=Quality.GOOD, due_every=c
        )
        for name, c in feeds.items()
    }
    return Scope(
        districts=tuple(
            District(id=f"d{i}", name=f"D{i}", short=f"D{i}", population=20_000 + i)
            for i in range(DISTRICTS)
        ),
        timezone="America/Montreal",
        services={
            f"s{i}": Service(name=f"s{i}", due_within=timedelta(days=2 + i)) for i in range(20)
        },
        references={("flood_stage", f"river_level-{i}"): 3.0 for i in range(15)},
        feed_age=states,
    )


def poll(minute: int) -> list[Observation]:
    """Return what one poll of 440 sensors brings, a minute after another."""
    at = END + timedelta(minutes=minute)
    return [
        Observation(
            feed_id="speed",
            site_id=f"speed-{i}",
            quantity="speed",
            value=50.0 + i % 7,
            unit="km/h",
            observed_at=at,
            fetched_at=at,
            district_id=f"d{i % DISTRICTS}",
        )
        for i in range(440)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=48, help="past hours to measure")
    hours = parser.parse_args().hours
    random = np.random.default_rng(1)
    seen, asked, city = observations(random), cases(random), scope()

    start = time.process_time()
    window = Window.from_columns(seen, asked)
    print(f"{'window from columns':<34}{time.process_time() - start:8.2f} s", end="")
    print(f"   {len(seen['value']):,} observations, {len(asked['opened_at']):,} cases")

    window, grow = _grown(window)
    print(f"{'one poll of 440 facts':<34}{grow * 1000:8.1f} ms  (median)")
    start = time.process_time()
    for indicator in INDICATORS.values():
        measure(indicator, window, END, city)
    print(f"{'first tick of the day, all 14':<34}{(time.process_time() - start) * 1000:8.1f} ms")
    print(f"{'one tick, all 14 × 100 districts':<34}{_tick(window, city):8.1f} ms  (budget 250)")

    start = time.process_time()
    for back in range(hours):
        for indicator in INDICATORS.values():
            measure(indicator, window, END - timedelta(hours=back), city)
    each = (time.process_time() - start) / hours
    whole = each * WEEKS * 7 * 24
    print(f"{'one past hour, all 14':<34}{each * 1000:8.1f} ms  → nine weeks {whole:.0f} s")


def _grown(window: Window) -> tuple[Window, float]:
    times = []
    for minute in range(1, 41):
        facts = poll(minute)
        start = time.process_time()
        window = window.extended(facts)
        times.append(time.process_time() - start)
    return window, statistics.median(times)


def _tick(window: Window, city: Scope) -> float:
    total = 0.0
    for indicator in INDICATORS.values():
        times = []
        for _ in range(7):
            start = time.process_time()
            measure(indicator, window, END, city)
            times.append((time.process_time() - start) * 1000)
        total += statistics.median(times)
        print(f"  {indicator.id:<32}{statistics.median(times):8.1f} ms")
    return total


if __name__ == "__main__":
    main()
