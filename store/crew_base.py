"""What a store promises to the workers of one house among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from model import Fact


@dataclass(frozen=True, slots=True)
class WorkerNote:
    """A living worker: its name, seconds since it was heard of, what it said of itself."""

    name: str
    silent_s: float
    note: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has listened to a topic: the last entry's id and number."""

    id: str
    n: int


@dataclass(frozen=True, slots=True)
class Told:
    """What workers told each other: who, what; where to go on; whether nothing was missed."""

    items: list[tuple[str, Any]]
    place: Place
    is_whole: bool = True


class CrewStore(Protocol):
    """How workers know of each other. Every method may raise ``StoreDown``."""

    def beat(self, name: str, note: dict[str, Any]) -> tuple[bool, dict[str, dict[str, Any]]]:
        """Say that a worker lives; return whether it was known still, and the notes of all."""

    def leave(self, name: str) -> None:
        """Say that a worker ends."""

    def workers(self) -> list[WorkerNote]:
        """Return the workers that live."""

    def tell(self, topic: str, by: str, bodies: Sequence[Any]) -> None:
        """Tell the other workers something, in order."""

    def tell_kept(self, shard: int, by: str, facts: Sequence[Fact]) -> None:
        """Tell the other workers which facts of a shard the history has now."""

    def told(self, topic: str, after: Place | None) -> Told:
        """Return what was told after a place; with ``None`` nothing, but where the end is."""

    def told_kept(self, shard: int, after: Place | None) -> Told:
        """Return which facts others kept, as lists of facts."""

    def plan_poll(self, feed_id: str, by: str, at: datetime) -> None:
        """Note that a worker asked a feed, and when it is due again."""

    def planned_poll(self, feed_id: str) -> tuple[str, datetime] | None:
        """Return who asked a feed last, and when it is due again."""
