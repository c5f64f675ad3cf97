"""Files with a declared mapping, from a folder, by HTTP, or pushed.

CSV, TSV, XLSX, GeoJSON, Parquet, zipped shapefiles and JSON, also inside zip or gzip. Quirks:
several files may match; an empty or broken one costs itself only. A file is read again when its
content or its mapping changed. What a date, a number or a sentinel looks like is declared.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from feeds import file_again, formats, inbox, records, tabular
from feeds.base import Again, Kind, Take, Visit
from feeds.columns import Sites
from feeds.decode import text
from feeds.errors import FeedError
from feeds.file_options import Options
from feeds.folders import body_of, matching
from feeds.formats import About
from feeds.rows import Places
from model import Delivery, Feed, Parsed, Reject


def parse(body: bytes, feed: Feed, fetched_at: datetime, about: About | None = None) -> Parsed:
    """Return the facts of one file, in units at rest and UTC, and its refused rows.

    Args:
        body: the file.
        feed: its options hold the mapping.
        fetched_at: when it was read.
        about: what is known of it beside its bytes.

    Raises:
        ValueError: if the file is malformed as a whole, such as a mapped column that is absent.
        FeedError: if more rows than ``quarantine_limit`` were refused.

    """
    options = Options.model_validate(dict(feed.options))
    about = about or About()
    found = formats.opened(body, options, feed, about)
    return records.collect(
        found.tables, feed, options, fetched_at, first=found.first, places=about.places
    )


def read(visit: Visit) -> Take:
    """Read the files that changed since the last poll, or the one behind a URL."""
    options = Options.model_validate(dict(visit.feed.options))
    places = _places(options.sites, visit.feed.id)
    salt = hashlib.sha256(options.model_dump_json().encode()).digest()
    if visit.feed.url:
        return _read_url(visit, places, salt)
    pattern = visit.feed.path or ""
    if inbox.is_watched(visit.feed, options):
        return inbox.read(
            visit, options, salt, lambda body, name: _parsed(visit, body, name, places)
        )
    paths = matching(pattern, options.match)
    if not paths:
        raise FeedError(visit.feed.id, f"no file matches {pattern}", permanent=False)
    if options.start and len(paths) > 1:
        raise FeedError(
            visit.feed.id, f"start fits one file, and {len(paths)} match", permanent=True
        )
    return _read_files(visit, paths, places, salt)


def _parsed(visit: Visit, body: bytes, name: str, places: Places) -> Parsed:
    return parse(body, visit.feed, visit.now, About(name, None, places))


def _read_url(visit: Visit, places: Places, salt: bytes) -> Take:
    url = visit.feed.url or ""
    document = visit.get(url, is_conditional=True)
    if document.not_modified:
        return Take(Parsed(), not_modified=True)
    seen = inbox.digest(salt, document.content)
    if visit.memory.get("files", {}).get(url) == seen:
        return Take(Parsed(), not_modified=True)
    parsed = parse(document.content, visit.feed, visit.now, About(url, document.charset, places))
    return Take(parsed, {"files": {url: seen}})


def _read_files(visit: Visit, paths: list[Path], places: Places, salt: bytes) -> Take:
    seen: dict[str, str] = dict(visit.memory.get("files", {}))
    after: dict[str, str] = {}
    parts: list[Parsed] = []
    failures: list[Exception] = []
    for path in paths:
        body = body_of(path, visit.feed.id)
        after[str(path)] = found = inbox.digest(salt, body)
        if seen.get(str(path)) == found:
            continue
        try:
            parts.append(_parsed(visit, body, path.name, places))
        except inbox.BROKEN as problem:
            failures.append(problem)
            parts.append(inbox.broken(visit, path.name, problem))
    if failures and len(failures) == len(parts) and len(after) == len(failures):
        raise _whole(visit.feed.id, paths, failures)
    return Take(_joined(parts), {"files": after}, not_modified=not parts)


def _whole(feed_id: str, paths: list[Path], failures: list[Exception]) -> FeedError:
    first = failures[0]
    reason = first.reason if isinstance(first, FeedError) else f"malformed body ({first})"
    rejects = tuple(r for item in failures if isinstance(item, FeedError) for r in item.rejects)
    is_empty = "is empty" in str(first)
    return FeedError(feed_id, f"{paths[0].name}: {reason}", permanent=not is_empty, rejects=rejects)


def _joined(parts: list[Parsed]) -> Parsed:
    joined = Parsed()
    for part in parts:
        joined.accepted.extend(part.accepted)
        joined.rejected.extend(part.rejected)
    return joined


def _places(sites: Sites | None, feed_id: str) -> Places:
    """Read the second table that says where sites are."""
    if sites is None:
        return {}
    body = body_of(Path(sites.path), feed_id)
    table = tabular.read(text(body, sites.encoding), tabular.Shape(separator=sites.separator))
    keys = [table.cells(name) for name in (sites.id, sites.lat, sites.lon)]
    found: dict[str, tuple[float, float]] = {}
    for site, lat, lon in zip(*keys, strict=True):
        pair = sites.degrees(lat), sites.degrees(lon)
        if site and None not in pair:
            found[site] = pair  # type: ignore[assignment]  # None was ruled out above
    return found


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Parse a pushed file; its media type tells the format where the pack does not."""
    options = Options.model_validate(dict(feed.options))
    about = About(formats.name_for(delivery.media_type), None, _places(options.sites, feed.id))
    return parse(delivery.body, feed, delivery.received_at, about)


def again(asked: Again) -> Parsed:
    """Read refused rows again, each under the header of its file."""
    options = Options.model_validate(dict(asked.feed.options))
    options = options.model_copy(update={"quarantine_limit": 1.0})
    tables, first, refused = file_again.tables(asked.rejects, options, asked.feed)
    places = _places(options.sites, asked.feed.id)
    parsed = records.collect(tables, asked.feed, options, asked.now, first=first, places=places)
    still: list[Reject] = [replace(one, at=asked.now) for one in refused]
    return replace(parsed, rejected=[*still, *parsed.rejected])


__all__ = ["KIND", "About", "Options", "again", "parse", "read", "receive"]
KIND = Kind(
    name="file",
    options=Options,
    read=read,
    parse=parse,
    standard="RFC 4180 (CSV), RFC 7946 (GeoJSON), ECMA-376 (XLSX), Parquet, ESRI Shapefile",
    gives=frozenset({"observation", "case", "notice"}),
    receive=receive,
    again=again,
)
