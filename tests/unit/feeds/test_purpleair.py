"""PurpleAir: corrected particles; bodies written after the API's reference."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import FeedError, again, poll, problems, purpleair
from feeds.purpleair import barkjohn, particles
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SEEN = int(NOW.timestamp()) - 120
KEY = "PURPLE-KEY-1"
OPTIONS = {"key": "env:PURPLEAIR_TEST_KEY", "area": [37.77, -122.42, 8]}
FIELDS = [
    "sensor_index", "last_seen", "latitude", "longitude", "confidence",
    "pm2.5_cf_1_a", "pm2.5_cf_1_b", "humidity", "temperature", "pressure",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("PURPLEAIR_TEST_KEY", KEY)


@pytest.fixture
def feed(make_feed):
    every = ["pm25", "humidity", "temperature", "pressure"]
    return make_feed(
        "purpleair", url="https://city.example/v1", options=OPTIONS | {"quantities": every}
    )


def row(index=101, **about):
    named = (
        dict(
            zip(FIELDS, [index, SEEN, 37.77, -122.42, 100, 29.0, 31.0, 50, 68, 1013.2], strict=True)
        )
        | about
    )
    return [named[name] for name in FIELDS]


def body(*rows, fields=FIELDS):
    return {
        "api_version": "V1.0.14-0.0.57",
        "time_stamp": SEEN + 60,
        "data_time_stamp": SEEN + 30,
        "fields": fields,
        "data": list(rows),
    }


def parsed(feed, *rows, fields=FIELDS):
    return purpleair.parse(json.dumps(body(*rows, fields=fields)).encode(), feed, NOW)


def test_a_row_is_read_by_the_names_of_its_columns(feed):
    found = parsed(feed, row())
    turned = parsed(feed, row()[::-1], fields=FIELDS[::-1])

    assert [(one.quantity, one.value, one.unit, one.quality) for one in found.accepted] == [
        ("pm25", 17.16, "µg/m³", "GOOD"),  # 0.524 × 30 − 0.0862 × 50 + 5.75
        ("humidity", 50, "%", "UNCERTAIN"),
        ("temperature", 20, "°C", "UNCERTAIN"),  # 68 °F, in a warm housing
        ("pressure", 1013.2, "hPa", "GOOD"),
    ]
    assert found.accepted == turned.accepted
    assert found.accepted[0].site_id == "101"
    assert found.accepted[0].observed_at == datetime(2026, 11, 24, 11, 58, tzinfo=UTC)
    assert found.published_at == datetime(2026, 11, 24, 11, 58, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("a", "b", "humidity", "value", "quality"),
    [
        (30.0, 30.0, 50.0, 17.16, "GOOD"),
        (10.0, 14.9, 40.0, 0.524 * 12.45 - 3.448 + 5.75, "GOOD"),  # less than 5 µg/m³ apart
        (2.0, 6.5, 0.0, 0.524 * 4.25 + 5.75, "GOOD"),  # 106 % apart, but of little
        (60.0, 100.0, 30.0, 0.524 * 80 - 2.586 + 5.75, "GOOD"),  # 50 % apart
        (5.0, 60.0, 30.0, 0.524 * 32.5 - 2.586 + 5.75, "BAD"),
        (30.0, None, 50.0, 17.16, "UNCERTAIN"),
        (None, 30.0, 50.0, 17.16, "UNCERTAIN"),
        (30.0, 30.0, None, 30.0, "UNCERTAIN"),  # not corrected
        (0.0, 0.0, 100.0, 0.0, "GOOD"),  # −2.87 is no concentration
        (None, None, 50.0, None, "GOOD"),
        (-1.0, None, 50.0, None, "GOOD"),
    ],
)
def test_channels_must_agree_and_humidity_corrects(a, b, humidity, value, quality):
    found = particles(a, b, humidity)

    assert found.value == (None if value is None else pytest.approx(value))
    assert found.quality == quality


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 100))
def test_the_correction_grows_with_particles_and_shrinks_with_humidity(one, other, humidity):
    low, high = sorted((one, other))

    assert 0 <= barkjohn(low, humidity) <= barkjohn(high, humidity)
    assert barkjohn(low, 100) <= barkjohn(low, humidity)


def test_the_raw_value_may_be_kept_and_is_doubtful(make_feed):
    feed = make_feed("purpleair", options=OPTIONS | {"correction": "none"})

    first = parsed(feed, row()).accepted[0]

    assert (first.value, first.quality) == (30, Quality.UNCERTAIN)


def test_what_the_service_doubts_is_doubtful(feed):
    assert {one.quality for one in parsed(feed, row(confidence=40)).accepted} == {Quality.UNCERTAIN}
    assert parsed(feed, row(confidence=None)).accepted[0].quality == "GOOD"


def test_old_indoor_and_far_sensors_are_left_out_and_counted(feed):
    fields = [*FIELDS, "location_type"]
    rows = [
        [*row(1), 0],
        [*row(2), 1],
        [*row(3, last_seen=SEEN - 4000), 0],
        [*row(4, latitude=38.9), 0],
    ]

    found = parsed(feed, *rows, fields=fields)

    assert {one.site_id for one in found.accepted} == {"1"}
    assert found.skipped == {"indoors": 1, "older than 1:00:00": 1, "outside the area": 1}


def test_impossible_weather_is_missing_and_cannot_correct(feed):
    found = parsed(feed, row(humidity=255, temperature=-200)).accepted

    assert (found[0].value, found[0].quality) == (30, Quality.UNCERTAIN)
    assert [one.value for one in found[1:3]] == [None, None]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row()[:-1], "not as many columns"),
        ({"sensor_index": 1}, "last_seen is missing"),
        (row(last_seen=None), "sensor_index or last_seen is missing"),
        (row(last_seen="soon"), "could not convert"),
        (row(last_seen=10**30), "no POSIX time"),
        (row(humidity="fifty"), "is no number"),
        (row(**{"pm2.5_cf_1_a": "29,0"}), "is no number"),
        (None, "not as many columns"),
        ("row", "not as many columns"),
    ],
)
def test_a_bad_row_costs_itself_only(feed, bad, says):
    found = parsed(feed, bad, row())

    assert {one.site_id for one in found.accepted} == {"101"}
    assert (found.rejected[0].line, len(found.rejected)) == (1, 1)
    assert says in found.rejected[0].reason
    assert again(feed, found.rejected, {}, now=NOW).rejected


def test_refused_rows_are_read_again_with_the_names_of_their_columns(feed):
    (refused,) = parsed(feed, row(humidity="50 %")).rejected

    mended = refused.__class__(
        feed_id="f1", line=1, reason="", raw=refused.raw.replace("50 %", "50"), at=NOW
    )

    assert again(feed, [mended], {}, now=NOW).accepted[0].value == 17.16


def test_few_fields_are_asked_of_sensors_that_changed(make_feed, answering):
    feed = make_feed("purpleair", url="https://city.example/v1/sensors", options=OPTIONS)
    fields = ["sensor_index", *purpleair.Options(**OPTIONS).fields]
    sent = dict(zip(FIELDS, row(), strict=True))
    client = answering({"/v1/sensors": body([sent[name] for name in fields], fields=fields)})

    first = poll(feed, client, {}, now=NOW)
    poll(feed, client, first.memory, now=NOW)

    assert [one.quantity for one in first.parsed.accepted] == ["pm25", "humidity"]
    asked = dict(client.asked[0].url.params)
    assert (
        asked.pop("fields")
        == "last_seen,latitude,longitude,confidence,pm2.5_cf_1_a,pm2.5_cf_1_b,humidity"
    )
    assert {name: asked[name] for name in ("location_type", "max_age")} == {
        "location_type": "0",
        "max_age": "3600",
    }
    assert float(asked["nwlat"]) > 37.77 > float(asked["selat"])
    assert float(asked["nwlng"]) < -122.42 < float(asked["selng"])
    assert "modified_since" not in asked
    assert client.asked[1].url.params["modified_since"] == str(SEEN + 30)
    assert {request.headers["x-api-key"] for request in client.asked} == {KEY}


def test_sensors_may_be_named(make_feed, answering):
    options = {"key": OPTIONS["key"], "sensors": [101, 102]}
    client = answering({"/feed/sensors": body(row())})

    poll(make_feed("purpleair", options=options), client, {}, now=NOW)

    assert client.asked[0].url.params["show_only"] == "101,102"


def test_a_refused_key_is_told_without_the_key(feed, answering):
    refusal = httpx.Response(403, json={"error": "ApiKeyInvalidError", "description": KEY})

    with pytest.raises(FeedError, match="ApiKeyInvalidError") as caught:
        poll(feed, answering({"/v1/sensors": refusal}), {}, now=NOW)

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "sent",
    [
        "{}",
        "[]",
        "null",
        '{"fields": 1, "data": []}',
        '{"fields": ["name"], "data": []}',
        '{"fields": ["sensor_index", "last_seen"], "data": [], "time_stamp": "x"}',
    ],
)
def test_what_is_no_answer_is_malformed(feed, answering, sent):
    with pytest.raises(FeedError, match="malformed body"):
        poll(feed, answering({"/v1/sensors": sent}), {}, now=NOW)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"area": [1, 2, 3]}, "key: PurpleAir answers nobody"),
        ({"key": "env:A"}, "say area"),
        (OPTIONS | {"quantities": ["noise"]}, "noise is none of"),
        (OPTIONS | {"min_confidence": 101}, "min_confidence"),
    ],
)
def test_what_is_wrong_with_the_options_is_told(make_feed, options, says):
    assert any(says in one for one in problems(make_feed("purpleair", options=options)))
