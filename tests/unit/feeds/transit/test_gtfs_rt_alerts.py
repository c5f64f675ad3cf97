"""Service alerts as notices: when they count, where they are, and how they end."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, again, gtfs_rt, poll
from feeds.gtfs_read import read_timetable

AT = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seconds(at):
    return int(at.timestamp())


def texts(*pairs):
    return {
        "translation": [{"text": t} | ({"language": lang} if lang else {}) for t, lang in pairs]
    }


def alert(name="a1", header="No service", **about):
    return {"id": name, "alert": {"header_text": texts((header, "en")), **about}}


def period(start=None, end=None):
    found = {"start": start, "end": end}
    return {name: seconds(at) for name, at in found.items() if at}


@pytest.fixture
def read(make_feed, make_zip, make_message):
    def parsed(*entities, known=True, **options):
        feed = make_feed("gtfs-rt", gives="notice", options=options)
        body = make_message(AT, *entities).SerializeToString()
        timetable = read_timetable(make_zip()) if known else None
        return gtfs_rt.parse(body, feed, AT + timedelta(seconds=5), timetable=timetable)

    return parsed


def test_an_alert_becomes_a_notice(read):
    (notice,) = read(
        alert(
            description_text=texts(("Long", "en")),
            url=texts(("https://a.example", "en")),
            cause=10,
            effect=3,
            active_period=[period(AT - HOUR, AT + HOUR)],
            informed_entity=[{"stop_id": "S1"}, {"stop_id": "S2"}, {"stop_id": "S2"}],
        )
    ).accepted

    assert notice.headline == "No service"
    assert notice.event == "significant delays, because of construction"
    assert (notice.severity, notice.status, notice.msg_type) == ("moderate", "actual", "alert")
    assert (notice.effective, notice.expires) == (AT - HOUR, AT + HOUR)
    assert notice.geometry == "MULTIPOINT ((-74.000000 40.700000), (-74.010000 40.710000))"
    assert notice.area == "First; Second"
    assert notice.url == "https://a.example"
    assert notice.published_at == AT
    assert notice.notice_id == "a1@2026-11-24T13:05:00Z"


PERIODS = [  # hours from now: of each period, and of the one that counts
    ([], (0, None)),
    ([(None, 1)], (0, 1)),
    ([(-1, None)], (-1, None)),
    ([(-3, -1), (1, 2)], (1, 2)),
    ([(5, None), (-1, 1)], (-1, 1)),
    ([(-4, -3), (-2, -1)], (-2, -1)),
]


def hours(pair):
    return [None if n is None else AT + n * HOUR for n in pair]


@pytest.mark.parametrize(("periods", "expected"), PERIODS)
def test_the_period_that_is_or_comes_next_counts(read, periods, expected):
    (notice,) = read(alert(active_period=[period(*hours(pair)) for pair in periods])).accepted

    assert [notice.effective, notice.expires] == hours(expected)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"severity_level": 4}, "severe"),
        ({"severity_level": 3, "effect": 1}, "moderate"),
        ({"severity_level": 2}, "minor"),
        ({"effect": 1}, "severe"),
        ({"effect": 4}, "moderate"),
        ({"effect": 6}, "minor"),
        ({"severity_level": 1, "effect": 8}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_severity_is_said_or_follows_from_the_effect(read, about, expected):
    assert read(alert(**about)).accepted[0].severity == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "Panne"), ("fr-CA", "Panne"), ("EN", "Broken"), ("de", "???"), (None, "???")],
)
def test_the_wanted_language_is_shown(read, language, expected):
    header = texts(("Broken", "en"), ("Panne", "fr"), ("???", None))

    (notice,) = read({"id": "a", "alert": {"header_text": header}}, language=language).accepted

    assert notice.headline == expected


def test_without_a_header_other_words_are_shown_without_mark_up(read):
    described = {"id": "a", "alert": {"description_text": texts(("<p>A &amp;  B</p>", "en"))}}
    bare = {"id": "b", "alert": {"effect": 9, "cause": 1}}
    nothing = {"id": "c", "alert": {}}

    found = [notice.headline for notice in read(described, bare, nothing).accepted]

    assert found == ["A & B", "stop moved", "Service alert"]


def test_routes_stand_at_their_stations(read):
    entities = [{"route_id": "R2"}, {"trip": {"trip_id": "X", "route_id": "R2"}}]

    (notice,) = read(alert(informed_entity=entities)).accepted

    assert notice.area == "2"
    assert notice.geometry.count("(-74.0") == 3


def test_without_a_timetable_the_place_is_in_words_only(read):
    (notice,) = read(alert(informed_entity=[{"route_id": "R2"}]), known=False).accepted

    assert (notice.geometry, notice.area) == (None, "R2")


def test_an_alert_of_the_whole_agency_has_no_place(read):
    (notice,) = read(alert(informed_entity=[{"agency_id": "A"}])).accepted

    assert (notice.geometry, notice.area) == (None, None)


def test_a_bad_alert_costs_itself_only(read):
    wrong = {"start": seconds(AT) * 1000}

    found = read(
        alert("a", active_period=[wrong]),
        alert("b", active_period=[period(AT + HOUR, AT)]),
        alert("c"),
        alert("c"),
        {"id": "d", "vehicle": {"timestamp": 1}},
    )

    assert [notice.notice_id.split("@")[0] for notice in found.accepted] == ["c"]
    assert [item.line for item in found.rejected] == [1, 2, 4]
    assert "POSIX" in found.rejected[0].reason
    assert "ends before it starts" in found.rejected[1].reason
    assert "stands in the feed twice" in found.rejected[2].reason


@pytest.fixture
def ask(make_feed, make_message, waits):
    def asked(memory, at, *entities, body=None):
        body = body or make_message(at, *entities).SerializeToString()
        client = httpx.Client(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        )
        feed = make_feed("gtfs-rt", gives="notice")
        return poll(feed, client, memory, now=at, limits=waits.limits())

    return asked


def test_an_alert_is_told_once_until_it_changes(ask):
    first = ask({}, AT, alert())
    second = ask(first.memory, AT + HOUR, alert())
    third = ask(second.memory, AT + 2 * HOUR, alert(header="Some service"))

    assert len(first.parsed.accepted) == 1
    assert second.parsed.accepted == []
    (changed,) = third.parsed.accepted
    assert changed.headline == "Some service"
    assert changed.notice_id == first.parsed.accepted[0].notice_id
    assert (changed.effective, changed.published_at) == (AT, AT + 2 * HOUR)


def test_an_alert_that_vanishes_is_cancelled_and_is_another_when_it_returns(ask):
    first = ask({}, AT, alert("a"), alert("b"))
    second = ask(first.memory, AT + HOUR, alert("b"))
    third = ask(second.memory, AT + 2 * HOUR, alert("a"), alert("b"))

    (gone,) = second.parsed.accepted
    (back,) = third.parsed.accepted
    assert (gone.msg_type, gone.notice_id, gone.expires) == (
        "cancel",
        first.parsed.accepted[0].notice_id,
        AT + HOUR,
    )
    assert back.msg_type == "alert"
    assert back.notice_id != gone.notice_id


def test_a_failed_poll_cancels_nothing(ask):
    first = ask({}, AT, alert())

    with pytest.raises(FeedError):
        ask(first.memory, AT + HOUR, body=b"<html>down</html>")


def test_an_alert_that_became_unreadable_is_not_cancelled(ask):
    first = ask({}, AT, alert())

    second = ask(first.memory, AT + HOUR, alert(active_period=[{"start": 1}]))

    assert second.parsed.accepted == []
    assert len(second.parsed.rejected) == 1


def test_the_next_period_is_told_when_the_first_is_over(ask):
    days = [period(AT - HOUR, AT + HOUR), period(AT + 23 * HOUR, AT + 25 * HOUR)]

    first = ask({}, AT, alert(active_period=days))
    second = ask(first.memory, AT + 2 * HOUR, alert(active_period=days))

    assert second.parsed.accepted[0].effective == AT + 23 * HOUR


def test_refused_alerts_are_read_again(ask, make_feed):
    first = ask({}, AT, alert(active_period=[{"start": 1}]))
    (reject,) = first.parsed.rejected
    mended = type(reject)(
        feed_id="f1",
        line=1,
        reason="",
        raw=reject.raw.replace('"start": "1"', f'"start": "{seconds(AT)}"'),
        at=AT,
        context=reject.context,
    )

    found = again(make_feed("gtfs-rt", gives="notice"), [mended], {}, now=AT + HOUR)

    assert [notice.effective for notice in found.accepted] == [AT]
