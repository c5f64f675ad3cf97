"""What history answers with where no noun of the model fits, and rows turned into nouns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from model import AlertEvent, Case, Notice, Quality, Reading, State, Usual

QUALITIES = {item.value: item for item in Quality}
STATES = {item.value: item for item in State}


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """Mean of a reading in one hour of one past week; ``week`` is that week's Monday."""

    indicator: str
    district: str
    week: date
    value: float


@dataclass(frozen=True, slots=True)
class PackRow:
    """A city pack that came into force at ``known_at``: its hash and its files' hashes."""

    hash: str
    files: Mapping[str, str]
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """How a feed was doing from ``known_at`` until its next change."""

    id: str
    kind: str
    state: Quality
    known_at: datetime
    state_since: datetime | None = None
    last_observed_at: datetime | None = None
    last_fetched_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    accepted: int | None = None
    rejected: int | None = None
    failures: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room at an instant ``at``, by what was ``known`` then, or by what is known now.

    ``readings`` are the newest of each indicator and place, ``cases`` those open and ``notices``
    those in force. ``events`` are the lines of the audit, by key and number, from which the alerts
    that were alive are rebuilt. ``pack`` is the city pack in force.
    """

    at: datetime
    known: str
    readings: tuple[Reading, ...]
    cases: tuple[Case, ...]
    notices: tuple[Notice, ...]
    feeds: tuple[FeedRow, ...]
    events: tuple[AlertEvent, ...]
    pack: PackRow | None


def typed(row: Mapping[str, Any], **kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Turn texts back into what they stand for."""
    return dict(row) | {
        name: None if row[name] is None else members[row[name]] for name, members in kinds.items()
    }


def reading_of(row: Mapping[str, Any]) -> Reading:
    """Return a row of ``readings`` as the reading that was kept."""
    values = dict(row)
    usual = {name: values.pop(f"usual_{name}") for name in ("centre", "low", "high", "spread")}
    weeks = values.pop("usual_weeks")
    values["feeds"] = tuple(values["feeds"] or ())
    values["quality"] = QUALITIES[values["quality"]]
    is_usual = None not in usual.values() and weeks is not None
    return Reading(**values, usual=Usual(**usual, weeks=weeks) if is_usual else None)


def event_of(row: Mapping[str, Any]) -> AlertEvent:
    """Return a row of ``alert_events`` as a line of the audit."""
    kinds: dict[str, Mapping[str, Any]] = {
        "quality": QUALITIES,
        "from_state": STATES,
        "to_state": STATES,
    }
    return AlertEvent(**typed(row, **kinds) | {"suppressed": tuple(row["suppressed"] or ())})


def notice_of(row: Mapping[str, Any]) -> Notice:
    """Return a row of ``notices`` as a notice."""
    texts = {name: tuple(row[name] or ()) for name in ("supersedes", "districts")}
    return Notice(**dict(row) | texts | {"is_end_assumed": bool(row["is_end_assumed"])})
