"""One part of the past measured again: a pure function of its files, wherever it runs.

A part carries everything as plain values: its queries (which name the files), the indicators and
the scope. Executors of a cluster need nothing else of the house than these rooms.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isclose
from typing import Any

from analytics.grid import grid
from history.columns import rows
from history.duck import Duck
from metrics import Scope, measure
from metrics.quality import overlay
from metrics.window import Window
from model import Indicator, Reading, Usual

STANDS = timedelta(hours=1)  # for how long a written reading stands, at least
_USUAL = ("centre", "low", "high", "spread", "weeks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query with its values; instants are aware."""

    sql: str
    values: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece ``[since, until)`` of the past, and how to read what it needs.

    ``facts`` are queries of observations (one for each way back in time), ``stored`` gives what is
    written. With ``is_fine`` the instants of written readings are measured as well as the hours.
    """

    number: int
    since: datetime
    until: datetime
    indicators: tuple[Indicator, ...]
    scope: Scope
    facts: tuple[Asked, ...]
    cases: Asked | None
    stored: Asked
    known_at: datetime
    is_fine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a part: readings that are others now, and how many were measured in all."""

    number: int
    count: int
    found: tuple[Reading, ...]


def measured(part: Part) -> Measured:
    """Read the facts of a part, measure it, and return what differs from what is written."""
    duck = Duck(threads=1)
    try:
        written = _by_place(rows(duck.ask(part.stored.sql, part.stored.values)))
        window = Window()
        if part.cases is not None:
            window = Window.from_columns(None, duck.ask(part.cases.sql, part.cases.values))
        for asked in part.facts:
            window = window.grown(duck.ask(asked.sql, asked.values))
    finally:
        duck.close()
    found: list[Reading] = []
    count = 0
    for indicator in part.indicators:
        places = written.get(indicator.id, {})
        for at in _instants(part, indicator, places):
            for reading in measure(indicator, window, at, part.scope):
                fresh = _aged(reading, part.scope, indicator)
                place = places.setdefault(fresh.district, Written())
                count += 1
                if place.takes(fresh, max(STANDS, indicator.cadence)):
                    found.append(replace(fresh, known_at=part.known_at, usual=place.usual(at)))
    return Measured(number=part.number, count=count, found=tuple(found))


class Written:
    """What is written of one indicator in one place, oldest first; grows by what turns out new."""

    def __init__(self) -> None:
        self.times: list[datetime] = []
        self.rows: list[Mapping[str, Any]] = []
        self._newest: Reading | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one written reading; they come in the order of time."""
        self.times.append(row["at"])
        self.rows.append(row)

    def takes(self, fresh: Reading, stands: timedelta) -> bool:
        """Tell whether a reading is to be written: nothing stands at its instant, or another."""
        value, num, den = self._standing(fresh.at, stands)
        is_same = (
            _same(fresh.value, value) and _same(fresh.num, num) and _same(fresh.den, den)
            if fresh.value is not None
            else value is None
        )
        if not is_same:
            self._newest = fresh
        return not is_same

    def usual(self, at: datetime) -> Usual | None:
        """Return what was usual by the reading that was written last; ``None`` where none tells."""
        place = bisect_right(self.times, at) - 1
        row = self.rows[place] if place >= 0 else {}
        if row.get("usual_spread") is None:
            return None
        return Usual(**{name: row[f"usual_{name}"] for name in _USUAL})

    def _standing(
        self, at: datetime, stands: timedelta
    ) -> tuple[float | None, float | None, float | None]:
        """Return value, num and den of what was written for ``at`` or less than a step before."""
        place = bisect_right(self.times, at) - 1
        since = self.times[place] if place >= 0 else None
        mine = self._newest
        if mine is not None and (since is None or mine.at >= since):
            since = mine.at
        if since is None or at - since >= stands:
            return None, None, None
        if mine is not None and mine.at == since:
            return mine.value, mine.num, mine.den
        row = self.rows[place]
        return row["value"], row["num"], row["den"]


def _aged(reading: Reading, scope: Scope, indicator: Indicator) -> Reading:
    """Return the reading as it would have been believed at its instant.

    How old cases were then, nobody can say: their feed was heard even where nothing was new.
    """
    if indicator.needs_cases:
        return reading
    return overlay(reading, scope.feed_age, reading.at, indicator)


def _by_place(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Written]]:
    written: dict[str, dict[str, Written]] = {}
    for row in found:
        places = written.setdefault(row["indicator"], {})
        places.setdefault(row["district"], Written()).add(row)
    return written


def _instants(part: Part, indicator: Indicator, places: Mapping[str, Written]) -> list[datetime]:
    instants = set(grid(indicator, part.since, part.until, part.scope.zone))
    if part.is_fine:
        instants.update(at for some in places.values() for at in some.times if at >= part.since)
    return sorted(instants)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
