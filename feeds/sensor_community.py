"""Sensor.Community (luftdaten.info): particles and weather measured by citizens' sensors.

Docs: https://github.com/opendata-stuttgart/meta/wiki/APIs. No key; say who asks. Licence: DbCL 1.0.
Quirks: values are text; times are UTC without saying so; places are rounded; one spot has a sensor
for particles and another for humidity, above 75 % of which particles swell and read too high.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from feeds import times
from feeds.areas import AreaOptions
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json
from feeds.gathered import Gathered, Place, need, number, place, read_again, said
from feeds.options import KindOptions
from model import Feed, Parsed, Quality, Reject

_NOTHING = frozenset({"nan", "inf", "-inf", "unknown", "unavailable", "null", "none", "-"})
_INDOOR = frozenset({"1", "true", "True"})
_PARTICLES = frozenset({"pm10", "pm25"})
_FARTHEST_KM = 200.0


@dataclass(frozen=True, slots=True)
class _Spec:
    """What a value type measures: quantity, unit, and the limits (exclusive) of what can be."""

    quantity: str
    unit: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Spot:
    """One report of a sensor: which, when, where, and whether the air is damp there."""

    site: str
    at: datetime
    place: Place | None
    is_damp: bool = False


# The SDS011 goes up to 999.9 (PM2.5) and 1999.9 (PM10) and says just that when it can say no more;
# a DS18B20 says -127 when it is cut off and 85 when it starts.
_TYPES = {
    "P1": _Spec("pm10", "µg/m³", -0.001, 1999.9),
    "P2": _Spec("pm25", "µg/m³", -0.001, 999.9),
    "temperature": _Spec("temperature", "°C", -90.0, 70.0),
    "humidity": _Spec("humidity", "%", -0.001, 100.001),
    "pressure": _Spec("pressure", "Pa", 50_000.0, 110_000.0),
    "noise_LAeq": _Spec("noise", "dB", 0.0, 160.0),
}


class Options(AreaOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    humidity_limit: float = Field(default=75.0, gt=0, le=100)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [*KindOptions.problems(self, feed), *self.area_problems(_FARTHEST_KM)]
        if feed.url and _is_base(feed.url) and self.box is None:
            found.append("say area = [lat, lon, km] or bbox = [west, south, east, north]")
        return found

    def address(self, url: str) -> str:
        """Return what to ask: the declared file, or the area of the service."""
        if not _is_base(url) or self.box is None:
            return url
        if self.area:
            lat, lon, km = self.area
            what = f"area={lat:.4f},{lon:.4f},{km:g}"
        else:
            west, south, east, north = self.box
            what = f"box={south:.4f},{west:.4f},{north:.4f},{east:.4f}"
        return f"{url.rstrip('/')}/airrohr/v1/filter/{what}"


def _is_base(url: str) -> bool:
    return urlsplit(url).path in {"", "/"}


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the observations of outdoor sensors; ``site_id`` is the sensor's id.

    Raises:
        ValueError: if it is no list of measurements.

    """
    rows = from_json(body)
    if not isinstance(rows, list):
        raise ValueError("no list of measurements")  # noqa: TRY004 - malformed
    return _parsed(rows, feed, fetched_at)


def _parsed(rows: list[Any], feed: Feed, fetched_at: datetime, first: int = 1) -> Parsed:
    options = Options.model_validate(dict(feed.options))
    gathered = Gathered(feed, fetched_at)
    damp = _humidities(rows)

    def take(row: Any, line: int) -> None:
        where = need(row, "location")
        at = times.instant(str(need(row, "timestamp")).strip(), "UTC")
        site = str(need(need(row, "sensor"), "id"))
        here = place(where.get("latitude"), where.get("longitude"))
        if str(where.get("indoor", 0)) in _INDOOR:
            gathered.skipped["indoors"] += 1
        elif here is not None and not options.holds(*here):
            gathered.skipped["outside the area"] += 1
        else:
            is_damp = damp.get(_spot(where), 0.0) > options.humidity_limit
            spot = _Spot(site, at, here, is_damp=is_damp)
            for item in need(row, "sensordatavalues"):
                try:
                    _measure(gathered, spot, item)
                except (ValueError, TypeError, AttributeError, LookupError) as problem:
                    name = item.get("value_type") if isinstance(item, dict) else None
                    gathered.refuse(line, said(problem), row, str(name))

    gathered.each(rows, take, first)
    return gathered.parsed


def _measure(gathered: Gathered, spot: _Spot, item: Any) -> None:
    spec = _TYPES.get(str(need(item, "value_type")))
    if spec is None:
        return
    is_doubtful = spot.is_damp and spec.quantity in _PARTICLES
    gathered.measured(
        spot.site,
        spec.quantity,
        _value(item, spec),
        spec.unit,
        spot.at,
        place=spot.place,
        quality=Quality.UNCERTAIN if is_doubtful else Quality.GOOD,
    )


def _value(item: Mapping[str, Any], spec: _Spec) -> float | None:
    written = item.get("value")
    if isinstance(written, str) and written.strip().lower() in _NOTHING:
        return None
    found = number(written)
    return found if found is not None and spec.low < found < spec.high else None


def _humidities(rows: list[Any]) -> dict[str, float]:
    """Return the newest humidity (%) by spot."""
    newest: dict[str, tuple[str, float]] = {}
    for row in rows:
        try:
            at, spot = str(row["timestamp"]), _spot(row["location"])
            for item in row["sensordatavalues"]:
                if item["value_type"] == "humidity":
                    found = _value(item, _TYPES["humidity"])
                    if found is not None and at >= newest.get(spot, ("", 0.0))[0]:
                        newest[spot] = (at, found)
        except (KeyError, ValueError, TypeError, AttributeError):
            continue
    return {spot: pair[1] for spot, pair in newest.items()}


def _spot(where: Mapping[str, Any]) -> str:
    return str(where.get("id") or (where.get("latitude"), where.get("longitude")))


def read(visit: Visit) -> Take:
    """Read the measurements of the last five minutes."""
    options = Options.model_validate(dict(visit.feed.options))
    url = options.address(visit.feed.url or "")
    document = visit.get(url, is_conditional=True, accept="application/json")
    if document.not_modified:
        return Take(Parsed(), not_modified=True)
    return Take(parse(document.content, visit.feed, visit.now))


def again(what: Again) -> Parsed:
    """Read refused rows once more; the humidity of their spot is no longer known."""

    def read_row(row: Any, one: Reject) -> Parsed:
        return _parsed([row], what.feed, what.now, first=one.line)

    return read_again(what.rejects, read_row)


KIND = Kind(
    name="sensor-community",
    options=Options,
    read=read,
    parse=parse,
    standard="Sensor.Community API v1, v2",
    gives=frozenset({"observation"}),
    again=again,
)
