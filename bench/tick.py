"""How long one tick of the worker takes: every indicator of the catalogue in 100 districts.

A synthetic city: two million observations over nine weeks (years, for what looks back so far) and
200 000 cases. A tick measures what is due, ages and compares every reading, hides small cells and
writes the snapshot's bytes. Times are CPU milliseconds of one process, medians, so that a busy
machine tells the same. ``--hours N``: how many past hours are measured.
"""

import argparse
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from metrics import INDICATORS, Scope, Window, measure
from model import City, District, FeedState, Observation, Quality, Service, Snapshot
from pipeline.backfill import due_then
from pipeline.measuring import Measurer
from store.bodies import dump_body

END = datetime(2026, 3, 2, 12, tzinfo=UTC)
CITY = City(id="bench", name="Bench", timezone="America/Toronto")
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
    "clearance": (8, 40.0, 60),
    "ems_response": (40, 7.0, 60),
    "ksi": (3, 1.0, 24 * 60),
}
_AIR = ("pm25", "pm10", "no2", "o3", "so2")
_FEEDS = {"bikes_available": "bikes", "docks_available": "bikes", **dict.fromkeys(_AIR, "air")}
_DEFAULT = (DISTRICTS, 50.0)  # sites and typical value of any other quantity
_PARTS = ("_within", "_occupied", "_working", "_made", "_sold", "_billed", "_out", "_operated")
_PART = 15.0  # typical value of what is a part of another quantity
_DAY = timedelta(days=1)


def profile(quantity: str) -> tuple[int, float, timedelta, timedelta]:
    """Return sites, typical value, cadence of the last two days, and how far back it goes."""
    mine = [i for i in INDICATORS.values() if quantity in i.quantities]
    back = max([WEEKS * 7 * _DAY, *(i.look_back for i in mine if i.look_back)])
    if quantity in SITES:
        sites, typical, minutes = SITES[quantity]
        return sites, typical, timedelta(minutes=minutes), back
    sites, typical = _DEFAULT
    typical = _PART if quantity.endswith(_PARTS) else typical
    return sites, typical, min(i.cadence for i in mine), back


def feed_of(quantity: str) -> str:
    """Return the feed of a quantity: what one indicator needs comes from the same sites."""
    mine = (i.id for i in INDICATORS.values() if quantity in i.quantities)
    return _FEEDS.get(quantity) or next(mine)


def quantities() -> list[str]:
    """Return every quantity that an indicator of the catalogue needs."""
    return sorted({quantity for i in INDICATORS.values() for quantity in i.quantities})


def observations(random: np.random.Generator) -> dict[str, Any]:
    """Return columns of nine weeks: hourly, and at native cadence in the last two days."""
    end = round(END.timestamp() * 1000)
    parts: list[dict[str, Any]] = []
    for quantity in quantities():
        sites, typical, every, back = profile(quantity)
        step = every // timedelta(milliseconds=1)
        native = end - 48 * HOUR if step < HOUR else end
        old = np.arange(end - back // timedelta(milliseconds=1), native, max(step, HOUR))
        recent = np.arange(native, end + 1, step)
        at = np.repeat(np.concatenate((old, recent)), sites)
        site = np.tile(np.arange(sites), len(old) + len(recent))
        feed = feed_of(quantity)
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
    feeds = {feed_of(quantity): profile(quantity)[2] for quantity in quantities()}
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
        timezone="America/Toronto",
        services={
            f"s{i}": Service(name=f"s{i}", due_within=timedelta(days=2 + i)) for i in range(20)
        },
        feed_age=states,
    )


def poll(minute: int) -> list[Observation]:
    """Return what one poll of 440 sensors brings, a minute after another."""
    at = END + timedelta(minutes=minute)
    return [
        Observation(
            feed_id=feed_of("speed"),
            site_id=f"{feed_of('speed')}-{i}",
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
    print(f"{'one poll of 440 facts':<34}{grow * 1000:8.1f} ms")
    count = f"{len(INDICATORS)} indicators × {DISTRICTS} districts"
    start = time.process_time()
    for indicator in INDICATORS.values():
        measure(indicator, window, END, city)
    first = (time.process_time() - start) * 1000
    print(f"{'first tick of the day':<34}{first:8.1f} ms")
    print(f"{'measuring alone':<34}{_measuring(window, city):8.1f} ms  {count}")
    print(f"{'one whole tick':<34}{_tick(window, city):8.1f} ms  {count} (budget 250)")

    start = time.process_time()
    for back in range(hours):
        at = END - timedelta(hours=back)
        for indicator in due_then(INDICATORS.values(), at, city.zone):
            measure(indicator, window, at, city)
    each = (time.process_time() - start) / hours
    whole = each * WEEKS * 7 * 24
    print(f"{'one past hour':<34}{each * 1000:8.1f} ms  → nine weeks {whole:.0f} s")


def _grown(window: Window) -> tuple[Window, float]:
    times = []
    for minute in range(1, 41):
        facts = poll(minute)
        start = time.process_time()
        window = window.extended(facts)
        times.append(time.process_time() - start)
    return window, statistics.median(times)


def _measuring(window: Window, city: Scope) -> float:
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


def _tick(window: Window, city: Scope) -> float:
    """Everything is due: new facts of every quantity came."""
    measurer = Measurer(list(INDICATORS.values()), city)
    news, times = {*quantities(), "cases"}, []
    for second in range(0, 30, 3):
        now = END + timedelta(seconds=second)
        start = time.process_time()
        measurer.step(window, news, city.feed_age, now)
        readings = measurer.published(city.feed_age, now)
        dump_body(Snapshot(version="", published_at=now, city=CITY, readings=tuple(readings)))
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
