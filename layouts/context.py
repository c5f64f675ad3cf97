"""What pages read: handed in by the root, so that layouts know neither store nor history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from layouts.view import View
from metrics.ages import Ages
from model import AlertEvent, FeedState, Reject, Snapshot


class Refused(Protocol):
    """A refused row as the quarantine calls it."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def reject(self) -> Reject:
        """The row."""


class RefusedPage(Protocol):
    """Refused rows, the newest first; ``next`` asks for older ones, ``total`` were ever refused."""

    @property
    def items(self) -> Sequence[Refused]:
        """The rows."""

    @property
    def next(self) -> str | None:
        """What comes after them."""

    @property
    def total(self) -> int:
        """How many there ever were."""


class Cause(Protocol):
    """How many rows that are kept were refused for one reason."""

    @property
    def reason(self) -> str:
        """The reason; values in it are masked."""

    @property
    def field(self) -> str | None:
        """Which field of the row, where it was one."""

    @property
    def count(self) -> int:
        """How many rows."""

    @property
    def last_at(self) -> datetime:
        """When the newest was refused."""

    @property
    def sample(self) -> str:
        """The beginning of its raw text."""


class Facts(Protocol):
    """The newest facts behind a reading."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One per site, the newest first."""

    @property
    def count(self) -> int:
        """How many facts there were since ``since``."""

    @property
    def sites(self) -> int:
        """Of how many sites."""

    @property
    def since(self) -> datetime | None:
        """From when they are counted."""

    @property
    def is_private(self) -> bool:
        """Whether they are about people, so that none is told."""


@dataclass(frozen=True, slots=True)
class NoRows:
    """The page of a quarantine that holds nothing."""

    items: tuple[Refused, ...] = ()
    next: str | None = None
    total: int = 0


def _no_rows(*_: Any, **__: Any) -> RefusedPage:
    return NoRows()


def _no_causes(_: str) -> Sequence[Cause]:
    return ()


def _none(*_: Any, **__: Any) -> Any:
    return None


def _no_corrections(*_: Any, **__: Any) -> Sequence[Any]:
    return ()


def _no_states() -> Mapping[str, FeedState]:
    return {}


def _no_events(_: datetime) -> Sequence[AlertEvent]:
    return ()


def _no_clock() -> datetime:
    raise LookupError("this page context was given no clock")


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What pages read. ``latest`` and the others may answer with nothing; no page fails by it.

    ``view`` gives the view of a locale, or the city's own for ``None``. ``history`` returns rows
    of readings, ``audit`` the events of an occurrence, ``events`` the whole audit since an instant.
    ``quarantine`` gives a page of the refused rows of a feed (``limit``, ``before``, ``reason``),
    ``causes`` why they were, ``feed_states`` what is kept of feeds beyond a snapshot: their hours.
    ``clock`` gives the present to commands of people. ``corrections`` gives what readings of a
    place said before they were corrected, ``facts`` what a reading rests on, ``ages`` how old its
    open requests are: all three of an indicator's id and a district. ``forecast`` gives the next
    hours of an indicator of the city as the API tells them.
    """

    latest: Callable[[], Snapshot | None]
    view: Callable[[str | None], View]
    history: Callable[..., Sequence[Any]]
    audit: Callable[[str], Sequence[AlertEvent]]
    quarantine: Callable[..., RefusedPage] = _no_rows
    causes: Callable[[str], Sequence[Cause]] = _no_causes
    feed_states: Callable[[], Mapping[str, FeedState]] = _no_states
    events: Callable[[datetime], Sequence[AlertEvent]] = _no_events
    clock: Callable[[], datetime] = _no_clock
    corrections: Callable[..., Sequence[Any]] = _no_corrections
    facts: Callable[..., Facts | None] = _none
    ages: Callable[..., Ages | None] = _none
    forecast: Callable[[str], Mapping[str, Any] | None] = _none
