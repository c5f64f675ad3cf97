"""Degrees, minutes and seconds to decimal degrees, as old maps and station lists write them."""

import re

from feeds.cells import Cells, objects

DMS = "dms"
_PARTS = re.compile(r"\d+(?:[.,]\d+)?")
_SIDE = re.compile(r"[A-Za-zÀ-ÿ]+")
_NEGATIVE = frozenset("SWO")  # sur, south; west, oeste, ouest, ovest
_POSITIVE = frozenset("NE")
_SIXTY = 60.0
_MOST = 3


def decimal(written: str) -> float:
    r"""Return decimal degrees; south and west (also O: oeste, ouest) are negative.

    >>> decimal("3°42'43.91\"O"), decimal("-03 42 44,09")
    (-3.7121972222222222, -3.7122472222222224)

    Raises:
        ValueError: if it is none.

    """
    parts = [float(part.replace(",", ".")) for part in _PARTS.findall(written)]
    sides = [word[0].upper() for word in _SIDE.findall(written)]
    is_whole = all(part.is_integer() for part in parts[:-1])
    if not 0 < len(parts) <= _MOST or not is_whole or any(p >= _SIXTY for p in parts[1:]):
        raise ValueError(f"{written[:60]!r} is no angle in degrees, minutes and seconds")
    if len(sides) > 1 or not {*sides} <= _NEGATIVE | _POSITIVE:
        raise ValueError(f"{written[:60]!r} names no side that is understood")
    is_negative = written.lstrip().startswith(("-", "−")) or bool({*sides} & _NEGATIVE)
    size = sum(part / _SIXTY**place for place, part in enumerate(parts))
    return -size if is_negative else size


def plain(cells: Cells) -> Cells:
    """Return angles as numbers written with a decimal point; what is none stays as it is."""
    return objects([_plain(cell) for cell in cells])


def _plain(cell: str) -> str:
    try:
        return repr(decimal(cell)) if cell else ""
    except ValueError:
        return cell if not _PARTS.fullmatch(cell) else "?"
