"""Late and revised facts: the readings that they touch are measured again.

Nothing is overwritten: a reading that turns out otherwise is written again for its old instant
with a new ``known_at``, so "as known then" stays as it was. What is older than any window holds
is kept and left alone: ``python app.py remeasure`` goes over years.
"""

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import isclose
from typing import Any

import structlog

from history import History
from metrics import Scope, Window, measure
from metrics.columns import span
from metrics.keeping import KEEP, reach
from metrics.lateness import CASES, Touched, touched
from metrics.quality import overlay
from model import Case, Fact, Feed, FeedState, Indicator, Observation, Quality, Reading, Usual
from pipeline.diary import UNCHANGED_EVERY
from store import Store

log = structlog.get_logger("revising")

NOTE = "revising"  # where the store remembers what is still to be measured; no feed has this id
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
FINE = timedelta(days=3)  # so far back, gaps in the record are filled by the quarter hour
AT_ONCE = 200  # instants measured in one step, about
_MS = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One indicator on one day (UTC), and the spans of it that are touched."""

    indicator: Indicator
    day: datetime
    spans: tuple[tuple[datetime, datetime], ...]


@dataclass(slots=True)
class Reviser:
    """Collects what late facts touch (any thread) and measures it again bit by bit (one)."""

    history: History
    store: Store
    indicators: Sequence[Indicator]
    feeds: Sequence[Feed]
    scope: Scope
    _touched: Touched = field(default_factory=Touched)
    _planned: Touched = field(default_factory=Touched)  # what the queue was made of
    _queue: deque[Chunk] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def restore(self) -> None:
        """Take up what was left when the last worker ended."""
        note = self.store.memory(NOTE)
        hours = {name: frozenset(some) for name, some in note.get("hours", {}).items()}
        with self._lock:
            self._touched = self._touched.joined(Touched(hours, note.get("standing_from")))

    def note(self, known: Window, facts: Iterable[Fact]) -> None:
        """Look through facts that were just kept; ``known`` is what was known before them."""
        found = self.touches(known, facts)
        if found:
            self.join(found)

    def touches(self, known: Window, facts: Iterable[Fact]) -> Touched:
        """Return which past hours facts change that were just kept."""
        seen = list(facts)
        return touched(
            known,
            [fact for fact in seen if isinstance(fact, Observation)],
            [fact for fact in seen if isinstance(fact, Case)],
            self._allowed(),
        )

    def join(self, found: Touched) -> None:
        """Add hours that are to be measured again."""
        with self._lock:
            self._touched = self._touched.joined(found)
            self._remember()

    def step(self, window: Window, now: datetime) -> int:
        """Measure some of it again; return how many readings turned out otherwise."""
        if not self._queue:
            self._plan(now)
        written = measured = 0
        while self._queue and measured < AT_ONCE:
            chunk = self._queue[0]
            found, count = self._revised(chunk, window, now)
            if found:
                self.history.append_readings(found)
            self._queue.popleft()
            written, measured = written + len(found), measured + max(count, 1)
            if not self._queue:
                self._forget()
        return written

    def _allowed(self) -> dict[str, int]:
        """Return how long after the event a fact of each feed is still on time, in ms."""
        return {feed.id: span(feed.latency + 1.5 * feed.every) for feed in self.feeds}

    def _plan(self, now: datetime) -> None:
        with self._lock:
            todo = self._planned = self._touched
            self._touched = Touched()
        oldest = now - KEEP
        self._queue.extend(
            chunk
            for indicator in self.indicators
            for chunk in _chunks(indicator, _spans(indicator, todo, oldest, now))
        )
        if not self._queue and todo:
            self._forget()

    def _revised(self, chunk: Chunk, window: Window, now: datetime) -> tuple[list[Reading], int]:
        """Return the readings of a day that are others now, and how many instants were measured."""
        indicator, until = chunk.indicator, chunk.day + DAY
        back = max(HOUR, 2 * indicator.cadence, 2 * UNCHANGED_EVERY)
        rows = self.history.readings(
            indicator.id, start=chunk.day - back, end=min(until, now + _MS)
        )
        record = _Record(rows)
        instants = [at for at in record.instants(chunk, now) if at < until]
        scope = replace(self.scope, feed_age=self._states())
        found = [
            changed
            for at in instants
            for reading in measure(indicator, window, at, scope)
            if (changed := record.changed(_aged(reading, scope.feed_age, indicator)))
        ]
        return [replace(reading, known_at=now) for reading in found], len(instants)

    def _states(self) -> Mapping[str, FeedState]:
        """Return the feeds as a past hour may know them: their cadence, not their present age."""
        return {
            feed.id: FeedState(
                id=feed.id,
                kind=feed.kind,
                name=feed.name,
                gives=feed.gives,
                state=Quality.GOOD,
                due_every=feed.every,
                latency=feed.latency,
            )
            for feed in self.feeds
        }

    def _remember(self) -> None:
        todo = self._planned.joined(self._touched)
        hours = {name: sorted(some) for name, some in todo.hours.items()}
        self.store.save_memory(NOTE, {"hours": hours, "standing_from": todo.standing_from})

    def _forget(self) -> None:
        with self._lock:
            self._planned = Touched()
            self._remember()


class _Record:
    """What was written of one indicator, by district, oldest first; grows by what is revised."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows: dict[str, list[Mapping[str, Any]]] = {}
        for row in sorted(rows, key=lambda row: row["at"]):
            self._rows.setdefault(row["district"], []).append(row)
        self._times = {name: [row["at"] for row in some] for name, some in self._rows.items()}
        self._newest: dict[str, Reading] = {}
        self.at = sorted({row["at"] for row in rows})

    def instants(self, chunk: Chunk, now: datetime) -> list[datetime]:
        """Return when to measure: whenever it was, at the end, and where nothing is written."""
        found: set[datetime] = set()
        step = QUARTER if now - chunk.day < FINE else HOUR
        for start, end in chunk.spans:
            first, last = bisect_right(self.at, start - _MS), bisect_right(self.at, end)
            found.update(self.at[first : last + 1])  # and the first one after: the value returns
            found.add(min(end, now))  # or it does so here
            at = _ceiling(start, step)
            while at < min(end, now) and self.at:
                place = bisect_right(self.at, at)
                if place and at - self.at[place - 1] >= step:
                    found.add(at)
                at += step
        return sorted(at for at in found if at >= chunk.day)

    def changed(self, fresh: Reading) -> Reading | None:
        """Return a reading if it is another than the one that stands at its instant."""
        name = fresh.district
        place = bisect_right(self._times.get(name, []), fresh.at)
        row = self._rows[name][place - 1] if place else None
        last = self._newest.get(name)
        if last is not None and (row is None or last.at >= row["at"]):
            row = {**(row or {}), "value": last.value, "num": last.num, "den": last.den}
        if row is None:
            return None if fresh.value is None else self._kept(fresh, None)
        was_held = row.get("quality") not in ("GOOD", "UNCERTAIN")
        if fresh.value is None and (row["value"] is None or was_held):
            return None
        if all(_same(getattr(fresh, key), row.get(key)) for key in ("value", "num", "den")):
            return None
        return self._kept(fresh, row)

    def _kept(self, fresh: Reading, row: Mapping[str, Any] | None) -> Reading:
        usual = fresh.usual or (_usual(row) if row else None)  # some say themselves what is usual
        self._newest[fresh.district] = kept = replace(fresh, usual=usual)
        return kept


