"""Any JSON by a declared mapping: the last resort that saves a city from writing code.

``rows`` is a JSON pointer to what holds the rows, ``*`` standing for every member on the way. The
rest is the mapping that files have. Quirks: many services tell errors under 200, page in their own
way, and want keys in headers; all of that is declared.
"""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from feeds import anyjson_pages, dressed, pointed, records, scan, times
from feeds.anyjson_pages import PagesOptions
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import json_text, looks_like_html
from feeds.errors import FeedError
from feeds.pointed import Found, RowsOptions
from feeds.rawtext import written as as_text
from feeds.records import MappedOptions
from model import Delivery, Fact, Feed, Parsed, Reject

_LINES = ("ndjson", "jsonl", "json-seq", "json-lines")


class Options(MappedOptions, RowsOptions, PagesOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    encoding: str | None = None
    published_at: str | None = None
    published_format: str | tuple[str, ...] = times.ISO
    error: str | None = None
    empty: Literal["ok", "fail"] | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = MappedOptions.problems(self, feed) + PagesOptions.paging_problems(self)
        formats = [self.published_format] if isinstance(self.published_format, str) else []
        try:
            times.check_formats(formats or self.published_format)
        except ValueError as problem:
            found.append(f"published_format: {problem}")
        return found

    def may_be_empty(self, feed: Feed) -> bool:
        """Whether a document without rows says that there is nothing; sensors never do."""
        return self.empty == "ok" or (self.empty is None and feed.gives != "observation")


def parse(
    body: bytes,
    feed: Feed,
    fetched_at: datetime,
    *,
    charset: str | None = None,
    is_lines: bool = False,
) -> Parsed:
    """Return the facts of one document, in units at rest and UTC, and its refused rows.

    Args:
        body: the document.
        feed: its options say where the rows stand and hold the mapping.
        fetched_at: when it was read.
        charset: what HTTP declared, used after ``encoding``.
        is_lines: whether it was announced as JSON lines.

    Raises:
        ValueError: if it is malformed as a whole, or has no rows where they should stand.
        FeedError: if it tells of an error, or too many rows were refused.

    """
    options = Options.model_validate(dict(feed.options))
    if not body.strip():
        raise ValueError("the body is empty")
    if looks_like_html(body):
        raise ValueError("an HTML page where data were expected")
    written = json_text(body, options.encoding or charset)
    try:
        found = pointed.find(written, options, is_lines=is_lines)
    except ValueError:
        _refuse_error(_whole(written), options, feed)
        raise
    _refuse_error(found.root, options, feed)
    if not len(found.rows) and not options.may_be_empty(feed):
        raise ValueError(f"no rows at {options.rows or '/'} (empty = 'ok' allows it)")
    return _mapped(found, feed, options, fetched_at)


def _mapped(found: Found, feed: Feed, options: Options, fetched_at: datetime) -> Parsed:
    rows = dressed.ready(found, options, options, feed)
    around = dressed.around(found)
    context = json.dumps(around, ensure_ascii=False) if around else ""
    tables = (replace(piece, context=context) for piece in records.pieces(rows, options))
    parsed = records.collect(tables, feed, options, fetched_at)
    return _stamped(parsed, _published(found.root, options, feed))


def _published(root: Any, options: Options, feed: Feed) -> datetime | None:
    if options.published_at is None:
        return None
    said = as_text(records.value(root, options.published_at))
    if not said:
        return None
    found = times.one(said, options.published_format, feed.timezone)
    if found is None:
        raise ValueError(f"published_at: {said[:60]!r} is no time{times.hint(said, ())}")
    return found


def _stamped(parsed: Parsed, at: datetime | None) -> Parsed:
    """Return the same with the time at which the source said so."""
    if at is None:
        return parsed
    facts: list[Fact] = [replace(fact, published_at=at) for fact in parsed.accepted]
    return replace(parsed, accepted=facts, published_at=at)


def _whole(written: str) -> Any:
    """Return a document without rows; nothing where it is none."""
    try:
        found = scan.find(written, ())
    except ValueError:
        return None
    return dict(zip(found.keys, found.rows or (), strict=True)) if found.keys else None


def _refuse_error(root: Any, options: Options, feed: Feed) -> None:
    """Refuse a document that tells of an error under 200.

    Raises:
        FeedError: with what it says.

    """
    said = records.at(root, options.error) if options.error is not None else None
    if said not in (None, False, "", 0, "0", [], {}):
        told = " ".join(as_text(said).split())[:200]
        raise FeedError(feed.id, f"the source says: {told}", permanent=False)


def read(visit: Visit) -> Take:
    """Read the document, page by page where it has several."""
    options = Options.model_validate(dict(visit.feed.options))
    known = visit.memory.get("seen", [])
    seen: list[str] = []
    parts: list[Parsed] = []
    for number, page in enumerate(anyjson_pages.fetch(visit, options)):
        if page.not_modified:
            return Take(Parsed(), not_modified=True)
        seen.append(_digest(options, page.content))
        if known[number : number + 1] != seen[-1:]:
            feed, is_lines = _of_page(visit.feed, number), _is_lines(page.url)
            parsed = parse(page.content, feed, visit.now, charset=page.charset, is_lines=is_lines)
            parts.append(parsed)
    return Take(_joined(parts), {"seen": seen}, not_modified=not parts)


def _of_page(feed: Feed, number: int) -> Feed:
    """The last page of several may be empty."""
    return replace(feed, options={**feed.options, "empty": "ok"}) if number else feed


def _digest(options: Options, body: bytes) -> str:
    """A body is read again too when its mapping was changed."""
    said = options.model_dump_json(exclude={"token", "headers", "params", "body"}).encode()
    return hashlib.sha256(said + b"\0" + hashlib.sha256(body).digest()).hexdigest()[:32]


def _joined(parts: list[Parsed]) -> Parsed:
    joined = Parsed(published_at=parts[0].published_at if parts else None)
    for part in parts:
        joined.accepted.extend(part.accepted)
        joined.rejected.extend(part.rejected)
    return joined


def _is_lines(said: str) -> bool:
    return any(name in said.lower() for name in _LINES)


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Parse a pushed document."""
    is_lines = _is_lines(delivery.media_type)
    return parse(delivery.body, feed, delivery.received_at, is_lines=is_lines)


def again(asked: Again) -> Parsed:
    """Read refused rows again, each with what stood around it."""
    options = Options.model_validate(dict(asked.feed.options))
    options = options.model_copy(update={"quarantine_limit": 1.0})
    rows, kept, refused = list[Any](), list[Reject](), list[Reject]()
    for one in records.once(asked.rejects):
        try:
            around = json.loads(one.context) if one.context else {}
            rows.append(dressed.row_again(one.raw, around, len(rows) + 1))
            kept.append(one)
        except (ValueError, LookupError, TypeError):
            refused.append(replace(one, at=asked.now))  # cut off, or no row at all
    ready = dressed.ready(Found(rows, {}), options, options, asked.feed)
    tables = records.tables_again(ready, kept, options)
    parsed = records.collect(tables, asked.feed, options, asked.now)
    return Parsed(parsed.accepted, [*refused, *parsed.rejected])


KIND = Kind(
    name="json",
    options=Options,
    read=read,
    parse=parse,
    standard="RFC 8259 (JSON), RFC 6901 (JSON pointer), JSON lines",
    gives=frozenset({"observation", "case", "notice"}),
    receive=receive,
    again=again,
)
