"""Open311 GeoReport v2: requests for service.

Docs: https://wiki.open311.org/GeoReport_v2/. Quirks: there is no paging in the standard, so a
window of time that comes back full is cut into days, then in two; there is no list of changes, so
open requests are asked for again by id to learn of their closing, unless ``changes`` names the
city's own parameter for it. Unchanged ones are not told twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zlib import crc32

from feeds import times
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import raw
from feeds.errors import FeedError
from feeds.open311_find import found, from_files
from feeds.open311_parse import Options, cases, numbered, parse, rows_of
from model import Parsed, Reject
from model.plain import instant

Rows = list[dict[str, Any]]

_DAY = timedelta(days=1)


class _Walk:
    """Asks one endpoint; ``full`` are windows that held more than the source would give."""

    def __init__(self, visit: Visit, options: Options, base: str) -> None:
        self.visit = visit
        self.options = options
        self.base = base.rstrip("/")
        self.full: list[tuple[datetime, datetime]] = []

    def between(
        self, start: datetime, end: datetime, also: Mapping[str, str] | None = None
    ) -> Rows:
        """Return the requests made in a window, however many there are."""
        if start >= end:
            return []
        window = {"start_date": instant(start), "end_date": instant(end)}
        rows = self._pages({**window, **(also or {})})
        if self.options.page_size or len(rows) < self.options.cap:
            return rows
        if end - start <= self.options.shortest:
            self.full.append((start, end))
            return rows
        pieces = pairwise(_cuts(start, end))
        return [row for piece in pieces for row in self.between(*piece, also)]

    def again(self, ids: Iterable[str]) -> tuple[Rows, list[str]]:
        """Return requests by id, and which ids were asked for with an answer."""
        rows: Rows = []
        asked: list[str] = []
        for batch in _batches(list(ids), self.options.reread_batch):
            try:
                rows += self._ask({"service_request_id": ",".join(batch)})
            except FeedError as failure:  # one unknown id may fail a whole batch
                if not failure.permanent:
                    raise
                continue
            asked += batch
        return rows, asked

    def _pages(self, params: dict[str, str]) -> Rows:
        if self.options.page_size is None:
            return self._ask(params)
        rows: Rows = []
        seen: set[str] = set()
        page = 1
        while True:
            size = str(self.options.page_size)
            found = self._ask({**params, "page": str(page), "page_size": size})
            new = [row for row in found if _id(row) not in seen]
            rows += new
            if not new or len(found) < self.options.page_size:
                return rows
            seen |= {_id(row) for row in new}
            page += 1

    def _ask(self, params: dict[str, str]) -> Rows:
        asked = dict(params)
        if self.options.jurisdiction_id:
            asked["jurisdiction_id"] = self.options.jurisdiction_id
        if self.options.service_code and "service_request_id" not in asked:
            asked["service_code"] = ",".join(self.options.service_code)
        if self.options.key:
            asked["api_key"] = self.visit.secret(self.options.key)
        document = self.visit.get(f"{self.base}/requests.{self.options.format}", asked)
        return rows_of(document.content, document.charset)


def read(visit: Visit) -> Take:
    """Read what was requested since ``memory["since"]``, and what became of the older ones."""
    options = Options.model_validate(dict(visit.feed.options))
    if visit.feed.path:
        return from_files(visit)
    endpoint = found(visit, options)
    walk = _Walk(visit, options, endpoint.url)
    now = visit.now.replace(microsecond=0)
    oldest = now - options.history
    said = visit.memory.get("since")
    since = times.instant(said).replace(microsecond=0) if said else oldest
    rows = walk.between(since, now)
    known: dict[str, list[Any]] = dict(visit.memory.get("open", {}))
    if "open" not in visit.memory:  # what was open before we came
        rows += walk.between(oldest, since, {"status": "open"})
    asked: list[str] = []
    if options.changes:
        rows += walk.between(oldest, since, {options.changes: instant(since)})
    else:
        fresh = {_id(row) for row in rows}
        ids = sorted((key for key in known if key not in fresh), key=lambda key: str(known[key][0]))
        again, asked = walk.again(ids[: options.reread])
        rows += again
    newest = {_id(row): row for row in rows}
    changed = [row for key, row in newest.items() if known.get(key, ["", 0, ""])[2] != _print(row)]
    parsed = cases(changed, visit.feed, visit.now)
    parsed = replace(parsed, rejected=[*parsed.rejected, *_overfull(walk)])
    after = _still_open(known, newest, asked, visit)
    memory = {"since": instant(now - options.overlap), "open": after, **endpoint.memory}
    return Take(parsed, memory)


def _still_open(
    known: Mapping[str, list[Any]], newest: Mapping[str, Any], asked: list[str], visit: Visit
) -> dict[str, list[Any]]:
    """Return the open ids: when last asked for, how often absent, and a print of the answer.

    A request that stays away for ``misses`` polls is no longer asked for.
    """
    options = Options.model_validate(dict(visit.feed.options))
    now = instant(visit.now.replace(microsecond=0))
    after = dict(known)
    for key in asked:
        after[key] = [now, known[key][1] + 1, known[key][2]]
        if after[key][1] >= options.misses:
            del after[key]
    for key, row in newest.items():
        after.pop(key, None)
        if key and _is_open(row, options):
            after[key] = [now, 0, _print(row)]
    return after


def _is_open(row: Mapping[str, Any], options: Options) -> bool:
    try:
        return options.status(row.get("status")) == "open"
    except ValueError:
        return False


def _print(row: Mapping[str, Any]) -> str:
    """Return a short print of a request, by which an unchanged one is known."""
    return f"{crc32(repr(sorted(row.items())).encode()):08x}"


def _overfull(walk: _Walk) -> Iterator[Reject]:
    for start, end in walk.full:
        yield Reject(
            feed_id=walk.visit.feed.id,
            line=0,
            reason=f"{walk.options.cap} or more requests in {end - start}: some may be missing",
            raw=raw(f"{instant(start)} – {instant(end)}"),
            at=walk.visit.now,
        )


def _cuts(start: datetime, end: datetime) -> list[datetime]:
    """Return the bounds of days, or of two halves where there is no whole day to cut."""
    step = _DAY if end - start > _DAY else (end - start) / 2
    bounds = [start]
    while bounds[-1] + step < end:
        bounds.append((bounds[-1] + step).replace(microsecond=0))
    return [*bounds, end]


def _batches(ids: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(ids), size):
        yield ids[at : at + size]


def _id(row: dict[str, Any]) -> str:
    return str(row.get("service_request_id", "")).strip()


def again(about: Again) -> Parsed:
    """Read refused requests again."""
    parsed = Parsed()
    rows: list[tuple[int, dict[str, Any]]] = []
    for one in about.rejects:
        try:
            (row,) = rows_of(one.raw.encode())
        except ValueError:
            parsed.rejected.append(one)
        else:
            rows.append((one.line, row))
    found = numbered(rows, about.feed, about.now)
    return Parsed(found.accepted, [*parsed.rejected, *found.rejected])


KIND = Kind(
    name="open311",
    options=Options,
    read=read,
    parse=parse,
    standard="Open311 GeoReport v2",
    gives=frozenset({"case"}),
    again=again,
)
