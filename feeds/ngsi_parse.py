"""Entities and notifications of NGSI-LD and NGSIv2 to facts.

Quirks: ``intensity`` counts vehicles per interval and becomes veh/h; a share above 1 is refused,
for it is per cent or wrong; what no model and no ``quantities`` name gives nothing and is counted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from feeds import times
from feeds.decode import from_json
from feeds.gathered import Gathered, said
from feeds.ngsi_entity import Entity, entity
from feeds.ngsi_facts import case, notice
from feeds.ngsi_measures import Measures, measure
from feeds.ngsi_models import CASES, NOTICES
from feeds.ngsi_options import Options
from feeds.ngsi_times import clock
from model import Feed, Parsed, Quality

_PRIVATE = (
    "owner", "created_by", "email", "phone", "first_name", "last_name", "account_id", "device_id",
    "familyName", "givenName", "telephone", "contactPoint", "vehiclePlateIdentifier", "refUser",
    "licensePlate", "author", "username",
)  # fmt: skip
_BAD = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of entities, however they come: a list, one, or a notification.

    Raises:
        ValueError: if the body is none of these.

    """
    return facts_of(from_json(body), feed, fetched_at)


def rows_of(document: Any) -> list[Any]:
    """Return the entities of a document.

    Raises:
        ValueError: if it holds none.

    """
    if isinstance(document, list):
        return document
    if isinstance(document, Mapping):
        if isinstance(document.get("data"), list):
            rows: list[Any] = document["data"]
            return rows
        if isinstance(document.get("features"), list):
            features: list[Any] = document["features"]
            return features
        if ("id" in document or "@id" in document) and document.get("type") != "Notification":
            return [document]
        if told := document.get("title") or document.get("error"):
            raise ValueError(f"the broker reports {told}: {document.get('description', '')}"[:300])
    raise ValueError("neither entities nor a notification")


def facts_of(document: Any, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the facts of a document of entities.

    Raises:
        ValueError: if it holds none.

    """
    options = Options.model_validate(dict(feed.options))
    gathered = Gathered(feed, fetched_at)
    notified = document.get("notifiedAt") if isinstance(document, Mapping) else None
    reading = _Reading(gathered, options, _else_at(options, fetched_at, notified))
    for line, row in enumerate(rows_of(document), 1):
        reading.take(row, line)
    parsed = gathered.parsed
    return Parsed(
        [*parsed.accepted, *reading.others], parsed.rejected, parsed.published_at, parsed.skipped
    )


def _else_at(
    options: Options, fetched_at: datetime, notified: Any
) -> tuple[datetime, Quality] | None:
    """Return the time of what has none: our clock where declared, else that of the notification."""
    if options.time == "arrival":
        return fetched_at, Quality.GOOD
    if not isinstance(notified, str):
        return None
    try:
        return times.instant(notified), Quality.UNCERTAIN
    except ValueError:
        return None


class _Reading:
    """Gathers what the entities of one body give."""

    def __init__(
        self, gathered: Gathered, options: Options, else_at: tuple[datetime, Quality] | None
    ) -> None:
        """Begin with nothing."""
        self.gathered = gathered
        self.options = options
        self.else_at = else_at
        self.others: list[Any] = []

    def take(self, row: Any, line: int) -> None:
        """Add the facts of one entity; what is wrong with it costs itself only."""
        try:
            found = entity(row)
            self._give(found, row, line)
        except _BAD as problem:
            self.gathered.refuse(line, said(problem), without_people(row))

    def _give(self, found: Entity, row: Any, line: int) -> None:
        kinds, feed = set(found.types), self.gathered.feed
        goal = "case" if kinds & CASES else "notice" if kinds & NOTICES else "observation"
        if goal != feed.gives:
            raise ValueError(f"a {found.types[0]} gives a {goal}, and this feed gives {feed.gives}")
        if goal == "case":
            self.others.append(case(found, feed, self.gathered.fetched_at))
            return
        if goal == "notice":
            self.others.append(notice(found, feed, self.gathered.fetched_at))
            return
        times = clock(found, feed.timezone, self.else_at)
        odd: dict[str, str] = {}
        measures = Measures(self.gathered, self.options, found, times, odd)
        if not measure(measures):
            self.gathered.skipped[f"{found.types[0]}: nothing that is asked for"] += 1
        for name, reason in odd.items():
            self.gathered.refuse(line, reason, without_people(row), name)


def without_people(row: Any) -> Any:
    """Return a row for the quarantine, without what may name a person."""
    if not isinstance(row, Mapping):
        return row
    return {name: value for name, value in row.items() if name not in _PRIVATE}
