"""What one measured property is called here, and its numbers and units as sensors send them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from feeds import gathered
from feeds.units import conversion, spelled

_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3}")


class Wanted(BaseModel):
    """What one property is called here, and in which unit it comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantity: str
    unit: str | None = None


def unit_problems(
    wanted: Mapping[str, Wanted], key: str, *, is_needed: bool = False
) -> Iterator[str]:
    """Say which declared units do not measure their quantity, or are missing though needed."""
    for name, one in wanted.items():
        if one.unit is None and not is_needed:
            continue
        try:
            conversion(one.quantity, one.unit)
        except ValueError as problem:
            yield f"{key}.{name}: {problem}"


def agreed(declared: str | None, said: Any) -> str | None:
    """Return the pack's unit; the source's where the pack has none.

    Raises:
        ValueError: where both are understood and differ.

    """
    if declared is None:
        return None if said is None else str(said)
    known = spelled(str(said)) if said else None
    if known is not None and known != spelled(declared):
        raise ValueError(f"unit: {declared} in the pack, {said} at the source")
    return declared


def number(value: Any, decimal: Literal[".", ",", "any"] = ".") -> float | None:
    """Read a number as sensors write it; ``None`` where there is none, booleans are 1 and 0.

    A comma is read only where it is declared, or, for ``any``, where it cannot mean thousands.

    >>> number("21,5", "any")
    21.5

    Raises:
        ValueError: if it is no finite number, or its comma may mean two things.

    """
    if isinstance(value, bool):
        return float(value)
    return gathered.number(_plain(value.strip(), decimal) if isinstance(value, str) else value)


def _plain(text: str, decimal: str) -> str:
    is_sure = decimal == "," or (decimal == "any" and not _THOUSANDS.fullmatch(text))
    if is_sure and _COMMA.fullmatch(text):
        return text.replace(",", ".")
    return text
