"""DATEX II situations, versions 2 and 3; documents written after the standard."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, Limits, again, datex2, poll, problems, receive
from model import Delivery

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LIMITS = Limits(sleep=lambda _: None)
POINT = """<groupOfLocations xsi:type="Point"><pointByCoordinates><pointCoordinates>
<latitude>60.17</latitude><longitude>24.94</longitude></pointCoordinates></pointByCoordinates>
</groupOfLocations>"""
COMMENT = """<generalPublicComment><comment><values>
<value lang="fi">Tie 3, Pirkkala.
  Jono.</value><value lang="en">Road 3, Pirkkala.
  Queue.</value></values></comment></generalPublicComment>"""


def record(name="r1", kind="Accident", place=POINT, comment=COMMENT, **about):
    known = {
        "version": "1",
        "status": "active",
        "start": "2026-11-24T10:00:00+02:00",
        "end": "",
        "severity": "high",
        "more": "",
    } | about
    end = f"<overallEndTime>{known['end']}</overallEndTime>" if known["end"] else ""
    return f"""<situationRecord id="{name}" version="{known["version"]}" xsi:type="{kind}">
<situationRecordCreationTime>2026-11-24T08:00:00Z</situationRecordCreationTime>
<situationRecordVersionTime>2026-11-24T09:30:00Z
</situationRecordVersionTime>
<probabilityOfOccurrence>certain</probabilityOfOccurrence>
<severity>{known["severity"]}</severity>
<validity><validityStatus>{known["status"]}</validityStatus><validityTimeSpecification>
<overallStartTime>{known["start"]}</overallStartTime>{end}
</validityTimeSpecification></validity>{comment}{place}<accidentType>earlierAccident</accidentType>
{known["more"]}</situationRecord>"""


def situation(*records, name="s1", confidentiality="noRestriction", status="real"):
    return f"""<situation id="{name}" version="1"><headerInformation>
<confidentiality>{confidentiality}</confidentiality>
<informationStatus>{status}</informationStatus></headerInformation>{"".join(records)}</situation>"""


def document(*situations, exchange="", kind="SituationPublication"):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><exchange>{exchange}</exchange>
<payloadPublication lang="fi" xsi:type="{kind}"><publicationTime>
2026-11-24T11:59:00Z</publicationTime>{"".join(situations)}</payloadPublication>
</d2LogicalModel>""".encode()


V3 = """<?xml version="1.0"?><mc:messageContainer xmlns:mc="http://datex2.eu/schema/3/messageContainer"
 xmlns:sit="http://datex2.eu/schema/3/situation" xmlns:com="http://datex2.eu/schema/3/common"
 xmlns:loc="http://datex2.eu/schema/3/locationReferencing"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<mc:payload lang="de" xsi:type="sit:SituationPublication">
<com:publicationTime>2026-11-24T11:59:00Z</com:publicationTime>
<sit:situation id="s9"><sit:overallSeverity>highest</sit:overallSeverity>
<sit:headerInformation><com:informationStatus>technicalExercise</com:informationStatus>
</sit:headerInformation>
<sit:situationRecord id="r9" version="2" xsi:type="sit:MaintenanceWorks">
<sit:situationRecordVersionTime>2026-11-24T09:30:00Z</sit:situationRecordVersionTime>
<sit:validity><com:validityStatus>definedByValidityTimeSpec</com:validityStatus>
<com:validityTimeSpecification><com:overallStartTime>2026-11-24T08:00:00Z</com:overallStartTime>
<com:overallEndTime>2026-11-25T08:00:00Z</com:overallEndTime></com:validityTimeSpecification>
</sit:validity>
<sit:locationReference xsi:type="loc:LinearLocation">
<loc:gmlLineString srsName="EPSG:4326"><loc:posList>52.10 5.20 52.11 5.21</loc:posList>
</loc:gmlLineString><loc:roadInformation><loc:roadNumber>A28</loc:roadNumber>
</loc:roadInformation></sit:locationReference>
<sit:roadMaintenanceType>resurfacingWork</sit:roadMaintenanceType>
</sit:situationRecord></sit:situation></mc:payload></mc:messageContainer>"""


