"""Messages of sensors as they come: bare numbers, JSON, presets, retained ones, broken ones."""

import json
from datetime import UTC, datetime

import pytest

from feeds import again, is_heard, is_polled, problems, receive
from feeds.mqtt_inbox import Inbox, Letter
from feeds.mqtt_parse import RETAINED, instant
from feeds.mqtt_topics import pattern
from model import Delivery, Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = "2026-11-24T11:55:00Z"
WARM = {"quantity": "temperature", "unit": "°C"}
BY_TOPIC = {"topics": ("city/+site/+quantity",), "quantities": {"temp": WARM}}
IN_JSON = {"topics": ("city/+site/weather",), "values": {"/temp": WARM}, "time": "/at"}


@pytest.fixture
def heard(make_feed):
    def hear(body, topic="city/school/temp", media_type="mqtt", **options):
        feed = make_feed("mqtt", url="mqtt://broker.example", options=options)
        assert problems(feed) == []
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return receive(
            feed,
            Delivery(feed_id="f1", body=sent, received_at=NOW, topic=topic, media_type=media_type),
        )

    return hear


def found(parsed):
    assert parsed.rejected == []
    return [(o.site_id, o.quantity, o.value, o.unit) for o in parsed.accepted]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"21.5", 21.5),
        (b" -3 \r\n", -3.0),
        (b"2.15e1", 21.5),
        (b'"21.5"', 21.5),
        (b"null", None),
        (b'{"value": 21.5}', 21.5),
        (b'{"value": null}', None),
        (b"\xef\xbb\xbf21.5", 21.5),
        (b"21.5\x00", 21.5),
    ],
)
def test_a_value_by_its_topic(heard, body, value):
    parsed = heard(body, **BY_TOPIC)

    assert found(parsed) == [("school", "temperature", value, "°C")]
    assert parsed.accepted[0].observed_at == NOW
    assert parsed.accepted[0].quality is Quality.UNCERTAIN


def test_an_arrival_may_be_declared_to_be_the_time(heard):
    (one,) = heard(b"21.5", time="arrival", **BY_TOPIC).accepted

    assert (one.observed_at, one.quality) == (NOW, Quality.GOOD)


def test_a_comma_is_read_only_where_it_is_declared(heard):
    assert "no number" in heard(b"21,5", **BY_TOPIC).rejected[0].reason
    assert found(heard(b"21,5", decimal=",", **BY_TOPIC))[0][2] == 21.5
    assert found(heard(b'"21,5"', decimal=",", **BY_TOPIC))[0][2] == 21.5
    assert found(heard(b"-9999", missing=[-9999], **BY_TOPIC))[0][2] is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty message"),
        (b" \n", "an empty message"),
        (b"warm", "neither JSON nor a number"),
        (b"NaN", "neither JSON nor a number"),
        (b"Infinity", "neither JSON nor a number"),
        (b"<!DOCTYPE html><html></html>", "neither JSON nor a number"),
        (b'{"value": 21', "neither JSON nor a number"),
        (b'{"value": {"x": 1}}', "no number"),
        (b'{"value": "warm"}', "no number"),
        (b"\xff\xfe\x00", "neither JSON nor a number"),
        (b"[" * 100_000, "neither JSON nor a number"),
        (b"9" * 400, "temperature: 999"),
        (b" " * 1_000_001, "a message of 1000001 bytes is too long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(heard, body, reason):
    parsed = heard(body, **BY_TOPIC)

    assert parsed.accepted == []
    assert reason in parsed.rejected[0].reason


@pytest.mark.parametrize("body", [b"online", b"Offline", b'"offline"', b"LOST"])
def test_the_state_of_a_device_is_no_measurement(heard, body):
    parsed = heard(body, **BY_TOPIC)

    assert (parsed.accepted, parsed.rejected) == ([], [])
    assert parsed.skipped == {"the state of a device": 1}


def test_another_quantity_of_the_same_topics_is_left_alone(heard):
    assert heard(b"80", topic="city/school/battery", **BY_TOPIC).skipped == {
        "nothing that is asked for": 1
    }


def test_json_with_a_time_of_its_own(heard):
    (one,) = heard({"temp": 21.5, "at": AT}, topic="city/school/weather", **IN_JSON).accepted

    assert (one.site_id, one.value, one.quality) == ("school", 21.5, Quality.GOOD)
    assert one.observed_at == datetime(2026, 11, 24, 11, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "how"),
    [
        (1795521300, "auto"),
        (1795521300000, "auto"),
        (1795521300000000, "auto"),
        (1795521300000000000, "auto"),
        ("1795521300", "auto"),
        ("1795521300.0", "auto"),
        ("2026-11-24T11:55:00Z", "auto"),
        ("2026-11-24 12:55:00+01:00", "auto"),
        ("2026-11-24T11:55:00.123456789Z", "iso"),
        (1795521300, "epoch_s"),
        (1795521300000, "epoch_ms"),
    ],
)
def test_times_in_seconds_milliseconds_and_iso(said, how):
    assert instant(said, how, "UTC").replace(microsecond=0) == datetime(
        2026, 11, 24, 11, 55, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (0, "never set: it says 1970"),
        ("1970-01-01T00:12:00Z", "never set: it says 1970"),
        ("soon", "no ISO 8601 time"),
        (True, "no POSIX time"),
        (-5, "no POSIX time"),
        ({"x": 1}, "TypeError"),
        (10**30, "no POSIX time"),
    ],
)
def test_a_clock_that_was_never_set_costs_the_message(heard, at, reason):
    parsed = heard({"temp": 1, "at": at}, topic="city/school/weather", **IN_JSON)

    assert parsed.accepted == []
    assert reason in parsed.rejected[0].reason


