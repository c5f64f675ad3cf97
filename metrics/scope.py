"""What an indicator needs to know of the city besides the facts, and sums by district."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from metrics.columns import UNPLACED, Codings, Floats, Ints, milliseconds, span
from metrics.grouping import Groups
from metrics.window import Window
from model import District, FeedState, Indicator, Service


@dataclass(frozen=True)
class Scope:
    """The districts, and what the pack says of services, sites and feeds.

    ``references`` are constants of a site by (quantity, site id), such as ``flood_stage`` in m.
    ``population`` is the city's, where the districts' own do not add up to it. ``subjects`` says by
    feed what its cases are; a feed without an entry brings requests for service.
    """

    districts: tuple[District, ...]
    timezone: str = "UTC"
    services: Mapping[str, Service] = field(default_factory=dict)
    references: Mapping[tuple[str, str], float] = field(default_factory=dict)
    feed_age: Mapping[str, FeedState] = field(default_factory=dict)
    population: int | None = None
    subjects: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each district id among ``districts``."""
        return {district.id: place for place, district in enumerate(self.districts)}

    @cached_property
    def residents(self) -> Floats:
        """Residents by district, NaN where unknown."""
        return np.array(
            [np.nan if d.population is None else d.population for d in self.districts], np.float64
        )

    @property
    def size(self) -> int:
        """Number of districts; the city stands behind the last one."""
        return len(self.districts)

    def groups(self, window: Window, codes: Codings) -> Groups:
        """Return for each district code of a window its place here, ``UNPLACED`` elsewhere."""
        names = window.districts.names
        places = [self.index.get(str(name), UNPLACED) for name in names] + [UNPLACED]
        return np.array(places, np.intp)[codes]

    def every(self, feed_id: str, otherwise: timedelta) -> timedelta:
        """Return the cadence of a feed."""
        feed = self.feed_age.get(feed_id)
        return feed.due_every if feed else otherwise

    def latency(self, feed_id: str) -> timedelta:
        """Return how long a feed normally takes to publish."""
        feed = self.feed_age.get(feed_id)
        return feed.latency if feed else timedelta(0)


@dataclass(frozen=True, slots=True)
class Question:
    """One indicator, asked of what is known, for one instant."""

    indicator: Indicator
    window: Window
    at: datetime
    scope: Scope

    @property
    def now(self) -> int:
        """The instant in milliseconds."""
        return milliseconds(self.at)

    @property
    def start(self) -> int:
        """Where the indicator's window begins, in milliseconds."""
        return self.now - span(self.indicator.window)

    def delays(self) -> Ints:
        """Return the age up to which each site's feed is on time, in milliseconds."""
        otherwise = self.indicator.cadence
        feeds = [str(feed) for feed in self.window.feeds.names]
        late = [span(self.scope.every(f, otherwise) * 1.5 + self.scope.latency(f)) for f in feeds]
        return np.array([*late, 0], np.int64)[self.window.feed_codes]

    def steps(self) -> Ints:
        """Return the cadence of each site's feed, in milliseconds, by site code."""
        every = [
            span(self.scope.every(str(feed), self.indicator.cadence))
            for feed in self.window.feeds.names
        ]
        return np.array([*every, 0], np.int64)[self.window.feed_codes]
