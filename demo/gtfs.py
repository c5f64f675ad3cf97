"""GTFS of the simulated buses: the timetable as a zip, and real time as protobuf.

Source: gtfs.org, Schedule and Realtime 2.0. Real time changes every 15 seconds.
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from demo import transit
from demo.incidents import World
from demo.sites import RIVERSIDE

STEP = 15
AHEAD = 6  # calls told in advance
_EPOCH = date(1970, 1, 1)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def static(now: int) -> bytes:
    """Return the timetable that holds now; the same bytes until the next one."""
    return _static(transit.days(now))


@lru_cache(maxsize=4)
def _static(days: range) -> bytes:
    files = {
        "agency.txt": _agency(),
        "feed_info.txt": _feed_info(days),
        "stops.txt": _stops(),
        "routes.txt": _routes(),
        "calendar.txt": _calendar(days),
        "calendar_dates.txt": _holidays(days),
        "trips.txt": _trips(),
        "stop_times.txt": _stop_times(),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, rows in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, "".join(f"{row}\r\n" for row in rows))
    return held.getvalue()


def _agency() -> list[str]:
    return [
        "agency_id,agency_name,agency_url,agency_timezone",
        "demo,Demo Transit (simulated),https://example.org/,America/Toronto",
    ]


def _feed_info(days: range) -> list[str]:
    return [
        "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
        f"Demo Transit,https://example.org/,en,{_date(days[0])},{_date(days[-1])},{days[0]}",
    ]


def _stops() -> list[str]:
    rows = [
        f"{stop.id},{stop.name},{stop.lat},{stop.lon},0"
        for line in transit.lines()
        for stop in line.stops
    ]
    return ["stop_id,stop_name,stop_lat,stop_lon,location_type", *rows]


def _routes() -> list[str]:
    rows = [f"{line.id},demo,{line.id.partition('-')[2]},{line.name},3" for line in transit.lines()]
    return ["route_id,agency_id,route_short_name,route_long_name,route_type", *rows]


def _calendar(days: range) -> list[str]:
    which = {"workday": range(5), "saturday": (5,), "sunday": (6,)}
    return [
        f"service_id,{','.join(_WEEK)},start_date,end_date",
        *(
            f"{name},{','.join(str(int(day in which[name])) for day in range(7))}"
            f",{_date(days[0])},{_date(days[-1])}"
            for name in transit.SERVICES
        ),
    ]


def _holidays(days: range) -> list[str]:
    rows = ["service_id,date,exception_type"]
    for day in days:
        usual = ("workday",) * 5 + ("saturday", "sunday")
        planned, real = usual[(day + 3) % 7], transit.service_of(day)
        if planned != real:
            rows += [f"{planned},{_date(day)},2", f"{real},{_date(day)},1"]
    return rows


def _trips() -> list[str]:
    rows = [
        f"{trip.line.id},{trip.service},{trip.id},{trip.calls[-1][0].name},{trip.direction}"
        for service in transit.SERVICES
        for trip in transit.trips(service)
    ]
    return ["route_id,service_id,trip_id,trip_headsign,direction_id", *rows]


def _stop_times() -> Iterable[str]:
    yield "trip_id,arrival_time,departure_time,stop_id,stop_sequence"
    for service in transit.SERVICES:
        for trip in transit.trips(service):
            for number, (stop, at) in enumerate(trip.calls, 1):
                yield f"{trip.id},{_clock(at)},{_clock(at)},{stop.id},{number}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).strftime("%Y%m%d")


def trip_updates(world: World, now: int) -> bytes:
    """Return the delays of the trips that are under way, and those that do not run."""
    message, at = _message(now)
    for run in transit.running(world, at):
        if not run.is_seen:
            continue
        entity = message.entity.add(id=f"{run.trip.id}-{_date(run.day)}")
        update = entity.trip_update
        _describe(update.trip, run)
        update.timestamp = at
        if run.is_cancelled:
            update.trip.schedule_relationship = 3  # CANCELED
            continue
        first = run.next_call(at) or 0
        for number in range(first, min(first + AHEAD, len(run.times))):
            call = update.stop_time_update.add(
                stop_sequence=number + 1, stop_id=run.trip.calls[number][0].id
            )
            call.arrival.time = run.times[number] + run.delays[number]
            call.arrival.delay = run.delays[number]
    return bytes(message.SerializeToString())


def vehicles(world: World, now: int) -> bytes:
    """Return where the buses are."""
    message, at = _message(now)
    for run in transit.running(world, at):
        if run.is_cancelled or not run.is_seen:
            continue
        entity = message.entity.add(id=f"bus-{run.trip.id}-{_date(run.day)}")
        _describe(entity.vehicle.trip, run)
        lon, lat = transit.position(run, at)
        entity.vehicle.position.longitude, entity.vehicle.position.latitude = lon, lat
        entity.vehicle.timestamp = at
        entity.vehicle.vehicle.id = f"{run.trip.line.id}-{run.trip.starts // 60}"
    return bytes(message.SerializeToString())


def alerts(world: World, now: int) -> bytes:
    """Return the detours: lines that pass flooded districts."""
    message, at = _message(now)
    for incident in world.incidents("flood", at, at):
        if not incident.covers(at):
            continue
        lines = [
            line
            for line in transit.lines()
            if any(RIVERSIDE.get(stop.district, 0) >= 0.9 for stop in line.stops)
        ]
        entity = message.entity.add(id=f"detour-{incident.started}")
        entity.alert.active_period.add(start=incident.started, end=incident.ends)
        for line in lines:
            entity.alert.informed_entity.add(route_id=line.id)
        entity.alert.cause, entity.alert.effect = 8, 4  # WEATHER, DETOUR
        for language, words in (
            ("en", "Detour: streets by the river are flooded"),
            ("fr", "Détour : rues inondées au bord de la rivière"),
        ):
            entity.alert.header_text.translation.add(text=words, language=language)
    return bytes(message.SerializeToString())


def _message(now: int) -> tuple[Any, int]:
    from google.transit import gtfs_realtime_pb2  # noqa: PLC0415 - heavy, and few calls need it

    at = now // STEP * STEP
    message = gtfs_realtime_pb2.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.incrementality = gtfs_realtime_pb2.FeedHeader.FULL_DATASET
    message.header.timestamp = at
    return message, at


def _describe(trip: Any, run: transit.Run) -> None:
    trip.trip_id = run.trip.id
    trip.route_id = run.trip.line.id
    trip.direction_id = run.trip.direction
    trip.start_date = _date(run.day)
