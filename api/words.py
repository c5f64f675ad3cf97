"""Entities as the JSON of the contract: names that clients rely on, in one place."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from model import Alert, FeedState, Indicator, Reading, Snapshot
from model.plain import instant, plain

READING = (
    "indicator",
    "district",
    "at",
    "num",
    "den",
    "n",
    "value",
    "quality",
    "known_at",
    "observed_at",
    "late_at",
    "stale_at",
    "nodata_at",
    "coverage",
    "z",
    "site",
    "reason",
    "suppressed",
)
ROW = ("indicator", "district", "at", "num", "den", "n", "value", "quality", "known_at")


def reading(found: Reading) -> dict[str, Any]:
    """Return a reading with what is usual for it."""
    words = {name: plain(getattr(found, name)) for name in READING}
    usual = found.usual
    words["usual"] = usual and {
        "centre": usual.centre,
        "low": usual.low,
        "high": usual.high,
        "weeks": usual.weeks,
        "basis": usual.basis or None,
    }
    return words


def alert(found: Alert) -> dict[str, Any]:
    """Return an alert with every field of its entity."""
    return dict(plain(found))


def feed(found: FeedState, now: datetime) -> dict[str, Any]:
    """Return how a feed is doing; ages in seconds."""
    seen = found.last_observed_at
    words = {
        name: value
        for name, value in plain(found).items()
        if name not in ("due_every", "latency", "polls")
    }
    return {
        **words,
        "age_s": None if seen is None else round((now - seen).total_seconds(), 1),
        "due_every_s": found.due_every.total_seconds(),
        "latency_s": found.latency.total_seconds(),
        "polls": list(found.polls),
    }


def indicator(found: Indicator) -> dict[str, Any]:
    """Return a definition; durations in seconds."""
    words = dict(plain(found))
    words["cadence_s"] = words.pop("cadence")
    words["window_s"] = words.pop("window")
    words["look_back_s"] = words.pop("look_back")
    words["roll_up_s"] = words.pop("roll_up")
    words["options"] = dict(found.options)
    return words


def snapshot(found: Snapshot, now: datetime) -> dict[str, Any]:
    """Return all that is shown now; collections are plain arrays here."""
    return {
        "version": found.version,
        "published_at": instant(found.published_at),
        "city": plain(found.city),
        "readings": [reading(item) for item in found.readings],
        "alerts": [alert(item) for item in found.alerts],
        "feeds": [feed(item, now) for item in found.feeds],
        "notices": plain(found.notices),
        "load": plain(found.load),
        "backfill": found.backfill,
        "score": plain(found.score),
    }


def row(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row of history; fields that it lacks are null."""
    words = {name: plain(found.get(name)) for name in ROW}
    words["suppressed"] = bool(found.get("suppressed"))
    return words


def page(items: Iterable[Any], following: str | None = None) -> dict[str, Any]:
    """Return a collection; ``next`` asks for what follows, null at the end."""
    return {"items": list(items), "next": following}