def parsed(make_feed, *situations, **options):
    feed = make_feed("datex2", "notice", options=options)
    return datex2.parse(document(*situations), feed, NOW)


def one(make_feed, made=None, **options):
    found = parsed(make_feed, situation(made or record()), **options)
    (notice,) = found.accepted
    return notice


def read(make_feed, body, memory=None, *, now=NOW, **options):
    feed = make_feed("datex2", "notice", options=options)
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    )
    return poll(feed, client, memory or {}, now=now, limits=LIMITS)


def test_a_record_becomes_a_notice(make_feed):
    found = parsed(make_feed, situation(record()))

    (notice,) = found.accepted
    assert notice.notice_id == "s1/r1"
    assert notice.headline == "Tie 3, Pirkkala."
    assert (notice.severity, notice.event, notice.status) == ("severe", "accident", "actual")
    assert notice.effective == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert notice.published_at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert (notice.geometry, notice.expires) == ("POINT (24.94 60.17)", None)
    assert found.published_at == datetime(2026, 11, 24, 11, 59, tzinfo=UTC)


def test_version_3_in_a_message_container_is_read_alike(make_feed):
    (notice,) = datex2.parse(V3.encode(), make_feed("datex2", "notice"), NOW).accepted

    assert notice.notice_id == "s9/r9"
    assert notice.headline == "maintenance works, resurfacing work: A28"
    assert (notice.severity, notice.status, notice.area) == ("extreme", "exercise", "A28")
    assert notice.geometry == "LINESTRING (5.2 52.1, 5.21 52.11)"


def test_the_language_of_the_pack_is_chosen(make_feed):
    assert one(make_feed, language="en").headline == "Road 3, Pirkkala."
    assert one(make_feed, language="sv").headline == "Tie 3, Pirkkala."


def test_records_without_a_comment_say_what_they_are_and_of_what(make_feed):
    found = parsed(make_feed, situation(record(), record("r2", comment="", place="")))

    assert found.accepted[1].headline == "accident, earlier accident: Tie 3, Pirkkala."


def test_internal_notes_are_not_shown(make_feed):
    note = COMMENT.replace("</comment>", "</comment><commentType>internalNote</commentType>")

    assert one(make_feed, record(comment=note)).headline == "accident, earlier accident"


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("highest", "extreme"),
        ("high", "severe"),
        ("medium", "moderate"),
        ("low", "minor"),
        ("lowest", "minor"),
        ("none", "minor"),
        ("unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_severities_are_translated(make_feed, said, severity):
    assert one(make_feed, record(severity=said)).severity == severity


def test_of_several_versions_the_highest_stays(make_feed):
    first = situation(record(version="10", severity="low"))
    second = situation(record(version="9", severity="high"))

    assert [n.severity for n in parsed(make_feed, first, second).accepted] == ["minor"]


def test_a_suspended_record_does_not_stand_and_may_come_back(make_feed):
    notice = one(make_feed, record(status="suspended", end="2026-12-01T00:00:00Z"))

    assert (notice.msg_type, notice.expires) == (
        "update",
        datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", ["end", "cancel"])
def test_the_end_of_a_life_cycle_cancels(make_feed, name):
    cycle = (
        f"<management><lifeCycleManagement><{name}>true</{name}></lifeCycleManagement></management>"
    )

    assert one(make_feed, record(more=cycle)).msg_type == "cancel"


def test_what_overruns_has_no_end(make_feed):
    late = record(end="2026-11-24T10:00:00Z").replace(
        "</validityStatus>", "</validityStatus><overrunning>true</overrunning>"
    )

    assert one(make_feed, late).expires is None


def test_an_end_that_is_no_time_is_refused_alone(make_feed):
    found = parsed(make_feed, situation(record(end="PLACEHOLDER")))

    assert (len(found.accepted), found.accepted[0].expires) == (1, None)
    assert [(r.line, r.field) for r in found.rejected] == [(1, "overallEndTime")]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (record(start="soon"), "no ISO 8601 time"),
        (record(end="2026-11-23T00:00:00Z"), "before it begins"),
        (record(name=""), "without an id"),
    ],
)
def test_records_that_make_no_sense_are_refused_and_the_others_kept(make_feed, bad, said):
    found = parsed(make_feed, situation(bad, record("good")))

    assert [n.notice_id for n in found.accepted] == ["s1/good"]
    assert said in found.rejected[0].reason


