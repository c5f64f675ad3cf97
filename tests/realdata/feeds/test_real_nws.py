"""Answers of api.weather.gov: observations, alerts, and what is neither."""

import json
from datetime import UTC, datetime

import pytest

from feeds import cap, nws
from model import Observation

pytestmark = pytest.mark.realdata

OBSERVED = {  # accepted, missing among them, refused
    "stations_observations_alternate_units": (6, 1, 0),
    "stations_observations_empty": (0, 0, 1),
    "stations_observations_latest": (6, 1, 0),
    "stations_observations_metar": (5, 5, 0),
    "stations_observations_metar_noparse": (5, 5, 0),
    "stations_observations_multiple_unsorted": (11, 3, 0),
    "stations_observations_noprop": (0, 0, 0),
    "stations_observations_other_unitcode": (6, 1, 0),
}


def test_every_file_is_read_or_refused_by_name(make_feed, records, now):
    weather, alerts = make_feed("nws", "observation"), make_feed("cap", "notice")
    refused = {"nws": {}, "cap": {}}
    paths = sorted((records / "wire/nws").glob("*.json"))

    for path in paths:
        for kind, module, feed in (("nws", nws, weather), ("cap", cap, alerts)):
            try:
                module.parse(path.read_bytes(), feed, now)
            except ValueError as problem:
                refused[kind][path.stem] = str(problem)

    assert len(paths) == 19
    assert {p.stem for p in paths} - refused["nws"].keys() == OBSERVED.keys()
    assert {p.stem for p in paths} - refused["cap"].keys() == {
        "alerts_active_zone",
        "stations_observations_noprop",
    }
    assert sum("holds a forecast" in one for one in refused["nws"].values()) == 8
    assert "holds alerts" in refused["nws"]["alerts_active_zone"]
    assert "holds stations" in refused["cap"]["gridpoints_stations"]
    assert "holds a point" in refused["cap"]["points"]


@pytest.mark.parametrize("name", OBSERVED)
def test_each_report_is_counted(make_feed, records, now, name):
    body = (records / f"wire/nws/{name}.json").read_bytes()

    found = nws.parse(body, make_feed("nws", "observation"), now)

    missing = sum(one.value is None for one in found.accepted)
    assert (len(found.accepted), missing, len(found.rejected)) == OBSERVED[name]
    assert [one.reason for one in found.rejected] == ["timestamp is missing"] * len(found.rejected)


def test_the_first_record_in_full(make_feed, records, now):
    body = (records / "wire/nws/stations_observations_latest.json").read_bytes()

    found = nws.parse(body, make_feed("nws", "observation"), now).accepted

    about = json.loads(body)["properties"]
    assert found[0] == Observation(
        feed_id="f1",
        site_id="KFLL",
        quantity="temperature",
        value=22.8,
        unit="°C",
        observed_at=datetime(2022, 3, 2, 23, 53, tzinfo=UTC),
        fetched_at=now,
        lat=26.07,
        lon=-80.150000000000006,
    )
    assert [one.value for one in found[1:4]] == pytest.approx(
        [about["relativeHumidity"]["value"], 7.56, about["barometricPressure"]["value"] / 100]
    )


def test_impossible_reports_are_bad(make_feed, records, now):
    body = (records / "wire/nws/stations_observations_multiple_unsorted.json").read_bytes()

    found = nws.parse(body, make_feed("nws", "observation"), now).accepted

    bad = {(one.quantity, one.value) for one in found if one.quality == "BAD"}
    assert bad == {("temperature", -100), ("wind_speed", 3600), ("pressure", 0.77)}


def test_the_flood_watch_ends_when_the_event_does(make_feed, records, now):
    body = (records / "wire/nws/alerts_active_zone.json").read_bytes()

    found = cap.parse(body, make_feed("cap", "notice"), now)

    (watch,) = found.accepted
    about = json.loads(body)["features"][0]["properties"]
    assert found.rejected == []
    assert found.published_at == datetime(2019, 12, 20, 21, 35, 17, tzinfo=UTC)
    assert (
        watch.notice_id
        == "w-nws.webmaster@noaa.gov,NWS-IDP-PROD-3965873-3369046,2019-12-20T21:34:00Z"
    )
    assert watch.expires == datetime(2019, 12, 22, 18, tzinfo=UTC)
    assert about["expires"] == "2019-12-21T05:30:00-08:00"
    assert (watch.event, watch.severity, watch.status, watch.msg_type) == (
        "Flood Watch",
        "severe",
        "actual",
        "update",
    )
    assert len(watch.supersedes) == len(about["references"]) == 4
    assert (
        watch.supersedes[0]
        == "w-nws.webmaster@noaa.gov,NWS-IDP-PROD-3964821-3368352,2019-12-19T20:52:00Z"
    )
    assert watch.geometry is None
    assert watch.area == " ".join(about["areaDesc"].split())
    assert not watch.is_end_assumed
