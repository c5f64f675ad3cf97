"""How much is said, hour by hour, and in what tone; never by whom, and never what.

A text is looked at once and forgotten. What is remembered is a short hash of each item's id for 48
hours, so that nothing counts twice; an item that comes late changes the count of its hour.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, field_validator

from feeds import times
from feeds.options import KindOptions
from feeds.tone import plain, tone, words
from model import Feed, Observation
from model.plain import instant

HOUR = timedelta(hours=1)
KEPT = timedelta(hours=48)
_SKEW = timedelta(seconds=60)
_MOST = 50_000  # hashes
_QUANTITIES = ("posts", "posts_positive", "posts_negative")


class OpinionOptions(KindOptions):
    """The options of kinds that count what is said."""

    language: str | None = None
    words: tuple[str, ...] = ()
    topics: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    district: str | None = None

    @field_validator("words")
    @classmethod
    def _are_words(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if any(not words(phrase) for phrase in given):
            raise ValueError("a blank word is in every text")
        return given

    @field_validator("topics")
    @classmethod
    def _are_topics(cls, given: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, some in given.items():
            if not some or any(not words(phrase) for phrase in some):
                raise ValueError(f"topic {name!r} has a blank word, or none")
        return given


@dataclass(frozen=True, slots=True)
class Said:
    """One item, for as long as it takes to count it."""

    id: str
    at: datetime
    text: str
    language: str | None
    source: str


@dataclass(slots=True)
class Tally:
    """Counts items by hour and site. ``skipped`` says what was left out, and why."""

    feed: Feed
    options: OpinionOptions
    now: datetime
    counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    last: datetime | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _changed: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(
        cls, feed: Feed, options: OpinionOptions, now: datetime, before: Mapping[str, Any]
    ) -> "Tally":
        """Continue from what :meth:`memory` returned; ``{}`` the first time."""
        oldest = _hour(now - KEPT)
        counts = {
            hour: {site: list(some) for site, some in sites.items()}
            for hour, sites in before.get("counts", {}).items()
            if hour >= oldest
        }
        seen = {hour: list(some) for hour, some in before.get("seen", {}).items() if hour >= oldest}
        last = times.instant(before["last"]) if before.get("last") else None
        known = {mark for some in seen.values() for mark in some}
        return cls(feed, options, now, counts, seen, last, {}, known)

    def skip(self, reason: str) -> None:
        """Count what is left out on purpose."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def add(self, said: Said) -> None:
        """Count one item, unless it was counted before or is of no interest."""
        if said.at > self.now + _SKEW:
            return self.skip("in the future")
        hour = _hour(said.at)
        if hour < _hour(self.now - KEPT):
            return self.skip("older than 48 hours")
        mark = hashlib.sha256(f"{self.feed.id} {said.id}".encode()).hexdigest()[:12]
        if mark in self._known:
            return self.skip("counted before")
        site = self._site(said)
        if site is None:
            return self.skip("none of the words")
        self._known.add(mark)
        self.seen.setdefault(hour, []).append(mark)
        count = self.counts.setdefault(hour, {}).setdefault(site, [0, 0, 0])
        mood = tone(said.text, said.language or self.options.language)
        count[0] += 1
        count[1] += mood > 0
        count[2] += mood < 0
        self._changed.add((hour, site))
        return None

    def _site(self, said: Said) -> str | None:
        """Return under which name an item counts: its first topic, else its source."""
        if not (self.options.words or self.options.topics):
            return said.source
        folded = f" {' '.join(words(plain(said.text)))} "
        if self.options.words and not _names(folded, self.options.words):
            return None
        for topic, some in self.options.topics.items():
            if _names(folded, some):
                return topic
        return said.source

    def facts(self, sources: Sequence[str]) -> list[Observation]:
        """Return the counts that changed, and those of every hour since the last poll.

        Where a source was read and nobody said anything, that is a zero.
        """
        told = set(self._changed)
        hour = (self.last or self.now).replace(minute=0, second=0, microsecond=0)
        hour = max(hour, self.now - KEPT)
        while _hour(hour) <= _hour(self.now):
            told |= {(_hour(hour), site) for site in (*sources, *self.options.topics)}
            hour += HOUR
        return [
            self._fact(hour, site, quantity, count)
            for hour, site in sorted(told)
            for quantity, count in zip(
                _QUANTITIES, self.counts.get(hour, {}).get(site, (0, 0, 0)), strict=True
            )
        ]

    def _fact(self, hour: str, site: str, quantity: str, count: int) -> Observation:
        return Observation(
            feed_id=self.feed.id,
            site_id=site,
            quantity=quantity,
            value=float(count),
            unit="count",
            observed_at=datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC),
            fetched_at=self.now,
            district_id=self.options.district,
        )

    def memory(self) -> dict[str, Any]:
        """Return what to remember: counts and hashes, of the newest hours if there are too many."""
        seen: dict[str, list[str]] = {}
        left = _MOST
        for hour in sorted(self.seen, reverse=True):
            seen[hour] = self.seen[hour][-left:] if left > 0 else []
            left -= len(seen[hour])
        return {"counts": self.counts, "seen": seen, "last": instant(self.now)}


def _names(folded: str, phrases: Iterable[str]) -> bool:
    return any(f" {' '.join(words(phrase))} " in folded for phrase in phrases)


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")