def test_what_is_restricted_is_neither_shown_nor_kept(make_feed):
    secret = situation(record(), confidentiality="restrictedToAuthorities")

    hidden = parsed(make_feed, secret)
    shown = parsed(make_feed, secret, audience=["restrictedToAuthorities"])

    assert hidden.accepted == []
    assert "restrictedToAuthorities" in hidden.rejected[0].reason
    assert "Pirkkala" not in hidden.rejected[0].raw
    assert len(shown.accepted) == 1


def test_a_record_may_overrule_the_confidentiality_of_its_situation(make_feed):
    tag = "<confidentialityOverride>internalUse</confidentialityOverride>"

    found = parsed(make_feed, situation(record(), record("r2", more=tag)))

    assert [n.notice_id for n in found.accepted] == ["s1/r1"]


def test_an_audience_that_does_not_exist_is_refused(make_feed):
    feed = make_feed("datex2", "notice", options={"audience": ["everybody"]})

    assert "audience" in problems(feed)[0]


def test_a_snapshot_ends_what_it_no_longer_holds(make_feed):
    both = document(situation(record(), record("r2")))
    first = read(make_feed, both)
    later = NOW + timedelta(minutes=5)

    second = read(make_feed, document(situation(record())), first.memory, now=later)
    third = read(make_feed, document(), second.memory, now=later + timedelta(minutes=5))

    told = {n.notice_id: n.expires for n in second.parsed.accepted}
    assert told == {"s1/r1": None, "s1/r2": later}
    assert [n.notice_id for n in third.parsed.accepted] == ["s1/r1"]


def test_a_change_alone_ends_only_what_it_names(make_feed):
    change = "<subscription><updateMethod>singleElementUpdate</updateMethod></subscription>"
    cycle = "<management><lifeCycleManagement><end>true</end></lifeCycleManagement></management>"
    first = read(make_feed, document(situation(record(), record("r2"))))

    second = read(make_feed, document(situation(record(more=cycle)), exchange=change), first.memory)
    third = read(make_feed, document(), second.memory, now=NOW + timedelta(minutes=5))

    assert [n.msg_type for n in second.parsed.accepted] == ["cancel"]
    assert [n.notice_id for n in third.parsed.accepted] == ["s1/r2"]


def test_a_sign_of_life_ends_nothing(make_feed):
    first = read(make_feed, document(situation(record())))
    alive = (
        b'<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0"><exchange>'
        b"<keepAlive>true</keepAlive></exchange></d2LogicalModel>"
    )

    second = read(make_feed, alive, first.memory)

    assert second.parsed.accepted == []
    assert list(second.memory["datex2"]["standing"]) == ["s1/r1"]


def test_the_same_document_is_nothing_new(make_feed):
    first = read(make_feed, document(situation(record())))

    assert read(make_feed, document(situation(record())), first.memory).not_modified


def test_a_supplier_may_push_in_a_soap_envelope(make_feed):
    inner = document(situation(record())).partition(b"?>")[2]
    body = b'<s:Envelope xmlns:s="urn:soap"><s:Body>' + inner + b"</s:Body></s:Envelope>"
    delivery = Delivery(feed_id="f1", body=body, received_at=NOW)

    assert len(receive(make_feed("datex2", "notice"), delivery).accepted) == 1


