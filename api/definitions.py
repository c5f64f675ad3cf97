"""The catalogue of indicators as JSON: what each means, and whether it is measured here."""

from collections.abc import Iterator
from typing import Any

from api import words
from api.door import Door
from api.problems import refuse
from cities import lacking
from cities.problems import nearest
from metrics import INDICATORS
from model import Indicator

OFF = "the city has not switched it on"


def listed(door: Door) -> list[dict[str, Any]]:
    """Return the indicators of the city in its order, then those that are not measured here."""
    return [_told(door, one, is_measured=is_on) for one, is_on in _all(door)]


def told(door: Door, key: str) -> dict[str, Any]:
    """Return one indicator of the catalogue."""
    known = {one.id: (one, is_on) for one, is_on in _all(door)}
    if key not in known:
        refuse(404, "no such indicator", f"{key!r} is unknown{nearest(key, known)}")
    indicator, is_on = known[key]
    return _told(door, indicator, is_measured=is_on)


def _all(door: Door) -> Iterator[tuple[Indicator, bool]]:
    here = {one.id for one in door.pack.indicators}
    yield from ((one, True) for one in door.pack.indicators)
    yield from ((one, False) for one in INDICATORS.values() if one.id not in here)


def _told(door: Door, indicator: Indicator, *, is_measured: bool) -> dict[str, Any]:
    missing = () if is_measured else lacking(indicator, door.pack.feeds)
    why = None
    if missing:
        why = f"no feed of the city brings {', '.join(missing)}"
    elif not is_measured:
        why = OFF
    return {
        **words.indicator(indicator),
        "is_measured": is_measured,
        "lacking": list(missing),
        "why_not": why,
    }
