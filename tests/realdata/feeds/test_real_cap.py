"""Each file of the collection of alerts: accepted, followed, and the first record in full."""

from collections import Counter
from datetime import UTC, datetime

import httpx
import pytest

from feeds import cap, poll
from model import Notice

pytestmark = pytest.mark.realdata

GOLDEN = {  # messages in the file, links to follow
    "43b080713727.cap": (1, 0),
    "amber.atom": (1, 0),
    "australia.cap": (1, 0),
    "bushfire_valid.edxlde": (7, 0),
    "canada.cap": (1, 0),
    "earthquake-iso8859-1.cap": (1, 0),
    "earthquake.cap": (1, 0),
    "earthquake_signed.cap": (1, 0),
    "empty_weather_index.atom": (0, 0),
    "invalid_element.atom": (0, 1),
    "no_id.atom": (0, 1),
    "no_link.atom": (0, 1),
    "no_optional_fields.cap": (1, 0),
    "no_title.atom": (0, 1),
    "noaa_errors.cap": (1, 0),
    "oasis_amber_alert_cap12.xml": (1, 0),
    "wcatwc-warning.cap": (1, 0),
    "weather.atom": (1, 0),
    "weather.cap": (1, 0),
    "weather_index.atom": (0, 2),
}


def polled(make_feed, body, now):
    """Poll a server that has this document and nothing it links to."""
    transport = httpx.MockTransport(
        lambda request: (
            httpx.Response(200, content=body)
            if request.url.path == "/feed"
            else httpx.Response(404)
        )
    )
    with httpx.Client(transport=transport) as client:
        return poll(make_feed("cap", "notice", hosts=("*.weather.gov",)), client, {}, now=now)


def test_each_file_gives_its_messages_and_names_what_cannot_be_had(make_feed, records, now):
    paths = {path.name: path for path in (records / "wire/cap").rglob("*.*")}

    found = {name: polled(make_feed, path.read_bytes(), now).parsed for name, path in paths.items()}

    counted = {name: (len(one.accepted), len(one.rejected)) for name, one in found.items()}
    assert counted == GOLDEN
    lost = [one.reason for parsed in found.values() for one in parsed.rejected]
    assert all(one.startswith("entry ") for one in lost)
    assert Counter(one.rpartition(": ")[2] for one in lost) == {
        "it has neither message nor link": 2,
        "HTTP 404": 4,
    }


def test_a_message_of_the_standard_in_full(make_feed, records, now):
    body = (records / "wire/cap/oasis_amber_alert_cap12.xml").read_bytes()

    found = cap.parse(body, make_feed("cap", "notice"), now)

    sent = datetime(2003, 6, 12, 5, 39, tzinfo=UTC)
    assert found.rejected == []
    assert found.accepted == [
        Notice(
            feed_id="f1",
            notice_id="KARO@CLETS.DOJ.CA.GOV,KAR0-0306112239-SW,2003-06-12T05:39:00Z",
            headline="Amber Alert in Los Angeles County",
            effective=sent,
            fetched_at=now,
            severity="severe",
            event="Child Abduction",
            expires=datetime(2003, 6, 13, 5, 39, tzinfo=UTC),
            published_at=sent,
            area="Los Angeles County",
            is_end_assumed=True,
        )
    ]


def test_which_ends_are_assumed(make_feed, records, now):
    feed = make_feed("cap", "notice")
    notices = [
        notice
        for path in (records / "wire/cap").rglob("*.*")
        for notice in cap.parse(path.read_bytes(), feed, now).accepted
    ]

    assert len(notices) == 20
    assert sum(one.is_end_assumed for one in notices) == 4
    assert Counter(one.msg_type for one in notices) == {"alert": 18, "update": 2}
    assert sum(one.geometry is not None for one in notices) == 13


def test_a_signature_changes_nothing(make_feed, records, now):
    body = (records / "wire/cap/google/earthquake_signed.cap").read_bytes()

    (found,) = cap.parse(body, make_feed("cap", "notice"), now).accepted

    assert found.headline == "EQ 1.3 The Geysers, CA - PRELIMINARY REPORT"
    assert found.geometry.startswith("POLYGON ((-122.81")
