"""SensorThings 1.1, clean and dirty; bodies written after OGC 18-088."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from feeds import FeedError, poll, problems, sensorthings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
QUANTITIES = {"PM2.5": {"quantity": "pm25", "unit": "µg/m³"}}


def observation(**about):
    return {"phenomenonTime": "2026-11-24T11:00:00Z", "result": 12.5, "resultTime": None} | about


def datastream(*observations, **about):
    return {
        "@iot.id": 1,
        "name": "pm25 at the school",
        "unitOfMeasurement": {"name": "microgram", "symbol": "µg/m³"},
        "ObservedProperty": {"name": "PM2.5"},
        "Observations": list(observations or [observation()]),
    } | about


def thing(*streams, **about):
    return {
        "@iot.id": 7,
        "name": "Station 7",
        "Locations": [{"location": {"type": "Point", "coordinates": [-73.6, 45.5]}}],
        "Datastreams": list(streams or [datastream()]),
    } | about


def parsed(make_feed, *things, **options):
    feed = make_feed("sensorthings", options={"quantities": QUANTITIES, **options})
    assert problems(feed) == []
    return sensorthings.parse(json.dumps({"value": list(things)}).encode(), feed, NOW)


def test_the_latest_observation_of_a_stream(make_feed):
    (found,) = parsed(make_feed, thing()).accepted

    assert (found.site_id, found.quantity, found.value, found.unit) == ("7", "pm25", 12.5, "µg/m³")
    assert found.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (found.lat, found.lon, found.published_at) == (45.5, -73.6, None)


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (12, 12.0),
        ("12.5", 12.5),
        ("21,5", 21.5),
        (" 21,5 ", 21.5),
        (None, None),
        ("", None),
        (True, 1),
    ],
)
def test_results_come_in_many_shapes(make_feed, result, value):
    found = parsed(make_feed, thing(datastream(observation(result=result))))

    assert found.rejected == []
    assert found.accepted[0].value == value


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (observation(result="dry"), "no number"),
        (observation(result={"x": 1}), "no number"),
        (observation(result="1,234"), "no number"),
        (observation(result="nan"), "no number"),
        (observation(phenomenonTime="yesterday"), "no ISO 8601 time"),
        (observation(phenomenonTime=None), "NoneType"),
        ({"result": 1}, "phenomenonTime"),
        ("row", "no observation"),
    ],
)
def test_a_bad_observation_is_quarantined_alone(make_feed, row, says):
    later = observation(phenomenonTime="2026-11-24T11:30:00Z")

    found = parsed(make_feed, thing(datastream(observation(), row, later)))

    assert len(found.accepted) == 2
    assert found.rejected[0].line == 2
    assert says in found.rejected[0].reason


def test_an_interval_counts_at_its_end_and_a_feature_holds_the_place(make_feed):
    place = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    stream = datastream(
        observation(phenomenonTime="2026-11-24T10:00:00Z/2026-11-24T12:00:00+01:00")
    )

    (found,) = parsed(make_feed, thing(stream, Locations=[{"location": place}])).accepted

    assert found.observed_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert (found.lat, found.lon) == (2, 1)


def test_example_coordinates_are_no_place(make_feed):
    place = {"type": "Point", "coordinates": [-114.06, 51.05]}

    (found,) = parsed(make_feed, thing(Locations=[{"location": place}])).accepted

    assert found.lat is None


def test_the_observed_property_is_believed_over_the_streams_name(make_feed):
    quantities = {
        "Temperatuur": {"quantity": "temperature", "unit": "°C"},
        "grondwaterstand": {"quantity": "river_level", "unit": "m"},
    }
    lying = datastream(
        name="grondwaterstand",
        ObservedProperty={"name": "Temperatuur"},
        unitOfMeasurement={"name": "gradenCelsius", "symbol": "°C"},
    )
    plain = datastream(
        name="grondwaterstand",
        ObservedProperty={"name": "Stand"},
        unitOfMeasurement={"symbol": "m NAP"},
    )

    found = parsed(make_feed, thing(lying, plain), quantities=quantities).accepted

    assert [item.quantity for item in found] == ["temperature", "river_level"]


def test_a_unit_that_contradicts_the_pack_refuses_the_stream(make_feed):
    stream = datastream(unitOfMeasurement={"symbol": "mg/m3"})

    found = parsed(make_feed, thing(stream))

    assert found.accepted == []
    assert "µg/m³ in the pack, mg/m3 at the source" in found.rejected[0].reason


def test_without_a_unit_in_the_pack_the_sources_counts(make_feed):
    quantities = {"PM2.5": {"quantity": "pm25"}}
    stream = datastream(unitOfMeasurement={"symbol": "mg/m3"})

    (found,) = parsed(make_feed, thing(stream), quantities=quantities).accepted

    assert found.value == 12500.0


def test_two_instruments_of_one_quantity_stay_apart(make_feed):
    streams = datastream(), datastream(**{"@iot.id": 2})

    assert [o.site_id for o in parsed(make_feed, thing(*streams)).accepted] == ["7:1", "7:2"]


def test_what_comes_twice_is_told_once(make_feed):
    streams = [datastream(observation(), observation())] * 2

    assert [o.site_id for o in parsed(make_feed, thing(*streams)).accepted] == ["7"]


def test_sites_may_be_called_by_name(make_feed):
    assert parsed(make_feed, thing(), site="name").accepted[0].site_id == "Station 7"


def test_a_thing_without_an_id_is_quarantined_alone(make_feed):
    nameless = thing()
    del nameless["@iot.id"]

    found = parsed(make_feed, nameless, thing())

    assert len(found.accepted) == 1
    assert "@iot.id" in found.rejected[0].reason


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "quantities: Field required"),
        ({"quantities": {}}, "quantities"),
        ({"quantities": {"x": {"quantity": "pm25", "unit": "furlong"}}}, "'furlong' is unknown"),
        ({"quantities": QUANTITIES, "site": "place"}, "site"),
    ],
)
def test_wrong_options_are_told(make_feed, options, says):
    assert says in "; ".join(problems(make_feed("sensorthings", options=options)))


def test_pages_are_followed_relative_and_absolute(make_feed, answering):
    second = "/v1.1/Things?page=2"
    third = "https://city.example/v1.1/Things?page=3"
    client = answering(
        {
            second: {"value": [thing(**{"@iot.id": 8})], "@iot.nextLink": third},
            "/v1.1/Things?page=3": {"value": [thing(**{"@iot.id": 9})]},
            "/v1.1/Things": {"value": [thing()], "@iot.nextLink": "Things?page=2"},
        }
    )
    feed = make_feed(
        "sensorthings", url="https://city.example/v1.1", options={"quantities": QUANTITIES}
    )

    found = poll(feed, client, {}, now=NOW)

    assert [o.site_id for o in found.parsed.accepted] == ["7", "8", "9"]
    first = client.asked[0].url.params
    assert "Observations($orderby=phenomenonTime desc;$top=1;" in first["$expand"]
    assert found.memory["since"] == "2026-11-24T11:00:00Z"


def test_catching_up_asks_since_when_and_follows_nested_pages(make_feed, answering):
    later = datastream(
        observation(), **{"Observations@iot.nextLink": "Datastreams(1)/Observations?$skip=1"}
    )
    page = {"value": [observation(phenomenonTime="2026-11-24T11:30:00Z")]}
    client = answering(
        {
            "/v1.1/Things": {"value": [thing(later)]},
            "/v1.1/Datastreams(1)/Observations": page,
        }
    )
    feed = make_feed(
        "sensorthings", url="https://city.example/v1.1/", options={"quantities": QUANTITIES}
    )

    found = poll(feed, client, {"since": "2026-11-20T00:00:00Z"}, now=NOW)

    assert [o.observed_at.minute for o in found.parsed.accepted] == [0, 30]
    asked = client.asked[0].url.params["$expand"]
    assert "$filter=phenomenonTime gt 2026-11-20T00:00:00Z;" in asked


def test_the_next_poll_looks_back_far_enough_for_late_sensors(make_feed, answering):
    client = answering({"/v1.1/Things": {"value": [thing()]}})
    feed = make_feed(
        "sensorthings",
        url="https://city.example/v1.1",
        every=timedelta(hours=1),
        latency=timedelta(minutes=20),
        options={"quantities": QUANTITIES},
    )

    assert poll(feed, client, {}, now=NOW).memory["since"] == "2026-11-24T09:40:00Z"


@pytest.mark.parametrize(
    ("body", "says", "permanent"),
    [
        ({"value": []}, "lists no things", False),
        ({"value": [thing(datastream(ObservedProperty={"name": "Noise"}))]}, "'Noise'", True),
        ({"oops": 1}, "malformed body", True),
        (b'{"value": [', "malformed body", True),
        (b'{"value": []}\n{"value": []}', "malformed body", True),
    ],
)
def test_a_useless_answer_fails_and_says_why(make_feed, answering, body, says, permanent):
    feed = make_feed("sensorthings", options={"quantities": QUANTITIES})

    with pytest.raises(FeedError) as caught:
        poll(feed, answering({"/feed/Things": body}), {}, now=NOW)

    assert says in caught.value.reason
    assert caught.value.permanent is permanent
