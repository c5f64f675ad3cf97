"""Time series behind the SensorThings roots: which instants exist, and their values.

Archive rule: the native cadence for the last 48 hours, hourly values before, 92 days in all. A
value at a full hour is the same in both. Values are drawn in blocks of one UTC day and cached.
Roots of events and of months have instants of their own, and keep them for as long as they say.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from demo import air, care, measures, rescue, sites, streets, trade, utilities
from demo.almanac import DAY, HOUR
from demo.incidents import KINDS, World
from demo.noise import Floats, Ints, uniform
from demo.roots import Quantity, Root, Stream

NATIVE = 48 * HOUR


_UG = ("microgram per cubic metre", "µg/m³", "ug/m3")
ROOTS: Mapping[str, Root] = {
    root.name: root
    for root in (
        Root(
            "traffic",
            "Traffic speed sensors",
            sites.traffic,
            (
                Quantity(
                    "speed", "Mean speed", "kilometre per hour", "km/h", "km/h", measures.speed
                ),
            ),
            cadence=300,
            latency=20,
            lost=0.004,
        ),
        Root(
            "air",
            "Air quality stations",
            sites.air,
            (
                Quantity("pm25", "Particles PM2.5", *_UG, air.pm25),
                Quantity("pm10", "Particles PM10", *_UG, air.pm10),
                Quantity("no2", "Nitrogen dioxide", *_UG, air.no2),
                Quantity("o3", "Ozone", *_UG, air.o3),
            ),
            cadence=HOUR,
            latency=300,
            lost=0.006,
        ),
        Root(
            "river",
            "River gauges",
            sites.river,
            (Quantity("river_level", "River level", "metre", "m", "m", measures.river_level),),
            cadence=60,
            latency=15,
        ),
        Root(
            "power",
            "Power feeders",
            sites.power,
            (
                Quantity(
                    "customers_out",
                    "Customers without power",
                    "customers",
                    "1",
                    "1",
                    measures.customers_out,
                ),
                Quantity(
                    "customers_served",
                    "Customers of the feeder",
                    "customers",
                    "1",
                    "1",
                    measures.customers_served,
                ),
            ),
            cadence=300,
            latency=30,
        ),
        Root(
            "footfall",
            "Counters of passers-by",
            sites.footfall,
            (
                Quantity(
                    "footfall", "Passers-by", "persons per hour", "1/h", "1/h", measures.footfall
                ),
            ),
            cadence=HOUR,
            latency=120,
            lost=0.003,
            is_interval=True,
        ),
        Root(
            "ridership",
            "Counters of boardings",
            sites.stations,
            (
                Quantity(
                    "boardings", "Boardings", "persons per hour", "1/h", "1/h", measures.boardings
                ),
            ),
            cadence=HOUR,
            latency=180,
            is_interval=True,
        ),
        *streets.ROOTS,
        *utilities.ROOTS,
        *rescue.ROOTS,
        *care.ROOTS,
        *trade.ROOTS,
    )
}
"""The services, by the name in their URL."""


@lru_cache(maxsize=64)
def streams(root_name: str) -> tuple[Stream, ...]:
    """Return the datastreams of a root; the id is ``<site>.<quantity>``."""
    root = ROOTS[root_name]
    return tuple(
        Stream(f"{site.id}.{quantity.name}", site, quantity, row)
        for row, site in enumerate(root.sites())
        for quantity in root.quantities
    )


def instants(world: World, root: Root, now: int, first: float, last: float) -> Ints:
    """Return the instants in [first, last] that the archive holds at ``now``, oldest first."""
    newest = now - root.latency
    split = (now - NATIVE) // HOUR * HOUR
    low = max(int(np.ceil(max(first, now - root.kept))), now - root.kept)
    high = int(min(np.floor(last) if np.isfinite(last) else newest, newest))
    if root.times is not None:
        return root.times(world, low, high)
    old = _grid(low, min(high, split - 1), HOUR)
    fresh = _grid(max(low, split), high, root.cadence)
    return np.concatenate([old, fresh])


def values(world: World, root: Root, quantity: Quantity, at: Ints, *, rows: Ints) -> Floats:
    """Return values of shape (rows, instants), ``rows`` being sites; NaN where there are none."""
    if root.times is not None:
        return quantity.draw(world, at)[rows]
    found = np.empty((rows.size, at.size))
    days = at // DAY
    edges = np.flatnonzero(np.diff(days, prepend=-1, append=-1))
    for start, end in pairwise(edges.tolist()):
        part, day = at[start:end], int(days[start])
        step = HOUR if not (part % HOUR).any() else root.cadence
        block = _block(_seen(world, day), root.name, quantity.name, day, step)
        found[:, start:end] = block[rows[:, None], (part - day * DAY)[None, :] // step]
    return found


@lru_cache(maxsize=4096)
def _block(world: World, root_name: str, quantity_name: str, day: int, step: int) -> Floats:
    root = ROOTS[root_name]
    quantity = next(item for item in root.quantities if item.name == quantity_name)
    at = np.arange(day * DAY, (day + 1) * DAY, step, dtype=np.int64)
    drawn = quantity.draw(world, at).copy()
    drawn[_is_lost(world, root, quantity, at)] = np.nan
    return drawn


def _is_lost(world: World, root: Root, quantity: Quantity, at: Ints) -> NDArray[np.bool_]:
    row = np.arange(len(root.sites()), dtype=np.int64)[:, None]
    lost = np.zeros((row.size, at.size), dtype=np.bool_)
    if root.lost:
        lost = uniform(world.seed, "lost", quantity.name, row, at) < root.lost
    if root.name == "traffic":
        for incident in world.incidents("deadfeed", int(at[0]), int(at[-1])):
            lost[:, (at >= incident.started) & (at < incident.ends)] = True
    return lost


def _seen(world: World, day: int) -> World:
    """Return the world with only what may act on that day, so that blocks stay cached."""
    first, last = day * DAY, (day + 1) * DAY
    acting = tuple(
        incident
        for incident in world.triggered
        if incident.started < last and incident.ends + 8 * KINDS[incident.kind].fall >= first
    )
    return replace(world, triggered=acting)


def _grid(first: int, last: int, step: int) -> Ints:
    return np.arange(-(-first // step) * step, last + 1, step, dtype=np.int64)
