"""Files with a declared mapping: clean, dirty, wide, GeoJSON."""

import csv
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import FeedError, file, poll, problems
from feeds.file import About
from model import Feed, Quality

OBSERVED = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "speed"},
    "value": {"column": "speed", "unit": "km/h"},
}
CASES = {"case_id": "id", "opened_at": "opened", "closed_at": "closed", "status": "status"}
HOURS = {"columns": "H{hour}", "hours": [1, 3]}
AT = datetime(2026, 11, 24, 11, tzinfo=UTC)


def read(make_feed, text, columns=None, gives="observation", **more):
    zone, name = more.pop("zone", "UTC"), more.pop("name", "x.csv")
    body = text if isinstance(text, bytes) else text.encode()
    options = {"columns": columns or OBSERVED, "quarantine_limit": 1.0, **more}
    feed = make_feed("file", gives, path="/x.csv", timezone=zone, options=options)
    assert problems(feed) == []
    return file.parse(body, feed, AT, About(name))


def test_a_row_becomes_an_observation_at_rest(make_feed):
    columns = OBSERVED | {
        "value": {"column": "speed", "unit": "mph"},
        "lat": "lat",
        "lon": "lon",
        "district": "d",
        "quality": "q",
    }
    rows = "site,at,speed,lat,lon,d,q\na,2026-11-24T11:00:00+01:00,10,45.5,-73.6,7,uncertain\n"

    (found,) = read(make_feed, rows, columns).accepted

    assert found.value == 16.09344
    assert found.unit == "km/h"
    assert found.observed_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (found.lat, found.lon, found.district_id) == (45.5, -73.6, "7")
    assert found.quality is Quality.UNCERTAIN
    assert found.fetched_at == AT
    assert found.known_at is None


@pytest.mark.parametrize(
    ("cell", "spec", "value"),
    [
        ("50", {}, 50.0),
        (" 50 ", {}, 50.0),
        ("", {}, None),
        ("-1", {"missing": [-1]}, None),
        ("-1.0", {"missing": [-1]}, None),
        ("N/A", {"missing": ["N/A"]}, None),
        ('"1,234.5"', {"thousands": ","}, 1234.5),
        ('"21,5"', {"decimal": ","}, 21.5),
        ('"1.021,5"', {"decimal": ",", "thousands": "."}, 1021.5),
        ("low", {"map": {"low": 5}}, 5.0),
        ("1e2", {}, 100.0),
    ],
)
def test_numbers_are_read_as_declared(make_feed, cell, spec, value):
    columns = OBSERVED | {"value": {"column": "speed", "unit": "km/h", **spec}}

    found = read(make_feed, f"site,at,speed\na,2026-11-24T11:00:00Z,{cell}\n", columns)

    assert found.rejected == []
    assert found.accepted[0].value == value


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ("a,2026-11-24T11:00:00Z,fast", "value", "'fast' is no number"),
        ("a,2026-11-24T11:00:00Z,NaN", "value", "'NaN' is no number"),
        ("a,2026-11-24T11:00:00Z,inf", "value", "'inf' is no number"),
        ('a,2026-11-24T11:00:00Z,"21,5"', "value", "'21,5' is no number"),
        ("a,24/11/2026 11:00,50", "observed_at", "is no time as iso"),
        ("a,2026-11-31T11:00:00Z,50", "observed_at", "is no time"),
        ("a,,50", "observed_at", "observed_at is missing"),
        (",2026-11-24T11:00:00Z,50", "site_id", "site_id is missing"),
        ("a,2026-11-24T11:00:00Z", None, "2 fields where the header has 3"),
        ("a,b,2026-11-24T11:00:00Z,50", None, "4 fields where the header has 3"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_the_rest_is_kept(make_feed, row, field, says):
    good = "b,2026-11-24T11:00:00Z,50"

    found = read(make_feed, f"site,at,speed\n{good}\n{row}\n{good}\n")

    (reject,) = found.rejected
    assert len(found.accepted) == 2
    assert (reject.line, reject.field, reject.raw) == (3, field, row)
    assert says in reject.reason
    assert (reject.feed_id, reject.at) == ("f1", AT)


def test_lines_are_physical_lines_also_after_a_text_with_line_breaks(make_feed):
    rows = 'site,at,speed\r\n"a\r\nb",2026-11-24T11:00:00Z,1\r\nc,x,2\r\n'

    found = read(make_feed, rows)

    assert found.accepted[0].site_id == "a\r\nb"
    assert found.rejected[0].line == 4


def test_a_quote_that_never_closes_costs_its_line_only(make_feed):
    rows = 'site,at,speed\na,2026-11-24T11:00:00Z,1\n"b,2026-11-24T11:00:00Z,2\n'
    rows += "c,2026-11-24T11:00:00Z,3\nd,2026-11-24T11:00:00Z,4\n"

    found = read(make_feed, rows)

    assert [item.site_id for item in found.accepted] == ["a", "c", "d"]
    assert [(item.line, item.reason) for item in found.rejected] == [
        (3, "a quote that never closes")
    ]


def test_a_row_that_ends_early_is_refused_unless_the_pack_calls_its_rest_blank(make_feed):
    columns = OBSERVED | {"lat": "lat", "lon": "lon"}
    rows = "site,at,speed,lat,lon\na,2026-11-24,1\n"

    assert len(read(make_feed, rows, columns).rejected) == 1
    assert read(make_feed, rows, columns, short_rows="blank").accepted[0].value == 1.0


def test_empty_rows_are_skipped_and_do_not_shift_lines(make_feed):
    rows = "site,at,speed\n\n,,\na,x,1\n" + ",,\n" * 1195

    found = read(make_feed, rows)

    assert [item.line for item in found.rejected] == [4]


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("Brébeuf,2026-11-24T11:00:00Z,1", {}),
        ("\ufeffBrébeuf,2026-11-24T11:00:00Z,1", {}),
        ("Brébeuf,2026-11-24T11:00:00Z,1".encode("latin-1"), {}),
        ("Brébeuf,2026-11-24T11:00:00Z,1".encode("cp1252"), {"encoding": "cp1252"}),
        ("Brébeuf;2026-11-24T11:00:00Z;1", {"separator": ";"}),
        ("Brébeuf\t2026-11-24T11:00:00Z\t1", {"separator": "\t"}),
        ("preamble\n\nBrébeuf,2026-11-24T11:00:00Z,1", {"skip": 2}),
    ],
)
def test_encodings_separators_and_preambles(make_feed, body, options):
    columns = OBSERVED | {"site_id": "site", "observed_at": "at"}

    found = read(make_feed, body, columns, header=["site", "at", "speed"], **options)

    assert found.accepted[0].site_id == "Brébeuf"


