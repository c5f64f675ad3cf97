"""Messages of a broker to observations: bare numbers, JSON, several JSON objects in a row.

Quirks: a retained message may be years old, so only a time of its own makes it a measurement; a
clock that was never set says 1970; sensors send nulls at boot; "online" and "offline" are the
state of a device; numbers with a comma need ``decimal = ","``.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from feeds import times
from feeds.decode import json_decoder, json_text
from feeds.gathered import Gathered, Place, place, said
from feeds.mqtt_options import ARRIVAL, Options
from feeds.records import at as found_at
from feeds.units import conversion
from feeds.wanted import Wanted, number
from model import Feed, Parsed, Quality

RETAINED = "mqtt; retain=1"  # Delivery.media_type of a message that the broker had kept
FRESH = "mqtt"
MAX_PAYLOAD = 1_000_000

_SIZE = re.compile(r"bytes=(\d+)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_BETWEEN = " \t\r\n,;\x00\x1e\ufeff"
_STATES = frozenset({"online", "offline", "connected", "disconnected", "lost", "alive", "dead"})
_FLOOR = datetime(2000, 1, 1, tzinfo=UTC)
_DATASTREAM = re.compile(r"Datastreams\('?([^')]+)'?\)")
_BAD = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
_UNKNOWN_AGE = "a retained message without a time of its own: nobody knows how old it is"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its topic, taken apart, and whether the broker had kept it."""

    topic: str
    parts: Mapping[str, str]
    is_retained: bool


def parse(
    body: bytes, feed: Feed, fetched_at: datetime, topic: str = "", media_type: str = ""
) -> Parsed:
    """Return the observations of one message; what cannot be read is refused, row by row."""
    options = Options.model_validate(dict(feed.options))
    is_retained = "retain=1" in media_type
    context = f"{topic}\n{media_type}" if is_retained else topic
    gathered = Gathered(feed, fetched_at, context=context)
    message = Message(topic, _parts(topic, options), is_retained)
    size = _SIZE.search(media_type)
    if size or len(body) > MAX_PAYLOAD:
        length = size[1] if size else len(body)
        gathered.refuse(0, f"a message of {length} bytes is too long", json_text(body[:10_000]))
        return gathered.parsed
    _Reading(gathered, options, message).take(body)
    return gathered.parsed


