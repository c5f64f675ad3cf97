"""AirNow: hourly concentrations; bodies written after the service's documentation."""

import json
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, airnow, open_client, poll, problems

NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
KEY = "11112222-AAAA-BBBB"
OPTIONS = {"key": "env:AIRNOW_TEST_KEY", "bbox": [-118.7, 33.7, -118.1, 34.4]}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("AIRNOW_TEST_KEY", KEY)


@pytest.fixture
def feed(make_feed):
    return make_feed("airnow", url="https://city.example", options=OPTIONS)


def row(**about):
    return {
        "Latitude": 34.0664,
        "Longitude": -118.2267,
        "UTC": "2026-11-24T11:00",
        "Parameter": "PM2.5",
        "Unit": "UG/M3",
        "Value": 14.2,
        "RawConcentration": 12.5,
        "SiteName": "Los Angeles - N. Main Street",
        "AgencyName": "South Coast AQMD",
        "FullAQSCode": "060371103",
        "IntlAQSCode": "840060371103",
    } | about


def current(**about):
    """Return a row in the form of observations."""
    return {
        "DateObserved": "2026-11-24 ",
        "HourObserved": 3,
        "LocalTimeZone": "PST",
        "ReportingArea": "Central LA CO",
        "StateCode": "CA",
        "Latitude": 34.0663,
        "Longitude": -118.2266,
        "ParameterName": "O3",
        "AQI": 31,
        "Category": {"Number": 1, "Name": "Good"},
    } | about


def parsed(feed, *rows):
    return airnow.parse(json.dumps(rows).encode(), feed, NOW)


def test_the_raw_hourly_concentration_counts_and_not_the_nowcast(feed):
    (found,) = parsed(feed, row()).accepted

    assert (found.site_id, found.quantity, found.value, found.unit) == (
        "060371103",
        "pm25",
        12.5,
        "µg/m³",
    )
    assert found.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (found.lat, found.lon) == (34.0664, -118.2267)


@pytest.mark.parametrize(
    ("parameter", "unit", "value", "quantity", "rest"),
    [
        ("OZONE", "PPB", 40, "o3", 78.527607),  # 40 × 48.00 / 24.45
        ("O3", "PPM", 0.04, "o3", 78.527607),
        ("NO2", "PPB", 20, "no2", 37.632311),
        ("CO", "PPM", 0.5, "co", 0.572802),
        ("SO2", "PPB", 1, "so2", 2.620286),
        ("PM10", "UG/M3", 31, "pm10", 31),
        ("TEMP", "C", -3, "temperature", -3),
    ],
)
def test_names_and_units_are_understood(feed, parameter, unit, value, quantity, rest):  # noqa: PLR0913, PLR0917 - a table
    (found,) = parsed(feed, row(Parameter=parameter, Unit=unit, RawConcentration=value)).accepted

    assert (found.quantity, found.value) == (quantity, pytest.approx(rest))


@pytest.mark.parametrize(
    "about",
    [
        {"RawConcentration": -999},
        {"RawConcentration": -999.0, "Value": 12},
        {"RawConcentration": -2},
        {"RawConcentration": None, "Value": -999},
    ],
)
def test_minus_999_and_less_than_nothing_are_missing(feed, about):
    (found,) = parsed(feed, row(**about)).accepted

    assert found.value is None


def test_the_value_stands_in_where_no_raw_concentration_is_given(feed):
    body = row()
    del body["RawConcentration"]

    assert parsed(feed, body).accepted[0].value == 14.2


def test_an_index_number_is_never_turned_into_a_concentration(feed):
    bare = {
        key: value for key, value in row().items() if "Value" not in key and "Raw" not in key
    } | {"AQI": 55}

    found = parsed(feed, bare, current(), row())

    assert [one.value for one in found.accepted] == [12.5]
    assert [one.line for one in found.rejected] == [1, 2]
    assert {one.reason for one in found.rejected} == {
        "an AQI number only: no concentration can be made of it"
    }


