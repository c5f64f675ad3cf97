"""JSON rows to the same table as CSV, and from there to facts by the declared mapping.

A column is the name of a member, a path such as ``location.human_address`` or a JSON pointer
(RFC 6901) such as ``/location/coordinates/1``. Nested values are kept as JSON text.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Named
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import Field

from feeds.cells import objects
from feeds.columns import Mapping
from feeds.decode import raw
from feeds.errors import FeedError
from feeds.extract import Extract
from feeds.melt import melt, needed, rows_at_once, spread
from feeds.options import KindOptions
from feeds.rawtext import NOTHING, Dumped, written
from feeds.rows import Places, facts
from feeds.tabular import Refused, Table
from model import Feed, Parsed, Reject

DRAWN = ("@lat", "@lon", "@wkt")  # members that a kind adds to a row: where it is


class MappedOptions(KindOptions, Mapping):
    """The options of a kind whose rows are mapped by ``[feeds.columns]``."""

    quarantine_limit: float = Field(default=0.5, ge=0, le=1)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return [*KindOptions.problems(self, feed), *Mapping.problems(self, feed)]


def parse_rows(  # noqa: PLR0913 - two of them are options
    rows: Sequence[Any],
    feed: Feed,
    options: MappedOptions,
    fetched_at: datetime,
    *,
    first: int = 1,
    places: Places | None = None,
) -> Parsed:
    """Return the facts of JSON rows, in units at rest and UTC, and the refused rows.

    Args:
        rows: JSON objects; anything else among them is refused, a ``Refused`` for its reason.
        feed: gives its id, zone and what it gives.
        options: the mapping.
        fetched_at: when they were read.
        first: the number of the first row.
        places: latitude and longitude by site, where rows have none.

    Raises:
        ValueError: if a mapped column stands in no row at all.
        FeedError: if more rows than ``quarantine_limit`` were refused.

    """
    tables = pieces(rows, options, first)
    return collect(tables, feed, options, fetched_at, first=first, places=places)


def collect(  # noqa: PLR0913 - two of them are options
    tables: Iterable[Table],
    feed: Feed,
    options: MappedOptions,
    fetched_at: datetime,
    *,
    first: int = 1,
    places: Places | None = None,
) -> Parsed:
    """Return the facts of tables, the pieces of one body, and their refused rows.

    Raises:
        FeedError: if more rows than ``quarantine_limit`` were refused.

    """
    parsed = Parsed()
    above: dict[str, str] = {}
    for piece in tables:
        table_ = melt(piece, options)
        extract = Extract(table_, options, feed.timezone, first, above=above)
        above = extract.below
        parsed.accepted.extend(facts(extract, feed, fetched_at, places or {}))
        parsed.rejected.extend(extract.rejects(feed.id, fetched_at))
    refuse_all(feed, options.quarantine_limit, len(parsed.accepted), parsed.rejected)
    return parsed


def pieces(rows: Sequence[Any], options: Mapping, first: int = 1) -> Iterator[Table]:
    """Yield JSON objects as tables of some thousand rows; a row's number is its line.

    Raises:
        ValueError: if a mapped column stands in no row at all.

    """
    every = names(rows) if spread(options) else ()
    count = rows_at_once(options, len(every))
    absent: set[str] | None = None
    for start in range(0, max(len(rows), 1), count):
        piece = table(rows[start : start + count], options, first + start, every)
        missing = _absent(piece, options)
        absent = missing if absent is None else absent & missing
        yield piece
    if absent and len(rows):
        known = ", ".join(repr(one) for one in piece.names[:12])
        raise ValueError(f"no column {min(absent)!r} in any row; there are {known}")


def names(rows: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of all members of rows."""
    return tuple(dict.fromkeys(str(name) for row in rows if isinstance(row, Named) for name in row))


def _absent(piece: Table, options: Mapping) -> set[str]:
    """Return the columns that no row of a piece has, though no fact can be without them."""
    if not len(piece):
        return set()
    rows = piece.sources.rows if isinstance(piece.sources, Dumped) else ()
    return {name for name in _required(options) if all(value(row, name) is NOTHING for row in rows)}


