"""Rows of JSON as a mapping needs them: with a place, with their name, or bare."""

import json
from collections.abc import Sequence
from typing import Any

from feeds import nested, records
from feeds.columns import Mapping
from feeds.decode import raw
from feeds.lazy import Lazy
from feeds.located import place
from feeds.melt import needed, spread
from feeds.nested import Nested
from feeds.pointed import Found, Items, Matrix, RowsOptions, under
from feeds.tabular import Refused
from model import Feed

_BROKEN = (AttributeError, ValueError, TypeError, LookupError, RecursionError)


class Placed(Lazy):
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


class Keyed(Lazy):
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


class Bare(Lazy):
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


def around(found: Found) -> dict[str, Any]:
    """Return what is needed beside its raw text to read a row again, as far as it is small."""
    kept = {"root": nested.small(found.root), "names": found.names}
    return {name: value for name, value in kept.items() if value}


def row_again(raw_text: str, known: dict[str, Any], number: int) -> Any:
    """Return the row that a refused one was.

    Raises:
        ValueError: if its text was cut off.

    """
    said, root = json.loads(raw_text), known.get("root", {})
    if known.get("names") and isinstance(said, list):
        return under(known["names"], said, root, number)
    return nested.again(said, root)


def ready(found: Found, options: RowsOptions, mapping: Mapping, feed: Feed) -> Sequence[Any]:
    """Return rows as the mapping needs them: with their place, or bare where that is enough."""
    rows = found.rows if options.key_as is None else Keyed(found.rows, options.key_as)
    if options.location is not None:
        return Placed(rows, options.location, feed, 1)
    is_bare = isinstance(rows, Items | Matrix) and not spread(mapping)
    return Bare(rows) if is_bare and not any(map(nested.is_special, needed(mapping))) else rows