def test_without_a_header_columns_are_numbered(make_feed):
    columns = OBSERVED | {
        "site_id": "1",
        "observed_at": "2",
        "value": {"column": "3", "unit": "km/h"},
    }

    found = read(make_feed, "a,2026-11-24T11:00:00Z,1\nb,x,1\n", columns, header=False)

    assert len(found.accepted) == 1
    assert found.rejected[0].line == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("site,time,speed\na,b,1\n", "no column 'at'; there are 'site', 'time', 'speed'"),
        ("site,at,at,speed\na,b,c,1\n", "column 'at' appears twice"),
        ("\n\n", "the file is empty"),
        ("", "the file is empty"),
        ("<!doctype html><title>Sorry</title>", "an HTML page"),
    ],
)
def test_a_malformed_file_says_what_is_wrong(make_feed, text, says):
    with pytest.raises(ValueError, match=says):
        read(make_feed, text)


def test_more_rejects_than_the_limit_refuse_the_whole_file(make_feed):
    rows = "site,at,speed\n" + "a,2026-11-24T11:00:00Z,1\n" + "b,11/24/2026,1\n" * 3

    with pytest.raises(FeedError, match=r"3 of 4 rows refused.*line 3.*no time as iso") as caught:
        read(make_feed, rows, quarantine_limit=0.5)

    assert caught.value.permanent
    assert len(caught.value.rejects) == 3


