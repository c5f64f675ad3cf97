"""Recorded facts laid over now: same weekday and time of day, in the feed's zone.

A recording is a cycle of whole weeks on the wall clock. The cycle repeats for ever, forwards and
backwards; a laid-over time is the recorded wall time shifted by whole weeks and only then turned
into UTC, so a rush hour stays one whatever the clocks do. A measurement whose hour the clocks leave
out that day is not told; in the hour that happens twice it is told the first time. Cases are
unfolded into an open and a closed version, and each laid-over week makes cases of its own:
``1-123~2026-W48``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from feeds import times
from feeds.cycle import Micros, copies, micros, monday, span
from model import Case, Fact, Feed, Notice, Observation, Quality, worst

_MARGIN = 3 * 3_600_000_000  # µs; clocks never move further at once
_CHUNK = timedelta(days=1)


def unfold(case: Case) -> tuple[Case, ...]:
    """Return a case as it stood when it was opened, then as it stood when it was closed.

    What was known only later (an update, a publication) is left out of a version. A case that is
    open, that closed at no known time, or that closed before it was opened is one version as
    recorded, told at its opening; ``metrics`` judges such times.
    """
    if case.status == "open":
        return (_as_of(case, case.opened_at),)
    if case.closed_at is None or case.closed_at < case.opened_at:
        return (case,)
    opened = replace(case, status="open", closed_at=None)
    return (_as_of(opened, case.opened_at), _as_of(case, case.closed_at))


def told_at(fact: Fact) -> datetime:
    """Return when a fact, or one version of a case, became true."""
    if isinstance(fact, Case):
        is_sound = fact.closed_at is not None and fact.closed_at >= fact.opened_at
        return fact.closed_at if fact.closed_at and is_sound else fact.opened_at
    return fact.observed_at if isinstance(fact, Observation) else fact.effective


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording, sorted along its cycle; made by :meth:`build`.

    All arrays have one row per version and copy. ``phases`` are µs from the start of the cycle, a
    Monday 00:00 on the wall clock; ``offsets`` are the shift in µs from the recorded wall time to
    that place in cycle 0; ``filled`` marks copies on weekdays without a recording.
    """

    zone: str
    anchor: np.datetime64
    span: int
    phases: Micros
    offsets: Micros
    filled: NDArray[np.bool_]
    facts: tuple[Fact, ...]
    starts: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def build(cls, facts: Iterable[Fact], feed: Feed) -> "Replay":
        """Lay out a recording along its weeks.

        Args:
            facts: what the feed's parser accepted; cases need not be unfolded.
            feed: gives the zone, and ``replay_gaps``: what a weekday without a recording shows,
                ``none`` or the ``nearest`` recorded weekday, whose measurements are UNCERTAIN.

        """
        versions = _versions(facts, feed.timezone)
        starts = _walls([_started(fact) for fact in versions], feed.timezone)
        tells = _walls([told_at(fact) for fact in versions], feed.timezone)
        anchor = monday(starts)
        length = span(starts)
        rows, shifts, filled = copies(micros(starts - anchor), length, feed.replay_gaps)
        laid = micros(tells - anchor)[rows] + shifts
        phases = laid % length
        order = np.argsort(phases, kind="stable")
        return cls(
            feed.timezone,
            anchor,
            length,
            phases[order],
            (shifts - laid + phases)[order],
            filled[order],
            tuple(versions[row] for row in rows[order].tolist()),
            {fact.notice_id: fact.effective for fact in versions if isinstance(fact, Notice)},
        )

    def due(self, after: datetime, until: datetime) -> list[Fact]:
        """Return the facts laid over ``(after, until]``, in the order in which they come true."""
        if until <= after or not self.facts:
            return []
        found = sorted(self._inside(after, until), key=lambda item: item[0])
        zone = ZoneInfo(self.zone)
        return [self._moved(row, at, shift, zone) for at, row, shift in found]

    def past(self, until: datetime, weeks: int) -> Iterator[Fact]:
        """Yield the weeks before ``until``, oldest first: the recording repeated backwards."""
        start = until - timedelta(weeks=weeks)
        while start < until:
            end = min(start + _CHUNK, until)
            yield from self.due(start, end)
            start = end

    def _inside(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, int, int]]:
        """Yield instant, row and shift (µs) of what a window holds; exact at both ends."""
        bounds = np.array([_naive(after), _naive(until)], dtype="datetime64[us]")
        low, high = self._reach(bounds)
        for cycle in range(low // self.span, high // self.span + 1):
            base = cycle * self.span
            left = int(np.searchsorted(self.phases, low - base))
            right = int(np.searchsorted(self.phases, high - base, side="right"))
            walls = self.anchor + (self.phases[left:right] + base).astype("timedelta64[us]")
            at = times.to_utc(walls, self.zone)
            is_gone = times.to_wall(at, self.zone) != walls
            inside = np.flatnonzero((at > bounds[0]) & (at <= bounds[1]))
            told = at[inside].tolist()
            for place, instant in zip(inside.tolist(), told, strict=True):
                row = left + place
                if not (is_gone[place] and isinstance(self.facts[row], Observation)):
                    yield instant.replace(tzinfo=UTC), row, base + int(self.offsets[row])

    def _reach(self, bounds: NDArray[np.datetime64]) -> tuple[int, int]:
        """Return the µs of the cycle that may fall into a window; wider where the clocks move."""
        margin = np.timedelta64(_MARGIN, "us")
        around = np.array([bounds[0] - margin, *bounds, bounds[1] + margin])
        walls = times.to_wall(around, self.zone)
        is_steady = len(set((walls - around).tolist())) == 1
        low, high = micros(walls[1:3] - self.anchor).tolist()
        return (low, high) if is_steady else (low - _MARGIN, high + _MARGIN)

    def _moved(self, row: int, at: datetime, shift: int, zone: ZoneInfo) -> Fact:
        fact = self.facts[row]
        if isinstance(fact, Observation):
            return _moved_observation(fact, at, is_filled=bool(self.filled[row]))
        by = timedelta(microseconds=shift)
        label = _label(_shifted(_started(fact), by, zone).astimezone(zone), self.filled[row])
        if isinstance(fact, Case):
            return _moved_case(fact, at, label, by, zone)
        return self._moved_notice(fact, label, by, zone)

    def _moved_notice(self, fact: Notice, label: str, by: timedelta, zone: ZoneInfo) -> Notice:
        effective = _shifted(fact.effective, by, zone)
        names = (self._renamed(name, label, by, zone) for name in fact.supersedes)
        return replace(
            fact,
            notice_id=f"{fact.notice_id}~{label}",
            effective=effective,
            expires=_shifted(fact.expires, by, zone) if fact.expires else None,
            published_at=_shifted(fact.published_at, by, zone) if fact.published_at else None,
            fetched_at=effective,
            supersedes=tuple(names),
        )

    def _renamed(self, name: str, label: str, by: timedelta, zone: ZoneInfo) -> str:
        """Return the laid-over name of a notice that another one replaces."""
        start = self.starts.get(name)
        if start is None:
            return f"{name}~{label}"
        day = label.count("-") == 2  # noqa: PLR2004 - year, week and day
        return f"{name}~{_label(_shifted(start, by, zone).astimezone(zone), day)}"


def _moved_observation(fact: Observation, at: datetime, *, is_filled: bool) -> Observation:
    return Observation(
        feed_id=fact.feed_id,
        site_id=fact.site_id,
        quantity=fact.quantity,
        value=fact.value,
        unit=fact.unit,
        observed_at=at,
        fetched_at=at,
        quality=worst(fact.quality, Quality.UNCERTAIN) if is_filled else fact.quality,
        lat=fact.lat,
        lon=fact.lon,
        district_id=fact.district_id,
    )


def _moved_case(fact: Case, at: datetime, label: str, by: timedelta, zone: ZoneInfo) -> Case:
    return replace(
        fact,
        case_id=f"{fact.case_id}~{label}",
        opened_at=_shifted(fact.opened_at, by, zone),
        closed_at=_shifted(fact.closed_at, by, zone) if fact.closed_at else None,
        updated_at=_shifted(fact.updated_at, by, zone) if fact.updated_at else None,
        due_at=_shifted(fact.due_at, by, zone) if fact.due_at else None,
        published_at=_shifted(fact.published_at, by, zone) if fact.published_at else None,
        fetched_at=at,
    )


def _label(start: datetime, is_copy: bool) -> str:  # noqa: FBT001 - a mark of the row
    """Return the ISO week of a laid-over start; a copy on another weekday has its day too."""
    return f"{start:%G-W%V-%u}" if is_copy else f"{start:%G-W%V}"


def _shifted(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Move an instant by an amount of wall time; out of a gap of the clocks, forwards."""
    wall = (at.astimezone(zone) + by).replace(fold=0)
    moved = wall.astimezone(UTC)
    if moved.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moved
    naive = np.array([wall.replace(tzinfo=None)], dtype="datetime64[us]")
    first: datetime = times.to_utc(naive, zone.key)[0].item()
    return first.replace(tzinfo=UTC)


def _versions(facts: Iterable[Fact], zone: str) -> list[Fact]:
    """Unfold cases; leave out measurements of an hour's second run when clocks went back."""
    versions: list[Fact] = []
    for fact in facts:
        versions.extend(unfold(fact) if isinstance(fact, Case) else (fact,))
    at = np.array([_naive(told_at(fact)) for fact in versions], dtype="datetime64[us]")
    is_first = times.to_utc(times.to_wall(at, zone), zone) == at
    pairs = zip(versions, is_first.tolist(), strict=True)
    return [fact for fact, first in pairs if first or not isinstance(fact, Observation)]


def _started(fact: Fact) -> datetime:
    return fact.opened_at if isinstance(fact, Case) else told_at(fact)


def _as_of(case: Case, at: datetime) -> Case:
    updated, published = (
        None if known and known > at else known for known in (case.updated_at, case.published_at)
    )
    return replace(case, updated_at=updated, published_at=published)


def _walls(instants: list[datetime], zone: str) -> NDArray[np.datetime64]:
    return times.to_wall(np.array([_naive(at) for at in instants], dtype="datetime64[us]"), zone)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


__all__ = ["Replay", "told_at", "unfold"]
