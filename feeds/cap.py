"""Common Alerting Protocol 1.0–1.2: public alerts; single, in an index, wrapped, or as GeoJSON.

Docs: https://docs.oasis-open.org/emergency/cap/v1.2/. Quirks: an index links to its messages, and
each is fetched once; what a source withdraws it says by an Update or Cancel that names the alert;
tests and exercises come down the same wire and keep their status. The list of the US National
Weather Service holds the alerts themselves, and what leaves it is over.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from feeds import cap_areas, cap_listed, cap_parse, cap_zones, nws_bodies, times
from feeds.base import Again, Kind, Take, Visit
from feeds.cap_parse import Options, Shapes, parse
from feeds.decode import from_json, from_xml, local, raw
from feeds.errors import FeedError
from feeds.gathered import together
from feeds.http import Document
from model import Parsed, Reject

_ACCEPT = (
    "application/cap+xml, application/geo+json, application/atom+xml;q=0.9,"
    " application/xml;q=0.8, */*;q=0.5"
)
_TRIES = 5
_RELATIONS = frozenset({"alternate", "related", "enclosure"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index: where its message is, and a key that changes with it."""

    key: str
    url: str
    tries: int = 0


def entries(root: Element, base: str) -> list[Entry]:
    """Return the entries of an Atom or RSS index that carry no message themselves.

    Without a link the id stands in, where it is an address; the ``url`` is empty without either.
    """
    found: list[Entry] = []
    for item in root.iter():
        if local(item) not in {"entry", "item"} or cap_parse.alerts(item):
            continue
        fields = {local(part): (part.text or "").strip() for part in item}
        name = fields.get("id") or fields.get("guid") or ""
        link = _link(item) or (name if name.startswith(("https://", "http://")) else "")
        name = name or link or fields.get("title") or "without id, link and title"
        changed = fields.get("updated") or fields.get("pubDate") or ""
        found.append(Entry(f"{name} {changed}".strip(), urljoin(base, link) if link else ""))
    return list({entry.key: entry for entry in found}.values())


def _link(item: Element) -> str | None:
    """Return the link that most likely leads to the message."""
    links = [part for part in item if local(part) in {"link", "enclosure"}]
    links = [part for part in links if part.get("rel", "alternate") in _RELATIONS]
    links.sort(key=lambda part: ("cap" not in part.get("type", ""), local(part) == "enclosure"))
    places = (part.get("href") or part.get("url") or (part.text or "").strip() for part in links)
    return next((place for place in places if place), None)


def read(visit: Visit) -> Take:
    """Read the alerts of one document, and those new in an index."""
    options = Options.model_validate(dict(visit.feed.options))
    areas = cap_areas.load(options.areas, visit.feed.id) if options.areas else {}
    index = visit.memory.get("cap", {})
    is_free = not index.get("pending")  # zones are still to be asked for the same list
    document = visit.get(visit.feed.url or "", is_conditional=is_free, accept=_ACCEPT)
    if document.not_modified and index.get("leaving"):
        return _said(Parsed(), cap_listed.confirmed(index, visit), index)
    if document.not_modified and not index.get("failed"):
        return Take(Parsed(), not_modified=True)
    if not document.not_modified and cap_parse.is_json(document.content):
        return _list(visit, document, options, areas)
    return _index(visit, document, Shapes(areas), index)


def _list(visit: Visit, document: Document, options: Options, areas: cap_areas.Areas) -> Take:
    """Read a list of alerts as GeoJSON, the shapes of their zones, and what left it."""
    body = from_json(document.content, document.charset)
    index = visit.memory.get("cap", {})
    zones = cap_zones.Zones()
    if not areas and nws_bodies.what(body) == "alerts":
        urls = cap_zones.wanted(nws_bodies.rows(body))
        zones = cap_zones.read(visit, urls, index.get("zones", {}))
    parsed = parse(document.content, visit.feed, visit.now, shapes=Shapes(areas, zones.shapes))
    parsed.rejected.extend(zones.rejected)
    kept = {"zones": zones.known or index.get("zones", {}), "pending": zones.is_pending}
    is_complete = options.is_complete
    if is_complete is None:
        is_complete = "/alerts/active" in urlsplit(visit.feed.url or "").path
    if not is_complete:
        return Take(parsed, {"cap": kept})
    return _said(parsed, cap_listed.compared(parsed, index, visit), kept)


