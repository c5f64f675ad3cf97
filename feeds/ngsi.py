"""Context brokers of NGSI-LD and NGSIv2 (Orion, Orion-LD, Scorpio, Stellio): read, and be called.

Docs: ETSI GS CIM 009 (NGSI-LD), https://fiware-ges.github.io/orion/api/v2/stable/ (NGSIv2).
Quirks: without the right context names come as long URIs; pages are by offset, with the count in
a header; a broker that cannot reach us gives up, so each poll looks after our subscription and
reads everything once more.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from feeds import ngsi_subscribe
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.gathered import together
from feeds.http import Document
from feeds.ngsi_options import LD, V2, Broker, Options, broker
from feeds.ngsi_parse import facts_of, parse, rows_of
from feeds.reread import readable
from model import Delivery, Feed, Parsed, Reject
from model.plain import instant

_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')
_COUNTS = ("NGSILD-Results-Count", "Fiware-Total-Count")
_SHOWN = 5
_OVERLAP = timedelta(minutes=2)


def read(visit: Visit) -> Take:
    """Read all entities that are asked for, and look after our subscription."""
    options = Options.model_validate(dict(visit.feed.options))
    known = dict(visit.memory.get("ngsi", {}))
    rows, at = _first_that_answers(visit, options, known)
    if not rows and not (options.incremental and known.get("since")):
        asked = ", ".join(options.types) or "any type"
        raise FeedError(visit.feed.id, f"the broker has no entity of {asked}", permanent=False)
    parsed = facts_of(rows, visit.feed, visit.now)
    _refuse_nothing(parsed, visit.feed, len(rows))
    known["version"] = at.version
    known["since"] = instant(visit.now.replace(microsecond=0) - _OVERLAP - visit.feed.every)
    if options.calls_back:
        known["subscription"], told = ngsi_subscribe.tend(
            visit, at, options, known.get("subscription", {})
        )
        parsed.rejected.extend(told)
    return Take(parsed, {"ngsi": known})


def _first_that_answers(
    visit: Visit, options: Options, known: dict[str, Any]
) -> tuple[list[Any], Broker]:
    """Return the entities; where nobody says the version, NGSI-LD is tried before v2."""
    url = visit.feed.url or ""
    sure = options.version_of(url) or known.get("version")
    for version in (sure,) if sure else (LD, V2):
        at = broker(url, version, options, _secrets(visit, options))
        try:
            return list(_rows(visit, at, options, known.get("since"))), at
        except FeedError as failure:
            if sure or version == V2 or not failure.permanent:
                raise
    raise AssertionError("unreachable: the last version returns or raises")


def _secrets(visit: Visit, options: Options) -> dict[str, str]:
    found = {}
    if options.token:
        found["Authorization"] = f"Bearer {visit.secret(options.token)}"
    if options.key:
        found[options.key_header] = visit.secret(options.key)
    return found


def _rows(visit: Visit, at: Broker, options: Options, since: str | None) -> Iterator[Any]:
    """Yield the entities of all pages, by the link to the next one or by offset."""
    query = _query(at.version, options, since if options.incremental else None)
    url, params, offset, is_linked = at.entities, query, 0, False
    while True:
        document = visit.get(url, params or None, headers=at.headers, accept="application/json")
        page = rows_of(from_json(document.content, document.charset))
        yield from page
        offset += len(page)
        link = _NEXT.search(document.headers.get("Link", ""))
        total = _total(document)
        is_full = len(page) >= options.limit and not is_linked
        if not page or not (offset < total if total is not None else link or is_full):
            return
        if link:
            url, params, is_linked = urljoin(document.url, link[1]), {}, True
        else:
            url, params = at.entities, query | {"offset": str(offset)}


def _total(document: Document) -> int | None:
    for name in _COUNTS:
        if (said := document.headers.get(name, "").strip()).isdigit():
            return int(said)
    return None


def _query(version: str, options: Options, since: str | None) -> dict[str, str]:
    is_ld, is_whole = version == LD, options.format == "normalized"
    modified = "modifiedAt" if is_ld else "dateModified"
    flags = [] if is_ld else ["count"]
    if not is_whole:
        flags.append(options.format)
    elif is_ld:
        flags.append("sysAttrs")
    attrs = list(options.attrs)
    if not is_ld:
        attrs = [*(attrs or ["*"]), "dateModified"]
    newer = f"{modified}>={since}" if since else None
    said = {
        "type": ",".join(options.types),
        "attrs": ",".join(attrs),
        "metadata": "" if is_ld or not is_whole else "dateModified,*",
        "idPattern": options.id_pattern,
        "q": ";".join(part for part in (options.q, newer) if part),
        "georel": options.georel,
        "geometry": options.geometry,
        "coordinates" if is_ld else "coords": options.coordinates,
        "geoproperty": options.geoproperty if is_ld else None,
        "options": ",".join(flags),
        "count": "true" if is_ld else None,
        "limit": str(options.limit),
        "offset": "0",
    }
    return {name: value for name, value in said.items() if value}


def _refuse_nothing(parsed: Parsed, feed: Feed, n_rows: int) -> None:
    """Refuse entities of which nothing at all is asked for: the pack does not fit the broker."""
    if parsed.accepted or parsed.rejected or not parsed.skipped:
        return
    seen = ", ".join(list(parsed.skipped)[:_SHOWN])
    raise FeedError(feed.id, f"{n_rows} entities and no fact ({seen})", permanent=True)


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Parse a notification, or entities as they are.

    Raises:
        ValueError: if the body is neither.

    """
    return parse(delivery.body, feed, delivery.received_at)


def again(again: Again) -> Parsed:
    """Read refused entities once more; what was said of a subscription is no entity."""
    whole, broken = readable(one for one in again.rejects if one.field != ngsi_subscribe.FIELD)
    parsed = together([_once_more(one, value, again.feed) for one, value in whole])
    return replace(parsed, rejected=[*broken, *parsed.rejected])


def _once_more(one: Reject, value: Any, feed: Feed) -> Parsed:
    """Read a refused row, which may be a whole notification, as of when it came."""
    try:
        return facts_of(value, feed, one.at)
    except ValueError:
        return facts_of([value], feed, one.at)


KIND = Kind(
    name="ngsi",
    options=Options,
    read=read,
    parse=parse,
    standard="NGSI-LD 1.x (ETSI GS CIM 009), NGSIv2",
    gives=frozenset({"observation", "case", "notice"}),
    receive=receive,
    again=again,
)
