"""Weather stations of the US National Weather Service; bodies written after its documentation."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, nws, poll, problems
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def measured(value, unit="wmoUnit:degC", quality="V"):
    return {"unitCode": unit, "value": value, "qualityControl": quality}


def report(station="KLAX", at="2026-11-24T11:53:00+00:00", **about):
    return {
        "id": f"https://api.weather.gov/stations/{station}/observations/{at}",
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [-118.38, 33.94]},
        "properties": {
            "@type": "wx:ObservationStation",
            "station": f"https://api.weather.gov/stations/{station}",
            "timestamp": at,
            "temperature": measured(22.8),
            "relativeHumidity": measured(55, "wmoUnit:percent", "C"),
        }
        | about,
    }


def collection(*reports):
    return {"type": "FeatureCollection", "features": list(reports)}


@pytest.fixture
def feed(make_feed):
    return make_feed("nws", url="https://city.example", options={"stations": ["KLAX", "KBUR"]})


def parsed(feed, body):
    return nws.parse(json.dumps(body).encode(), feed, NOW)


def test_a_report_becomes_observations_of_its_station(feed):
    for body in (report(), collection(report())):
        first, second = parsed(feed, body).accepted

        assert (first.site_id, first.quantity, first.value, first.unit) == (
            "KLAX",
            "temperature",
            22.8,
            "°C",
        )
        assert first.observed_at == datetime(2026, 11, 24, 11, 53, tzinfo=UTC)
        assert (first.lat, first.lon) == (33.94, -118.38)
        assert (second.quantity, second.value, second.quality) == ("humidity", 55, Quality.GOOD)


@pytest.mark.parametrize(
    ("member", "value", "quantity", "rest"),
    [
        ("temperature", measured(10, "unit:degF"), "temperature", -12.222222),
        ("temperature", measured(300, "http://codes.wmo.int/common/unit/K"), "temperature", 26.85),
        ("windSpeed", measured(10, "unit:m_s-1"), "wind_speed", 36),
        ("windSpeed", measured(10, "wmoUnit:km_h-1"), "wind_speed", 10),
        ("barometricPressure", measured(101860, "wmoUnit:Pa"), "pressure", 1018.6),
        ("precipitationLastHour", measured(0.0025, "unit:m"), "precipitation", 2.5),
        ("precipitationLastHour", measured("2.5", "wmoUnit:mm"), "precipitation", 2.5),
        ("heatIndex", measured(31), "apparent_temperature", 31),
        ("windChill", measured(-7), "apparent_temperature", -7),
    ],
)
def test_every_value_has_its_own_unit(feed, member, value, quantity, rest):
    found = {one.quantity: one.value for one in parsed(feed, report(**{member: value})).accepted}

    assert found[quantity] == pytest.approx(rest)


@pytest.mark.parametrize(
    ("code", "quality"),
    [
        ("V", "GOOD"),
        ("qc:C", "GOOD"),
        ("S", "GOOD"),
        (None, "GOOD"),
        ("qc:Z", "UNCERTAIN"),
        ("Q", "UNCERTAIN"),
        ("X", "BAD"),
        ("qc:B", "BAD"),
    ],
)
def test_its_own_quality_is_kept(feed, code, quality):
    assert (
        parsed(feed, report(temperature=measured(20, quality=code))).accepted[0].quality == quality
    )


def test_what_was_not_measured_is_missing_and_an_index_that_does_not_apply_is_nothing(feed):
    body = report(
        temperature=measured(None, quality="qc:Z"),
        heatIndex=measured(None),
        windChill=measured(None),
    )

    found = parsed(feed, body).accepted

    assert [(one.quantity, one.value) for one in found] == [("temperature", None), ("humidity", 55)]
    assert found[0].quality == "GOOD"


def test_weather_that_cannot_be_is_bad(feed):
    found = parsed(
        feed, report(windSpeed=measured(1000, "unit:m_s-1"), temperature=measured(-100))
    ).accepted

    assert {one.quantity: one.quality for one in found} == {
        "temperature": "BAD",
        "humidity": "GOOD",
        "wind_speed": "BAD",
    }


def test_reports_may_come_unsorted_and_again(feed):
    old = report(at="2026-11-24T10:53:00+00:00")

    found = parsed(feed, collection(report(), old, report()))

    assert len(found.accepted) == 4
    assert found.skipped == {"the same measurement again": 2}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (report(at=None), "timestamp is missing"),
        (report(at="noon"), "no ISO 8601 time"),
        (report(temperature=measured("22,8")), "is no number"),
        (report(temperature=measured(22, "unit:furlong")), "unitCode 'unit:furlong' is unknown"),
        (report(temperature=measured(22, "unit:Pa")), "does not measure temperature"),
        (report(temperature=22), "AttributeError"),
        ({"properties": None}, "properties is missing"),
        (7, "no JSON object"),
    ],
)
def test_what_is_bad_costs_itself_only(feed, bad, says):
    found = parsed(feed, collection(bad, report("KBUR")))

    assert [one.quantity for one in found.accepted if one.site_id == "KBUR"] == [
        "temperature",
        "humidity",
    ]
    assert (found.rejected[0].line, len(found.rejected)) == (1, 1)
    assert says in found.rejected[0].reason
    assert says in again(feed, found.rejected, {}, now=NOW).rejected[0].reason


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"periods": []}, "a forecast"),
        ({"@type": "wx:Gridpoint"}, "a forecast"),
        ({"@type": "wx:Alert"}, "alerts"),
        ({"@type": "wx:Point"}, "a point"),
        ({"stationIdentifier": "KLAX"}, "stations"),
        ({}, "nothing that is known"),
    ],
)
def test_what_is_no_observation_is_refused_by_name(feed, about, says):
    for body in ({"type": "Feature", "properties": about}, collection({"properties": about})):
        with pytest.raises(ValueError, match=says):
            parsed(feed, body)


def test_no_report_is_no_error(feed):
    assert parsed(feed, collection()).accepted == []


def test_stations_are_asked_since_they_were_heard(feed, answering):
    client = answering(
        {
            "/stations/KLAX/observations": collection(report()),
            "/stations/KBUR/observations": collection(report("KBUR")),
        }
    )

    first = poll(feed, client, {"since": "2026-11-22T00:00:00Z"}, now=NOW)
    poll(feed, client, first.memory, now=NOW + timedelta(hours=1))

    assert {one.site_id for one in first.parsed.accepted} == {"KLAX", "KBUR"}
    assert [r.url.params["start"] for r in client.asked] == ["2026-11-21T21:00:00Z"] * 2 + [
        "2026-11-24T09:00:00Z"
    ] * 2


def test_a_station_that_fails_is_named_and_asked_from_there_at_the_next_poll(
    feed, answering, waits
):
    answers = {
        "/stations/KLAX/observations": collection(report()),
        "/stations/KBUR/observations": lambda _: httpx.Response(503),
    }
    client = answering(answers)
    first = poll(feed, client, {}, now=NOW, limits=waits.limits())
    client.asked.clear()

    answers["/stations/KBUR/observations"] = "[]"
    second = poll(feed, client, first.memory, now=NOW + timedelta(hours=9), limits=waits.limits())

    assert first.parsed.rejected[0].reason == "station KBUR: HTTP 503"
    assert len(first.parsed.accepted) == 2
    assert "malformed body" in second.parsed.rejected[0].reason
    starts = {r.url.path[10:14]: r.url.params["start"] for r in client.asked}
    assert starts == {"KLAX": "2026-11-24T09:00:00Z", "KBUR": "2026-11-24T18:00:00Z"}


def test_when_no_station_answers_the_poll_fails(feed, answering):
    with pytest.raises(FeedError, match="HTTP 404"):
        poll(feed, answering({}), {}, now=NOW)


def test_one_address_is_read_as_it_is(make_feed, answering):
    feed = make_feed("nws", url="https://city.example/stations/KLAX/observations/latest")
    client = answering({"/stations/KLAX/observations/latest": report()})

    assert len(poll(feed, client, {}, now=NOW).parsed.accepted) == 2


def test_what_is_wrong_with_the_options_is_told(make_feed):
    (said,) = problems(make_feed("nws", url="https://api.weather.gov"))

    assert "say stations" in said
    assert any(
        "snow is none" in one
        for one in problems(make_feed("nws", options={"quantities": ["snow"]}))
    )
