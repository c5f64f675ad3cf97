"""Times and units: known values, and properties over many."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import times
from feeds.cells import objects
from feeds.units import conversion, spelled

ZONES = st.sampled_from(
    ["America/Los_Angeles", "America/Montreal", "Europe/Dublin", "Australia/Lord_Howe", "UTC"]
)
naive = st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001 - wall times


def one(text, formats=("iso",), zone="UTC"):
    return times.instants(times.parse(objects([text]), formats, zone))[0]


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-08T02:30", "America/Los_Angeles", "2026-03-08T10:00+00:00"),  # no such time
        ("2026-11-01T01:30", "America/Los_Angeles", "2026-11-01T08:30+00:00"),  # happens twice
        ("2026-10-25T01:30", "Europe/Dublin", "2026-10-25T00:30+00:00"),  # winter is the DST there
        ("2026-01-01T00:00:00.5Z", "America/Montreal", "2026-01-01T00:00:00.5+00:00"),
        ("2026-01-01 00:00:00,25", "UTC", "2026-01-01T00:00:00.25+00:00"),
        ("2026-01-01T00:00+0530", "UTC", "2025-12-31T18:30+00:00"),
        ("2026-01-01T00:00-08", "UTC", "2026-01-01T08:00+00:00"),
        ("2003-04-02T14:39:01-00:00", "America/Montreal", "2003-04-02T14:39:01+00:00"),
        ("2026-01-01", "America/Montreal", "2026-01-01T05:00+00:00"),
    ],
)
def test_local_times_become_utc_by_the_declared_rule(text, zone, expected):
    assert one(text, zone=zone) == datetime.fromisoformat(expected)
    assert times.instant(text, zone) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "20260101", "2026-1-1", "01/02/2026", "2026-02-30", "2026-01-01T25:00", "now"],
)
def test_what_is_no_iso_time_is_not_read(text):
    assert one(text) is None
    with pytest.raises(ValueError):
        times.instant(text)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("0001-01-01T00:00:00+05:00", "UTC"),
        ("9999-12-31T23:59:59-05:00", "UTC"),
        ("0001-01-01T00:00:00", "Asia/Tokyo"),
        ("9999-12-31T23:59:59", "America/Montreal"),
    ],
)
def test_what_lies_outside_of_all_time_is_not_read(text, zone):
    with pytest.raises(ValueError, match="outside of all time"):
        times.instant(text, zone)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("1/1/20 0:05", "%m/%d/%y %H:%M", "2020-01-01T00:05+00:00"),
        ("31/12/2018", "%d/%m/%Y", "2018-12-31T00:00+00:00"),
        ("12/31/2018 12:00:01 AM", "%m/%d/%Y %I:%M:%S %p", "2018-12-31T00:00:01+00:00"),
        ("2018-12-31 10:00 +0100", "%Y-%m-%d %H:%M %z", "2018-12-31T09:00+00:00"),
        ("1663292830", "epoch_s", "2022-09-16T01:47:10+00:00"),
        ("1663292830500", "epoch_ms", "2022-09-16T01:47:10.5+00:00"),
    ],
)
def test_declared_formats(text, name, expected):
    assert one(text, [name]) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("text", ["31/12/2018", "1e400", "", "12/31/18", "x"])
def test_a_text_that_does_not_fit_its_format_is_no_time(text):
    assert one(text, ["%m/%d/%Y", "epoch_s"]) is None


@given(naive, ZONES)
@settings(deadline=None)
def test_all_roads_from_wall_time_to_utc_agree(at, zone):
    text = at.isoformat()

    expected = one(text, zone=zone)
    there = at.replace(tzinfo=ZoneInfo(zone))
    plain = there.astimezone(UTC)
    exists = plain.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == at

    assert times.instant(text, zone) == expected
    if exists:
        assert expected == plain
    else:  # the first instant after the gap: earlier than an hour's naive shift
        assert plain - timedelta(hours=1) <= expected <= plain
        assert expected.astimezone(ZoneInfo(zone)).replace(tzinfo=None) > at


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)), max_size=10), ZONES)  # noqa: DTZ001 - made aware below
@settings(deadline=None)
def test_to_wall_and_back_is_the_identity_but_for_the_second_run_of_an_hour(instants, zone):
    utc = np.array(instants, dtype="datetime64[us]")

    back = times.to_utc(times.to_wall(utc, zone), zone)

    for before, after in zip(utc.tolist(), back.tolist(), strict=True):
        local = before.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert (before == after) is (local.fold == 0)


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "at_rest"),
    [
        ("speed", "mph", 60, 96.56064),  # 1 mile = 1.609344 km by definition
        ("speed", "m/s", 10, 36.0),
        ("temperature", "°F", 212, 100.0),
        ("temperature", "K", 273.15, 0.0),
        ("river_level", "ft", 10, 3.048),  # 1 ft = 0.3048 m by definition
        ("river_level", "[ft_i]", 10, 3.048),
        ("pm25", "mg/m3", 0.035, 35.0),
        ("co", "ppm", 9, 10.3105),  # 9 ppm ≈ 10 mg/m³ (40 CFR 50.8)
        ("no2", "ppb", 53, 99.73),  # 53 ppb ≈ 100 µg/m³ (40 CFR 50.11)
        ("o3", "ppm", 0.07, 137.42),
        ("so2", "ppb", 75, 196.52),  # 75 ppb ≈ 196 µg/m³ (40 CFR 50.17)
        ("footfall", "1", 7, 7.0),
        ("clearance", "s", 90, 1.5),
        ("clearance", "h", 2, 120.0),
        ("water_supplied", "l", 2_500, 2.5),
        ("water_billed", "ft3", 100, 2.83168),  # 1 ft = 0.3048 m by definition
        ("water_billed", "gal", 1_000, 3.78541),  # 1 US gallon = 231 in³ by definition
    ],
)
def test_units_at_rest_by_known_values(quantity, unit, value, at_rest):
    found = conversion(quantity, unit)

    assert value * found.factor + found.offset == pytest.approx(at_rest, rel=1e-4)


@pytest.mark.parametrize(
    ("quantity", "unit", "says"),
    [
        ("speed", None, "speed needs a unit"),
        ("speed", "furlong", "unit 'furlong' is unknown"),
        ("speed", "m", "does not measure speed"),
        ("pm25", "ppb", "share of a gas"),
        ("water_supplied", None, "water_supplied needs a unit"),
        ("clearance", "m", "does not measure clearance"),
    ],
)
def test_wrong_units_are_named(quantity, unit, says):
    with pytest.raises(ValueError, match=says):
        conversion(quantity, unit)


def test_counts_need_no_unit_and_strange_quantities_keep_theirs():
    assert conversion("bikes_available", None).unit == "count"
    assert conversion("noise", "dB").unit == "dB"


def test_both_letters_mu_are_one():
    assert spelled("μg/m³") == spelled("µg/m³") == spelled("ug/m3") == "µg/m³"
