"""WZDx 2.x to 4.x; bodies written after the specification."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, again, poll, problems, receive, wzdx
from model import Delivery

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None)
HEADER = {"version": "4.2", "update_date": "2026-11-24T11:58:00Z", "update_frequency": 60}


def event(name="e1", geometry="line", **about):
    core = {
        "data_source_id": "1",
        "event_type": "work-zone",
        "road_names": ["I-80", "Main Street"],
        "direction": "northbound",
        "update_date": "2026-11-24T10:00:00Z",
    } | about.pop("core", {})
    shape = {"type": "LineString", "coordinates": [[-93.7, 41.6], [-93.8, 41.7]]}
    properties = {
        "core_details": core,
        "start_date": "2026-11-20T06:00:00Z",
        "end_date": "2026-12-20T05:00:00Z",
        "vehicle_impact": "some-lanes-closed",
        "beginning_cross_street": "1st Avenue",
        "ending_cross_street": "9th Avenue",
    } | about
    return {
        "id": name,
        "type": "Feature",
        "properties": properties,
        "geometry": shape if geometry == "line" else geometry,
    }


def body(*features, header=HEADER, name="feed_info"):
    found = {"type": "FeatureCollection", "features": list(features)}
    return json.dumps(found | ({name: header} if header else {})).encode()


def parsed(make_feed, *features, **about):
    return wzdx.parse(body(*features, **about), make_feed("wzdx", "notice"), NOW)


def read(make_feed, content, memory=None, *, now=NOW, **options):
    feed = make_feed("wzdx", "notice", options=options)
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(200, content=content)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    found = poll(feed, client, memory or {}, now=now, limits=LIMITS)
    return found, asked


def test_a_road_event_becomes_a_notice(make_feed):
    found = parsed(make_feed, event())

    (notice,) = found.accepted
    assert notice.notice_id == "e1"
    assert notice.headline == "I-80, Main Street northbound: work zone, some lanes closed"
    assert (notice.severity, notice.event, notice.msg_type) == ("moderate", "work zone", "alert")
    assert notice.effective == datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    assert notice.expires == datetime(2026, 12, 20, 5, 0, tzinfo=UTC)
    assert notice.published_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert notice.geometry == "LINESTRING (-93.7 41.6, -93.8 41.7)"
    assert notice.area == "1st Avenue – 9th Avenue"
    assert found.published_at == datetime(2026, 11, 24, 11, 58, tzinfo=UTC)


def test_version_3_is_flat_and_has_another_header(make_feed):
    flat = event()
    flat["properties"] |= flat["properties"].pop("core_details")
    flat["properties"]["road_event_id"] = flat.pop("id")

    found = parsed(make_feed, flat, name="road_event_feed_info")

    assert found.accepted[0].headline.startswith("I-80, Main Street northbound")
    assert found.accepted[0].notice_id == "e1"
    assert found.published_at is not None


def test_version_2_has_one_road_and_an_id_with_a_part(make_feed):
    old = {
        "type": "Feature",
        "properties": {
            "road_event_id": "77",
            "subidentifier": "b",
            "road_name": "Elm Street",
            "direction": "undefined",
            "start_date": "2026-11-20T06:00:00",
            "start_date_verified": "estimated",
            "end_date_accuracy": "verified",
            "event_status": "active",
            "vehicle_impact": "all-lanes-closed",
        },
        "geometry": {"type": "MultiPoint", "coordinates": [[-93.7, 41.6]]},
    }
    feed = make_feed("wzdx", "notice", timezone="America/Chicago")

    (notice,) = wzdx.parse(body(old, name="road_event_feed_info"), feed, NOW).accepted

    assert notice.notice_id == "77:b"
    assert notice.headline == "Elm Street: work zone, all lanes closed"
    assert notice.effective.hour == 12  # naive, so Chicago's
    assert (notice.expires, notice.severity) == (None, "severe")
    assert notice.geometry == "POINT (-93.7 41.6)"


@pytest.mark.parametrize(
    ("impact", "severity"),
    [
        ("all-lanes-closed", "severe"),
        ("some-lanes-closed", "moderate"),
        ("some-lanes-closed-merge-left", "moderate"),
        ("some-lanes-closed-split", "moderate"),
        ("all-lanes-open", "minor"),
        ("all-lanes-open-shift-right", "minor"),
        ("alternating-one-way", "minor"),
        ("flagging", "minor"),
        ("temporary-traffic-signal", "minor"),
        ("unknown", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
    ],
)
def test_severity_follows_the_impact_on_vehicles(make_feed, impact, severity):
    assert parsed(make_feed, event(vehicle_impact=impact)).accepted[0].severity == severity


def test_without_roads_the_name_or_description_is_the_headline(make_feed):
    core = {"road_names": [], "description": "Bridge  works\non the river"}

    (notice,) = parsed(make_feed, event(core=core)).accepted

    assert notice.headline == "Bridge works on the river"


def test_what_is_over_is_kept_with_its_end_and_years_ahead_are_believed(make_feed):
    over = event("past", start_date="2010-01-01T06:00:00Z", end_date="2010-05-01T05:00:00Z")
    far = event("far", end_date="2041-01-01T00:00:00Z")

    found = parsed(make_feed, over, far)

    assert [one.expires.year for one in found.accepted] == [2010, 2041]
    assert found.rejected == []


def test_completed_and_cancelled_events_do_not_stand(make_feed):
    done = event("d", event_status="completed", core={"update_date": "2026-11-22T00:00:00Z"})
    off = event("c", event_status="cancelled")

    first, second = parsed(make_feed, done, off).accepted

    assert first.expires == datetime(2026, 11, 22, tzinfo=UTC)
    assert second.msg_type == "cancel"


def test_shapes_that_make_no_sense_cost_only_themselves(make_feed):
    bad = event("b", geometry={"type": "LineString", "coordinates": [["x", "y"]]})
    feet = event("f", geometry={"type": "Point", "coordinates": [5_000_000, 700_000]})

    found = parsed(make_feed, event("n", geometry=None), bad, feet)

    assert [one.geometry for one in found.accepted] == [None, None, None]
    assert [(one.line, one.field) for one in found.rejected] == [(2, "geometry"), (3, "geometry")]


def test_swapped_axes_stay_as_sent(make_feed):
    swapped = event(geometry={"type": "Point", "coordinates": [41.6, -93.7]})

    assert parsed(make_feed, swapped).accepted[0].geometry == "POINT (41.6 -93.7)"


@pytest.mark.parametrize(
    ("feature", "said"),
    [
        (event(start_date=None), "start_date is missing"),
        (event(start_date="soon"), "no ISO 8601 time"),
        (event(end_date="2026-11-19T00:00:00Z"), "before it begins"),
        (event(name=None), "id is missing"),
        (None, "AttributeError"),
        ([], "AttributeError"),
    ],
)
def test_events_that_make_no_sense_are_refused_and_the_others_kept(make_feed, feature, said):
    found = parsed(make_feed, event(), feature)

    assert len(found.accepted) == 1
    assert said in found.rejected[0].reason
    assert found.rejected[0].line == 2


def test_an_event_listed_twice_is_kept_once(make_feed):
    found = parsed(make_feed, event(), event(), event(vehicle_impact="all-lanes-open"))

    assert [one.severity for one in found.accepted] == ["moderate"]
    assert "listed twice" in found.rejected[0].reason


def test_a_feed_of_devices_is_told(make_feed):
    device = {
        "id": "d",
        "type": "Feature",
        "properties": {"core_details": {"device_type": "arrow-board", "device_status": "ok"}},
        "geometry": {"type": "Point", "coordinates": [-93.7, 41.6]},
    }

    with pytest.raises(ValueError, match="devices"):
        parsed(make_feed, device)
    assert "a device" in parsed(make_feed, event(), device).rejected[0].reason


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"features": []}', b'{"features": {}}', b"1"])
def test_what_is_no_feed_fails(make_feed, content):
    with pytest.raises(FeedError):
        read(make_feed, content)


def test_what_is_no_longer_listed_has_ended(make_feed):
    first, _ = read(make_feed, body(event("a"), event("b")))
    later = NOW + timedelta(minutes=5)

    second, _ = read(make_feed, body(event("b")), first.memory, now=later)
    third, _ = read(make_feed, body(), second.memory, now=later + timedelta(minutes=5))

    assert {one.notice_id: one.expires for one in second.parsed.accepted}["a"] == later
    assert [one.notice_id for one in third.parsed.accepted] == ["b"]


def test_what_was_over_already_does_not_end_again(make_feed):
    over = event("past", start_date="2010-01-01T06:00:00Z", end_date="2010-05-01T05:00:00Z")
    first, _ = read(make_feed, body(over, event("b")))

    second, _ = read(
        make_feed, body(event("b"), event("c")), first.memory, now=NOW + timedelta(hours=1)
    )

    assert [one.notice_id for one in second.parsed.accepted] == ["b", "c"]


def test_the_same_body_is_nothing_new(make_feed):
    first, _ = read(make_feed, body(event()))

    second, asked = read(make_feed, body(event()), first.memory, now=NOW + timedelta(minutes=2))

    assert second.not_modified
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("frequency", "after", "is_asked"),
    [
        (60, timedelta(seconds=30), False),
        (60, timedelta(seconds=60), True),
        (1e9, timedelta(minutes=59), False),
        (1e9, timedelta(hours=1), True),
        (None, timedelta(seconds=1), True),
        ("often", timedelta(seconds=1), True),
    ],
)
def test_a_feed_is_not_asked_more_often_than_it_changes(make_feed, frequency, after, is_asked):
    content = body(event(), header=HEADER | {"update_frequency": frequency})
    first, _ = read(make_feed, content)

    _, asked = read(make_feed, content, first.memory, now=NOW + after)

    assert bool(asked) is is_asked


@pytest.mark.parametrize("options", [{}, {"key_header": "X-Key"}, {"key_param": "apiKey"}])
def test_a_key_goes_where_the_pack_says(make_feed, monkeypatch, options):
    monkeypatch.setenv("ZONES", "key-1234")

    _, (asked,) = read(make_feed, body(event()), key="env:ZONES", **options)

    if "key_param" in options:
        assert asked.url.params["apiKey"] == "key-1234"
    else:
        assert asked.headers[options.get("key_header", "X-API-Key")] == "key-1234"
    assert problems(make_feed("wzdx", "notice", options={"key": "abcd"})) != []


def test_a_feed_may_be_pushed(make_feed):
    delivery = Delivery(feed_id="f1", body=body(event()), received_at=NOW)

    assert len(receive(make_feed("wzdx", "notice"), delivery).accepted) == 1


def test_refused_events_are_read_again(make_feed):
    refused = parsed(make_feed, event(), event("late", start_date="20.11.2026")).rejected
    mended = json.loads(refused[0].raw)
    mended["properties"]["start_date"] = "2026-11-20"
    (fixed,) = (
        one.__class__(feed_id="f1", line=one.line, reason="", raw=json.dumps(mended), at=one.at)
        for one in refused
    )
    feed = make_feed("wzdx", "notice")

    found = again(feed, [*refused, fixed], {}, now=NOW)

    assert [one.notice_id for one in found.accepted] == ["late"]
    assert [(one.line, "no ISO" in one.reason) for one in found.rejected] == [(2, True)]
