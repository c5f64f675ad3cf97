"""A workbook (XLSX): numbers as numbers, instants as dates in UTC, a sheet that says what it is."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from api import words
from api.about import About
from api.past import Row

WIDTHS = (16, 12, 24, 20, 12, 12, 8, 12, 12, 20, 12)
UNSAID = ("at", "known_at")  # instants: their heads name the zone


def write(rows: Iterator[Row], target: BinaryIO, about: About) -> None:
    """Write the sheets ``readings`` and ``about``."""
    import openpyxl  # noqa: PLC0415 - heavy, and few ask for it
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - as above

    found = [_values(row, about) for row in rows]  # a row that fails must not cut a sheet short
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("readings")
    sheet.freeze_panes = "A2"
    for place, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_text(sheet, name, is_head=True) for name in _head()])
    for values in found:
        sheet.append([_cell(sheet, value) for value in values])
    told = book.create_sheet("about")
    told.column_dimensions["A"].width, told.column_dimensions["B"].width = 28, 110
    for label, text in about.pairs:
        told.append([_text(told, label, is_head=True), _text(told, text)])
    book.save(target)


def _head() -> list[str]:
    names = [f"{name} (UTC)" if name in UNSAID else name for name in words.ROW]
    return [*names[:2], "district_name", *names[2:], "suppressed"]


def _values(row: Row, about: About) -> list[Any]:
    found = [row.get(name) for name in words.ROW]
    name = about.district(str(row.get("district")))
    return [*found[:2], name, *found[2:], bool(row.get("suppressed"))]


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _text(sheet, str(value)) if isinstance(value, str) else value


def _text(sheet: Any, value: str, *, is_head: bool = False) -> Any:
    """Return a cell that holds a text whatever it begins with: never a formula, never an error."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - loaded by the caller already
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415 - as above
    from openpyxl.styles import Font  # noqa: PLC0415 - as above

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))
    cell.data_type = "s"
    if is_head:
        cell.font = Font(bold=True)
    return cell
