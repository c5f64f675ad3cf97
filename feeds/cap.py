"""Common Alerting Protocol 1.0–1.2: public alerts; single, in an Atom or RSS index, or wrapped.

Docs: https://docs.oasis-open.org/emergency/cap/v1.2/. Quirks: an index links to its messages, and
each is fetched once; what a source withdraws it says by an Update or Cancel that names the alert;
tests and exercises come down the same wire and keep their status.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from feeds import cap_parse, times
from feeds.base import Kind, Take, Visit
from feeds.cap_parse import Options, parse
from feeds.decode import from_xml, local, raw
from feeds.errors import FeedError
from model import Parsed, Reject

_XML = "application/cap+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index: where its message is, and a key that changes with it."""

    key: str
    url: str


def entries(root: Element, base: str) -> list[Entry]:
    """Return the entries of an Atom or RSS index that carry no message themselves."""
    found: list[Entry] = []
    for item in root.iter():
        if local(item) not in {"entry", "item"} or cap_parse.alerts(item):
            continue
        fields = {local(part): (part.text or "").strip() for part in item}
        link = _link(item)
        if link:
            name = fields.get("id") or fields.get("guid") or link
            changed = fields.get("updated") or fields.get("pubDate") or ""
            found.append(Entry(f"{name} {changed}".strip(), urljoin(base, link)))
    return list({entry.key: entry for entry in found}.values())


def _link(item: Element) -> str | None:
    """Return the link that most likely leads to the message."""
    links = [part for part in item if local(part) == "link"]
    links.sort(key=lambda part: "cap" not in part.get("type", ""))
    links = [part for part in links if part.get("rel", "alternate") in {"alternate", "related"}]
    return next((part.get("href") or (part.text or "").strip() or None for part in links), None)


def read(visit: Visit) -> Take:
    """Read the alerts of one document, and those new in an index."""
    document = visit.get(visit.feed.url or "", is_conditional=True, accept=_XML)
    index = visit.memory.get("cap", {})
    if document.not_modified and not index.get("failed"):
        return Take(Parsed(), not_modified=True)
    listed: list[Entry] = [Entry(*pair) for pair in index.get("failed", [])]
    parsed = Parsed()
    digest = index.get("digest")
    if not document.not_modified:
        digest = hashlib.sha256(document.content).hexdigest()
        root = from_xml(document.content, document.charset)
        if local(root) not in cap_parse.ROOTS:
            raise ValueError(f"an element {local(root)!r} is neither CAP nor an index of it")
        if digest != index.get("digest"):
            parsed = cap_parse.read_root(root, visit.feed, visit.now)
        parsed = replace(parsed, published_at=_issued(root))
        listed = entries(root, document.url)
    return _followed(visit, parsed, listed, {"digest": digest, "seen": index.get("seen", [])})


def _issued(root: Element) -> datetime | None:
    """Return when an Atom index says that it was last updated."""
    written = next((part.text for part in root if local(part) == "updated"), None)
    try:
        return times.instant(written or "")
    except ValueError:
        return None


def _followed(visit: Visit, parsed: Parsed, listed: list[Entry], index: Mapping[str, Any]) -> Take:
    """Fetch the messages that were not read yet; one that fails is asked for at the next poll."""
    seen = set(index["seen"])
    failed: list[list[str]] = []
    new = [entry for entry in listed if entry.key not in seen]
    failure: FeedError | None = None
    for line, entry in enumerate(new, 1):
        try:
            message = visit.get(entry.url, accept=_XML)
        except FeedError as problem:
            failure = problem
            parsed.rejected.append(_lost(visit, line, entry, problem.reason))
            if not problem.permanent:
                failed.append([entry.key, entry.url])
            continue
        _add(parsed, message.content, visit, line, entry)
    if failure is not None and len(failed) == len(new):
        raise failure
    lost = {key for key, _ in failed}
    kept = [entry.key for entry in listed if entry.key not in lost]
    memory = {"digest": index["digest"], "seen": kept, "failed": failed}
    return Take(parsed, {"cap": memory}, not_modified=not (new or parsed.accepted))


def _add(parsed: Parsed, body: bytes, visit: Visit, line: int, entry: Entry) -> None:
    try:
        found = parse(body, visit.feed, visit.now)
    except ValueError as problem:
        parsed.rejected.append(_lost(visit, line, entry, str(problem)))
        return
    if not found.accepted and not found.rejected:
        parsed.rejected.append(_lost(visit, line, entry, "the link leads to no CAP message"))
    parsed.accepted.extend(found.accepted)
    parsed.rejected.extend(found.rejected)


def _lost(visit: Visit, line: int, entry: Entry, reason: str) -> Reject:
    return Reject(
        feed_id=visit.feed.id,
        line=line,
        reason=f"entry {entry.key}: {reason}"[:300],
        raw=raw(entry.url),
        at=visit.now,
    )


KIND = Kind(
    name="cap",
    options=Options,
    read=read,
    parse=parse,
    standard="OASIS CAP 1.2 (also 1.0 and 1.1)",
    gives=frozenset({"notice"}),
)
