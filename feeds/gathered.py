"""What a parser of measuring stations gathers: observations, refused rows, and what it left out.

A row that cannot be read costs itself only. What is left out on purpose (too old, indoors, of no
interest) is no refusal: it is counted by reason.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import Any

from feeds.decode import raw
from feeds.units import conversion
from model import Feed, Observation, Parsed, Quality, Reject

Place = tuple[float, float]  # latitude, longitude

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_conversion = lru_cache(maxsize=256)(conversion)
_BAD_ROW = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
_POLE, _TURN = 90.0, 180.0
# What has never been seen on Earth by far (WMO Weather & Climate Extremes Archive), at rest.
_POSSIBLE = {
    "temperature": (-95.0, 65.0),
    "apparent_temperature": (-120.0, 90.0),
    "humidity": (0.0, 105.0),
    "wind_speed": (0.0, 500.0),
    "pressure": (450.0, 1110.0),
    "precipitation": (0.0, 500.0),
}


@dataclass(slots=True)
class Gathered:
    """Gathers the facts of one body; of equal natural keys the first stays."""

    feed: Feed
    fetched_at: datetime
    published_at: datetime | None = None
    context: str = ""
    accepted: dict[tuple[str, str, datetime], Observation] = field(default_factory=dict)
    rejected: list[Reject] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def measured(  # noqa: PLR0913 - a measurement has as many sides
        self,
        site: str,
        quantity: str,
        value: float | None,
        unit: str,
        observed_at: datetime,
        *,
        place: Place | None = None,
        quality: Quality = Quality.GOOD,
    ) -> None:
        """Add one measurement, brought to its unit at rest; weather that cannot be is BAD.

        Raises:
            ValueError: if the unit is unknown or does not measure the quantity, or the value is
                beyond all measure.

        """
        change = _conversion(quantity, unit)
        key = (site, quantity, observed_at)
        if key in self.accepted:
            self.skipped["the same measurement again"] += 1
            return
        at_rest = None if value is None else float(round(value * change.factor + change.offset, 6))
        if at_rest is not None and not isfinite(at_rest):
            raise ValueError(f"{value} {unit} is beyond all measure")
        if at_rest is not None and not _is_possible(quantity, at_rest):
            quality = Quality.BAD
        lat, lon = place or (None, None)
        self.accepted[key] = Observation(
            feed_id=self.feed.id,
            site_id=site,
            quantity=quantity,
            value=at_rest,
            unit=change.unit,
            observed_at=observed_at,
            fetched_at=self.fetched_at,
            published_at=self.published_at,
            quality=quality,
            lat=lat,
            lon=lon,
        )

    def refuse(self, line: int, reason: str, row: Any, name: str | None = None) -> None:
        """Put a row into quarantine."""
        self.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=line,
                reason=reason[:300],
                raw=raw(row),
                at=self.fetched_at,
                field=name,
                context=self.context,
            )
        )

    def each(self, rows: Iterable[Any], take: Callable[[Any, int], None], first: int = 1) -> None:
        """Hand every row to ``take``; one that breaks it is refused with the reason."""
        for line, row in enumerate(rows, first):
            try:
                take(row, line)
            except KeyError as problem:
                self.refuse(line, f"{problem.args[0]} is missing", row)
            except _BAD_ROW as problem:
                self.refuse(line, said(problem), row)

    @property
    def parsed(self) -> Parsed:
        """All of it."""
        return Parsed(
            list(self.accepted.values()), self.rejected, self.published_at, dict(self.skipped)
        )


def _is_possible(quantity: str, value: float) -> bool:
    low, high = _POSSIBLE.get(quantity, (value, value))
    return low <= value <= high


def together(some: Sequence[Parsed]) -> Parsed:
    """Return what several bodies gave as one; of equal natural keys the first stays."""
    facts = {fact.key: fact for one in reversed(some) for fact in reversed(one.accepted)}
    skipped: Counter[str] = Counter()
    for one in some:
        skipped.update(one.skipped)
    published = [one.published_at for one in some if one.published_at]
    rejected = [reject for one in some for reject in one.rejected]
    return Parsed(
        list(reversed(facts.values())), rejected, max(published, default=None), dict(skipped)
    )


def read_again(rejects: Sequence[Reject], read: Callable[[Any, Reject], Parsed]) -> Parsed:
    """Hand each refused row to ``read`` once more; what is no JSON, or cut off, stays refused."""
    some: list[Parsed] = []
    for one in rejects:
        try:
            some.append(read(json.loads(one.raw), one))
        except ValueError:
            some.append(Parsed(rejected=[one]))
    return together(some)


def said(problem: Exception) -> str:
    """Return what is wrong with a row in words.

    >>> said(ValueError("no time")), said(TypeError("int"))
    ('no time', 'TypeError: int')

    """
    words = str(problem)
    return words if isinstance(problem, ValueError) else f"{type(problem).__name__}: {words}"


def number(value: Any) -> float | None:
    """Read a JSON number, or one written as text with a decimal point; ``None`` where missing.

    >>> number(" 21.5 "), number(None), number("")
    (21.5, None, None)

    Raises:
        ValueError: for anything else, ``"21,5"``, NaN and infinity among it.

    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    is_text = isinstance(value, str) and _NUMBER.fullmatch(value.strip())
    if isinstance(value, bool) or not (is_text or isinstance(value, int | float)):
        raise ValueError(f"{raw(value)[:60]} is no number")
    try:
        found = float(value)
    except OverflowError as problem:
        raise ValueError("a number beyond all measure") from problem
    if not isfinite(found):
        raise ValueError(f"{value} is no number")
    return found


def place(lat: Any, lon: Any) -> Place | None:
    """Return a place; ``None`` where it is missing, 0,0, or nowhere on Earth.

    Swapped axes stay as sent: the city's box decides.
    """
    try:
        north, east = number(lat), number(lon)
    except ValueError:
        return None
    if north is None or east is None or (north, east) == (0.0, 0.0):
        return None
    if abs(north) > _TURN or abs(east) > _TURN or (abs(north) > _POLE and abs(east) > _POLE):
        return None
    return north, east


def need(row: Any, name: str) -> Any:
    """Return a member that a row must have.

    Raises:
        ValueError: if it is missing.

    """
    found = row[name] if isinstance(row, dict) and name in row else None
    if found is None or found == "":
        raise ValueError(f"{name} is missing" if isinstance(row, dict) else "no JSON object")
    return found
