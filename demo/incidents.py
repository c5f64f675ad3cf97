"""Scripted incidents: what can happen, where, and how it rises and falls.

An incident is a frozen fact (kind, start, planned minutes, stop, place). Its course is a pure
function of time, so all feeds agree about it and stopping it changes nothing that has happened.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from demo.almanac import DAY, HOUR, city_time, midnight
from demo.districts import wards
from demo.noise import Floats, Ints, uniform
from demo.sites import AIR_DISTRICTS

MINUTE = 60


@dataclass(frozen=True)
class Kind:
    """A kind of incident: ``rise`` and ``fall`` in seconds, ``minutes`` unless told otherwise."""

    name: str
    summary: str
    minutes: int
    rise: int
    fall: int


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "flood",
            "the Rivière des Prairies passes flood stage at Sainte-Geneviève",
            45,
            15 * MINUTE,
            20 * MINUTE,
        ),
        Kind(
            "powercut",
            "one district: customers out, signals out, slow traffic",
            40,
            4 * MINUTE,
            8 * MINUTE,
        ),
        Kind("crash", "one district: a crash slows the traffic", 40, 6 * MINUTE, 12 * MINUTE),
        Kind("deadfeed", "the traffic service stops answering; a gap remains", 30, 0, 0),
        Kind("stuck", "one PM2.5 station repeats a value", 14 * 60, 0, 0),
        Kind("deadsite", "the portal of the city's own services answers 503", 20, 0, 0),
        Kind("badfeed", "the bike service sends HTML, then truncated JSON", 20, 0, 0),
    )
}


@dataclass(frozen=True)
class Incident:
    """One incident; instants are whole seconds since 1970 (UTC).

    ``place`` is a district (powercut, crash) or a district with an air station (stuck);
    ``strength`` scales the course, 1 being the full one; ``mode`` is how a feed dies.
    """

    kind: str
    started: int
    minutes: int
    stopped: int | None = None
    place: str = ""
    strength: float = 1.0
    mode: str = ""

    @property
    def ends(self) -> int:
        """When it stops pressing; some courses decay afterwards."""
        planned = self.started + self.minutes * MINUTE
        return planned if self.stopped is None else min(planned, max(self.started, self.stopped))

    def covers(self, at: int) -> bool:
        """Whether the incident presses at one instant."""
        return self.started <= at < self.ends

    def plain(self) -> dict[str, Any]:
        """Return the incident as JSON values."""
        return asdict(self)

    @staticmethod
    def of(row: Mapping[str, Any]) -> "Incident":
        """Read what :meth:`plain` wrote.

        Raises:
            ValueError: if the kind is unknown or a field is missing.

        """
        if row.get("kind") not in KINDS:
            raise ValueError(f"unknown incident {row.get('kind')!r}; known: {', '.join(KINDS)}")
        known = {item.name for item in fields(Incident)}
        try:
            return Incident(**{key: value for key, value in row.items() if key in known})
        except TypeError as error:
            raise ValueError(f"incident {row!r}: {error}") from error


def course(incident: Incident, at: Ints) -> Floats:
    """Return how strongly an incident acts, 0 to ``strength``.

    It rises smoothly (within half of its planned time at the latest), holds, and decays
    exponentially once it has ended.
    """
    kind = KINDS[incident.kind]
    rise = max(1.0, min(float(kind.rise), incident.minutes * MINUTE / 2.0))
    pressed = np.clip((np.minimum(at, incident.ends) - incident.started) / rise, 0.0, 1.0)
    level = pressed * pressed * (3.0 - 2.0 * pressed)
    after = np.clip(at - incident.ends, 0, None) / max(1.0, float(kind.fall))
    ebbing = np.exp(-after) if kind.fall else (after <= 0).astype(np.float64)
    acting = incident.strength * level * np.where(at < incident.started, 0.0, ebbing)
    return np.asarray(np.where(acting < 0.005, 0.0, acting))


def started(
    kind: str, at: int, *, seed: int, minutes: int | None = None, place: str = ""
) -> Incident:
    """Return a new incident of a kind; its place is drawn from the seed where none is given.

    Raises:
        ValueError: if the kind or the place is unknown, or the minutes are not positive.

    """
    if kind not in KINDS:
        raise ValueError(f"unknown incident {kind!r}; known: {', '.join(KINDS)}")
    lasts = KINDS[kind].minutes if minutes is None else minutes
    if lasts <= 0:
        raise ValueError(f"minutes must be positive, not {lasts}")
    allowed = _places(kind)
    if place and place not in allowed:
        raise ValueError(f"unknown place {place!r} for {kind}; known: {', '.join(allowed)}")
    if not place and allowed:
        place = allowed[int(uniform(seed, "place of", kind, at)[0] * len(allowed))]
    return Incident(kind=kind, started=at, minutes=lasts, place=place)


@lru_cache(maxsize=4096)
def programme(seed: int, day: int) -> tuple[Incident, ...]:
    """Return the small incident of one local day: none on two days of five, by day only."""
    draw = float(uniform(seed, "programme", day)[0])
    if draw < 0.4:
        return ()
    kind = "powercut" if draw < 0.6 else "crash" if draw < 0.9 else "stuck"
    hour = 8.0 + 11.0 * float(uniform(seed, "programme hour", day)[0])
    at = midnight(day) + int(hour * HOUR) // MINUTE * MINUTE
    minutes = 25 + int(30 * float(uniform(seed, "programme long", day)[0]))
    planned = started(kind, at, seed=seed, minutes=None if kind == "stuck" else minutes)
    strength = 0.15 if kind == "powercut" else 0.5
    return (Incident(**{**planned.plain(), "strength": 1.0 if kind == "stuck" else strength}),)


@dataclass(frozen=True)
class World:
    """The simulated city: a seed, what people triggered, and whether the programme runs."""

    seed: int
    triggered: tuple[Incident, ...] = ()
    has_programme: bool = True

    def incidents(self, kind: str, first: int, last: int) -> tuple[Incident, ...]:
        """Return the incidents of a kind that may act between two instants."""
        found = [item for item in self.triggered if item.kind == kind]
        if self.has_programme:
            days = city_time(np.arange(first - DAY, last + 1, DAY // 2, dtype=np.int64)).day
            for day in sorted({int(day) for day in days}):
                found += [item for item in programme(self.seed, day) if item.kind == kind]
        tail = 8 * KINDS[kind].fall
        return tuple(i for i in found if i.started <= last and i.ends + tail >= first)


def _places(kind: str) -> tuple[str, ...]:
    if kind in {"powercut", "crash"}:
        return tuple(ward.id for ward in wards())
    return AIR_DISTRICTS if kind == "stuck" else ()