def test_a_clock_ahead_of_ours_is_not_believed(heard):
    later = {"temp": 1, "at": "2026-11-24T13:00:00Z"}

    (one,) = heard(later, topic="city/school/weather", **IN_JSON).accepted

    assert one.quality is Quality.BAD


def test_a_retained_message_counts_by_its_own_time_only(heard):
    timed = heard({"temp": 1, "at": AT}, "city/school/weather", RETAINED, **IN_JSON)
    untimed = heard({"temp": 1}, "city/school/weather", RETAINED, **IN_JSON)
    arrived = heard(b"1", media_type=RETAINED, time="arrival", **BY_TOPIC)

    assert timed.accepted[0].observed_at.minute == 55
    for parsed in (untimed, arrived):
        assert parsed.accepted == []
        assert "nobody knows how old it is" in parsed.rejected[0].reason


def test_nulls_at_boot_are_missing_and_do_not_hide_the_rest(heard):
    values = {"/temp": WARM, "/hum": {"quantity": "humidity", "unit": "%"}}
    parsed = heard(
        {"temp": None, "hum": 48, "at": None},
        "city/school/weather",
        **IN_JSON | {"values": values},
    )

    assert [(o.quantity, o.value) for o in parsed.accepted] == [
        ("temperature", None),
        ("humidity", 48.0),
    ]


def test_one_bad_value_is_refused_and_the_others_stay(heard):
    values = {"/temp": WARM, "/hum": {"quantity": "humidity", "unit": "%"}}
    parsed = heard(
        {"temp": "warm", "hum": 48, "at": AT}, "city/school/weather", **IN_JSON | {"values": values}
    )

    assert [o.quantity for o in parsed.accepted] == ["humidity"]
    assert parsed.rejected[0].reason.startswith("temp: ")


@pytest.mark.parametrize("between", ["", "\n", ", ", "\x1e", "\r\n\r\n"])
def test_objects_in_a_row_are_read_one_by_one(heard, between):
    body = between.join(json.dumps({"temp": n, "at": 1795521300 + n}) for n in range(3)).encode()

    assert [o.value for o in heard(body, "city/school/weather", **IN_JSON).accepted] == [0, 1, 2]


def test_what_is_broken_behind_good_objects_costs_only_itself(heard):
    body = json.dumps({"temp": 1, "at": AT}) + '{"temp": 2, '

    parsed = heard(body.encode(), "city/school/weather", **IN_JSON)

    assert [o.value for o in parsed.accepted] == [1.0]
    assert (parsed.rejected[0].line, parsed.rejected[0].raw) == (2, '{"temp": 2')


