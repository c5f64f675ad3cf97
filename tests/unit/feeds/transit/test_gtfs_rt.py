"""Public transport in real time against its timetable; messages written after the standard."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import FeedError, again, gtfs_rt, poll, problems
from feeds.gtfs_read import read_timetable
from model import Feed, Quality

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # in New York
AT = NOON - timedelta(hours=4) + timedelta(minutes=5)  # 08:05: T1 is under way
DAY = "20261124"


def clock(hour, minute=0, second=0, day=24):
    """POSIX seconds of a time on the wall of New York."""
    at = datetime(2026, 11, day, 5, tzinfo=UTC) + timedelta(
        hours=hour, minutes=minute, seconds=second
    )
    return int(at.timestamp())


def stop(stop_id=None, sequence=None, arrival=None, departure=None, **about):
    found = dict(about)
    if stop_id:
        found["stop_id"] = stop_id
    if sequence is not None:
        found["stop_sequence"] = sequence
    for name, event in (("arrival", arrival), ("departure", departure)):
        if event is not None:
            found[name] = event if isinstance(event, dict) else {"time": event}
    return found


def update(trip_id="T1", *stops, at=None, **trip):
    about = {"trip": {"trip_id": trip_id, **trip}, "stop_time_update": list(stops)}
    return {"trip_update": about | ({"timestamp": at} if at else {})}


def vehicle(trip_id="T1", at=None, **trip):
    about = {"trip": {"trip_id": trip_id, **trip}, "position": {"latitude": 1.0, "longitude": 2.0}}
    return {"vehicle": about | ({"timestamp": at} if at else {})}


@pytest.fixture
def heard(make_feed, make_zip, make_message):
    def hear(*entities, at=AT, zipped=None, known=True, **options):
        timetable = read_timetable(zipped or make_zip()) if known else None
        body = make_message(at, *entities).SerializeToString()
        feed = make_feed("gtfs-rt", options=options)
        return gtfs_rt.parse(body, feed, at + timedelta(seconds=5), timetable=timetable)

    return hear


def of(found, quantity):
    return {o.site_id: o.value for o in found.accepted if o.quantity == quantity}


def delays(found):
    return list(of(found, "transit_delay").values())


def test_a_delay_is_that_of_the_next_stop_and_stands_there(heard):
    found = heard(
        update(
            "T1",
            stop("S1N", 1, departure=clock(8, 1)),
            stop("S2", 2, arrival=clock(8, 12, 30), departure=clock(8, 13)),
            stop("S3", 3, arrival=clock(8, 22)),
            at=clock(8, 4, 40),
            start_date=DAY,
        )
    )

    (delay,) = [o for o in found.accepted if o.quantity == "transit_delay"]
    assert (delay.site_id, delay.value, delay.unit) == ("T1@2026-11-24", 150.0, "s")
    assert (delay.lat, delay.lon) == (40.71, -74.01)
    assert delay.observed_at == datetime.fromtimestamp(clock(8, 4, 40), UTC)
    assert delay.published_at == found.published_at == AT
    assert delay.quality is Quality.GOOD
    assert of(found, "trip_operated") == {"T1@2026-11-24": 1.0}
    assert of(found, "trips_matched") == {"f1": 100.0}
    assert found.rejected == []


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([stop("S2", 2, arrival=clock(8, 12))], 120.0),
        ([stop("S2", arrival=clock(8, 9))], -60.0),
        ([stop(None, 2, arrival=clock(8, 10))], 0.0),
        ([stop("S2", 2, arrival={"delay": 90})], 90.0),
        ([stop("S2", 2, arrival={"delay": 90, "time": clock(8, 12)})], 120.0),
        ([stop("S2", 2, departure=clock(8, 13))], 180.0),
        ([stop("S2", 9, arrival=clock(8, 12))], 120.0),
        ([stop("S3", 2, arrival=clock(8, 21))], 60.0),
        ([stop("S1", 1, departure=clock(8, 6))], 360.0),
        ([stop("S1N", 1, arrival=clock(7, 50), departure=clock(8, 7))], 420.0),
        ([stop("S1N", 1, departure=clock(8, 1)), stop("S2", 2, arrival=clock(8, 4))], -360.0),
        ([stop("S2", 2, schedule_relationship=1), stop("S3", 3, arrival=clock(8, 25))], 300.0),
        ([stop("S2", 2, schedule_relationship=2), stop("S3", 3, arrival=clock(8, 25))], 300.0),
        ([stop("S2", 2), stop("S3", 3, arrival=clock(8, 25))], 300.0),
        ([stop("ELSEWHERE", 2, arrival={"time": clock(8, 12), "delay": 77})], 77.0),
    ],
)
def test_how_a_delay_is_told(heard, stops, expected):
    assert delays(heard(update("T1", *stops))) == [expected]


@pytest.mark.parametrize(
    "stops",
    [
        [],
        [stop("S2", 2, schedule_relationship=2)],
        [stop("S2", 2)],
        [stop("ELSEWHERE", 2, arrival=clock(8, 12))],
    ],
)
def test_a_trip_without_a_word_on_its_times_runs_but_has_no_delay(heard, stops):
    found = heard(update("T1", *stops))

    assert delays(found) == []
    assert of(found, "trip_operated") == {"T1@2026-11-24": 1.0}


def test_a_loop_is_told_by_the_order_of_its_stops(heard, make_zip):
    rows = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T1,08:00:00,08:00:00,S2,1\nT1,08:10:00,08:10:00,S3,2\nT1,08:20:00,08:20:00,S2,3\n"
    )
    body = make_zip(stop_times=rows)

    found = heard(
        update("T1", stop("S3", arrival=clock(8, 4)), stop("S2", arrival=clock(8, 21))),
        zipped=body,
    )

    assert delays(found) == [60.0]


@pytest.mark.parametrize(
    ("start_date", "at", "site"),
    [
        ("20261123", clock(0, 20), "NIGHT@2026-11-23"),
        ("20261124", clock(0, 20), "NIGHT@2026-11-23"),  # the calendar day, not the service day
        ("", clock(0, 20), "NIGHT@2026-11-23"),
        ("", clock(23, 55), "NIGHT@2026-11-24"),
        ("20261124", clock(23, 55), "NIGHT@2026-11-24"),
    ],
)
def test_the_service_day_is_found_around_midnight(heard, start_date, at, site):
    arrival = clock(24, 32) if at == clock(23, 55) else clock(0, 32)
    found = heard(
        update("NIGHT", stop("S2", 7, arrival=arrival), start_date=start_date),
        at=datetime.fromtimestamp(at, UTC),
    )

    assert of(found, "transit_delay") == {site: 120.0}
    assert of(found, "trip_operated") == {site: 1.0}


@pytest.mark.parametrize(("ahead", "expected"), [(None, []), ("54min", []), ("55min", [120.0])])
def test_a_trip_that_starts_later_tells_no_delay_yet(heard, ahead, expected):
    options = {"ahead": ahead} if ahead else {}

    found = heard(update("T2", stop("S2", 2, arrival=clock(9, 12))), **options)

    assert delays(found) == expected
    assert of(found, "trips_matched") == {"f1": 100.0}


@pytest.mark.parametrize("relation", [3, 7])
def test_a_cancelled_trip_does_not_operate(heard, relation):
    found = heard(update("T1", schedule_relationship=relation))

    assert of(found, "trip_operated") == {"T1@2026-11-24": 0.0}
    assert delays(found) == []


def test_a_trip_whose_stops_are_all_skipped_does_not_operate(heard):
    skipped = [stop(f"S{n}", n, schedule_relationship=1) for n in (1, 2, 3)]

    assert of(heard(update("T1", *skipped)), "trip_operated") == {"T1@2026-11-24": 0.0}


TWO = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:00:00,08:00:00,S1N,1\nT1,08:20:00,08:20:00,S3,3\n"
    "T2,08:01:00,08:01:00,S3,1\nT2,08:20:00,08:20:00,S1S,3\n"
    "NIGHT,08:01:00,08:01:00,S1N,5\nNIGHT,08:20:00,08:20:00,S3,9\n"
)


def test_a_missing_trip_of_a_route_in_real_time_does_not_operate(heard, make_zip):
    found = heard(update("T1"), zipped=make_zip(stop_times=TWO))

    assert of(found, "trip_operated") == {"T1@2026-11-24": 1.0, "T2@2026-11-24": 0.0}
    missing = next(o for o in found.accepted if o.site_id == "T2@2026-11-24")
    assert (missing.lat, missing.lon) == (40.7, -74.0)  # of the station: its platform has no place
    assert missing.observed_at == AT


def test_where_ids_do_not_match_there_are_only_counts(heard, make_zip):
    found = heard(
        update("T1", stop("S3", 3, arrival=clock(8, 21))),
        update("X1", route_id="R1"),
        update("X2", route_id="R2"),
        zipped=make_zip(stop_times=TWO),
    )

    assert of(found, "trips_matched") == {"f1": 33.3}
    assert of(found, "trip_operated") == {}
    assert of(found, "trips_live") == {"R1": 2.0, "R2": 1.0}
    assert found.skipped == {"a trip not in the timetable": 2}


def test_without_a_timetable_there_are_only_counts(heard):
    found = heard(update("T1", route_id="R1"), vehicle("T1", route_id="R1"), known=False)

    assert [(o.quantity, o.site_id, o.value) for o in found.accepted] == [("vehicles", "R1", 1.0)]


@pytest.mark.parametrize("relation", [1, 6, 8, 2])
def test_added_trips_stand_in_no_figure_of_the_timetable(heard, relation):
    found = heard(update("T1"), update("X", schedule_relationship=relation, route_id="R1"))

    assert of(found, "trips_matched") == {"f1": 100.0}
    assert of(found, "trips_live") == {"R1": 2.0}


def test_vehicles_are_counted_per_route_and_never_shown(heard):
    found = heard(
        vehicle("T1"),
        vehicle("X1", route_id="R2", at=clock(8, 4)),
        vehicle("X2", route_id="R2"),
        vehicle("X3", route_id="R2", at=clock(7, 30)),
        {"vehicle": {"position": {"latitude": 1.0, "longitude": 2.0}}},
    )

    assert of(found, "vehicles") == {"R1": 1.0, "R2": 2.0}
    assert of(found, "trip_operated") == {}  # one of three is known to the timetable
    assert found.skipped["a vehicle without a trip"] == 1
    assert found.skipped["a vehicle that has been silent for long"] == 1
    assert {(o.lat, o.lon) for o in found.accepted} == {(None, None)}


def test_a_vehicle_alone_shows_that_its_trip_runs(heard):
    assert of(heard(vehicle("T1")), "trip_operated") == {"T1@2026-11-24": 1.0}


def test_new_yorks_ids_are_known_by_origin_route_and_direction(heard, make_zip):
    trips = (
        "route_id,service_id,trip_id\n1,NEVER,AFA24GEN-Sunday-00_048000_1..S03R\n"
        "1,ALL,AFA24GEN-Weekday-00_048000_1..S03R\n"
    )
    rows = TWO.replace("T1,", "AFA24GEN-Weekday-00_048000_1..S03R,")
    rows += "AFA24GEN-Sunday-00_048000_1..S03R,08:00:00,08:00:00,S1N,1\n"
    dates = "service_id,date,exception_type\nNEVER,20261129,1\n"
    body = make_zip(trips=trips, stop_times=rows, calendar_dates=dates)

    found = heard(
        update("048000_1..S", stop("S3", arrival=clock(8, 22)), start_date=DAY, route_id="1"),
        update("048100_1..S", start_date=DAY, route_id="1"),
        zipped=body,
    )

    name = "AFA24GEN-Weekday-00_048000_1..S03R@2026-11-24"
    assert of(found, "transit_delay") == {name: 120.0}
    assert of(found, "trips_matched") == {"f1": 50.0}


def test_a_trip_without_an_id_is_known_by_route_direction_and_start(heard):
    about = {"route_id": "R1", "start_time": "08:00:00", "start_date": DAY}

    right = heard(update("", stop("S2", arrival=clock(8, 11)), direction_id=0, **about))
    wrong = heard(update("", stop("S2", arrival=clock(8, 11)), direction_id=1, **about))

    assert of(right, "transit_delay") == {"T1@2026-11-24": 60.0}
    assert of(wrong, "trips_matched") == {"f1": 0.0}


REPEATS = "trip_id,start_time,end_time,headway_secs,exact_times\nT1,07:00:00,09:00:00,600,{}\n"


def test_repeated_trips_with_exact_times_are_known_by_their_start(heard, make_zip):
    body = make_zip(frequencies=REPEATS.format(1))

    found = heard(
        update("T1", stop("S3", 3, arrival=clock(8, 21)), start_time="08:00:00", start_date=DAY),
        zipped=body,
    )

    assert of(found, "transit_delay") == {"T1@2026-11-24T08:00:00": 60.0}
    assert of(found, "trip_operated") == {
        "T1@2026-11-24T07:50:00": 0.0,
        "T1@2026-11-24T08:00:00": 1.0,
    }


def test_repeated_trips_without_exact_times_are_counted(heard, make_zip):
    body = make_zip(frequencies=REPEATS.format(0))

    found = heard(
        update("T1", stop("S3", 3, arrival=clock(8, 21)), start_time="08:03:00", start_date=DAY),
        update("T1", start_time="07:51:00", start_date=DAY, schedule_relationship=2),
        zipped=body,
    )

    assert delays(found) == []
    assert sorted(of(found, "trip_operated").values()) == [1.0, 1.0]
    assert of(found, "trips_matched") == {"f1": 100.0}


BAD = {
    "header in ms": ({}, "POSIX"),
    "arrival in ms": (update("T1", stop("S2", 2, arrival=clock(8, 12) * 1000)), "arrival.time: "),
    "timestamp in ms": (update("T1", at=clock(8, 4) * 1000), "timestamp: "),
    "another week": (update("T1", stop("S2", 2, arrival=clock(8, 12, day=10))), "days away"),
    "order": (
        update("T1", stop("S2", 3, arrival=clock(8, 12)), stop("S3", 2, arrival=clock(8, 13))),
        "not in the order",
    ),
    "nowhere": (update("T1", {"arrival": {"time": clock(8, 12)}}), "neither a stop_id nor"),
    "start time": (update("T1", start_time="AA:BB:CC"), "no time of a service day"),
    "start hours": (update("T1", start_time="1000:00:00"), "no time of a service day"),
    "start date": (update("T1", start_date="2026-11-24"), "start_date '2026-11-24' is no day"),
    "nobody": (update(""), "neither a trip_id nor a route_id"),
    "vehicle in ms": (vehicle("T1", at=clock(8, 4) * 1000), "is no POSIX time"),
}


@pytest.mark.parametrize("name", [name for name in BAD if name != "header in ms"])
def test_a_bad_entity_costs_itself_only(heard, name):
    bad, says = BAD[name]

    found = heard(update("T2", stop("S2", 2, arrival=clock(9, 11))), bad, ahead="1h")

    (reject,) = found.rejected
    assert reject.line == 2
    assert says in reject.reason
    assert "latitude" not in reject.raw
    assert json.loads(reject.raw)["id"] == "2"
    assert of(found, "transit_delay") == {"T2@2026-11-24": 60.0}
    expected = {} if name == "nobody" else {"T1@2026-11-24": 1.0}
    assert {site: v for site, v in of(found, "trip_operated").items() if v} == expected


def test_a_trip_that_stands_there_twice_counts_once(heard):
    one = update("T1", stop("S2", 2, arrival=clock(8, 12)))
    other = update("T1", stop("S2", 2, arrival=clock(8, 14)))

    found = heard(one, other)

    assert delays(found) == [120.0]
    assert [item.reason for item in found.rejected] == ["trip 'T1' stands in the feed twice"]


def test_a_message_of_a_header_alone_is_valid(heard):
    found = heard()

    assert found.accepted == found.rejected == []
    assert found.published_at == AT


def test_a_header_in_milliseconds_is_told_and_the_entities_tell_the_time(
    make_feed, make_message, make_zip
):
    message = make_message(None, update("T1", stop("S2", 2, arrival=clock(8, 12)), at=clock(8, 4)))
    message.header.timestamp = clock(8, 5) * 1000

    found = gtfs_rt.parse(
        message.SerializeToString(),
        make_feed("gtfs-rt"),
        AT,
        timetable=read_timetable(make_zip()),
    )

    assert [item.field for item in found.rejected] == ["header.timestamp"]
    assert delays(found) == [120.0]
    assert {o.quality for o in found.accepted} == {Quality.UNCERTAIN}
    assert {o.observed_at for o in found.accepted} == {datetime.fromtimestamp(clock(8, 4), UTC)}


def test_a_corrupt_entity_costs_itself_only(make_feed, make_message, make_zip):
    body = make_message(AT, update("T1", stop("S2", 2, arrival=clock(8, 12)))).SerializeToString()
    broken = body + b"\x12\x03\xff\xff\xff" + b"\x12\x00" + b"\x1a\x01x\x20\x07"

    found = gtfs_rt.parse(broken, make_feed("gtfs-rt"), AT, timetable=read_timetable(make_zip()))

    assert delays(found) == [120.0]
    assert [item.line for item in found.rejected] == [2, 3]
    assert "id is missing" in found.rejected[1].reason


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'<?xml version="1.0"?><Siri/>', "XML"),
        (b'\xef\xbb\xbf {"error": "no key"}', "JSON"),
        (b"[]", "JSON"),
        (b"\x0a\x05\x0a\x03", "cut off"),
        (b"\x12\x00", "no header"),
        (b"\x0a\x00", "is missing"),
        (b"not protobuf at all", "GTFS-Realtime"),
        (b"\xff" * 40, "GTFS-Realtime"),
    ],
)
def test_what_is_no_message_is_named(make_feed, body, says):
    with pytest.raises(ValueError, match=says):
        gtfs_rt.parse(body, make_feed("gtfs-rt"), AT)


def test_differential_feeds_say_that_they_are_not_supported(make_feed, make_message):
    body = make_message(AT, incrementality=1).SerializeToString()

    with pytest.raises(ValueError, match="DIFFERENTIAL: only full datasets"):
        gtfs_rt.parse(body, make_feed("gtfs-rt"), AT)


def test_many_tiny_entities_are_refused_before_they_grow(make_feed, make_message):
    body = make_message(AT).SerializeToString() + b"\x12\x00" * 300_000

    with pytest.raises(ValueError, match="more than 200000 entities"):
        gtfs_rt.parse(body, make_feed("gtfs-rt"), AT)


def test_a_body_cut_off_within_an_entity_is_malformed(make_feed, make_message):
    body = make_message(AT, update("T1", stop("S2", 2, arrival=clock(8, 12)))).SerializeToString()
    header = len(make_message(AT).SerializeToString())

    for end in [*range(1, header), *range(header + 1, len(body))]:
        with pytest.raises(ValueError):
            gtfs_rt.parse(body[:end], make_feed("gtfs-rt"), AT)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_messages_do_no_harm(damaged, data):
    body = bytearray(damaged.body)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))

    for feed in damaged.feeds:
        try:
            found = gtfs_rt.parse(bytes(body), feed, AT, timetable=damaged.timetable)
        except ValueError:
            continue
        assert all(fact.feed_id == "f1" for fact in found.accepted)


class Served:
    """Answers for the timetable and the parts of a feed."""

    def __init__(self, make_zip, make_message):
        self.static = make_zip()
        self.parts = {}
        self.make_message = make_message
        self.asked = []

    def say(self, path, at, *entities):
        self.parts[path] = self.make_message(at, *entities).SerializeToString()

    def __call__(self, request):
        self.asked.append(request)
        if request.url.path == "/gtfs.zip":
            body = self.static
        else:
            body = self.parts.get(request.url.path, 404)
        return httpx.Response(body) if isinstance(body, int) else httpx.Response(200, content=body)

    @property
    def paths(self):
        return [request.url.path for request in self.asked]


@pytest.fixture
def served(make_zip, make_message):
    return Served(make_zip, make_message)


@pytest.fixture
def ask(make_feed, served, waits):
    def asked(memory, now=AT, **about):
        client = httpx.Client(transport=httpx.MockTransport(served))
        options = {"static": "https://city.example/gtfs.zip"} | about.pop("options", {})
        feed = make_feed("gtfs-rt", options=options, **about)
        return poll(feed, client, memory, now=now, limits=waits.limits())

    return asked


def test_the_timetable_is_read_once_and_the_message_each_time(ask, served):
    served.say("/feed", AT, update("T1"))
    first = ask({})
    served.say("/feed", AT + timedelta(seconds=30), update("T1"))
    second = ask(first.memory, AT + timedelta(seconds=31))

    assert of(second.parsed, "trip_operated") == {"T1@2026-11-24": 1.0}
    assert served.paths == ["/feed", "/gtfs.zip", "/feed"]
    assert json.loads(json.dumps(second.memory)) == second.memory

    third = ask(second.memory, AT + timedelta(days=1, seconds=31))
    assert third.not_modified  # the message is a day old: nothing new
    served.say("/feed", AT + timedelta(days=1), update("T1"))
    ask(second.memory, AT + timedelta(days=1, seconds=31))
    assert served.paths[-2:] == ["/feed", "/gtfs.zip"]


def test_a_timetable_that_cannot_be_had_leaves_counts_and_is_asked_again_later(ask, served):
    served.say("/feed", AT, update("T1", route_id="R1"))
    good, served.static = served.static, 404

    first = ask({})
    served.say("/feed", AT + timedelta(minutes=1), update("T1", route_id="R1"))
    second = ask(first.memory, AT + timedelta(minutes=1))
    served.static = good
    served.say("/feed", AT + timedelta(minutes=10), update("T1", route_id="R1"))
    third = ask(second.memory, AT + timedelta(minutes=10))

    assert of(first.parsed, "trips_live") == of(second.parsed, "trips_live") == {"R1": 1.0}
    assert [item.reason for item in first.parsed.rejected] == ["timetable: HTTP 404"]
    assert second.parsed.rejected == []
    assert served.paths.count("/gtfs.zip") == 2
    assert of(third.parsed, "trip_operated") == {"T1@2026-11-24": 1.0}


def test_a_route_without_any_trip_in_real_time_is_missing_for_a_week(ask, served, make_zip):
    served.static = make_zip(stop_times=TWO)
    both = {"T1@2026-11-24", "T2@2026-11-24", "NIGHT@2026-11-24"}
    served.say("/feed", AT, update("T1"), update("T2"), update("NIGHT"))
    first = ask({})
    served.say("/feed", AT + timedelta(minutes=1), update("T1"), update("T2"))
    second = ask(first.memory, AT + timedelta(minutes=1))
    week = timedelta(days=7)
    served.say("/feed", AT + week, update("T1"), update("T2"))
    third = ask(first.memory, AT + week)

    assert set(of(first.parsed, "trip_operated")) == both
    assert of(second.parsed, "trip_operated")["NIGHT@2026-11-24"] == 0.0
    assert "NIGHT@2026-12-01" not in of(third.parsed, "trip_operated")


def test_a_route_whose_vehicles_are_gone_has_none(ask, served):
    served.say("/feed", AT, vehicle("T1"), vehicle("X", route_id="R9"))
    first = ask({})
    served.say("/feed", AT + timedelta(minutes=1), vehicle("T1"))

    second = ask(first.memory, AT + timedelta(minutes=1))

    assert of(second.parsed, "vehicles") == {"R1": 1.0, "R9": 0.0}


URLS = {
    "trip_updates": "https://city.example/trips",
    "vehicles": "https://city.example/vehicles",
    "alerts": "https://city.example/alerts",
}


def test_parts_are_read_together(ask, served, make_zip):
    served.static = make_zip(stop_times=TWO)
    served.say("/trips", AT, update("T1"))
    served.say("/vehicles", AT - timedelta(seconds=3), vehicle("T2"))

    found = ask({}, url=None, options={"urls": URLS})

    assert of(found.parsed, "trip_operated") == {"T1@2026-11-24": 1.0, "T2@2026-11-24": 1.0}
    assert of(found.parsed, "vehicles") == {"R1": 1.0}
    assert ask(found.memory, url=None, options={"urls": URLS}).not_modified
    assert "/alerts" not in served.paths


def test_a_part_that_cannot_be_had_costs_itself_and_nothing_is_missing_for_it(
    ask, served, make_zip
):
    served.static = make_zip(stop_times=TWO)
    served.say("/trips", AT, update("T1", stop("S3", 3, arrival=clock(8, 21))))
    served.parts["/vehicles"] = b"{}"

    found = ask({}, url=None, options={"urls": URLS})

    assert delays(found.parsed) == [60.0]
    assert of(found.parsed, "trip_operated") == {}
    assert "JSON" in found.parsed.rejected[0].reason


def test_if_every_part_fails_the_poll_fails(ask):
    with pytest.raises(FeedError, match="HTTP 404"):
        ask({}, url=None, options={"urls": URLS})


def test_a_key_goes_to_the_feed_and_to_nobody_else(ask, served, monkeypatch):
    monkeypatch.setenv("TRANSIT_KEY", "s3cret-key")
    served.say("/feed", AT, update("T1"))
    other = {"key": "env:TRANSIT_KEY", "static": "https://open.example/gtfs.zip"}

    ask({}, options=other)
    first, second = served.asked
    assert first.headers["x-api-key"] == "s3cret-key"
    assert "x-api-key" not in second.headers

    served.asked.clear()
    ask({}, options={"key": "env:TRANSIT_KEY", "key_param": "api_key"})
    assert [request.url.params.get("api_key") for request in served.asked] == ["s3cret-key"] * 2


def test_a_recorded_message_is_read_from_a_file(make_feed, answering, make_message, tmp_path):
    path = tmp_path / "feed.pb"
    path.write_bytes(make_message(AT, vehicle("T1", route_id="R1")).SerializeToString())
    feed = make_feed("gtfs-rt", path=str(path))

    found = poll(feed, answering({}), {}, now=AT)
    path.unlink()

    assert of(found.parsed, "vehicles") == {"R1": 1.0}
    with pytest.raises(FeedError, match="No such file"):
        poll(feed, answering({}), {}, now=AT)


@pytest.mark.parametrize(
    ("about", "options", "says"),
    [
        ({"url": None}, {}, "needs a url, or urls.trip_updates"),
        ({"url": None, "gives": "notice"}, {"urls": {"vehicles": "https://x/y"}}, "urls.alerts"),
        ({}, {"static": "gtfs.zip"}, "write { path = 'gtfs.zip' }"),
        ({}, {"static": {}}, "static needs either a url or a path"),
        ({}, {"key": "s3cret"}, "a secret never stands in a pack"),
        ({}, {"urls": {"trips": "https://x/y"}}, "Extra inputs"),
    ],
)
def test_wrong_declarations_are_told(make_feed, about, options, says):
    assert any(says in text for text in problems(make_feed("gtfs-rt", options=options, **about)))


def test_refused_entities_are_read_again_at_their_own_time(ask, served, make_feed):
    served.say("/feed", AT, update("T1", stop("S2", 2, arrival=clock(8, 12)), start_date="x"))
    first = ask({})
    reject = next(item for item in first.parsed.rejected if item.line)
    row = json.loads(reject.raw)
    row["tripUpdate"]["trip"]["startDate"] = DAY
    mended = [
        type(reject)(
            feed_id="f1",
            line=reject.line,
            reason="",
            raw=json.dumps(row),
            at=AT,
            context=reject.context,
        ),
        reject,
        type(reject)(feed_id="f1", line=7, reason="", raw="{", at=AT),
    ]
    feed = make_feed("gtfs-rt", options={"static": "https://city.example/gtfs.zip"})

    found = again(feed, mended, first.memory, now=AT + timedelta(hours=1))

    assert of(found, "transit_delay") == {"T1@2026-11-24": 120.0}
    assert [item.line for item in found.rejected] == [1, 7]


def test_two_thousand_trips_are_read_within_a_second(make_feed, make_zip, make_message):
    import time  # noqa: PLC0415 - measured here only

    names = [f"B{n:05}" for n in range(2000)]
    rows = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"{name},{8 + place // 60:02}:{place % 60:02}:00,{8 + place // 60:02}:{place % 60:02}:00,"
        f"S{1 + place % 3},{place}\n"
        for name in names
        for place in range(30)
    )
    trips = "route_id,service_id,trip_id\n" + "".join(f"R1,ALL,{name}\n" for name in names)
    timetable = read_timetable(make_zip(stop_times=rows, trips=trips))
    stops = [stop(f"S{1 + n % 3}", n, arrival=clock(8, n)) for n in range(5, 30)]
    body = make_message(AT, *(update(name, *stops) for name in names)).SerializeToString()

    began = time.perf_counter()
    found = gtfs_rt.parse(body, make_feed("gtfs-rt"), AT, timetable=timetable)

    assert time.perf_counter() - began < 5  # about one on an idle machine
    assert len(found.accepted) == 2 * 2000 + 2


def test_a_feed_of_this_kind_is_asked():
    feed = Feed(
        id="f1", kind="gtfs-rt", gives="observation", every=timedelta(seconds=30),
        options={"urls": {"vehicles": "https://x/y"}},
    )  # fmt: skip

    assert problems(feed) == []
