"""Exports of proposals as CSV: only the columns that are counted are looked at."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feeds.decode import raw, text
from feeds.participation import Item
from model import Feed, Reject

_HALF = 0.5
BAD_ROW = (LookupError, ValueError, TypeError, AttributeError, OverflowError)


@dataclass(slots=True)
class Items:
    """Gathers items, and what was refused: by number, reason and the counted fields alone."""

    feed: Feed
    fetched_at: datetime
    items: list[Item] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)

    def add(self, line: int, row: Any, read: Callable[[Any], Item], shown: Iterable[str]) -> None:
        """Read one row; of one that is refused only the ``shown`` fields are kept."""
        try:
            self.items.append(read(row))
        except BAD_ROW as problem:
            reason = str(problem) if isinstance(problem, ValueError) else repr(problem)
            kept = {key: row.get(key) for key in shown} if isinstance(row, Mapping) else None
            self.rejected.append(
                Reject(
                    feed_id=self.feed.id,
                    line=line,
                    reason=reason[:200],
                    raw=raw(kept),
                    at=self.fetched_at,
                )
            )

    def check(self) -> None:
        """Refuse a whole of which more than half was refused.

        Raises:
            ValueError: with the first reason.

        """
        total = len(self.items) + len(self.rejected)
        if len(self.rejected) > _HALF * total:
            first = self.rejected[0]
            said = f"{len(self.rejected)} of {total} rows refused; row {first.line}: {first.reason}"
            raise ValueError(said)


def rows(body: bytes, needed: Iterable[str]) -> Iterable[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with a header, with their lines.

    The separator is the one that the header has most of. A row with another number of cells than
    the header is yielded with the cells that it has.

    Raises:
        ValueError: if a needed column is missing, or the file is cut off inside a field.

    """
    said = text(body).replace("\x00", "")
    header = said.partition("\n")[0]
    reader = csv.reader(io.StringIO(said), delimiter=max(",;\t", key=header.count), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        for name in needed:
            if name not in names:
                raise ValueError(f"no column {name!r}; there are {', '.join(names[:20])}")
        for cells in reader:
            if any(cells):
                whole = cells if len(cells) == len(names) else []
                yield reader.line_num, dict(zip(names, map(str.strip, whole), strict=False))
    except csv.Error as problem:
        raise ValueError(f"line {reader.line_num}: {problem}") from problem
