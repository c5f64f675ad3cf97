"""GBFS 1.x to 3.0, clean and dirty; bodies written after the specification."""

from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, gbfs, poll
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
    ]

    found = parsed(make_feed, status(station(), *bad))

    assert [item.line for item in found.rejected] == [2, 3, 4, 5, 6, 7, 8]
    assert "is no count" in found.rejected[0].reason
    assert "listed twice" in found.rejected[-1].reason
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
    client = answering({"/feed": {"data": {"feeds": [{"name": "vehicle_status", "url": "/v"}]}}})

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
