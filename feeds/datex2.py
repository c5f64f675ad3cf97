"""DATEX II 2.x and 3.x: accidents, road works and closures; flows and speeds of loops.

Docs: https://docs.datex2.eu/. Situations give notices, measurements give observations; what an
index of a measurement means stands in a table of sites of its own. A snapshot holds all that
stands: what it no longer holds has ended.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from feeds import times
from feeds.base import Again, Kind, Take, Visit
from feeds.datex2_measures import Measures
from feeds.datex2_options import Options
from feeds.datex2_situations import Situations
from feeds.datex2_xml import Document, Header
from feeds.decode import from_xml, local
from feeds.http import Document as Answer
from feeds.standing import settled
from model import Delivery, Feed, Notice, Parsed, Reject
from model.plain import instant

_XML = "application/xml, text/xml;q=0.9, */*;q=0.5"
_READ = {"notice": "SituationPublication", "observation": "MeasuredDataPublication"}
_TABLE = "MeasurementSiteTablePublication"
_REMEMBERED_SHAPE = 1_000  # characters; what ends needs no longer shape
_BROKEN = (LookupError, ValueError, TypeError, AttributeError)


@dataclass(slots=True)
class _Found:
    """What a document gave, and whether it holds all that stands."""

    parsed: Parsed
    is_snapshot: bool = False
    table: dict[str, str] = field(default_factory=dict)


def parse(
    body: bytes, feed: Feed, fetched_at: datetime, *, table: Mapping[str, str] | None = None
) -> Parsed:
    """Return the notices or the observations of a document.

    Args:
        body: XML, also compressed.
        feed: what it gives decides what is read.
        fetched_at: when it was read.
        table: what is known of measuring sites, from :func:`sites_of`.

    Raises:
        ValueError: if it is no DATEX II, or holds only what this feed does not give.

    """
    return _read(body, feed, fetched_at, table or {}).parsed


def sites_of(body: bytes, feed: Feed, fetched_at: datetime) -> dict[str, str]:
    """Return the measuring sites of a table: where they are, and what their indices mean.

    Raises:
        ValueError: if it is no DATEX II.

    """
    return _read(body, feed, fetched_at, {}).table


def _read(body: bytes, feed: Feed, fetched_at: datetime, table: Mapping[str, str]) -> _Found:
    options = Options.model_validate(dict(feed.options))
    situations = Situations(feed, options, fetched_at)
    measures = Measures(feed, options, fetched_at, dict(table))
    document = Document(body)
    for header, piece in document.pieces():
        match local(piece):
            case "situation" if feed.gives == "notice":
                situations.add(piece, header)
            case "siteMeasurements" if feed.gives == "observation":
                measures.add(piece, header)
            case "measurementSiteRecord" | "measurementSite":
                measures.site(piece)
    _check(document, feed)
    facts: list[Any] = situations.notices or list(measures.found.values())
    rejected = [*situations.rejected, *measures.rejected]
    skipped = dict(situations.skipped + measures.skipped)
    told = [header for header in document.headers if header.type in {"", _READ[feed.gives]}]
    parsed = Parsed(facts, rejected, _published(told, feed), skipped)
    is_whole = bool(told) and all(header.is_snapshot for header in told)
    return _Found(parsed, is_whole, measures.table)


def _check(document: Document, feed: Feed) -> None:
    """Refuse what this feed does not give; a sign of life without a publication is nothing new."""
    types = {header.type for header in document.headers if header.type}
    if types and not types & {_READ[feed.gives], _TABLE}:
        shown = ", ".join(sorted(types))
        raise ValueError(f"{shown}: this feed gives {feed.gives}s, from a {_READ[feed.gives]}")


def _published(headers: list[Header], feed: Feed) -> datetime | None:
    for header in headers:
        try:
            return times.instant(header.told.get("publicationTime", ""), feed.timezone)
        except ValueError:
            continue
    return None


def read(visit: Visit) -> Take:
    """Read a publication; end what a snapshot no longer holds."""
    options = Options.model_validate(dict(visit.feed.options))
    sites = _sites(visit, options)
    known = {**visit.memory.get("datex2", {}), **({"sites": sites} if sites else {})}
    answer = _asked(visit, options, visit.feed.url or "")
    digest = hashlib.sha256(answer.content).hexdigest()
    if answer.not_modified or digest == known.get("digest"):
        return Take(Parsed(), {"datex2": known}, not_modified=True)
    found = _read(answer.content, visit.feed, visit.now, sites.get("table", {}))
    known["digest"] = digest
    if visit.feed.gives != "notice":
        return Take(found.parsed, {"datex2": known})
    told, known["standing"] = _settled(found, known.get("standing", {}), visit.now)
    return Take(replace(found.parsed, accepted=list(told)), {"datex2": known})


def _settled(
    found: _Found, before: Mapping[str, Any], now: datetime
) -> tuple[list[Notice], dict[str, Any]]:
    """Return what to tell, and what stands now; a change alone ends nothing but what it names."""
    notices = [fact for fact in found.parsed.accepted if isinstance(fact, Notice)]
    standing = [one for one in notices if _stands(one, now)]
    over = [one for one in notices if not _stands(one, now)]
    named = {one.notice_id for one in over}
    rest = {name: about for name, about in before.items() if name not in named}
    kept = {} if found.is_snapshot else rest
    told, after = settled(standing, rest if found.is_snapshot else {}, now)
    return [*over, *told], {**kept, **{name: _slim(about) for name, about in after.items()}}


def _stands(notice: Notice, now: datetime) -> bool:
    return notice.msg_type != "cancel" and (notice.expires is None or notice.expires > now)


def _slim(about: Any) -> Any:
    is_long = len(about.get("geometry") or "") > _REMEMBERED_SHAPE
    return {**about, "geometry": None} if is_long else about


def _sites(visit: Visit, options: Options) -> dict[str, Any]:
    """Return the table of sites, read again when it is old."""
    known = dict(visit.memory.get("datex2", {}).get("sites", {}))
    if options.sites is None:
        return {}
    if known and times.instant(known["at"]) > visit.now - options.sites_every:
        return known
    answer = _asked(visit, options, options.sites)
    at = instant(visit.now)
    if answer.not_modified and known:
        return {**known, "at": at}
    return {"at": at, "table": sites_of(answer.content, visit.feed, visit.now)}


def _asked(visit: Visit, options: Options, url: str) -> Answer:
    headers, params = {}, None
    if options.key and options.key_param:
        params = {options.key_param: visit.secret(options.key)}
    elif options.key:
        headers[options.key_header] = visit.secret(options.key)
    return visit.get(url, params, headers=headers, is_conditional=True, accept=_XML)


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Read what a supplier pushes, also in a SOAP envelope or a message container."""
    return parse(delivery.body, feed, delivery.received_at)


