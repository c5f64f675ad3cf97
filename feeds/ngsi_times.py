"""When an entity's values were true: what it says of itself comes before what its broker says.

An interval counts at its end, as everywhere in this house. A time before 2000 is no time but a
clock that was never set.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from feeds import times
from feeds.ngsi_entity import Attribute, Entity
from model import Quality

_FLOOR = datetime(2000, 1, 1, tzinfo=UTC)
_ZONED = re.compile(r"(?:Z|z|[+-]\d{2}(?::?\d{2})?)$")
_CLOCK = re.compile(r"T\d{2}:\d{2}")
_MODIFIED = ("dateModified", "modifiedAt", "dateUpdated", "dateLastReported", "lastUpdate")
_OBSERVED = ("dateObserved", "observationDateTime", "observedAt", "TimeInstant", "timestamp")


@dataclass(frozen=True, slots=True)
class Period:
    """A start, where one is known, and an end."""

    end: datetime
    start: datetime | None = None
    is_zoned: bool = True

    @property
    def length(self) -> timedelta | None:
        """How long it is, ``None`` for an instant."""
        return self.end - self.start if self.start and self.end > self.start else None


def period(said: Any, zone: str) -> Period | None:
    """Read an instant or an interval ``a/b``; ``None`` for nothing and for a clock never set.

    Raises:
        ValueError: if it is neither.

    """
    if said in (None, ""):
        return None
    if not isinstance(said, str):
        raise ValueError(f"a time of type {type(said).__name__}")  # noqa: TRY004 - the row is bad
    first, _, last = said.strip().partition("/")
    end = times.instant(last or first, zone)
    start = times.instant(first, zone) if last else None
    is_zoned = bool(_CLOCK.search(last or first) and _ZONED.search(last or first))
    return Period(end, start, is_zoned) if end >= _FLOOR else None


def observed(entity: Entity, zone: str) -> Period | None:
    """Return when an entity says that it was observed.

    A ``dateObserved`` without a zone gives way to ``dateObservedFrom`` and ``To`` that have one.
    """
    main = next(_periods(entity, _OBSERVED, zone), None)
    if main is not None and main.is_zoned and main.length:
        return main
    start = next(_periods(entity, ("dateObservedFrom",), zone), None)
    end = next(_periods(entity, ("dateObservedTo",), zone), None)
    if end is None or (main is not None and main.is_zoned):
        length = main and start and end and Period(main.end, start.end)
        return length or main or start
    if main is not None and not end.is_zoned:
        return main
    return Period(end.end, start.end if start else None, end.is_zoned)


def modified(entity: Entity, zone: str) -> Period | None:
    """Return when an entity was changed last."""
    return next(_periods(entity, _MODIFIED, zone), None)


def _periods(entity: Entity, names: tuple[str, ...], zone: str) -> Iterator[Period]:
    for name in names:
        found = entity.first(name)
        if found and (read := period(found.value, zone)):
            yield read


@dataclass(frozen=True, slots=True)
class Clock:
    """The times of one entity, and what stands in where an attribute has none."""

    zone: str
    whole: Period | None
    changed: Period | None
    newest: Period | None  # of what its attributes say
    else_at: tuple[datetime, Quality] | None = None

    def of(self, attribute: Attribute) -> tuple[Period, Quality]:
        """Return when an attribute was true, and how far that may be believed.

        Raises:
            ValueError: if nothing says so.

        """
        own = period(attribute.observed, self.zone) or self.whole
        own = own or period(attribute.modified, self.zone) or self.changed
        if own is not None:
            return own, Quality.GOOD
        if self.newest is not None:
            return self.newest, Quality.UNCERTAIN
        if self.else_at is not None:
            return Period(self.else_at[0]), self.else_at[1]
        raise ValueError("no time of its own: neither observedAt, dateObserved nor dateModified")


def clock(entity: Entity, zone: str, else_at: tuple[datetime, Quality] | None) -> Clock:
    """Return the times of an entity.

    Raises:
        ValueError: if one of them cannot be read.

    """
    said = [one for many in entity.attributes.values() for one in many if one.observed]
    own = [found for one in said if (found := period(one.observed, zone))]
    newest = max(own, key=lambda one: one.end, default=None)
    return Clock(zone, observed(entity, zone), modified(entity, zone), newest, else_at)
