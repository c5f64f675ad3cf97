"""Work Zone Data Exchange (WZDx) 2.x–4.x: road works, detours and restrictions.

Docs: https://github.com/usdot-jpo-ode/wzdx. Feeds of ``update_frequency`` are not asked more often.
A feed lists all that stands: what it no longer lists has ended.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from feeds import times
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json
from feeds.reread import readable
from feeds.standing import settled
from feeds.wzdx_parse import Options, header_of, parse, zones
from model import Delivery, Feed, Notice, Parsed
from model.plain import instant

_LONGEST = timedelta(hours=1)  # a feed that claims to change less often is asked all the same


def read(visit: Visit) -> Take:
    """Read the road events, and end those that are no longer listed."""
    known = dict(visit.memory.get("wzdx", {}))
    if known.get("next") and visit.now < times.instant(known["next"]):
        return Take(Parsed(), {"wzdx": known}, not_modified=True)
    document = _asked(visit)
    if document is None:
        return Take(Parsed(), {"wzdx": known}, not_modified=True)
    digest = hashlib.sha256(document).hexdigest()
    known["next"] = _next(document, visit.now)
    if digest == known.get("digest"):
        return Take(Parsed(), {"wzdx": known}, not_modified=True)
    parsed = parse(document, visit.feed, visit.now)
    notices = [fact for fact in parsed.accepted if isinstance(fact, Notice)]
    standing = [one for one in notices if _stands(one, visit.now)]
    told, known["standing"] = settled(standing, known.get("standing", {}), visit.now)
    over = [one for one in notices if not _stands(one, visit.now)]
    ids = {one.notice_id for one in over}
    accepted = [*over, *(one for one in told if one.notice_id not in ids)]
    known["digest"] = digest
    return Take(Parsed(list(accepted), parsed.rejected, parsed.published_at), {"wzdx": known})


def _stands(notice: Notice, now: datetime) -> bool:
    return notice.msg_type != "cancel" and (notice.expires is None or notice.expires > now)


def _asked(visit: Visit) -> bytes | None:
    """Return the document; ``None`` where the server says that it did not change."""
    options = Options.model_validate(dict(visit.feed.options))
    headers, params = {}, None
    if options.key and options.key_param:
        params = {options.key_param: visit.secret(options.key)}
    elif options.key:
        headers[options.key_header] = visit.secret(options.key)
    document = visit.get(visit.feed.url or "", params, headers=headers, is_conditional=True)
    return None if document.not_modified else document.content


def _next(body: bytes, now: datetime) -> str | None:
    """Return before when there is no use in asking again."""
    try:
        seconds = float(header_of(from_json(body)).get("update_frequency") or 0)
    except (ValueError, TypeError):
        return None
    if not 0 < seconds < float("inf"):
        return None
    return instant(now + min(timedelta(seconds=min(0.9 * seconds, 86_400)), _LONGEST))


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Read a feed that was pushed."""
    return parse(delivery.body, feed, delivery.received_at)


def again(asked: Again) -> Parsed:
    """Read refused events once more; those that cannot be, cut off for one, stay refused."""
    whole, broken = readable(asked.rejects)
    found: dict[str, Any] = {}
    rejected = list(broken)
    for reject, row in {(one.line, one.raw): (one, row) for one, row in whole}.values():
        parsed = zones([row], asked.feed, asked.now, None)
        found |= {fact.notice_id: fact for fact in parsed.accepted if isinstance(fact, Notice)}
        rejected += [replace(one, line=reject.line) for one in parsed.rejected]
    return Parsed(list(found.values()), rejected)


KIND = Kind(
    name="wzdx",
    options=Options,
    read=read,
    parse=parse,
    standard="WZDx 2.0 to 4.2",
    gives=frozenset({"notice"}),
    receive=receive,
    again=again,
)
