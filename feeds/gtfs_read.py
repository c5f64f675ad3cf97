"""Bytes of a GTFS zip to a timetable.

All ids are text. Where ids stand twice, the first counts. What could not be read is counted in
``notes``; the rest of the timetable is good.
"""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feeds.gtfs_calendar import read_services
from feeds.gtfs_stop_times import Ints, StopTimes, read_stop_times, seconds
from feeds.gtfs_tables import Archive
from feeds.gtfs_timetable import Repeats, Stops, Timetable
from feeds.times import check_zone

_POLE = 90.0
_DATE_LINE = 180.0
_MAX_RUNS = 10_000  # of one row in a day: every second minute all week long, and more
_SHORTEST = 2  # stops of a trip
_ORIGIN = re.compile(r"(?:^|_)(\d{6}_[^.]+\.\.[A-Z])")


def read_timetable(body: bytes, *, inside: str = "", zone: str = "UTC") -> Timetable:
    """Read a timetable.

    Args:
        body: a GTFS zip.
        inside: which zip inside it is meant, where it holds several.
        zone: where times belong if the timetable does not say.

    Raises:
        ValueError: if it is no timetable, or holds no trip that runs.

    """
    archive = Archive.of(body, inside)
    notes: dict[str, int] = {}
    services = read_services(archive, notes)
    stops = _stops(archive, notes)
    trips = _unique(
        archive.table(
            "trips",
            ("trip_id", "route_id", "service_id", "direction_id"),
            ("trip_id", "route_id", "service_id"),
        ),
        "trip_id",
        notes,
    )
    is_served = trips["service_id"].isin(services.index)
    _note(notes, "trips of services that have no days", int((~is_served).sum()))
    trips = trips[is_served]
    index = {name: place for place, name in enumerate(trips["trip_id"])}
    rows = read_stop_times(archive, index, stops.index, notes)
    lengths = np.diff(rows.first)
    _note(notes, "trips without two timed stops", int((lengths < _SHORTEST).sum()))
    if not (lengths >= _SHORTEST).any():
        raise ValueError("no trip of the timetable has times")
    starts, ends = _spans(rows, lengths)
    return Timetable(
        zone=_zone(archive, zone),
        version=_version(archive),
        services=services,
        stops=stops,
        routes=_routes(archive, notes),
        trips=index,
        trip_ids=tuple(index),
        route_of=tuple(trips["route_id"]),
        service_of=np.array([services.index[name] for name in trips["service_id"]], np.int32),
        direction_of=np.array([_direction(text) for text in trips["direction_id"]], np.int32),
        rows=rows,
        starts=starts,
        ends=ends,
        repeats=_repeats(archive, index, starts, notes),
        origins=_origins(index),
        notes=tuple(f"{count} {what}" for what, count in notes.items()),
    )


def origin(trip_id: str) -> str | None:
    """Return the part of a trip id that tells origin time, route and direction, if it has one.

    New York's subway names trips so, with other parts around it in real time than in the
    timetable.

    >>> origin("AFA24GEN-1038-Sunday-00_000600_1..S03R"), origin("000600_1..S")
    ('000600_1..S', '000600_1..S')

    """
    match = _ORIGIN.search(trip_id)
    return match[1] if match else None


def _origins(index: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name, place in index.items():
        if key := origin(name):
            found[key] = (*found.get(key, ()), place)
    return found


def _spans(rows: StopTimes, lengths: NDArray[np.int64]) -> tuple[Ints, Ints]:
    """Return when each trip leaves its first stop and reaches its last one; -1 for none."""
    starts, ends = np.full((2, len(lengths)), -1, dtype=np.int32)
    runs = lengths >= _SHORTEST
    starts[runs] = rows.departs[rows.first[:-1][runs]]
    ends[runs] = rows.arrives[rows.first[1:][runs] - 1]
    return starts, ends


def _stops(archive: Archive, notes: dict[str, int]) -> Stops:
    columns = ("stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station")
    frame = _unique(archive.table("stops", columns, ("stop_id",)), "stop_id", notes)
    index = {name: place for place, name in enumerate(frame["stop_id"])}
    lat, lon = (
        pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, copy=True)
        for name in ("stop_lat", "stop_lon")
    )
    lost = ~(np.abs(lat) <= _DATE_LINE) | ~(np.abs(lon) <= _DATE_LINE) | ((lat == 0) & (lon == 0))
    lat[lost] = lon[lost] = np.nan
    _note(notes, "stops without a place", int(lost.sum()))
    own = range(len(index))
    parents = zip(frame["parent_station"], own, strict=True)
    station = np.array([index.get(parent, place) for parent, place in parents], dtype=np.int32)
    return Stops(index, tuple(frame["stop_name"]), lat, lon, station)


def _routes(archive: Archive, notes: dict[str, int]) -> dict[str, str]:
    """Return the names by which riders know the routes."""
    columns = ("route_id", "route_short_name", "route_long_name")
    frame = _unique(archive.table("routes", columns, ("route_id",)), "route_id", notes)
    names = frame["route_short_name"].where(frame["route_short_name"] != "", frame[columns[2]])
    return dict(zip(frame["route_id"], names, strict=True))


def _repeats(
    archive: Archive, index: Mapping[str, int], starts: Ints, notes: dict[str, int]
) -> Repeats:
    columns = ("trip_id", "start_time", "end_time", "headway_secs", "exact_times")
    frame = archive.table("frequencies", columns)
    trip = np.array([index.get(name, -1) for name in frame["trip_id"]], dtype=np.int32)
    start, end = (_column(frame[name], _clock) for name in ("start_time", "end_time"))
    headway = _column(frame["headway_secs"], _whole)
    usable = (trip >= 0) & (start >= 0) & (start < end) & (headway > 0)
    usable[usable] = starts[trip[usable]] >= 0
    usable &= (end.astype(np.int64) - start) <= _MAX_RUNS * headway.astype(np.int64)
    _note(notes, "rows of frequencies.txt that cannot be read", int((~usable).sum()))
    exact = frame["exact_times"].to_numpy() == "1"
    return Repeats(trip[usable], start[usable], end[usable], headway[usable], exact[usable])


def _column(texts: "pd.Series[str]", reading: Callable[[str], int]) -> Ints:
    return np.array([reading(text) for text in texts], dtype=np.int32)


def _clock(text: str) -> int:
    try:
        found = seconds(text)
    except ValueError:
        return -1
    return -1 if found is None else found


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else -1


def _direction(text: str) -> int:
    return int(text) if text in {"0", "1"} else -1


def _unique(frame: pd.DataFrame, key: str, notes: dict[str, int]) -> pd.DataFrame:
    """Return the rows with an id, the first of those with the same."""
    named = frame[frame[key] != ""]
    kept = named[~named[key].duplicated()]
    _note(notes, f"rows whose {key} is blank or stands there twice", len(frame) - len(kept))
    return kept.reset_index(drop=True)


def _zone(archive: Archive, zone: str) -> ZoneInfo:
    """Return the zone of the first agency that says one."""
    said = archive.table("agency", ("agency_timezone",))["agency_timezone"]
    return ZoneInfo(check_zone(next(filter(None, said), zone)))


def _version(archive: Archive) -> str:
    said = archive.table("feed_info", ("feed_version",))["feed_version"]
    return next(filter(None, said), "")


def _note(notes: dict[str, int], what: str, count: int) -> None:
    if count:
        notes[what] = notes.get(what, 0) + count
