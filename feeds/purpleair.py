"""PurpleAir: low-cost sensors for fine particles, with the correction of the US EPA.

Docs: https://api.purpleair.com. A key is needed (``X-API-Key``) and every field of every sensor
costs points: few fields are asked, and only of sensors that changed. Quirks: the columns of a row
are named in ``fields``; temperatures are in °F and taken inside a warm housing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from feeds import times
from feeds.areas import AreaOptions
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json, raw
from feeds.gathered import Gathered, number, place, read_again
from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from model import Feed, Parsed, Quality, Reject

_ALWAYS = ("last_seen", "latitude", "longitude", "confidence")
_FIELDS = {
    "pm25": ("pm2.5_cf_1_a", "pm2.5_cf_1_b", "humidity"),
    "humidity": ("humidity",),
    "temperature": ("temperature",),
    "pressure": ("pressure",),
}
_WEATHER = {
    "humidity": ("%", 0.0, 100.0),
    "temperature": ("°F", -60.0, 150.0),
    "pressure": ("hPa", 500.0, 1100.0),
}
_AGREE_UGM3 = 5.0
_AGREE_SHARE = 0.7
_INSIDE = 1


class Options(AreaOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    key: Secret | None = None
    sensors: tuple[int, ...] = ()
    quantities: tuple[str, ...] = ("pm25", "humidity")
    correction: Literal["barkjohn-2021", "none"] = "barkjohn-2021"
    max_age: Duration = timedelta(hours=1)
    min_confidence: float = Field(default=70.0, ge=0, le=100)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [*KindOptions.problems(self, feed), *self.area_problems()]
        if self.key is None:
            found.append('key: PurpleAir answers nobody without one: key = "env:PURPLEAIR_KEY"')
        if self.box is None and not self.sensors:
            found.append("say area = [lat, lon, km], bbox = [w, s, e, n] or sensors = [indexes]")
        if strange := set(self.quantities) - set(_FIELDS):
            found.append(
                f"quantities: {', '.join(sorted(strange))} is none of {', '.join(_FIELDS)}"
            )
        return found

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to ask for: each costs points."""
        wanted = [name for quantity in self.quantities for name in _FIELDS[quantity]]
        return tuple(dict.fromkeys((*_ALWAYS, *wanted)))


@dataclass(frozen=True, slots=True)
class Particles:
    """A concentration (µg/m³) and how far it may be believed."""

    value: float | None
    quality: Quality


def barkjohn(cf_1: float, humidity: float) -> float:
    """Return what a reference monitor would say, in µg/m³, never below 0.

    Args:
        cf_1: mean of both channels, ``cf_1``, in µg/m³.
        humidity: relative humidity that the sensor itself measured, in %.

    Source:
        Barkjohn, Gantt & Clements (2021), Atmos. Meas. Tech. 14, 4617–4637.

    >>> round(barkjohn(30.0, 50.0), 2)
    17.16

    """
    return max(0.524 * cf_1 - 0.0862 * humidity + 5.75, 0.0)


