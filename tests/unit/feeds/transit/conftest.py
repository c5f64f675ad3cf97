"""A small timetable after the standard, and messages of real time that belong to it."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as pb

from feeds.gtfs_read import read_timetable
from model import Feed

TABLES = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,City,https://a.example,America/New_York\n",
    "routes": "route_id,agency_id,route_short_name,route_type\nR1,A,1,1\nR2,A,2,3\n",
    "stops": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        "S1,First,40.70,-74.00,1,\nS1N,First,40.70,-74.00,0,S1\nS1S,First,,,0,S1\n"
        "S2,Second,40.71,-74.01,,\nS3,Third,40.72,-74.02,,\n"
    ),
    "trips": "route_id,service_id,trip_id,direction_id\nR1,ALL,T1,0\nR1,ALL,T2,1\nR2,ALL,NIGHT,0\n",
    "stop_times": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T1,8:00:00,8:00:00,S1N,1\nT1,08:10:00,08:11:00,S2,2\nT1,08:20:00,08:20:00,S3,3\n"
        "T2,09:00:00,09:00:00,S3,1\nT2,,,S2,2\nT2,09:20:00,09:20:00,S1S,3\n"
        "NIGHT,23:50:00,23:50:00,S1N,5\nNIGHT,24:30:00,24:31:00,S2,7\nNIGHT,25:10:00,25:10:00,S3,9\n"
    ),
    "calendar": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "ALL,1,1,1,1,1,1,1,20260101,20261231\n"
    ),
}


@pytest.fixture
def tables() -> dict[str, str]:
    return dict(TABLES)


def zipped(folder: str = "", more: dict[str, bytes] | None = None, **tables: Any) -> bytes:
    """Return a zip of the tables; ``None`` leaves one out, ``folder`` stands before each name."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in (TABLES | tables).items():
            if text is not None:
                file.writestr(f"{folder}{name}.txt", text)
        for name, text in (more or {}).items():
            file.writestr(name, text)
    return body.getvalue()


@pytest.fixture
def make_zip() -> Callable[..., bytes]:
    return zipped


@pytest.fixture(scope="session")
def make_zip_once() -> Callable[..., bytes]:
    return zipped


@pytest.fixture(scope="session")
def tables_once() -> dict[str, str]:
    return dict(TABLES)


@pytest.fixture
def make_message() -> Callable[..., Any]:
    """Return a message of entities, each a dict as protobuf's own JSON form has it."""

    def make(at: datetime | None, *entities: dict[str, Any], **header: Any) -> Any:
        message = pb.FeedMessage()
        message.header.gtfs_realtime_version = "2.0"
        if at is not None:
            message.header.timestamp = int(at.timestamp())
        for name, value in header.items():
            setattr(message.header, name, value)
        for number, entity in enumerate(entities, 1):
            added = message.entity.add(id=entity.pop("id", str(number)))
            for name, about in entity.items():
                _fill(getattr(added, name), about)
                getattr(added, name).SetInParent()
        return message

    return make


def _fill(part: Any, about: dict[str, Any]) -> None:
    for name, value in about.items():
        if isinstance(value, dict):
            _fill(getattr(part, name), value)
            getattr(part, name).SetInParent()
        elif isinstance(value, list):
            for item in value:
                _fill(getattr(part, name).add(), item)
        else:
            setattr(part, name, value)


@pytest.fixture(scope="session")
def damaged() -> SimpleNamespace:
    """A good message with trips, vehicles and alerts, and what it belongs to."""
    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = 1795525500
    update = message.entity.add(id="a").trip_update
    update.trip.trip_id, update.trip.start_date = "T1", "20261124"
    update.stop_time_update.add(stop_id="S2", stop_sequence=2).arrival.time = 1795526000
    vehicle = message.entity.add(id="b").vehicle
    vehicle.trip.trip_id, vehicle.trip.route_id = "T2", "R1"
    alert = message.entity.add(id="c").alert
    alert.header_text.translation.add(text="é", language="fr")
    alert.informed_entity.add(stop_id="S2", route_id="R1")
    alert.active_period.add(start=1795525500, end=1795529999)
    feeds = [
        Feed(id="f1", kind="gtfs-rt", gives=gives, every=timedelta(minutes=1), url="https://x/y")
        for gives in ("observation", "notice")
    ]
    return SimpleNamespace(
        body=message.SerializeToString(), feeds=feeds, timetable=read_timetable(zipped())
    )
