"""CAP 1.0 to 1.2: single, indexed and wrapped; bodies written after the standard."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from feeds import FeedError, again, cap, cap_areas, poll

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


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("winds &lt; 30 and gusts &gt; 50", "winds < 30 and gusts > 50"),
        ("stay &lt;b&gt;in&lt;/b&gt;&lt;br /&gt;now", "stay in now"),
        ("stay <b>in</b> now", "stay in now"),
        ("&amp;eacute;t&amp;eacute; &lt;!-- x --&gt;", "été"),
    ],
)
def test_markup_goes_and_signs_stay(make_feed, written, read):
    assert parsed(make_feed, alert(info(headline=written))).accepted[0].headline == read


def test_an_end_that_is_assumed_is_marked(make_feed):
    (assumed,) = parsed(make_feed, alert(info(expires=None))).accepted
    (said,) = parsed(make_feed, alert()).accepted

    assert (assumed.is_end_assumed, said.is_end_assumed) == (True, False)


def test_an_instruction_before_the_root_and_a_signature_do_no_harm(make_feed):
    signature = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Object><ds:info>no'
        "</ds:info></ds:Object></ds:Signature>"
    )
    body = '<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><!-- a -->' + alert().replace(
        "</alert>", signature + "</alert>"
    )

    assert parsed(make_feed, body).accepted[0].headline == "Flood warning"


def edxl(*messages, status="Actual"):
    wrapped = "".join(
        f"<contentObject><xmlContent><embeddedXMLContent>{one}</embeddedXMLContent></xmlContent>"
        "</contentObject>"
        for one in messages
    )
    return (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
        f"<distributionStatus>{status}</distributionStatus>{wrapped}</EDXLDistribution>"
    )


def test_an_envelope_holds_several_alerts(make_feed):
    found = parsed(make_feed, edxl(alert(), alert(identifier="A2"), alert(identifier="")))

    assert [one.notice_id.split(",")[1] for one in found.accepted] == ["A1", "A2"]
    assert [(one.line, one.reason) for one in found.rejected] == [(3, "identifier is missing")]


@pytest.mark.parametrize(
    ("envelope", "inside", "status"),
    [
        ("Exercise", "Actual", "exercise"),
        ("Test", "Actual", "test"),
        ("Actual", "Test", "test"),
        ("Exercise", "Draft", "draft"),
        ("Unheard-of", "Actual", "actual"),
    ],
)
def test_an_envelope_that_is_an_exercise_makes_exercises(make_feed, envelope, inside, status):
    (found,) = parsed(make_feed, edxl(alert(status=inside), status=envelope)).accepted

    assert found.status == status


def code(name, value):
    return f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"


SQUARE = [[-118.0, 34.0], [-117.0, 34.0], [-117.0, 35.0], [-118.0, 35.0], [-118.0, 34.0]]
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"UGC": "CAZ041", "FIPS": "06037"},
            "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        },
        {"type": "Feature", "id": "DE300", "properties": {}, "geometry": None},
    ],
}
TABLE = (
    "code,wkt\n"
    'CAZ041,"POLYGON ((-118 34, -117 34, -117 35, -118 35, -118 34))"\n'
    'EMMA_ID:FR075,"MULTIPOLYGON (((2 48, 3 48, 3 49, 2 48)), ((4 48, 5 48, 5 49, 4 48)))"\n'
)


@pytest.fixture(params=["geojson", "csv"])
def areas(request, tmp_path):
    path = tmp_path / f"areas.{request.param}"
    path.write_text(json.dumps(GEOJSON) if request.param == "geojson" else TABLE, encoding="utf-8")
    return str(path)


def test_codes_become_shapes_where_the_pack_has_a_file(make_feed, answering, areas):
    feed = make_feed("cap", "notice", options={"areas": areas})
    both = area(code("SAME", "006037"), code("UGC", "CAZ041"), name="Los Angeles")
    own = area("<polygon>45,-73 46,-73 46,-72 45,-73</polygon>", code("UGC", "CAZ041"), name="Own")
    body = f"<feed>{alert(info(area=both))}{alert(info(area=own), identifier='A2')}</feed>"

    first, second = poll(feed, answering({"/feed": body}), {}, now=NOW).parsed.accepted

    assert first.geometry.startswith("POLYGON ((-118.0000 34.0000")
    assert first.geometry.count("-118.0000 34.0000") == 2
    assert second.geometry.startswith("POLYGON ((-73.000000 45.000000")


def test_a_county_is_found_with_and_without_its_leading_digit_and_text_stays_where_none(
    make_feed, answering, tmp_path
):
    path = tmp_path / "areas.json"
    path.write_text(json.dumps(GEOJSON), encoding="utf-8")
    feed = make_feed("cap", "notice", options={"areas": str(path)})
    bodies = [
        alert(info(area=area(code("FIPS6", "006037 006059"), name="a"))),
        alert(info(area=area(code("UGC", "CAZ999"), name="b")), identifier="A2"),
    ]

    found = poll(feed, answering({"/feed": f"<feed>{''.join(bodies)}</feed>"}), {}, now=NOW)

    first, second = found.parsed.accepted
    assert first.geometry is not None
    assert (second.geometry, second.area) == (None, "b")


def test_a_code_with_several_shapes_has_them_all(tmp_path):
    (tmp_path / "a.csv").write_text(TABLE, encoding="utf-8")

    known = cap_areas.load(str(tmp_path / "a.csv"), "f1")

    assert len(cap_areas.found(known, "EMMA_ID", "FR075")) == 2


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (None, "No such file"),
        ("", "no area with a code"),
        ("code,wkt\nA,POINT (1 2)\n", "no POLYGON"),
        ('{"features": [{"properties": {"code": "A"}, "geometry": {"type": "Point"}}]}', "no area"),
        ("{", "Expecting"),
    ],
)
def test_a_file_of_areas_that_cannot_be_read_is_told(make_feed, answering, tmp_path, written, says):
    path = tmp_path / "areas.txt"
    if written is not None:
        path.write_text(written, encoding="utf-8")
    feed = make_feed("cap", "notice", options={"areas": str(path)})

    with pytest.raises(FeedError, match=says) as caught:
        poll(feed, answering({"/feed": alert()}), {}, now=NOW)

    assert caught.value.permanent
    assert "areas.txt" in caught.value.reason


def test_cap_1_0_writes_codes_with_an_equals_sign(make_feed):
    body = alert(info(area=area("<geocode>FIPS6=006037</geocode>")), version="1.0")

    assert parsed(make_feed, body, geocodes={"FIPS6:006037": ["d1"]}).accepted[0].districts == (
        "d1",
    )


def test_an_index_of_163_entries_costs_each_message_once(make_feed, answering):
    answers = {f"/m{n}": alert(identifier=f"A{n}") for n in range(163)}
    answers["/feed"] = atom(*(entry(str(n), link=f"/m{n}") for n in range(163)))
    client = answering(answers)

    first = poll(make_feed("cap", "notice"), client, {}, now=NOW)
    client.asked.clear()
    answers["/feed"] = atom(*(entry(str(n), link=f"/m{n}") for n in range(1, 163)))
    second = poll(make_feed("cap", "notice"), client, first.memory, now=NOW)

    assert len(first.parsed.accepted) == 163
    assert second.parsed.accepted == []
    assert [r.url.path for r in client.asked] == ["/feed"]


def test_entries_whose_link_is_refused_or_gone_are_named_and_not_asked_again(make_feed, answering):
    index = atom(
        entry("1"), entry("2", link="https://elsewhere.example/x"), entry("3", link="/gone")
    )
    client = answering({"/feed": index, "/a1": alert()})

    first = poll(make_feed("cap", "notice"), client, {}, now=NOW)
    client.asked.clear()
    poll(make_feed("cap", "notice"), client, first.memory, now=NOW)

    reasons = [one.reason for one in first.parsed.rejected]
    assert len(first.parsed.accepted) == 1
    assert "entry 2 " in reasons[0]
    assert "hosts = ['elsewhere.example']" in reasons[0]
    assert "entry 3 " in reasons[1]
    assert "HTTP 404" in reasons[1]
    assert [r.url.path for r in client.asked] == ["/feed"]


def test_a_message_that_cannot_be_had_five_times_is_given_up(make_feed, answering, waits):
    answers = {
        "/feed": lambda _: httpx.Response(200, text=atom(entry("1"), entry("2", link="/a2"))),
        "/a1": alert(),
        "/a2": "<html>try later</html>",
    }
    feed, client, memory, told = make_feed("cap", "notice"), answering(answers), {}, []

    for n in range(7):
        answers["/feed"] = atom(*(entry(name, link=f"/a{name}") for name in ("1", "2", f"new{n}")))
        answers[f"/anew{n}"] = alert(identifier=f"N{n}")
        found = poll(feed, client, memory, now=NOW, limits=waits.limits(attempts=1))
        memory = found.memory
        told.append([one.reason for one in found.parsed.rejected])

    assert [len(one) for one in told] == [1, 0, 0, 0, 1, 0, 0]
    assert "an HTML page" in told[4][0]


def test_an_entry_without_message_and_link_is_named_and_an_address_as_id_stands_in(
    make_feed, answering
):
    bare = "<entry><id>tag:x,1</id><title>Flood</title><content/></entry>"
    nameless = "<entry><title>Storm</title></entry>"
    by_id = "<entry><id>https://city.example/a1</id></entry>"
    client = answering({"/feed": atom(bare, nameless, by_id), "/a1": alert()})

    first = poll(make_feed("cap", "notice"), client, {}, now=NOW)
    second = poll(make_feed("cap", "notice"), client, first.memory, now=NOW)

    assert len(first.parsed.accepted) == 1
    assert [one.reason for one in first.parsed.rejected] == [
        "entry tag:x,1: it has neither message nor link",
        "entry Storm: it has neither message nor link",
    ]
    assert second.not_modified


def test_an_enclosure_of_rss_leads_to_the_message(make_feed, answering):
    item = (
        "<item><guid>1</guid><link>https://city.example/page.html</link>"
        '<enclosure url="https://city.example/a" type="application/cap+xml"/></item>'
    )
    client = answering({"/feed": f"<rss><channel>{item}</channel></rss>", "/a": alert()})

    assert len(poll(make_feed("cap", "notice"), client, {}, now=NOW).parsed.accepted) == 1


def test_refused_messages_are_read_again_when_mended(make_feed, answering):
    index = atom(entry("0", content=alert(status="Real")), entry("2", link="/gone"))
    feed = make_feed("cap", "notice")
    refused = poll(feed, answering({"/feed": index, "/gone": "<x/>"}), {}, now=NOW).parsed.rejected
    mended = [replace(one, raw=one.raw.replace("Real", "Actual")) for one in refused]

    assert [one.reason for one in again(feed, refused, {}, now=NOW).rejected] == [
        one.reason for one in refused
    ]
    found = again(feed, mended, {}, now=NOW)
    assert len(found.accepted) == 1
    assert len(found.rejected) == 1
