"""GBFS 1.x to 3.0, clean and dirty; bodies written after the specification."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, gbfs, poll, problems
from feeds.gbfs_parse import about_of, parse_vehicles
from model import Quality

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
T = int(NOW.timestamp())


def station(**about):
    return {
        "station_id": "s1",
        "is_installed": 1,
        "is_renting": 1,
        "is_returning": 1,
        "num_bikes_available": 3,
        "num_docks_available": 7,
        "last_reported": T - 60,
    } | about


def status(*stations, **about):
    return {"last_updated": T - 10, "ttl": 60, "data": {"stations": list(stations)}} | about


INFORMATION = {
    "last_updated": T,
    "data": {"stations": [{"station_id": "s1", "lat": 45.5, "lon": "-73.6"}]},
}
V2 = {
    "data": {
        "en": {
            "feeds": [
                {"name": "station_status", "url": "https://city.example/status"},
                {"name": "station_information", "url": "https://city.example/information"},
            ]
        }
    }
}
V3 = {
    "version": "3.0",
    "data": {
        "feeds": [
            {"name": "station_status", "url": "https://city.example/status"},
            {"name": "station_information", "url": "/information"},
        ]
    },
}


def parsed(make_feed, body, **options):
    raw = httpx.Response(200, json=body).content
    return gbfs.parse(raw, make_feed("gbfs", options=options), NOW)


def values(found):
    return {(o.site_id, o.quantity): o.value for o in found.accepted}


def test_a_station_gives_bikes_and_docks(make_feed):
    found = parsed(make_feed, status(station()))

    bikes, docks = found.accepted
    assert (bikes.quantity, bikes.value, bikes.unit) == ("bikes_available", 3.0, "count")
    assert (docks.quantity, docks.value) == ("docks_available", 7.0)
    assert bikes.observed_at == datetime(2026, 11, 24, 11, 59, tzinfo=UTC)
    assert (
        bikes.published_at == found.published_at == datetime(2026, 11, 24, 11, 59, 50, tzinfo=UTC)
    )
    assert bikes.quality is Quality.GOOD


def test_version_3_says_vehicles_booleans_and_rfc_3339(make_feed):
    row = station(is_installed=True, last_reported="2026-11-24T12:59:00+01:00")
    row["num_vehicles_available"] = row.pop("num_bikes_available")

    found = parsed(make_feed, status(row, last_updated="2026-11-24T11:59:50.343Z"))

    assert values(found) == {("s1", "bikes_available"): 3.0, ("s1", "docks_available"): 7.0}
    assert found.accepted[0].observed_at == datetime(2026, 11, 24, 11, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"is_installed": 0}, {}),
        ({"is_installed": False}, {}),
        ({"is_installed": "false"}, {}),
        ({"is_renting": 0}, {"bikes_available": 0.0, "docks_available": 7.0}),
        ({"is_returning": False}, {"bikes_available": 3.0, "docks_available": 0.0}),
        ({"num_docks_available": None}, {"bikes_available": 3.0}),
        ({"num_bikes_available": "4"}, {"bikes_available": 4.0, "docks_available": 7.0}),
    ],
)
def test_what_a_rider_finds(make_feed, about, expected):
    found = values(parsed(make_feed, status(station(**about))))

    assert {quantity: value for (_, quantity), value in found.items()} == expected


@pytest.mark.parametrize(
    ("reported", "at", "quality"),
    [
        (T - 3600, T - 3600, Quality.GOOD),
        (T - 3601, T - 3601, Quality.STALE),
        (T - 46 * 86_400, T - 46 * 86_400, Quality.STALE),
        (0, T - 10, Quality.UNCERTAIN),
        (None, T - 10, Quality.UNCERTAIN),
        (T + 3600, T - 10, Quality.UNCERTAIN),
    ],
)
def test_the_age_of_a_station_is_its_own(make_feed, reported, at, quality):
    found = parsed(make_feed, status(station(last_reported=reported)))

    assert {item.observed_at for item in found.accepted} == {datetime.fromtimestamp(at, UTC)}
    assert {item.quality for item in found.accepted} == {quality}


def test_one_bad_station_does_not_cost_the_others(make_feed):
    bad = [
        station(station_id="s2", num_bikes_available=-1),
        station(station_id="s3", num_bikes_available="many"),
        station(station_id="s4", last_reported="yesterday"),
        station(station_id=""),
        {"is_installed": 1},
        "station",
        station(),
        station(station_id=None),
        station(station_id="s5", num_bikes_available=10**400),
        station(station_id="s6", num_bikes_available=2.5),
        station(station_id="s7", num_bikes_available="21,5"),
        station(station_id="s8", num_bikes_available=True),
        station(station_id="s9", last_reported=T * 1000),
    ]

    found = parsed(make_feed, status(station(), *bad))

    assert [item.line for item in found.rejected] == list(range(2, 15))
    assert "is no count" in found.rejected[0].reason
    assert "listed twice" in found.rejected[6].reason
    assert {item.site_id for item in found.accepted} == {"s1", "s2"}  # the docks of s2 are sound


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"stations": []}},
        {"data": {}},
        {"stations": []},
        [],
        {"data": {"stations": "none"}},
    ],
)
def test_a_body_without_stations_is_malformed(make_feed, answering, body):
    client = answering({"/feed": V2, "/information": INFORMATION, "/status": body})

    with pytest.raises(FeedError, match="malformed body") as caught:
        poll(make_feed("gbfs"), client, {}, now=NOW)

    assert caught.value.permanent


@pytest.mark.parametrize("listing", [V2, V3])
def test_stations_are_found_through_the_listing_and_joined_to_their_places(
    make_feed, answering, listing
):
    client = answering(
        {"/feed": listing, "/information": INFORMATION, "/status": status(station())}
    )

    found = poll(make_feed("gbfs"), client, {}, now=NOW)

    assert {(o.lat, o.lon) for o in found.parsed.accepted} == {(45.5, -73.6)}
    assert found.n_bytes > 0


def test_places_are_asked_for_once_and_again_for_a_newcomer(make_feed, answering):
    answers = {"/feed": V2, "/information": INFORMATION, "/status": status(station())}
    client = answering(answers)
    first = poll(make_feed("gbfs"), client, {}, now=NOW)
    client.asked.clear()

    poll(make_feed("gbfs"), client, first.memory, now=NOW)
    assert [r.url.path for r in client.asked] == ["/status"]

    client.asked.clear()
    answers["/status"] = status(station(), station(station_id="s9"))
    later = NOW.replace(minute=1)
    third = poll(make_feed("gbfs"), client, first.memory, now=later)
    assert [r.url.path for r in client.asked] == ["/status", "/information"]
    assert ("s9", "bikes_available") in values(third.parsed)

    client.asked.clear()
    poll(make_feed("gbfs"), client, third.memory, now=NOW.replace(minute=2))
    assert [r.url.path for r in client.asked] == ["/status"]  # s9 has no place: known by now


def test_moved_documents_are_found_again(make_feed, answering):
    answers = {"/feed": V2, "/information": INFORMATION, "/status": status(station())}
    client = answering(answers)
    first = poll(make_feed("gbfs"), client, {}, now=NOW)
    answers["/moved"] = answers.pop("/status")
    moved = [{"name": "station_status", "url": "/moved"}, V2["data"]["en"]["feeds"][1]]
    answers["/feed"] = {"data": {"fr": {"feeds": moved}}}

    found = poll(make_feed("gbfs"), client, first.memory, now=NOW.replace(minute=5))

    assert found.parsed.accepted


def test_an_absent_language_is_told(make_feed, answering):
    client = answering({"/feed": V2})

    with pytest.raises(FeedError, match="no language 'fr'; there are 'en'"):
        poll(make_feed("gbfs", options={"language": "fr"}), client, {}, now=NOW)


def test_a_listing_without_stations_is_told(make_feed, answering):
    client = answering({"/feed": {"data": {"feeds": [{"name": "system_regions", "url": "/r"}]}}})

    with pytest.raises(FeedError, match="lists no station_status"):
        poll(make_feed("gbfs"), client, {}, now=NOW)


def test_an_unchanged_status_is_not_modified(make_feed, answering):
    def tagged(request):
        if request.headers.get("if-none-match"):
            return httpx.Response(304)
        return httpx.Response(200, json=status(station()), headers={"etag": "1"})

    client = answering({"/feed": V2, "/information": INFORMATION, "/status": tagged})
    first = poll(make_feed("gbfs"), client, {}, now=NOW)

    second = poll(make_feed("gbfs"), client, first.memory, now=NOW)

    assert second.not_modified
    assert second.memory["gbfs"] == first.memory["gbfs"]


def versioned(version, url):
    return {"version": version, "url": url}


def test_a_language_like_the_wanted_one_will_do():
    body = httpx.Response(200, json={"data": {"en": {"feeds": []}, "fr-CA": V2["data"]["en"]}})

    assert "station_status" in gbfs.feeds_of(body.content, "fr")


@pytest.mark.parametrize(
    ("listing", "options"),
    [
        (
            {
                "data": {
                    "versions": [{"version": "2.3", "url": "/2"}, {"version": "3.0", "url": "/3"}]
                }
            },
            {},
        ),
        (
            {
                "data": {
                    "versions": [
                        {"version": "3.1-RC", "url": "/3"},
                        {"version": "4.0", "url": "/4"},
                    ]
                }
            },
            {},
        ),
        (
            {
                "data": {
                    "datasets": [
                        {"system_id": "a", "versions": [versioned("3.0", "/a")]},
                        {"system_id": "b", "versions": [versioned("3.0", "/3")]},
                    ]
                }
            },
            {"system_id": "b"},
        ),
    ],
)
def test_versions_and_manifests_lead_to_the_newest_listing(make_feed, answering, listing, options):
    client = answering(
        {"/feed": listing, "/3": V3, "/information": INFORMATION, "/status": status(station())}
    )

    found = poll(make_feed("gbfs", options=options), client, {}, now=NOW)

    assert len(found.parsed.accepted) == 2


@pytest.mark.parametrize(
    ("listing", "says"),
    [
        (
            {"data": {"datasets": [{"system_id": "a"}, {"system_id": "b"}]}},
            "say which as system_id",
        ),
        ({"data": {"versions": [{"version": "9", "url": "/x"}]}}, "no version that can be read"),
        ({"data": {"versions": [{"version": "3.0", "url": "/feed"}]}}, "leads to no gbfs.json"),
        ({"data": {"en": {"feeds": []}}}, "lists no station_status"),
    ],
)
def test_a_listing_that_leads_nowhere_is_told(make_feed, answering, listing, says):
    with pytest.raises(FeedError, match=says):
        poll(make_feed("gbfs"), answering({"/feed": listing}), {}, now=NOW)


def test_documents_on_another_host_are_asked_only_if_the_pack_names_it(make_feed, answering):
    elsewhere = json.loads(json.dumps(V3).replace("city.example", "bikes.example"))
    elsewhere["data"]["feeds"][1]["url"] = "https://bikes.example/information"
    answers = {"/feed": elsewhere, "/information": INFORMATION, "/status": status(station())}

    with pytest.raises(FeedError, match=r"hosts = \['bikes.example'\]"):
        poll(make_feed("gbfs"), answering(answers), {}, now=NOW)
    found = poll(make_feed("gbfs", hosts=("bikes.example",)), answering(answers), {}, now=NOW)

    assert len(found.parsed.accepted) == 2


SYSTEM = {
    "data": {
        "system_id": "x",
        "name": [{"text": "Vélo", "language": "fr"}],
        "operator": "City Bikes",
        "license_id": "ODbL-1.0",
        "attribution_organization_name": [{"text": "The City", "language": "en"}],
        "email": "someone@city.example",
        "phone_number": "+1",
    }
}


def test_name_and_licence_are_read_once_a_day_and_nothing_personal(make_feed, answering):
    listing = {
        "data": {"feeds": [*V3["data"]["feeds"], {"name": "system_information", "url": "/s"}]}
    }
    answers = {
        "/feed": listing,
        "/information": INFORMATION,
        "/status": status(station()),
        "/s": SYSTEM,
    }
    client = answering(answers)

    first = poll(make_feed("gbfs"), client, {}, now=NOW)
    poll(make_feed("gbfs"), client, first.memory, now=NOW + timedelta(hours=1))
    del answers["/s"]
    third = poll(make_feed("gbfs"), client, first.memory, now=NOW + timedelta(days=2))

    assert [r.url.path for r in client.asked].count("/s") == 2
    assert (
        third.memory["gbfs"]["about"]
        == first.memory["gbfs"]["about"]
        == {
            "name": "Vélo",
            "operator": "City Bikes",
            "licence": "ODbL-1.0",
            "attribution": "The City",
        }
    )


def test_odd_system_information_says_nothing():
    assert about_of(b'{"data": {"name": 7, "license_url": null, "operator": []}}') == {}


def vehicle(**about):
    return {"lat": 1.0, "lon": 2.0, "is_reserved": False, "is_disabled": 0} | about


FREE = [vehicle(), vehicle(is_reserved=1), vehicle(is_disabled=True), vehicle(station_id="s1")]


@pytest.mark.parametrize("name", ["vehicles", "bikes"])
def test_free_vehicles_are_counted_and_never_shown(make_feed, name):
    body = httpx.Response(200, json={"last_updated": T, "data": {name: FREE}}).content

    found = parse_vehicles(body, make_feed("gbfs"), NOW)

    (one,) = found.accepted
    assert (one.site_id, one.quantity, one.value, one.lat) == ("f1", "vehicles", 1.0, None)
    assert one.observed_at == NOW


@pytest.mark.parametrize("data", [{}, {"vehicles": None}, {"bikes": [1]}, []])
def test_a_body_without_vehicles_is_malformed(make_feed, data):
    with pytest.raises((ValueError, LookupError, TypeError)):
        parse_vehicles(json.dumps({"data": data}).encode(), make_feed("gbfs"), NOW)


@pytest.mark.parametrize(
    ("wanted", "has_stations", "expected"),
    [
        (None, True, {"bikes_available", "docks_available"}),
        (True, True, {"bikes_available", "docks_available", "vehicles"}),
        (None, False, {"vehicles"}),
    ],
)
def test_vehicles_are_read_where_they_are_wanted_or_all_there_is(
    make_feed, answering, wanted, has_stations, expected
):
    stations = V3["data"]["feeds"] if has_stations else []
    listing = {"data": {"feeds": [*stations, {"name": "vehicle_status", "url": "/v"}]}}
    client = answering(
        {
            "/feed": listing,
            "/information": INFORMATION,
            "/status": status(station()),
            "/v": {"last_updated": T, "data": {"vehicles": FREE}},
        }
    )

    found = poll(make_feed("gbfs", options={"vehicles": wanted}), client, {}, now=NOW)

    assert {o.quantity for o in found.parsed.accepted} == expected


def test_documents_are_read_from_files_named_after_the_standard(make_feed, answering, tmp_path):
    for name, body in (
        ("station_status", status(station())),
        ("station_information", INFORMATION),
        ("free_bike_status", {"data": {"bikes": FREE}}),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(body), encoding="utf-8")
    feed = make_feed("gbfs", path=f"{tmp_path}/*.json")

    first = poll(feed, answering({}), {}, now=NOW)
    second = poll(feed, answering({}), first.memory, now=NOW)

    assert {(o.quantity, o.lat) for o in first.parsed.accepted} == {
        ("bikes_available", 45.5),
        ("docks_available", 45.5),
    }
    assert second.not_modified
    with pytest.raises(FeedError, match="no station_status"):
        poll(make_feed("gbfs", path=f"{tmp_path}/none/*"), answering({}), {}, now=NOW)


def test_refused_stations_are_read_again_as_of_their_document(make_feed, answering):
    rows = [station(num_bikes_available="many"), station(station_id="s2"), station(station_id="s2")]
    client = answering({"/feed": V2, "/information": INFORMATION, "/status": status(*rows)})
    first = poll(make_feed("gbfs"), client, {}, now=NOW)
    bad, twice = first.parsed.rejected
    mended = replace(bad, raw=bad.raw.replace('"many"', "3"))
    cut = replace(bad, raw=bad.raw[:20])

    found = again(
        make_feed("gbfs"), [mended, bad, twice, cut], first.memory, now=NOW + timedelta(days=1)
    )

    assert values(found) == {("s1", "bikes_available"): 3.0, ("s1", "docks_available"): 7.0}
    assert {o.lat for o in found.accepted} == {45.5}
    assert {o.published_at for o in found.accepted} == {
        datetime(2026, 11, 24, 11, 59, 50, tzinfo=UTC)
    }
    assert len(found.rejected) == 3


def test_a_feed_needs_a_url_or_a_path(make_feed):
    assert problems(make_feed("gbfs", url=None)) == ["kind 'gbfs' needs a url or a path"]