def test_cases_carry_what_the_columns_say(make_feed):
    columns = {
        "case_id": "id",
        "opened_at": {"column": "opened", "format": "%m/%d/%Y %I:%M:%S %p"},
        "closed_at": {"column": "closed", "format": "%m/%d/%Y %I:%M:%S %p"},
        "status": {"column": "status", "map": {"Closed": "closed", "Pending": "open"}},
        "service": "type",
        "channel": {"value": "app"},
    }
    rows = (
        "id,opened,closed,status,type\n"
        "1,12/31/2018 11:55:30 PM,01/02/2019 10:20:05 PM,Closed,Graffiti\n"
        "2,12/31/2018 11:55:30 PM,01/02/2019 10:20:05 PM,Pending,\n"
        "3,12/31/2018 11:55:30 PM,,Cancelled,\n"
    )

    found = read(make_feed, rows, columns, "case", zone="America/Los_Angeles")

    first, second = found.accepted
    assert first.opened_at == datetime(2019, 1, 1, 7, 55, 30, tzinfo=UTC)
    assert first.closed_at == datetime(2019, 1, 3, 6, 20, 5, tzinfo=UTC)
    assert (first.status, first.service, first.channel) == ("closed", "Graffiti", "app")
    assert (second.status, second.closed_at, second.service) == ("open", None, None)
    assert "status 'Cancelled' is neither open nor closed: map it" in found.rejected[0].reason


def test_without_a_status_column_the_closing_time_decides(make_feed):
    columns = {"case_id": "id", "opened_at": "opened", "closed_at": "closed"}
    rows = "id,opened,closed\n1,2020-01-01,2020-01-02\n2,2020-01-01,\n"

    assert [c.status for c in read(make_feed, rows, columns, "case").accepted] == ["closed", "open"]


def test_several_formats_are_tried_in_order_and_never_with_the_day_guessed(make_feed):
    columns = {
        "case_id": "id",
        "opened_at": {"column": "at", "format": ["iso", "%m/%d/%y %H:%M"]},
    }

    found = read(make_feed, "id,at\n1,2020-01-02 03:04\n2,1/2/20 3:04\n", columns, "case")

    assert {case.opened_at for case in found.accepted} == {datetime(2020, 1, 2, 3, 4, tzinfo=UTC)}


def test_times_in_two_columns_are_joined(make_feed):
    columns = OBSERVED | {"observed_at": {"column": ["d", "t"], "format": "%d/%m/%Y %H:%M"}}

    (found,) = read(make_feed, "site,d,t,speed\na,24/11/2026,11:00,5\n", columns).accepted

    assert found.observed_at == AT


def test_an_unknown_unit_is_named(make_feed):
    columns = OBSERVED | {"value": "speed", "unit": "unit"}

    found = read(
        make_feed, "site,at,speed,unit\na,2026-11-24,5,mph\nb,2026-11-24,5,furlong\n", columns
    )

    assert [item.value for item in found.accepted] == [8.04672]
    assert "unit 'furlong' is unknown (speed is kept in km/h)" in found.rejected[0].reason


def test_quantities_outside_the_map_are_not_wanted_and_not_rejected(make_feed):
    columns = OBSERVED | {
        "quantity": {"column": "m", "map": {"8": "no2", "9": "pm25"}},
        "value": {"column": "speed", "unit": "ug/m3"},
    }

    found = read(
        make_feed,
        "site,at,m,speed\na,2026-11-24,8,5\na,2026-11-24,6,x\na,2026-11-24,9,7\n",
        columns,
    )

    assert [(item.quantity, item.unit) for item in found.accepted] == [
        ("no2", "µg/m³"),
        ("pm25", "µg/m³"),
    ]
    assert found.rejected == []


def test_hour_24_is_the_next_midnight_and_invalid_cells_are_missing(make_feed):
    columns = {
        "site_id": "S",
        "observed_at": {"column": ["Y", "M", "D"], "format": "%Y %m %d"},
        "quantity": {"value": "no2"},
        "value": {"unit": "µg/m³"},
    }
    hours = range(1, 25)
    header = ["S", "Y", "M", "D"] + [f"{kind}{h:02d}" for h in hours for kind in "HV"]
    cells = ["4", "2025", "01", "31"] + [str(x) for h in hours for x in (h, "N" if h == 3 else "V")]
    melt = {"id": ["S"], "columns": "H{hour:02d}", "valid": "V{hour:02d}", "valid_is": "V"}

    found = read(
        make_feed,
        ";".join(header) + "\n" + ";".join(cells) + "\n",
        columns,
        zone="Europe/Madrid",
        separator=";",
        melt=melt,
    ).accepted

    assert len(found) == 24
    assert found[0].observed_at == datetime(2025, 1, 31, 0, tzinfo=UTC)
    assert found[23].observed_at == datetime(2025, 1, 31, 23, tzinfo=UTC)
    assert [item.value for item in found[:4]] == [1.0, 2.0, None, 4.0]


