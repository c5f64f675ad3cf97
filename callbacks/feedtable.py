"""The list of feeds as a table to take along: comma-separated, one row per feed."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime

from layouts import plaintext
from layouts.desk.feedsum import day
from model import FeedState, Snapshot
from model.plain import instant

COLUMNS = (
    "id",
    "name",
    "kind",
    "gives",
    "state",
    "due_every_s",
    "age_s",
    "last_observed_at",
    "last_fetched_at",
    "next_due_at",
    "accepted",
    "rejected",
    "accepted_24h",
    "rejected_24h",
    "in_district",
    "in_none",
    "good_share_30d",
    "answer_s",
    "failures",
    "last_error",
    "owner",
    "licence",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def name(snapshot: Snapshot) -> str:
    """Return the name of the file: the city and the instant that it shows."""
    return f"feeds-{snapshot.city.id}-{snapshot.published_at:%Y%m%dT%H%M%SZ}.csv"


def table(snapshot: Snapshot, states: Mapping[str, FeedState]) -> str:
    """Return all feeds in the pack's order; what is unknown is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for feed in snapshot.feeds:
        row = _row(feed, states.get(feed.id, feed), snapshot.published_at)
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return file.getvalue()


def _row(feed: FeedState, kept: FeedState, now: datetime) -> dict[str, object]:
    seen = feed.last_observed_at
    accepted, rejected = day(kept, now) if kept.hours else (None, None)
    return {
        "id": feed.id,
        "name": feed.name,
        "kind": feed.kind,
        "gives": feed.gives,
        "state": feed.state.value,
        "due_every_s": int(feed.due_every.total_seconds()),
        "age_s": int((now - seen).total_seconds()) if seen else None,
        "last_observed_at": _at(seen),
        "last_fetched_at": _at(feed.last_fetched_at),
        "next_due_at": _at(feed.next_due_at),
        "accepted": feed.accepted,
        "rejected": feed.rejected,
        "accepted_24h": accepted,
        "rejected_24h": rejected,
        "in_district": feed.matched,
        "in_none": feed.unmatched,
        "good_share_30d": feed.good_share,
        "answer_s": feed.answer_s,
        "failures": feed.failures,
        "last_error": feed.last_error,
        "owner": feed.owner,
        "licence": feed.licence,
    }


def _at(value: datetime | None) -> str | None:
    return instant(value) if value else None


def _cell(value: object) -> object:
    """Return a value for a cell; text that a spreadsheet would take for a formula is quoted."""
    if not isinstance(value, str):
        return "" if value is None else value
    text = plaintext.line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
