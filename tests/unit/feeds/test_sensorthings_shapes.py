"""Other shapes of SensorThings 1.1: compact arrays, pushed observations, several properties."""

import json
from datetime import UTC, datetime

import pytest

from feeds import FeedError, again, poll, problems, receive, sensorthings
from model import Delivery

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = "2026-11-24T11:00:00Z"
PM = {"quantity": "pm25", "unit": "µg/m³"}
WARM = {"quantity": "temperature", "unit": "°C"}
ARRAY = {
    "components": ["id", "phenomenonTime", "result"],
    "dataArray@iot.count": 2,
    "dataArray": [[1, AT, 12.5], [2, "2026-11-24T10:00:00Z/2026-11-24T11:30:00Z", 13]],
}


def feed_of(make_feed, **options):
    one = make_feed(
        "sensorthings",
        url="https://city.example/v1.1",
        push_secret="env:PUSH",
        options={"quantities": {"PM2.5": PM}, **options},
    )
    assert problems(one) == []
    return one


def pushed(make_feed, body, topic="", **options):
    return receive(
        feed_of(make_feed, **options),
        Delivery(feed_id="f1", body=json.dumps(body).encode(), received_at=NOW, topic=topic),
    )


def thing(**stream):
    about = {"@iot.id": 1, "ObservedProperty": {"name": "PM2.5"}, **stream}
    return {"@iot.id": 7, "name": "S", "Datastreams": [about]}


def told(parsed):
    assert parsed.rejected == []
    return [(o.site_id, o.quantity, o.value, o.observed_at.minute) for o in parsed.accepted]


@pytest.mark.parametrize("held", [[ARRAY], ARRAY, [ARRAY | {"components": [
    "Observations/id", "Observations/phenomenonTime", "Observations/result"]}]])  # fmt: skip
def test_a_compact_array_inside_a_datastream(make_feed, held):
    body = json.dumps({"value": [thing(Observations=held)]}).encode()

    found = sensorthings.parse(body, feed_of(make_feed), NOW)

    assert told(found) == [("7", "pm25", 12.5, 0), ("7", "pm25", 13.0, 30)]


@pytest.mark.parametrize(
    "whose",
    [
        {"Datastream": {"@iot.id": 42}},
        {"Datastream@iot.navigationLink": "https://city.example/v1.1/Datastreams(42)"},
        {"Datastream@iot.navigationLink": "Datastreams('42')"},
    ],
)
def test_compact_arrays_that_name_their_datastream(make_feed, whose):
    options = {"quantities": {"42": PM}, "site": "datastream"}

    for body in ({"value": [ARRAY | whose]}, [ARRAY | whose]):
        found = pushed(make_feed, body, **options)
        assert told(found) == [("42", "pm25", 12.5, 0), ("42", "pm25", 13.0, 30)]


def test_cells_that_do_not_fit_their_components_are_refused_alone(make_feed):
    array = ARRAY | {"dataArray": [[1, AT, 12.5], [2, AT], "x", None]}

    found = sensorthings.parse(
        json.dumps({"value": [thing(Observations=[array])]}).encode(), feed_of(make_feed), NOW
    )

    assert len(found.accepted) == 1
    assert [one.line for one in found.rejected] == [2, 3, 4]


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        ({"phenomenonTime": AT, "result": 5}, "v1.1/Datastreams(42)/Observations"),
        ({"phenomenonTime": AT, "result": 5}, "v1.1/Datastreams('42')/Observations"),
        ({"phenomenonTime": AT, "result": 5, "Datastream": {"@iot.id": 42}}, ""),
        ([{"phenomenonTime": AT, "result": 5, "Datastream": {"@iot.id": 42}}], ""),
    ],
)
def test_pushed_observations(make_feed, body, topic):
    found = pushed(make_feed, body, topic, quantities={"42": PM}, site="datastream")

    assert told(found) == [("42", "pm25", 5.0, 0)]


def test_an_observation_says_whose_it_is_by_expansion_or_topic(make_feed):
    row = {"phenomenonTime": AT, "result": 5}
    stream = {"@iot.id": 42, "ObservedProperty": {"name": "PM2.5"},
              "Thing": {"@iot.id": 7, "name": "School"}}  # fmt: skip
    place = {"feature": {"type": "Point", "coordinates": [-73.6, 45.5]}}

    expanded = pushed(make_feed, row | {"Datastream": stream, "FeatureOfInterest": place})
    named = pushed(make_feed, row | {"Datastream": stream}, site="name")
    by_topic = pushed(
        make_feed, row, "v1.1/Things(7)/Datastreams(42)/Observations", quantities={"42": PM}
    )

    assert told(expanded) == told(by_topic) == [("7", "pm25", 5.0, 0)]
    assert told(named)[0][0] == "School"
    assert (expanded.accepted[0].lat, expanded.accepted[0].lon) == (45.5, -73.6)


def test_an_observation_of_nobody_is_refused_and_says_what_helps(make_feed):
    row = {"phenomenonTime": AT, "result": 5}

    unknown = pushed(make_feed, row)
    thingless = pushed(make_feed, row | {"Datastream": {"@iot.id": 42}}, quantities={"42": PM})

    assert "observations of no known datastream" in unknown.rejected[0].reason
    assert "say site = 'datastream'" in thingless.rejected[0].reason


