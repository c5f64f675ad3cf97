"""A timetable after GTFS, and messages of real time that belong to it."""

import io
import zipfile
from datetime import datetime
from typing import Any

from google.transit import gtfs_realtime_pb2 as pb

from feeds.gtfs_read import read_timetable

from .sample import NOW, Sample

STAMP = int(NOW.timestamp()) - 30
TABLES = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone\n"
    "A,Ville é,https://a.example,America/Toronto\n",
    "routes": "route_id,agency_id,route_short_name,route_type\nR1,A,1,1\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\n"
    "S1,Première é,45.50,-73.60\nS2,Second,45.51,-73.61\n",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nALL,1,1,1,1,1,1,1,20260101,20261231\n",
}


def tables(n: int) -> dict[str, str]:
    """Trips under way at NOW, which is 07:00 in Toronto."""
    trips = "".join(f"R1,ALL,T{i},0\n" for i in range(n))
    times = "".join(f"T{i},6:50:00,6:50:00,S1,1\nT{i},07:30:00,07:30:00,S2,2\n" for i in range(n))
    return TABLES | {
        "trips": f"route_id,service_id,trip_id,direction_id\n{trips}",
        "stop_times": f"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n{times}",
    }


def static(n: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in tables(n).items():
            file.writestr(f"{name}.txt", text)
    return body.getvalue()


def message() -> Any:
    found = pb.FeedMessage()
    found.header.gtfs_realtime_version = "2.0"
    found.header.timestamp = STAMP
    return found


def updates(n: int) -> bytes:
    whole = message()
    for i in range(n):
        update = whole.entity.add(id=f"u{i}").trip_update
        update.trip.trip_id, update.trip.start_date = f"T{i}", "20261124"
        stop = update.stop_time_update.add(stop_id="S2", stop_sequence=2)
        stop.arrival.time = int(datetime(2026, 11, 24, 12, 31, tzinfo=NOW.tzinfo).timestamp())
    return bytes(whole.SerializeToString())


def alerts(n: int) -> bytes:
    whole = message()
    for i in range(n):
        alert = whole.entity.add(id=f"a{i}").alert
        alert.header_text.translation.add(text=f"Retard é{i}", language="fr")
        alert.informed_entity.add(stop_id="S2", route_id="R1")
        alert.active_period.add(start=STAMP - 3600, end=STAMP + 3600)
    return bytes(whole.SerializeToString())


def _timetable(_: Any) -> dict[str, Any]:
    return {"timetable": read_timetable(static(3))}


STATIC = {"static": "https://city.example/static"}
SAMPLES: dict[str, Sample] = {
    "gtfs": Sample("gtfs", static, 3, is_clocked=True, is_packed=True),
    "gtfs-rt": Sample(
        "gtfs-rt", updates, 8, at="/feed", beside={"/static": static(3)}, known=_timetable,
        options=STATIC | {"key": "env:INSULT_KEY"}, env="INSULT_KEY",
    ),
    "gtfs-rt-alerts": Sample(
        "gtfs-rt", alerts, 3, "notice", options=STATIC, at="/feed", beside={"/static": static(3)},
        known=_timetable,
    ),
    "gtfs-rt-static": Sample(
        "gtfs-rt", static, 8, options=STATIC, at="/static", beside={"/feed": updates(3)},
        alone="a broken timetable costs what is measured by it, and is told", is_packed=True,
        is_beside=True,
    ),
}  # fmt: skip
