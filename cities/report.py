"""How well a pack's records meet its districts, as lines and as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cities.problems import Problem
from model.plain import instant

SHOWN = 8  # reasons and names that the text lists; the plain report holds all


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A district named by a source that the shapes do not have; ``nearest`` may be meant."""

    name: str
    count: int
    nearest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that was refused; ``raw`` is shortened, ``line`` 0 is a body as a whole."""

    line: int
    field: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """What became of one feed. ``rows`` are accepted and rejected ones together.

    ``located`` facts carry a place or a district's name; ``unplaced`` carry neither. ``sites`` are
    the distinct sites of observations, and how many of them lie in a district. ``bad`` are the
    first refused rows. ``left_out`` counts by reason what the source told and nobody asked for.
    """

    id: str
    kind: str
    gives: str
    source: str
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    bad: tuple[BadRow, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    matched: int = 0
    outside: int = 0
    unplaced: int = 0
    unknown: tuple[Unknown, ...] = ()
    sites: int | None = None
    sites_matched: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    error: str | None = None
    skipped: str | None = None

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.accepted + sum(self.rejected.values())

    @property
    def is_good(self) -> bool:
        """Whether the feed could be read; a feed that was skipped is not held against it."""
        return self.error is None

    def plain(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "gives": self.gives,
            "source": self.source,
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "bad_rows": [
                {"line": one.line, "field": one.field, "reason": one.reason, "raw": one.raw}
                for one in self.bad
            ],
            "left_out": self.left_out,
            "matched": self.matched,
            "outside": self.outside,
            "unplaced": self.unplaced,
            "unknown": [
                {"name": one.name, "count": one.count, "nearest": one.nearest}
                for one in self.unknown
            ],
            "sites": self.sites,
            "sites_matched": self.sites_matched,
            "first_at": instant(self.first_at) if self.first_at else None,
            "last_at": instant(self.last_at) if self.last_at else None,
            "error": self.error,
            "skipped": self.skipped,
        }

    def lines(self) -> list[str]:
        """Return what an operator wants to read."""
        head = f"feed {self.id} ({self.kind}, {self.gives}s) {self.source}"
        if self.skipped:
            return [head, f"  skipped: {self.skipped}"]
        found = [head] + ([f"  ERROR {self.error}"] if self.error else [])
        left_out = [f"  {count} left out: {reason}" for reason, count in _most(self.left_out)]
        if not self.rows:
            return [*found, *([] if self.error else ["  no rows"]), *left_out]
        refused = sum(self.rejected.values())
        found.append(f"  {self.rows} rows: {self.accepted} accepted, {refused} rejected")
        found += [f"    {count} × {reason}" for reason, count in _most(self.rejected)]
        found += [f"    {_bad(one)}" for one in self.bad]
        found += left_out
        if self.gives != "notice":
            found.append(f"  {self._matching()}")
        if self.sites is not None:
            found.append(f"  {self.sites_matched} of {self.sites} sites lie in a district")
        found += [f"    {_unknown(one)}" for one in self.unknown[:SHOWN]]
        if self.first_at and self.last_at:
            found.append(f"  from {instant(self.first_at)} to {instant(self.last_at)}")
        return found

    def _matching(self) -> str:
        unknown = sum(one.count for one in self.unknown)
        parts = [f"{self.matched} of {self.accepted} matched to a district"]
        parts += [f"{self.outside} outside all of them"] if self.outside else []
        parts += [f"{self.unplaced} without a place"] if self.unplaced else []
        parts += [f"{unknown} name an unknown district"] if unknown else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of ``check``: problems of the pack, doubts about its rules, and each feed."""

    folder: str
    city: str | None = None
    districts: int = 0
    problems: tuple[Problem, ...] = ()
    doubts: tuple[str, ...] = ()
    feeds: tuple[FeedReport, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the pack can be used."""
        return not self.problems and all(feed.is_good for feed in self.feeds)

    ok = is_good

    @property
    def not_asked(self) -> int:
        """How many feeds nothing is known of."""
        return sum(feed.skipped is not None for feed in self.feeds)

    @property
    def exit_code(self) -> int:
        """0 where the pack is good, else 1."""
        return 0 if self.is_good else 1

    def lines(self) -> list[str]:
        """Return the report as text."""
        if self.problems:
            count = len(self.problems)
            head = f"{self.folder}: {count} problem{'s' if count > 1 else ''}"
            return [head, *(f"  {problem}" for problem in self.problems)]
        found = [
            f"{self.city}: {self.districts} districts, {len(self.feeds)} feeds ({self.folder})"
        ]
        found += [line for feed in self.feeds for line in feed.lines()]
        found += [f"worth a look: {doubt}" for doubt in self.doubts]
        if self.not_asked:
            found.append(f"{self.not_asked} of {len(self.feeds)} feeds were not asked")
        bad = sum(not feed.is_good for feed in self.feeds)
        return [*found, "good" if self.is_good else f"not good: {bad} feed(s) could not be read"]

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "ok": self.is_good,
            "folder": self.folder,
            "city": self.city,
            "districts": self.districts,
            "problems": [
                {"file": one.file, "table": one.table, "key": one.key, "text": one.text}
                for one in self.problems
            ],
            "doubts": list(self.doubts),
            "not_asked": self.not_asked,
            "feeds": [feed.plain() for feed in self.feeds],
        }


def _most(counts: dict[str, int]) -> Sequence[tuple[str, int]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ranked[SHOWN:])
    return ranked[:SHOWN] + ([("other reasons", rest)] if rest else [])


def _bad(one: BadRow) -> str:
    place = f"line {one.line}" if one.line else "as a whole"
    what = f"{one.field}: {one.reason}" if one.field else one.reason
    return f"{place}: {what}   {one.raw}"


def _unknown(one: Unknown) -> str:
    hint = f"; did you mean {one.nearest!r}?" if one.nearest else ""
    return f"{one.count} × district {one.name!r} is unknown{hint}"
