"""What keeps the long memory healthy, a little at each call: roll-ups, seals, retention."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from history import retention, schemas, sealing
from history.base import Engine
from history.errors import HistoryError
from history.notes import Notes
from history.retention import Dropped
from history.rollups import LONGEST_STAND, Sweep
from history.sealing import Seal

MOST = 7  # questions of roll-ups a call
COMPACT_EVERY = timedelta(minutes=10)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a city wants of its long memory.

    Attributes:
        timezone: by which its days are counted.
        keep: for how long the rows of each table stay; a table without an entry keeps all.
        look_back: by quantity, how old an observation some indicator may still need.
        stands: by indicator, for how long a reading counts where none follows; one hour without.

    """

    timezone: str
    keep: Mapping[str, timedelta | None] = field(default_factory=dict)
    look_back: Mapping[str, timedelta] = field(default_factory=dict)
    stands: Mapping[str, timedelta] = field(default_factory=dict)

    def kept(self) -> dict[str, timedelta | None]:
        """Return what stays for how long: of observations, what some indicator needs longest."""
        found = dict(self.keep)
        chosen = found.get(schemas.OBSERVATIONS.name)
        if chosen is not None:
            needed = max(self.look_back.values(), default=chosen)
            found[schemas.OBSERVATIONS.name] = max(chosen, needed)
        return found


@dataclass(frozen=True, slots=True)
class Done:
    """What one call did. ``is_behind`` says that there is more to do: call again soon."""

    rolled: int = 0
    sealed: Seal | None = None
    dropped: Dropped | None = None
    compacted: Mapping[str, int] | None = None
    is_behind: bool = False


class Upkeep:
    """The upkeep of one history by its writer. A call is bounded: some hours, a day, a table.

    It may be killed at any moment: what was done is done, the rest is found again.
    """

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self._engine = engine
        self._policy = policy
        self._compacted_at: datetime | None = None
        zone = ZoneInfo(policy.timezone)
        stands = {name: min(each, LONGEST_STAND) for name, each in policy.stands.items()}
        self._sweeps = [
            Sweep(engine, shape, zone, stands)
            for shape in (schemas.READINGS_HOURLY, schemas.READINGS_DAILY)
        ]

    def step(self, now: datetime) -> Done:
        """Do the next piece of everything that is due.

        Raises:
            HistoryError: the history is not open as its writer, or cannot be written.

        """
        if not self._engine.is_writer:
            raise HistoryError("only the writer of a history may tidy it")
        notes = Notes(self._engine)
        rolled = sum(sweep.step(now, notes, most=MOST) for sweep in self._sweeps)
        sealed = self._seal(notes, now)
        dropped = self._drop(notes, now)
        is_behind = any(sweep.is_behind for sweep in self._sweeps)
        return Done(
            rolled=rolled,
            sealed=sealed,
            dropped=dropped,
            compacted=self._compact(now),
            is_behind=is_behind or sealed is not None or dropped is not None,
        )

    def _seal(self, notes: Notes, now: datetime) -> Seal | None:
        for shape in sealing.SHAPES:
            day = sealing.next_day(self._engine, shape, notes, now)
            if day is None:
                continue
            done = sealing.seal(self._engine, shape, day, notes, now=now)
            if shape is schemas.READINGS and not self._is_dropped(day, notes):
                for sweep in self._sweeps:  # what was written long after it was known
                    sweep.again(day, now)
            return done
        return None

    def _drop(self, notes: Notes, now: datetime) -> Dropped | None:
        policy = self._policy
        dropped = retention.drop_next(self._engine, policy.kept(), notes, now=now)
        if dropped is not None:
            return dropped
        kept = policy.keep.get(schemas.OBSERVATIONS.name)
        return retention.thin_next(self._engine, kept, policy.look_back, notes, now=now)

    def _is_dropped(self, day: datetime, notes: Notes) -> bool:
        """Whether rows of a day, or of those around it, may be gone."""
        kept = notes.kept_since().get(schemas.READINGS.name)
        return kept is not None and day - 2 * DAY < kept

    def _compact(self, now: datetime) -> Mapping[str, int] | None:
        last = self._compacted_at
        if last is not None and abs(now - last) < COMPACT_EVERY:
            return None
        self._compacted_at = now
        return self._engine.compact()