def test_a_line_that_crosses_the_box_between_two_corners_is_kept(make_feed):
    across = """<groupOfLocations xsi:type="Linear"><gmlLineString>
<posList>60.5 20 60.5 30</posList></gmlLineString></groupOfLocations>"""

    found = parsed(make_feed, situation(record(place=across)), box=[24.0, 60.0, 25.0, 61.0])

    assert len(found.accepted) == 1


def test_what_lies_elsewhere_is_left_out(make_feed):
    nowhere = record("r3", place="", comment="")
    inside = situation(record(), nowhere, record("r2", place=POINT.replace("60.17", "65.0")))

    boxed = parsed(make_feed, inside, box=[24.0, 60.0, 25.0, 61.0])
    named = parsed(make_feed, inside, areas=["PIRKKALA"])

    assert [n.notice_id for n in boxed.accepted] == ["s1/r1"]
    assert boxed.skipped == {"elsewhere": 2}
    assert len(named.accepted) == 3
    feed = make_feed("datex2", "notice", options={"box": [25, 60, 24, 61]})
    assert "west, south" in problems(feed)[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("declared", ["UTF-8", "ISO-8859-1", None])
def test_any_encoding_is_read_whatever_is_declared(make_feed, encoding, declared):
    text = document(situation(record(comment=COMMENT.replace("Pirkkala", "Äänekoski")))).decode()
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (head + text.partition("?>")[2]).encode(encoding)

    (notice,) = datex2.parse(body, make_feed("datex2", "notice"), NOW).accepted

    assert notice.headline == "Tie 3, Äänekoski."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"no xml",
        b"<rss/>",
        b"<d2LogicalModel>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><d2LogicalModel/>',
        b"<d2LogicalModel>" + b"<a>" * 5000,
        b"\x1f\x8b\x08broken",
    ],
)
def test_what_is_no_publication_is_malformed(make_feed, body):
    with pytest.raises(ValueError, match=r"XML|DATEX|too|deep|gzip|DTD"):
        datex2.parse(body, make_feed("datex2", "notice"), NOW)


def test_a_document_cut_off_anywhere_fails(make_feed):
    body = document(situation(record()))
    for end in range(0, len(body.rstrip()) - 1, 17):
        with pytest.raises(FeedError):
            read(make_feed, body[:end])


def test_a_long_document_takes_little_more_room_than_itself(make_feed):
    body = document(*(situation(record(), name=f"s{n}") for n in range(2_000)))
    feed = make_feed("datex2", "notice", options={"box": [0, 0, 1, 1]})

    tracemalloc.start()
    found = datex2.parse(body, feed, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.skipped == {"elsewhere": 2_000}
    assert peak < 2 * len(body)


def test_measurements_in_a_feed_of_notices_are_told(make_feed):
    feed = make_feed("datex2", "notice")

    with pytest.raises(ValueError, match="MeasuredDataPublication: this feed gives notices"):
        datex2.parse(document(kind="MeasuredDataPublication"), feed, NOW)


def test_refused_records_are_read_again(make_feed):
    (refused,) = parsed(
        make_feed, situation(record(), record("r2", start="24.11.2026", comment=""))
    ).rejected
    mended = replace(refused, raw=refused.raw.replace("24.11.2026", "2026-11-24T08:00:00Z"))
    cut = replace(refused, raw=refused.raw[:200])

    found = again(make_feed("datex2", "notice"), [refused, mended, cut], {}, now=NOW)

    assert [(n.notice_id, n.headline) for n in found.accepted] == [
        ("s1/r2", "accident, earlier accident: Tie 3, Pirkkala.")
    ]
    assert [r.line for r in found.rejected] == [2, 2]