def test_an_hour_that_the_clocks_leave_out_is_no_measurement(make_feed):
    columns = {
        "site_id": {"value": "s"},
        "observed_at": {"column": "D", "format": "%Y-%m-%d"},
        "quantity": {"value": "no2"},
        "value": {"unit": "µg/m³"},
    }
    rows = "D,H1,H2,H3\n2025-03-30,1,2,3\n"

    found = read(make_feed, rows, columns, zone="Europe/Madrid", melt=HOURS).accepted

    assert [(item.observed_at.hour, item.value) for item in found] == [(0, 1.0), (1, 3.0)]


def test_hours_to_come_are_not_told(make_feed, tmp_path):
    path = tmp_path / "day.csv"
    path.write_text("D,H1,H2,H3\n2026-11-24,1,,\n")
    columns = {
        "site_id": {"value": "s"},
        "observed_at": "D",
        "quantity": {"value": "no2"},
        "value": {"unit": "µg/m³"},
    }
    feed = make_feed("file", path=str(path), options={"columns": columns, "melt": HOURS})

    now = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    found = poll(feed, httpx.Client(), {}, now=now).parsed.accepted

    assert [(item.observed_at.hour, item.value) for item in found] == [(1, 1.0), (2, None)]


def test_a_table_with_sites_in_its_header_and_no_times_is_laid_out_by_steps(make_feed):
    columns = {"quantity": {"value": "speed"}, "value": {"unit": "mph", "missing": [0]}}
    options = {
        "melt": {"columns": "*", "to": "site_id"},
        "start": "2012-03-01T00:00",
        "step": "5min",
    }

    found = read(
        make_feed, "7,8\n10,0\n20,x\n30,40\n", columns, zone="America/Los_Angeles", **options
    )

    assert [(item.site_id, item.value) for item in found.accepted] == [
        ("7", 16.09344),
        ("8", None),
        ("7", 32.18688),
        ("7", 48.28032),
        ("8", 64.37376),
    ]
    assert found.accepted[-1].observed_at == datetime(2012, 3, 1, 8, 10, tzinfo=UTC)
    assert (found.rejected[0].line, found.rejected[0].reason) == (
        3,
        "'x' is no number (column '8')",
    )


def test_a_refused_line_keeps_its_place_in_time(make_feed):
    columns = {"quantity": {"value": "speed"}, "value": {"unit": "mph"}}
    options = {"melt": {"columns": "*", "to": "site_id"}, "start": "2012-03-01", "step": "1h"}

    found = read(make_feed, "7,8\n1,1\n2\n3,3\n", columns, **options)

    assert {item.observed_at.hour for item in found.accepted} == {0, 2}


def test_quantities_in_the_header_with_their_own_units(make_feed):
    columns = {
        "site_id": {"value": "s"},
        "observed_at": "at",
        "quantity": {"map": {"NO2 (ppb)": "no2", "T": "temperature"}},
        "unit": {"map": {"NO2 (ppb)": "ppb", "T": "°F"}},
    }

    found = read(
        make_feed,
        "at,NO2 (ppb),T,Remark\n2026-11-24,10,50,fine\n",
        columns,
        melt={"columns": "*", "id": ["at"], "to": "quantity"},
    )

    assert found.rejected == []
    assert [(item.quantity, item.value, item.unit) for item in found.accepted] == [
        ("no2", pytest.approx(18.816, abs=0.001), "µg/m³"),
        ("temperature", 10.0, "°C"),
    ]


def test_geojson_gives_the_same_fields(make_feed):
    body = (
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[-73.6,45.5]},'
        '"properties":{"site":1,"at":"2026-11-24T11:00:00Z","speed":"50"}},'
        '{"type":"Feature","geometry":null,'
        '"properties":{"site":2,"at":"2026-11-24T11:00:00Z","speed":null}},'
        '{"type":"Feature","geometry":{"type":"Polygon","coordinates":'
        "[[[0,0],[2,0],[2,1],[0,1],[0,0]]]},"
        '"properties":{"site":3,"at":"2026-11-24T11:00:00Z","speed":7}},'
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[6000000,2000000]},'
        '"properties":{"site":4,"at":"2026-11-24T11:00:00Z","speed":7}},'
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]},'
        '"properties":{"site":5,"at":"yesterday","speed":7}}]}'
    )

    found = read(make_feed, body, name="x.geojson")

    assert [(o.site_id, o.value, o.lat, o.lon) for o in found.accepted] == [
        ("1", 50.0, 45.5, -73.6),
        ("2", None, None, None),
        ("3", 7.0, 0.5, 1.0),
    ]
    assert [item.line for item in found.rejected] == [4, 5]
    assert "are no degrees" in found.rejected[0].reason


