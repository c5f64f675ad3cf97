"""Documents of OGC SensorThings 1.1 to observations.

Quirks: ``phenomenonTime`` may be an interval (its end counts); results come as numbers, strings or
``"21,5"``; units are free text, so the pack declares them; a datastream's name may lie about what
it measures, so the observed property is looked up first. A refused row takes along what its
datastream is, so that it can be read again.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import Any, Literal

from pydantic import Field

from feeds import gathered, times
from feeds.decode import from_json, raw
from feeds.gathered import said
from feeds.options import Duration, KindOptions
from feeds.reread import readable
from feeds.sensorthings_shapes import observations, streams_of, things_of
from feeds.units import Conversion, conversion
from feeds.wanted import Wanted, agreed, number, unit_problems
from model import Feed, Observation, Parsed, Reject

Place = tuple[float, float] | None  # longitude, latitude

_BAD = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
_EXAMPLE_PLACE = (-114.06, 51.05)  # left over from the standard's own example


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    quantities: dict[str, Wanted] = Field(min_length=1)
    site: Literal["id", "name", "datastream"] = "id"
    multi: bool = False
    filter: str | None = None
    page_size: int = Field(default=100, ge=1, le=10_000)
    overlap: Duration | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return [*super().problems(feed), *unit_problems(self.quantities, "quantities")]


@dataclass(frozen=True, slots=True)
class _Stream:
    """One datastream that the pack asks for."""

    site: str
    wanted: Wanted
    convert: Conversion
    place: Place
    about: str  # what is needed to read its rows again, as JSON


@dataclass(slots=True)
class Reading:
    """Gathers what one body gives; rows are counted over the whole body."""

    feed: Feed
    options: Options
    fetched_at: datetime
    parsed: Parsed = field(default_factory=Parsed)
    row: int = 0
    n_streams: int = 0
    strangers: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str, datetime, float | None]] = field(default_factory=set)

    def reject(self, reason: str, row: Any, name: str | None = None, *, about: str = "") -> None:
        """Quarantine a row, or a whole datastream, with the reason."""
        self.parsed.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=self.row,
                reason=reason,
                raw=raw(row),
                at=self.fetched_at,
                field=name,
                context=about,
            )
        )


def parse(body: bytes, feed: Feed, fetched_at: datetime, topic: str = "") -> Parsed:
    """Return the observations of a document; a broker's ``topic`` may name their datastream.

    Raises:
        ValueError: if the body is no such document.

    """
    return gather(things_of(from_json(body), topic), feed, fetched_at).parsed


def read_again(rejects: Sequence[Reject], feed: Feed, now: datetime) -> Parsed:
    """Read refused rows once more; what is cut off or malformed stays refused."""
    whole, broken = readable(rejects)
    things: list[Any] = []
    for one, value in whole:
        try:
            things += _things_again(one, value)
        except _BAD:
            broken.append(one)
    parsed = gather(things, feed, now).parsed
    return replace(parsed, rejected=[*broken, *parsed.rejected])


def _things_again(one: Reject, value: Any) -> list[Any]:
    """Return the Things that a refused row makes with what was kept beside it."""
    if not one.context.startswith("{"):
        return things_of(value, one.context)
    about = json.loads(one.context)
    stream = about.pop("Datastream", None)
    about["Datastreams"] = [{**stream, "Observations": [value]}] if stream else [value]
    return [about]


def gather(things: list[Any], feed: Feed, fetched_at: datetime) -> Reading:
    """Return what a list of Things gives, and which datastreams nobody asked for."""
    reading = Reading(feed, Options.model_validate(dict(feed.options)), fetched_at)
    for thing in things:
        try:
            streams = list(_streams(thing, reading))
        except _BAD as problem:
            reading.reject(f"thing: {said(problem)}"[:200], thing)
            continue
        for datastream, stream in streams:
            try:
                rows = list(observations(datastream))
            except _BAD as problem:
                reading.reject(f"observations: {said(problem)}"[:200], thing)
                continue
            for row in rows:
                _observe(row, stream, reading)
    for name, n in reading.strangers.items():
        reading.parsed.skipped[f"{name}: not asked for"] = n
    return reading


def _streams(thing: Any, reading: Reading) -> Iterator[tuple[Any, _Stream]]:
    """Yield the datastreams of a thing that the pack asks for, each with its own site.

    Two of one quantity at one thing get the datastream's id too: they are two instruments.
    """
    place = _placed(thing, reading)
    found = list(_asked(thing, reading, place))
    apart = {(wanted.quantity, str(one.get("@iot.id"))) for one, wanted in found}
    count = Counter(quantity for quantity, _ in apart)
    for datastream, wanted in found:
        reading.n_streams += 1
        about = _about(thing, place)
        site = _site(thing, datastream, reading.options)
        if count[wanted.quantity] > 1 and reading.options.site != "datastream":
            site = f"{site}:{datastream['@iot.id']}"
        try:
            convert = conversion(wanted.quantity, _unit(datastream, wanted))
        except ValueError as problem:
            reading.reject(str(problem), datastream, "unit", about=json.dumps(about))
            continue
        kept = json.dumps(about | {"Datastream": _head(datastream)}, ensure_ascii=False)
        yield datastream, _Stream(site, wanted, convert, place, kept)


def _asked(thing: Any, reading: Reading, place: Place) -> Iterator[tuple[Any, Wanted]]:
    """Yield the datastreams that the pack names; a malformed one costs itself only."""
    for datastream in streams_of(thing):
        try:
            if wanted := _wanted(datastream, reading):
                yield datastream, wanted
        except _BAD as problem:
            reading.reject(
                f"datastream: {said(problem)}"[:200],
                datastream,
                about=json.dumps(_about(thing, place)),
            )


def _placed(thing: Any, reading: Reading) -> Place:
    """Return where a Thing is; a malformed place costs itself only."""
    try:
        return _place(thing.get("Locations"))
    except _BAD as problem:
        reading.reject(f"location: {said(problem)}"[:200], thing.get("Locations"), "location")
        return None


def _site(thing: Mapping[str, Any], datastream: Mapping[str, Any], options: Options) -> str:
    if options.site == "datastream":
        return str(datastream["@iot.id"])  # a name alone may be shared
    key = "name" if options.site == "name" else "@iot.id"
    name = "" if thing.get(key) is None else str(thing[key]).strip()
    if not name:
        raise ValueError(f"nobody says which Thing it belongs to ({key}): say site = 'datastream'")
    return name


def _about(thing: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return what is to be kept of a Thing beside a refused row."""
    kept = {name: thing[name] for name in ("@iot.id", "name") if name in thing}
    if place is not None:
        kept["Locations"] = [{"location": {"type": "Point", "coordinates": list(place)}}]
    return kept


