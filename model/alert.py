"""Rules, alerts and the commands of people. The behaviour stands in ``alerts/``."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from model.quality import Quality


class State(StrEnum):
    """Process state of an alert: region K of the state table in ``docs/alerts.md``."""

    NORM = "NORM"
    PEND = "PEND"
    UNACK = "UNACK"
    ACKED = "ACKED"
    CLRU = "CLRU"
    CLRA = "CLRA"
    RTNU = "RTNU"
    LATU = "LATU"
    LATA = "LATA"


class Level(StrEnum):
    """Which limit of a rule is exceeded."""

    WARN = "warn"
    CRIT = "crit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """Why the alarm exists: refused by ``check`` where one of these is missing."""

    cause: tuple[str, ...] = ()
    consequence: str = ""
    actions: tuple[str, ...] = ()
    time_to_respond: timedelta | None = None
    verification: str = ""
    sop: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When an alert is raised and cleared.

    ``scope`` is city, district or site. ``kind`` is threshold or missing (one per feed).
    ``warn`` and ``crit`` are limits in the indicator's unit; a value at the limit breaches.
    ``direction`` is high (breach above), low (breach below) or band (outside low–high).
    ``priority_*`` are 1, 2, 3, or 0 for the journal (not annunciated).
    """

    id: str
    title: str
    indicator: str | None = None
    feed: str | None = None
    kind: str = "threshold"
    scope: str = "city"
    districts: tuple[str, ...] = ()
    direction: str = "high"
    warn: float | None = None
    crit: float | None = None
    low: float | None = None
    high: float | None = None
    crit_low: float | None = None  # band: outside these is critical
    crit_high: float | None = None
    deadband: float = 0.0
    on_delay: timedelta = timedelta(0)
    crit_on_delay: timedelta | None = None
    off_delay: timedelta = timedelta(0)
    is_latching: bool = False
    priority_warn: int = 3
    priority_crit: int = 2
    alarm_class: str = "service"
    owner: str = ""
    rationale: Rationale = field(default_factory=Rationale)
    cadence: timedelta = timedelta(minutes=5)
    version: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule in one scope, as screens and the API see it.

    ``id`` is the occurrence (lives for ever), ``key`` is ``rule:scope``. ``shown`` is the
    display state after precedence (for example ``HELD``, ``SHELVED``, ``UNKNOWN``).
    """

    id: str
    key: str
    rule: str
    title: str
    indicator: str | None
    district: str
    site: str | None
    state: State
    shown: str
    suppressed: tuple[str, ...]
    quality: Quality
    priority: int
    level: Level | None
    value: float | None
    limit: float | None
    direction: str
    occurrence: str
    raised_at: datetime | None = None
    state_since: datetime | None = None
    cleared_at: datetime | None = None
    closed_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str | None = None
    ack_comment: str | None = None
    owner: str | None = None
    observed_at: datetime | None = None
    clears_at: datetime | None = None
    escalates_at: datetime | None = None
    feed: str | None = None
    first_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One line of the audit: append-only, never edited.

    ``seq`` grows by one per key. ``kind`` is the event's name in the state table (``H1``, ``ACK``,
    ``T_ON`` …) or a command's; ``outcome`` is applied, noop or rejected.
    """

    event_id: str
    at: datetime
    seq: int
    key: str
    rule: str
    occurrence: str | None
    kind: str
    outcome: str
    from_state: State
    to_state: State
    actor: str
    annunciated: bool = False
    priority: int | None = None
    value: float | None = None
    limit: float | None = None
    quality: Quality | None = None
    observed_at: datetime | None = None
    reason: str | None = None
    comment: str | None = None
    rule_version: str = "1"
    suppressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asked for. ``call`` is ack, unack, comment, assign, … ; ``by`` is who.

    ``occurrence`` is an alert's, or ``feed:<id>`` for the calls poll and replay.
    """

    command_id: str
    occurrence: str
    call: str
    by: str
    at: datetime
    comment: str | None = None
    station: str | None = None
    body: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command: applied, noop, rejected (by the table) or unknown."""

    command_id: str
    status: str
    reason: str | None = None
    alert: Alert | None = None
    body: tuple[tuple[str, str], ...] = ()  # figures, such as how many rows were read again
