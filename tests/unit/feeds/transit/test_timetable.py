"""Timetables: bytes of a zip to columns, and what is under way when."""

import io
import struct
import zipfile
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.gtfs_calendar import beginning
from feeds.gtfs_read import read_timetable
from feeds.gtfs_stop_times import seconds
from feeds.gtfs_timetable import Run

DAY = date(2026, 11, 24)
HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"


def at(hour, minute=0, day=24):
    """An instant on the wall clock of New York in November, where UTC is 5 hours ahead."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour + 5, minutes=minute)


def names(timetable, runs):
    return [(timetable.trip_ids[run.trip], run.day.day) for run in runs]


def times(timetable, trip):
    rows = timetable.rows
    place = timetable.trips[trip]
    part = slice(int(rows.first[place]), int(rows.first[place + 1]))
    return rows.arrives[part].tolist(), rows.departs[part].tolist()


def test_a_timetable_is_read(make_zip):
    found = read_timetable(make_zip())

    assert found.trip_ids == ("T1", "T2", "NIGHT")
    assert times(found, "T1") == ([28800, 29400, 30000], [28800, 29460, 30000])
    assert found.services.span == (date(2026, 1, 1), date(2026, 12, 31))
    assert str(found.zone) == "America/New_York"
    assert found.notes == ("1 stops without a place",)


def test_blank_times_are_filled_in_evenly(make_zip):
    rows = (
        "T1,08:00:00,08:00:00,S1N,1\nT1,,,S2,2\nT1,,,S2,3\nT1,08:30:00,08:40:00,S2,4\n"
        "T1,,,S2,5\nT1,09:00:00,09:00:00,S3,6\nT2,10:00:00,,S3,1\nT2,,10:20:00,S1S,3\n"
    )

    found = read_timetable(make_zip(stop_times=HEAD + rows))

    assert times(found, "T1")[0] == [28800, 29400, 30000, 30600, 31800, 32400]
    assert times(found, "T1")[1] == [28800, 29400, 30000, 31200, 31800, 32400]
    assert times(found, "T2") == ([36000, 37200], [36000, 37200])


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        ((7, 59), []),
        ((8, 0), [("T1", 24)]),
        ((8, 20), [("T1", 24)]),
        ((8, 21), []),
        ((0, 0), [("NIGHT", 23)]),
        ((1, 10), [("NIGHT", 23)]),
        ((1, 11), []),
        ((23, 55), [("NIGHT", 24)]),
        ((24, 45), [("NIGHT", 24)]),
    ],
)
def test_what_is_under_way(make_zip, minute, expected):
    timetable = read_timetable(make_zip())

    assert names(timetable, timetable.under_way(at(*minute))) == expected


def test_a_margin_leaves_out_what_just_left_or_is_about_to_arrive(make_zip):
    timetable = read_timetable(make_zip())
    margin = timedelta(minutes=2)

    assert timetable.under_way(at(8, 1), margin) == timetable.under_way(at(8, 19), margin) == []
    assert len(timetable.under_way(at(8, 2), margin)) == 1


def test_the_next_stop_is_the_first_that_is_not_left(make_zip):
    timetable = read_timetable(make_zip())
    (run,) = timetable.under_way(at(8, 10))

    stops = [timetable.rows.stop[timetable.row_at(run, at(8, n))] for n in (0, 10, 11, 12, 20, 30)]

    assert [timetable.stops.ids[stop] for stop in stops] == ["S1N", "S2", "S2", "S3", "S3", "S3"]


@pytest.mark.parametrize(
    ("day", "offset"),
    [
        (date(2026, 3, 7), -5),
        (
            date(2026, 3, 8),
            -5 + 1,
        ),  # clocks go forward: 12 hours before noon is 23:00 the day before
        (date(2026, 3, 9), -4),
        (date(2026, 11, 1), -4 - 1),  # clocks go back: 12 hours before noon is 01:00
        (date(2026, 11, 2), -5),
    ],
)
def test_a_service_day_begins_twelve_hours_before_noon(make_zip, day, offset):
    zone = read_timetable(make_zip()).zone
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)

    assert beginning(day, zone) == midnight - timedelta(hours=offset)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 1)])
def test_eight_o_clock_is_eight_o_clock_when_clocks_change(make_zip, day):
    timetable = read_timetable(make_zip())
    wall = datetime(day.year, day.month, day.day, 8, 5, tzinfo=timetable.zone)

    assert names(timetable, timetable.under_way(wall)) == [("T1", day.day)]


def test_a_trip_after_midnight_lasts_as_long_as_it_does_while_clocks_go_back(make_zip):
    timetable = read_timetable(make_zip())
    start = datetime(2026, 10, 31, 23, 50, tzinfo=timetable.zone).astimezone(UTC)

    under_way = [bool(timetable.under_way(start + timedelta(minutes=n))) for n in (0, 80, 81)]

    assert under_way == [True, True, False]


def test_calendar_dates_add_and_remove_services(make_zip):
    dates = "service_id,date,exception_type\nALL,20261124,2\nALL,20270105,1\nNEW,20261124,1\n"
    trips = "route_id,service_id,trip_id\nR1,ALL,T1\nR1,NEW,T2\n"

    timetable = read_timetable(make_zip(calendar_dates=dates, trips=trips))

    assert not timetable.runs_on(timetable.trips["T1"], DAY)
    assert timetable.runs_on(timetable.trips["T2"], DAY)
    assert timetable.services.span == (date(2026, 1, 1), date(2027, 1, 5))


def test_calendar_dates_alone_are_enough(make_zip):
    dates = "service_id,date,exception_type\nALL,20261124,1\n"

    timetable = read_timetable(make_zip(calendar=None, calendar_dates=dates))

    assert timetable.services.span == (DAY, DAY)
    assert names(timetable, timetable.under_way(at(8, 5))) == [("T1", 24)]


def test_frequencies_are_laid_out_into_runs(make_zip):
    repeats = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        "T1,06:00:00,07:00:00,600,1\nT1,25:00:00,25:10:00,300,0\n"
    )

    timetable = read_timetable(make_zip(frequencies=repeats))
    runs = timetable.under_way(at(6, 25))

    assert [run.start for run in runs] == [6 * 3600 + n * 600 for n in (1, 2)]
    assert all(run.is_exact and run.day == DAY for run in runs)
    assert timetable.under_way(at(8, 5)) == []  # its own times are a pattern only
    late = timetable.under_way(at(1, 7))
    assert [run.start for run in late if run.start] == [90000, 90300]
    assert not any(run.is_exact for run in late if run.start)
    assert timetable.departures(DAY)[timetable.stops.index["S1"]] == 6 + 2 + 1


def test_departures_count_for_the_station_and_not_at_the_end(make_zip):
    timetable = read_timetable(make_zip())

    counts = dict(zip(timetable.stops.ids, timetable.departures(DAY).tolist(), strict=True))

    assert counts == {"S1": 2, "S1N": 0, "S1S": 0, "S2": 3, "S3": 1}


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ("T1,8 o'clock,08:00:00,S1N,1\nT1,08:10:00,08:10:00,S2,2\n", "cannot be read"),
        ("T1,08:00:00,08:00:00,S1N,first\nT1,08:10:00,08:10:00,S2,2\n", "cannot be read"),
        ("T1,08:00:00,08:61:00,S1N,1\nT1,08:10:00,08:10:00,S2,2\n", "cannot be read"),
        ("T1,,,S1N,1\nT1,08:10:00,08:10:00,S2,2\n", "without a time at their first"),
        ("T1,08:00:00,08:00:00,S1N,1\nT1,,,S2,2\n", "without a time at their first"),
        ("T1,23:50:00,23:50:00,S1N,1\nT1,00:10:00,00:10:00,S2,2\n", "run backwards"),
        ("T1,08:00:00,07:59:00,S1N,1\nT1,08:10:00,08:10:00,S2,2\n", "run backwards"),
        ("T1,08:00:00,08:00:00,S1N,1\n", "without two timed stops"),
    ],
)
def test_a_trip_that_makes_no_sense_costs_itself_only(make_zip, rows, note):
    good = "T2,09:00:00,09:00:00,S3,1\nT2,09:20:00,09:20:00,S1S,3\n"

    found = read_timetable(make_zip(stop_times=HEAD + rows + good))

    assert names(found, found.under_way(at(9, 10))) == [("T2", 24)]
    assert not found.runs_on(found.trips["T1"], DAY)
    assert any(note in said for said in found.notes)


def test_dirt_is_counted_and_does_no_harm(make_zip):
    rows = (
        "T1,08:00:00,08:00:00,S1N,1\nT1,08:00:00,08:00:00,S1N,1\nT1,08:10:00,08:10:00,GONE,2\n"
        "LOST,08:00:00,08:00:00,S1N,1\n"
    )
    trips = "route_id,service_id,trip_id\nR1,ALL,T1\nR1,ALL,T1\nR1,NEVER,T9\nR1,ALL,EMPTY\n,ALL,\n"
    stops = "stop_id,stop_lat,stop_lon\nS1N,40.7,-74\nS1N,1,1\nS2,0,0\nS3,91,x\n"

    found = read_timetable(make_zip(stop_times=HEAD + rows, trips=trips, stops=stops))

    assert times(found, "T1")[0] == [28800, 29400]
    assert found.stops.place(found.stops.index["S1N"]) == (40.7, -74.0)
    assert found.stops.place(found.stops.index["S2"]) == (None, None)
    said = " / ".join(found.notes)
    for part in (
        "1 rows of stop_times.txt of trips that are not listed",
        "1 rows of stop_times.txt at stops that are not listed",
        "1 rows of stop_times.txt that stand there twice",
        "1 trips of services that have no days",
        "2 rows whose trip_id is blank or stands there twice",
        "1 rows whose stop_id is blank or stands there twice",
        "1 trips without two timed stops",
        "2 stops without a place",
    ):
        assert part in said


def test_rows_may_be_out_of_order_and_ids_look_like_numbers(make_zip):
    rows = "007,08:20:00,08:20:00,03,30\n007,08:00:00,08:00:00,01,9\n007,08:10:00,08:10:00,02,10\n"

    found = read_timetable(
        make_zip(
            stop_times=HEAD + rows,
            trips="route_id,service_id,trip_id\n1,ALL,007\n",
            stops="stop_id,stop_lat,stop_lon\n01,1,2\n02,1,2\n03,1,2\n",
        )
    )

    assert times(found, "007")[0] == [28800, 29400, 30000]
    assert found.stops.ids == ("01", "02", "03")


def written(text):
    """Write a table as some agencies do."""
    head, _, rows = text.partition("\n")
    wide = ", ".join(f'"{name}"' for name in head.split(","))
    return ("﻿" + wide + "\n" + rows).replace("\n", "\r\n").encode()


@pytest.mark.parametrize("folder", ["", "gtfs/", "a b/c/"])
def test_tables_may_stand_in_a_folder_with_marks_blanks_and_crlf(make_zip, tables, folder):
    odd = {name: written(text) for name, text in tables.items()}
    more = {"__MACOSX/stops.txt": b"x", "__MACOSX/._trips.txt": b"x", "readme.pdf": b"%PDF"}

    found = read_timetable(make_zip(folder, more, **odd))

    assert found.trip_ids == ("T1", "T2", "NIGHT")
    assert times(found, "T1") == ([28800, 29400, 30000], [28800, 29460, 30000])


def test_latin_1_among_utf_8_is_read(make_zip):
    stops = "stop_id,stop_name\nS1N,Québec\n".encode() + "S2,Brébeuf\n".encode("latin-1")

    assert read_timetable(make_zip(stops=stops)).stops.names == ("Québec", "Brébeuf")


def test_rows_too_short_or_too_long_are_read(make_zip):
    rows = "T1,08:00:00,08:00:00,S1N,1,,,,\nT1,08:10:00,08:10:00,S2,2\n"
    stops = "stop_id,stop_lat,stop_lon,stop_name\nS1N,40,-74\nS2,40,-74,Two,more,and more\n"

    found = read_timetable(make_zip(stop_times=HEAD + rows, stops=stops))

    assert times(found, "T1")[0] == [28800, 29400]
    assert found.stops.names == ("", "Two")


def test_one_zip_in_the_zip_is_opened_and_several_want_a_choice(make_zip):
    def outer(**members):
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as file:
            for name, inner in members.items():
                file.writestr(f"x/{name}.zip", inner)
        return body.getvalue()

    bus, rail = make_zip(), make_zip(feed_info="feed_version\n7\n")

    assert read_timetable(outer(bus=bus)).trips
    with pytest.raises(ValueError, match=r"several zips \(bus.zip, rail.zip\): write '#bus.zip'"):
        read_timetable(outer(bus=bus, rail=rail))
    assert read_timetable(outer(bus=bus, rail=rail), inside="rail.zip").version == "7"
    with pytest.raises(ValueError, match=r"no 'tram\.zip'"):
        read_timetable(outer(bus=bus), inside="tram.zip")
    with pytest.raises(ValueError, match="holds no stop_times"):
        read_timetable(outer(deep=outer(bus=bus)))


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("stop_times", "it is no GTFS timetable"),
        ("trips", "no trips.txt"),
        ("stops", "no stops.txt"),
        ("routes", "no routes.txt"),
        ("calendar", "neither calendar.txt nor calendar_dates.txt"),
    ],
)
def test_what_is_needed_is_named(make_zip, without, says):
    with pytest.raises(ValueError, match=says):
        read_timetable(make_zip(**{without: None}))


def test_a_missing_column_is_named(make_zip):
    with pytest.raises(ValueError, match=r"trips.txt has no column 'service_id'"):
        read_timetable(make_zip(trips="route_id,trip_id\nR1,T1\n"))


def test_an_unknown_zone_is_named(make_zip):
    with pytest.raises(ValueError, match="'Mars/Base' is no time zone"):
        read_timetable(make_zip(agency="agency_timezone\nMars/Base\n"))


def test_without_an_agency_the_zone_of_the_feed_counts(make_zip):
    found = read_timetable(make_zip(agency=None), zone="Europe/Madrid")

    assert str(found.zone) == "Europe/Madrid"


def test_a_body_cut_off_anywhere_is_malformed(make_zip):
    body = make_zip()

    for end in range(0, len(body) - 1, 97):
        with pytest.raises(ValueError):
            read_timetable(body[:end])


def test_a_bomb_is_refused(make_zip):
    bomb = b"trip_id,stop_id,stop_sequence\n" + b"0" * 30_000_000

    with pytest.raises(ValueError, match="more than 200 times its size"):
        read_timetable(make_zip(stop_times=bomb))


def test_a_zip_that_lies_about_its_sizes_is_refused(make_zip):
    body = bytearray(make_zip(stop_times=HEAD + "T1,08:00:00,08:00:00,S1N,1\n" * 50_000))
    entry = body.rindex(b"PK\x01\x02", 0, body.rindex(b"stop_times.txt"))
    struct.pack_into("<I", body, entry + 24, 1000)  # uncompressed size

    with pytest.raises(ValueError):
        read_timetable(bytes(body))


def test_an_encrypted_zip_is_refused(make_zip):
    body = bytearray(make_zip())
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := body.find(mark, start + 1)) >= 0:
            body[start + flags] |= 1

    with pytest.raises(ValueError, match="encrypted"):
        read_timetable(bytes(body))


@pytest.mark.parametrize("text", ["8", "8:5:3:1", "-1:00:00", "08:60:00", "1000:00:00", "٨:00:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="no time of a service day"):
        seconds(text)


@given(st.integers(0, 240 * 3600))
def test_every_second_is_read_back(value):
    hours, rest = divmod(value, 3600)

    assert seconds(f" {hours}:{rest // 60:02}:{rest % 60:02}") == value


TRIPS = st.lists(
    st.lists(st.tuples(st.integers(0, 1800), st.integers(0, 600)), min_size=2, max_size=6),
    min_size=1,
    max_size=5,
)


@given(TRIPS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_times_survive_any_order_of_rows(make_zip_once, trips, shuffle):
    rows, expected = [], {}
    for number, gaps in enumerate(trips):
        clock = 20 * 3600
        expected[f"X{number}"] = ([], [])
        for place, (ride, stay) in enumerate(gaps):
            arrives = clock = clock + ride
            clock += stay
            texts = [f"{t // 3600}:{t // 60 % 60:02}:{t % 60:02}" for t in (arrives, clock)]
            rows.append(f"X{number},{texts[0]},{texts[1]},S2,{place * 10}\n")
            expected[f"X{number}"][0].append(arrives)
            expected[f"X{number}"][1].append(clock)
    shuffle.shuffle(rows)
    listed = "".join(f"R1,ALL,{name}\n" for name in expected)

    found = read_timetable(
        make_zip_once(
            stop_times=HEAD + "".join(rows), trips="route_id,service_id,trip_id\n" + listed
        )
    )

    assert {name: times(found, name) for name in expected} == expected


@given(
    st.text('T1,S2:08"\n\r 0é\x00', max_size=200),
    st.sampled_from(["stops", "trips", "stop_times", "calendar", "calendar_dates", "frequencies"]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_text_in_a_table_does_no_harm(make_zip_once, tables_once, text, name, keeps_head):
    head = tables_once.get(name, "service_id,date,exception_type\n").partition("\n")[0]
    body = make_zip_once(**{name: (head + "\n" if keeps_head else "") + text})

    try:
        found = read_timetable(body)
    except ValueError:
        return
    runs = found.under_way(at(8, 5))
    assert all(isinstance(run, Run) for run in runs)
    assert (found.departures(DAY) >= 0).all()


def test_half_a_million_rows_are_read_in_seconds(make_zip):
    n_trips, n_stops = 10_000, 44
    clocks = [f"{8 + n // 60:02}:{n % 60:02}:00" for n in range(n_stops)]
    trips = "".join(f"R1,ALL,TRIP-{n:06}\n" for n in range(n_trips))
    rows = "".join(
        f"TRIP-{n:06},{clock},{clock},S{1 + place % 3},{place}\n"
        for n in range(n_trips)
        for place, clock in enumerate(clocks)
    )

    found = read_timetable(
        make_zip(stop_times=HEAD + rows, trips="route_id,service_id,trip_id\n" + trips)
    )

    assert len(found.rows.stop) == n_trips * n_stops
    assert len(found.under_way(at(8, 5))) == n_trips
    assert found.rows.stop.dtype == np.int32