def _head(datastream: Mapping[str, Any]) -> dict[str, Any]:
    names = ("@iot.id", "name", "unitOfMeasurement", "ObservedProperty")
    return {name: datastream[name] for name in names if name in datastream}


def _wanted(datastream: Any, reading: Reading) -> Wanted | None:
    prop = (datastream.get("ObservedProperty") or {}).get("name")
    held = (prop, datastream.get("name"), datastream.get("@iot.id"))
    names = [str(name) for name in held if name is not None]
    if not names:
        raise ValueError("observations of no known datastream")
    for name in names:
        if name in reading.options.quantities:
            return reading.options.quantities[name]
    reading.strangers[names[0]] += 1
    return None


def _unit(datastream: Any, wanted: Wanted) -> str | None:
    """Return the pack's unit; the server's where the pack has none."""
    about = datastream.get("unitOfMeasurement") or {}
    return agreed(wanted.unit, about.get("symbol") or about.get("name"))


def _place(locations: Any) -> Place:
    """Return longitude and latitude of the first location; a Point, or a Feature around one."""
    for location in locations or []:
        shape: Any = location.get("location") or {}
        if shape.get("type") == "Feature":
            shape = shape.get("geometry") or {}
        if shape.get("type") == "Point":
            lon, lat = shape["coordinates"][:2]
            if (lon, lat) != _EXAMPLE_PLACE and (found := gathered.place(lat, lon)):
                return found[1], found[0]
    return None


def _observe(row: Any, stream: _Stream, reading: Reading) -> None:
    reading.row += 1
    try:
        if not isinstance(row, Mapping):
            raise ValueError("no observation, or cells that do not fit their components")  # noqa: TRY004 - the row is bad
        at = _ended(row["phenomenonTime"], reading.feed.timezone)
        published = row.get("resultTime")
        published_at = times.instant(published, reading.feed.timezone) if published else None
        lon, lat = stream.place or _feature(row) or (None, None)
        at_rest = _at_rest(number(row.get("result"), "any"), stream.convert)
    except _BAD as problem:
        reading.reject(said(problem)[:200], row, about=stream.about)
        return
    same = (stream.site, stream.wanted.quantity, at, at_rest)
    if same in reading.seen:
        return
    reading.seen.add(same)
    reading.parsed.accepted.append(
        Observation(
            feed_id=reading.feed.id,
            site_id=stream.site,
            quantity=stream.wanted.quantity,
            value=at_rest,
            unit=stream.convert.unit,
            observed_at=at,
            fetched_at=reading.fetched_at,
            published_at=published_at,
            lat=lat,
            lon=lon,
        )
    )


def _at_rest(value: float | None, convert: Conversion) -> float | None:
    if value is None:
        return None
    found = float(round(value * convert.factor + convert.offset, 6))
    if not isfinite(found):
        raise ValueError(f"{value} is beyond all measure")
    return found


def _feature(row: Mapping[str, Any]) -> Place:
    """Where it was observed, for an observation that has no Thing with a place."""
    feature = row.get("FeatureOfInterest")
    return _place([{"location": feature.get("feature")}]) if isinstance(feature, Mapping) else None


def _ended(written: str, zone: str) -> datetime:
    """Return an instant, or the end of an interval ``a/b``."""
    return times.instant(written.rsplit("/", 1)[-1], zone)