def again(asked: Again) -> Parsed:
    """Read refused records and measurements once more; those cut off stay refused."""
    options = Options.model_validate(dict(asked.feed.options))
    table = asked.memory.get("datex2", {}).get("sites", {}).get("table", {})
    situations = Situations(asked.feed, options, asked.now)
    measures = Measures(asked.feed, options, asked.now, dict(table))
    stay: list[Reject] = []
    for one in {(one.line, one.raw): one for one in asked.rejects}.values():
        try:
            piece = from_xml(one.raw.encode())
            told = {str(k): str(v) for k, v in json.loads(one.context or "{}").items()}
        except _BROKEN:
            stay.append(replace(one, at=asked.now))
            continue
        situations.line = one.line
        measures.line = one.line - 1
        if local(piece) == "situationRecord":
            language = told.get("language", "")
            header = Header(language=language)
            situations.record(piece, header, told)
        else:
            measures.add(piece, Header())
    facts: list[Any] = [*situations.notices, *measures.found.values()]
    return Parsed(facts, [*stay, *situations.rejected, *measures.rejected])


KIND = Kind(
    name="datex2",
    options=Options,
    read=read,
    parse=parse,
    standard="DATEX II 2.x and 3.x",
    gives=frozenset({"notice", "observation"}),
    receive=receive,
    again=again,
)
