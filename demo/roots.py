"""What a SensorThings root is made of: a service, its quantities and its datastreams."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.almanac import DAY
from demo.incidents import World
from demo.noise import Floats, Ints
from demo.sites import Site

KEPT = 92 * DAY
Draw = Callable[[World, Ints], Floats]
Times = Callable[[World, int, int], Ints]


@dataclass(frozen=True)
class Quantity:
    """What a datastream measures; ``symbol`` is the unit, ``ucum`` its UCUM code."""

    name: str
    title: str
    unit: str
    symbol: str
    ucum: str
    draw: Draw


@dataclass(frozen=True)
class Root:
    """One SensorThings service. ``cadence``, ``latency`` and ``kept`` in seconds.

    ``times`` gives the instants between two others, oldest first, where they follow no cadence:
    events and ends of months. They are never thinned out.
    """

    name: str
    title: str
    sites: Callable[[], tuple[Site, ...]]
    quantities: tuple[Quantity, ...]
    cadence: int
    latency: int
    lost: float = 0.0  # share of observations that never arrive
    is_interval: bool = False  # the phenomenon time is the hour that ended
    kept: int = KEPT
    times: Times | None = None


@dataclass(frozen=True)
class Stream:
    """One datastream: a quantity at a site; ``row`` is the place of the site in its root."""

    id: str
    site: Site
    quantity: Quantity
    row: int
