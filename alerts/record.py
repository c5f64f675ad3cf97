"""What must survive a restart for one rule in one scope, and the sample that moves it.

Everything is data: timers are instants at which they fall due, or the time they had left when
they were paused. ``model.plain`` writes a record and ``model.entity`` reads it back.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.comparator import Memory
from model import Level, Quality, Rule, State


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as a rule sees it.

    ``stale_at`` (optional) is when this sample will be too old to believe: with it, timers stop
    at that very instant even if nobody calls :func:`alerts.observe` in between. ``n`` is how many
    facts stand behind the value.
    """

    value: float | None
    quality: Quality
    observed_at: datetime | None
    site: str | None = None
    n: int | None = None
    stale_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One timer: running until ``due``, or paused with ``left`` to run."""

    name: str
    due: datetime | None = None
    left: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A person's dated decision not to be bothered. ``kind`` is timed or oneshot."""

    kind: str
    until: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One rule in one scope.

    ``main`` is the comparator that raises the alert, ``crit`` the one above it; ``is_crit`` says
    that the critical level has been announced (its delay elapsed). ``is_held`` is the freeze:
    timers of the process are paused and samples are counted, not judged. ``quality`` is ``None``
    before the first sample. ``occurrence`` is ``None`` while closed (NORM, PEND);
    ``last_occurrence`` is the one closed before.
    """

    key: str
    rule: str
    scope: str
    rule_version: str = "1"
    state: State = State.NORM
    state_since: datetime | None = None
    level: Level | None = None
    seq: int = 0
    # comparator
    main: Memory = field(default_factory=Memory)
    crit: Memory = field(default_factory=Memory)
    is_crit: bool = False
    side: str | None = None
    # newest sample
    value: float | None = None
    observed_at: datetime | None = None
    site: str | None = None
    n: int | None = None
    quality: Quality | None = None
    is_held: bool = False
    good_run: int = 0
    # timers
    timers: tuple[Timer, ...] = ()
    tier: int = 0
    # occurrence
    breached_at: datetime | None = None
    normal_since: datetime | None = None
    occurrence: str | None = None
    last_occurrence: str | None = None
    raised_at: datetime | None = None
    cleared_at: datetime | None = None
    closed_at: datetime | None = None
    first_value: float | None = None
    first_limit: float | None = None
    first_quality: Quality | None = None
    acked_at: datetime | None = None
    acked_by: str | None = None
    ack_comment: str | None = None
    owner: str | None = None
    # suppression
    shelf: Shelf | None = None
    inhibited_by: tuple[str, ...] = ()
    ticket: str | None = None
    # counters: renewals, bounces and reopens of this occurrence, the others for ever
    renewals: int = 0
    bounces: int = 0
    reopens: int = 0
    averted: int = 0
    activations: int = 0

    @property
    def is_suppressed(self) -> bool:
        """Whether it must be silent."""
        return bool(self.shelf or self.inhibited_by or self.ticket)

    @property
    def suppressed(self) -> tuple[str, ...]:
        """The suppression flags that are up, strongest first."""
        flags = {"OOS": self.ticket, "SHELVED": self.shelf, "INHIBITED": self.inhibited_by}
        return tuple(name for name, is_up in flags.items() if is_up)


def key_of(rule: Rule, scope: str) -> str:
    """Return the key of a rule in a scope: ``city``, a district's id, or ``site:<id>``."""
    return f"{rule.id}:{scope}"


def new(rule: Rule, scope: str) -> Record:
    """Return the record of a rule that has never seen a sample.

    >>> new(Rule(id="river", title="River"), "city").key
    'river:city'

    """
    return Record(key=key_of(rule, scope), rule=rule.id, scope=scope, rule_version=rule.version)
