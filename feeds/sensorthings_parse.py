"""Pages of OGC SensorThings 1.1 to observations.

Quirks: ``phenomenonTime`` may be an interval (its end counts); results come as numbers, strings or
``"21,5"``; units are free text, so the pack declares them; a datastream's name may lie about what
it measures, so the observed property is looked up first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from feeds import times
from feeds.decode import from_json, raw
from feeds.options import Duration, KindOptions
from feeds.units import Conversion, conversion, spelled
from model import Feed, Observation, Parsed, Reject

_EXAMPLE_PLACE = (-114.06, 51.05)  # left over from the standard's own example


class Wanted(BaseModel):
    """What one observed property, or datastream, is called here and in which unit it comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantity: str
    unit: str | None = None


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    quantities: dict[str, Wanted] = Field(min_length=1)
    site: Literal["id", "name"] = "id"
    filter: str | None = None
    page_size: int = Field(default=100, ge=1, le=10_000)
    overlap: Duration | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = super().problems(feed)
        for name, wanted in self.quantities.items():
            try:
                conversion(wanted.quantity, wanted.unit or "count")
            except ValueError as problem:
                if wanted.unit is not None:
                    found.append(f"quantities.{name}: {problem}")
        return found


@dataclass(frozen=True, slots=True)
class _Stream:
    """One datastream that the pack asks for."""

    site: str
    wanted: Wanted
    convert: Conversion
    place: tuple[float, float] | None


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

    def reject(self, reason: str, row: Any, name: str | None = None) -> None:
        """Quarantine a row, or a whole datastream, with the reason."""
        self.parsed.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=self.row,
                reason=reason,
                raw=raw(row),
                at=self.fetched_at,
                field=name,
            )
        )


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the observations of a page of Things with expanded Datastreams.

    Raises:
        ValueError: if the body is no such page.

    """
    return gather(things_of(from_json(body)), feed, fetched_at).parsed


def gather(things: list[Any], feed: Feed, fetched_at: datetime) -> Reading:
    """Return what a list of Things gives, and which datastreams nobody asked for."""
    reading = Reading(feed, Options.model_validate(dict(feed.options)), fetched_at)
    for thing in things:
        try:
            streams = list(_streams(thing, reading))
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            reading.reject(f"thing: {type(problem).__name__}: {problem}"[:200], thing)
            continue
        for datastream, stream in streams:
            for row in datastream.get("Observations") or []:
                _observe(row, stream, reading)
    return reading


def things_of(page: Any) -> list[Any]:
    """Return the Things of a page, or the one that is the page."""
    if isinstance(page, dict) and isinstance(page.get("value"), list):
        things: list[Any] = page["value"]
        return things
    if isinstance(page, dict) and "Datastreams" in page:
        return [page]
    raise ValueError("no page of Things")


def _streams(thing: Any, reading: Reading) -> Iterator[tuple[Any, _Stream]]:
    """Yield the datastreams of a thing that the pack asks for, each with its own site.

    Two of one quantity at one thing get the datastream's id too: they are two instruments.
    """
    found = [
        (datastream, wanted)
        for datastream in thing.get("Datastreams") or []
        if (wanted := _wanted(datastream, reading))
    ]
    count = Counter(wanted.quantity for _, wanted in found)
    site = str(thing["name"] if reading.options.site == "name" else thing["@iot.id"])
    place = _place(thing.get("Locations"))
    for datastream, wanted in found:
        reading.n_streams += 1
        unit = _unit(datastream, wanted)
        try:
            convert = conversion(wanted.quantity, unit)
        except ValueError as problem:
            reading.reject(str(problem), {**datastream, "Observations": "…"}, "unit")
            continue
        is_alone = count[wanted.quantity] == 1
        name = site if is_alone else f"{site}:{datastream['@iot.id']}"
        yield datastream, _Stream(name, wanted, convert, place)


def _wanted(datastream: Any, reading: Reading) -> Wanted | None:
    prop = (datastream.get("ObservedProperty") or {}).get("name")
    for name in (prop, datastream.get("name")):
        if name in reading.options.quantities:
            return reading.options.quantities[name]
    reading.strangers[str(prop or datastream.get("name"))] += 1
    return None


def _unit(datastream: Any, wanted: Wanted) -> str | None:
    """Return the pack's unit; the server's where the pack has none.

    Where both are understood and differ, the server's is returned twice, as an unknown one: the
    datastream is refused and the reason names both.
    """
    about = datastream.get("unitOfMeasurement") or {}
    said = about.get("symbol") or about.get("name")
    if wanted.unit is None:
        return None if said is None else str(said)
    known = spelled(str(said)) if said else None
    if known is not None and known != spelled(wanted.unit):
        return f"{wanted.unit} in the pack, {said} at the source"
    return wanted.unit


def _place(locations: Any) -> tuple[float, float] | None:
    """Return longitude and latitude of the first location; a Point, or a Feature around one."""
    for location in locations or []:
        shape: Any = location.get("location") or {}
        if shape.get("type") == "Feature":
            shape = shape.get("geometry") or {}
        if shape.get("type") == "Point":
            lon, lat = (float(part) for part in shape["coordinates"][:2])
            if (lon, lat) not in {_EXAMPLE_PLACE, (0.0, 0.0)}:
                return lon, lat
    return None


def _observe(row: Any, stream: _Stream, reading: Reading) -> None:
    reading.row += 1
    try:
        at = _ended(row["phenomenonTime"], reading.feed.timezone)
        value = _number(row.get("result"))
        published = row.get("resultTime")
        published_at = times.instant(published, reading.feed.timezone) if published else None
    except (KeyError, ValueError, TypeError, AttributeError) as problem:
        reading.reject(f"{type(problem).__name__}: {problem}"[:200], row)
        return
    convert = stream.convert
    at_rest = None if value is None else round(value * convert.factor + convert.offset, 6)
    lon, lat = stream.place or (None, None)
    reading.parsed.accepted.append(
        Observation(
            feed_id=reading.feed.id,
            site_id=stream.site,
            quantity=stream.wanted.quantity,
            value=at_rest,
            unit=convert.unit,
            observed_at=at,
            fetched_at=reading.fetched_at,
            published_at=published_at,
            lat=lat,
            lon=lon,
        )
    )


def _ended(written: str, zone: str) -> datetime:
    """Return an instant, or the end of an interval ``a/b``."""
    return times.instant(written.rsplit("/", 1)[-1], zone)


def _number(result: Any) -> float | None:
    if result is None or result == "":
        return None
    if isinstance(result, str):
        result = result.strip().replace(",", ".") if result.count(",") == 1 else result
    elif not isinstance(result, int | float):
        raise ValueError(f"a result of type {type(result).__name__}")  # noqa: TRY004 - the row is bad
    value = float(result)
    if value - value != 0:  # NaN and the infinities
        raise ValueError(f"result {result!r} is not finite")
    return value
