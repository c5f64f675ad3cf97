"""The recorded course of one reading as arrays, and where along it a rule could move at all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.comparator import Memory, limits_of
from alerts.moving import applied
from alerts.record import Record, Sample
from metrics.levels import Limits
from model import Level, Quality, Rule

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SIDES = ("warn_low", "warn_high", "crit_low", "crit_high")
NEVER = np.iinfo(np.int64).min
QUALITIES = tuple(Quality)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FROZEN = np.array([quality.is_frozen for quality in QUALITIES])
_NODATA, _BAD = QUALITIES.index(Quality.NODATA), QUALITIES.index(Quality.BAD)


@dataclass(frozen=True, eq=False)
class Course:
    """Samples of one rule in one scope, in the order in which they were seen.

    ``at`` (when it was measured) and ``observed_at`` (``NEVER`` where unknown) are microseconds
    since 1970, UTC; ``value`` is NaN where unknown; ``quality`` is the place in ``QUALITIES``.
    ``limits`` stand in the unit, one row of ``SIDES`` for each sample (NaN: none), where those of
    the rule move; ``None``: they do not.
    """

    at: Ints
    value: Floats
    quality: NDArray[np.int8]
    observed_at: Ints
    limits: Floats | None = None

    def __post_init__(self) -> None:
        if np.any(np.diff(self.at) < 0):
            raise ValueError("samples of a course must be in the order of time")
        if self.limits is not None and self.limits.shape != (len(self.at), len(SIDES)):
            raise ValueError(f"limits of a course are {len(SIDES)} a sample")

    def rule(self, rule: Rule, place: int) -> Rule:
        """Return the rule by which a sample is judged.

        Raises:
            ValueError: a sample of a rule whose limits move brings none.

        """
        if self.limits is None:
            return rule
        row = zip(SIDES, self.limits[place].tolist(), strict=True)
        known: dict[str, Any] = {name: None if x != x else x for name, x in row}  # noqa: PLR0124 - NaN is the missing limit
        found = applied(rule, Limits(**known))
        if found is None:
            raise ValueError(f"no limit of {rule.id} is known at {self.when(place)}")
        return found

    @classmethod
    def of(cls, samples: Iterable[tuple[datetime, Sample]]) -> "Course":
        """Return the course of samples, each with the instant at which it was seen."""
        seen = list(samples)
        return cls(
            at=np.array([micros(at) for at, _ in seen], np.int64),
            value=np.array([np.nan if s.value is None else s.value for _, s in seen], np.float64),
            quality=np.array([QUALITIES.index(s.quality) for _, s in seen], np.int8),
            observed_at=np.array(
                [NEVER if s.observed_at is None else micros(s.observed_at) for _, s in seen],
                np.int64,
            ),
        )

    def raising(self, rule: Rule) -> tuple[Floats, Floats]:
        """Return low and high of the level that raises, by sample or one for all; NaN: none."""
        (low, high), _ = _sides(rule, self)
        return low.limit, high.limit

    def __len__(self) -> int:
        return len(self.at)

    def when(self, place: int) -> datetime:
        """Return when a sample was seen."""
        return moment(int(self.at[place]))

    def sample(self, place: int) -> Sample:
        """Return one sample as the engine takes it."""
        value, observed = float(self.value[place]), int(self.observed_at[place])
        return Sample(
            value=None if value != value else value,  # noqa: PLR0124 - NaN is the missing value
            quality=QUALITIES[self.quality[place]],
            observed_at=None if observed == NEVER else moment(observed),
        )

    @cached_property
    def judged(self) -> NDArray[np.int8]:
        """The quality at which each sample is judged (see ``alerts.engine.believable``)."""
        is_missing = np.isnan(self.value) | (self.observed_at == NEVER)
        believed = np.where(np.isinf(self.value), _BAD, self.quality)
        believed = np.where(is_missing & ~_FROZEN[self.quality], _NODATA, believed)
        return np.where(is_missing & _FROZEN[self.quality], self.quality, believed).astype(np.int8)

    @cached_property
    def is_frozen(self) -> NDArray[np.bool_]:
        """Which samples let alarms stand still."""
        return np.asarray(_FROZEN[self.judged], np.bool_)

    @cached_property
    def _newest(self) -> Ints:
        """The newest ``observed_at`` that the rule knows before each sample."""
        seen = np.where(self.is_frozen, NEVER, self.observed_at)
        newest = np.maximum.accumulate(seen) if len(seen) else seen
        return np.concatenate(([NEVER], newest[:-1])).astype(np.int64)

    @cached_property
    def is_newer(self) -> NDArray[np.bool_]:
        """Which samples tell of a newer instant than all before."""
        return np.asarray(~self.is_frozen & (self.observed_at > self._newest), np.bool_)

    @cached_property
    def is_correction(self) -> NDArray[np.bool_]:
        """Which samples may tell another value for the instant known last (some may not)."""
        places = np.arange(len(self))
        head = np.maximum.accumulate(np.where(self.is_newer, places, -1)) if len(self) else places
        is_same = ~self.is_frozen & ~self.is_newer & (self.observed_at == self._newest)
        differs = is_same & (self.value != self.value[head])
        count = np.cumsum(differs)
        return np.asarray(is_same & (count - np.where(head >= 0, count[head], 0) > 0), np.bool_)

    @cached_property
    def last_new(self) -> Ints:
        """The place of the last newer sample at or before each; -1 where there is none."""
        places = np.where(self.is_newer, np.arange(len(self)), -1)
        return np.maximum.accumulate(places) if len(self) else places


class Leaps:
    """How far a rule may leap over samples that change nothing but the newest value."""

    def __init__(self, rule: Rule, course: Course) -> None:
        self._course = course
        quality = course.judged
        moves = np.zeros(len(course), np.bool_)
        moves[1:] = (quality[1:] != quality[:-1]) | (course.is_frozen[1:] != course.is_frozen[:-1])
        self._others = np.flatnonzero(moves | course.is_correction)
        self._newer = np.flatnonzero(course.is_newer)
        main, crit = _sides(rule, course)
        self._main, self._crit = _Turns(course, *main), _Turns(course, *crit)

    def after(self, place: int, record: Record) -> int:
        """Return the next sample that may move a record which ``place`` left as it was."""
        other = _next(self._others, place, len(self._course))
        if record.is_held:
            return other if self._course.is_frozen[place] else place + 1
        if not self._course.is_newer[place]:
            return min(other, _next(self._newer, place, other))
        return self._crit.after(place, record.crit, self._main.after(place, record.main, other))

    def caught_up(self, record: Record, place: int, last: int) -> Record:
        """Return the record after the samples behind ``place`` up to ``last``, all leapt over."""
        newest = int(self._course.last_new[last])
        if record.is_held or newest <= place:
            return record
        return replace(
            record,
            value=float(self._course.value[newest]),
            observed_at=moment(int(self._course.observed_at[newest])),
        )


class _Turns:
    """Where a comparator turns: on each side the samples that breach and those that clear."""

    def __init__(self, course: Course, low: "_Side", high: "_Side") -> None:
        self._high = _turns(course, course.value, high)
        self._low = _turns(course, -course.value, replace(low, limit=-low.limit))

    def after(self, place: int, memory: Memory, end: int) -> int:
        """Return the next sample, before ``end``, after which the memory is another."""
        for (breaches, clears), is_breached in ((self._high, memory.high), (self._low, memory.low)):
            end = _next(clears if is_breached else breaches, place, end)
        return end


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a level, by sample or the same for all: NaN where it has no limit.

    Where it is not ``asked`` the comparator keeps what it remembers.
    """

    limit: Floats
    deadband: float
    asked: NDArray[np.bool_]