def test_geojson_polygons_become_notices_with_wkt(make_feed):
    body = (
        '{"type":"Feature","geometry":{"type":"Polygon","coordinates":'
        "[[[0,0],[2,0],[2,1],[0,0]]]},"
        '"properties":{"n":7,"t":"Works","from":"2026-11-24T11:00:00Z","s":"Minor"}}'
    )
    columns = {"notice_id": "n", "headline": "t", "effective": "from", "severity": "s"}

    (found,) = read(make_feed, body, columns, "notice", format="geojson").accepted

    assert found.geometry == "POLYGON ((0.0 0.0, 2.0 0.0, 2.0 1.0, 0.0 0.0))"
    assert (found.notice_id, found.severity, found.expires) == ("7", "minor", None)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"type":"FeatureCollection","features":[', "Expecting value"),
        ("[]", "no GeoJSON object"),
        ('{"type":"Topology"}', "neither a FeatureCollection nor a Feature"),
        (
            '{"type":"FeatureCollection","crs":{"properties":{"name":"MARS:1"}},"features":[]}',
            "say crs",
        ),
    ],
)
def test_malformed_geojson_says_what_is_wrong(make_feed, body, says):
    with pytest.raises(ValueError, match=says):
        read(make_feed, body, name="x.geojson")


def test_impossible_places_are_missing_and_swapped_axes_are_left_for_the_city_to_see(make_feed):
    columns = OBSERVED | {"lat": "lat", "lon": "lon"}
    rows = "site,at,speed,lat,lon\n"
    rows += "a,2026-11-24,1,0,0\nb,2026-11-24,1,6000000,1\nc,2026-11-24,1,-118.2,34.1\n"

    found = read(make_feed, rows, columns).accepted

    assert [(item.lat, item.lon) for item in found] == [(None, None), (None, None), (-118.2, 34.1)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"columns": {**OBSERVED, "siteid": "x"}}, "'siteid' is no canonical field"),
        ({"columns": {**OBSERVED, "case_id": "x"}}, "gives observations has no such field"),
        ({"columns": {"site_id": "x"}}, "columns.observed_at: missing"),
        ({"columns": {**OBSERVED, "value": {"column": "v", "unit": "furlong"}}}, "'furlong'"),
        ({"columns": {**OBSERVED, "value": {"colum": "v"}}}, "colum"),
        ({"columns": {**OBSERVED, "value": {}}}, "names neither a column nor a value"),
        ({"columns": {**OBSERVED, "value": {"column": "a", "value": 1}}}, "not both"),
        (
            {"columns": {**OBSERVED, "observed_at": {"column": "a", "format": "dd/mm"}}},
            "is no date format",
        ),
        (
            {
                "columns": {
                    **OBSERVED,
                    "observed_at": {"column": "a", "format": ["%d/%m/%y", "%m/%d/%y"]},
                }
            },
            "as different days",
        ),
        (
            {"columns": {**OBSERVED, "observed_at": {"column": "a", "zone": "Mars/Base"}}},
            "no time zone",
        ),
        ({"columns": OBSERVED, "start": "2020-01-01"}, "start and step belong together"),
        ({"columns": OBSERVED, "melt": {"columns": "*"}}, "melt over hours needs"),
        ({"columns": OBSERVED, "step": "five"}, "is no duration"),
        ({"columns": OBSERVED, "seperator": ";"}, "seperator"),
        ({}, "columns: Field required"),
    ],
)
def test_a_wrong_mapping_is_told_before_anything_is_read(make_feed, options, says):
    feed = make_feed("file", path="/x.csv", options=options)

    assert says in "; ".join(problems(feed))


def test_options_survive_a_round_trip_through_their_validated_form():
    given = {
        "columns": OBSERVED,
        "melt": {"columns": "*", "to": "site_id"},
        "start": "2020-01-01",
        "step": "5min",
        "sites": {"path": "p", "id": "i", "lat": "a", "lon": "o"},
    }
    validated = file.Options.model_validate(given)

    assert file.Options.model_validate(validated.model_dump()) == validated


