"""CSV text to columns, with the true line of every row. No dates, no numbers here."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feeds.cells import Cells, objects, tidy
from feeds.decode import raw as shortened
from feeds.lines import Lines, Spans

PIECE = 10_000  # rows that are held as text at once
SEPARATORS = ",;\t|"
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
    context: str = ""  # what is needed beside the raw text to read a row again

    def __len__(self) -> int:
        return len(self.lines)

    def raw(self, row: int) -> str:
        """Return the raw text of a row, at most 16 kB."""
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
    are called 1, 2, 3 … ``skip`` counts physical lines before it, ``skip_after`` rows behind it
    that are no data (units). With ``pads`` a row that ends early has blank fields instead of being
    refused. ``separator`` is told by the header where it is ``None``.
    """

    separator: str | None = None
    header: bool | Sequence[str] = True
    skip: int = 0
    skip_after: int = 0
    pads: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself before its rows."""

    names: tuple[str, ...]
    separator: str


def read(
    content: str, shape: Shape | None = None, *, wanted: frozenset[str] | None = None
) -> Table:
    """Cut CSV text into columns; only the ``wanted`` ones are kept, all when ``None``.

    Raises:
        ValueError: if there is no header, or a wanted column appears twice.

    """
    lines = Lines(content.encode(errors="replace"))
    (table,) = pieces(lines, shape or Shape(), wanted=wanted, n_rows=len(lines) + 1)
    return table


def pieces(
    lines: Lines, shape: Shape, *, wanted: frozenset[str] | None = None, n_rows: int = PIECE
) -> Iterator[Table]:
    """Yield a file as tables of at most so many rows; at least one, though it be empty.

    Raises:
        ValueError: if there is no header, or a wanted column appears twice.

    """
    head = head_of(lines, shape, wanted or frozenset())
    refused: list[Refused] = []
    rows = _rows(lines, shape.skip, head.separator, refused)
    given = (1 if shape.header is True else 0) + shape.skip_after
    rows = islice(rows, given, None)
    places = places_of(head.names, wanted)
    width = len(head.names)
    whole = (_padded(row, width) for row in rows) if shape.pads else rows
    good = (row for row in whole if _fits(row, width, lines, refused))
    is_first = True
    while True:
        several = list(islice(good, n_rows))
        if several or refused or is_first:
            yield _table(several, head, places, lines, refused)
        if len(several) < n_rows:
            return
        refused.clear()  # the rows are cut while they are asked for, into the same list
        is_first = False


def head_of(lines: Lines, shape: Shape, wanted: frozenset[str] = frozenset()) -> Head:
    """Return the names of the columns, and what separates them.

    An undeclared separator is the one that gives most of the wanted columns, else most columns.

    Raises:
        ValueError: if the file holds no row.

    """
    if shape.separator is not None:
        return Head(_names(lines, shape, shape.separator), shape.separator)
    heads = [Head(_names(lines, shape, one), one) for one in SEPARATORS]
    if not isinstance(shape.header, bool):
        width = len(shape.header)
        return max(heads, key=lambda head: _first_width(lines, shape, head) == width)
    return max(heads, key=lambda head: (len(wanted & set(head.names)), _size(head, wanted)))


def cut(raw: str, separator: str) -> list[str]:
    """Cut the raw text of one record into fields."""
    rows = list(csv.reader(raw.splitlines(keepends=True), delimiter=separator))
    return rows[0] if rows else []


def _size(head: Head, wanted: frozenset[str]) -> int:
    return 0 if wanted else len(head.names)


def _first(lines: Lines, skip: int, separator: str) -> Row:
    first = next(_rows(lines, skip, separator, []), None)
    if first is None:
        raise ValueError("the file holds no row")
    return first


def _first_width(lines: Lines, shape: Shape, head: Head) -> int:
    return len(_first(lines, shape.skip, head.separator).fields)


def _names(lines: Lines, shape: Shape, separator: str) -> tuple[str, ...]:
    if not isinstance(shape.header, bool):
        return tuple(tidy(name) for name in shape.header)
    first = _first(lines, shape.skip, separator)
    if shape.header:
        return tuple(tidy(name) for name in first.fields)
    return tuple(str(n) for n in range(1, len(first.fields) + 1))


def places_of(names: Sequence[str], wanted: frozenset[str] | None) -> dict[str, int]:
    """Return where each wanted column stands; a second one of a name is ``name#2``.

    Raises:
        ValueError: if a wanted name stands twice.

    """
    count, seen = Counter(names), Counter[str]()
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        seen[name] += 1
        if not name and wanted is None:
            continue
        if (wanted is None or name in wanted) and count[name] > 1:
            raise ValueError(
                f"column {name!r} appears twice: say {name + '#1'!r} or {name + '#2'!r}"
            )
        numbered = f"{name}#{seen[name]}"
        if wanted is None or name in wanted:
            found[name] = place
        elif numbered in wanted:
            found[numbered] = place
    return found


def _table(
    rows: list[Row],
    head: Head,
    places: dict[str, int],
    lines: Lines,
    refused: list[Refused],
) -> Table:
    columns = {
        name: objects([row.fields[place].strip() for row in rows]) for name, place in places.items()
    }
    numbers = np.fromiter((row.start + 1 for row in rows), dtype=np.int64, count=len(rows))
    sources = Spans(lines, [(row.start, row.end) for row in rows])
    origin = np.arange(len(rows), dtype=np.int64)
    return Table(columns, numbers, sources, origin, list(refused), head.names)


def _rows(lines: Lines, at: int, separator: str, refused: list[Refused]) -> Iterator[Row]:
    """Yield the records that are not blank; an unclosed quote costs its own line only."""
    resyncs = 0
    while at < len(lines):
        broken = None
        for row in _run(lines, at, separator):
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


def _run(lines: Lines, at: int, separator: str) -> Iterator[Row | int]:
    """Yield records from a line on; a line number where a quote opens and never closes."""
    reader = csv.reader(lines.starting(at), delimiter=separator)
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


def _is_open(lines: Lines, start: int, end: int) -> bool:
    return lines.span(start, end).count('"') % 2 == 1


def _padded(row: Row, width: int) -> Row:
    return Row(row.fields + [""] * (width - len(row.fields)), row.start, row.end)


def _fits(row: Row, width: int, lines: Lines, refused: list[Refused]) -> bool:
    n = len(row.fields)
    if n == width or (n > width and not any(cell.strip() for cell in row.fields[width:])):
        return True
    raw = shortened(lines.span(row.start, row.end).rstrip("\r\n"))
    refused.append(Refused(row.start + 1, f"{n} fields where the header has {width}", raw))
    return False