def _said(parsed: Parsed, change: cap_listed.Change, kept: Mapping[str, Any]) -> Take:
    parsed.accepted.extend(change.over)
    return Take(parsed, {"cap": {**kept, **change.memory}})


def _index(visit: Visit, document: Document, shapes: Shapes, index: Mapping[str, Any]) -> Take:
    """Read what an XML document holds, and follow the entries that only link."""
    listed: list[Entry] = [Entry(*some) for some in index.get("failed", [])]
    parsed = Parsed()
    digest = index.get("digest")
    if not document.not_modified:
        digest = hashlib.sha256(document.content).hexdigest()
        root = from_xml(document.content, document.charset)
        if local(root) not in cap_parse.ROOTS:
            raise ValueError(f"an element {local(root)!r} is neither CAP nor an index of it")
        if digest != index.get("digest"):
            parsed = cap_parse.read_root(root, visit.feed, visit.now, shapes)
        parsed = replace(parsed, published_at=_issued(root))
        tried = {entry.key: entry.tries for entry in listed}
        listed = [replace(one, tries=tried.get(one.key, 0)) for one in entries(root, document.url)]
    known = {"digest": digest, "seen": index.get("seen", [])}
    return _followed(visit, parsed, listed, shapes, known)


def _issued(root: Element) -> datetime | None:
    """Return when an Atom index says that it was last updated."""
    written = next((part.text for part in root if local(part) == "updated"), None)
    try:
        return times.instant(written or "")
    except ValueError:
        return None


def _followed(
    visit: Visit,
    parsed: Parsed,
    listed: list[Entry],
    shapes: Shapes,
    index: Mapping[str, Any],
) -> Take:
    """Fetch the messages that were not read yet; one that fails is asked for at the next poll."""
    seen = set(index["seen"])
    failed: list[list[Any]] = []
    new = [entry for entry in listed if entry.key not in seen]
    failure: FeedError | None = None
    for line, entry in enumerate(new, 1):
        if not entry.url:
            parsed.rejected.append(_lost(visit, line, entry, "it has neither message nor link"))
            continue
        try:
            message = visit.get(entry.url, accept=_ACCEPT)
        except FeedError as problem:
            failure = problem
            is_over = problem.permanent or entry.tries + 1 >= _TRIES
            if is_over or not entry.tries:  # told when it begins and when it is given up
                parsed.rejected.append(_lost(visit, line, entry, problem.reason))
            if not is_over:
                failed.append([entry.key, entry.url, entry.tries + 1])
            continue
        _add(parsed, message.content, visit, shapes, (line, entry))
    if failure is not None and len(failed) == len(new):
        raise failure
    lost = {key for key, *_ in failed}
    kept = [entry.key for entry in listed if entry.key not in lost]
    memory = {"digest": index["digest"], "seen": kept, "failed": failed}
    return Take(parsed, {"cap": memory}, not_modified=not (new or parsed.accepted))


def _add(parsed: Parsed, body: bytes, visit: Visit, shapes: Shapes, at: tuple[int, Entry]) -> None:
    line, entry = at
    try:
        found = parse(body, visit.feed, visit.now, shapes=shapes)
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
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


def again(what: Again) -> Parsed:
    """Read refused messages once more; what is cut off, or only a link, stays refused."""
    options = Options.model_validate(dict(what.feed.options))
    areas = cap_areas.load(options.areas, what.feed.id) if options.areas else {}
    zones = cap_zones.Zones(dict(what.memory.get("cap", {}).get("zones", {})))
    shapes = Shapes(areas, zones.shapes)
    some: list[Parsed] = []
    for one in what.rejects:
        try:
            found = parse(one.raw.encode(), what.feed, what.now, shapes=shapes)
        except (ValueError, LookupError, TypeError, AttributeError):
            some.append(Parsed(rejected=[one]))
        else:
            numbered = [replace(item, line=one.line) for item in found.rejected]
            some.append(replace(found, rejected=numbered))
    return together(some)


KIND = Kind(
    name="cap",
    options=Options,
    read=read,
    parse=parse,
    standard="OASIS CAP 1.2 (also 1.0 and 1.1), NWS alerts",
    gives=frozenset({"notice"}),
    again=again,
)
