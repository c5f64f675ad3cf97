"""An empty store filled with the past, through the same parsers, beside the running house.

Only the demo and recordings may do this. Facts carry the arrival that they would have had, so
"as known then" tells the truth about the filled past as well.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

import httpx

import feeds
from cities import Pack
from feeds.replay import Replay, told_at, unfold
from history import History
from metrics import Scope, measure
from metrics.keeping import kept_since
from metrics.window import Window
from model import Case, Fact, Feed, Indicator, Notice, Reading
from model.plain import instant
from pipeline.places import districts_of
from pipeline.scope import scope_of

BATCH = 50_000
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
FINE = timedelta(hours=24)  # the last day is measured by the quarter hour, for the sparks
NINE_WEEKS = timedelta(weeks=9)  # what usual values rest on; facts may go back further
DAILY = timedelta(days=1)
CUT_OFF = 6  # hour of the city's day at which daily figures are measured
REPLAY_WEEKS = 2
LOOK_BACK = timedelta(days=2)  # cases opened, and nights measured, before the first hour
ARCHIVES = frozenset({"open311", "sensorthings"})  # kinds that tell of a whole span at once

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Filling:
    """What the back-fill needs. ``demo_url`` is the base whose resources know the past."""

    pack: Pack
    history: History
    client: httpx.Client
    demo_url: str
    until: datetime
    tell: Progress

    @property
    def source(self) -> str:
        """The name under which the history takes each chunk once."""
        return f"backfill-{instant(self.until)}"

    def fill_facts(self, part: int, parts: int) -> int:
        """Write the past of every ``parts``-th feed; return how many facts."""
        sources = self._sources()[part::parts]
        count = 0
        for number, feed in enumerate(sources, start=1):
            told = self._told(feed)
            for chunk, batch in enumerate(iter(lambda: list(islice(told, BATCH)), [])):  # noqa: B023 - used at once
                count += self.history.append_chunk(
                    batch,
                    source=f"{self.source}-{feed.id}",
                    chunk=chunk,
                    derived=self._derived(feed),
                )
            self.tell(0.5 * number / len(sources))
        return count

    def _derived(self, feed: Feed) -> dict[str, Callable[[Sequence[Any]], list[Any]]]:
        """When each fact would have been known, and where it lies."""
        return {
            "known_at": lambda rows: [told_at(row) + feed.latency for row in rows],
            "district_id": lambda rows: districts_of(rows, self.pack.districts),
        }

    def fill_readings(self, part: int, parts: int) -> None:
        """Measure every ``parts``-th past hour, so that there is something usual to compare with.

        Several processes may each take a part. Daily figures are measured once a day.
        """
        since = self.until - self._span()
        window = self._window(since - LOOK_BACK)
        scope = scope_of(self.pack)
        instants = [
            at for at in moments(since, self.until) if at.date().toordinal() % parts == part
        ]
        found: list[Reading] = []
        chunk = 0
        for number, at in enumerate(instants, start=1):
            asked = [i for i in self.pack.indicators if at - since >= _ripe(i, self._span())]
            indicators = due_then(asked, at, scope.zone)
            found.extend(measured_then(indicators, window, at, scope))
            if len(found) >= BATCH or number == len(instants):
                source = f"{self.source}-{part}-{parts}"
                self.history.append_readings(found, source=source, chunk=chunk)
                found, chunk = [], chunk + 1
                self.tell(0.5 + 0.5 * number / len(instants))

    def _window(self, since: datetime) -> Window:
        """Return the facts of a span, and the older ones of figures that look further back."""
        window = Window.from_columns(
            self.history.observations_table(since), self.history.cases_table(since)
        )
        for quantity, start in kept_since(self.pack.indicators, since).items():
            older = self.history.observations_table(start, since, quantities=[quantity])
            window = window.grown(older)
        return window

    def _sources(self) -> list[Feed]:
        return [feed for feed in self.pack.feeds if feed.backfill or feed.replay]

    def _span(self) -> timedelta:
        """How far back the readings go."""
        weeks = timedelta(weeks=REPLAY_WEEKS)
        longest = max((feed.backfill or weeks for feed in self._sources()), default=weeks)
        return min(longest, NINE_WEEKS)

    def _told(self, feed: Feed) -> Iterator[Fact]:
        """Yield a feed's facts of the past, open versions before closed ones."""
        if feed.replay:
            recorded = feeds.poll(feed, self.client, {}, now=self.until).parsed.accepted
            found: Iterable[Fact] = Replay.build(recorded, feed).past(self.until, REPLAY_WEEKS)
        else:
            found = self._simulated(feed, feed.backfill or timedelta(0))
        for fact in found:
            if isinstance(fact, Case) and not feed.replay:
                yield from unfold(fact)
            elif not isinstance(fact, Notice):
                yield fact

    def _simulated(self, feed: Feed, back: timedelta) -> Iterator[Fact]:
        start = self.until - back
        if feed.kind in ARCHIVES:
            then = self._as_of(feed, self.until)
            memory = {"since": instant(start)}
            yield from feeds.poll(then, self.client, memory, now=self.until).parsed.accepted
            return
        if feed.gives != "observation":
            return
        start = max(start, self.until - NINE_WEEKS)
        known: dict[str, Any] = {}
        before = start
        for at in moments(start, self.until):  # a source without an archive: asked again and again
            known = _moved(known, before, at)
            poll = feeds.poll(self._as_of(feed, at), self.client, known, now=at)
            yield from poll.parsed.accepted
            known, before = poll.memory, at

    def _as_of(self, feed: Feed, at: datetime) -> Feed:
        """The same feed, asked as if it were then."""
        if feed.url is None or not feed.url.startswith(self.demo_url):
            raise ValueError(f"feed {feed.id}: only the demo city can be asked about the past")
        path = feed.url.removeprefix(self.demo_url)
        return replace(feed, url=f"{self.demo_url}/at/{instant(at)}{path}")


def _moved(memory: Mapping[str, Any], before: datetime, at: datetime) -> dict[str, Any]:
    """Return what a feed remembers, its addresses moved from one past instant to another."""
    text = json.dumps(memory).replace(f"/at/{instant(before)}/", f"/at/{instant(at)}/")
    moved: dict[str, Any] = json.loads(text)
    return moved


def moments(first: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants to measure: hours, then quarters of the last day."""
    at = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    while at < until:
        yield at
        at += QUARTER if at >= until - FINE else HOUR


def _ripe(indicator: Indicator, span: timedelta) -> timedelta:
    """Return how old the record of cases must be before a figure says what it says later.

    A record that is shorter than two windows never is: its figures say so themselves.
    """
    is_long = indicator.needs_cases and 2 * indicator.window < span
    return indicator.window if is_long else timedelta(0)


def due_then(indicators: Iterable[Indicator], at: datetime, zone: tzinfo) -> list[Indicator]:
    """Return what is measured at a past instant: all, but daily figures once a day."""
    is_cut_off = at.astimezone(zone).hour == CUT_OFF  # minutes differ by zone
    return [i for i in indicators if is_cut_off or i.cadence < DAILY]


def measured_then(
    indicators: Iterable[Indicator], window: Window, at: datetime, scope: Scope
) -> list[Reading]:
    """Measure all indicators as of a past instant; what had no value leaves no reading."""
    return [
        replace(reading, known_at=at)
        for indicator in indicators
        for reading in measure(indicator, window, at, scope)
        if reading.value is not None
    ]
