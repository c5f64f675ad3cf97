"""Documents of GBFS 1.0–3.0 to observations, and to what is known of a system.

Quirks: 3.0 drops the language level, renames bikes to vehicles and writes RFC 3339; booleans are
1 and 0 in 1.x; counts come as text; a station may be listed twice, or lie at 0,0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from feeds import times
from feeds.decode import from_json, raw
from feeds.options import Duration, KindOptions
from model import Feed, Observation, Parsed, Quality, Reject
from model.plain import instant

Places = Mapping[str, tuple[float, float]]

TWICE = "station listed twice"
_SKEW = timedelta(seconds=60)
_COUNTS = {
    "bikes_available": (("num_bikes_available", "num_vehicles_available"), "is_renting"),
    "docks_available": (("num_docks_available",), "is_returning"),
}
_MOST = 100_000  # of anything at one station
_BAD_ROW = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    language: str | None = None
    system_id: str | None = None
    stale_after: Duration = timedelta(hours=1)
    information_every: Duration = timedelta(days=1)
    vehicles: bool | None = None

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        return [] if feed.url or feed.path else [f"kind {feed.kind!r} needs a url or a path"]


@dataclass(slots=True)
class _Stations:
    """Gathers the observations of one status document."""

    feed: Feed
    options: Options
    fetched_at: datetime
    published_at: datetime | None
    places: Places
    parsed: Parsed = field(default_factory=Parsed)

    def reject(self, line: int, reason: str, row: Any, name: str | None = None) -> None:
        said = instant(self.published_at) if self.published_at else ""
        self.parsed.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=line,
                reason=reason,
                raw=raw(row),
                at=self.fetched_at,
                field=name,
                context=said,
            )
        )


def parse(body: bytes, feed: Feed, fetched_at: datetime, *, places: Places | None = None) -> Parsed:
    """Return bikes and docks (counts) per installed station of a station_status document.

    A station that does not rent has no bike to take: 0; one that takes none back has no dock: 0.

    Args:
        body: the document.
        feed: its options hold the age limit.
        fetched_at: when it was read.
        places: latitude and longitude by station, from :func:`places_of`.

    Raises:
        ValueError: if it is no status document, or lists no station.

    """
    document = from_json(body)
    rows = document["data"]["stations"]
    if not isinstance(rows, list) or not rows:
        raise ValueError("no stations in the status")
    published = time_of(document.get("last_updated"))
    return parse_rows(list(enumerate(rows, 1)), feed, fetched_at, published, places=places)


def parse_rows(
    rows: list[tuple[int, Any]],
    feed: Feed,
    fetched_at: datetime,
    published: datetime | None,
    *,
    places: Places | None = None,
) -> Parsed:
    """Return the observations of numbered stations; see :func:`parse`."""
    options = Options.model_validate(dict(feed.options))
    stations = _Stations(feed, options, fetched_at, published, places or {})
    seen: set[str] = set()
    for line, row in rows:
        try:
            _station(row, line, stations, seen)
        except _BAD_ROW as problem:
            stations.reject(line, f"{type(problem).__name__}: {problem}"[:200], row)
    return Parsed(stations.parsed.accepted, stations.parsed.rejected, published)


def parse_vehicles(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return how many vehicles stand free and may be taken, of a whole system (count).

    Vehicles at stations, reserved or disabled ones do not count. Nothing of a single vehicle is
    kept, not even in quarantine.

    Raises:
        ValueError: if it is no vehicle_status or free_bike_status document.

    """
    document = from_json(body)
    data = document["data"]
    rows = data["vehicles"] if "vehicles" in data else data["bikes"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no list of vehicles")
    published = time_of(document.get("last_updated"))
    free = [row for row in rows if not (row.get("station_id") or _is_taken(row))]
    fact = Observation(
        feed_id=feed.id,
        site_id=feed.id,
        quantity="vehicles",
        value=float(len(free)),
        unit="count",
        observed_at=published or fetched_at,
        fetched_at=fetched_at,
        published_at=published,
        quality=Quality.GOOD if published else Quality.UNCERTAIN,
    )
    return Parsed([fact], published_at=published)


def _is_taken(row: Mapping[str, Any]) -> bool:
    return _flag(row.get("is_reserved")) or _flag(row.get("is_disabled"))


def places_of(body: bytes) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude by station of a station_information document.

    Raises:
        ValueError: if it is no such document.

    """
    found: dict[str, tuple[float, float]] = {}
    for row in from_json(body)["data"]["stations"]:
        try:
            lat, lon = float(row["lat"]), float(row["lon"])
        except _BAD_ROW:
            continue
        if abs(lat) <= 180 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0):  # noqa: PLR2004 - degrees
            found[str(row["station_id"])] = (lat, lon)
    return found


def about_of(body: bytes) -> dict[str, str]:
    """Return what a system_information document says of the system and of its licence.

    Raises:
        ValueError: if it is no such document.

    """
    data = from_json(body)["data"]
    names = {
        "name": ("name",),
        "operator": ("operator",),
        "timezone": ("timezone",),
        "licence": ("license_id", "license_url"),
        "attribution": ("attribution_organization_name", "attribution_url"),
    }
    said = {
        key: next((text for name in from_ if (text := _text(data.get(name)))), "")
        for key, from_ in names.items()
    }
    return {key: text for key, text in said.items() if text}


def _text(value: Any) -> str:
    """Return a text, the first one where 3.0 gives it in several languages."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0].get("text")
    return value.strip()[:300] if isinstance(value, str) else ""


def _station(row: Any, line: int, stations: _Stations, seen: set[str]) -> None:
    said = row["station_id"]
    site = "" if said is None or isinstance(said, dict | list | bool) else str(said).strip()
    if not site or site in seen:
        stations.reject(line, TWICE if site else "station without an id", row)
        return
    seen.add(site)
    if not _flag(row.get("is_installed"), missing=True):
        return
    report = _reported(row.get("last_reported"), stations)
    for quantity, (names, flag) in _COUNTS.items():
        value = _count(row, names)
        if value is not None and not 0 <= value <= _MOST:
            stations.reject(line, f"{value:g} is no count", row, quantity)
        elif value is not None:
            known = value if _flag(row.get(flag), missing=True) else 0.0
            stations.parsed.accepted.append(_counted(stations, site, quantity, known, report))


def _counted(
    stations: _Stations, site: str, quantity: str, value: float, report: tuple[datetime, Quality]
) -> Observation:
    lat, lon = stations.places.get(site, (None, None))
    return Observation(
        feed_id=stations.feed.id,
        site_id=site,
        quantity=quantity,
        value=value,
        unit="count",
        observed_at=report[0],
        fetched_at=stations.fetched_at,
        published_at=stations.published_at,
        quality=report[1],
        lat=lat,
        lon=lon,
    )


def _reported(value: Any, stations: _Stations) -> tuple[datetime, Quality]:
    """Return when a station last spoke, and how far that may be believed.

    Without a report of its own, or one from the future, the document's time stands in for it.
    """
    document = stations.published_at or stations.fetched_at
    said = time_of(value)
    if said is None or said > document + _SKEW:
        return document, Quality.UNCERTAIN
    is_old = stations.fetched_at - said > stations.options.stale_after
    return said, Quality.STALE if is_old else Quality.GOOD


def time_of(value: Any) -> datetime | None:
    """Read POSIX seconds or RFC 3339; ``None`` for nothing and for 1970.

    Raises:
        ValueError: if it is neither.

    """
    if value is None or value in ("", 0, "0"):
        return None
    if isinstance(value, str) and not value.strip().isdigit():
        return times.instant(value)
    return times.posix(value)


def _flag(value: Any, *, missing: bool = False) -> bool:
    if value is None:
        return missing
    if isinstance(value, str):
        return value.strip().lower() not in {"0", "false", ""}
    return bool(value)


def _count(row: Any, names: tuple[str, ...]) -> float | None:
    for name in names:
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or float(value) != int(value):
            raise ValueError(f"{name} {value!r} is no count"[:200])
        return float(int(value))
    return None