def particles(
    a: float | None, b: float | None, humidity: float | None, *, is_corrected: bool = True
) -> Particles:
    """Return PM2.5 of the two channels of a sensor.

    Channels that differ by more than 5 µg/m³ and by more than 70 % of their mean are BAD: one of
    them is broken. One channel alone, or no humidity to correct by, is UNCERTAIN.
    """
    channels = [one for one in (a, b) if one is not None and one >= 0]
    if not channels:
        return Particles(None, Quality.GOOD)
    mean = sum(channels) / len(channels)
    gap = max(channels) - min(channels)
    if gap > _AGREE_UGM3 and gap > _AGREE_SHARE * mean:
        quality = Quality.BAD
    elif len(channels) == 1 or humidity is None or not is_corrected:
        quality = Quality.UNCERTAIN
    else:
        quality = Quality.GOOD
    can = is_corrected and humidity is not None
    return Particles(barkjohn(mean, humidity or 0.0) if can else mean, quality)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the observations of outdoor sensors; ``site_id`` is the sensor's index.

    Raises:
        ValueError: if it is no answer of this service.

    """
    document = from_json(body)
    fields, rows = document["fields"], document["data"]
    if not isinstance(fields, list) or not isinstance(rows, list):
        raise ValueError("no fields and data: this is no answer of PurpleAir")  # noqa: TRY004
    if "sensor_index" not in fields or "last_seen" not in fields:
        raise ValueError(f"no sensor_index and last_seen among the fields {raw(fields)[:200]}")
    published = document.get("data_time_stamp") or document.get("time_stamp")
    at = times.posix(published) if published else None
    named = (_named(fields, row) for row in rows)
    return _parsed(named, feed, fetched_at, published_at=at)


def _named(fields: list[Any], row: Any) -> Any:
    """Return a row with the names of its columns; one of another length stays as it is."""
    if isinstance(row, list) and len(row) == len(fields):
        return dict(zip(map(str, fields), row, strict=True))
    return row


def _parsed(
    rows: Iterable[Any],
    feed: Feed,
    fetched_at: datetime,
    *,
    published_at: datetime | None = None,
    first: int = 1,
) -> Parsed:
    options = Options.model_validate(dict(feed.options))
    gathered = Gathered(feed, fetched_at, published_at)
    gathered.each(rows, lambda row, _: _take(gathered, row, options), first)
    return gathered.parsed


def _take(gathered: Gathered, row: Any, options: Options) -> None:
    if not isinstance(row, dict):
        raise ValueError("the row has not as many columns as there are fields")  # noqa: TRY004
    if row["sensor_index"] is None or row["last_seen"] is None:
        raise ValueError("sensor_index or last_seen is missing")
    site, at = str(row["sensor_index"]), times.posix(row["last_seen"])
    here = place(row.get("latitude"), row.get("longitude"))
    if row.get("location_type") == _INSIDE:
        gathered.skipped["indoors"] += 1
    elif gathered.fetched_at - at > options.max_age:
        gathered.skipped[f"older than {options.max_age}"] += 1
    elif here is not None and not options.sensors and not options.holds(*here):
        gathered.skipped["outside the area"] += 1
    else:
        for quantity, value, unit, quality in _values(row, options):
            gathered.measured(site, quantity, value, unit, at, place=here, quality=quality)


def _values(row: dict[str, Any], options: Options) -> list[tuple[str, float | None, str, Quality]]:
    """Return quantity, value, unit and quality of a row; all of it or none."""
    confidence = number(row.get("confidence"))
    is_doubtful = confidence is not None and confidence < options.min_confidence
    doubt = Quality.UNCERTAIN if is_doubtful else Quality.GOOD
    found: list[tuple[str, float | None, str, Quality]] = []
    weather = {name: _within(row.get(name), low, high) for name, (_, low, high) in _WEATHER.items()}
    if "pm25" in options.quantities:
        a, b = number(row.get("pm2.5_cf_1_a")), number(row.get("pm2.5_cf_1_b"))
        is_corrected = options.correction != "none"
        pm = particles(a, b, weather["humidity"], is_corrected=is_corrected)
        found.append(("pm25", pm.value, "µg/m³", _worse(pm.quality, doubt)))
    for name, (unit, _, _) in _WEATHER.items():
        if name in options.quantities and name in row:
            housed = Quality.GOOD if name == "pressure" else Quality.UNCERTAIN
            found.append((name, weather[name], unit, _worse(housed, doubt)))
    return found


def _worse(one: Quality, other: Quality) -> Quality:
    return one if one.rank >= other.rank else other


def _within(value: Any, low: float, high: float) -> float | None:
    found = number(value)
    return found if found is not None and low <= found <= high else None


def read(visit: Visit) -> Take:
    """Read the sensors that changed since the last poll."""
    options = Options.model_validate(dict(visit.feed.options))
    base = (visit.feed.url or "").rstrip("/").removesuffix("/sensors")
    asked = {
        "fields": ",".join(options.fields),
        "location_type": "0",
        "max_age": str(int(options.max_age.total_seconds())),
    }
    if options.sensors:
        asked["show_only"] = ",".join(map(str, options.sensors))
    elif options.box:
        west, south, east, north = options.box
        corners = {"nwlng": west, "nwlat": north, "selng": east, "selat": south}
        asked |= {name: f"{edge:.6f}" for name, edge in corners.items()}
    if stamp := visit.memory.get("stamp"):
        asked["modified_since"] = str(stamp)
    key = visit.secret(options.key or "")
    answer = visit.get(
        f"{base}/sensors", asked, headers={"X-API-Key": key}, accept="application/json"
    )
    parsed = parse(answer.content, visit.feed, visit.now)
    known = parsed.published_at
    return Take(parsed, {"stamp": int(known.timestamp())} if known else {})


def again(what: Again) -> Parsed:
    """Read refused rows once more; their columns are named already."""

    def read_row(row: Any, one: Reject) -> Parsed:
        return _parsed([row], what.feed, what.now, first=one.line)

    return read_again(what.rejects, read_row)


KIND = Kind(
    name="purpleair",
    options=Options,
    read=read,
    parse=parse,
    standard="PurpleAir API v1",
    gives=frozenset({"observation"}),
    again=again,
)
