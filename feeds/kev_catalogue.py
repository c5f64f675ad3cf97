"""The catalogue of known exploited vulnerabilities: its entries, and what of it is garbled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from feeds import times
from feeds.decode import from_json, raw
from model import Feed, Reject

_HALF = 0.5
_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Entry:
    """One vulnerability of the catalogue."""

    cve: str
    vendor: str
    product: str
    title: str
    added: date
    due: date

    def plain(self) -> list[str]:
        """Return it as texts, to be remembered."""
        days = self.added.isoformat(), self.due.isoformat()
        return [self.cve, self.vendor, self.product, self.title, *days]

    @classmethod
    def of(cls, texts: list[str]) -> "Entry":
        """Return what :meth:`plain` wrote."""
        cve, vendor, product, title, added, due = texts
        days = date.fromisoformat(added), date.fromisoformat(due)
        return cls(cve, vendor, product, title, *days)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue, and what of it was refused."""

    entries: list[Entry]
    rejected: list[Reject]
    released_at: datetime | None


def catalogue(body: bytes, feed: Feed, fetched_at: datetime) -> Catalogue:
    """Return the entries of a catalogue, each once, and the refused ones.

    Raises:
        ValueError: if it is none, or is garbled: half of it cannot be read or a tenth is missing.

    """
    document = from_json(body)
    rows = document["vulnerabilities"]
    if not isinstance(rows, list) or not rows:
        raise ValueError("no vulnerabilities in the catalogue")
    entries: dict[str, Entry] = {}
    rejected: list[Reject] = []
    for line, row in enumerate(rows, 1):
        try:
            entry = _entry(row)
        except (LookupError, ValueError, TypeError, AttributeError) as problem:
            reason = f"{type(problem).__name__}: {problem}"[:200]
            rejected.append(_reject(feed, line, reason, row, fetched_at))
            continue
        if entries.setdefault(entry.cve, entry) != entry:
            rejected.append(_reject(feed, line, f"{entry.cve} is listed twice", row, fetched_at))
    if len(rejected) > _HALF * len(rows):
        raise ValueError(f"{len(rejected)} of {len(rows)} entries refused: {rejected[0].reason}")
    rejected += _miscounted(document.get("count"), len(rows), feed, fetched_at)
    released = document.get("dateReleased")
    at = times.instant(released) if isinstance(released, str) else None
    return Catalogue(list(entries.values()), rejected, at)


def _miscounted(said: Any, n_rows: int, feed: Feed, at: datetime) -> list[Reject]:
    if not isinstance(said, int) or said == n_rows:
        return []
    told = f"the catalogue says that it has {said} entries, and has {n_rows}"
    if n_rows < _FULL * said:
        raise ValueError(f"{told}: it is cut off")
    return [_reject(feed, 0, told, {"count": said}, at)]


def _entry(row: Mapping[str, Any]) -> Entry:
    cve, vendor, product = (str(row[k]).strip() for k in ("cveID", "vendorProject", "product"))
    if not cve or not vendor or not product:
        raise ValueError("cveID, vendorProject or product is blank")
    return Entry(
        cve.upper(),
        vendor,
        product,
        str(row.get("vulnerabilityName") or f"{vendor} {product}").strip(),
        date.fromisoformat(row["dateAdded"]),
        date.fromisoformat(row["dueDate"]),
    )


def _reject(feed: Feed, line: int, reason: str, row: Any, at: datetime) -> Reject:
    return Reject(feed_id=feed.id, line=line, reason=reason, raw=raw(row), at=at)
