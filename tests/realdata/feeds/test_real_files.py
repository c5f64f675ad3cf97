"""Los Angeles, Madrid, Montréal and New York as they publish their files."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from feeds import FeedError, poll
from feeds.replay import Replay

pytestmark = pytest.mark.realdata

LA = "America/Los_Angeles"
STATUS = {
    "column": "status",
    "map": {
        "Closed": "closed",
        "Cancelled": "closed",
        "Referred Out": "closed",
        "Open": "open",
        "Pending": "open",
    },
}


def cases_2020(make_feed, records, name, date_format):
    times = {
        field: {"column": column, "format": date_format}
        for field, column in {
            "opened_at": "createddate",
            "closed_at": "closeddate",
            "updated_at": "updateddate",
        }.items()
    }
    columns = {
        "case_id": "srnumber",
        "service": "requesttype",
        "department": "owner",
        "channel": "requestsource",
        "lat": "latitude",
        "lon": "longitude",
        "status": STATUS,
        **times,
    }
    path = records / "la/311" / name
    feed = make_feed("file", "case", path=str(path), timezone=LA, options={"columns": columns})
    return path, feed


def to_the_minute(cases):
    names = ("opened_at", "closed_at", "updated_at")
    return {
        case.case_id: replace(
            case,
            lat=None,
            lon=None,
            **{n: at and at.replace(second=0) for n in names for at in [getattr(case, n)]},
        )
        for case in cases
    }


def places(cases):
    return {case.case_id: (case.lat or 0, case.lon or 0) for case in cases}


def test_both_date_formats_of_los_angeles_give_the_same_cases(make_feed, records, now):
    _, iso = cases_2020(make_feed, records, "myla311_2020_iso_dates.csv", "%Y-%m-%d %H:%M:%S")
    _, sheet = cases_2020(make_feed, records, "myla311_2020_excel_dates.csv", "%m/%d/%y %H:%M")

    one = poll(iso, httpx.Client(), {}, now=now).parsed
    other = poll(sheet, httpx.Client(), {}, now=now).parsed

    assert len(one.accepted) == len(other.accepted) == 10_000
    assert one.rejected == other.rejected == []
    assert to_the_minute(one.accepted) == to_the_minute(other.accepted)
    there = places(other.accepted)
    for case_id, place in places(one.accepted).items():
        assert place == pytest.approx(there[case_id], abs=1e-6)
    with_seconds = sum(case.opened_at.second > 0 for case in one.accepted)
    assert 0 < with_seconds < 10_000  # the spreadsheet lost them, and decimals of the place


def test_los_angeles_2018_equals_what_the_csv_module_counts(make_feed, records, now):
    path = records / "la/311/myla311_2018_mini.csv"
    form = "%m/%d/%Y %I:%M:%S %p"
    columns = {
        "case_id": "SRNumber",
        "opened_at": {"column": "CreatedDate", "format": form},
        "closed_at": {"column": "ClosedDate", "format": form},
        "status": STATUS | {"column": "Status"},
        "lat": "Latitude",
        "lon": "Longitude",
    }
    feed = make_feed("file", "case", path=str(path), timezone=LA, options={"columns": columns})

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    with path.open(newline="", encoding="utf-8") as lines:
        rows = {row["SRNumber"]: row for row in csv.DictReader(lines)}
    assert found.rejected == []
    assert {case.case_id for case in found.accepted} == rows.keys()
    assert Counter(case.status for case in found.accepted) == Counter(
        STATUS["map"][row["Status"]] for row in rows.values()
    )
    assert sum(case.lat is not None for case in found.accepted) == 9_995
    for case in found.accepted[::97]:
        written = rows[case.case_id]["CreatedDate"]
        local = datetime.strptime(written, form).replace(tzinfo=ZoneInfo(LA))
        assert case.opened_at == local.astimezone(UTC)


@pytest.fixture
def speeds(make_feed, records):
    path = records / "la/traffic/metr_la_speed_20120301_07.csv"
    options = {
        "columns": {"quantity": {"value": "speed"}, "value": {"unit": "mph", "missing": [0]}},
        "melt": {"columns": "*", "to": "site_id"},
        "start": "2012-03-01T00:00",
        "step": "5min",
        "sites": {
            "path": str(records / "la/traffic/metr_la_sensor_locations.csv"),
            "id": "sensor_id",
            "lat": "latitude",
            "lon": "longitude",
        },
    }
    return path, make_feed("file", "observation", path=str(path), timezone=LA, options=options)


def test_the_metr_la_week_is_read_whole(speeds, now):
    path, feed = speeds

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    with path.open(newline="") as lines:
        header, *rows = list(csv.reader(lines))
    by_site = Counter(item.site_id for item in found.accepted)
    total = sum(float(cell) for row in rows for cell in row)
    assert found.rejected == []
    assert by_site == dict.fromkeys(header, 2016)
    assert len(by_site) == 207
    assert all(item.lat is not None for item in found.accepted)
    assert sum(item.value or 0 for item in found.accepted) == pytest.approx(total * 1.609344)
    assert found.accepted[0].observed_at == datetime(2012, 3, 1, 8, tzinfo=UTC)
    assert found.accepted[-1].observed_at == datetime(2012, 3, 8, 7, 55, tzinfo=UTC)


def test_a_replayed_week_shows_every_speed_once_a_week(speeds, now):
    _, feed = speeds
    recorded = poll(feed, httpx.Client(), {}, now=now).parsed.accepted
    replay = Replay.build(recorded, feed)

    laid = replay.due(
        datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 24, 17, tzinfo=UTC)
    )

    tuesday = [
        item.value
        for item in recorded
        if datetime(2012, 3, 6, 16, tzinfo=UTC)
        < item.observed_at
        <= datetime(2012, 3, 6, 17, tzinfo=UTC)
    ]
    assert len(laid) == 207 * 12
    assert sorted(item.value for item in laid) == sorted(tuesday)
    assert sum(1 for _ in replay.past(now, 1)) == 207 * 2016


def test_montreals_counters_in_latin_1_with_sites_in_the_header(make_feed, records, now):
    path = records / "montreal/bikes_2012_counters.csv"
    options = {
        "separator": ";",
        "short_rows": "blank",
        "melt": {"columns": "*", "id": ["Date"], "to": "site_id"},
        "columns": {
            "observed_at": {"column": "Date", "format": "%d/%m/%Y"},
            "quantity": {"value": "footfall"},
        },
    }
    zone = "America/Montreal"
    feed = make_feed("file", "observation", path=str(path), timezone=zone, options=options)

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    rows = path.read_text(encoding="latin-1").splitlines()
    filled = sum(bool(cell) for row in rows[1:] for cell in row.split(";")[1:])
    assert found.rejected == []
    assert len(found.accepted) == (len(rows) - 1) * 9
    assert sum(item.value is not None for item in found.accepted) == filled
    assert "Côte-Sainte-Catherine" in {item.site_id for item in found.accepted}


def test_madrids_wide_hours_end_at_the_next_midnight(make_feed, records, now):
    paths = sorted((records / "madrid/air/realtime").glob("*/latest.csv"))
    hours = "H{hour:02d}"
    options = {
        "melt": {"columns": hours, "valid": "V{hour:02d}", "valid_is": "V"},
        "columns": {
            "site_id": "ESTACION",
            "observed_at": {"column": ["ANO", "MES", "DIA"], "format": "%Y %m %d"},
            "quantity": {"column": "MAGNITUD", "map": {"8": "no2"}},
            "value": {"unit": "µg/m³"},
        },
    }
    feed = make_feed(
        "file",
        "observation",
        path=str(records / "madrid/air/realtime/*/latest.csv"),
        timezone="Europe/Madrid",
        options=options,
    )

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    count = good = 0
    for path in paths:
        if not path.stat().st_size:
            continue
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for row in csv.DictReader(lines):
                if row["MAGNITUD"] == "8":
                    count += 24
                    good += sum(row[f"V{h:02d}"] == "V" for h in range(1, 25))
    assert count > 0
    assert len(found.accepted) == count
    assert sum(item.value is not None for item in found.accepted) == good
    assert all(item.reason.endswith("the file is empty") for item in found.rejected)


def test_failed_polls_of_madrid_are_failures(make_feed, records, now):
    path = records / "madrid/air/realtime_failures/*.csv"
    options = {"columns": {"site_id": "E", "observed_at": "F", "quantity": "M", "value": "V"}}
    feed = make_feed("file", "observation", path=str(path), options=options)

    with pytest.raises(FeedError, match="the file is empty") as caught:
        poll(feed, httpx.Client(), {}, now=now)

    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("name", "form", "n"),
    [
        ("nyc311_2022-05-01.csv", "%m/%d/%Y %I:%M:%S %p", 924),
        ("nyc311_info654_sample.csv", "%m/%d/%y %H:%M", 6_765),
    ],
)
def test_new_york_with_and_without_a_byte_order_mark(make_feed, records, name, form, n):
    times = {
        "opened_at": {"column": "Created Date", "format": [form, "iso"]},
        "closed_at": {"column": "Closed Date", "format": [form, "iso"]},
    }
    path = records / "nyc/311" / name
    options = {"columns": {"case_id": "Unique Key", "service": "Complaint Type", **times}}
    feed = make_feed("file", "case", path=str(path), timezone="America/New_York", options=options)

    found = poll(feed, httpx.Client(), {}, now=datetime(2026, 11, 24, tzinfo=UTC)).parsed

    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if any(row.values())]
    assert len(rows) == n
    assert len(found.accepted) + len(found.rejected) == n
    assert len(found.accepted) > 0.99 * n


def test_madrids_monthly_means_by_name_of_the_gas(make_feed, records, now):
    path = records / "madrid/air/calidad-aire-madrid-2001-2024.csv"
    gases = {"Dióxido de Nitrógeno": "no2", "Ozono": "o3", "Partículas < 10 µm": "pm10"}
    options = {
        "only": {"year": {"not": [""]}},
        "columns": {
            "site_id": {"value": "madrid"},
            "observed_at": {"column": "year-month", "format": "%Y-%m"},
            "quantity": {"column": "magnitude", "map": gases},
            "value": {"column": "val", "unit": "µg/m³"},
        },
    }
    zone = "Europe/Madrid"
    feed = make_feed("file", "observation", path=str(path), timezone=zone, options=options)

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    with path.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["magnitude"] in gases]
    assert found.rejected == []
    assert len(found.accepted) == len(rows) > 800
    assert sum(f.value or 0 for f in found.accepted) == pytest.approx(
        sum(float(row["val"]) for row in rows if row["val"])
    )
    assert found.accepted[0].observed_at == datetime(2000, 12, 31, 23, tzinfo=UTC)


STATIONS = {
    "decimal degrees": ("informacion_estaciones_red_calidad_aire.csv", "CODIGO_CORTO",
                        {"lat": "LATITUD", "lon": "LONGITUD"}, {}),
    "angles": ("informacion_estaciones_red_calidad_aire.csv", "CODIGO_CORTO",
               {"lat": {"column": "LATITUD_ETRS89", "format": "dms"},
                "lon": {"column": "LONGITUD_ETRS89", "format": "dms"}}, {}),
    "a national grid": ("informacion_estaciones_red_calidad_aire.csv", "CODIGO_CORTO",
                        {"lat": {"column": "COORDENADA_Y_ETRS89", "decimal": ","},
                         "lon": {"column": "COORDENADA_X_ETRS89", "decimal": ","}},
                        {"crs": "EPSG:25830"}),
    "the older list": ("madrid_airquality_stations.csv", "NÚMERO",
                       {"lat": {"column": "LATITUD", "format": "dms"},
                        "lon": {"column": "LONGITUD", "format": "dms"}}, {}),
}  # fmt: skip


def stations(make_feed, records, now, name):
    file, site, place, more = STATIONS[name]
    columns = {"case_id": site, "opened_at": {"value": "2026-01-01"}, **place}
    path = str(records / "madrid/air" / file)
    feed = make_feed("file", "case", path=path, options={"columns": columns, **more})
    return poll(feed, httpx.Client(), {}, now=now).parsed


@pytest.mark.parametrize("name", STATIONS)
def test_madrids_stations_stand_at_one_place_however_it_is_written(make_feed, records, now, name):
    usual = {c.case_id: c for c in stations(make_feed, records, now, "decimal degrees").accepted}

    found = stations(make_feed, records, now, name)

    assert found.rejected == []
    assert len(found.accepted) == 24
    for one in found.accepted:
        where = usual[one.case_id]
        assert (one.lat, one.lon) == pytest.approx((where.lat, where.lon), abs=2e-3)


def test_new_yorks_boroughs_come_out_of_a_zipped_shapefile(make_feed, records, now):
    options = {
        "columns": {
            "notice_id": {"column": "boro_code", "whole": True},
            "headline": "boro_name",
            "effective": {"value": "2020-10-15"},
        }
    }
    path = str(records / "nyc/districts/nyc_boroughs.zip")
    feed = make_feed("file", "notice", path=path, options=options)

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    assert found.rejected == []
    assert {n.notice_id: n.headline for n in found.accepted} == {
        "1": "Manhattan",
        "2": "Bronx",
        "3": "Brooklyn",
        "4": "Queens",
        "5": "Staten Island",
    }
    starts = ("MULTIPOLYGON (((-7", "POLYGON ((-7")
    assert all(n.geometry.startswith(starts) for n in found.accepted)


def test_montreals_packed_tables_are_unpacked(make_feed, records, now):
    cars = {
        "site_id": {"column": ["centroid_lat", "centroid_lon"]},
        "observed_at": {"column": "peak_hour", "format": "%H"},
        "quantity": {"value": "vehicles"},
        "value": "car_hours",
        "lat": "centroid_lat",
        "lon": "centroid_lon",
    }
    path = str(records / "montreal/plotly_carshare.csv.gz")
    feed = make_feed("file", "observation", path=path, options={"columns": cars})

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    assert found.rejected == []
    assert len(found.accepted) == 249
    assert found.accepted[0].lat == pytest.approx(45.4715485, abs=1e-6)


def test_a_year_of_montreals_weather_with_a_quantity_per_column(make_feed, records, now):
    path = records / "montreal/weather_2012_hourly.csv"
    units = {"Temp (C)": "°C", "Rel Hum (%)": "%", "Wind Spd (km/h)": "km/h"}
    names = {"Temp (C)": "temperature", "Rel Hum (%)": "humidity", "Wind Spd (km/h)": "wind_speed"}
    options = {
        "melt": {"columns": list(units), "id": ["Date/Time"], "to": "quantity"},
        "columns": {
            "site_id": {"value": "yul"},
            "observed_at": {
                "column": "Date/Time",
                "format": "%Y-%m-%d %H:%M:%S",
                "zone": "Etc/GMT+5",
            },
            "quantity": {"map": names},
            "unit": {"map": units},
        },
    }
    feed = make_feed("file", "observation", path=str(path), options=options)

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert found.rejected == []
    assert len(found.accepted) == 3 * len(rows) == 3 * 8784
    for name, quantity in names.items():
        total = sum(float(row[name]) for row in rows)
        said = [f.value for f in found.accepted if f.quantity == quantity]
        assert sum(said) == pytest.approx(total)
    assert found.accepted[0].observed_at == datetime(2012, 1, 1, 5, tzinfo=UTC)


def test_new_yorks_ridership_by_day(make_feed, records, now):
    path = records / "nyc/transit/mta_daily_ridership.csv"
    modes = ["Subways: Total Estimated Ridership", "Buses: Total Estimated Ridership"]
    options = {
        "melt": {"columns": modes, "id": ["Date"], "to": "site_id"},
        "columns": {"observed_at": "Date", "quantity": {"value": "boardings"}},
    }
    zone = "America/New_York"
    feed = make_feed("file", "observation", path=str(path), timezone=zone, options=options)

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert found.rejected == []
    assert len(found.accepted) == 2 * len(rows)
    assert sum(f.value for f in found.accepted) == sum(float(row[m]) for row in rows for m in modes)


def test_madrids_proposals_have_texts_with_line_breaks_and_markup(make_feed, records, now):
    path = records / "madrid/participation/decide_madrid_proposals_latest.csv"
    columns = {"case_id": "id", "opened_at": {"column": "created_at", "format": "%d/%m/%Y"}}
    feed = make_feed("file", "case", path=str(path), options={"columns": columns})

    found = poll(feed, httpx.Client(), {}, now=now).parsed

    assert found.rejected == []
    assert len(found.accepted) == 2_738
    assert found.accepted[0].opened_at == datetime(2024, 1, 1, tzinfo=UTC)