def test_the_same_message_twice_is_the_same_fact(heard):
    body = json.dumps({"temp": 1, "at": AT}).encode()

    parsed = heard(body + body, "city/school/weather", **IN_JSON)

    assert len(parsed.accepted) == 1
    assert parsed.skipped == {"the same measurement again": 1}


def test_sites_and_places_by_pointer_template_and_table(heard):
    body = {"temp": 1, "at": AT, "imei": 35751, "Lat": 45.5, "Lon": -73.6}
    pointed = heard(body, "x", **IN_JSON | {"site": "/imei", "lat": "/Lat", "lon": "/Lon"})
    built = heard(
        body,
        "city/north/7/weather",
        **IN_JSON | {"topics": ("city/+area/+n/weather",), "site": "{area}-{n}",
                     "places": {"north-7": (45.6, -73.7)}},
    )  # fmt: skip

    assert [(o.site_id, o.lat, o.lon) for o in pointed.accepted] == [("35751", 45.5, -73.6)]
    assert [(o.site_id, o.lat, o.lon) for o in built.accepted] == [("north-7", 45.6, -73.7)]


def test_two_values_of_one_quantity_are_two_instruments(heard):
    parsed = heard(
        {"in": 21, "out": 5, "at": AT},
        "city/school/weather",
        **IN_JSON | {"values": {"/in": WARM, "/out": WARM}},
    )

    assert [o.site_id for o in parsed.accepted] == ["school:in", "school:out"]


def test_the_things_stack(heard):
    body = {
        "end_device_ids": {"device_id": "eui-70b3"},
        "received_at": "2026-11-24T11:55:01.5Z",
        "uplink_message": {
            "decoded_payload": {"temp": 21.5},
            "received_at": "2026-11-24T11:55:00.123456789Z",
            "rx_metadata": [{"location": {"latitude": 1, "longitude": 2}}],
            "locations": {"user": {"latitude": 45.5, "longitude": -73.6}},
            "settings": {"time": "2019-01-01T00:00:00Z"},
        },
    }
    options = {"preset": "tts", "values": {"/temp": WARM}}

    (one,) = heard(body, "v3/app@city/devices/eui-70b3/up", **options).accepted
    join = heard({"join_accept": {}}, "v3/app@city/devices/x/up", **options)

    assert (one.site_id, one.value, one.lat, one.lon) == ("eui-70b3", 21.5, 45.5, -73.6)
    assert (one.observed_at.second, one.quality) == (0, Quality.GOOD)
    assert (join.accepted, join.rejected) == ([], [])


def test_a_gateways_place_is_not_taken_for_the_devices(heard):
    body = {
        "received_at": AT,
        "uplink_message": {
            "decoded_payload": {"temp": 1},
            "rx_metadata": [{"location": {"latitude": 1, "longitude": 2}}],
        },
    }

    (one,) = heard(body, "v3/a@t/devices/d/up", preset="tts", values={"temp": WARM}).accepted

    assert (one.site_id, one.lat) == ("d", None)


@pytest.mark.parametrize(
    "body",
    [
        {"time": AT, "deviceInfo": {"devEui": "24e1"}, "object": {"temp": 21.5}},
        {"devEUI": "24e1", "objectJSON": '{"temp": 21.5}', "publishedAt": AT},
        {"devEUI": "24e1", "object": {"temp": 21.5}, "rxInfo": [{"time": AT}]},
    ],
)
def test_chirpstack_3_and_4(heard, body):
    options = {"preset": "chirpstack", "values": {"/temp": WARM}}

    (one,) = heard(body, "application/7/device/24e1/event/up", **options).accepted
    (pushed,) = heard(body, "", **options).accepted

    assert (one.site_id, one.value, one.observed_at.minute) == ("24e1", 21.5, 55)
    assert pushed.site_id == "24e1"


