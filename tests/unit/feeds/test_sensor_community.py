"""Sensor.Community: reports of citizens' sensors; bodies written after the API's description."""

import json
from datetime import UTC, datetime

import pytest

from feeds import FeedError, again, poll, problems, sensor_community
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AREA = {"area": [48.78, 9.18, 15]}


def report(sensor, *, at="2026-11-24 11:58:02", spot=7, where=None, **values):
    return {
        "id": sensor * 1000,
        "timestamp": at,
        "location": {
            "id": spot,
            "latitude": "48.780",
            "longitude": "9.180",
            "altitude": "",
            "country": "DE",
            "exact_location": 0,
            "indoor": 0,
        }
        | (where or {}),
        "sensor": {"id": sensor, "pin": "1", "sensor_type": {"id": 14, "name": "SDS011"}},
        "sensordatavalues": [
            {"id": n, "value_type": name, "value": value}
            for n, (name, value) in enumerate(values.items())
        ],
    }


def parsed(make_feed, *rows, **options):
    feed = make_feed("sensor-community", options=AREA | options)
    return sensor_community.parse(json.dumps(rows).encode(), feed, NOW)


def test_particles_and_weather_come_from_two_sensors_of_one_spot(make_feed):
    particles = report(1, P1="21.30", P2="9.50", P0="4.0")
    weather = report(
        2, temperature="8.40", humidity="61.20", pressure="98123.50", pressure_at_sealevel="101325"
    )

    found = parsed(make_feed, particles, weather)

    assert [(one.site_id, one.quantity, one.value, one.unit) for one in found.accepted] == [
        ("1", "pm10", 21.3, "µg/m³"),
        ("1", "pm25", 9.5, "µg/m³"),
        ("2", "temperature", 8.4, "°C"),
        ("2", "humidity", 61.2, "%"),
        ("2", "pressure", 981.235, "hPa"),
    ]
    assert {one.observed_at for one in found.accepted} == {
        datetime(2026, 11, 24, 11, 58, 2, tzinfo=UTC)
    }
    assert {(one.lat, one.lon) for one in found.accepted} == {(48.78, 9.18)}
    assert {one.quality for one in found.accepted} == {Quality.GOOD}


@pytest.mark.parametrize(
    ("humidity", "quality"), [("75.0", "GOOD"), ("75.1", "UNCERTAIN"), ("nan", "GOOD")]
)
def test_particles_in_humid_air_are_doubted(make_feed, humidity, quality):
    found = parsed(make_feed, report(1, P2="40"), report(2, humidity=humidity, temperature="3"))

    assert found.accepted[0].quality == quality
    assert found.accepted[-1].quality == "GOOD"


def test_the_newest_humidity_of_the_spot_counts_and_no_other_spots(make_feed):
    rows = [
        report(1, P2="40"),
        report(2, at="2026-11-24 11:59:00", humidity="60"),
        report(2, at="2026-11-24 11:56:00", humidity="99"),
        report(3, spot=8, humidity="99"),
    ]

    assert parsed(make_feed, *rows).accepted[0].quality == "GOOD"
    assert parsed(make_feed, *rows, humidity_limit=50).accepted[0].quality == "UNCERTAIN"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("P1", "1999.9"),
        ("P2", "999.90"),
        ("P2", "-1"),
        ("P2", "nan"),
        ("P1", "unavailable"),
        ("temperature", "-127.00"),
        ("temperature", "85.0"),
        ("humidity", "104"),
        ("pressure", "0"),
        ("P1", None),
        ("P1", ""),
    ],
)
def test_saturation_and_nonsense_are_missing(make_feed, name, value):
    (found,) = parsed(make_feed, report(1, **{name: value})).accepted

    assert found.value is None


def test_indoor_sensors_are_left_out_whether_number_or_text(make_feed):
    rows = [report(n, where={"indoor": said}, P2="5") for n, said in enumerate((1, "1", 0, "0"))]

    found = parsed(make_feed, *rows)

    assert [one.site_id for one in found.accepted] == ["2", "3"]
    assert found.skipped == {"indoors": 2}


