"""A watched folder as a story: waiting, reading, moving, and what happens in between."""

import csv
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from feeds import FeedError, folders, inbox, poll, problems
from feeds.file_options import Options

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
COLUMNS = {
    "site_id": "site",
    "observed_at": "at",
    "quantity": {"value": "speed"},
    "value": {"column": "v", "unit": "km/h"},
}
GOOD = "site,at,v\na,2026-11-24T11:00:00Z,1\n"
HALF = GOOD + "b,2026-11-24T11:00:00Z,=x\n"


class Desk:
    """Polls a folder every minute; what a poll gave is kept, unless told otherwise."""

    def __init__(self, folder, make_feed, **options):
        self.folder, self.now, self.memory = folder, NOW, {}
        self.feed = make_feed("file", path=str(folder), options={"columns": COLUMNS, **options})
        assert problems(self.feed) == []

    def drop(self, name, text=GOOD):
        (self.folder / name).write_text(text, encoding="utf-8")

    def poll(self, minutes=1, *, is_kept=True):
        self.now += timedelta(minutes=minutes)
        found = poll(self.feed, httpx.Client(), self.memory, now=self.now)
        if is_kept:
            self.memory = found.memory
        return found

    def names(self):
        every = self.folder.rglob("*")
        return sorted(str(path.relative_to(self.folder)) for path in every if path.is_file())


@pytest.fixture
def desk(tmp_path, make_feed):
    return Desk(tmp_path, make_feed)


def test_a_file_is_taken_when_it_stands_still_and_moved_when_its_facts_are_kept(desk):
    desk.drop("a.csv")

    assert desk.poll().not_modified
    assert desk.names() == ["a.csv"]
    taken = desk.poll()
    assert len(taken.parsed.accepted) == 1
    assert desk.names() == ["a.csv"]
    assert desk.poll().not_modified
    assert desk.names() == ["done/a.csv"]
    assert desk.poll().not_modified


def test_a_growing_file_waits(desk):
    desk.drop("a.csv", GOOD)
    desk.poll()
    for n in range(3):
        desk.drop("a.csv", GOOD + f"b,2026-11-24T11:00:00Z,{n}\n" * (n + 1))
        assert desk.poll().not_modified
    assert len(desk.poll().parsed.accepted) == 4


def test_the_wait_is_as_long_as_the_pack_says(tmp_path, make_feed):
    desk = Desk(tmp_path, make_feed, settle="150s")
    desk.drop("a.csv")

    assert [len(desk.poll().parsed.accepted) for _ in range(5)] == [0, 0, 0, 1, 0]


def test_a_crash_between_reading_and_keeping_loses_nothing(desk):
    desk.drop("a.csv", HALF)
    desk.poll()
    lost = desk.poll(is_kept=False)

    again = desk.poll()

    assert lost.parsed.accepted[0].key == again.parsed.accepted[0].key
    assert "a.csv" in desk.names()
    desk.poll()
    assert desk.names() == ["done/a.csv", "done/a.csv.rejects.csv"]


def test_a_crash_after_moving_is_no_matter(desk):
    desk.drop("a.csv")
    desk.poll()
    desk.poll()
    desk.poll(is_kept=False)  # it is moved, and nobody remembers

    assert desk.poll().not_modified
    assert desk.names() == ["done/a.csv"]


def test_refused_rows_stand_beside_the_file(desk):
    desk.drop("a.csv", HALF)
    for _ in range(3):
        desk.poll()

    assert desk.names() == ["done/a.csv", "done/a.csv.rejects.csv"]
    with (desk.folder / "done/a.csv.rejects.csv").open(newline="", encoding="utf-8") as lines:
        (row,) = csv.DictReader(lines)
    assert row == {
        "line": "3",
        "field": "value",
        "reason": "''=x' is no number",
        "raw": "b,2026-11-24T11:00:00Z,=x",
    } | {"reason": row["reason"]}
    assert "is no number" in row["reason"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("x,y\n1,2\n", "there are 'x', 'y'"),
        ("site,at,v\na,24/11/2026,1\n", "is the day first or the month?"),
        ("<html>", "an HTML page"),
    ],
)
def test_a_file_that_is_refused_goes_to_failed_with_the_reason(desk, text, reason):
    desk.drop("a b.csv", text)
    desk.poll()
    found = desk.poll()
    desk.poll()

    assert found.parsed.rejected[0].line == 0
    said = (desk.folder / "failed/a b.csv.reason.txt").read_text(encoding="utf-8")
    assert reason in said
    assert "Feed: f1" in said
    assert "2026-11-24 12:03:00 UTC" in said
    assert "move\nthe file back" in said
    assert (desk.folder / "failed/a b.csv").read_text() == text


def test_a_failed_file_is_read_again_when_it_is_moved_back(desk):
    desk.drop("a.csv", "x,y\n1,2\n")
    for _ in range(3):
        desk.poll()
    (desk.folder / "failed/a.csv").rename(desk.folder / "a.csv")
    desk.poll()

    assert len(desk.poll().parsed.rejected) == 1
    desk.poll()
    assert desk.names() == ["failed/a.csv", "failed/a.csv.reason.txt"]


def test_the_same_bytes_are_moved_and_not_read_again(desk):
    for name in ("a.csv", "b.csv", "a.csv"):
        desk.drop(name)
        found = [desk.poll() for _ in range(3)]
        if name == "b.csv":
            assert all(one.not_modified for one in found)

    assert desk.names() == ["done/a.20261124T120900Z.csv", "done/a.csv", "done/b.csv"]