def test_zigbee_tasmota_and_sensorthings(heard):
    zigbee = heard(
        {"temp": 21.5, "last_seen": 1795521300000}, "zigbee2mqtt/hall",
        preset="zigbee2mqtt", values={"/temp": WARM},
    )  # fmt: skip
    tasmota = heard(
        {"Time": "2026-11-24T11:55:00", "AM2301": {"Temperature": 21.5}}, "tele/hall/SENSOR",
        preset="tasmota", values={"/AM2301/Temperature": WARM},
    )  # fmt: skip
    things = heard(
        {"phenomenonTime": f"2026-11-24T11:50:00Z/{AT}", "result": 21.5},
        "v1.1/Datastreams(42)/Observations",
        preset="sensorthings", topics=("v1.1/Datastreams(42)/Observations",),
        quantities={"42": WARM},
    )  # fmt: skip

    for parsed, site in ((zigbee, "hall"), (tasmota, "hall"), (things, "42")):
        assert found(parsed) == [(site, "temperature", 21.5, "°C")]
        assert parsed.accepted[0].observed_at.minute == 55


def test_refused_messages_are_read_again_with_their_topic(make_feed, heard):
    wrong = IN_JSON | {"values": {"/temp": {"quantity": "humidity", "unit": "%"}}}
    refused = heard({"temp": "warm", "at": AT}, "city/school/weather", **wrong).rejected
    kept = heard({"temp": 1}, "city/school/weather", RETAINED, **IN_JSON).rejected
    good = heard({"temp": 1, "at": "24.11.2026"}, "city/school/weather", **IN_JSON).rejected
    feed = make_feed("mqtt", url="mqtt://broker.example", options=IN_JSON | {"time": "/when"})

    parsed = again(feed, [*refused, *kept, *good], {}, now=NOW)

    assert [(o.site_id, o.value) for o in parsed.accepted] == [("school", 1.0)]
    assert parsed.accepted[0].observed_at == NOW
    assert len(parsed.rejected) == 2
    assert "nobody knows" in parsed.rejected[1].reason


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"url": "http://broker.example"}, "is no mqtt://host"),
        ({"url": "mqtt://broker.example/city"}, "topics stand in topics"),
        ({"url": "mqtt://me:pw@broker.example"}, "never stands in a pack"),
        ({"url": None}, "needs a url"),
        ({"options": {"topics": ("a/+site",)}}, "nothing is asked for"),
        ({"options": {"topics": ("a/b+",), "values": {"": WARM}}}, "a wildcard stands alone"),
        ({"options": {"topics": ("a/#/b",), "values": {"": WARM}}}, "a wildcard stands alone"),
        ({"options": {"topics": ("+a/+a",), "values": {"": WARM}}}, "redefinition"),
        ({"options": {"values": {"/t": WARM}}}, "needs topics"),
        ({"options": BY_TOPIC | {"topics": ("a/+site",)}}, "no topic has a part named +quantity"),
        ({"options": IN_JSON | {"password": "pw"}}, "never stands in a pack"),
        ({"options": IN_JSON | {"password": "env:PW"}}, "needs a username"),
        ({"options": IN_JSON | {"ca_file": "/ca.pem"}}, "only an mqtts:// address"),
        ({"options": IN_JSON | {"lat": "/lat"}}, "give both or neither"),
        ({"options": IN_JSON | {"values": {"/t": {"quantity": "temperature"}}}}, "needs a unit"),
    ],
)
def test_declarations_that_cannot_work_are_named(make_feed, about, says):
    wrong = problems(
        make_feed("mqtt", **({"url": "mqtt://broker.example", "options": IN_JSON} | about))
    )

    assert any(says in one for one in wrong), wrong


def test_a_broker_is_listened_to_and_never_polled(make_feed):
    feed = make_feed("mqtt", url="mqtt://broker.example", options=IN_JSON)

    assert (is_heard(feed), is_polled(feed)) == (True, False)


def test_patterns_name_their_parts():
    one = pattern("$share/house/city/+site/#")

    assert one.filter == "$share/house/city/+/#"
    assert one.parts("city/school/air/pm25") == {"site": "school"}
    assert one.parts("town/school/air") is None


def test_a_full_inbox_makes_the_sender_wait():
    inbox = Inbox(most=2)
    letter = Letter(Delivery(feed_id="f1", body=b"x" * 20_000_000, received_at=NOW), 1, 1, 1)

    assert inbox.put(letter, within_s=0)
    assert inbox.put(letter, within_s=0)
    assert not inbox.put(letter, within_s=0)
    assert inbox.first(within_s=0) is letter
    assert inbox.first(within_s=0) is letter
    assert inbox.first(within_s=0) is None
