"""XLSX: one sheet of a spreadsheet, row by row, real dates as real dates.

Quirks: the dimensions that a file tells of itself are often wrong and are not believed. Formulas
give the value that was last calculated. A cell formatted as a percentage is read as one.
"""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from feeds import packed, typed
from feeds.tabular import PIECE, Shape, Table

MAX_BOOK = 2_000_000_000  # bytes of all sheets unpacked; they are read row by row
MAX_TEXTS = 200_000_000  # bytes of its texts unpacked; they are held at once
_TEXTS = "xl/sharedStrings.xml"
_BROKEN = (
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, EOFError,
    SyntaxError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def pieces(
    body: bytes,
    shape: Shape,
    sheet: str | int | None = None,
    *,
    wanted: frozenset[str] | None = None,
    n_rows: int = PIECE,
) -> Iterator[Table]:
    """Yield one sheet as tables of at most so many rows; a row's line is its number in the sheet.

    Raises:
        ValueError: if it is no spreadsheet, or has no such sheet or no header.

    """
    with packed.opened(body, MAX_BOOK) as book:
        if any(i.filename == _TEXTS and i.file_size > MAX_TEXTS for i in book.infolist()):
            raise ValueError(f"the texts of the spreadsheet are more than {MAX_TEXTS} bytes")
    rows = _numbered(body, sheet)
    rows = ((number, row) for number, row in rows if number > shape.skip)
    names, rows = _named(rows, shape)
    rows = islice(rows, shape.skip_after, None)
    is_first = True
    while True:
        several = list(islice(rows, n_rows))
        if several or is_first:
            lines = [number for number, _ in several]
            yield typed.table(names, lines, [row for _, row in several], wanted)
        if len(several) < n_rows:
            return
        is_first = False


Numbered = Iterator[tuple[int, list[Any]]]


def _named(rows: Numbered, shape: Shape) -> tuple[Sequence[str], Numbered]:
    if not isinstance(shape.header, bool):
        return shape.header, rows
    first = next(rows, None)
    if first is None:
        raise ValueError("the sheet holds no row")
    if shape.header:
        return typed.header(first[1]), rows
    return [str(n) for n in range(1, len(first[1]) + 1)], _before(first, rows)


def _before(first: tuple[int, list[Any]], rest: Numbered) -> Numbered:
    yield first
    yield from rest


def _numbered(body: bytes, sheet: str | int | None) -> Numbered:
    """Yield the rows of a sheet that are not blank, with their numbers."""
    try:
        yield from _rows(body, sheet)
    except _BROKEN as problem:
        if isinstance(problem, NoSheetError):
            raise
        cause = problem.__cause__ or problem
        said = f"{type(cause).__name__}: {cause}"[:200]
        raise ValueError(f"the spreadsheet cannot be read ({said})") from problem


class NoSheetError(ValueError):
    """The spreadsheet does not have the sheet that the pack names."""


def _rows(body: bytes, sheet: str | int | None) -> Numbered:
    import openpyxl  # noqa: PLC0415 - heavy, and few packs use it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that we do not look at
        book = openpyxl.load_workbook(
            io.BytesIO(body), read_only=True, data_only=True, keep_links=False
        )
        chosen = _sheet(book, sheet)
        chosen.reset_dimensions()
        percents: dict[str, bool] = {}
        for number, cells in enumerate(chosen.iter_rows(), 1):
            row = [_value(one, percents) for one in cells]
            if not typed.is_blank(row):
                yield number, row


def _sheet(book: Any, sheet: str | int | None) -> Any:
    found = book.worksheets
    names = [one.title for one in found]
    if sheet is None:
        shown = [one for one in found if one.sheet_state == "visible"]
        if not found:
            raise NoSheetError("the spreadsheet has no sheet")
        return (shown or found)[0]
    if isinstance(sheet, int) and 0 < sheet <= len(found):
        return found[sheet - 1]
    for one in found:
        if one.title.strip() == str(sheet).strip():
            return one
    raise NoSheetError(f"no sheet {sheet!r}; there are {', '.join(map(repr, names[:12]))}")


def _value(cell: Any, percents: dict[str, bool]) -> Any:
    value = cell.value
    if value is None or cell.data_type == "e":  # a formula that failed, such as #N/A
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        form = cell.number_format or ""
        if percents.setdefault(form, _is_percent(form)):
            return f"{round(value * 100, 10):.12g}%"
    return value


def _is_percent(form: str) -> bool:
    quoted = form.split('"')[::2]  # what stands in quotes is text beside the number
    return any("%" in part for part in quoted)
