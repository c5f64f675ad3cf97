"""Timetables in memory: fetched as rarely as possible, parsed once, kept by what they are.

A timetable is far too large for the memory of a feed, so that holds its sha256 only; after a
restart it is fetched again. A broken or unreachable one never replaces a good one, and the one
before it is used until the new one begins.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urldefrag

from feeds import times
from feeds.base import Visit
from feeds.errors import FeedError
from feeds.gtfs_read import read_timetable
from feeds.gtfs_timetable import Timetable
from model.plain import instant

_KEPT = 6
_MAX_FILE = 500_000_000
_RETRY = timedelta(minutes=10)
_MALFORMED = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)

_held: OrderedDict[str, Timetable] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Shelved:
    """The timetable that counts today, ``None`` where there is none.

    ``memory`` is to be kept under ``static``. ``problem`` says what was wrong with the one that
    was asked for just now. ``is_new`` tells one that was not there before.
    """

    timetable: Timetable | None
    memory: Mapping[str, Any]
    problem: FeedError | None = None
    is_new: bool = False


def is_address(source: str) -> bool:
    """Whether a timetable lies behind a URL; else it is a file."""
    return source.startswith(("http://", "https://"))


def current(
    visit: Visit, source: str, every: timedelta, *, how: Mapping[str, Any] | None = None
) -> Shelved:
    """Return the timetable at a URL or path, asking for it where that is due.

    Args:
        visit: the poll; its memory holds ``static``.
        source: a URL, maybe with ``#name`` of a zip inside the zip, or an absolute path.
        every: how often to ask; a file is looked at every time.
        how: headers or parameters to ask with.

    """
    known: dict[str, Any] = dict(visit.memory.get("static", {}))
    if not _is_due(visit, known, source):
        return Shelved(_chosen(visit, known), known)
    problem: FeedError | None = None
    before, wait = known.get("digest"), every
    try:
        known = known | _asked(visit, source, known, how or {})
    except (FeedError, OSError, *_MALFORMED) as failure:
        problem = _told(visit, failure)
        wait = max(min(every, _RETRY), problem.retry_after or timedelta(0))
    known |= {"source": source, "next": instant(visit.now + wait), "failed": problem is not None}
    is_new = known.get("digest") != before
    return Shelved(_chosen(visit, known), known, problem, is_new)


def _is_due(visit: Visit, known: Mapping[str, Any], source: str) -> bool:
    if known.get("source") != source:
        return True
    is_over = times.instant(known["next"]) <= visit.now
    if known["failed"] or _get(known.get("digest")) is None:
        return is_over or not known["failed"]
    return is_over or (not is_address(source) and _stamp(source) != known.get("stamp"))


def _asked(
    visit: Visit, source: str, known: Mapping[str, Any], how: Mapping[str, Any]
) -> dict[str, Any]:
    """Ask for a timetable; return what to remember of it."""
    if not is_address(source):
        stamp = _stamp(source)
        return {"stamp": stamp, **_shelved(visit, Path(source).read_bytes(), "", known)}
    url, inside = urldefrag(source)
    if _get(known.get("digest")) is None:
        visit.get.validators.pop(url, None)  # "not modified" would leave us without it
    document = visit.get(url, is_conditional=True, **how)
    return {} if document.not_modified else _shelved(visit, document.content, inside, known)


def _shelved(visit: Visit, body: bytes, inside: str, known: Mapping[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(body + inside.encode()).hexdigest()
    with _lock:
        found = _held.get(digest)
        if found is None:
            found = read_timetable(body, inside=inside, zone=visit.feed.timezone)
        _held[digest] = found
        _held.move_to_end(digest)
        while len(_held) > _KEPT:
            _held.popitem(last=False)
    if digest == known.get("digest"):
        return {}
    return {"digest": digest, "older": known.get("digest")}


def held(known: Mapping[str, Any]) -> Timetable | None:
    """Return the timetable that a feed used last, if it is still at hand."""
    return _get(known.get("digest"))


def _get(digest: str | None) -> Timetable | None:
    with _lock:
        found = _held.get(digest or "")
        if found is not None:
            _held.move_to_end(digest or "")
        return found


def _chosen(visit: Visit, known: Mapping[str, Any]) -> Timetable | None:
    """Return the newest timetable, or the one before it while only that is valid."""
    newest, older = _get(known.get("digest")), _get(known.get("older"))
    if older is not None and (newest is None or not newest.is_valid(_today(visit, newest))):
        return older if older.is_valid(_today(visit, older)) else newest
    return newest


def _today(visit: Visit, timetable: Timetable) -> date:
    return visit.now.astimezone(timetable.zone).date()


def _stamp(path: str) -> str:
    try:
        found = Path(path).stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"


def _told(visit: Visit, problem: Exception) -> FeedError:
    """Return a trouble with a timetable as the error of the feed."""
    if isinstance(problem, FeedError):
        return FeedError(
            visit.feed.id,
            f"timetable: {problem.reason}",
            permanent=problem.permanent,
            retry_after=problem.retry_after,
        )
    if isinstance(problem, OSError):
        return FeedError(visit.feed.id, f"timetable: {problem.strerror}", permanent=False)
    return FeedError(visit.feed.id, f"timetable: {problem}"[:300], permanent=True)