def test_several_properties_of_one_instrument(make_feed):
    multi = {
        "@iot.id": 9,
        "name": "box",
        "ObservedProperties": [{"name": "PM2.5"}, {"name": "Air temperature"}, {"name": "Noise"}],
        "unitOfMeasurements": [{"symbol": "ug/m3"}, {"symbol": "°C"}, {"symbol": "dB"}],
        "Observations": [
            {"phenomenonTime": AT, "result": [5, 21.5, 60]},
            {"phenomenonTime": AT, "result": "broken"},
        ],
    }
    quantities = {"PM2.5": PM, "Air temperature": WARM}
    body = {"value": [{"@iot.id": 7, "MultiDatastreams": [multi]}]}

    found = sensorthings.parse(
        json.dumps(body).encode(), feed_of(make_feed, quantities=quantities), NOW
    )
    loose = pushed(
        make_feed, multi | {"Thing": {"@iot.id": 7}, "Observations": multi["Observations"][:1]},
        quantities=quantities,
    )  # fmt: skip

    goal = [("7", "pm25", 5.0), ("7", "temperature", 21.5)]
    assert [(o.site_id, o.quantity, o.value) for o in found.accepted] == goal
    assert [(o.site_id, o.quantity, o.value) for o in loose.accepted] == goal
    assert len(found.rejected) == 2
    assert found.skipped == {"Noise: not asked for": 1}


def test_multi_datastreams_are_asked_for_only_where_the_pack_says_so(make_feed, answering):
    stream = thing(Observations=[{"phenomenonTime": AT, "result": 5}])
    for options, is_asked in (({}, False), ({"multi": True}, True)):
        client = answering({"/v1.1/Things": {"value": [stream]}})
        poll(feed_of(make_feed, **options), client, {}, now=NOW)
        assert ("MultiDatastreams(" in client.asked[0].url.params["$expand"]) is is_asked


def test_a_pack_may_name_a_collection_and_pages_are_followed(make_feed, answering):
    whose = {"Datastream": {"@iot.id": 42}}
    first = {"value": [ARRAY | whose], "@iot.nextLink": "Observations?$skip=2"}
    second = {"value": [ARRAY | whose | {"dataArray": [[3, "2026-11-24T11:45:00Z", 14]]}]}
    path = "/v1.1/Datastreams(42)/Observations"
    client = answering({f"{path}?$resultFormat=dataArray": first, f"{path}?$skip=2": second})
    feed = make_feed(
        "sensorthings",
        url=f"https://city.example{path}?$resultFormat=dataArray",
        options={"quantities": {"42": PM}, "site": "datastream"},
    )

    found = poll(feed, client, {}, now=NOW)

    assert [o.value for o in found.parsed.accepted] == [12.5, 13.0, 14.0]


def test_refused_rows_are_read_again_with_their_datastream(make_feed):
    row = {"phenomenonTime": AT, "result": 5}
    place = [{"location": {"type": "Point", "coordinates": [-73.6, 45.5]}}]
    wrong = thing(Observations=[row], unitOfMeasurement={"symbol": "mg/m3"})
    bad = thing(Observations=[row | {"result": "wet"}, row | {"phenomenonTime": "24.11."}])
    nameless = {"name": "S", "Datastreams": bad["Datastreams"][:1]}
    body = {"value": [wrong | {"Locations": place}, bad, nameless, "x"]}
    refused = sensorthings.parse(json.dumps(body).encode(), feed_of(make_feed), NOW).rejected
    assert len(refused) == 5

    mended = feed_of(make_feed, quantities={"PM2.5": {"quantity": "pm25"}}, site="name")
    found = again(mended, refused, {}, now=NOW)

    assert [(o.site_id, o.value, o.unit, o.lat) for o in found.accepted] == [
        ("S", 5000.0, "µg/m³", 45.5)
    ]
    assert all(one.raw for one in found.rejected)


def test_a_reject_that_can_be_read_gives_its_fact(make_feed):
    row = {"phenomenonTime": AT, "result": "5,0 "}
    (refused,) = sensorthings.parse(
        json.dumps({"value": [thing(Observations=[row | {"result": "5,000"}])]}).encode(),
        feed_of(make_feed, quantities={"PM2.5": PM}),
        NOW,
    ).rejected
    by_hand = refused.__class__(**{
        name: getattr(refused, name) for name in ("feed_id", "line", "reason", "at", "context")
    } | {"raw": json.dumps(row)})  # fmt: skip

    found = again(feed_of(make_feed, quantities={"PM2.5": PM | {"unit": "mg/m³"}}), [by_hand], {},
                  now=NOW)  # fmt: skip

    assert told(found) == [("7", "pm25", 5000.0, 0)]


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"5", b'"x"', b"{}", b'{"x": 1}', b"<html>"])
def test_a_useless_pushed_body_is_one_reject(make_feed, body):
    found = receive(feed_of(make_feed), Delivery(feed_id="f1", body=body, received_at=NOW))

    assert (found.accepted, [one.line for one in found.rejected]) == ([], [0])


def test_nothing_but_strangers_in_a_collection_fails_and_names_them(make_feed, answering):
    client = answering({"/v1.1/Observations": {"value": [ARRAY | {"Datastream": {"@iot.id": 1}}]}})
    feed = make_feed(
        "sensorthings", url="https://city.example/v1.1/Observations",
        options={"quantities": {"42": PM}},
    )  # fmt: skip

    with pytest.raises(FeedError, match="there are '1'"):
        poll(feed, client, {}, now=NOW)
