"""Columns of text: object arrays of ``str``, ``None`` where missing."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.object_]
Mask = NDArray[np.bool_]


class Stamp(str):
    """A real date or time of a typed file, written in ISO 8601: no declared format applies."""

    __slots__ = ()


def tidy(name: str) -> str:
    r"""Return a column's name with one spelling of accents and single blanks.

    >>> tidy(" Temp\n(°C) ")
    'Temp (°C)'

    """
    return " ".join(unicodedata.normalize("NFC", name).split())


def objects(values: Iterable[Any]) -> Cells:
    """Return values of any kind as a column."""
    items = values if isinstance(values, list) else list(values)
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column


def filled(value: Any, count: int) -> Cells:
    """Return a column that holds one value throughout."""
    return objects([value] * count)


def absent(column: Cells) -> Mask:
    """Return where a column holds ``None``."""
    return np.fromiter((item is None for item in column), dtype=bool, count=len(column))


def unless(mask: Mask, column: NDArray[Any]) -> Cells:
    """Return a column with ``None`` where the mask holds."""
    cells = column.astype(object)
    cells[mask] = None
    return cells
