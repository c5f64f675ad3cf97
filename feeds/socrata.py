"""Socrata SODA 2.1 and 3: rows of an open-data portal, by what was updated since the last poll.

Docs: https://dev.socrata.com/docs/queries/. A token lifts throttling, and opens version 3. Quirks:
rows have no order unless one is asked for, so they always come by ``:updated_at, :id``; a row
without a value has no member; numbers are texts; times without ``Z`` are local; a replaced data
set gives every row a new ``:updated_at``. Computed regions hold internal ids, never districts.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from feeds import times
from feeds.base import Again, Kind, Take, Visit
from feeds.errors import FeedError
from feeds.located import absent_columns, located, reread
from feeds.socrata_parse import ID, About, Options, about, facts_of, parse
from feeds.socrata_walk import Walk
from model import Feed, Parsed
from model.plain import instant


def read(visit: Visit) -> Take:
    """Read what was updated since the last poll, or everything when a recount is due."""
    options = Options.model_validate(dict(visit.feed.options))
    base, dataset = _where(visit.feed, options)
    known = dict(visit.memory.get("socrata", {}))
    said = _about(visit, f"{base}/api/views/{dataset}.json", options)
    _check(visit.feed, options, said)
    is_whole = not known.get("more")
    if is_whole and said.changed is not None and said.changed == known.get("changed"):
        return Take(Parsed(), {"socrata": known}, not_modified=True)
    known = _begun(known, said, options, visit.now)
    walk = Walk(visit, options, base, dataset)
    rows = walk.rows(known)
    parsed = facts_of(rows, visit.feed, visit.now)
    after = {**known, **walk.state, "changed": said.changed}
    published = times.posix(said.changed) if said.changed else None
    return Take(replace(parsed, published_at=published), {"socrata": after})


def _begun(known: dict[str, Any], said: About, options: Options, now: datetime) -> dict[str, Any]:
    """Return where to begin: where the last poll was cut off, where it ended, or anew."""
    if known.get("more"):
        # rows that were updated meanwhile have left their place: then the ties are read again
        return known if known.get("changed") == said.changed else {**known, "offset": 0}
    counted = known.get("counted")
    is_due = counted is None or times.instant(counted) <= now - options.recount_every
    if not options.incremental or is_due or not known.get("cursor"):
        start = instant(now - options.since) if options.since else None
        return {"counted": instant(now), "cursor": start, "offset": 0}
    since = times.instant(known["cursor"]) - options.overlap
    return {**known, "cursor": instant(since), "offset": 0}


def _where(feed: Feed, options: Options) -> tuple[str, str]:
    """Return the portal's base and the data set; the URL may be of either."""
    url = (feed.url or "").partition("?")[0].rstrip("/")
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    named = ID.findall(path)
    base = re.split(r"/(?:resource|api|d)(?:/|$)", rest, maxsplit=1)[0]
    if named and base == rest:  # a page for people
        base = host
    return f"{scheme}://{base}", options.dataset or (named[-1] if named else "")


def _about(visit: Visit, url: str, options: Options) -> About:
    """Ask for the metadata; a portal that keeps them to itself costs nothing but a full read."""
    headers = {"X-App-Token": visit.secret(options.token)} if options.token else {}
    try:
        document = visit.get(url, headers=headers, accept="application/json")
        return about(document.content)
    except FeedError as failure:
        if not failure.permanent:
            raise
    except ValueError:
        pass
    return About()


def _check(feed: Feed, options: Options, said: About) -> None:
    """Refuse a mapping of columns that the data set no longer has."""
    if not said.columns or options.select:
        return
    wanted = [name for name in options.wanted if not name.startswith((":", "@"))]
    if wrong := list(absent_columns(wanted, said.columns)):
        raise FeedError(feed.id, "; ".join(wrong), permanent=True)


def again(asked: Again) -> Parsed:
    """Read refused rows once more."""
    options = Options.model_validate(dict(asked.feed.options))
    return reread(asked, options, lambda rows: located(rows, options.location, asked.feed))


KIND = Kind(
    name="socrata",
    options=Options,
    read=read,
    parse=parse,
    standard="Socrata SODA 2.1 and 3",
    gives=frozenset({"observation", "case", "notice"}),
    again=again,
)
