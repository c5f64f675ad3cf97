"""CAP 1.0 to 1.2: single, indexed and wrapped; bodies written after the standard."""

from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, cap, poll

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def info(**about):
    fields = {
        "language": "en-CA",
        "event": "Flood",
        "severity": "Severe",
        "expires": "2026-11-25T12:00:00-05:00",
        "headline": "Flood warning",
    } | about
    inside = "".join(
        value if name == "area" else f"<{name}>{value}</{name}>"
        for name, value in fields.items()
        if value is not None
    )
    return f"<info>{inside}</info>"


def area(*shapes, name="Verdun"):
    return f"<area><areaDesc>{name}</areaDesc>{''.join(shapes)}</area>"


def alert(*infos, version="1.2", **about):
    fields = {
        "identifier": "A1",
        "sender": "civil@city.example",
        "sent": "2026-11-24T06:00:00-05:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    } | about
    inside = "".join(f"<{k}>{v}</{k}>" for k, v in fields.items() if v is not None)
    return (
        f'<alert xmlns="urn:oasis:names:tc:emergency:cap:{version}">'
        f"{inside}{''.join(infos or [info()])}</alert>"
    )


def parsed(make_feed, body, **options):
    raw = body if isinstance(body, bytes) else body.encode()
    return cap.parse(raw, make_feed("cap", "notice", options=options), NOW)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_an_alert_becomes_a_notice(make_feed, version):
    square = "<polygon>45.4,-73.6 45.5,-73.6 45.5,-73.5 45.4,-73.6</polygon>"

    (found,) = parsed(make_feed, alert(info(area=area(square)), version=version)).accepted

    assert found.notice_id == "civil@city.example,A1,2026-11-24T11:00:00Z"
    assert (found.headline, found.event, found.area) == ("Flood warning", "Flood", "Verdun")
    assert (found.severity, found.status, found.msg_type) == ("severe", "actual", "alert")
    assert found.effective == found.published_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert found.expires == datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert found.geometry == (
        "POLYGON ((-73.600000 45.400000, -73.600000 45.500000,"
        " -73.500000 45.500000, -73.600000 45.400000))"
    )


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_a_test_is_never_actual(make_feed, status):
    assert parsed(make_feed, alert(status=status)).accepted[0].status == status.lower()


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"status": "Real"}, "status 'Real' is none of"),
        ({"status": None}, "status is missing"),
        ({"msgType": "News"}, "msgType 'News' is none of"),
        ({"identifier": ""}, "identifier is missing"),
        ({"sender": None}, "sender is missing"),
        ({"sent": None}, "sent is missing"),
        ({"sent": "Tuesday"}, "no ISO 8601 time"),
    ],
)
def test_what_cannot_be_trusted_is_quarantined(make_feed, about, says):
    found = parsed(make_feed, f"<feed>{alert(**about)}{alert()}</feed>")

    assert len(found.accepted) == 1
    assert found.rejected[0].line == 1
    assert says in found.rejected[0].reason
    assert "<" in found.rejected[0].raw


def test_an_update_names_what_it_replaces_whatever_offset_it_writes(make_feed):
    references = "civil@city.example,A1,2026-11-24T11:00:00-00:00 other@x,B,nonsense"

    update = alert(identifier="A2", msgType="Update", references=references)

    assert parsed(make_feed, update).accepted[0].supersedes == (
        "civil@city.example,A1,2026-11-24T11:00:00Z",
    )


def test_a_cancel_needs_no_info(make_feed):
    body = alert(msgType="Cancel", references="a,b,2026-01-01T00:00:00Z").split("<info>")[0]

    (found,) = parsed(make_feed, body + "</alert>").accepted

    assert (found.msg_type, found.headline) == ("cancel", "Cancel A1")


def test_without_an_end_an_alert_counts_for_a_day_from_its_effect(make_feed):
    found = parsed(make_feed, alert(info(expires=None, effective="2026-11-24T10:00:00-05:00")))

    assert found.accepted[0].expires == datetime(2026, 11, 25, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "headline"), [(None, "Flood"), ("fr", "Crue"), ("fr-FR", "Crue"), ("de", "Flood")]
)
def test_the_wanted_language_is_taken_else_the_first(make_feed, language, headline):
    both = alert(info(headline="Flood"), info(headline="Crue", language="fr-CA"))
    options = {} if language is None else {"language": language}

    assert parsed(make_feed, both, **options).accepted[0].headline == headline


def test_blocks_of_one_language_are_joined_under_the_most_severe(make_feed):
    one = info(severity="Minor", area=area(name="A"), expires="2026-11-26T00:00:00Z", headline="m")
    two = info(severity="Extreme", area=area(name="B"), headline="e")

    (found,) = parsed(make_feed, alert(one, two)).accepted

    assert (found.severity, found.headline, found.area) == ("extreme", "e", "A; B")
    assert found.expires == datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shape", "start"),
    [
        (
            "<polygon>45,-73 46,-73 46,-72</polygon>",
            "POLYGON ((-73.000000 45.000000,",
        ),  # not closed
        ("<polygon>-118,34 -118,35 -117,35 -118,34</polygon>", "POLYGON ((-118.000000 34.000000,"),
        ("<circle>45,-73 10</circle>", "POLYGON (("),
        ("<circle>45,-73 0</circle>", "POLYGON (("),
        ("<polygon/><circle/>", None),
    ],
)
def test_shapes(make_feed, shape, start):
    (found,) = parsed(make_feed, alert(info(area=area(shape)))).accepted

    assert found.geometry is None if start is None else found.geometry.startswith(start)