@pytest.mark.parametrize(
    ("zone", "hour", "utc"),
    [
        ("PST", 3, 11),
        ("EDT", 7, 11),
        ("AKST ", 2, 11),
        ("HST", 1, 11),
        ("est", "6", 11),
        ("UTC", 24, 24),
        ("CHST", 21, 11),
    ],
)
def test_a_date_with_a_blank_an_hour_and_an_abbreviation_make_an_instant(feed, zone, hour, utc):
    (found,) = parsed(
        feed, current(LocalTimeZone=zone, HourObserved=hour, Value=30, Unit="PPB")
    ).accepted

    assert found.observed_at == datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=utc)
    assert found.site_id == "34.0663,-118.2266"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            current(LocalTimeZone="IST", Value=1, Unit="PPB"),
            "time zone 'IST' is unknown; known: UTC, GMT",
        ),
        (current(HourObserved=25, Value=1, Unit="PPB"), "is no hour"),
        (current(HourObserved=2.5, Value=1, Unit="PPB"), "is no hour"),
        (current(DateObserved="11/24/26", Value=1, Unit="PPB"), "does not match format"),
        (row(Unit="PARSEC"), "unit 'PARSEC' is unknown"),
        (row(Unit=None), "Unit is missing"),
        (row(RawConcentration="12,5"), "is no number"),
        (row(UTC="yesterday"), "no ISO 8601 time"),
        (row(Parameter=None), "Parameter is missing"),
        (row(FullAQSCode="", IntlAQSCode=None, Latitude=None), "neither a site's code nor a place"),
        ("row", "no JSON object"),
        (None, "TypeError"),
        ([], "no JSON object"),
    ],
)
def test_a_bad_row_costs_itself_only(feed, bad, says):
    found = parsed(feed, bad, row())

    assert len(found.accepted) == 1
    assert (found.rejected[0].line, len(found.rejected)) == (1, 1)
    assert says in found.rejected[0].reason
    assert again(feed, found.rejected, {}, now=NOW).accepted == []


def test_parameters_that_are_not_kept_are_left_out(feed):
    assert parsed(feed, row(Parameter="BC")).skipped == {"BC is not kept": 1}


def test_the_hours_since_the_last_poll_are_asked(feed, answering):
    client = answering({"/aq/data/": [row()]})

    first = poll(feed, client, {}, now=NOW)
    poll(feed, client, first.memory, now=NOW + timedelta(hours=5))
    poll(feed, client, {"since": "2026-01-01T00:00:00Z"}, now=NOW)

    asked = [dict(request.url.params) for request in client.asked]
    assert asked[0] == {
        "startDate": "2026-11-24T09",
        "endDate": "2026-11-24T12",
        "parameters": "PM25,PM10,OZONE,NO2,SO2,CO",
        "BBOX": "-118.700000,33.700000,-118.100000,34.400000",
        "dataType": "C",
        "verbose": "1",
        "monitorType": "1",
        "includerawconcentrations": "1",
        "format": "application/json",
        "API_KEY": KEY,
    }
    assert (asked[1]["startDate"], asked[1]["endDate"]) == ("2026-11-24T09", "2026-11-24T17")
    assert asked[2]["startDate"] == "2026-11-21T12"


def test_observations_nearby_may_be_asked_and_are_refused(make_feed, answering):
    url = "https://city.example/aq/observation/latLong/current"
    feed = make_feed("airnow", url=url, options={"key": OPTIONS["key"], "area": [34, -118, 40]})
    client = answering({"/aq/observation/latLong/current/": [current()]})

    found = poll(feed, client, {}, now=NOW)

    assert found.parsed.accepted == []
    assert "AQI number only" in found.parsed.rejected[0].reason
    assert dict(client.asked[0].url.params)["distance"] == "25"


def test_the_key_shows_in_no_error_no_reject_and_no_log(feed, caplog):
    def answer(request):
        return httpx.Response(403, text=f"bad request {request.url}")

    caplog.set_level(logging.DEBUG)
    with (
        open_client("ops@city.example", transport=httpx.MockTransport(answer)) as client,
        pytest.raises(FeedError, match="HTTP 403") as caught,
    ):
        poll(feed, client, {}, now=NOW)

    assert KEY not in str(caught.value)
    assert KEY not in caplog.text
    echo = json.dumps([f"asked {KEY}"]).encode()
    with open_client(
        "ops@city.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=echo)),
    ) as client:
        (refused,) = poll(feed, client, {}, now=NOW).parsed.rejected
    assert KEY not in refused.raw
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("said", "permanent"),
    [("Invalid API key", True), ("Web service request limit exceeded", False)],
)
def test_an_error_under_200_is_an_error(feed, answering, waits, said, permanent):
    body = {"WebServiceError": [{"Message": said}]}
    for sent in (body, [body]):
        with pytest.raises(FeedError, match=said) as caught:
            poll(feed, answering({"/aq/data/": sent}), {}, now=NOW, limits=waits.limits())
        assert caught.value.permanent is permanent
        assert caught.value.retry_after == (None if permanent else timedelta(hours=1))


def test_no_hours_yet_is_no_error(feed, answering):
    assert poll(feed, answering({"/aq/data/": "[]"}), {}, now=NOW).parsed.accepted == []


@pytest.mark.parametrize("body", ["{}", "3", "[1", "null"])
def test_what_is_no_list_is_malformed(feed, answering, body):
    with pytest.raises(FeedError, match="malformed body"):
        poll(feed, answering({"/aq/data/": body}), {}, now=NOW)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"bbox": [1, 2, 3, 4]}, "key: AirNow answers nobody"),
        ({"key": "env:A"}, "say area"),
        (OPTIONS | {"quantities": ["noise"]}, "noise is none of"),
        (OPTIONS | {"key": "1111-2222"}, "never stands in a pack"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(make_feed, options, says):
    assert any(says in one for one in problems(make_feed("airnow", options=options)))
