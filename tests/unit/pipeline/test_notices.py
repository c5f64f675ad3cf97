from dataclasses import replace
from datetime import UTC, datetime, timedelta

from model import Notice
from pipeline.notices import NoticeBoard

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLOOD = Notice(feed_id="cap", notice_id="a", headline="Flood", effective=NOW, fetched_at=NOW)


def ids(board: NoticeBoard) -> list[str]:
    return [notice.notice_id for notice in board.current()]


def test_an_update_replaces_what_it_names():
    board = NoticeBoard()

    board.take([FLOOD, replace(FLOOD, notice_id="b", msg_type="update", supersedes=("a",))])

    assert ids(board) == ["b"]


def test_a_cancel_removes_what_it_names_and_is_not_shown():
    board = NoticeBoard()

    board.take([FLOOD, replace(FLOOD, notice_id="b", msg_type="cancel", supersedes=("a",))])

    assert ids(board) == []


def test_a_cancel_that_arrives_first_still_counts():
    board = NoticeBoard()

    board.take([replace(FLOOD, notice_id="b", msg_type="cancel", supersedes=("a",))])
    board.take([FLOOD])

    assert ids(board) == []


def test_exercises_and_tests_never_reach_the_board():
    board = NoticeBoard()

    board.take([replace(FLOOD, status="exercise"), replace(FLOOD, notice_id="t", status="test")])

    assert ids(board) == []


def test_what_was_over_a_week_ago_is_forgotten_and_what_stands_is_not():
    board = NoticeBoard()
    over = replace(FLOOD, notice_id="over", expires=NOW + timedelta(hours=1))
    board.take([FLOOD, over, replace(FLOOD, notice_id="c", msg_type="cancel", supersedes=("x",))])

    board.forget(NOW + timedelta(days=6))
    within = ids(board)
    board.forget(NOW + timedelta(days=9))
    board.take([replace(FLOOD, notice_id="x")])

    assert within == ["a", "over"]
    assert ids(board) == ["a", "x"]
