"""Timetables and real time of New York, San Francisco and Mexico City, as they were published."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from google.protobuf import json_format
from google.transit import gtfs_realtime_pb2 as pb

from feeds import gbfs, gtfs, gtfs_rt, poll
from feeds.gbfs_parse import about_of, parse_vehicles, time_of
from feeds.gtfs_read import read_timetable
from feeds.gtfs_stop_times import seconds
from model import Observation

pytestmark = pytest.mark.realdata

TIMETABLES = {  # trips, rows, stops, first and last day
    "nyc/transit/nyc_subway_gtfs": (1990, 86150, 273, "2024-12-15", "2025-01-17"),
    "sf/transit/bart_gtfs": (2525, 33167, 50, "2018-05-26", "2019-07-01"),
    "sf/transit/bart_gtfs_matching_rt": (2641, 32185, 48, "2019-02-11", "2020-02-10"),
    "transit/gtfs/cdmx_gtfs": (1741, 70714, 6021, "2018-01-01", "2019-12-31"),
    "transit/gtfs/dirty_bart-errors": (2513, 31932, 48, "2010-01-01", "2010-12-31"),
}
NOTES = {"transit/gtfs/dirty_bart-errors": ("1 stops without a place",)}


def table(body, name):
    """Read a table by other means."""
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        return list(csv.DictReader(io.StringIO(file.read(f"{name}.txt").decode("utf-8-sig"))))


@pytest.fixture
def body(records):
    return lambda name: (records / name).read_bytes()


@pytest.fixture
def bart(body):
    return read_timetable(body("sf/transit/bart_gtfs_matching_rt.zip"))


@pytest.mark.parametrize("name", TIMETABLES)
def test_every_timetable_is_read(body, name):
    found = read_timetable(body(f"{name}.zip"))

    trips, rows, stops, first, last = TIMETABLES[name]
    assert (len(found.trips), len(found.rows.stop), len(found.stops.index)) == (trips, rows, stops)
    assert found.services.span == (date.fromisoformat(first), date.fromisoformat(last))
    assert found.notes == NOTES.get(name, ())


@pytest.mark.parametrize("name", TIMETABLES)
def test_departures_equal_a_count_by_hand(make_feed, body, name):
    content = body(f"{name}.zip")
    timetable = read_timetable(content)
    day = timetable.services.span[0] + timedelta(days=9)
    at = timetable.beginning(day) + timedelta(hours=12)

    found = gtfs.parse(content, make_feed("gtfs", "observation"), at)

    weekday = f"{day:%A}".lower()
    services = {
        row["service_id"]
        for row in table(content, "calendar")
        if row[weekday] == "1" and row["start_date"] <= f"{day:%Y%m%d}" <= row["end_date"]
    }
    trips = {r["trip_id"]: r for r in table(content, "trips") if r["service_id"] in services}
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        has_repeats = "frequencies.txt" in file.namelist()
    runs = Counter(dict.fromkeys(trips, 1))
    for row in table(content, "frequencies") if has_repeats else []:
        if row["trip_id"] in trips:
            runs[row["trip_id"]] -= 1 if runs[row["trip_id"]] == 1 else 0
            length = seconds(row["end_time"]) - seconds(row["start_time"])
            runs[row["trip_id"]] += -(-length // int(row["headway_secs"]))
    stops = Counter(row["trip_id"] for row in table(content, "stop_times"))
    expected = sum(runs[trip] * (stops[trip] - 1) for trip in trips if stops[trip] > 1)
    assert sum(o.value for o in found.accepted if o.quantity == "departures") == expected > 0


def of(found, quantity):
    return [o for o in found.accepted if isinstance(o, Observation) and o.quantity == quantity]


def test_barts_trains_are_measured_by_their_timetable(make_feed, body, bart):
    feed = make_feed("gtfs-rt", "observation", options={"ahead": "12h"})
    capture = body("wire/gtfs-rt/bart-trip-updates.pb")

    found = gtfs_rt.parse(capture, feed, datetime(2019, 8, 7, 17, 46, tzinfo=UTC), timetable=bart)

    rows = json.loads(body("wire/gtfs-rt/bart-trip-updates.pb.json"))
    known = {row["trip_id"] for row in table(body("sf/transit/bart_gtfs_matching_rt.zip"), "trips")}
    ids = re.findall(r'"trip_?[iI]d": "([^"]+)"', json.dumps(rows))
    assert len(ids) == 91
    assert sum(name in known for name in ids) == 65
    delays = of(found, "transit_delay")
    assert len(delays) == 64  # the 65th tells its stops out of order
    assert [item.reason for item in found.rejected] == [
        "the stop_time_updates are not in the order of stop_sequence"
    ]
    assert found.skipped == {"an added trip": 8, "a trip not in the timetable": 18}
    assert [o.value for o in of(found, "trips_matched")] == [78.3]  # 65 of 83 that are not added
    first = delays[0]
    assert (first.site_id, first.value, first.unit) == ("1011112WKDY@2019-08-07", 106.0, "s")
    assert (first.lat, first.lon) == (37.706121, -122.469081)  # Daly City
    assert first.observed_at == datetime(2019, 8, 7, 17, 45, 21, tzinfo=UTC)
    operated = of(found, "trip_operated")
    assert (len(operated), sum(o.value for o in operated)) == (47, 31)
    assert all(o.lat is not None for o in [*delays, *operated])
    started = gtfs_rt.parse(
        capture,
        make_feed("gtfs-rt", "observation"),
        datetime(2019, 8, 7, 17, 46, tzinfo=UTC),
        timetable=bart,
    )
    assert len(of(started, "transit_delay")) == 37  # the others have yet to leave


def test_a_timetable_of_another_year_matches_nothing(make_feed, body):
    old = read_timetable(body("sf/transit/bart_gtfs.zip"))
    capture = body("wire/gtfs-rt/bart-trip-updates.pb")

    found = gtfs_rt.parse(
        capture,
        make_feed("gtfs-rt", "observation"),
        datetime(2019, 8, 8, tzinfo=UTC),
        timetable=old,
    )

    assert {o.quantity for o in found.accepted} == {"trips_live", "trips_matched"}
    assert of(found, "trips_matched")[0].value == 0.0


@pytest.mark.parametrize(("name", "vehicles"), [("nyct_a_division", 174), ("nyct_2_delay", 136)])
def test_new_yorks_trains_are_counted(make_feed, body, name, vehicles):
    static = read_timetable(body("nyc/transit/nyc_subway_gtfs.zip"))
    feed = make_feed("gtfs-rt", "observation")
    capture = body(f"wire/gtfs-rt/{name}.pb")

    found = gtfs_rt.parse(capture, feed, datetime(2021, 11, 27, tzinfo=UTC), timetable=static)

    counted = of(found, "vehicles")
    assert (
        sum(o.value for o in counted)
        + sum(n for reason, n in found.skipped.items() if "silent" in reason)
        == vehicles
    )
    assert of(found, "trips_matched")[0].value == 0.0  # the timetable is three years younger
    assert of(found, "trip_operated") == of(found, "transit_delay") == []
    assert found.rejected == []


def shifted(capture, weeks):
    """Return the trips of a message as if it had been sent some weeks later."""
    message = pb.FeedMessage.FromString(capture)
    later = weeks * 7 * 86_400
    message.header.timestamp += later
    for entity in message.entity:
        entity.ClearField("vehicle")
        trip = entity.trip_update.trip
        if trip.start_date:
            day = datetime.strptime(trip.start_date, "%Y%m%d").replace(tzinfo=UTC)
            trip.start_date = f"{day + timedelta(weeks=weeks):%Y%m%d}"
        for update in entity.trip_update.stop_time_update:
            for event in (update.arrival, update.departure):
                event.time += later if event.time else 0
    return message.SerializeToString()


@pytest.mark.parametrize(("name", "matched"), [("nyct_a_division", 7), ("nyct_2_delay", 7)])
def test_new_yorks_ids_are_known_by_origin_route_and_direction(make_feed, body, name, matched):
    """Laid over a Friday of the timetable, trips of 2021 that kept their slot are found."""
    static = read_timetable(body("nyc/transit/nyc_subway_gtfs.zip"))
    capture = shifted(body(f"wire/gtfs-rt/{name}.pb"), 163)
    now = datetime(2025, 1, 11, tzinfo=UTC)

    feed = make_feed("gtfs-rt", "observation", options={"ahead": "12h"})
    found = gtfs_rt.parse(capture, feed, now, timetable=static)

    told = sum(
        bool(row.trip_update.trip.trip_id) for row in pb.FeedMessage.FromString(capture).entity
    )
    share = of(found, "trips_matched")[0].value
    assert round(share * told / 100) == matched
    assert len(of(found, "transit_delay")) == matched


def test_alerts_are_notices(make_feed, body, bart):
    feed = make_feed("gtfs-rt", "notice")
    now = datetime(2019, 8, 7, 17, 46, tzinfo=UTC)

    (notice,) = gtfs_rt.parse(
        body("wire/gtfs-rt/bart-alerts.pb"), feed, now, timetable=bart
    ).accepted
    (delayed,) = gtfs_rt.parse(body("wire/gtfs-rt/nyct_a_division.pb"), feed, now).accepted

    assert notice.headline.startswith("There is a major delay at Montgomery St.")
    assert (notice.severity, notice.event) == (
        "moderate",
        "significant delays, because of medical emergency",
    )
    assert (notice.effective, notice.expires) == (
        datetime(2019, 8, 7, 17, 45, 42, tzinfo=UTC),
        None,
    )
    assert notice.geometry is None  # it concerns the whole agency
    assert delayed.headline == "Train delayed"


def test_a_corrupt_message_is_malformed(make_feed, body, now):
    with pytest.raises(ValueError, match="GTFS-Realtime"):
        gtfs_rt.parse(body("wire/gtfs-rt/invalid.pb"), make_feed("gtfs-rt", "observation"), now)


ERRORS = {  # what each of the validator's cases is refused for, if anything
    "E001.header-timestamp": "header.timestamp",
    "E001.trip_update-stop_time_update-arrival-time": "arrival.time: 1699405801000 is no POSIX",
    "E001.trip_update-stop_time_update-departure-time": "departure.time: 1699405801000 is no POSIX",
    "E001.trip_update-timestamp": "timestamp: 1699405520000 is no POSIX",
    "E002.trip_update-stop_time_update.1": "not in the order of stop_sequence",
    "E002.trip_update-stop_time_update.2": "not in the order of stop_sequence",
    "E003.trip_update-trip-trip_id": None,
    "E003.vehicle_position-trip-trip_id": None,
    "E004.trip_update-trip-route_id": None,
    "E020.trip_update-trip-start_time.1": "'AA:BB:CC' is no time of a service day",
    "E020.trip_update-trip-start_time.2": "'1000:00:00' is no time of a service day",
    "E029.vehicle_position-position.1": None,  # places of vehicles are not read
    "E029.vehicle_position-position.2": None,
    "E029.vehicle_position-position.3": None,
    "E040.trip_update-stop_time_update": "neither a stop_id nor a stop_sequence",
    "E043.trip_update-schedule_relationship": None,  # a stop without a word on its time
}


@pytest.mark.parametrize("name", ERRORS)
def test_the_validators_errors_are_survived(make_feed, body, name):
    message = json_format.Parse(body(f"wire/gtfs-rt/errors/{name}.json"), pb.FeedMessage())
    good = message.entity.add(id="good").vehicle
    good.trip.trip_id, good.trip.route_id = "T", "R"
    feed = make_feed("gtfs-rt", "observation")

    found = gtfs_rt.parse(
        message.SerializeToString(), feed, datetime(2023, 11, 8, 1, 10, tzinfo=UTC)
    )

    reasons = [item.field or item.reason for item in found.rejected]
    assert ("R", 1.0) in [(o.site_id, o.value) for o in of(found, "vehicles")]
    if ERRORS[name] is None:
        assert reasons == []
    else:
        assert len(reasons) == 1
        assert ERRORS[name] in reasons[0]


def test_all_error_cases_are_tried(records):
    found = {path.stem for path in (records / "wire/gtfs-rt/errors").iterdir()}

    assert found == set(ERRORS)


VERSIONS = {  # licence, or none
    "v1.0": None,
    "v1.1": None,
    "v2.0": None,
    "v2.1": "https://exampleride.org/data-license.html",
    "v2.2": "https://exampleride.org/data-license.html",
    "v2.3": "https://www.example.com/data-license.html",
    "v3.0": "https://www.example.com/data-license.html",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_versions_system_information_tells_its_licence(body, version):
    found = about_of(body(f"wire/gbfs/entur/fixtures/{version}/system_information.json"))

    assert found["timezone"] == ("Europe/Oslo" if version == "v2.2" else "America/Chicago")
    assert found["name"].startswith("Example")
    assert found.get("licence") == VERSIONS[version]
    assert not {"email", "phone_number"} & found.keys()


@pytest.mark.parametrize(
    "name",
    [
        "v2.1/free_bike_status",
        "v2.2/free_bike_status",
        "v2.3/free_bike_status",
        "v2.3/free_bike_status_carsharing",
        "v2.3/free_bike_status_with_error",
        "v3.0/vehicle_status",
    ],
)
def test_free_vehicles_of_each_version_are_counted(make_feed, body, now, name):
    content = body(f"wire/gbfs/entur/fixtures/{name}.json")

    (found,) = parse_vehicles(content, make_feed("gbfs", "observation"), now).accepted

    data = json.loads(content)["data"]
    rows = data.get("vehicles", data.get("bikes"))
    free = [
        row
        for row in rows
        if not (row.get("is_reserved") or row.get("is_disabled") or row.get("station_id"))
    ]
    assert (found.value, found.lat) == (len(free), None)


def test_the_bay_wheels_recording_is_read_from_its_files(make_feed, records, body):
    folder = records / "wire/gbfs/transitland"
    status = json.loads(body("wire/gbfs/transitland/station_status.json"))
    feed = make_feed("gbfs", "observation", path=f"{folder}/*.json", options={"vehicles": True})

    found = poll(feed, None, {}, now=time_of(status["last_updated"])).parsed

    bikes = {o.site_id: o for o in of(found, "bikes_available")}
    first = next(row for row in status["data"]["stations"] if row["is_installed"])
    one = bikes[str(first["station_id"])]
    assert len(bikes) == len(of(found, "docks_available"))
    assert one.value == first["num_bikes_available"]
    assert one.observed_at == time_of(first["last_reported"])
    assert abs(one.lat - 37.7) < 1
    rows = json.loads(body("wire/gbfs/transitland/free_bike_status.json"))["data"]["bikes"]
    assert len(rows) == 720
    assert of(found, "vehicles")[0].value == sum(
        not (row["is_reserved"] or row["is_disabled"]) for row in rows
    )
    assert found.rejected == []


@pytest.mark.parametrize("name", ["feeds/invalid", "feeds/valid", "fixtures/v2.1", "fixtures/v3.0"])
def test_listings_name_their_documents(body, name):
    found = gbfs.feeds_of(body(f"wire/gbfs/entur/{name}/gbfs.json"))

    assert ("system_information" in found) == (name != "feeds/invalid")