def test_what_lies_elsewhere_is_left_out_of_a_file_of_the_world(make_feed):
    far = report(9, where={"latitude": "52.5", "longitude": "13.4"}, P2="5")

    found = parsed(make_feed, far, report(1, P2="5"))

    assert [one.site_id for one in found.accepted] == ["1"]
    assert found.skipped == {"outside the area": 1}


def test_the_same_report_twice_counts_once(make_feed):
    found = parsed(
        make_feed, report(1, P2="5"), report(1, P2="5"), report(1, at="2026-11-24 11:55:30", P2="6")
    )

    assert [one.value for one in found.accepted] == [5, 6]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (report(1, P2="21,5"), "is no number"),
        (report(1, P2=[1]), "is no number"),
        (report(1, at="Tuesday", P2="5"), "no ISO 8601 time"),
        (report(1, at=None, P2="5"), "timestamp is missing"),
        (report(1, P2="5") | {"location": None}, "location is missing"),
        (report(1, P2="5") | {"sensor": {}}, "id is missing"),
        (report(1, P2="5") | {"sensordatavalues": 3}, "TypeError"),
        (report(1, P2="5") | {"sensordatavalues": [5]}, "no JSON object"),
        (None, "no JSON object"),
        ([[]], "no JSON object"),
    ],
)
def test_a_bad_row_costs_itself_only(make_feed, row, says):
    found = parsed(make_feed, row, report(2, P2="5"))

    assert [one.site_id for one in found.accepted] == ["2"]
    assert (found.rejected[0].line, len(found.rejected)) == (1, 1)
    assert says in found.rejected[0].reason


def test_a_bad_value_leaves_the_others_of_its_row_and_is_read_again_when_mended(make_feed):
    feed = make_feed("sensor-community", options=AREA)
    found = parsed(make_feed, report(1, P1="21,5", P2="5"))

    assert [one.quantity for one in found.accepted] == ["pm25"]
    assert found.rejected[0].field == "P1"
    mended = [
        r.__class__(
            **{f: getattr(r, f) for f in r.__slots__} | {"raw": r.raw.replace("21,5", "21.5")}
        )
        for r in found.rejected
    ]
    assert [one.value for one in again(feed, mended, {}, now=NOW).accepted] == [21.5, 5]
    assert again(feed, found.rejected, {}, now=NOW).rejected[0].line == 1


@pytest.mark.parametrize(
    ("url", "options", "path"),
    [
        ("https://city.example", AREA, "/airrohr/v1/filter/area=48.7800,9.1800,15"),
        (
            "https://city.example/",
            {"bbox": [9, 48, 10, 49]},
            "/airrohr/v1/filter/box=48.0000,9.0000,49.0000,10.0000",
        ),
        ("https://city.example/static/v2/data.json", AREA, "/static/v2/data.json"),
    ],
)
def test_an_area_is_asked_for_or_a_file_read(make_feed, answering, url, options, path):
    client = answering({path: [report(1, P2="5", where={"latitude": "48.78"})]})

    found = poll(make_feed("sensor-community", url=url, options=options), client, {}, now=NOW)

    assert len(found.parsed.accepted) == 1


def test_an_area_without_sensors_is_no_error(make_feed, answering):
    feed = make_feed("sensor-community", url="https://city.example", options=AREA)
    client = answering({"/airrohr/v1/filter/area=48.7800,9.1800,15": "[]"})

    assert poll(feed, client, {}, now=NOW).parsed.accepted == []


@pytest.mark.parametrize("body", ["{}", "3", '"x"', "[1", "null"])
def test_what_is_no_list_is_malformed(make_feed, answering, body):
    feed = make_feed("sensor-community", options=AREA)

    with pytest.raises(FeedError, match="malformed body"):
        poll(feed, answering({"/feed": body}), {}, now=NOW)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "say area"),
        (AREA | {"bbox": [1, 2, 3, 4]}, "either area or bbox"),
        ({"area": [48, 9, 900]}, "at most 200 km"),
        ({"area": [148, 9, 9]}, "no latitude"),
        ({"bbox": [9, 48, 8, 49]}, "bbox: write"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(make_feed, options, says):
    feed = make_feed("sensor-community", url="https://city.example", options=options)

    assert any(says in one for one in problems(feed))
