"""Rows of a large JSON text, found once and decoded only when they are asked for.

So a body costs its text and the rows of one piece, not all of its objects at once.
"""

import json
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, overload

from feeds.decode import json_decoder, raw
from feeds.tabular import Refused

_blank = re.compile(r"[ \t\r\n]*").match
_between = re.compile(r"[\s,\x1e]*").match  # what stands between values that follow each other
_RESUME = re.compile(r"\n[ \t\x1e]*(?=[{\[])")
_SUGGESTED = 12
_decode = json_decoder().raw_decode


class Scanned(Sequence[Any]):
    """Values in a text; what is no JSON is a ``Refused`` in its place."""

    def __init__(self, text: str) -> None:
        """Begin without any value."""
        self._text = text
        self._starts, self._ends = array("q"), array("q")
        self._refused: dict[int, Refused] = {}

    def add(self, start: int, end: int) -> None:
        """Note where a value stands."""
        self._starts.append(start)
        self._ends.append(end)

    def refuse(self, start: int, end: int, reason: str) -> None:
        """Note where a value should stand."""
        self.add(start, end)
        shown = raw(self._text[start : min(end, start + 16_000)].strip())
        self._refused[len(self)] = Refused(len(self), reason, shown)

    @property
    def n_refused(self) -> int:
        """How many are no JSON."""
        return len(self._refused)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self._one(n) for n in range(*at.indices(len(self)))]
        return self._one(range(len(self))[at])

    def __iter__(self) -> Iterator[Any]:
        return (self._one(n) for n in range(len(self)))

    def _one(self, n: int) -> Any:
        return self._refused.get(n + 1) or _decode(self._text, self._starts[n])[0]


class Place(NamedTuple):
    """What a path leads to: its rows (values of an array or an object), or one value."""

    rows: Scanned | None
    keys: list[str] | None
    value: Any
    envelope: Any  # the document without them


def find(text: str, path: Sequence[str]) -> Place:
    """Find what a path leads to in one JSON document.

    Raises:
        ValueError: if it is no JSON, or nothing stands there.

    """
    scan = _Scan(text)
    start = _blank(text).end()  # type: ignore[union-attr]  # matches always
    envelope, end = scan.walk(start, tuple(path))
    end = _blank(text, end).end()  # type: ignore[union-attr]  # matches always
    if end != len(text):
        raise json.JSONDecodeError("Extra data (lines = true reads several documents)", text, end)
    if scan.found is None:
        known = list(envelope)[:_SUGGESTED] if isinstance(envelope, dict) else []
        there = "; there are " + ", ".join(repr(name) for name in known) if known else ""
        raise ValueError(f"nothing stands at /{'/'.join(path)}{there}")
    return scan.found._replace(envelope=envelope)


def one_by_one(text: str) -> Scanned:
    """Find the values of JSON lines, or of documents that follow each other.

    A value that is no JSON costs itself only: the next begins in a line with a bracket.

    Raises:
        ValueError: if none is JSON.

    """
    found, at = Scanned(text), _between(text).end()  # type: ignore[union-attr]  # matches always
    reason = "no JSON document"
    while at < len(text):
        try:
            _, end = _decode(text, at)
            found.add(at, end)
        except ValueError as problem:
            resume = _RESUME.search(text, at)
            end = resume.end() if resume else len(text)
            reason = str(problem)
            found.refuse(at, end, reason)
        at = _between(text, end).end()  # type: ignore[union-attr]  # matches always
    if len(found) == found.n_refused:
        raise ValueError(reason)
    return found


class _Scan:
    """Walks down one path of a document; what stands beside it is decoded and kept."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: Place | None = None

    def walk(self, at: int, path: tuple[str, ...]) -> tuple[Any, int]:
        """Return what stands here without the rows, and where it ends."""
        opening = self.text[at : at + 1]
        if opening == "{":
            return self._object(at, path)
        if opening == "[":
            return self._array(at, path)
        value, end = _decode(self.text, at)
        if not path:
            self.found = Place(None, None, value, None)
        return value, end

    def _object(self, at: int, path: tuple[str, ...]) -> tuple[Any, int]:
        members: dict[str, Any] = {}
        rows, keys = Scanned(self.text), list[str]()

        def member(at: int) -> int:
            key, end = _decode(self.text, at)
            if not isinstance(key, str):
                raise json.JSONDecodeError("a member without a name", self.text, at)
            at = self._next(self._after(self._next(end), ":"))
            if path and key == path[0]:
                members[key], end = self.walk(at, path[1:])
                return end
            value, end = _decode(self.text, at)
            if path:
                members[key] = value
            else:
                rows.add(at, end)
                keys.append(key)
            return end

        end = self._several(at, "}", member)
        if not path:
            self.found = Place(rows, keys, None, None)
        return members, end

    def _array(self, at: int, path: tuple[str, ...]) -> tuple[Any, int]:
        rows, items = Scanned(self.text), list[Any]()

        def item(at: int) -> int:
            if path and path[0] == str(len(items)):
                value, end = self.walk(at, path[1:])
            else:
                value, end = _decode(self.text, at)
            if path:
                items.append(value)
            else:
                rows.add(at, end)
            return end

        end = self._several(at, "]", item)
        if not path:
            self.found = Place(rows, None, None, None)
        return items, end

    def _several(self, at: int, closing: str, one: Callable[[int], int]) -> int:
        """Read what stands between brackets, and return where it ends."""
        at = self._next(at + 1)
        if self.text[at : at + 1] == closing:
            return at + 1
        while True:
            at = self._next(one(at))
            if self.text[at : at + 1] == closing:
                return at + 1
            at = self._next(self._after(at, ","))

    def _next(self, at: int) -> int:
        return _blank(self.text, at).end()  # type: ignore[union-attr]  # matches always

    def _after(self, at: int, sign: str) -> int:
        if self.text[at : at + 1] != sign:
            raise json.JSONDecodeError(f"{sign!r} is missing", self.text, at)
        return at + 1
