"""Where the rows of a JSON document stand: pointers, tables of arrays, lines. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, overload

from pydantic import BaseModel, ConfigDict, field_validator

from feeds import nested, records, scan
from feeds.cells import tidy
from feeds.columns import Mapping
from feeds.decode import raw
from feeds.located import place
from feeds.melt import needed, spread
from feeds.nested import Nested
from feeds.tabular import Refused
from model import Feed

_NAMES = ("name", "id", "field", "fieldName", "label", "key")
_BROKEN = (AttributeError, ValueError, TypeError, LookupError, RecursionError)


class RowsOptions(BaseModel):
    """Where rows stand in a JSON document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: str = ""
    key_as: str | None = None
    matrix: str | None = None  # where the names of the columns of rows that are arrays stand
    columnar: bool = False
    lines: bool | None = None
    location: str | None = None

    @field_validator("rows", "matrix")
    @classmethod
    def _is_pointer(cls, pointer: str | None) -> str | None:
        if pointer and not pointer.startswith("/"):
            raise ValueError(f"{pointer!r} is no JSON pointer: it begins with a slash")
        return pointer

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of ``rows``."""
        return parts(self.rows)


def parts(pointer: str) -> tuple[str, ...]:
    """Return the parts of a JSON pointer (RFC 6901)."""
    cut = pointer.split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in cut)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a document, and the document around them."""

    rows: Sequence[Any]
    root: Any
    names: tuple[str, ...] = ()  # of a matrix


def find(text: str, options: RowsOptions, *, is_lines: bool = False) -> Found:
    """Return the rows of a JSON text, as :class:`feeds.nested.Nested` or ``Refused``.

    Raises:
        ValueError: if it is no JSON, or no rows stand where they should.

    """
    if options.lines or (options.lines is None and is_lines):
        return _of_lines(text, options)
    fixed, rest = _until_wild(options.path)
    place_ = scan.find(text, fixed)
    root = place_.envelope
    if place_.rows is None:
        if place_.value is None:
            return Found([], root)
        raise ValueError(f"at {options.rows or '/'} stands {raw(place_.value)[:40]!r}, no rows")
    if options.columnar:
        return Found(_turned(place_, root), root)
    if place_.keys is not None and not (rest or options.key_as):
        whole = dict(zip(place_.keys, place_.rows, strict=True))
        return Found([Nested(whole, root=root)], root)
    if options.matrix is not None:
        names = _header(options.matrix, root)
        return Found(Matrix(place_.rows, names, root), root, names)
    items = Items(place_.rows, place_.keys, root)
    return Found(Below(items, rest[1:]) if rest[1:] else items, root)


def _of_lines(text: str, options: RowsOptions) -> Found:
    items = Items(scan.one_by_one(text), None, {})
    return Found(Below(items, options.path, is_root=True) if options.path else items, {})


