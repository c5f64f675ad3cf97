"""RSS and Atom: how much is written about the city, hour by hour, and in what tone.

Docs: https://www.rssboard.org/rss-specification and RFC 4287. Quirks: read with feedparser, which
forgives what is not well-formed; entries without a time cannot be counted; a list holds only the
newest entries. Titles, texts, authors and links are looked at and forgotten.
"""

import calendar
import io
import re
from datetime import UTC, datetime
from typing import Any

from feeds.base import Kind, Take, Visit
from feeds.decode import text
from feeds.opinion import OpinionOptions, Said, Tally
from model import Feed, Parsed

_MOST_BYTES = 3_000_000  # a list of news is smaller, and reading a broken one is slow
_END = re.compile(
    r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.IGNORECASE | re.DOTALL
)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"


class Options(OpinionOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return posts, and those of good and bad tone, by hour (counts) of one document.

    Raises:
        ValueError: if it is no RSS or Atom, is cut off, too large, or defines entities.

    """
    options = Options.model_validate(dict(feed.options))
    tally = Tally.of(feed, options, fetched_at, {})
    _count(body, tally)
    return Parsed([*tally.facts([feed.id])], skipped=tally.skipped)


def _count(body: bytes, tally: Tally) -> None:
    import feedparser  # noqa: PLC0415 - heavy, and few packs use it

    if len(body) > _MOST_BYTES:
        raise ValueError(f"larger than {_MOST_BYTES} bytes: no list of news is")
    said = text(body)
    if _ENTITY.search(said):
        raise ValueError("the document defines entities: refused")
    if not _END.search(said):
        raise ValueError("no RSS or Atom, or the document is cut off")
    found = feedparser.parse(  # a stream: it would open a text that looks like a path
        io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False
    )
    if not found.get("version") and not found.entries:
        raise ValueError("no RSS or Atom")
    if found.bozo:
        tally.skip("not well-formed, read as far as it goes")
    language = found.feed.get("language")
    for entry in found.entries:
        at = _time(entry)
        if at is None:
            tally.skip("without a time")
            continue
        tally.add(
            Said(
                id=str(entry.get("id") or entry.get("link") or entry.get("title")),
                at=at,
                text=f"{entry.get('title', '')} {entry.get('summary', '')}",
                language=_spoken(entry) or language,
                source=tally.feed.id,
            )
        )


def _time(entry: Any) -> datetime | None:
    """Return when an entry was published, else updated."""
    for name in ("published_parsed", "updated_parsed"):
        try:
            if name in entry and (written := entry[name]):
                return datetime.fromtimestamp(calendar.timegm(written), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    return None


def _spoken(entry: Any) -> str | None:
    detail = entry.get("title_detail") or {}
    return entry.get("language") or detail.get("language")


def read(visit: Visit) -> Take:
    """Read the list, and count what is new in it."""
    options = Options.model_validate(dict(visit.feed.options))
    document = visit.get(visit.feed.url or "", is_conditional=True, accept=_ACCEPT)
    tally = Tally.of(visit.feed, options, visit.now, visit.memory.get("opinion", {}))
    if not document.not_modified:
        _count(document.content, tally)
    facts = tally.facts([visit.feed.id])
    return Take(Parsed([*facts], skipped=tally.skipped), {"opinion": tally.memory()})


KIND = Kind(
    name="rss",
    options=Options,
    read=read,
    parse=parse,
    standard="RSS 0.9x to 2.0, RDF, Atom 1.0 (RFC 4287)",
    gives=frozenset({"observation"}),
    measures=frozenset({"posts", "posts_positive", "posts_negative"}),
)
