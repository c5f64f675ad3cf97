"""What a city pack says about a city, apart from its shapes and feeds."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The city itself. ``is_simulated`` makes every screen say so."""

    id: str
    name: str
    timezone: str
    locale: str = "en"
    is_simulated: bool = False
    is_replayed: bool = False
    population: int | None = None
    country: str | None = None  # ISO 3166, whose holidays are apart
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """One district, without its shape. ``short`` fits a wall tile (at most 20 characters)."""

    id: str
    name: str
    short: str
    population: int | None = None
    borough: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of request, who answers it and how fast (where requests carry no due date)."""

    name: str
    department: str | None = None
    due_within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department of the city."""

    id: str
    name: str
    mail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneChoice:
    """What the pack wants on a scene; hours are ``HH:MM-HH:MM`` in city time."""

    id: str
    domain: str | None = None
    components: tuple[str, ...] = ()
    tiles: tuple[str, ...] = ()
    seconds: int = 30
    hours: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A dated event or maintenance window."""

    name: str
    start: str
    end: str | None = None
    kind: str = field(default="event")