def _until_wild(path: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut a path before its first ``*``."""
    at = path.index("*") if "*" in path else len(path)
    return path[:at], path[at:]


def _header(pointer: str, root: Any) -> tuple[str, ...]:
    listed = records.value(root, pointer)
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"no names of columns stand at {pointer}")
    return tuple(tidy(_name(one)) for one in listed)


def _name(one: Any) -> str:
    if isinstance(one, dict):
        return str(next((one[key] for key in _NAMES if one.get(key)), ""))
    return str(one)


def _turned(found: scan.Place, root: Any) -> list[Nested]:
    """Return the rows of an object of arrays, one row per place in them."""
    keys, rows = found.keys or (), found.rows or ()
    arrays = {key: one for key, one in zip(keys, rows, strict=False) if isinstance(one, list)}
    if not arrays:
        raise ValueError("no arrays stand where the columns should")
    lengths = {len(one) for one in arrays.values()}
    if len(lengths) > 1:
        raise ValueError(f"the columns are of unequal length: {sorted(lengths)}")
    names = tuple(arrays)
    cut = zip(*arrays.values(), strict=True)
    return [Nested(dict(zip(names, one, strict=True)), root=root) for one in cut]


class _Lazy(Sequence[Any]):
    """A sequence made piece by piece."""

    def _made(self, start: int, stop: int) -> list[Any]:
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return self._made(start, stop)
        (one,) = self._made(at, at + 1)
        return one

    def __iter__(self) -> Iterator[Any]:
        return (self[n] for n in range(len(self)))


class Items(_Lazy):
    """What stands in an array or an object, each with what stands around it."""

    def __init__(self, rows: scan.Scanned, keys: list[str] | None, root: Any) -> None:
        self._rows, self._keys, self._root = rows, keys, root

    def __len__(self) -> int:
        return len(self._rows)

    def _made(self, start: int, stop: int) -> list[Any]:
        keys: Sequence[str | int] = self._keys[start:stop] if self._keys else range(start, stop)
        return [
            one if isinstance(one, Refused) else Nested(one, key=key, root=self._root)
            for key, one in zip(keys, self._rows[start:stop], strict=True)
        ]


class Matrix(_Lazy):
    """Rows that are arrays, under one header."""

    def __init__(self, rows: scan.Scanned, names: tuple[str, ...], root: Any) -> None:
        self._rows, self._names, self._root = rows, names, root

    def __len__(self) -> int:
        return len(self._rows)

    def _made(self, start: int, stop: int) -> list[Any]:
        rows = enumerate(self._rows[start:stop], start + 1)
        return [under(self._names, one, self._root, number) for number, one in rows]


def under(names: Sequence[str], one: Any, root: Any, number: int) -> Nested | Refused:
    """Return an array as a row of a matrix."""
    if not isinstance(one, list):
        return Refused(number, "the row is no array", raw(one))
    if len(one) != len(names):
        said = f"{len(one)} values where the header has {len(names)}"
        return Refused(number, said, raw(one))
    return Nested(dict(zip(names, one, strict=True)), root=root)


class Below(_Lazy):
    """The rows below others; how many stand below each is counted once."""

    def __init__(self, above: Items, path: Sequence[str], *, is_root: bool = False) -> None:
        self._above, self._path, self._is_root = above, tuple(path), is_root
        counts = (len(self._of(one)) for one in above)
        self._ends = list(accumulate(counts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _of(self, one: Any) -> list[Any]:
        if isinstance(one, Refused):
            return [one]
        if self._is_root:
            one = Nested(one.own, root=one.own)
        return [*nested.below(one, self._path)]

    def _made(self, start: int, stop: int) -> list[Any]:
        found: list[Any] = []
        at = bisect_right(self._ends, start)
        before = self._ends[at - 1] if at else 0
        while before + len(found) < stop and at < len(self._above):
            found.extend(self._of(self._above[at]))
            at += 1
        return found[start - before : stop - before]


class Placed(_Lazy):
    """Rows with the place that one of their members tells."""

    def __init__(self, rows: Sequence[Any], column: str, feed: Feed, first: int) -> None:
        self._rows, self._column, self._first = rows, column, first
        self._names = records.DRAWN if feed.gives == "notice" else records.DRAWN[:2]

    def __len__(self) -> int:
        return len(self._rows)

    def _made(self, start: int, stop: int) -> list[Any]:
        rows = enumerate(self._rows[start:stop], self._first + start)
        return [self._placed(row, line) for line, row in rows]

    def _placed(self, row: Any, line: int) -> Any:
        if isinstance(row, Refused):
            return row
        try:
            found = place(records.at(row, self._column))
        except _BROKEN as problem:
            return Refused(line, f"{self._column}: {problem}"[:200], raw(row.plain()))
        extra = {**row.extra, **dict(zip(self._names, found, strict=False))}
        return Nested(row.own, key=row.key, above=row.above, root=row.root, extra=extra)


class Keyed(_Lazy):
    """Rows with the name under which they stand as a column of its own."""

    def __init__(self, rows: Sequence[Any], column: str) -> None:
        self._rows, self._column = rows, column

    def __len__(self) -> int:
        return len(self._rows)

    def _made(self, start: int, stop: int) -> list[Any]:
        return [self._keyed(row) for row in self._rows[start:stop]]

    def _keyed(self, row: Any) -> Any:
        if isinstance(row, Refused):
            return row
        extra = {self._column: row.key}
        return Nested(row.own, key=row.key, above=row.above, root=row.root, extra=extra)


class Bare(_Lazy):
    """Rows as plain objects, where the mapping asks for nothing around them."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def _made(self, start: int, stop: int) -> list[Any]:
        return [
            one.own if isinstance(one, Nested) and isinstance(one.own, dict) else one
            for one in self._rows[start:stop]
        ]


def ready(found: Found, options: RowsOptions, mapping: Mapping, feed: Feed) -> Sequence[Any]:
    """Return rows as the mapping needs them: with their place, or bare where that is enough."""
    rows = found.rows if options.key_as is None else Keyed(found.rows, options.key_as)
    if options.location is not None:
        return Placed(rows, options.location, feed, 1)
    is_bare = isinstance(rows, Items | Matrix) and not spread(mapping)
    return Bare(rows) if is_bare and not any(map(nested.is_special, needed(mapping))) else rows
