"""GBFS 1.0–3.0: bikes and docks at the stations of a shared-mobility system.

Docs: https://gbfs.org/specification/reference/. No key. Stations may stay "active" long after
their last report. So ``observed_at`` is the station's ``last_reported`` and ages by itself; past
``stale_after`` the observation is marked STALE as well. Vehicles are counted, never tracked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from feeds import times
from feeds.base import Again, Kind, Take, Visit
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.gbfs_find import documents, feeds_of
from feeds.gbfs_parse import (
    TWICE,
    Options,
    about_of,
    parse,
    parse_rows,
    parse_vehicles,
    places_of,
)
from feeds.http import Document
from model import Parsed, Reject
from model.plain import instant

_VEHICLES = ("vehicle_status", "free_bike_status")
_MAX_FILE = 50_000_000


def read(visit: Visit) -> Take:
    """Read the status, and where the stations are when that is old or one is unknown."""
    options = Options.model_validate(dict(visit.feed.options))
    if visit.feed.path:
        return _from_files(visit, options)
    known = dict(visit.memory.get("gbfs", {}))
    if not known or times.instant(known["at"]) < visit.now - options.information_every:
        known = _discovered(visit, options)
    try:
        return _read(visit, known)
    except FeedError as failure:
        if not failure.permanent or known["at"] == instant(visit.now):
            raise
    return _read(visit, _discovered(visit, options))  # the documents may have moved


def _read(visit: Visit, known: dict[str, Any]) -> Take:
    """Read what changes: the status of the stations, and the vehicles."""
    parsed, is_same = Parsed(), True
    if known["status"]:
        status = visit.get(known["status"], is_conditional=True)
        is_same = status.not_modified
        if not is_same:
            known = _with_newcomers(visit, known, status)
            parsed = parse(status.content, visit.feed, visit.now, places=_places(known))
    if known.get("vehicles"):
        free = visit.get(known["vehicles"], is_conditional=True)
        is_same = is_same and free.not_modified
        if not free.not_modified:
            parsed = _joined(parsed, parse_vehicles(free.content, visit.feed, visit.now))
    return Take(parsed, {"gbfs": known}, not_modified=is_same)


def _joined(stations: Parsed, vehicles: Parsed) -> Parsed:
    accepted = [*stations.accepted, *vehicles.accepted]
    published = stations.published_at or vehicles.published_at
    return replace(stations, accepted=accepted, published_at=published)


def _discovered(visit: Visit, options: Options) -> dict[str, Any]:
    found = documents(visit, options)
    status = found.get("station_status", "")
    free = next((found[name] for name in _VEHICLES if name in found), "")
    if options.vehicles is False or (options.vehicles is None and status):
        free = ""
    if not status and not free:
        raise FeedError(visit.feed.id, "gbfs.json lists no station_status", permanent=True)
    if status and "station_information" not in found:
        raise FeedError(visit.feed.id, "gbfs.json lists no station_information", permanent=True)
    known = {
        "status": status,
        "information": found.get("station_information", "") if status else "",
        "vehicles": free,
        "about": _about(visit, found.get("system_information")),
    }
    return _informed(visit, known)


def _about(visit: Visit, url: str | None) -> dict[str, str]:
    """Return the name and licence of a system; not to have them costs nothing."""
    try:
        return about_of(visit.get(url).content) if url else {}
    except (FeedError, LookupError, ValueError, TypeError, AttributeError):
        return dict(visit.memory.get("gbfs", {}).get("about", {}))


def _informed(visit: Visit, known: Mapping[str, Any]) -> dict[str, Any]:
    places = places_of(visit.get(known["information"]).content) if known["information"] else {}
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


def _from_files(visit: Visit, options: Options) -> Take:
    """Read documents from files named as the standard names them, such as recordings."""
    whole = Path(visit.feed.path or "")
    paths = Path(whole.anchor).glob(str(whole.relative_to(whole.anchor)))
    found = {path.stem: path for path in sorted(paths) if path.is_file()}
    if not ({"station_status", *_VEHICLES} & found.keys()):
        reason = f"no station_status.json at {visit.feed.path}"
        raise FeedError(visit.feed.id, reason, permanent=False)
    stamps = {
        name: f"{path.stat().st_mtime_ns} {path.stat().st_size}" for name, path in found.items()
    }
    if visit.memory.get("files") == stamps:
        return Take(Parsed(), not_modified=True)
    parsed, places = Parsed(), {}
    if "station_information" in found:
        places = places_of(_body(visit, found["station_information"]))
    if "station_status" in found:
        status = _body(visit, found["station_status"])
        parsed = parse(status, visit.feed, visit.now, places=places)
    free = next((found[name] for name in _VEHICLES if name in found), None)
    if free and (options.vehicles or (options.vehicles is None and not parsed.accepted)):
        parsed = _joined(parsed, parse_vehicles(_body(visit, free), visit.feed, visit.now))
    stations = {site: list(pair) for site, pair in places.items()}
    return Take(parsed, {"files": stamps, "gbfs": {"stations": stations, "at": instant(visit.now)}})


def _stamp(path: Path) -> str:
    about = path.stat()
    return f"{about.st_mtime_ns} {about.st_size}"


def _body(visit: Visit, path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE:
            reason = f"{path.name} is larger than {_MAX_FILE} bytes"
            raise FeedError(visit.feed.id, reason, permanent=True)
        return path.read_bytes()
    except OSError as problem:
        reason = f"{path.name}: {problem.strerror}"
        raise FeedError(visit.feed.id, reason, permanent=False) from problem


def again(about: Again) -> Parsed:
    """Read refused stations again, as of the document that they stood in.

    A station that was refused because it is listed twice stays refused.
    """
    parsed = Parsed()
    places = _places(about.memory.get("gbfs", {"stations": {}}))
    for context, group in groupby(about.rejects, key=lambda one: one.context):
        rejects = list(group)
        parsed.rejected.extend(one for one in rejects if one.reason == TWICE)
        rows = list(_rows([one for one in rejects if one.reason != TWICE], parsed.rejected))
        published = times.instant(context) if context else None
        found = parse_rows(rows, about.feed, about.now, published, places=places)
        parsed.accepted.extend(found.accepted)
        parsed.rejected.extend(found.rejected)
    return parsed


def _rows(rejects: list[Reject], unreadable: list[Reject]) -> Iterator[tuple[int, Any]]:
    for one in rejects:
        try:
            yield one.line, from_json(one.raw.encode())
        except ValueError:
            unreadable.append(one)


KIND = Kind(
    name="gbfs",
    options=Options,
    read=read,
    parse=parse,
    standard="GBFS 1.0 to 3.0",
    gives=frozenset({"observation"}),
    again=again,
    measures=frozenset({"bikes_available", "docks_available"}),
)
__all__ = ["KIND", "Options", "again", "feeds_of", "parse", "places_of", "read"]
