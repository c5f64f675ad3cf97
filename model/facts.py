"""What comes in from the world: observations, cases, notices, and the rows that were refused.

All instants are aware and in UTC. ``None`` is missing; zero is zero. Three clocks are kept apart:
``observed_at`` (when it was true), ``published_at`` (when the source said so) and ``fetched_at``
(when we asked). ``known_at`` is set once, at admission, and never by a parser.
"""

from dataclasses import dataclass, field
from datetime import datetime

from model.quality import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One measured value at one site. ``value`` is ``None`` where the source sent a sentinel."""

    feed_id: str
    site_id: str
    quantity: str
    value: float | None
    unit: str
    observed_at: datetime
    fetched_at: datetime
    published_at: datetime | None = None
    quality: Quality = Quality.GOOD
    lat: float | None = None
    lon: float | None = None
    district_id: str | None = None
    known_at: datetime | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The natural key: the same key with other content is a correction."""
        return (self.feed_id, self.site_id, self.quantity, self.observed_at.isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request for service. ``status`` is ``open`` or ``closed``."""

    feed_id: str
    case_id: str
    opened_at: datetime
    fetched_at: datetime
    status: str = "open"
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    due_at: datetime | None = None
    published_at: datetime | None = None
    service: str | None = None
    department: str | None = None
    channel: str | None = None
    lat: float | None = None
    lon: float | None = None
    district_id: str | None = None
    known_at: datetime | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The natural key: the same key with other content is a new version."""
        return (self.feed_id, self.case_id)

    @property
    def observed_at(self) -> datetime:
        """The newest instant that this version tells of."""
        return max(at for at in (self.opened_at, self.updated_at, self.closed_at) if at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something announced with a validity, such as a public alert.

    ``severity`` is one of extreme, severe, moderate, minor, unknown; ``status`` one of actual,
    exercise, system, test, draft; ``msg_type`` one of alert, update, cancel, ack, error.
    ``geometry`` is WKT in longitude, latitude. ``supersedes`` names the notices that this one
    replaces or cancels. ``is_end_assumed`` says that the source gave no end.
    """

    feed_id: str
    notice_id: str
    headline: str
    effective: datetime
    fetched_at: datetime
    severity: str = "unknown"
    status: str = "actual"
    msg_type: str = "alert"
    event: str | None = None
    expires: datetime | None = None
    published_at: datetime | None = None
    geometry: str | None = None
    area: str | None = None
    url: str | None = None
    supersedes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    is_end_assumed: bool = False
    known_at: datetime | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The natural key."""
        return (self.feed_id, self.notice_id)

    @property
    def observed_at(self) -> datetime:
        """When the source issued it."""
        return self.published_at or self.effective


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that was refused: where it stood, why, and its raw text (at most 16 kB).

    ``context`` is what is needed to read the raw text again, such as the header of its table.
    """

    feed_id: str
    line: int
    reason: str
    raw: str
    at: datetime
    field: str | None = None
    context: str = ""


Fact = Observation | Case | Notice


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser made of one body.

    ``skipped`` counts by reason what was left out on purpose: too old, indoors, of no interest.
    """

    accepted: list[Fact] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)
    published_at: datetime | None = None
    skipped: dict[str, int] = field(default_factory=dict)
