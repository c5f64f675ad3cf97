"""Refused rows read once more, after a mapping was mended; none is lost on the way.

A row leaves quarantine only after what it said was admitted. A row that is refused anew keeps its
raw text and its instant, and bears the new reason.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import feeds
from feeds import FeedError
from feeds.decode import RAW_LIMIT
from model import Fact, Feed, Parsed, Reject
from pipeline.admission import WHOLE, is_early, refused_fact
from store import Quarantined, Store

BATCH = 500
PAGE = 1000
_WHOLE_BYTES = RAW_LIMIT - 4  # a raw text that is longer may have been cut off inside a letter

Memory = Mapping[str, Any]
Read = Callable[[Sequence[Quarantined]], Parsed]


@dataclass(slots=True)
class Verdict:
    """What became of some rows. ``changes`` is what the quarantine is told; others stay."""

    facts: list[Fact] = field(default_factory=list)
    changes: dict[str, Reject | None] = field(default_factory=dict)
    more: list[Reject] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0
    unreadable: int = 0

    def add(self, other: "Verdict") -> "Verdict":
        """Take the other's rows over."""
        self.facts += other.facts
        self.changes |= other.changes
        self.more += other.more
        self.accepted += other.accepted
        self.refused += other.refused
        self.unreadable += other.unreadable
        return self


def kept_rows(store: Store, feed_id: str, reason: str | None) -> list[Quarantined]:
    """Return what stands in quarantine now, oldest first."""
    found: list[Quarantined] = []
    before = None
    while True:
        page = store.quarantine(feed_id, limit=PAGE, before=before, reason=reason)
        found += page.items
        before = page.next
        if before is None:
            return found[::-1]


def batches(rows: Sequence[Quarantined]) -> Iterator[Sequence[Quarantined]]:
    """Yield the rows in parts that a kind reads at once."""
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def judge(feed: Feed, rows: Sequence[Quarantined], memory: Memory, *, now: datetime) -> Verdict:
    """Read rows of one feed again and say what becomes of each.

    They are read as they were heard: the instant of a refusal is when its facts were fetched.
    """

    def read(some: Sequence[Quarantined]) -> Parsed:
        return feeds.again(feed, [row.reject for row in some], memory, now=some[0].reject.at)

    found = Verdict()
    asked: list[Quarantined] = []
    for row in rows:
        if row.reject.context == WHOLE:
            found.add(_whole(row, now))
        elif len(row.reject.raw.encode()) > _WHOLE_BYTES:
            found.unreadable += 1
        else:
            asked.append(row)
    for _, some in groupby(asked, key=lambda row: row.reject.at):
        found.add(_parted(list(some), read))
    return found


def _whole(row: Quarantined, now: datetime) -> Verdict:
    """Read a fact of our own; one from the future stays until its time has come."""
    try:
        fact = refused_fact(row.reject)
    except (ValueError, KeyError, TypeError):
        return Verdict(unreadable=1)
    if is_early(fact, now):
        return Verdict(refused=1)
    return Verdict(facts=[fact], changes={row.id: None}, accepted=1)


def _parted(rows: Sequence[Quarantined], read: Read) -> Verdict:
    """Read rows at once; where it cannot be told which were refused, in halves."""
    try:
        parsed = read(rows)
    except FeedError as error:
        parsed = Parsed(rejected=list(error.rejects))
    except Exception:  # noqa: BLE001 - whatever a row does to a kind, it costs that row only
        parsed = Parsed()
    if len(rows) > 1:
        found = _matched(rows, parsed)
        if found is not None:
            return found
        half = len(rows) // 2
        return _parted(rows[:half], read).add(_parted(rows[half:], read))
    if not parsed.accepted and not parsed.rejected:
        return Verdict(unreadable=1)
    return _told(rows, parsed.rejected).add(Verdict(facts=parsed.accepted))


def _matched(rows: Sequence[Quarantined], parsed: Parsed) -> Verdict | None:
    """Find the refused rows by their text; ``None`` where the answer does not say it all."""
    by_text: dict[str, list[Quarantined]] = {}
    for row in rows:
        by_text.setdefault(_text(row.reject.raw), []).append(row)
    anew: dict[str, list[Reject]] = {}
    for reject in parsed.rejected:
        anew.setdefault(_text(reject.raw), []).append(reject)
    n_good = sum(len(some) for text, some in by_text.items() if text not in anew)
    if not anew.keys() <= by_text.keys() or len(parsed.accepted) < n_good:
        return None
    found = Verdict(facts=parsed.accepted)
    for text, some in by_text.items():
        found.add(_told(some, anew.get(text, [])))
    return found


def _told(rows: Sequence[Quarantined], anew: Sequence[Reject]) -> Verdict:
    """Say what becomes of the rows of one text, which was refused for these reasons now."""
    wanted = {(reject.field, reject.reason): reject for reject in anew}
    others: list[Quarantined] = []
    found = Verdict()
    for row in rows:
        if wanted.pop((row.reject.field, row.reject.reason), None) is None:
            others.append(row)
        else:
            found.refused += 1  # as before: it stays where it is
    for row in others:
        fresh = wanted.pop(next(iter(wanted))) if wanted else None
        found.changes[row.id] = fresh and _renamed(row.reject, fresh)
        found.refused += fresh is not None
        found.accepted += fresh is None
    found.more += [_renamed(rows[0].reject, fresh) for fresh in wanted.values()]
    return found


def _renamed(old: Reject, fresh: Reject) -> Reject:
    if old.line == 0 and fresh.line > 0:  # a row of what was refused as a whole
        return replace(fresh, at=old.at)
    return replace(old, field=fresh.field, reason=fresh.reason)


def _text(raw: str) -> str:
    """Return a raw text as it is compared: JSON may be written in more than one way."""
    try:
        return json.dumps(json.loads(raw), sort_keys=True)
    except (ValueError, RecursionError):
        return raw.strip()