def test_the_same_bytes_are_read_again_by_another_mapping(desk, make_feed):
    desk.drop("a.csv")
    for _ in range(3):
        desk.poll()
    other = Desk(desk.folder, make_feed, short_rows="blank")
    other.memory, other.now = desk.memory, desk.now
    (desk.folder / "done/a.csv").rename(desk.folder / "a.csv")
    other.poll()

    assert len(other.poll().parsed.accepted) == 1


def test_a_file_that_was_replaced_after_reading_is_read_too(desk):
    desk.drop("a.csv")
    desk.poll()
    desk.poll()
    desk.drop("a.csv", GOOD + "c,2026-11-24T11:00:00Z,3\n")

    assert desk.poll().not_modified
    assert len(desk.poll().parsed.accepted) == 2
    desk.poll()
    assert desk.names() == ["done/a.csv"]


def test_hidden_temporary_and_linked_files_and_folders_are_left_alone(desk, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text(GOOD)
    for name in (
        ".a.csv",
        "~$a.csv",
        ".~lock.a.csv#",
        "a.csv.part",
        "b.tmp",
        "Thumbs.db",
        "c.csv~",
    ):
        desk.drop(name)
    (desk.folder / "link.csv").symlink_to(outside)
    (desk.folder / "sub").mkdir()
    (desk.folder / "sub/x.csv").write_text(GOOD)
    before = desk.names()

    assert all(desk.poll().not_modified for _ in range(4))
    assert desk.names() == before


def test_only_matching_names_are_taken(tmp_path, make_feed):
    for desk in (
        Desk(tmp_path, make_feed, match="air-*.csv"),
        Desk(tmp_path / "air-*.csv", make_feed, watch=True),
    ):
        for name in ("air-1.csv", "water.csv"):
            (tmp_path / name).write_text(GOOD)
        for _ in range(3):
            desk.poll()
        assert (tmp_path / "water.csv").exists()
        assert not (tmp_path / "air-1.csv").exists()


def test_a_bad_file_costs_itself_only(desk):
    desk.drop("a.csv", "x")
    desk.drop("b.csv")
    desk.poll()
    found = desk.poll()
    desk.poll()

    assert len(found.parsed.accepted) == 1
    assert desk.names() == ["done/b.csv", "failed/a.csv", "failed/a.csv.reason.txt"]


def test_many_files_are_taken_in_turns(desk):
    for n in range(45):
        desk.drop(f"{n:02d}.csv", GOOD.replace("a,", f"s{n},"))

    counts = [len(desk.poll().parsed.accepted) for _ in range(6)]

    assert counts == [0, 20, 20, 5, 0, 0]
    assert len(desk.names()) == 45


def test_a_folder_that_cannot_be_written_is_told_once(desk):
    desk.drop("a.csv")
    desk.poll()
    desk.poll()
    (desk.folder / "done").symlink_to("elsewhere")

    told = desk.poll()

    assert "could not be moved to done/" in told.parsed.rejected[0].reason
    assert desk.poll().not_modified
    (desk.folder / "done").unlink()
    desk.poll()
    assert desk.names() == ["done/a.csv"]


def test_a_folder_that_is_missing_is_a_failure(tmp_path, make_feed):
    desk = Desk(tmp_path / "nowhere", make_feed, watch=True)

    with pytest.raises(FeedError, match="the folder 'nowhere' cannot be read") as caught:
        desk.poll()

    assert not caught.value.permanent


def test_a_large_file_is_refused_before_it_is_read(desk, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILE", 1_000_000)
    with (desk.folder / "a.csv").open("wb") as file:
        file.truncate(1_000_000_000)
    desk.poll()
    desk.poll()
    desk.poll()

    assert "a.csv is larger than 1 MB" in (desk.folder / "failed/a.csv.reason.txt").read_text()


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("/x", {"match": "a/*"}, "match: a pattern of names"),
        ("/a*/x", {"watch": True}, "only its last part"),
        (None, {"watch": True}, "no path to a folder"),
        ("/x", {"watch": True, "start": "2026-01-01", "step": "1h"}, "would begin at the same"),
    ],
)
def test_a_wrong_folder_is_told_before(make_feed, path, options, says):
    feed = make_feed("file", options={"columns": COLUMNS, **options}, path=path, url=None)

    assert says in "; ".join(problems(feed))


def test_a_folder_of_recordings_is_not_watched_when_the_pack_says_so(tmp_path, make_feed, now):
    (tmp_path / "a.csv").write_text(GOOD)
    options = {"columns": COLUMNS, "watch": False}
    feed = make_feed("file", path=f"{tmp_path}/*.csv", options=options)

    assert len(poll(feed, httpx.Client(), {}, now=now).parsed.accepted) == 1
    recording = make_feed("file", path=str(tmp_path), options={"columns": COLUMNS}, replay=True)
    assert len(poll(recording, httpx.Client(), {}, now=now).parsed.accepted) == 1
    assert not inbox.is_watched(recording, Options(columns=COLUMNS))
    assert (tmp_path / "a.csv").exists()


def test_links_out_of_a_patterns_folder_are_not_followed(tmp_path, make_feed, now):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.csv").write_text(GOOD)
    (tmp_path / "in/b.csv").symlink_to(tmp_path / "out.csv")
    feed = make_feed("file", path=f"{tmp_path}/in/*.csv", options={"columns": COLUMNS})

    with pytest.raises(FeedError, match="no file matches"):
        poll(feed, httpx.Client(), {}, now=now)
