"""What a store promises: one contract, kept by Redis and by the twin in memory.

The same tests run over both (``tests/integration/store/test_contract.py``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from model import Command, Delivery, Fact, FeedState, Outcome, Reject, Snapshot
from store.crew_base import CrewStore


@dataclass(frozen=True, slots=True)
class Head:
    """The number of the newest snapshot; ``body_id`` changes with its content alone."""

    version: str
    published_at: datetime
    body_id: str


@dataclass(frozen=True, slots=True)
class Versioned:
    """A record and how often it was written."""

    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A refused row, and the name by which it is called in quarantine."""

    id: str
    reject: Reject


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """Refused rows, newest first; ``next`` asks for older ones; ``total`` ever quarantined."""

    items: list[Quarantined]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Reason:
    """How many kept rows were refused for the same reason; values in it are masked.

    ``sample`` is the beginning of the newest one's raw text, ``last_at`` when it was refused.
    """

    reason: str
    field: str | None
    count: int
    last_at: datetime
    sample: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies in an inbox: deliveries, and the bytes of their bodies."""

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Facts' entries in a shard: never read, and read but not acknowledged."""

    waiting: int
    pending: int


class Lock(Protocol):
    """A lease on a name. ``token`` grows with every owner, so late writers can be refused."""

    @property
    def name(self) -> str:
        """The name of the lock."""

    @property
    def token(self) -> int:
        """The number of this ownership."""

    def renew(self) -> bool:
        """Lengthen the lease; False where it has passed to somebody else.

        One that ran out and that nobody has taken since is still ours.
        """

    def release(self) -> None:
        """Give it back, if it is still ours."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Store(CrewStore, Protocol):
    """The short memory. Every method may raise ``StoreDown``."""

    def ping(self) -> None:
        """Return if the server answers."""

    def epoch(self) -> int:
        """Return a number that is new whenever the store starts empty."""

    def close(self) -> None:
        """Give the connections back."""

    def add_facts(self, facts: Sequence[Fact], *, shard: int = 0) -> None:
        """Append admitted facts to a shard; they stay until acknowledged."""

    def admit(self, facts: Sequence[Fact]) -> list[Fact]:
        """Append those facts that say something new, then remember them; return them.

        Each goes to the shard of its natural key, so its versions keep their order.
        """

    def shards(self) -> list[int]:
        """Return every shard that facts may lie in, those of an older number of shards too."""

    def seen(self, facts: Sequence[Fact]) -> list[bool]:
        """Say for each fact whether its newest known version says exactly the same."""

    def mark_seen(self, facts: Sequence[Fact]) -> None:
        """Remember what these facts say (after they were added, so a crash loses none)."""

    def read_facts(
        self,
        consumer: str,
        *,
        shard: int = 0,
        count: int = 5000,
        block_ms: int = 1000,
        after: str | None = None,
    ) -> list[tuple[str, Fact]]:
        """Return facts in order: own unacknowledged, then of dead consumers, then new ones.

        At most about ``count``. What is not acknowledged comes again at the next call, so a
        failed batch is tried again before anything newer. A caller that gathers several batches
        says ``after`` which id it has. While another live consumer holds unacknowledged facts of
        the shard, nothing is returned: a shard is worked on by one consumer at a time, in order.
        """

    def ack(self, ids: Sequence[str], *, shard: int = 0) -> None:
        """Forget these facts: they are kept elsewhere now."""

    def backlog(self, *, shard: int = 0) -> Backlog:
        """Return how far the consumers are behind."""

    def publish(self, snapshot: Snapshot, *, fence: Lock | None = None) -> Head:
        """Make this the newest snapshot under the next number, and tell everybody.

        The snapshot's own ``version`` is ignored. Raises ``Fenced`` if the lock was lost.
        """

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot; cheap while its content does not change."""

    def head(self) -> Head | None:
        """Return the newest number without the content."""

    def ticks(self, timeout_s: float = 1.0) -> Iterator[Head | None]:
        """Yield every new head, first the present one, and ``None`` after silence; endless."""

    def submit(self, command: Command, timeout_s: float = 5.0) -> Outcome:
        """Hand a command to the worker and wait for the outcome; twice is once.

        Raises:
            StoreSilent: nobody answered; a command that nobody took is withdrawn.

        """

    def take_commands(self, block_ms: int = 0, *, fence: Lock | None = None) -> list[Command]:
        """Return commands not yet answered, those taken before a crash first.

        Under another ``fence`` than the last time it begins again with those. Raises ``Fenced``.
        """

    def answer(self, outcome: Outcome) -> None:
        """Tell those who wait; the command is done."""

    def save_records(
        self,
        changes: Mapping[str, Mapping[str, Any] | None],
        *,
        expected: Mapping[str, int] | None = None,
        answers: Sequence[Outcome] = (),
        fence: Lock | None = None,
    ) -> dict[str, int]:
        """Write records (``None`` deletes) and outcomes at once; return the new versions.

        ``expected`` holds versions (0: must not exist). Raises ``Conflict`` or ``Fenced``.
        """

    def records(self) -> dict[str, Versioned]:
        """Return all records."""

    def save_memory(self, feed_id: str, memory: Mapping[str, Any]) -> None:
        """Keep what a feed must remember between polls."""

    def memory(self, feed_id: str) -> dict[str, Any]:
        """Return it; empty where there is none."""

    def save_feed_states(
        self, states: Sequence[FeedState], *, note: Mapping[str, Any] | None = None
    ) -> None:
        """Keep how feeds are doing and, at once with it, how far the told changes are in that."""

    def feed_note(self) -> dict[str, Any]:
        """Return the note of the last ``save_feed_states`` that had one."""

    def feed_states(self) -> dict[str, FeedState]:
        """Return how feeds are doing, by id."""

    def add_rejects(self, rejects: Sequence[Reject]) -> int:
        """Put refused rows into quarantine, each row once; return how many were new."""

    def quarantine(
        self,
        feed_id: str,
        *,
        limit: int = 100,
        before: str | None = None,
        reason: str | None = None,
    ) -> QuarantinePage:
        """Return a page of quarantine, newest first; of one ``reason``, as written or masked."""

    def reasons(self, feed_id: str) -> list[Reason]:
        """Return why the kept rows were refused, the most frequent reason first."""

    def settle(self, feed_id: str, changes: Mapping[str, Reject | None]) -> None:
        """Let rows out of quarantine (``None``), or put others in their place."""

    def deliver(self, delivery: Delivery) -> str:
        """Keep what was pushed or heard until the worker drops it; return its name.

        Raises ``InboxFull`` where the feed has too many already: nothing accepted is ever lost.
        """

    def deliveries(self, feed_id: str, count: int = 100) -> list[tuple[str, Delivery]]:
        """Return the oldest deliveries of a feed, in order."""

    def drop_deliveries(self, feed_id: str, ids: list[str]) -> None:
        """Forget deliveries: what they said is kept elsewhere now."""

    def waiting(self, block_ms: int = 0) -> dict[str, Waiting]:
        """Return which feeds have deliveries; wait a little for one where none has."""

    def count(self, feed_id: str, **by: int) -> None:
        """Add to running totals of a feed."""

    def counters(self, feed_id: str) -> dict[str, int]:
        """Return the running totals of a feed."""

    def lock(
        self, name: str, *, ttl: timedelta = timedelta(seconds=10), is_forced: bool = False
    ) -> Lock | None:
        """Take a lease, or ``None`` where somebody else holds it.

        A forced one is taken from its owner, who is fenced from then on.
        """
