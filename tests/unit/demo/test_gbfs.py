"""GBFS 3.0: required fields and their rules (gbfs.org, specification v3.0)."""

import re

import pytest

from demo import gbfs
from demo.incidents import World

from .conftest import SEED, instant

NOW = instant("2026-11-24T15:03:10+00:00")
CALM = World(SEED, has_programme=False)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def file(name, now=NOW):
    return gbfs.FILES[name](CALM, now=now)


def is_texts(value):
    return bool(value) and all(set(item) == {"text", "language"} for item in value)


@pytest.mark.parametrize("name", gbfs.FILES)
def test_every_file_has_the_envelope_of_version_3(name):
    body = file(name)

    assert set(body) == {"last_updated", "ttl", "version", "data"}
    assert body["version"] == "3.0"
    assert RFC3339.fullmatch(body["last_updated"])
    assert isinstance(body["ttl"], int)
    assert body["ttl"] >= 0


def test_discovery_names_every_file_without_a_language_level():
    feeds = gbfs.discovery("http://h/gbfs", now=NOW)["data"]["feeds"]

    assert {feed["name"] for feed in feeds} == {"gbfs", *gbfs.FILES}
    assert all(feed["url"] == f"http://h/gbfs/{feed['name']}.json" for feed in feeds)


def test_the_system_says_who_it_is():
    system = file("system_information")["data"]

    assert {"system_id", "languages", "name", "opening_hours"} <= set(system)
    assert {"feed_contact_email", "timezone"} <= set(system)
    assert is_texts(system["name"])
    assert {item["language"] for item in system["name"]} == set(system["languages"])


def test_stations_and_their_status_match_and_add_up():
    information = {s["station_id"]: s for s in file("station_information")["data"]["stations"]}
    status = {s["station_id"]: s for s in file("station_status")["data"]["stations"]}
    kinds = {kind["vehicle_type_id"] for kind in file("vehicle_types")["data"]["vehicle_types"]}

    assert set(information) == set(status)
    assert len(status) == 120
    for key, station in status.items():
        assert is_texts(information[key]["name"])
        assert station["is_installed"] is True
        assert isinstance(station["is_renting"], bool)
        assert RFC3339.fullmatch(station["last_reported"])
        parts = station["vehicle_types_available"]
        assert {part["vehicle_type_id"] for part in parts} <= kinds
        assert sum(part["count"] for part in parts) == station["num_vehicles_available"]
        names = ("num_vehicles_available", "num_vehicles_disabled", "num_docks_available")
        assert all(station[name] >= 0 for name in names)
        assert sum(station[name] for name in names) == information[key]["capacity"]


def test_status_stands_still_for_its_time_to_live_and_then_moves():
    first = file("station_status", NOW - NOW % 60)

    assert file("station_status", NOW - NOW % 60 + 59) == first
    changed = [file("station_status", NOW - NOW % 60 + 60 * n) != first for n in range(1, 6)]
    assert all(changed)
