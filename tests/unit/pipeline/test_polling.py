import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

import feeds
from feeds import FeedError
from pipeline.feedbook import FeedBook
from pipeline.leases import Leases
from pipeline.listening import Listening
from pipeline.polling import AGAIN_AFTER, Poller
from store import MemoryStore, StoreDown
from tests.unit.pipeline.toy import NOW, Toy, delivery, feed

AIR = feed(url="http://127.0.0.1/air")


class House:
    def __init__(self, store=None):
        self.store, self.now = store or MemoryStore(), [NOW]
        self.book = FeedBook([AIR])
        self.leases = Leases(self.store)
        self.poller = Poller((AIR,), self.store, self.book, None, self.clock, self.leases)

    def clock(self):
        return self.now[0]


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    made = Toy()
    kinds = {"toy": made.kind(), "ear": made.kind("ear", listen=made.listen)}
    monkeypatch.setattr(feeds, "KINDS", kinds)
    return made


@pytest.fixture
def house():
    return House()


def test_a_feed_that_another_process_asks_is_left_alone(house, toy):
    other = House(house.store)
    seen = []
    toy.during_poll = lambda: seen.append(other.poller.poll(AIR))

    house.poller.poll(AIR)

    assert seen == [AGAIN_AFTER]
    assert len(toy.polled) == 1
    assert other.book["air"].polls == ()
    assert house.poller.poll(AIR) == AIR.every, "the lease is given back"


def test_an_answer_that_came_after_the_lease_was_lost_is_thrown_away(house, toy):
    def lose():
        (held,) = house.leases._held
        held.lock.release()
        assert house.store.lock("feed:air") is not None

    toy.during_poll = lose

    assert house.poller.poll(AIR) == AGAIN_AFTER
    assert house.store.read_facts("w", block_ms=0) == []
    assert house.store.memory("air") == {}
    assert house.book["air"].polls == ()


def test_leases_are_renewed_while_a_poll_is_long(house, monkeypatch):
    monkeypatch.setattr("pipeline.leases.TTL", timedelta(milliseconds=150))
    monkeypatch.setattr("pipeline.leases.RENEW_EVERY_S", 0.03)
    stop = threading.Event()
    thread = threading.Thread(target=house.leases.run, args=(stop,))
    thread.start()

    with house.leases.hold("x") as held:
        free = threading.Event().wait(0.5) or house.store.lock("x")
        assert held.renew()
    stop.set()
    thread.join(5)

    assert not free


def test_trouble_of_the_store_is_no_failure_of_the_feed(house, monkeypatch):
    def down(*_, **__):
        raise StoreDown("away")

    monkeypatch.setattr(house.store, "lock", down)
    monkeypatch.setattr("pipeline.polling.strewn", lambda pause: pause)
    house.poller.start(NOW)
    with ThreadPoolExecutor(1) as pool:
        house.poller.submit_due(pool, NOW)

    assert house.book["air"].failures == 0
    assert house.book["air"].next_due_at == NOW + AGAIN_AFTER


def test_a_feed_that_breaks_costs_no_other_whatever_it_raises(house, toy, monkeypatch):
    bad, good = replace(AIR, id="bad"), replace(AIR, id="good")
    house.poller = Poller(
        (bad, good), house.store, FeedBook([bad, good]), None, house.clock, house.leases
    )
    polled = feeds.poll
    troubles = [
        FeedError("bad", "the body is larger than 50000000 bytes", permanent=True),
        MemoryError(),
        RecursionError("too deep"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
        AssertionError("a defect"),
    ]

    def broken(feed, *about, **more):
        if feed.id == "bad":
            raise troubles.pop()
        return polled(feed, *about, **more)

    monkeypatch.setattr(feeds, "poll", broken)
    while troubles:
        house.poller.start(house.clock())
        with ThreadPoolExecutor(1) as pool:
            house.poller.submit_due(pool, house.clock())
        house.now[0] += timedelta(minutes=20)

    assert house.poller.book["bad"].failures == 5
    assert house.poller.book["bad"].last_error
    assert (house.poller.book["good"].failures, len(toy.polled)) == (0, 5)


def test_how_long_the_answer_took_is_noted(house, toy):
    def slow():
        house.now[0] += timedelta(seconds=2.25)

    toy.during_poll = slow
    house.poller.poll(AIR)

    assert house.book["air"].answer_s == 2.25


def test_only_what_can_be_asked_is_polled(house):
    poller = Poller((feed("pushed"), AIR), house.store, house.book, None, house.clock, house.leases)
    poller.start(NOW)

    assert set(poller._due) == {"air"}


class Ears:
    def __init__(self, house, *heard):
        self.stop = threading.Event()
        self.listening = Listening(heard, house.store, house.book, house.clock, house.leases)

    def __enter__(self):
        self.listening.start(self.stop)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.listening.join(5)


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came about")


HEARD = replace(AIR, kind="ear", url=None)


def test_what_is_heard_is_kept_and_the_connection_ended_at_shutdown(house, toy):
    with Ears(house, HEARD):
        wait_for(lambda: toy.heard)
        toy.heard[0].deliver(delivery([{"v": 1}]))

    assert house.store.waiting()["air"].count == 1
    assert toy.stopped == 1
    assert house.store.lock("ear:air") is not None


def test_a_connection_that_breaks_and_stands_again_is_told(house, toy):
    with Ears(house, HEARD):
        wait_for(lambda: toy.heard)
        (ear,) = toy.heard
        ear.tell("the broker is away")
        broken = house.book["air"]
        house.book.answered(
            "air",
            now=NOW,
            accepted=1,
            rejected=0,
            newest=NOW,
            published_at=None,
            is_same=False,
            is_delivered=True,
        )
        still = house.book["air"]
        ear.tell(None)

    assert (broken.failures, broken.last_error) == (1, "the broker is away")
    assert (still.failures, still.last_error) == (1, "the broker is away")
    assert (house.book["air"].failures, house.book["air"].last_error) == (0, None)


def test_a_connection_that_cannot_be_begun_is_tried_again(house, toy, monkeypatch):
    monkeypatch.setattr("pipeline.listening.FIRST_WAIT_S", 0.01)
    toy.trouble = FeedError("air", "K is not set in the environment", permanent=True)
    with Ears(house, HEARD):
        wait_for(lambda: house.book["air"].failures >= 2)
        said = house.book["air"].last_error
        toy.trouble = None
        wait_for(lambda: toy.heard)

    assert said == "K is not set in the environment"


def test_a_defect_of_a_kind_costs_its_own_feed(house, toy, monkeypatch):
    monkeypatch.setattr("pipeline.listening.FIRST_WAIT_S", 0.01)
    toy.trouble = RuntimeError("a defect")
    with Ears(house, HEARD):
        wait_for(lambda: house.book["air"].failures >= 2)

    assert "a defect" in house.book["air"].last_error


def test_secrets_are_covered_in_what_a_connection_tells(house, toy, monkeypatch):
    monkeypatch.setenv("BROKER_KEY", "very-secret")
    with Ears(house, HEARD):
        wait_for(lambda: toy.heard)
        (ear,) = toy.heard
        secret = ear.secret("env:BROKER_KEY")
        ear.tell(f"refused {secret}")

    assert house.book["air"].last_error == "refused •••"


def test_only_one_process_listens(house, toy, monkeypatch):
    monkeypatch.setattr("pipeline.listening.NOT_OURS_S", 0.01)
    other = House(house.store)
    with Ears(house, HEARD):
        wait_for(lambda: toy.heard)
        with Ears(other, HEARD):
            threading.Event().wait(0.1)
            assert len(toy.heard) == 1