def _spans(
    indicator: Indicator, todo: Touched, oldest: datetime, now: datetime
) -> list[tuple[datetime, datetime]]:
    """Return when readings of an indicator may be others now; merged, oldest first."""
    needs = {*indicator.quantities, *((CASES,) if indicator.needs_cases else ())}
    hours = sorted({hour for need in needs for hour in todo.hours.get(need, ())})
    counts_for = HOUR + reach(indicator)
    spans = [(_moment(hour), _moment(hour) + counts_for) for hour in hours]
    is_standing = indicator.needs_cases and indicator.time_aggregation.startswith("last")
    if is_standing and todo.standing_from is not None:
        spans.append((_moment(todo.standing_from), now))
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        first, last = max(start, oldest), min(end, now)
        if first >= last:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _chunks(indicator: Indicator, spans: Sequence[tuple[datetime, datetime]]) -> Iterable[Chunk]:
    days: dict[datetime, list[tuple[datetime, datetime]]] = {}
    for start, end in spans:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        while day < end:
            days.setdefault(day, []).append((max(start, day), min(end, day + DAY)))
            day += DAY
    return [Chunk(indicator, day, tuple(some)) for day, some in sorted(days.items())]


def _aged(reading: Reading, feeds: Mapping[str, FeedState], indicator: Indicator) -> Reading:
    """Return the reading as it would have been believed at its instant.

    How old cases were then, nobody can say: their feed was heard even where nothing was new.
    """
    return reading if indicator.needs_cases else overlay(reading, feeds, reading.at, indicator)


def _usual(row: Mapping[str, Any]) -> Usual | None:
    if row.get("usual_spread") is None:
        return None
    names = ("centre", "low", "high", "spread", "weeks")
    return Usual(**{name: row[f"usual_{name}"] for name in names})


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _moment(ms: int) -> datetime:
    return _EPOCH + ms * _MS


def _ceiling(at: datetime, step: timedelta) -> datetime:
    return at + (_EPOCH - at) % step
