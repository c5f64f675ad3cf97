"""Requests of San Francisco and of the samples of other cities, in both forms of GeoReport."""

import json
from collections import Counter
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from feeds import open311, poll
from model import Case

pytestmark = pytest.mark.realdata


@pytest.fixture
def rows(records):
    (path,) = (records / "sf/311").iterdir()
    listed = json.loads(path.read_text(encoding="utf-8"))
    return [row["fields"] for row in listed if row["model"] == "dashboard.request"]


def as_xml(rows):
    """Write requests as XML, an empty element for what is missing."""
    cells = [
        "".join(
            f"<{k}>{escape(str(v))}</{k}>" if v is not None else f"<{k}/>" for k, v in row.items()
        )
        for row in rows
    ]
    inside = "".join(f"<request>{cell}</request>" for cell in cells)
    return f'\n<?xml version="1.0" encoding="utf-8"?><service_requests>{inside}</service_requests>'


def test_san_franciscos_requests_are_the_same_in_json_and_xml(make_feed, rows, now):
    feed = make_feed("open311", "case", timezone="America/Los_Angeles")

    one = open311.parse(json.dumps(rows).encode(), feed, now)
    other = open311.parse(as_xml(rows).encode(), feed, now)

    assert one == other
    assert (len(one.accepted), one.rejected) == (500, [])
    assert Counter(case.status for case in one.accepted) == {"closed": 371, "open": 129}
    assert sum(case.lat is not None for case in one.accepted) == sum(bool(r["lat"]) for r in rows)
    assert one.accepted[0] == Case(
        feed_id="f1",
        case_id="909923",
        opened_at=datetime(2011, 6, 28, 12, 14, tzinfo=UTC),
        fetched_at=now,
        status="closed",
        closed_at=datetime(2011, 7, 5, 12, 30, tzinfo=UTC),
        updated_at=datetime(2011, 7, 5, 12, 30, tzinfo=UTC),
        due_at=datetime(2011, 7, 7, 15, 30, tzinfo=UTC),
        service="Abandoned Vehicle",
        lat=37.744545,
        lon=-122.41436,
    )


def test_a_recording_is_read_from_its_file(make_feed, rows, now, tmp_path):
    (tmp_path / "requests.json").write_text(json.dumps(rows), encoding="utf-8")
    feed = make_feed("open311", "case", path=f"{tmp_path}/*.json")

    assert len(poll(feed, None, {}, now=now).parsed.accepted) == 500


@pytest.mark.parametrize(
    ("name", "case"),
    [
        (
            "cfa_service_requests.xml",
            Case(
                feed_id="f1",
                case_id="638344",
                opened_at=datetime(2010, 4, 14, 13, 37, 38, tzinfo=UTC),
                fetched_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
                status="closed",
                closed_at=datetime(2010, 4, 14, 13, 37, 38, tzinfo=UTC),
                updated_at=datetime(2010, 4, 14, 13, 37, 38, tzinfo=UTC),
                due_at=datetime(2010, 4, 15, 13, 37, 38, tzinfo=UTC),
                service="Sidewalk and Curb Issues",
                lat=37.762221815,
                lon=-122.4651145,
            ),
        ),
    ],
)
def test_winters_offset_in_april_is_distrusted_where_the_pack_says_so(
    make_feed, records, now, name, case
):
    body = (records / "wire/open311" / name).read_bytes()
    options = {"ignore_offset": True}
    feed = make_feed("open311", "case", timezone="America/Los_Angeles", options=options)

    assert open311.parse(body, feed, now).accepted[0] == case


def test_nobody_is_named(make_feed, records, now):
    for path in sorted((records / "wire/open311").iterdir()):
        try:
            found = open311.parse(path.read_bytes(), make_feed("open311", "case"), now)
        except ValueError:
            continue
        kept = " ".join(item.raw for item in found.rejected)
        assert not any(word in kept for word in ("description", "address", "account", "notice"))
