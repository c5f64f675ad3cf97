"""Refused rows of files once more: each format writes its raw text in a way that it can read."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from feeds import dressed, geojson, records, typed
from feeds.cells import objects
from feeds.decode import RAW_LIMIT
from feeds.file_options import Options
from feeds.melt import needed, spread
from feeds.pointed import Found
from feeds.tabular import Refused, Table, cut, places_of
from model import Feed, Reject

_BROKEN = (ValueError, LookupError, TypeError, AttributeError)


def tables(
    rejects: Sequence[Reject], options: Options, feed: Feed
) -> tuple[Iterator[Table], int, list[Reject]]:
    """Return refused rows as tables, the line of their files' first row, and what stays refused.

    Rows that share a file are read together. What was cut off, and whole files, stay refused.
    """
    groups: dict[str, list[Reject]] = {}
    refused: list[Reject] = []
    first = 1
    for one in records.once(rejects):
        if one.line and one.context and len(one.raw.encode()) < RAW_LIMIT - len("…"):
            groups.setdefault(one.context, []).append(one)
        else:
            refused.append(one)
    made: list[Table] = []
    for context, several in groups.items():
        try:
            known = json.loads(context)
            made.append(_table(several, known, context, options, feed))
            first = known.get("first", first)
        except _BROKEN:
            made.extend(_one_by_one(several, context, options, feed, refused))
    gone = {records.row_of(one) for one in refused}
    return iter(made), first, [one for one in rejects if records.row_of(one) in gone]


def _one_by_one(
    several: Sequence[Reject], context: str, options: Options, feed: Feed, refused: list[Reject]
) -> Iterator[Table]:
    """Read rows alone, where one of them spoils it for the others."""
    for one in several:
        try:
            yield _table([one], json.loads(context), context, options, feed)
        except _BROKEN:
            refused.append(one)


def _table(
    several: Sequence[Reject], known: Any, context: str, options: Options, feed: Feed
) -> Table:
    lines = [one.line for one in several]
    wanted = None if spread(options) else needed(options)
    raws = [one.raw for one in several]
    match known["format"]:
        case "csv":
            found = _csv(raws, known, options, wanted)
        case "typed":
            names, rows, shapes = typed.again(raws)
            drawn = shapes if any(shape is not None for shape in shapes) else None
            numbers = range(1, len(rows) + 1)
            found = typed.table(names, numbers, rows, wanted, drawn)
        case "geojson":
            features = [json.loads(raw) for raw in raws]
            every = {name for one in features for name in one.get("properties") or ()}
            found = geojson.table(features, wanted or every, known.get("crs"))
        case _:
            around = known["around"]
            rows = [dressed.row_again(raw, around, n) for n, raw in enumerate(raws, 1)]
            ready = dressed.ready(Found(rows, {}), options, options, feed)
            every_name = records.names(ready) if spread(options) else ()
            found = records.table(ready[:], options, 1, every_name)
    return records.renumbered(found, lines, context)


def _csv(raws: Sequence[str], known: Any, options: Options, wanted: frozenset[str] | None) -> Table:
    """Cut raw lines again, by the mended options where they changed."""
    names = tuple(options.header) if isinstance(options.header, tuple) else tuple(known["names"])
    separator = options.separator or known["separator"]
    rows = [cut(raw, separator) for raw in raws]
    refused = [
        Refused(number, f"{len(row)} fields where the header has {len(names)}", raw)
        for number, (row, raw) in enumerate(zip(rows, raws, strict=True), 1)
        if not _fits(row, len(names), options)
    ]
    kept = [n for n, row in enumerate(rows) if _fits(row, len(names), options)]
    columns = {
        name: objects([_field(rows[n], place) for n in kept])
        for name, place in places_of(names, wanted).items()
    }
    sources = [raws[n] for n in kept]
    lines = np.array(kept, dtype=np.int64) + 1
    return Table(columns, lines, sources, np.arange(len(kept)), refused, names)


def _fits(row: Sequence[str], width: int, options: Options) -> bool:
    is_short = len(row) < width and options.short_rows != "blank"
    return not is_short and not any(cell.strip() for cell in row[width:])


def _field(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
