"""The list of feeds as CSV: whole, and harmless in a spreadsheet."""

import csv
import io
from dataclasses import replace

from callbacks import feedtable
from model import FeedState, Snapshot
from tests.unit.layouts.desk import montreal


def rows(shot: Snapshot, states: dict[str, FeedState] | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(feedtable.table(shot, states or {}))))


def test_every_feed_is_a_row_in_the_packs_order() -> None:
    shot = montreal.busy()

    found = rows(shot)

    assert [row["id"] for row in found] == [feed.id for feed in shot.feeds]
    traffic = next(row for row in found if row["id"] == "traffic")
    assert (traffic["state"], traffic["due_every_s"]) == ("STALE", "300")
    assert traffic["last_error"] == "HTTP 503 from the source, tried 3 times"
    assert int(traffic["accepted_24h"]) > 0


def test_hours_that_stand_beside_the_snapshot_are_counted() -> None:
    shot = montreal.busy()
    states = {feed.id: feed for feed in shot.feeds}
    bare = replace(shot, feeds=tuple(replace(feed, hours=()) for feed in shot.feeds))

    assert rows(bare, states) == rows(shot)
    assert rows(bare)[0]["accepted_24h"] == ""


def test_a_cell_is_no_formula_and_one_line() -> None:
    shot = montreal.busy()
    bad = replace(shot.feeds[0], last_error="=cmd|' /C calc'!A0", owner="a\nb\u202ec", name="@x")

    row = rows(replace(shot, feeds=(bad,)))[0]

    assert row["last_error"].startswith("'=")
    assert row["name"] == "'@x"
    assert row["owner"] == "a bc"
