"""A watched folder: what arrives is read once, then moved to ``done/`` or ``failed/``.

A file is taken when its size and time stood still for ``settle`` between two polls. It is moved at
the poll after, once ``memory`` proves that its facts were kept: after a crash in between it is read
again, and the store drops what it knows. What was moved to ``failed/`` is read again when somebody
moves it back; so is a file of ``done/`` after its mapping was changed.
"""

import csv
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from feeds.base import Take, Visit
from feeds.errors import FeedError
from feeds.file_options import Options
from feeds.folders import arrived, body_of
from feeds.times import instant
from model import Feed, Parsed, Reject
from model.plain import instant as written

BROKEN = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError,
          FeedError)  # fmt: skip
DONE, FAILED = "done", "failed"
_KEPT = 1_000  # files whose bytes are remembered
_AT_ONCE = 20  # files that one poll reads
_WILD = frozenset("*?[")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Parse = Callable[[bytes, str], Parsed]


def is_watched(feed: Feed, options: Options) -> bool:
    """Whether a feed watches its folder: by what the pack says, or by its path being one."""
    if options.watch is None:
        return Path(feed.path or "").is_dir() and not feed.replay
    return options.watch


def digest(salt: bytes, body: bytes) -> str:
    """Return what tells a file and its mapping apart from others."""
    return hashlib.sha256(salt + hashlib.sha256(body).digest()).hexdigest()


def broken(visit: Visit, name: str, problem: Exception) -> Parsed:
    """Quarantine a whole file: line 0, and its rows where they were refused one by one."""
    reason = problem.reason if isinstance(problem, FeedError) else str(problem)
    rejects = problem.rejects if isinstance(problem, FeedError) else ()
    whole = Reject(
        feed_id=visit.feed.id, line=0, reason=f"{name}: {reason}", raw=name, at=visit.now
    )
    return Parsed(rejected=[whole, *rejects])


@dataclass(slots=True)
class _Folder:
    """One poll of a watched folder."""

    visit: Visit
    folder: Path
    match: str
    options: Options
    salt: bytes
    seen: dict[str, str]  # the bytes that were kept, and when
    parsed: Parsed = field(default_factory=Parsed)
    waiting: dict[str, Any] = field(default_factory=dict)  # name → how it looked, and since when
    taken: dict[str, Any] = field(default_factory=dict)  # name → what became of it; to be moved

    def tell(self, name: str, reason: str) -> None:
        """Put a note about a file into quarantine."""
        self.parsed.rejected.append(
            Reject(
                feed_id=self.visit.feed.id,
                line=0,
                reason=f"{name}: {reason}",
                raw=name,
                at=self.visit.now,
            )
        )


def read(visit: Visit, options: Options, salt: bytes, parse: Parse) -> Take:
    """Move what is known to be kept, and read what arrived and stands still.

    Raises:
        FeedError: if there is no such folder.

    """
    memory = visit.memory.get("inbox", {})
    place, match = _place(visit.feed, options)
    inbox = _Folder(visit, place, match, options, salt, dict(memory.get("seen", {})))
    try:
        paths = list(arrived(place, match))
    except OSError as problem:
        said = f"the folder {place.name!r} cannot be read: {problem.strerror}"
        raise FeedError(visit.feed.id, said, permanent=False) from problem
    for path in paths:
        _look_at(path, memory, inbox, parse)
    known = dict(list(inbox.seen.items())[-_KEPT:])
    after = {"waiting": inbox.waiting, "taken": inbox.taken, "seen": known}
    is_quiet = not (inbox.parsed.accepted or inbox.parsed.rejected)
    return Take(inbox.parsed, {"inbox": after}, not_modified=is_quiet)


def _place(feed: Feed, options: Options) -> tuple[Path, str]:
    path = Path(feed.path or "")
    return (path.parent, path.name) if _WILD & set(path.name) else (path, options.match)


def _look_at(path: Path, memory: Mapping[str, Any], inbox: _Folder, parse: Parse) -> None:
    """Do for one file what its turn is: wait, read, or move."""
    fate = memory.get("taken", {}).get(path.name)
    try:
        look = _look(path)
        if fate is not None and fate["look"] == look:
            _put_away(path, fate, inbox)
            return
        before = memory.get("waiting", {}).get(path.name)
        since = before["since"] if before and before["look"] == look else written(inbox.visit.now)
        still = inbox.visit.now - instant(since)
        if before is None or still < inbox.options.settle or len(inbox.taken) >= _AT_ONCE:
            inbox.waiting[path.name] = {"look": look, "since": since}
            return
        _take(path, look, inbox, parse)
    except FileNotFoundError:
        return  # somebody took it away


