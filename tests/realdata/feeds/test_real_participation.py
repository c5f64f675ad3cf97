"""Decide Madrid's proposals of 2024 and 2025, counted by other means."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from feeds import consul
from model import Observation

pytestmark = pytest.mark.realdata
AT = datetime(2025, 11, 8, 20, 0, tzinfo=UTC)
PATH = "madrid/participation/decide_madrid_proposals_latest.csv"
OPTIONS = {"format": "export", "date_format": "%d/%m/%Y", "back": "1000d"}


@pytest.fixture
def body(records):
    return (records / PATH).read_bytes()


def read(make_feed, body, **options):
    feed = make_feed("consul", "observation", options=OPTIONS | options, timezone="Europe/Madrid")
    return consul.parse(body, feed, AT)


def test_every_proposal_is_counted_on_its_day(make_feed, body):
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
    expected = Counter(row["created_at"] for row in rows)

    found = read(make_feed, body)

    assert found.rejected == []
    assert len(rows) == 2738
    days = {
        (o.observed_at + timedelta(hours=3)).strftime("%d/%m/%Y"): o.value for o in found.accepted
    }
    assert days == expected
    assert sum(days.values()) == 2738
    assert days["08/03/2025"] == 132


def test_the_first_fact_in_full(make_feed, body):
    assert read(make_feed, body).accepted[0] == Observation(
        feed_id="f1",
        site_id="proposals",
        quantity="proposals",
        value=4.0,
        unit="count",
        observed_at=datetime(2023, 12, 31, 23, tzinfo=UTC),
        fetched_at=AT,
    )


def test_only_the_days_asked_for_are_told(make_feed, body):
    found = read(make_feed, body, back="28d")

    assert min(o.observed_at for o in found.accepted) >= AT - timedelta(days=29)


def test_no_text_of_a_proposal_leaves_the_parser(make_feed, body):
    broken = body.replace(b'"01/01/2024"', b'"2024-01-01"', 3)

    found = read(make_feed, broken)

    assert len(found.rejected) == 3
    assert all(set(one.raw) and "descrip" not in one.raw for one in found.rejected)
    assert "Campamento" not in repr(found)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_an_export_that_is_cut_off_in_a_text_is_refused(make_feed, body, share):
    place = body.find(b'";"', int(share * len(body))) - 5

    with pytest.raises(ValueError, match=r"."):
        read(make_feed, body[:place])
