"""Where the rows of a JSON document stand: pointers, tables of arrays, lines. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from feeds import nested, records, scan
from feeds.cells import tidy
from feeds.decode import raw
from feeds.lazy import Lazy
from feeds.nested import Nested
from feeds.tabular import Refused

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


class Items(Lazy):
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


class Matrix(Lazy):
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


class Below(Lazy):
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