def _look(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _take(path: Path, look: list[int], inbox: _Folder, parse: Parse) -> None:
    """Read one file; what becomes of it is decided here and done at the next poll."""
    fate: dict[str, Any] = {"look": look, "to": DONE}
    try:
        body = body_of(path, inbox.visit.feed.id)
        if _look(path) != look:
            inbox.waiting[path.name] = {"look": _look(path), "since": written(inbox.visit.now)}
            return
        found = digest(inbox.salt, body)
        if found in inbox.seen:
            fate["same"] = inbox.seen[found]
        else:
            parsed = parse(body, path.name)
            inbox.parsed.accepted.extend(parsed.accepted)
            inbox.parsed.rejected.extend(parsed.rejected)
            inbox.seen[found] = written(inbox.visit.now)
            fate["rejects"] = _noted(path, parsed.rejected, inbox)
    except BROKEN as problem:
        told = broken(inbox.visit, path.name, problem)
        inbox.parsed.rejected.extend(told.rejected)
        rows = told.rejected[1:]
        fate |= {"to": FAILED, "reason": told.rejected[0].reason}
        fate["row"] = f"line {rows[0].line}: {rows[0].reason}" if rows else ""
        fate["rejects"] = _noted(path, rows, inbox)
    inbox.taken[path.name] = fate


def _noted(path: Path, rejects: Iterable[Reject], inbox: _Folder) -> bool:
    """Write refused rows where they wait for their file to be moved."""
    several = list(rejects)
    if not several:
        return False
    try:
        with _hidden(path).open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("line", "field", "reason", "raw"))
            table.writerows(
                (one.line, one.field or "", _harmless(one.reason), _harmless(one.raw))
                for one in several
            )
    except OSError as problem:
        inbox.tell(path.name, f"its refused rows could not be written: {problem.strerror}")
        return False
    return True


def _hidden(path: Path) -> Path:
    return path.parent / f".{path.name}.rejects.csv"


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _put_away(path: Path, fate: Mapping[str, Any], inbox: _Folder) -> None:
    """Move a file whose facts were kept, with what there is to say about it."""
    try:
        folder = path.parent / fate["to"]
        if folder.is_symlink():
            raise OSError(0, "the folder is a link")  # noqa: TRY301 - told like any other
        folder.mkdir(exist_ok=True)
        goal = _free(folder, path.name, inbox.visit.now)
        path.rename(goal)
        if _look(goal) != fate["look"]:  # it was replaced at the very last moment
            goal.rename(path)
            return
        if fate.get("rejects"):
            with suppress(FileNotFoundError):
                _hidden(path).rename(goal.with_name(goal.name + ".rejects.csv"))
        if fate["to"] == FAILED:
            said = _explained(path, fate, inbox)
            goal.with_name(goal.name + ".reason.txt").write_text(said, encoding="utf-8")
    except OSError as problem:
        if not fate.get("told"):
            said = problem.strerror or str(problem)
            inbox.tell(path.name, f"it could not be moved to {fate['to']}/: {said}")
        inbox.taken[path.name] = {**fate, "told": True}


def _free(folder: Path, name: str, now: datetime) -> Path:
    """Return a name that is not taken yet: with the time, and then a number."""
    path = folder / name
    stamp, number = f"{now:%Y%m%dT%H%M%SZ}", 1
    while os.path.lexists(path):
        beside = stamp if number == 1 else f"{stamp}-{number}"
        path = folder / f"{Path(name).stem}.{beside}{Path(name).suffix}"
        number += 1
    return path


def _explained(path: Path, fate: Mapping[str, Any], inbox: _Folder) -> str:
    feed = inbox.visit.feed
    row = f"First refused row: {fate['row']}\n" if fate.get("row") else ""
    return (
        f"Feed: {feed.id} ({feed.name or feed.kind})\n"
        f"File: {path.name}\n"
        f"When: {inbox.visit.now:%Y-%m-%d %H:%M:%S} UTC\n"
        f"Reason: {fate['reason'].removeprefix(path.name + ': ')}\n"
        f"{row}"
        "Nothing of this file was taken over.\n"
        f"To try again: put right the file, or the mapping of the feed in the city pack, and move\n"
        f"the file back into the folder {path.parent.name!r}.\n"
    )
