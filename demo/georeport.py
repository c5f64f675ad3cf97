"""Options and refusals of Open311 GeoReport v2, for all who serve it.

Source: wiki.open311.org/GeoReport_v2. Cities' extensions are read as well: ``page``,
``page_size``, ``updated_after`` and ``updated_before``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from demo.almanac import DAY
from demo.odata import seconds

CAP = 1000
"""The most requests in one answer."""

SPAN = 90 * DAY
"""The longest window; also the default one."""


class GeoReportError(Exception):
    """A refusal in the words of the standard: a code (HTTP status) and a description."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    @property
    def body(self) -> list[dict[str, Any]]:
        """Return the error body of the JSON form."""
        return [{"code": self.code, "description": self.description}]


@dataclass(frozen=True)
class Asked:
    """The window and filters of one call; instants are whole seconds."""

    first: int
    last: int
    codes: frozenset[str]
    statuses: frozenset[str]
    updated: tuple[float, float]


def asked(options: Mapping[str, str], now: int, known: frozenset[str]) -> Asked:
    """Return the window and filters of a call; ``known`` are the codes of services.

    Raises:
        GeoReportError: if an option makes no sense.

    """
    start, end = _instant(options, "start_date"), _instant(options, "end_date")
    last = end if end is not None else now if start is None else min(now, start + SPAN)
    first = start if start is not None else last - SPAN
    if first > last:
        raise GeoReportError(400, "start_date is after end_date")
    if last - first > SPAN:
        raise GeoReportError(400, "the window is longer than 90 days")
    codes = _words(options, "service_code", known)
    statuses = _words(options, "status", frozenset({"open", "closed"}))
    after, before = _instant(options, "updated_after"), _instant(options, "updated_before")
    low = -np.inf if after is None else float(after)
    high = np.inf if before is None else float(before)
    return Asked(first, last, codes, statuses, (float(low), float(high)))


def _words(options: Mapping[str, str], name: str, known: frozenset[str]) -> frozenset[str]:
    words = frozenset(word.strip() for word in options.get(name, "").split(",") if word.strip())
    if words - known:
        raise GeoReportError(
            400 if name == "status" else 404, f"unknown {name}: {min(words - known)}"
        )
    return words


def _instant(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name, "").replace(" ", "+")
    if not text:
        return None
    try:
        return seconds(text)
    except ValueError as error:
        raise GeoReportError(400, f"{name}: {error}") from error


def number(options: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number above 0, ``default`` where the option is not there."""
    text = options.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise GeoReportError(400, f"{name} must be a whole number above 0")
    return int(text)