def table(
    rows: Sequence[Any], options: Mapping, first: int = 1, every: Sequence[str] = ()
) -> Table:
    """Return JSON objects as columns of text; a row's number is its line.

    Args:
        rows: JSON objects; others are refused.
        options: says which columns are needed.
        first: the number of the first row.
        every: the names of all columns, where all are melted.

    """
    kept = [(n, row) for n, row in enumerate(rows, first) if isinstance(row, Named)]
    refused = [
        row if isinstance(row, Refused) else Refused(n, "the row is no JSON object", raw(row))
        for n, row in enumerate(rows, first)
        if not isinstance(row, Named)
    ]
    found = [row for _, row in kept]
    known = tuple(name for name in every or names(found) if name not in DRAWN)
    wanted = known if spread(options) else tuple(sorted(needed(options)))
    columns = {name: objects([written(value(row, name)) for row in found]) for name in wanted}
    columns |= _drawn(found)
    lines = np.array([n for n, _ in kept], dtype=np.int64)
    origin = np.arange(len(kept), dtype=np.int64)
    return Table(columns, lines, Dumped(found), origin, refused, known)


def _drawn(rows: Sequence[Any]) -> dict[str, Any]:
    """Return the columns of places, where a kind has put them into its rows."""
    return {
        name: objects([row.get(name) for row in rows])
        for name in DRAWN
        if any(name in row for row in rows)
    }


def _required(options: Mapping) -> frozenset[str]:
    """A column that no row has is an error only where a fact cannot be without it."""
    must = ("site_id", "observed_at", "case_id", "opened_at", "notice_id", "headline", "effective")
    return frozenset(
        name for key in must if (spec := options.columns.get(key)) for name in spec.columns
    )


def value(row: Any, name: str) -> Any:
    """Return a member by name, by dotted path or by JSON pointer; a marker where there is none."""
    if isinstance(row, Named) and name in row:
        return row[name]
    if name.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in name[1:].split("/")]
    else:
        parts = name.split(".")
        if len(parts) == 1:
            return NOTHING
    for part in parts:
        row = _step(row, part)
    return row


def at(row: Any, name: str) -> Any:
    """Return a member as :func:`value` does, ``None`` where there is none."""
    found = value(row, name)
    return None if found is NOTHING else found


def _step(row: Any, part: str) -> Any:
    if isinstance(row, Named):
        return row.get(part, NOTHING)
    if isinstance(row, list) and part.isdigit() and int(part) < len(row):
        return row[int(part)]
    return NOTHING


def refuse_all(feed: Feed, limit: float, n_good: int, rejected: list[Reject]) -> None:
    """Refuse a whole body of which too much was refused: the mapping no longer fits it.

    Raises:
        FeedError: naming the most common reason, with all refused rows.

    """
    total = n_good + len(rejected)
    if not rejected or len(rejected) <= limit * total:
        return
    reason, count = Counter(item.reason for item in rejected).most_common(1)[0]
    example = next(item for item in rejected if item.reason == reason)
    raise FeedError(
        feed.id,
        f"{len(rejected)} of {total} rows refused, more than the quarantine_limit of"
        f" {limit:.0%}; {count} times as in line {example.line}: {reason}",
        permanent=True,
        rejects=tuple(rejected),
    )


def once(rejects: Iterable[Reject]) -> list[Reject]:
    """Return one of the rejects that share a row, as the cells of a wide table do."""
    return list({row_of(one): one for one in rejects}.values())


def row_of(one: Reject) -> tuple[str, int, str]:
    """Return what tells the row of a reject apart from others."""
    return one.context, one.line, one.raw


def tables_again(
    rows: Sequence[Any], rejects: Sequence[Reject], options: Mapping
) -> Iterator[Table]:
    """Yield JSON rows that were refused as tables, each with the line at which it stood.

    Args:
        rows: what was made of the raw texts.
        rejects: where each of them comes from.
        options: the mended mapping.

    """
    contexts: dict[str, list[int]] = {}
    for place, one in enumerate(rejects):
        contexts.setdefault(one.context, []).append(place)
    for context, places in contexts.items():
        several = [rows[place] for place in places]
        every = names(several) if spread(options) else ()
        lines = [rejects[place].line for place in places]
        yield renumbered(table(several, options, 1, every), lines, context)


def renumbered(piece: Table, lines: Sequence[int], context: str) -> Table:
    """Return a table whose rows 1, 2, 3 … stood at these lines."""
    refused = [replace(one, line=lines[one.line - 1]) for one in piece.refused]
    numbers = np.array([lines[n - 1] for n in piece.lines.tolist()], dtype=np.int64)
    return replace(piece, lines=numbers, refused=refused, context=context)


def rows_again(rejects: Sequence[Reject]) -> list[Any]:
    """Return the rows that refused ones were made of; what is cut off or no JSON stays refused.

    Raises:
        ValueError: naming the first row that cannot be read.

    """
    return [json.loads(one.raw) for one in rejects]