@pytest.fixture
def folder(tmp_path, make_feed):
    (tmp_path / "a.csv").write_text("site,at,speed\na,2026-11-24T11:00:00Z,1\n")
    (tmp_path / "b.csv").write_text("site,at,speed\nb,2026-11-24T11:00:00Z,2\n")
    return tmp_path, make_feed("file", path=f"{tmp_path}/*.csv", options={"columns": OBSERVED})


def test_only_changed_files_are_read_again(folder, now):
    path, feed = folder
    first = poll(feed, httpx.Client(), {}, now=now)
    same = poll(feed, httpx.Client(), first.memory, now=now)
    (path / "b.csv").write_text("site,at,speed\nb,2026-11-24T11:00:00Z,3\n")
    changed = poll(feed, httpx.Client(), same.memory, now=now)

    assert [item.value for item in first.parsed.accepted] == [1.0, 2.0]
    assert same.not_modified
    assert [item.value for item in changed.parsed.accepted] == [3.0]


def test_an_empty_file_costs_itself_only_and_is_told_once(folder, now):
    path, feed = folder
    (path / "b.csv").write_text("")

    first = poll(feed, httpx.Client(), {}, now=now)
    again = poll(feed, httpx.Client(), first.memory, now=now)

    assert len(first.parsed.accepted) == 1
    assert [(r.line, r.reason) for r in first.parsed.rejected] == [(0, "b.csv: the file is empty")]
    assert again.not_modified


@pytest.mark.parametrize(
    ("text", "permanent"), [("", False), ("x,y\n1,2\n", True), ("site,at,speed\na,b,c\n", True)]
)
def test_when_every_file_is_bad_the_feed_is(folder, now, text, permanent):
    path, feed = folder
    for name in ("a.csv", "b.csv"):
        (path / name).write_text(text)

    with pytest.raises(FeedError, match=r"a\.csv: ") as caught:
        poll(feed, httpx.Client(), {}, now=now)

    assert caught.value.permanent is permanent


def test_no_matching_file_is_a_temporary_failure(make_feed, tmp_path, now):
    feed = make_feed("file", path=f"{tmp_path}/*.csv", options={"columns": OBSERVED})

    with pytest.raises(FeedError, match="no file matches") as caught:
        poll(feed, httpx.Client(), {}, now=now)

    assert not caught.value.permanent


def test_sites_come_from_a_second_table(make_feed, tmp_path, now):
    (tmp_path / "sites.csv").write_text('id;lat;lon\na;"45,5";"-73,6"\nb;;\n', encoding="utf-8-sig")
    (tmp_path / "x.csv").write_text("site,at,speed\na,2026-11-24,1\nb,2026-11-24,1\n")
    sites = {
        "path": f"{tmp_path}/sites.csv",
        "id": "id",
        "lat": "lat",
        "lon": "lon",
        "separator": ";",
        "decimal": ",",
    }
    feed = make_feed(
        "file", path=f"{tmp_path}/x.csv", options={"columns": OBSERVED, "sites": sites}
    )

    found = poll(feed, httpx.Client(), {}, now=now).parsed.accepted

    assert [(item.lat, item.lon) for item in found] == [(45.5, -73.6), (None, None)]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), max_size=20))
@settings(deadline=None)
def test_every_row_is_either_accepted_or_rejected_whatever_it_holds(rows):
    text = io.StringIO()
    csv.writer(text).writerows([("site", "at", "speed"), *rows])
    options = {"columns": OBSERVED, "quarantine_limit": 1.0}
    feed = Feed(
        id="f1",
        kind="file",
        gives="observation",
        every=timedelta(hours=1),
        path="/x",
        options=options,
    )

    found = file.parse(text.getvalue().encode(), feed, AT)

    blank = sum(not any(cell and not cell.isspace() for cell in row) for row in rows)
    assert len(found.accepted) + len(found.rejected) == len(rows) - blank


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_raise_anything_but_a_clear_error(body):
    feed = Feed(
        id="f1",
        kind="file",
        gives="observation",
        every=timedelta(hours=1),
        path="/x",
        options={"columns": OBSERVED},
    )
    for name in ("x.csv", "x.geojson"):
        try:
            file.parse(body, feed, AT, About(name))
        except (ValueError, FeedError, RecursionError):
            continue
