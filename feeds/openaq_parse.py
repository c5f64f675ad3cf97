"""OpenAQ v3 answers to observations.

Quirks: a row of ``latest`` has neither parameter nor unit, so its sensor is looked up; units differ
from station to station (ppm, ppb, µg/m³); ±9999 and negative concentrations mean "no value"; a
"latest" may be years old; two sensors of one station may measure the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from feeds import times
from feeds.decode import from_json
from feeds.gathered import Gathered, Place, need, number, place
from feeds.units import conversion
from model import Feed, Parsed, Quality

QUANTITIES = {
    "pm25": "pm25", "pm10": "pm10", "no2": "no2", "no": "no", "o3": "o3", "so2": "so2", "co": "co",
    "temperature": "temperature", "relativehumidity": "humidity", "humidity": "humidity",
    "wind_speed": "wind_speed", "pressure": "pressure",
}  # fmt: skip
STRANGER = "sensor"
_MAY_BE_NEGATIVE = frozenset({"temperature"})
_COLDEST = -90.0
_SENTINEL = 9999.0


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a sensor measures, in which unit, at which station."""

    site: str
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class Network:
    """The sensors by id, where the stations are, and what of them is not read."""

    sensors: Mapping[str, Sensor] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    unwanted: frozenset[str] = frozenset()
    n_silent: int = 0

    def plain(self) -> dict[str, Any]:
        """Return it for the memory of a feed."""
        return {
            "sensors": {i: [s.site, s.quantity, s.unit] for i, s in self.sensors.items()},
            "places": {site: list(at) for site, at in self.places.items()},
            "unwanted": sorted(self.unwanted),
            "silent": self.n_silent,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Network":
        """Return it from the memory of a feed."""
        return cls(
            {i: Sensor(*three) for i, three in plain["sensors"].items()},
            {site: (pair[0], pair[1]) for site, pair in plain["places"].items()},
            frozenset(plain["unwanted"]),
            plain["silent"],
        )


def results(body: bytes) -> tuple[list[Any], Any]:
    """Return the rows of an answer, and how many it says there are in all.

    Raises:
        ValueError: if it is no answer of this service.

    """
    document = from_json(body)
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise ValueError("no results: this is no answer of OpenAQ v3")  # noqa: TRY004 - malformed
    meta = document.get("meta")
    return document["results"], meta.get("found") if isinstance(meta, dict) else None


def network(
    rows: list[Any],
    wanted: frozenset[str],
    *,
    monitors_only: bool = False,
    heard_since: datetime | None = None,
) -> Network:
    """Return the sensors of stations.

    What moves, or is no monitor where only these are wanted, or measures something else, is
    unwanted. A station that was last heard before ``heard_since`` is silent.
    """
    sensors: dict[str, Sensor] = {}
    places: dict[str, Place] = {}
    unwanted: set[str] = set()
    n_silent = 0
    for row in rows:
        if not isinstance(row, dict) or row.get("id") is None:
            continue
        site, listed = str(row["id"]), row.get("sensors")
        here = _place_of(row)
        is_left_out = bool(row.get("isMobile")) or (monitors_only and not row.get("isMonitor"))
        is_silent = not is_left_out and _is_silent(row, heard_since)
        n_silent += is_silent
        for item in listed if isinstance(listed, list) else ():
            if not isinstance(item, dict):
                continue
            known = _sensor(item, site)
            if known is None or is_left_out or is_silent or known.quantity not in wanted:
                unwanted.add(str(item.get("id")))
            else:
                sensors[str(item["id"])] = known
                places |= {site: here} if here else {}
    return Network(sensors, places, frozenset(unwanted), n_silent)


def _place_of(row: Mapping[str, Any]) -> Place | None:
    coordinates = row.get("coordinates")
    if not isinstance(coordinates, dict):
        return None
    return place(coordinates.get("latitude"), coordinates.get("longitude"))


def _is_silent(row: Mapping[str, Any], heard_since: datetime | None) -> bool:
    """Whether a station says that it was last heard long ago; one that says nothing is asked."""
    last = row.get("datetimeLast")
    if heard_since is None or not isinstance(last, dict):
        return False
    try:
        return times.instant(str(last.get("utc"))) < heard_since
    except ValueError:
        return False


def _sensor(item: Mapping[str, Any], site: str) -> Sensor | None:
    """Return a sensor; ``None`` where it measures nothing that we keep."""
    parameter = item.get("parameter")
    if not isinstance(parameter, dict) or item.get("id") is None:
        return None
    quantity = QUANTITIES.get(str(parameter.get("name")).lower())
    unit = str(parameter.get("units") or "")
    if quantity is None:
        return None
    try:
        conversion(quantity, unit)
    except ValueError:
        return None
    return Sensor(site, quantity, unit)


def parse(  # noqa: PLR0913 - three of them are options
    body: bytes,
    feed: Feed,
    fetched_at: datetime,
    *,
    known: Network | None = None,
    sensor: str | None = None,
    max_age: timedelta | None = None,
) -> Parsed:
    """Return the observations of an answer with ``latest``, ``measurements``, ``hours`` or sensors.

    Args:
        body: the answer.
        feed: gives its id.
        fetched_at: when it was read.
        known: the sensors, from :func:`network`.
        sensor: whose measurements these are; their rows do not say it.
        max_age: older rows are left out and counted; ``None`` keeps all.

    Raises:
        ValueError: if it is no answer of this service.

    """
    rows, _ = results(body)
    return from_rows(rows, feed, fetched_at, known=known, sensor=sensor, max_age=max_age)


def from_rows(  # noqa: PLR0913 - four of them are options
    rows: list[Any],
    feed: Feed,
    fetched_at: datetime,
    *,
    known: Network | None = None,
    sensor: str | None = None,
    max_age: timedelta | None = None,
    first: int = 1,
) -> Parsed:
    """Return the observations of the rows of an answer; see :func:`parse`."""
    network_ = known or Network()
    gathered = Gathered(feed, fetched_at, context=sensor or "")

    def take(row: Any, _: int) -> None:
        said = row.get("latest") if isinstance(row, dict) and "parameter" in row else None
        row = {**row, **said, "sensorsId": row.get("id")} if isinstance(said, dict) else row
        at = _observed(row)
        if max_age is not None and fetched_at - at > max_age:
            gathered.skipped[f"older than {max_age}"] += 1
            return
        name = str(row.get("sensorsId") or sensor or "")
        if name in network_.unwanted or _is_of_no_interest(row.get("parameter")):
            gathered.skipped["a sensor that is not wanted"] += 1
            return
        _measured(gathered, row, network_, name, at)

    gathered.each(rows, take, first)
    return gathered.parsed


def _measured(gathered: Gathered, row: Any, known: Network, name: str, at: datetime) -> None:
    listed = known.sensors.get(name)
    own = _own(row, name, listed) or listed
    if own is None:
        raise ValueError(f"{STRANGER} {name or '?'} stands in no location that was read")
    value, quality = _value(row, own.quantity)
    gathered.measured(
        own.site,
        own.quantity,
        value,
        own.unit,
        at,
        place=_place_of(row) or known.places.get(own.site),
        quality=quality,
    )


def _own(row: Mapping[str, Any], name: str, listed: Sensor | None) -> Sensor | None:
    """Return the sensor as a row tells of it: rows of measurements and sensors do."""
    parameter = row.get("parameter")
    if not isinstance(parameter, dict) or not name:
        return None
    found = _sensor({"id": name, "parameter": parameter}, "")
    if found is None:
        raise ValueError(f"unit {parameter.get('units')!r} does not measure it")
    site = listed.site if listed else str(row.get("locationsId") or name)
    return Sensor(site, found.quantity, found.unit)


def _is_of_no_interest(parameter: Any) -> bool:
    name = parameter.get("name") if isinstance(parameter, dict) else None
    return isinstance(name, str) and name.lower() not in QUANTITIES


def _observed(row: Any) -> datetime:
    """Return when a value was true: of a period its end, as ``latest`` says it too."""
    if isinstance(row, dict) and "datetime" in row:
        return times.instant(str(need(row["datetime"], "utc")))
    return times.instant(str(need(need(need(row, "period"), "datetimeTo"), "utc")))


def _value(row: Mapping[str, Any], quantity: str) -> tuple[float | None, Quality]:
    if "value" not in row:
        raise ValueError("value is missing")
    value = number(row["value"])
    flags = row.get("flagInfo")
    is_flagged = isinstance(flags, dict) and bool(flags.get("hasFlags"))
    if value is not None and _is_sentinel(value, quantity):
        value = None
    return value, Quality.UNCERTAIN if is_flagged else Quality.GOOD


def _is_sentinel(value: float, quantity: str) -> bool:
    if quantity in _MAY_BE_NEGATIVE:
        return value < _COLDEST or value >= _SENTINEL
    return value < 0 or value in {_SENTINEL, 99999.0, 999999.0}
