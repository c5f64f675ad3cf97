"""GBFS 1.0–3.0: bikes and docks at the stations of a shared-mobility system.

Docs: https://gbfs.org/specification/reference/. No key. Quirks: 3.0 drops the language level,
renames bikes to vehicles and writes RFC 3339; booleans are 1 and 0 in 1.x; stations may stay
"active" long after their last report. So ``observed_at`` is the station's ``last_reported`` and
ages by itself; past ``stale_after`` the observation is marked STALE as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from feeds import times
from feeds.base import Kind, Take, Visit
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from feeds.http import Document
from feeds.options import Duration, KindOptions
from model import Feed, Observation, Parsed, Quality, Reject
from model.plain import instant

Places = Mapping[str, tuple[float, float]]

_SKEW = timedelta(seconds=60)
_COUNTS = {
    "bikes_available": (("num_bikes_available", "num_vehicles_available"), "is_renting"),
    "docks_available": (("num_docks_available",), "is_returning"),
}


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    language: str | None = None
    stale_after: Duration = timedelta(hours=1)
    information_every: Duration = timedelta(days=1)


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
        self.parsed.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=line,
                reason=reason,
                raw=raw(row),
                at=self.fetched_at,
                field=name,
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
    options = Options.model_validate(dict(feed.options))
    published = _time(document.get("last_updated"))
    stations = _Stations(feed, options, fetched_at, published, places or {})
    seen: set[str] = set()
    for line, row in enumerate(rows, 1):
        try:
            _station(row, line, stations, seen)
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            stations.reject(line, f"{type(problem).__name__}: {problem}"[:200], row)
    return Parsed(stations.parsed.accepted, stations.parsed.rejected, published)


def places_of(body: bytes) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude by station of a station_information document.

    Raises:
        ValueError: if it is no such document.

    """
    found: dict[str, tuple[float, float]] = {}
    for row in from_json(body)["data"]["stations"]:
        try:
            lat, lon = float(row["lat"]), float(row["lon"])
        except (KeyError, ValueError, TypeError):
            continue
        if abs(lat) <= 180 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0):  # noqa: PLR2004 - degrees
            found[str(row["station_id"])] = (lat, lon)
    return found


def feeds_of(body: bytes, language: str | None = None) -> dict[str, str]:
    """Return the documents that a gbfs.json lists, by name.

    Raises:
        ValueError: if it lists none, or none in the language.

    """
    listed = from_json(body)["data"]
    if "feeds" not in listed:  # before 3.0 there is a level of languages
        chosen = language or next(iter(listed), None)
        if chosen not in listed:
            raise ValueError(f"no language {chosen!r}; there are {', '.join(map(repr, listed))}")
        listed = listed[chosen]
    return {str(item["name"]).removesuffix(".json"): str(item["url"]) for item in listed["feeds"]}


def _station(row: Any, line: int, stations: _Stations, seen: set[str]) -> None:
    site = str(row["station_id"]).strip()
    if not site or site in seen:
        stations.reject(line, "station listed twice" if site else "station without an id", row)
        return
    seen.add(site)
    if not _flag(row.get("is_installed", True)):
        return
    report = _reported(row.get("last_reported"), stations)
    for quantity, (names, flag) in _COUNTS.items():
        value = _count(row, names)
        if value is not None and value < 0:
            stations.reject(line, f"{value:g} is no count", row, quantity)
        elif value is not None:
            known = value if _flag(row.get(flag, True)) else 0.0
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
    said = _time(value)
    if said is None or said > document + _SKEW:
        return document, Quality.UNCERTAIN
    is_old = stations.fetched_at - said > stations.options.stale_after
    return said, Quality.STALE if is_old else Quality.GOOD


def _time(value: Any) -> datetime | None:
    """Read POSIX seconds or RFC 3339; ``None`` for nothing and for 1970."""
    if value is None or value in ("", 0, "0"):
        return None
    if isinstance(value, str) and not value.strip().isdigit():
        return times.instant(value)
    return times.posix(value)


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in {"0", "false", ""}
    return bool(value)


def _count(row: Any, names: tuple[str, ...]) -> float | None:
    for name in names:
        if row.get(name) is not None:
            return float(int(row[name]))
    return None


def read(visit: Visit) -> Take:
    """Read the status, and where the stations are when that is old or one is unknown."""
    options = Options.model_validate(dict(visit.feed.options))
    known = dict(visit.memory.get("gbfs", {}))
    if not known or times.instant(known["at"]) < visit.now - options.information_every:
        known = _discovered(visit, options)
    try:
        status = visit.get(known["status"], is_conditional=True)
    except FeedError as failure:
        if not failure.permanent or known["at"] == instant(visit.now):
            raise
        known = _discovered(visit, options)  # the documents may have moved
        status = visit.get(known["status"], is_conditional=True)
    if status.not_modified:
        return Take(Parsed(), {"gbfs": known}, not_modified=True)
    known = _with_newcomers(visit, known, status)
    parsed = parse(status.content, visit.feed, visit.now, places=_places(known))
    return Take(parsed, {"gbfs": known})


def _discovered(visit: Visit, options: Options) -> dict[str, Any]:
    url = visit.feed.url or ""
    listing = visit.get(url)
    documents = feeds_of(listing.content, options.language)
    for name in ("station_status", "station_information"):
        if name not in documents:
            raise FeedError(visit.feed.id, f"gbfs.json lists no {name}", permanent=True)
    status = urljoin(listing.url, documents["station_status"])
    information = urljoin(listing.url, documents["station_information"])
    return _informed(visit, {"status": status, "information": information})


def _informed(visit: Visit, known: Mapping[str, Any]) -> dict[str, Any]:
    places = places_of(visit.get(known["information"]).content)
    return {**known, "at": instant(visit.now), "stations": {k: list(v) for k, v in places.items()}}


def _with_newcomers(visit: Visit, known: dict[str, Any], status: Document) -> dict[str, Any]:
    """Read the information again where the status names a station that it does not have."""
    rows = from_json(status.content)["data"]["stations"]
    ids = {str(row.get("station_id")) for row in rows if isinstance(row, dict)}
    strangers = ids - known["stations"].keys() - set(known.get("nowhere", ()))
    if not strangers or known["at"] == instant(visit.now):
        return known
    known = _informed(visit, known)
    return {**known, "nowhere": sorted(ids - known["stations"].keys())}


def _places(known: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {site: (pair[0], pair[1]) for site, pair in known["stations"].items()}


KIND = Kind(
    name="gbfs",
    options=Options,
    read=read,
    parse=parse,
    standard="GBFS 1.0 to 3.0",
    gives=frozenset({"observation"}),
)