def _sides(rule: Rule, course: Course) -> tuple[tuple[_Side, _Side], tuple[_Side, _Side]]:
    """Return low and high of the level that raises, and those of the one above it."""
    if course.limits is None:
        limits = [limits_of(rule, level) for level in (Level.WARN, Level.CRIT)]
        fixed = [[level.low, level.high] for level in limits]
        row = [np.nan if x is None else x for level in fixed for x in level]
        sides = np.array([row], np.float64)
    else:
        watched = {"high": [False, True], "low": [True, False]}.get(rule.direction, [True, True])
        sides = np.where(watched * 2, course.limits, np.nan)
    warn, crit = sides[:, :2], sides[:, 2:]
    has_warn = np.asarray(~np.isnan(warn).all(axis=1), np.bool_)
    upper = np.asarray(has_warn & ~np.isnan(crit).all(axis=1), np.bool_)
    main = np.where(has_warn[:, np.newaxis], warn, crit)
    every = np.ones(1, np.bool_)
    return (
        (_Side(main[:, 0], rule.deadband, every), _Side(main[:, 1], rule.deadband, every)),
        (_Side(crit[:, 0], rule.deadband, upper), _Side(crit[:, 1], rule.deadband, upper)),
    )


def _turns(course: Course, value: Floats, side: _Side) -> tuple[Ints, Ints]:
    is_above = value >= side.limit
    is_clear = ~is_above & (np.isnan(side.limit) | (value < side.limit - side.deadband))
    counts = course.is_newer & side.asked
    return np.flatnonzero(is_above & counts), np.flatnonzero(is_clear & counts)


def _next(places: Ints, place: int, end: int) -> int:
    """Return the first of ``places`` after ``place``, at most ``end``."""
    at = int(places.searchsorted(place, "right"))
    return min(int(places[at]), end) if at < len(places) else end


def micros(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the instant of microseconds since 1970, in UTC."""
    return _EPOCH + at * _MICROSECOND
