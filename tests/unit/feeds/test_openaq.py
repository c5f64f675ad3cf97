"""OpenAQ v3: stations joined with their newest values; bodies written after the API's reference."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, openaq, poll, problems
from feeds.openaq_parse import network
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPTIONS = {"key": "env:OPENAQ_TEST_KEY", "area": [45.5, -73.6, 20]}
KEY = "a-very-secret-key"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAQ_TEST_KEY", KEY)


@pytest.fixture
def feed(make_feed):
    return make_feed("openaq", url="https://city.example/v3", options=OPTIONS)


def sensor(number, name="no2", units="ppm", parameter=7):
    return {
        "id": number,
        "name": f"{name} {units}",
        "parameter": {"id": parameter, "name": name, "units": units},
    }


def location(number, *sensors, **about):
    return {
        "id": number,
        "name": "Station",
        "isMobile": False,
        "isMonitor": True,
        "coordinates": {"latitude": 45.5, "longitude": -73.6},
        "sensors": list(sensors),
    } | about


def latest(number, value, utc="2026-11-24T11:00:00Z", **about):
    return {
        "datetime": {"utc": utc, "local": "…"},
        "value": value,
        "coordinates": {"latitude": 45.51, "longitude": -73.61},
        "sensorsId": number,
        "locationsId": 1,
    } | about


def answer(rows, found=None):
    return {
        "meta": {"page": 1, "limit": 1000, "found": len(rows) if found is None else found},
        "results": rows,
    }


WANTED = frozenset(openaq.QUANTITIES.values())


def parsed(feed, rows, *stations, **how):
    known = network(list(stations or [location(1, sensor(11))]), WANTED)
    return openaq.parse(json.dumps(answer(rows)).encode(), feed, NOW, known=known, **how)


def test_a_value_gets_its_parameter_and_unit_from_its_sensor(feed):
    (found,) = parsed(feed, [latest(11, 0.02)]).accepted

    assert (found.site_id, found.quantity, found.unit) == ("1", "no2", "µg/m³")
    assert found.value == pytest.approx(37.632311)  # 20 ppb × 46.0055 / 24.45
    assert found.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (found.lat, found.lon) == (45.51, -73.61)
    assert found.published_at is None


@pytest.mark.parametrize(
    ("name", "units", "value", "quantity", "rest"),
    [
        ("pm25", "µg/m³", 12.5, "pm25", 12.5),
        ("no2", "ppb", 20, "no2", 37.632311),
        ("co", "µg/m³", 400, "co", 0.4),
        ("co", "ppm", 1, "co", 1.145603),
        ("relativehumidity", "%", 40, "humidity", 40),
        ("temperature", "c", -12, "temperature", -12),
        ("wind_speed", "m/s", 10, "wind_speed", 36),
    ],
)
def test_units_are_mixed_and_end_at_rest(feed, name, units, value, quantity, rest):  # noqa: PLR0913, PLR0917 - a table
    (found,) = parsed(feed, [latest(11, value)], location(1, sensor(11, name, units))).accepted

    assert (found.quantity, found.value) == (quantity, pytest.approx(rest))


@pytest.mark.parametrize("value", [-9999, 9999, -9999.0, -999, -995, -3.0, -0.001, None])
def test_a_sentinel_is_missing_and_never_a_number(feed, value):
    (found,) = parsed(feed, [latest(11, value)]).accepted

    assert found.value is None


def test_cold_is_no_sentinel(feed):
    station = location(1, sensor(11, "temperature", "c"))

    found = parsed(feed, [latest(11, -40), latest(11, -999, "2026-11-24T10:00:00Z")], station)

    assert [one.value for one in found.accepted] == [-40, None]


def test_what_is_old_is_left_out_and_counted_but_not_refused(feed):
    rows = [
        latest(11, 1, "2021-01-01T00:00:00Z"),
        latest(11, 0.1),
        latest(99, 1, "2019-01-01T00:00:00Z"),
    ]

    found = parsed(feed, rows, max_age=timedelta(hours=3))

    assert len(found.accepted) == 1
    assert found.rejected == []
    assert found.skipped == {"older than 3:00:00": 2}


def test_mobile_stations_and_other_parameters_are_left_out(feed):
    stations = [
        location(1, sensor(11), sensor(12, "nox")),
        location(2, sensor(21), isMobile=True),
        location(3, sensor(31, "bc", "µg/m³")),
    ]

    found = parsed(feed, [latest(n, 0.01) for n in (11, 12, 21, 31)], *stations)

    assert len(found.accepted) == 1
    assert found.skipped == {"a sensor that is not wanted": 3}


def test_two_sensors_of_a_station_that_say_the_same_count_once(feed):
    station = location(1, sensor(11), sensor(12, "no2", "µg/m³"))

    found = parsed(feed, [latest(11, 0.02), latest(12, 37), latest(11, 0.02)], station)

    assert len(found.accepted) == 1
    assert found.skipped == {"the same measurement again": 2}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (latest(99, 1), "sensor 99 stands in no location"),
        (latest(11, "21,5"), "is no number"),
        (latest(11, True), "is no number"),
        (latest(11, 10**400), "beyond all measure"),
        (latest(11, 1, "Tuesday"), "no ISO 8601 time"),
        (latest(11, 1) | {"datetime": {}}, "utc is missing"),
        ({k: v for k, v in latest(11, 1).items() if k != "value"}, "value is missing"),
        ({}, "period is missing"),
        (None, "no JSON object"),
        ([1], "no JSON object"),
    ],
)
def test_a_bad_row_costs_itself_only(feed, row, says):
    found = parsed(feed, [row, latest(11, "0.02")])

    assert len(found.accepted) == 1
    assert found.rejected[0].line == 1
    assert says in found.rejected[0].reason
    assert json.loads(found.rejected[0].raw) == row


def test_hours_say_their_parameter_and_count_from_their_end(feed):
    row = {
        "value": 8.1,
        "flagInfo": {"hasFlags": False},
        "parameter": {"id": 2, "name": "pm25", "units": "µg/m³"},
        "period": {
            "datetimeFrom": {"utc": "2026-11-24T10:00:00Z"},
            "datetimeTo": {"utc": "2026-11-24T11:00:00Z"},
        },
        "coordinates": None,
    }
    flagged = row | {
        "value": None,
        "flagInfo": {"hasFlags": True},
        "period": {"datetimeTo": {"utc": "2026-11-24T10:00:00Z"}},
    }

    first, second = parsed(feed, [row, flagged], sensor="11").accepted

    assert (first.value, first.quality) == (8.1, Quality.GOOD)
    assert first.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (second.value, second.quality) == (None, Quality.UNCERTAIN)


def serving(answering, **answers):
    stations = [
        location(n, sensor(n * 10 + 1), sensor(n * 10 + 2, "pm25", "µg/m³", 2)) for n in (1, 2, 3)
    ]
    silent = location(9, sensor(91), datetimeLast={"utc": "2026-11-01T00:00:00Z"})
    return answering(
        {
            "/v3/locations": answer([*stations, silent]),
            "/v3/locations/1/latest": answer([latest(11, 0.01), latest(12, 5)]),
            "/v3/locations/2/latest": answer([latest(21, 0.02, locationsId=2)]),
        }
        | answers
    )


def test_a_poll_reads_stations_once_a_day_and_then_each_that_is_alive(feed, answering):
    client = serving(answering)

    first = poll(feed, client, {}, now=NOW)
    second = poll(feed, client, json.loads(json.dumps(first.memory)), now=NOW + timedelta(hours=1))
    third = poll(feed, client, second.memory, now=NOW + timedelta(hours=25))

    assert len(first.parsed.accepted) == len(second.parsed.accepted) == 3
    assert first.parsed.skipped == {"a station that fell silent": 1, "a station that is gone": 1}
    assert third.parsed.skipped["older than 3:00:00"] == 3
    paths = [r.url.path for r in client.asked]
    assert paths.count("/v3/locations") == 2
    assert paths.count("/v3/locations/1/latest") == 3
    assert "/v3/locations/9/latest" not in paths
    assert {r.headers["x-api-key"] for r in client.asked} == {KEY}
    assert dict(client.asked[0].url.params) == {
        "coordinates": "45.500000,-73.600000",
        "radius": "20000",
        "limit": "1000",
        "page": "1",
    }


def test_stations_may_be_named(make_feed, answering):
    feed = make_feed(
        "openaq", url="https://city.example/v3/", options={"key": OPTIONS["key"], "locations": [5]}
    )
    client = answering(
        {
            "/v3/locations/5": answer([location(5, sensor(11))]),
            "/v3/locations/5/latest": answer([latest(11, 0.01)]),
        }
    )

    assert len(poll(feed, client, {}, now=NOW).parsed.accepted) == 1


def test_pages_are_read_until_a_short_one(feed, answering):
    def page(request):
        number = int(request.url.params["page"])
        hour = timedelta(minutes=number)
        rows = [
            latest(11, 0.01, (NOW - hour - timedelta(seconds=n % 60)).isoformat())
            for n in range(1000)
        ]
        return httpx.Response(200, json=answer(rows if number < 3 else rows[:7], ">1000"))

    client = serving(answering, **{"/v3/locations/1/latest": page})

    poll(feed, client, {}, now=NOW)

    asked = [r.url.params["page"] for r in client.asked if "/1/" in r.url.path]
    assert asked == ["1", "2", "3"]


def test_a_spent_limit_ends_the_poll_and_the_next_one_goes_on(feed, answering):
    spent = httpx.Response(
        200, json=answer([latest(11, 0.01)]), headers={"x-ratelimit-remaining": "0"}
    )
    client = serving(answering, **{"/v3/locations/1/latest": spent})

    first = poll(feed, client, {}, now=NOW)
    client.asked.clear()
    second = poll(feed, client, first.memory, now=NOW)

    assert [one.site_id for one in first.parsed.accepted] == ["1"]
    assert [r.url.path[-8:-7] for r in client.asked] == ["2", "3", "1"]
    assert [one.site_id for one in second.parsed.accepted] == ["2", "1"]


def test_a_service_that_fails_midway_costs_the_rest_only(feed, answering, waits):
    client = serving(answering, **{"/v3/locations/2/latest": lambda _: httpx.Response(503)})

    found = poll(feed, client, {}, now=NOW, limits=waits.limits())

    assert [one.site_id for one in found.parsed.accepted] == ["1", "1"]
    assert found.memory["openaq"]["next"] == "locations/2/latest"


def test_too_many_requests_waits_as_long_as_told(feed, answering, waits):
    told = httpx.Response(429, headers={"x-ratelimit-reset": "44"})
    client = answering({"/v3/locations": told})

    with pytest.raises(FeedError) as caught:
        poll(feed, client, {}, now=NOW, limits=waits.limits())

    assert caught.value.retry_after == timedelta(seconds=44)
    assert not caught.value.permanent


def test_a_wrong_key_is_told_without_the_key(feed, answering):
    client = answering(
        {"/v3/locations": lambda r: httpx.Response(401, text=f"bad {r.headers['x-api-key']}")}
    )

    with pytest.raises(FeedError, match="HTTP 401") as caught:
        poll(feed, client, {}, now=NOW)

    assert KEY not in str(caught.value)
    assert caught.value.permanent


def test_a_new_station_is_met_within_the_hour_and_its_row_read_again(feed, answering):
    client = serving(
        answering,
        **{
            "/v3/locations/1/latest": answer(
                [latest(41, 0.01, "2026-11-24T13:30:00Z", locationsId=4)]
            )
        },
    )
    first = poll(feed, client, {}, now=NOW)
    later = NOW + timedelta(hours=2)
    second = poll(feed, client, first.memory, now=later)
    client.asked.clear()

    poll(feed, client, second.memory, now=later + timedelta(minutes=5))

    assert "/v3/locations" in {r.url.path for r in client.asked}
    rejects = second.parsed.rejected
    known = network([location(4, sensor(41))], WANTED)
    memory = {"openaq": {"network": known.plain()}}
    mended = again(feed, rejects, memory, now=later)
    assert [one.site_id for one in mended.accepted] == ["4"]
    still = again(feed, rejects, {}, now=later)
    assert [one.line for one in still.rejected] == [one.line for one in rejects]


def test_every_sensor_may_be_read_since_the_last_poll(make_feed, answering):
    options = OPTIONS | {"detail": "hours"}
    feed = make_feed("openaq", url="https://city.example/v3", options=options)
    row = {
        "value": 8.1,
        "parameter": {"id": 7, "name": "no2", "units": "ppm"},
        "period": {"datetimeTo": {"utc": "2026-11-24T11:00:00Z"}},
    }
    client = answering(
        {"/v3/locations": answer([location(1, sensor(11))]), "/v3/sensors/11/hours": answer([row])}
    )

    first = poll(feed, client, {"since": "2026-11-20T00:00:00Z"}, now=NOW)
    poll(feed, client, first.memory, now=NOW + timedelta(hours=1))

    assert [one.site_id for one in first.parsed.accepted] == ["1"]
    starts = [r.url.params["datetime_from"] for r in client.asked if "sensors" in r.url.path]
    assert starts == ["2026-11-19T21:00:00Z", "2026-11-24T09:00:00Z"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"area": [45, -73, 5]}, "key: OpenAQ answers nobody without one"),
        ({"key": "secret", "area": [45, -73, 5]}, "a secret never stands in a pack"),
        ({"key": "env:A"}, "say one of area"),
        ({"key": "env:A", "area": [45, -73, 5], "locations": [1]}, "say one of area"),
        ({"key": "env:A", "bbox": [1, 2, 0, 3]}, "bbox: write"),
        ({"key": "env:A", "area": [45, -73, 26]}, "at most 25 km"),
        ({"key": "env:A", "area": [45, -73, 5], "quantities": ["radon"]}, "radon is none"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(make_feed, options, says):
    assert any(says in one for one in problems(make_feed("openaq", options=options)))


@pytest.mark.parametrize("body", ["[]", "{}", '{"results": {}}', "1", "x", '{"results": [NaN]}'])
def test_what_is_no_answer_is_malformed(feed, answering, body):
    with pytest.raises(FeedError, match="malformed body"):
        poll(feed, answering({"/v3/locations": body}), {}, now=NOW)


def test_no_station_at_all_is_an_error(feed, answering):
    with pytest.raises(FeedError, match="none of 1 stations there"):
        poll(feed, answering({"/v3/locations": answer([location(1)])}), {}, now=NOW)
