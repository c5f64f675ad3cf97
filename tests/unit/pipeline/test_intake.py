import threading
from types import SimpleNamespace

import pytest

import feeds
from pipeline.feedbook import FeedBook
from pipeline.intake import Intake
from store import MemoryStore
from tests.unit.pipeline.toy import NOW, Toy, feed

PUSHED = feed("pushed", url=None, push_secret="env:PUSHED_KEY")


@pytest.fixture
def book(monkeypatch):
    kind = Toy().kind()
    monkeypatch.setattr(feeds, "KINDS", {"toy": kind})
    return FeedBook([PUSHED])


def start(book):
    stop = threading.Event()
    stop.set()
    rooms = SimpleNamespace(
        pack=SimpleNamespace(feeds=(PUSHED,)),
        store=MemoryStore(),
        history=None,
        client=None,
        clock=lambda: NOW,
    )
    intake = Intake(rooms, book, stop)
    intake.start(NOW, lambda _, __: None)
    intake.end(2.0)


def test_a_feed_whose_push_secret_is_not_set_says_so(book, monkeypatch):
    monkeypatch.delenv("PUSHED_KEY", raising=False)
    start(book)

    assert book["pushed"].last_error == "PUSHED_KEY is not set in the environment"

    monkeypatch.setenv("PUSHED_KEY", "s3cret-of-the-feed")
    start(book)

    assert book["pushed"].last_error is None


def test_another_error_of_a_pushed_feed_outlives_a_restart(book, monkeypatch):
    monkeypatch.setenv("PUSHED_KEY", "s3cret-of-the-feed")
    book.failed("pushed", "malformed body", now=NOW, is_delivered=True)
    start(book)

    assert book["pushed"].last_error == "malformed body"
