"""Alerts of api.weather.gov as GeoJSON; bodies written after its documentation."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import FeedError, again, cap, cap_shapes, poll

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SQUARE = [[-118.0, 34.0], [-117.0, 34.0], [-117.0, 35.0], [-118.0, 35.0], [-118.0, 34.0]]
ZONE = "https://city.example/zones/forecast/CAZ041"


def alert(name="A1", geometry=None, **about):
    return {
        "id": f"https://api.weather.gov/alerts/{name}",
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "@id": f"https://api.weather.gov/alerts/{name}",
            "@type": "wx:Alert",
            "id": name,
            "areaDesc": "Los Angeles County; Malibu",
            "geocode": {"SAME": ["006037"], "UGC": ["CAZ041"]},
            "affectedZones": [],
            "references": [],
            "sent": "2026-11-24T02:00:00-08:00",
            "effective": "2026-11-24T02:00:00-08:00",
            "onset": "2026-11-24T10:00:00-08:00",
            "expires": "2026-11-24T18:00:00-08:00",
            "ends": "2026-11-26T10:00:00-08:00",
            "status": "Actual",
            "messageType": "Alert",
            "severity": "Severe",
            "event": "Flood Watch",
            "sender": "w-nws.webmaster@noaa.gov",
            "headline": "Flood Watch issued",
        }
        | about,
    }


def collection(*alerts, updated="2026-11-24T11:58:00+00:00"):
    return {"type": "FeatureCollection", "features": list(alerts), "updated": updated}


def notice_id(name="A1"):
    return f"w-nws.webmaster@noaa.gov,{name},2026-11-24T10:00:00Z"


@pytest.fixture
def feed(make_feed):
    return make_feed("cap", "notice", url="https://city.example/alerts/active?area=CA")


def parsed(feed, *alerts, **how):
    return cap.parse(json.dumps(collection(*alerts)).encode(), feed, NOW, **how)


def test_an_alert_lasts_as_long_as_its_event_and_not_as_its_text(feed):
    found = parsed(feed, alert(geometry={"type": "Polygon", "coordinates": [SQUARE]}))

    (one,) = found.accepted
    assert found.published_at == datetime(2026, 11, 24, 11, 58, tzinfo=UTC)
    assert one.notice_id == notice_id()
    assert one.expires == datetime(2026, 11, 26, 18, tzinfo=UTC)
    assert one.effective == one.published_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (one.severity, one.status, one.msg_type, one.event) == (
        "severe",
        "actual",
        "alert",
        "Flood Watch",
    )
    assert one.area == "Los Angeles County; Malibu"
    assert one.geometry.startswith("POLYGON ((-118.000000 34.000000, -117.000000 34.000000")
    assert one.url == "https://api.weather.gov/alerts/A1"


@pytest.mark.parametrize(
    ("about", "end", "is_assumed"),
    [
        ({"ends": None}, datetime(2026, 11, 25, 2, tzinfo=UTC), False),
        ({"ends": None, "expires": None}, datetime(2026, 11, 25, 10, tzinfo=UTC), True),
        (
            {
                "replacedBy": "https://api.weather.gov/alerts/A9",
                "replacedAt": "2026-11-24T03:00:00-08:00",
            },
            datetime(2026, 11, 24, 11, tzinfo=UTC),
            False,
        ),
    ],
)
def test_ends_of_other_alerts(feed, about, end, is_assumed):
    (found,) = parsed(feed, alert(**about)).accepted

    assert (found.expires, found.is_end_assumed) == (end, is_assumed)


def test_what_was_replaced_without_saying_when_is_over(feed):
    (found,) = parsed(feed, alert(replacedBy="https://api.weather.gov/alerts/A9")).accepted

    assert found.msg_type == "cancel"


def test_references_name_earlier_alerts_whatever_offset_they_write(feed):
    references = [
        {"sender": "s@x", "identifier": "A0", "sent": "2026-11-23T02:00:00-08:00"},
        {"sender": "s@x"},
        "nonsense",
        None,
    ]

    (found,) = parsed(feed, alert(messageType="Update", references=references)).accepted

    assert found.supersedes == ("s@x,A0,2026-11-23T10:00:00Z",)


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_a_test_is_never_actual(feed, status):
    assert parsed(feed, alert(status=status)).accepted[0].status == status.lower()


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (alert(sent=None), "sent is missing"),
        (alert(sender=None), "sender is missing"),
        (alert(id=""), "id is missing"),
        (alert(status="Real"), "status 'Real' is none of"),
        (alert(messageType="News"), "messageType 'News' is none of"),
        (alert(ends="never"), "no ISO 8601 time"),
        ({"properties": None}, "properties is missing"),
        (5, "no JSON object"),
        (None, "no JSON object"),
    ],
)
def test_a_bad_alert_costs_itself_only(feed, bad, says):
    found = parsed(feed, alert("A2"), bad)

    assert [one.notice_id for one in found.accepted] == [notice_id("A2")]
    assert (found.rejected[0].line, len(found.rejected)) == (2, 1)
    assert says in found.rejected[0].reason
    assert len(again(feed, found.rejected, {}, now=NOW).rejected) == 1


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "Polygon", "coordinates": [[["a", 2], [3, 4], [5, 6], [7, 8]]]},
        {"type": "Polygon", "coordinates": 7},
        {"type": "Polygon"},
        "here",
    ],
)
def test_a_senseless_shape_is_told_and_the_alert_stays(feed, geometry):
    found = parsed(feed, alert(geometry=geometry))

    assert found.accepted[0].geometry is None
    assert found.rejected[0].reason.startswith("geometry: ")


def test_refused_alerts_are_read_again(feed):
    (refused,) = parsed(feed, alert(status="Real")).rejected
    mended = refused.__class__(
        feed_id="f1", line=1, reason="", raw=refused.raw.replace("Real", "Actual"), at=NOW
    )

    assert again(feed, [mended], {}, now=NOW).accepted[0].notice_id == notice_id()


def zone(*rings, kind="Polygon"):
    coordinates = list(rings) if kind == "Polygon" else [[ring] for ring in rings]
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": {"@type": "wx:Zone"},
    }


def test_zones_are_asked_once_and_remembered_coarsely(feed, answering):
    coast = [[-118.0 + n / 1000, 34.0 + (n % 2) / 1e4] for n in range(1000)]
    island = [[-119.0, 33.0], [-118.999, 33.0], [-118.999, 33.001], [-119.0, 33.0]]
    ring = [*coast, [-117.0, 35.0], [-118.0, 35.0], coast[0]]
    answers = {
        "/alerts/active": collection(alert(affectedZones=[ZONE])),
        "/zones/forecast/CAZ041": zone(ring, island, kind="MultiPolygon"),
    }
    client = answering(answers)

    first = poll(feed, client, {}, now=NOW)
    second = poll(
        feed, client, json.loads(json.dumps(first.memory)), now=NOW + timedelta(minutes=1)
    )
    third = poll(feed, client, second.memory, now=NOW + timedelta(days=31))

    shape = first.parsed.accepted[0].geometry
    assert shape.startswith("POLYGON ((-118.0000 34.0000")
    assert shape.count(",") < 10
    assert second.parsed.accepted[0].geometry == third.parsed.accepted[0].geometry == shape
    assert [r.url.path for r in client.asked].count("/zones/forecast/CAZ041") == 2


def test_half_an_area_is_not_shown_and_zones_of_other_hosts_are_not_asked(feed, answering):
    foreign = "https://elsewhere.example/zones/X"
    gone = "https://city.example/zones/forecast/GONE"
    body = collection(alert(affectedZones=[ZONE, gone, foreign]))
    client = answering({"/alerts/active": body, "/zones/forecast/CAZ041": zone(SQUARE)})

    first = poll(feed, client, {}, now=NOW)
    client.asked.clear()
    second = poll(feed, client, first.memory, now=NOW)

    assert first.parsed.accepted[0].geometry is not None
    assert [
        "HTTP 404" in one.reason or "refused to ask elsewhere.example" in one.reason
        for one in first.parsed.rejected
    ] == [True, True]
    assert second.parsed.rejected == []
    assert [r.url.path for r in client.asked] == ["/alerts/active"]


def test_zones_that_fail_for_a_while_are_asked_again_though_the_list_is_the_same(
    feed, answering, waits
):
    answers = {
        "/alerts/active": lambda r: (
            httpx.Response(304)
            if "if-none-match" in r.headers
            else httpx.Response(
                200, json=collection(alert(affectedZones=[ZONE])), headers={"etag": "1"}
            )
        ),
        "/zones/forecast/CAZ041": lambda _: httpx.Response(503),
    }
    client = answering(answers)
    first = poll(feed, client, {}, now=NOW, limits=waits.limits())
    answers["/zones/forecast/CAZ041"] = zone(SQUARE)
    second = poll(feed, client, first.memory, now=NOW, limits=waits.limits())
    third = poll(feed, client, second.memory, now=NOW, limits=waits.limits())

    assert first.parsed.accepted[0].geometry is None
    assert second.parsed.accepted[0].geometry is not None
    assert third.not_modified


def test_no_more_than_forty_zones_are_asked_at_once(feed, answering):
    urls = [f"https://city.example/zones/forecast/{n}" for n in range(60)]
    answers = {f"/zones/forecast/{n}": zone(SQUARE) for n in range(60)}
    client = answering(answers | {"/alerts/active": collection(alert(affectedZones=urls))})

    first = poll(feed, client, {}, now=NOW)
    second = poll(feed, client, first.memory, now=NOW)

    assert first.parsed.accepted[0].geometry is None
    assert second.parsed.accepted[0].geometry is not None
    assert len(client.asked) == 62


def test_codes_find_districts_and_shapes_of_the_pack(make_feed, answering, tmp_path):
    path = tmp_path / "areas.json"
    path.write_text(
        json.dumps(
            {
                "features": [
                    {
                        "properties": {"UGC": "CAZ041"},
                        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
                    }
                ]
            }
        )
    )
    options = {"areas": str(path), "geocodes": {"UGC:CAZ041": ["d1"], "SAME:006037": ["d1", "d2"]}}
    feed = make_feed("cap", "notice", options=options)
    client = answering({"/feed": collection(alert(affectedZones=[ZONE]))})

    (found,) = poll(feed, client, {}, now=NOW).parsed.accepted

    assert found.geometry.startswith("POLYGON ((-118.0000 34.0000")
    assert found.districts == ("d1", "d2")
    assert len(client.asked) == 1


def story(feed, answering, *lists):
    """Return what every poll of a list said, as name and kind of message."""
    answers, memory, told = {}, {}, []
    client = answering(answers)
    for n, alerts in enumerate(lists):
        answers["/alerts/active"] = alerts if callable(alerts) else collection(*alerts)
        found = poll(feed, client, memory, now=NOW + timedelta(minutes=n))
        memory = json.loads(json.dumps(found.memory))
        told.append({one.notice_id.split(",")[1]: one.msg_type for one in found.parsed.accepted})
    return told


def test_what_leaves_the_list_is_over_once_two_polls_say_so(feed, answering):
    both, one = [alert(), alert("A2")], [alert("A2")]

    assert story(feed, answering, both, one, one, one) == [
        {"A1": "alert", "A2": "alert"},
        {"A2": "alert"},
        {"A2": "alert", "A1": "cancel"},
        {"A2": "alert"},
    ]
    assert (
        story(feed, answering, both, one, both, both)[1:]
        == [{"A2": "alert"}] + [{"A1": "alert", "A2": "alert"}] * 2
    )


def test_an_unchanged_list_confirms_too(feed, answering):
    def unchanged(request):
        assert "if-none-match" in request.headers
        return httpx.Response(304)

    def tagged(_):
        return httpx.Response(200, json=collection(), headers={"etag": "2"})

    told = story(feed, answering, [alert()], tagged, unchanged, unchanged)

    assert told == [{"A1": "alert"}, {}, {"A1": "cancel"}, {}]


def test_what_was_replaced_or_ran_out_needs_no_cancel(feed, answering):
    ended = alert(ends="2026-11-24T04:01:30-08:00")
    update = alert(
        "A2",
        messageType="Update",
        references=[
            {
                "sender": "w-nws.webmaster@noaa.gov",
                "identifier": "A3",
                "sent": "2026-11-24T02:00:00-08:00",
            }
        ],
    )

    told = story(feed, answering, [ended, alert("A3")], [update], [update], [update])

    assert told == [{"A1": "alert", "A3": "alert"}] + [{"A2": "update"}] * 3


def test_a_list_that_is_not_complete_says_nothing_by_leaving_out(make_feed, answering):
    feed = make_feed(
        "cap", "notice", url="https://city.example/alerts/active", options={"is_complete": False}
    )

    assert story(feed, answering, [alert()], [], []) == [{"A1": "alert"}, {}, {}]


def test_json_is_asked_for_beside_xml(feed, answering):
    client = answering({"/alerts/active": collection()})

    found = poll(feed, client, {}, now=NOW)

    assert "application/geo+json" in client.asked[0].headers["accept"]
    assert (found.parsed.accepted, found.parsed.rejected) == ([], [])
    assert found.parsed.published_at is not None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"type": "Feature", "properties": {"periods": []}}, "a forecast"),
        (collection({"properties": {"station": "x", "timestamp": "y"}}), "observations"),
        ([1], "nothing that is known"),
        ({"type": "FeatureCollection", "features": 3}, "nothing that is known"),
    ],
)
def test_what_holds_no_alerts_is_malformed(feed, answering, body, says):
    with pytest.raises(FeedError, match=says):
        poll(feed, answering({"/alerts/active": body}), {}, now=NOW)


def test_an_outline_that_is_all_corners_costs_little_and_keeps_few():
    zigzag = [[n / 1000, n % 2] for n in range(20_000)]
    shape = {"type": "Polygon", "coordinates": [[*zigzag, [0, 5], zigzag[0]]]}

    (found,) = cap_shapes.geojson(shape, 0.005)

    assert found.count(",") <= 1_001


@given(
    st.lists(
        st.tuples(st.floats(-179, 179), st.floats(-89, 89)), min_size=3, max_size=40, unique=True
    ),
    st.floats(0.001, 5),
)
def test_a_simplified_ring_is_closed_and_made_of_its_own_points(points, tolerance):
    ring = [(lat, lon) for lon, lat in points]
    ring = [*ring, ring[0]]

    found = cap_shapes._simple(ring, tolerance)

    assert found[0] == found[-1] == ring[0]
    assert 4 <= len(found) <= len(ring)
    assert set(found) <= set(ring)
