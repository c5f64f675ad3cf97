"""CSV text to columns, with the true line of every row. No dates, no numbers here."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.cells import Cells, objects
from feeds.decode import raw as shortened

_MAX_RESYNCS = 100
_SUGGESTED = 8

csv.field_size_limit(1_000_000)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that could not even be cut into fields."""

    line: int
    reason: str
    raw: str


@dataclass(slots=True)
class Table:
    """Columns of stripped text, shape (n,) each; ``lines`` are 1-based, the header is line 1.

    ``sources`` maps a row to its raw text: several rows share one after melting.
    """

    columns: dict[str, Cells]
    lines: NDArray[np.int64]
    sources: Sequence[str]
    origin: NDArray[np.int64]
    refused: list[Refused] = field(default_factory=list)
    names: tuple[str, ...] = ()  # all columns of the file, wanted or not

    def __len__(self) -> int:
        return len(self.lines)

    def raw(self, row: int) -> str:
        """Return the raw text of a row, at most 2 kB."""
        return shortened(self.sources[int(self.origin[row])].rstrip("\r\n"))

    def cells(self, name: str) -> Cells:
        """Return a column; ``ValueError`` that says which columns there are."""
        if name not in self.columns:
            known = self.names or tuple(self.columns)
            some = ", ".join(repr(item) for item in known[:_SUGGESTED])
            more = ", …" if len(known) > _SUGGESTED else ""
            raise ValueError(f"no column {name!r}; there are {some}{more}")
        return self.columns[name]


class Row(NamedTuple):
    """One record: its fields and the physical lines that it spans (0-based, end exclusive)."""

    fields: list[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a file is laid out.

    ``header`` says whether the first row names the columns, or gives their names; without one they
    are called 1, 2, 3 … ``skip`` counts physical lines before it. With ``pads`` a row that ends
    early has blank fields instead of being refused.
    """

    separator: str = ","
    header: bool | Sequence[str] = True
    skip: int = 0
    pads: bool = False


def read(
    content: str, shape: Shape | None = None, *, wanted: frozenset[str] | None = None
) -> Table:
    """Cut CSV text into columns; only the ``wanted`` ones are kept, all when ``None``.

    Raises:
        ValueError: if there is no header, or a wanted column appears twice.

    """
    shape = shape or Shape()
    lines = list(io.StringIO(content, newline=""))
    refused: list[Refused] = []
    rows = _rows(lines, shape, refused)
    names = _names(rows, shape.header)
    if isinstance(names, Row):  # no header: the first row is a record too
        first, names = names, [str(n) for n in range(1, len(names.fields) + 1)]
        rows = _before(first, rows)
    whole = (_padded(row, len(names)) for row in rows) if shape.pads else rows
    good = [row for row in whole if _fits(row, len(names), lines, refused)]
    columns = _columns(names, good, wanted)
    numbers = np.fromiter((row.start + 1 for row in good), dtype=np.int64, count=len(good))
    sources = ["".join(lines[row.start : row.end]) for row in good]
    origin = np.arange(len(good), dtype=np.int64)
    return Table(columns, numbers, sources, origin, refused, tuple(names))


def _names(rows: Iterator[Row], header: bool | Sequence[str]) -> list[str] | Row:  # noqa: FBT001 - an option of the pack
    if not isinstance(header, bool):
        return list(header)
    first = next(rows, None)
    if first is None:
        raise ValueError("the file holds no row")
    return [name.strip() for name in first.fields] if header else first


def _before(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _rows(lines: list[str], shape: Shape, refused: list[Refused]) -> Iterator[Row]:
    """Yield the records that are not blank; an unclosed quote costs its own line only."""
    at, resyncs = shape.skip, 0
    while at < len(lines):
        broken = None
        for row in _run(lines, at, shape.separator):
            if isinstance(row, int):
                broken = row
                break
            if "".join(row.fields).strip():
                yield row
        if broken is None:
            return
        refused.append(Refused(broken + 1, "a quote that never closes", shortened(lines[broken])))
        at, resyncs = broken + 1, resyncs + 1
        if resyncs > _MAX_RESYNCS:
            raise ValueError(f"more than {_MAX_RESYNCS} lines with a quote that never closes")


def _run(lines: list[str], at: int, separator: str) -> Iterator[Row | int]:
    """Yield records from a line on; a line number where a quote opens and never closes."""
    reader = csv.reader(islice(lines, at, None), delimiter=separator)
    start = at
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field without end
            yield start
            return
        end = at + reader.line_num
        if end == len(lines) and end - start > 1 and _is_open(lines, start, end):
            yield start
            return
        yield Row(fields, start, end)
        start = end


def _is_open(lines: list[str], start: int, end: int) -> bool:
    return sum(line.count('"') for line in lines[start:end]) % 2 == 1


def _padded(row: Row, width: int) -> Row:
    return Row(row.fields + [""] * (width - len(row.fields)), row.start, row.end)


def _fits(row: Row, width: int, lines: list[str], refused: list[Refused]) -> bool:
    n = len(row.fields)
    if n == width or (n > width and not any(cell.strip() for cell in row.fields[width:])):
        return True
    text = shortened("".join(lines[row.start : row.end]).rstrip("\r\n"))
    refused.append(Refused(row.start + 1, f"{n} fields where the header has {width}", text))
    return False


def _columns(names: list[str], rows: list[Row], wanted: frozenset[str] | None) -> dict[str, Cells]:
    columns: dict[str, Cells] = {}
    for place, name in enumerate(names):
        if wanted is not None and name not in wanted:
            continue
        if name in columns:
            raise ValueError(f"column {name!r} appears twice")
        columns[name] = objects([row.fields[place].strip() for row in rows])
    return columns
