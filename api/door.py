"""What the API is given by the root, and what it needs of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from cities import Pack
from model import AlertEvent
from store import Store

AUDIENCE = "all"  # everyone sees the same until people can sign in


class LongMemory(Protocol):
    """The part of the history that the API reads."""

    def is_empty(self) -> bool:
        """Whether nothing is kept yet; also the cheapest proof that it can be read."""

    def kept_since(self) -> Mapping[str, datetime]:
        """Return, by table, before which instant rows may have been dropped."""

    def readings(  # noqa: PLR0913 - each is a condition of its own
        self,
        indicator: str,
        *,
        district: str | None = None,
        start: datetime,
        end: datetime,
        resolution: timedelta | None = None,
        known_at: datetime | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """Return rows of one indicator by district and time."""

    def series(  # noqa: PLR0913 - each is a condition of its own
        self,
        indicator: str,
        *,
        district: str | None = None,
        start: datetime,
        end: datetime,
        resolution: timedelta | None = None,
        known_at: datetime | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """Return what ``readings`` gives; coarse steps may come from roll-ups."""

    def revisions(
        self, indicator: str, *, district: str | None = None, start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return corrections of readings, with what stood before."""

    def observations_table(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        quantities: Sequence[str] | None = None,
    ) -> Any:
        """Return observations as a table of columns."""

    def cases_table(self, since: datetime) -> Any:
        """Return cases that are open, or were opened or closed since, as a table."""

    def alert_events(
        self, occurrence: str | None = None, *, since: datetime | None = None
    ) -> Sequence[AlertEvent]:
        """Return lines of the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The city, both memories, the clock, the build and the figures of the stream hub."""

    pack: Pack
    store: Store
    history: LongMemory
    clock: Callable[[], datetime]
    build: str
    stream_stats: Callable[[], Any]
    suppress: Callable[[Sequence[Any], Mapping[str, Any]], Sequence[Any]]
