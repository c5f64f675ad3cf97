"""CSV (RFC 4180, UTF-8): instants as in JSON, unknown left empty."""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from api import words
from api.about import About
from api.past import Row

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(rows: Iterator[Row], target: BinaryIO, _: About) -> None:
    """Write a header and one line per row."""
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow((*words.ROW, "suppressed"))
    for row in rows:
        lines.writerow([_cell(value) for value in words.row(row).values()])
    text.flush()
    text.detach()  # the target stays open


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return value if value == value else ""  # noqa: PLR0124 - NaN is unknown
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> harmless("=1+1")
    "'=1+1"

    """
    return f"'{text}" if text.startswith(FORMULA) else text