def test_a_circle_is_as_wide_as_it_says(make_feed):
    (found,) = parsed(make_feed, alert(info(area=area("<circle>60,10 111.195</circle>")))).accepted
    points = [tuple(map(float, p.split())) for p in found.geometry[10:-2].split(", ")]

    assert max(lat for _, lat in points) == pytest.approx(61.0)
    assert max(lon for lon, _ in points) == pytest.approx(12.0)  # a degree is half as wide at 60°
    assert points[0] == points[-1]


@pytest.mark.parametrize("shape", ["<polygon>1,2 3,4</polygon>", "<polygon>a,b</polygon>"])
def test_a_senseless_shape_is_told_and_the_alert_stays(make_feed, shape):
    found = parsed(make_feed, alert(info(area=area(shape))))

    assert found.accepted[0].geometry is None
    assert found.rejected[0].reason.startswith("polygon: ")


def test_codes_name_districts_where_the_pack_says_so(make_feed):
    code = "<geocode><valueName>UGC</valueName><value>CAZ041</value></geocode>"

    found = parsed(make_feed, alert(info(area=area(code))), geocodes={"UGC:CAZ041": ["d1", "d2"]})

    assert found.accepted[0].districts == ("d1", "d2")


def test_latin_1_and_markup_in_texts(make_feed):
    body = alert(info(headline="Montr\xe9al &amp;lt;b&amp;gt; &lt;b&gt;now&lt;/b&gt;"))
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?>' + body

    for raw in (declared.encode("latin-1"), body.encode("latin-1")):
        assert parsed(make_feed, raw).accepted[0].headline.startswith("Montréal")
        assert "<" not in parsed(make_feed, raw).accepted[0].headline


def entry(name, *, updated="2026-11-24T11:00:00Z", link="/a1", content=""):
    return (
        f"<entry><id>{name}</id><updated>{updated}</updated>"
        f'<link href="{link}" type="application/cap+xml"/><content>{content}</content></entry>'
    )


def atom(*entries):
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'


def test_an_index_is_followed_and_each_message_fetched_once(make_feed, answering):
    answers = {
        "/feed": atom(entry("1"), entry("2", link="/a2")),
        "/a1": alert(),
        "/a2": alert(identifier="A2"),
    }
    client = answering(answers)
    feed = make_feed("cap", "notice")
    first = poll(feed, client, {}, now=NOW)
    client.asked.clear()
    answers["/feed"] = atom(entry("2", link="/a2"), entry("1", updated="2026-11-24T11:30:00Z"))

    second = poll(feed, client, first.memory, now=NOW)
    third = poll(feed, client, second.memory, now=NOW)

    assert len(first.parsed.accepted) == 2
    assert [r.url.path for r in client.asked] == ["/feed", "/a1", "/feed"]
    assert len(second.parsed.accepted) == 1
    assert third.not_modified


def test_messages_inside_an_index_need_no_fetching(make_feed, answering):
    client = answering({"/feed": atom(entry("1", content=alert()))})

    found = poll(make_feed("cap", "notice"), client, {}, now=NOW)

    assert len(found.parsed.accepted) == 1
    assert len(client.asked) == 1


def test_rss_links_are_followed_and_what_is_no_alert_is_told(make_feed, answering):
    items = "".join(
        f"<item><guid>{n}</guid><link>https://city.example/{n}</link></item>" for n in "ab"
    )
    client = answering(
        {"/feed": f"<rss><channel>{items}</channel></rss>", "/a": alert(), "/b": "<kml/>"}
    )

    found = poll(make_feed("cap", "notice"), client, {}, now=NOW)

    assert len(found.parsed.accepted) == 1
    assert "leads to no CAP message" in found.parsed.rejected[0].reason


def test_a_lost_message_is_asked_for_again_also_when_the_index_did_not_change(
    make_feed, answering, waits
):
    index = httpx.Response(
        200, text=atom(entry("1"), entry("2", link="/a2")), headers={"etag": "1"}
    )
    answers = {
        "/feed": lambda r: httpx.Response(304) if "if-none-match" in r.headers else index,
        "/a1": alert(),
        "/a2": lambda _: httpx.Response(503),
    }
    feed, client = make_feed("cap", "notice"), answering(answers)

    first = poll(feed, client, {}, now=NOW, limits=waits.limits())
    answers["/a2"] = alert(identifier="A2")
    second = poll(feed, client, first.memory, now=NOW, limits=waits.limits())
    third = poll(feed, client, second.memory, now=NOW, limits=waits.limits())

    assert "HTTP 503" in first.parsed.rejected[0].reason
    assert [n.notice_id.split(",")[1] for n in second.parsed.accepted] == ["A2"]
    assert third.not_modified


def test_when_no_message_can_be_had_the_poll_fails(make_feed, answering, waits):
    client = answering({"/feed": atom(entry("1")), "/a1": lambda _: httpx.Response(500)})

    with pytest.raises(FeedError, match="HTTP 500"):
        poll(make_feed("cap", "notice"), client, {}, now=NOW, limits=waits.limits())


def test_an_empty_index_is_good_news(make_feed, answering):
    updated = "<updated>2026-11-24T11:55:00Z</updated>"

    found = poll(make_feed("cap", "notice"), answering({"/feed": atom(updated)}), {}, now=NOW)

    assert (found.parsed.accepted, found.parsed.rejected) == ([], [])
    assert found.parsed.published_at == datetime(2026, 11, 24, 11, 55, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        alert()[:200],
        "<kml/>",
        "nothing here",
        '<!DOCTYPE alert [<!ENTITY x "y">]>' + alert(),
        '{"alert": 1}',
    ],
)
def test_what_is_no_cap_is_malformed(make_feed, answering, body):
    with pytest.raises(FeedError, match="malformed body") as caught:
        poll(make_feed("cap", "notice"), answering({"/feed": body}), {}, now=NOW)

    assert caught.value.permanent
