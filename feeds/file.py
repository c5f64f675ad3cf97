"""Files: CSV, TSV and GeoJSON with a declared mapping, from a folder or by HTTP.

Quirks: several files may match; an empty or broken one costs itself only. A file is read again
when its content changed. What a date, a number or a sentinel looks like is declared by the pack.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from feeds import geojson, tabular
from feeds.base import Kind, Take, Visit
from feeds.columns import Mapping, Sites
from feeds.decode import from_json, looks_like_html, text
from feeds.errors import FeedError
from feeds.extract import Extract
from feeds.melt import melt, needed, spread
from feeds.options import KindOptions
from feeds.records import refuse_all
from feeds.rows import Places, facts
from model import Feed, Parsed, Reject

_MAX_FILE = 1_000_000_000


class Options(KindOptions, Mapping):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    format: Literal["csv", "geojson"] | None = None
    encoding: str | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    header: bool | tuple[str, ...] = True
    skip: int = Field(default=0, ge=0)
    short_rows: Literal["refuse", "blank"] = "refuse"
    quarantine_limit: float = Field(default=0.5, ge=0, le=1)
    sites: Sites | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [] if feed.url or feed.path else ["kind 'file' needs a path or a url"]
        return found + Mapping.problems(self, feed)

    def is_geojson(self, name: str) -> bool:
        """Whether a file holds GeoJSON: as declared, else by its suffix."""
        suffix = Path(name.split("?", 1)[0]).suffix.lower()
        return self.format == "geojson" or (self.format is None and suffix in {".geojson", ".json"})


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a file beside its bytes.

    The suffix of ``name`` tells GeoJSON from CSV where ``format`` does not. ``charset`` is what
    HTTP declared, used after the pack's ``encoding``. ``places`` are latitude, longitude by site.
    """

    name: str = ""
    charset: str | None = None
    places: Places = field(default_factory=dict)


def parse(
    body: bytes,
    feed: Feed,
    fetched_at: datetime,
    about: About | None = None,
) -> Parsed:
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
    if not body.strip():
        raise ValueError("the file is empty")
    if looks_like_html(body):
        raise ValueError("an HTML page where data were expected")
    is_geojson = options.is_geojson(about.name)
    table = _table(body, options, about.charset, is_geojson=is_geojson)
    first = 1 if is_geojson else options.skip + (2 if options.header is True else 1)
    extract = Extract(melt(table, options), options, feed.timezone, first)
    accepted = facts(extract, feed, fetched_at, about.places)
    rejected = extract.rejects(feed.id, fetched_at)
    refuse_all(feed, options.quarantine_limit, len(accepted), rejected)
    return Parsed(accepted, rejected)


def _table(
    body: bytes, options: Options, charset: str | None, *, is_geojson: bool
) -> tabular.Table:
    content_charset = options.encoding or charset
    if is_geojson:
        return geojson.read(from_json(body, content_charset))
    shape = tabular.Shape(
        separator=options.separator,
        header=options.header,
        skip=options.skip,
        pads=options.short_rows == "blank",
    )
    wanted = None if spread(options) else needed(options)
    return tabular.read(text(body, content_charset), shape, wanted=wanted)


def read(visit: Visit) -> Take:
    """Read the files that changed since the last poll, or the one behind a URL."""
    options = Options.model_validate(dict(visit.feed.options))
    places = _places(options.sites, visit.feed.id)
    if visit.feed.url:
        return _read_url(visit, places)
    paths = _matching(visit.feed.path or "")
    if not paths:
        raise FeedError(visit.feed.id, f"no file matches {visit.feed.path}", permanent=False)
    if options.start and len(paths) > 1:
        raise FeedError(
            visit.feed.id, f"start fits one file, and {len(paths)} match", permanent=True
        )
    return _read_files(visit, paths, places)


def _matching(pattern: str) -> list[Path]:
    """Return the files that an absolute pattern names, always in the same order."""
    whole = Path(pattern)
    found = Path(whole.anchor).glob(str(whole.relative_to(whole.anchor)))
    return sorted(path for path in found if path.is_file())


def _read_url(visit: Visit, places: Places) -> Take:
    url = visit.feed.url or ""
    document = visit.get(url, is_conditional=True)
    if document.not_modified:
        return Take(Parsed(), not_modified=True)
    seen = hashlib.sha256(document.content).hexdigest()
    if visit.memory.get("files", {}).get(url) == seen:
        return Take(Parsed(), not_modified=True)
    parsed = parse(document.content, visit.feed, visit.now, About(url, document.charset, places))
    return Take(parsed, {"files": {url: seen}})


def _read_files(visit: Visit, paths: list[Path], places: Places) -> Take:
    seen: dict[str, str] = dict(visit.memory.get("files", {}))
    after: dict[str, str] = {}
    parts: list[Parsed] = []
    failures: list[Exception] = []
    for path in paths:
        body = _body(path, visit.feed.id)
        after[str(path)] = digest = hashlib.sha256(body).hexdigest()
        if seen.get(str(path)) == digest:
            continue
        try:
            parts.append(parse(body, visit.feed, visit.now, About(path.name, None, places)))
        except (ValueError, TypeError, LookupError, FeedError) as problem:
            failures.append(problem)
            parts.append(_broken(visit, path, problem))
    if failures and len(failures) == len(parts) and len(after) == len(failures):
        raise _whole(visit.feed.id, paths, failures)
    return Take(_joined(parts), {"files": after}, not_modified=not parts)


def _body(path: Path, feed_id: str) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise FeedError(
                feed_id, f"{path.name} is larger than {_MAX_FILE} bytes", permanent=True
            )
        return path.read_bytes()
    except OSError as problem:
        raise FeedError(feed_id, f"{path.name}: {problem.strerror}", permanent=False) from problem


def _broken(visit: Visit, path: Path, problem: Exception) -> Parsed:
    """Quarantine a whole file: line 0, and its rows where they were refused one by one."""
    reason = problem.reason if isinstance(problem, FeedError) else str(problem)
    rejects = problem.rejects if isinstance(problem, FeedError) else ()
    whole = Reject(
        feed_id=visit.feed.id, line=0, reason=f"{path.name}: {reason}", raw=path.name, at=visit.now
    )
    return Parsed(rejected=[whole, *rejects])


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
    body = _body(Path(sites.path), feed_id)
    table = tabular.read(text(body, sites.encoding), tabular.Shape(separator=sites.separator))
    keys = [table.cells(name) for name in (sites.id, sites.lat, sites.lon)]
    found: dict[str, tuple[float, float]] = {}
    for site, lat, lon in zip(*keys, strict=True):
        pair = _degrees(lat, sites), _degrees(lon, sites)
        if site and None not in pair:
            found[site] = pair  # type: ignore[assignment]  # None was ruled out above
    return found


def _degrees(cell: Any, sites: Sites) -> float | None:
    try:
        return float(cell.replace(",", ".") if sites.decimal == "," else cell)
    except ValueError:
        return None


KIND = Kind(
    name="file",
    options=Options,
    read=read,
    parse=parse,
    standard="RFC 4180 (CSV), RFC 7946 (GeoJSON)",
    gives=frozenset({"observation", "case", "notice"}),
)
