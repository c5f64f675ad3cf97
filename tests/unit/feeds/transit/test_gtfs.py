"""The kind ``gtfs``: what a timetable promises, and that a good one is never lost."""

import os
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, gtfs, poll, problems

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OLD = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"


def values(found, quantity):
    return {o.site_id: o.value for o in found.accepted if o.quantity == quantity}


def test_departures_of_the_day_stand_at_their_stations(make_feed, make_zip):
    found = gtfs.parse(make_zip(), make_feed("gtfs"), NOW)

    assert values(found, "departures") == {"S1": 2.0, "S2": 3.0, "S3": 1.0}
    assert values(found, "timetable_left") == {"f1": 37.0}
    first = next(o for o in found.accepted if o.site_id == "S1")
    assert (first.lat, first.lon, first.unit) == (40.7, -74.0, "count")
    assert first.observed_at == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    assert [item.reason for item in found.rejected] == ["1 stops without a place"]


def test_departures_may_be_left_out(make_feed, make_zip):
    found = gtfs.parse(make_zip(), make_feed("gtfs", options={"departures": False}), NOW)

    assert [o.quantity for o in found.accepted] == ["timetable_left"]


@pytest.mark.parametrize(
    ("span", "left", "says"),
    [
        ("20250101,20261120", -4.0, "the timetable ended on 2026-11-20"),
        ("20261201,20261231", 37.0, "the timetable begins on 2026-12-01"),
    ],
)
def test_a_timetable_of_other_days_says_nothing_of_today(make_feed, make_zip, span, left, says):
    body = make_zip(calendar=f"{OLD}ALL,1,1,1,1,1,1,1,{span}\n")

    found = gtfs.parse(body, make_feed("gtfs"), NOW)

    assert values(found, "departures") == {}
    assert values(found, "timetable_left") == {"f1": left}
    assert found.rejected[0].reason == says


def test_a_timetable_without_days_gives_nothing(make_feed, make_zip):
    body = make_zip(calendar=f"{OLD}ALL,0,0,0,0,0,0,0,20260101,20261231\n")

    found = gtfs.parse(body, make_feed("gtfs"), NOW)

    assert found.accepted == []
    assert "no day on which anything runs" in found.rejected[0].reason


def test_a_feed_needs_a_place():
    from model import Feed  # noqa: PLC0415 - the only one without an address

    feed = Feed(id="f1", kind="gtfs", gives="observation", every=timedelta(days=1))

    assert problems(feed) == ["kind 'gtfs' needs a url or a path"]


class Source:
    """Serves a timetable with an ETag, or whatever else."""

    def __init__(self, body):
        self.body = body
        self.asked = 0
        self.tags = []

    def __call__(self, request):
        self.asked += 1
        self.tags.append(request.headers.get("if-none-match"))
        if isinstance(self.body, int):
            return httpx.Response(self.body)
        tag = str(hash(self.body))
        if request.headers.get("if-none-match") == tag:
            return httpx.Response(304)
        return httpx.Response(200, content=self.body, headers={"etag": tag})


@pytest.fixture
def source(make_zip):
    return Source(make_zip())


@pytest.fixture
def ask(make_feed, answering, source, waits):
    def asked(memory, now=NOW, **about):
        client = answering({"/feed": source})
        return poll(make_feed("gtfs", **about), client, memory, now=now, limits=waits.limits())

    return asked


def test_the_same_timetable_gives_each_day_once(ask, source):
    first = ask({})
    second = ask(first.memory)
    third = ask(second.memory, NOW + timedelta(days=1))

    assert values(first.parsed, "departures")
    assert second.not_modified
    assert values(third.parsed, "timetable_left") == {"f1": 36.0}
    assert third.parsed.rejected == []  # what is wrong with it was said once
    assert source.tags[0] is None
    assert None not in source.tags[1:]


@pytest.mark.parametrize("broken", [b"", b"<html>login</html>", b"PK\x03\x04 cut", 500, 404])
def test_a_broken_timetable_never_replaces_a_good_one(ask, source, broken):
    first = ask({})
    source.body = broken

    second = ask(first.memory, NOW + timedelta(days=1))

    assert values(second.parsed, "departures") == values(first.parsed, "departures")
    assert len(second.parsed.rejected) == 1
    assert second.parsed.rejected[0].reason.startswith("timetable: ")


@pytest.mark.parametrize("broken", [b"", b"<html>login</html>", b"PK\x03\x04 cut", 500, 404])
def test_without_a_good_one_a_broken_timetable_fails_the_poll(ask, source, broken):
    source.body = broken

    with pytest.raises(FeedError, match="timetable: "):
        ask({})


def test_after_a_restart_it_is_fetched_again(ask, source):
    first = ask({})
    lost = {**first.memory, "static": {**first.memory["static"], "digest": "of another life"}}

    second = ask(lost, NOW + timedelta(days=1))

    assert source.tags == [None, None]
    assert values(second.parsed, "departures")


def test_the_old_one_counts_until_the_new_one_begins(ask, source, make_zip):
    first = ask({})
    days = f"{OLD}ALL,1,1,1,1,1,1,1,20261126,20270630\n"
    trips = "route_id,service_id,trip_id\nR1,ALL,T1\n"
    source.body = make_zip(calendar=days, trips=trips)

    second = ask(first.memory)
    third = ask(second.memory, NOW + timedelta(days=2))

    assert sum(values(second.parsed, "departures").values()) == 6
    assert values(second.parsed, "timetable_left") == {"f1": 37.0}
    assert sum(values(third.parsed, "departures").values()) == 2
    assert values(third.parsed, "timetable_left") == {"f1": 216.0}


def test_a_file_is_read_when_it_changes(make_feed, answering, make_zip, tmp_path):
    path = tmp_path / "gtfs.zip"
    path.write_bytes(make_zip())
    feed = make_feed("gtfs", path=str(path))

    first = poll(feed, answering({}), {}, now=NOW)
    second = poll(feed, answering({}), first.memory, now=NOW)
    path.write_bytes(make_zip(trips="route_id,service_id,trip_id\nR1,ALL,T1\n"))
    os.utime(path, ns=(1, 1))
    third = poll(feed, answering({}), second.memory, now=NOW)
    path.unlink()
    fourth = poll(feed, answering({}), third.memory, now=NOW)

    assert second.not_modified
    assert sum(values(third.parsed, "departures").values()) == 2
    assert "No such file" in fourth.parsed.rejected[0].reason


def test_one_of_several_zips_is_chosen_after_the_address(make_feed, answering, make_zip):
    body = make_zip(more={"a.zip": make_zip(), "b.zip": make_zip()}, stop_times=None)
    client = answering({"/feed": body})

    found = poll(make_feed("gtfs", url="https://city.example/feed#b.zip"), client, {}, now=NOW)

    assert values(found.parsed, "departures")
    assert client.asked[0].url.path == "/feed"
