"""Every resource, now and back in time, and what a broken feed answers."""

import json
from dataclasses import replace

import pytest

from demo.incidents import World, started
from demo.routes import Call, answer

from .conftest import SEED, instant

NOW = instant("2026-11-24T15:03:10+00:00")
CALM = World(SEED, has_programme=False)
RESOURCES = [
    ("/open311/v2/services.json", ""),
    ("/open311/v2/services/402.json", ""),
    ("/open311/v2/requests.json", "start_date=2026-11-20T00:00:00Z&page_size=20"),
    ("/gbfs/gbfs.json", ""),
    ("/gbfs/system_information.json", ""),
    ("/gbfs/vehicle_types.json", ""),
    ("/gbfs/station_information.json", ""),
    ("/gbfs/station_status.json", ""),
    *((f"/sta/{name}/v1.1", "") for name in ("traffic", "air", "river", "power", "footfall")),
    *((f"/sta/{name}/v1.1/Things", "$top=3") for name in ("traffic", "river", "power")),
    ("/sta/air/v1.1/Observations", "$top=20&$orderby=phenomenonTime%20desc"),
    ("/cap/alerts.atom", ""),
    ("/sta/ridership/v1.1", ""),
    ("/gtfs/gtfs.zip", ""),
    ("/gtfs/trip-updates.pb", ""),
    ("/gtfs/vehicles.pb", ""),
    ("/gtfs/alerts.pb", ""),
    ("/ngsi-ld/v1/entities", "type=OffStreetParking&limit=100&count=true"),
    ("/prometheus/metrics", ""),
    ("/wzdx/works.geojson", ""),
    ("/kev/known_exploited_vulnerabilities.json", ""),
    ("/mastodon/api/v1/timelines/tag/montreal", "limit=40"),
    ("/site/home", ""),
    ("/decidim/open-data/proposals.csv", ""),
]


def ask(path, query="", *, world=CALM, now=NOW):
    return answer(Call(world=world, origin="http://h", path=path, query=query, now=now))


def with_one(kind, **options):
    incident = replace(started(kind, NOW - 60, seed=SEED, minutes=30), **options)
    return World(SEED, (incident,), has_programme=False)


@pytest.mark.parametrize(("path", "query"), RESOURCES)
def test_the_past_is_told_as_it_was_told_then(path, query):
    then = instant("2026-11-21T09:30:00+00:00")

    now = ask(path, query, now=then)
    back = ask(f"/at/2026-11-21T09:30:00Z{path}", query)

    assert now.status == back.status == 200
    assert back.body.replace(b"/at/2026-11-21T09:30:00Z", b"") == now.body.replace(
        b"/at/2026-11-21T09:30:00Z", b""
    )


@pytest.mark.parametrize(("path", "query"), RESOURCES)
def test_the_same_seed_gives_the_same_bytes_and_another_one_another_city(path, query):
    assert ask(path, query).body == ask(path, query).body
    if "requests" in path or "status" in path or "Observations" in path:
        other = ask(path, query, world=World(SEED + 1, has_programme=False))
        assert other.body != ask(path, query).body


def test_links_of_the_past_stay_in_the_past():
    body = json.loads(ask("/at/2026-11-21T09:30:00Z/gbfs/gbfs.json").body)

    urls = [feed["url"] for feed in body["data"]["feeds"]]
    assert all(url.startswith("http://h/at/2026-11-21T09:30:00Z/gbfs/") for url in urls)


def test_two_cities_of_one_seed_agree_about_the_history_they_share():
    query = "$filter=phenomenonTime%20le%202026-11-22T12:00:00Z%20and%20"
    query += "phenomenonTime%20ge%202026-11-22T12:00:00Z&$top=500"

    late = ask("/sta/traffic/v1.1/Observations", query, now=NOW)
    later = ask("/sta/traffic/v1.1/Observations", query, now=NOW + 40 * 86400)

    assert json.loads(late.body)["value"] == json.loads(later.body)["value"]
    assert len(json.loads(late.body)["value"]) > 70


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/open311/v2/requests.xml", 404),
        ("/open311/v2/requests/1.json", 404),
        ("/open311/v2/nothing.json", 404),
        ("/gbfs/nothing.json", 404),
        ("/gbfs/gbfs", 200),
        ("/sta/nothing/v1.1/Things", 404),
        ("/sta/air/v1.0/Things", 404),
        ("/sta/air/v1.1/Nothing", 404),
        ("/cap/nothing.xml", 404),
        ("/control/nothing", 404),
        ("/at/yesterday/gbfs/gbfs.json", 400),
        ("/at/2026-11-20T00:00:00/gbfs/gbfs.json", 400),
        ("/at/2036-11-20T00:00:00Z/gbfs/gbfs.json", 400),
        ("/at/2026-11-20T00:00:00Z/at/2026-11-20T00:00:00Z/gbfs/gbfs.json", 400),
        ("/at/2026-11-20T00:00:00Z", 200),
        ("/", 200),
        ("/control/incidents", 200),
    ],
)
def test_a_wrong_path_is_answered_clearly(path, status):
    assert ask(path).status == status


def test_a_bad_query_is_400_with_the_reason():
    reply = ask("/sta/air/v1.1/Things", "$filter=colour%20eq%201")

    assert reply.status == 400
    assert "colour" in json.loads(reply.body)["message"]


def test_a_dead_feed_says_503_and_its_neighbours_stay_alive():
    world = with_one("deadfeed")

    reply = ask("/sta/traffic/v1.1/Things", world=world)

    assert (reply.status, reply.headers["Retry-After"], reply.hang_s) == (503, "60", 0.0)
    assert ask("/sta/air/v1.1/Things", world=world).status == 200
    assert ask("/sta/traffic/v1.1/Things", world=world, now=NOW + 1800).status == 200
    assert ask("/at/2026-11-24T14:00:00Z/sta/traffic/v1.1/Things", world=world).status == 200


def test_a_dead_feed_may_hang_instead():
    assert ask("/sta/traffic/v1.1/Things", world=with_one("deadfeed", mode="hang")).hang_s > 30


def test_a_bad_feed_sends_a_page_and_then_half_a_document():
    world = with_one("badfeed")

    page = ask("/gbfs/station_status.json", world=world)
    half = ask("/gbfs/station_status.json", world=world, now=NOW + 120)

    assert (page.status, page.content_type.split(";")[0]) == (200, "text/html")
    assert half.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.body)


def test_the_front_page_says_that_all_is_simulated():
    body = json.loads(ask("/", world=with_one("flood")).body)

    assert "simulated" in body["name"]
    assert [item["kind"] for item in body["incidents"]] == ["flood"]
