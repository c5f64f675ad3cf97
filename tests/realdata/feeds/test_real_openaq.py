"""Answers of the OpenAQ API v3, counted by other means."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from feeds import openaq
from feeds.openaq_parse import network, results
from model import Observation, Quality

pytestmark = pytest.mark.realdata

CAPTURED = datetime(2026, 9, 28, 23, 0, tzinfo=UTC)
WANTED = frozenset(openaq.QUANTITIES.values())


@pytest.fixture
def answer(records):
    return lambda name: (records / f"wire/openaq/{name}.json").read_bytes()


@pytest.fixture
def known(answer):
    return network(results(answer("locations_1000"))[0], WANTED)


@pytest.fixture
def feed(make_feed):
    return make_feed("openaq", "observation")


def test_the_sensors_of_a_thousand_stations_are_known(answer, known):
    rows = json.loads(answer("locations_1000"))["results"]
    names = Counter(s["parameter"]["name"] for row in rows for s in row["sensors"])
    left_out = {"nox", "bc", "wind_direction"}

    assert len(known.places) == len({one.site for one in known.sensors.values()}) == 1000
    assert len(known.sensors) == sum(names.values()) - sum(names[n] for n in left_out) == 2720
    assert len(known.unwanted) == sum(names[name] for name in left_out) == 80


def test_stations_that_fell_silent_are_not_asked(answer):
    rows = json.loads(answer("locations_1000"))["results"]
    since = CAPTURED - timedelta(days=7)
    last = [row["datetimeLast"] for row in rows if row["datetimeLast"]]

    living = network(rows, WANTED, heard_since=since)

    assert living.n_silent == sum(one["utc"] < "2026-09-21T23:00:00Z" for one in last)
    assert living.n_silent > 400
    assert len({one.site for one in living.sensors.values()}) < 600


def test_most_latest_values_are_old_and_those_of_strange_sensors_refused(answer, known, feed):
    found = openaq.parse(
        answer("latest_1000"), feed, CAPTURED, known=known, max_age=timedelta(hours=3)
    )

    rows = json.loads(answer("latest_1000"))["results"]
    young = [row for row in rows if row["datetime"]["utc"] >= "2026-09-28T20:00:00Z"]
    mine = [row for row in young if str(row["sensorsId"]) in known.sensors]
    assert (
        found.skipped
        == {"older than 3:00:00": len(rows) - len(young)}
        == {"older than 3:00:00": 668}
    )
    assert (
        (len(found.accepted), len(found.rejected))
        == (len(mine), len(young) - len(mine))
        == (1, 331)
    )
    assert {one.reason.partition(" stands")[2] for one in found.rejected} == {
        " in no location that was read"
    }
    assert found.accepted == [
        Observation(
            feed_id="f1",
            site_id="97",
            quantity="pm25",
            value=0.5,
            unit="µg/m³",
            observed_at=datetime(2026, 9, 28, 21, tzinfo=UTC),
            fetched_at=CAPTURED,
            lat=52.46304000005105,
            lon=4.60177600031704,
        )
    ]


def test_each_sentinel_of_the_latest_values_is_missing(answer, feed):
    rows = json.loads(answer("latest_1000"))["results"]
    station = {
        "id": 1,
        "coordinates": None,
        "sensors": [
            {"id": row["sensorsId"], "parameter": {"id": 2, "name": "pm25", "units": "µg/m³"}}
            for row in rows
        ],
    }
    body = json.dumps({"results": [row | {"locationsId": n} for n, row in enumerate(rows)]})
    every = [
        network([station | {"id": n, "sensors": [s]}], WANTED)
        for n, s in enumerate(station["sensors"])
    ]
    sensors = {name: one for part in every for name, one in part.sensors.items()}

    found = openaq.parse(body.encode(), feed, CAPTURED, known=openaq.Network(sensors))

    odd = [row["value"] for row in rows if row["value"] < 0 or row["value"] == 9999]
    assert len(found.accepted) == 1000
    assert sum(one.value is None for one in found.accepted) == len(odd) == 11
    assert all(one.lat is not None for one in found.accepted)


def test_flagged_nulls_among_measurements_stay_missing_and_doubtful(answer, feed):
    found = openaq.parse(answer("measurements_1000"), feed, CAPTURED, sensor="3920")

    rows = json.loads(answer("measurements_1000"))["results"]
    assert found.rejected == []
    assert len(found.accepted) == 1000
    assert sum(one.value is None for one in found.accepted) == 150
    doubted = [one for one in found.accepted if one.quality is Quality.UNCERTAIN]
    assert len(doubted) == sum(row["flagInfo"]["hasFlags"] for row in rows) == 220
    assert found.accepted[1] == Observation(
        feed_id="f1",
        site_id="3920",
        quantity="pm25",
        value=1.1,
        unit="µg/m³",
        observed_at=datetime(2016, 3, 6, 21, tzinfo=UTC),
        fetched_at=CAPTURED,
        quality=Quality.UNCERTAIN,
    )


def test_the_newest_values_of_a_stations_sensors(answer, feed):
    found = openaq.parse(answer("sensors"), feed, CAPTURED)

    values = {one.quantity: (one.value, one.unit) for one in found.accepted}
    assert found.rejected == []
    assert found.skipped == {"a sensor that is not wanted": 1}  # nox
    assert values == {
        "no": (0.245448, "µg/m³"),
        "no2": (5.644847, "µg/m³"),
        "so2": (1.572172, "µg/m³"),
        "pm25": (3.9, "µg/m³"),
        "o3": (90.306748, "µg/m³"),
        "pm10": (17.0, "µg/m³"),
        "co": (0.11456, "mg/m³"),
    }
