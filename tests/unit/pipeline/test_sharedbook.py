"""One book of feeds over several workers."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from model import Feed, FeedState, Quality
from pipeline.crew import Members
from pipeline.sharedbook import BookKeeping, SharedBook
from store import MemoryStore, StoreDown

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEEDS = tuple(
    Feed(id=name, kind="file", gives="observation", every=5 * MINUTE) for name in ("air", "rain")
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def keeping(store: MemoryStore) -> BookKeeping:
    made = BookKeeping(SharedBook(FEEDS), store)
    made.restore()
    return made


def answered(book: SharedBook, n: int, feed_id: str = "air", **more: object) -> bool:
    now = NOON + n * MINUTE
    values: dict[str, object] = {"accepted": 3, "rejected": 1, "newest": now, "is_same": False}
    return book.answered(feed_id, now=now, published_at=None, **(values | more))


def states(one: BookKeeping) -> dict[str, FeedState]:
    return one.book.by_id()


def test_what_one_books_the_others_book_too(store):
    here, there = keeping(store), keeping(store)
    took = timedelta(seconds=1.5)

    assert not answered(there.book, 1, took=took)
    assert there.book.failed("rain", "404", now=NOON, rejected=2)
    assert there.book.cut("air", "the line is broken", now=NOON)
    there.book.placed("air", matched=2, unmatched=1)
    there.book.replayed("air", now=NOON, accepted=4, newest=None)
    there.book.scheduled("air", NOON + 9 * MINUTE)
    there.tell()
    here.hear()

    assert states(here) == states(there)
    assert states(here)["air"].accepted == 7
    assert states(here)["rain"].last_error == "404"
    assert there.book.mended("air")
    there.tell()
    here.hear()
    assert states(here) == states(there)
    assert states(here)["air"].last_error is None


def test_a_change_that_is_made_of_another_is_told_once(store):
    here, there = keeping(store), keeping(store)

    there.book.cut("air", "broken", now=NOON)
    there.tell()
    here.hear()

    assert states(here)["air"].failures == 1


def test_feeds_that_others_ask_can_be_judged_here_and_those_before_our_time_cannot(store):
    there = keeping(store)
    answered(there.book, 1)
    there.tell()
    here = keeping(store)
    assert states(here)["air"].accepted == 3
    assert here.book.asked() == {}

    answered(there.book, 2, "rain")
    there.tell()
    here.hear()

    assert list(here.book.asked()) == ["rain"]


def test_a_newcomer_knows_what_was_saved_and_what_was_told_since_each_once(store):
    first, second = keeping(store), keeping(store)
    dice = random.Random(3)
    for n in range(60):
        one = dice.choice((first, second))
        answered(one.book, n, dice.choice(("air", "rain")))
        act = dice.choice((one.tell, first.hear, second.hear, first.save, second.save, len))
        if act is not len:
            act()
    for one in (first, second):
        one.tell()
    newcomer = keeping(store)
    for one in (first, second):
        one.hear()

    counts = {name: (s.accepted, s.rejected) for name, s in states(newcomer).items()}
    assert sum(accepted for accepted, _ in counts.values()) == 180
    for one in (first, second):
        assert {name: (s.accepted, s.rejected) for name, s in states(one).items()} == counts


def test_what_could_not_be_told_is_told_later_and_twice_is_once(store, monkeypatch):
    here, there = keeping(store), keeping(store)
    answered(there.book, 1)
    told = store.tell

    def tell_and_fail(*args: object) -> None:
        told(*args)
        raise StoreDown("no answer")

    monkeypatch.setattr(store, "tell", tell_and_fail)
    with pytest.raises(StoreDown):
        there.tell()
    monkeypatch.setattr(store, "tell", told)
    answered(there.book, 2)
    there.tell()
    here.hear()

    assert states(here)["air"].accepted == 6


def test_a_freeze_is_believed_over_alike_whoever_leads_next(store):
    here, there = keeping(store), keeping(store)
    answered(there.book, 0)
    there.tell()
    here.hear()
    for one in (here, there):
        one.book.age(NOON)
        one.book.age(NOON + 120 * MINUTE)
    assert states(here)["air"].state.is_frozen

    answered(there.book, 121)  # the first news after a freeze change nothing yet
    there.tell()
    here.hear()
    for one in (here, there):
        one.book.age(NOON + 121 * MINUTE)
    assert states(here)["air"].state is Quality.STALE
    assert states(there) == states(here)


def test_a_feed_that_left_the_pack_is_passed_over(store):
    there = BookKeeping(SharedBook((*FEEDS, replace(FEEDS[0], id="gone"))), store)
    there.restore()
    answered(there.book, 1, "gone")
    answered(there.book, 1)
    there.tell()

    assert states(keeping(store))["air"].accepted == 3


def test_a_feed_that_another_worker_asked_is_not_due_until_it_is_again(store):
    here, there = Members(store, "here"), Members(store, "there")
    here.asked("air", NOON + 5 * MINUTE)  # alone: nobody need know
    assert store.planned_poll("air") is None
    for one in (here, there, here):
        one.join(NOON)

    there.asked("air", NOON + 5 * MINUTE)

    assert here.pause("air", NOON + MINUTE, 20 * MINUTE) == 4 * MINUTE
    assert here.pause("air", NOON + 5 * MINUTE, 20 * MINUTE) is None
    assert here.pause("air", NOON - 60 * MINUTE, 20 * MINUTE) is None, "the clock was set back"
    assert there.pause("air", NOON + MINUTE, 20 * MINUTE) is None, "its own plan binds nobody"
    store.leave("there")
    here.beat()
    assert here.pause("air", NOON + MINUTE, 20 * MINUTE) is None, "who planned it is gone"