def _parts(topic: str, options: Options) -> Mapping[str, str]:
    for one in options.patterns:
        if (parts := one.parts(topic)) is not None:
            found = {name: value for name, value in parts.items() if value}
            break
    else:
        found = {}
    stream = _DATASTREAM.search(topic) if options.preset == "sensorthings" else None
    return {"site": stream[1], "quantity": stream[1]} | found if stream else found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one message."""

    gathered: Gathered
    options: Options
    message: Message

    def take(self, body: bytes) -> None:
        """Add what the message holds."""
        text = json_text(body).strip(_BETWEEN)
        if not text:
            self.gathered.refuse(0, "an empty message", "")
        elif text.strip('"').lower() in _STATES:
            self.gathered.skipped["the state of a device"] += 1
        elif _NUMBER.fullmatch(text):
            self._record(1, text)
        else:
            self._documents(text)

    def _documents(self, text: str) -> None:
        """Take one JSON value after another; what follows a broken one cannot be told apart."""
        line = 0
        for value in _values(text):
            if isinstance(value, _Rest):
                reason = f"neither JSON nor a number ({said(value.problem)})"
                self.gathered.refuse(line + 1 if line else 0, reason, value.text)
                return
            for row in value if isinstance(value, list) else [value]:
                line += 1
                self._record(line, row)

    def _record(self, line: int, row: Any) -> None:
        try:
            self._measure(row)
        except _BAD as problem:
            self.gathered.refuse(line, said(problem), row)

    def _measure(self, row: Any) -> None:
        root = _state(row)
        inner = self._inner(root)
        wanted = list(self._wanted(root, inner))
        if not wanted:
            self.gathered.skipped["nothing that is asked for"] += 1
            return
        when, quality = self._when(root, inner)
        site = self._site(root, inner)
        where = self._place(root, inner, site)
        count = Counter(one.quantity for _, one, _ in wanted)
        odd: list[str] = []
        for name, one, value in wanted:
            own = f"{site}:{name}" if count[one.quantity] > 1 else site
            try:
                self._add(own, one, value, when, quality=quality, where=where)
            except _BAD as problem:
                odd.append(f"{name or one.quantity}: {said(problem)}")
        if odd:
            raise ValueError("; ".join(odd))

    def _add(  # noqa: PLR0913 - a measurement has as many sides
        self,
        site: str,
        wanted: Wanted,
        value: Any,
        when: datetime,
        *,
        quality: Quality,
        where: Place | None,
    ) -> None:
        unit = wanted.unit or "count"
        conversion(wanted.quantity, wanted.unit)
        found = number(value, self.options.decimal)
        if found in self.options.missing:
            found = None
        self.gathered.measured(
            site, wanted.quantity, found, unit, when, place=where, quality=quality
        )

    def _inner(self, root: Any) -> Any:
        """Return the part that a preset keeps the measured values in."""
        for pointer in self.options.shape.payload:
            inner = found_at(root, pointer)
            if isinstance(inner, str):
                inner = json.loads(inner)  # ChirpStack 3: objectJSON
            if isinstance(inner, Mapping):
                return inner
        return None if self.options.shape.payload else root

    def _wanted(self, root: Any, inner: Any) -> Iterator[tuple[str, Wanted, Any]]:
        """Yield name, meaning and value of what is asked for and is there; null is there."""
        for pointer, wanted in self.options.values.items():
            holder = inner if _has(inner, pointer) else root
            if _has(holder, pointer):
                yield pointer.strip("/"), wanted, found_at(holder, pointer) if pointer else holder
        part = self.message.parts.get("quantity")
        wanted_here = self.options.quantities.get(part or "")
        if wanted_here is None:
            return
        if not isinstance(inner, Mapping):
            yield "", wanted_here, inner
        elif _has(inner, self.options.pointer):
            yield "", wanted_here, found_at(inner, self.options.pointer)

    def _site(self, root: Any, inner: Any) -> str:
        if found := self._named(root, inner).strip():
            return found
        raise ValueError("a site without a name")

    def _named(self, root: Any, inner: Any) -> str:
        said_so, parts = self.options.site, self.message.parts
        if said_so and "{" in said_so:
            return said_so.format_map(parts)
        pointers = (said_so,) if said_so else ()
        if not said_so and "site" in parts:
            return parts["site"]
        for pointer in (*pointers, *self.options.shape.device):
            value = _either(inner, root, pointer)
            if isinstance(value, str | int) and str(value).strip():
                return str(value).strip()
        if said_so or not self.message.topic:
            raise ValueError(f"no site at {said_so or 'any known place'}")
        return self.message.topic

    def _place(self, root: Any, inner: Any, site: str) -> Place | None:
        """Where the device is; a gateway's place is not taken for it."""
        pairs = list(self.options.shape.place)
        if self.options.lat and self.options.lon:
            pairs.insert(0, (self.options.lat, self.options.lon))
        for lat, lon in pairs:
            if found := place(_either(inner, root, lat), _either(inner, root, lon)):
                return found
        return self.options.places.get(site)

    def _when(self, root: Any, inner: Any) -> tuple[datetime, Quality]:
        declared = self.options.time
        pointers = self.options.shape.time if declared is None else (declared,)
        for pointer in pointers if declared != ARRIVAL else ():
            value = _either(inner, root, pointer)
            if value not in (None, ""):
                return self._instant(value), Quality.GOOD
        if self.message.is_retained:
            raise ValueError(_UNKNOWN_AGE)
        quality = Quality.GOOD if declared == ARRIVAL else Quality.UNCERTAIN
        return self.gathered.fetched_at, quality

    def _instant(self, value: Any) -> datetime:
        at = instant(value, self.options.time_format, self.gathered.feed.timezone)
        if at < _FLOOR:
            raise ValueError(f"the clock of the sensor was never set: it says {at:%Y-%m-%d}")
        return at


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left of a message behind the last whole JSON value."""

    text: str
    problem: Exception


def _values(text: str) -> Iterator[Any]:
    """Yield JSON values that stand in a row, with or without commas; at last what is no JSON."""
    decoder, start = json_decoder(), 0
    while start < len(text):
        if text[start] in _BETWEEN:
            start += 1
            continue
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as problem:
            yield _Rest(text[start:], problem)
            return
        yield value


def _state(row: Any) -> Any:
    return row.strip() if isinstance(row, str) else row


def _has(holder: Any, pointer: str) -> bool:
    """Whether a value is there, null included; the empty pointer means a bare value."""
    if pointer == "":
        return not isinstance(holder, Mapping | list)
    if found_at(holder, pointer) is not None:
        return True
    above, _, last = pointer.rpartition("/")
    parent = found_at(holder, above) if above else holder
    return isinstance(parent, Mapping) and (last if pointer.startswith("/") else pointer) in parent


def _either(inner: Any, root: Any, pointer: str) -> Any:
    found = found_at(inner, pointer)
    return found_at(root, pointer) if found is None else found


def instant(value: Any, how: str, zone: str) -> datetime:
    """Read a time as sensors write it; for ``auto`` the size of a number tells its unit.

    >>> instant("1572351009", "auto", "UTC") == instant(1572351009000, "auto", "UTC")
    True

    Raises:
        ValueError: if it is no time.

    """
    is_text = isinstance(value, str)
    digits = is_text and value.strip().replace(".", "", 1).isdigit()
    if how == "iso" or (how == "auto" and is_text and not digits):
        if not is_text:
            raise ValueError(f"{value!r} is no ISO 8601 time")
        return times.instant(value.rsplit("/", 1)[-1], zone)
    seconds = float(value) if not isinstance(value, bool) else float("nan")
    if how == "epoch_ms":
        seconds /= 1e3
    elif how == "auto":
        seconds /= _scale(seconds)
    return times.posix(seconds)


def _scale(size: float) -> float:
    """1 for seconds, 10³ for ms, 10⁶ for µs, 10⁹ for ns; 10¹¹ s would be the year 5138."""
    return next((10.0**power for power in (9, 6, 3) if size >= 10.0 ** (power + 8)), 1.0)
