"""A configured source, and how it is doing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from model.quality import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source as the city pack declares it.

    ``every`` is the cadence at which new data are due, ``latency`` how long the source normally
    takes to publish; both feed the age rules. ``options`` holds the keys of its kind, validated.
    Only the addresses that it names may be asked: ``url``, those in ``options``, and ``hosts``
    (``host``, ``host:port`` or ``*.host``). ``is_private`` lets their names lead into a private
    network. ``push_secret`` is where the environment keeps the secret of those who push to it.
    """

    id: str
    kind: str
    gives: str  # observation | case | notice
    every: timedelta
    name: str = ""
    url: str | None = None
    path: str | None = None
    timezone: str = "UTC"
    latency: timedelta = timedelta(0)
    owner: str = ""
    licence: str = ""
    replay: bool = False
    replay_gaps: str = "none"  # none | nearest: what a weekday without a recording shows
    backfill: timedelta | None = None  # how far an empty store may be filled (demo and replay)
    options: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    is_private: bool = False
    push_secret: str | None = None  # env:NAME
    subject: str = "requests"  # what its cases are: requests for service, permits, …


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """How a feed is doing. ``state`` follows the age of ``last_observed_at``."""

    id: str
    kind: str
    name: str
    gives: str
    state: Quality
    due_every: timedelta
    latency: timedelta = timedelta(0)
    last_observed_at: datetime | None = None
    last_published_at: datetime | None = None
    last_fetched_at: datetime | None = None
    next_due_at: datetime | None = None
    late_at: datetime | None = None
    stale_at: datetime | None = None
    nodata_at: datetime | None = None
    state_since: datetime | None = None
    accepted: int = 0
    rejected: int = 0
    matched: int = 0
    unmatched: int = 0
    failures: int = 0
    last_error: str | None = None
    last_error_at: datetime | None = None
    polls: tuple[str, ...] = ()  # the last 48: ok | late | rejects | error | same
    indicators: tuple[str, ...] = ()  # what it freezes when it dies
    replay: bool = False
    licence: str = ""
    owner: str = ""
    hours: tuple[tuple[str, int, int], ...] = ()  # UTC hour, accepted, rejected: the last 48
    answer_s: float | None = None  # how long the last answer took
    good_share: float | None = None  # of the last 30 days in GOOD or UNCERTAIN, 0–1
    is_pushed: bool = False  # whether others may bring facts
    is_polled: bool = True  # whether it is asked in its own time
