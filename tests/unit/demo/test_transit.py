"""The buses: a timetable that can be ridden, and delays that the city explains."""

import csv
import io
import zipfile
from dataclasses import replace

import numpy as np
from google.transit import gtfs_realtime_pb2

from demo import gtfs, transit
from demo.almanac import day_of
from demo.districts import wards
from demo.incidents import World, started

from .conftest import SEED, instant

RUSH = instant("2026-11-24T22:10:00+00:00")
NIGHT = instant("2026-11-25T05:20:00+00:00")  # 00:20 city time: buses of the evening before


def read(body):
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(body)
    return message


def table(packed, name):
    return list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8"))))


def test_every_district_has_a_stop():
    served = {stop.district for line in transit.lines() for stop in line.stops}

    assert served == {ward.id for ward in wards()}
    assert len(transit.lines()) == transit.LINES


def test_the_timetable_holds_together():
    with zipfile.ZipFile(io.BytesIO(gtfs.static(RUSH))) as packed:
        stops = {row["stop_id"] for row in table(packed, "stops.txt")}
        trips = {row["trip_id"]: row for row in table(packed, "trips.txt")}
        calls = table(packed, "stop_times.txt")
        holidays = table(packed, "calendar_dates.txt")

    assert len(trips) == sum(len(transit.trips(name)) for name in transit.SERVICES)
    assert {row["stop_id"] for row in calls} == stops
    assert {row["trip_id"] for row in calls} == trips.keys()
    assert max(row["departure_time"] for row in calls) > "24:30:00"
    assert {"service_id": "sunday", "date": "20261225", "exception_type": "1"} in holidays


def test_real_time_tells_of_trips_of_the_timetable(world):
    known = {trip.id for trip in transit.trips("workday")}
    message = read(gtfs.trip_updates(world, RUSH))
    updates = [entity.trip_update for entity in message.entity]

    assert message.header.timestamp == RUSH // 15 * 15
    assert len(updates) > 60
    assert {update.trip.trip_id for update in updates} <= known
    running = [update for update in updates if update.stop_time_update]
    assert all(update.stop_time_update[0].arrival.time >= RUSH - 15 for update in running)
    assert len(read(gtfs.vehicles(world, RUSH)).entity) == len(running)


def test_buses_after_midnight_belong_to_the_day_before(world):
    days = {run.day for run in transit.running(world, NIGHT)}

    assert days == {day_of(NIGHT) - 1}
    assert read(gtfs.trip_updates(world, NIGHT)).entity[0].trip_update.trip.start_date == "20261124"


def test_most_buses_are_on_time_and_few_do_not_run(world):
    seen = [
        (RUSH - hour * 3600, run)
        for hour in range(12)
        for run in transit.running(world, RUSH - hour * 3600)
    ]
    runs = [run for _, run in seen]
    late = np.array([run.delays[run.next_call(now) or 0] for now, run in seen])

    assert 0.80 < np.mean((late >= -60) & (late <= 300)) < 0.97
    assert 0.0 < np.mean([run.is_cancelled for run in runs]) < 0.03


def test_a_crash_holds_up_the_buses_that_pass(world):
    crash = replace(started("crash", RUSH - 900, seed=SEED, minutes=60), place="182")
    calm = {run.trip.id: run for run in transit.running(world, RUSH)}
    jammed = {
        run.trip.id: run
        for run in transit.running(World(SEED, (crash,), has_programme=False), RUSH)
    }

    shared = calm.keys() & jammed.keys()
    slower = {key for key in shared if jammed[key].delays[-1] > calm[key].delays[-1] + 60}
    passing = {
        key for key in shared if any(stop.district == "182" for stop, _ in calm[key].trip.calls)
    }
    assert slower
    assert slower == passing


def test_a_flood_sends_buses_on_a_detour(world):
    flood = started("flood", RUSH - 600, seed=SEED, minutes=60)

    assert not read(gtfs.alerts(world, RUSH)).entity
    (entity,) = read(gtfs.alerts(World(SEED, (flood,), has_programme=False), RUSH)).entity
    assert {one.language for one in entity.alert.header_text.translation} == {"en", "fr"}
    assert entity.alert.informed_entity
