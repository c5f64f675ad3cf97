import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

import feeds
from model import Quality
from pipeline import inbox
from pipeline.feedbook import FeedBook
from pipeline.inbox import LeaseLostError, Postman
from pipeline.leases import Leases
from store import MemoryStore, StoreDown
from tests.unit.pipeline.toy import NOW, Toy, delivery, feed

AIR, RIVER = feed(), feed("river")


class House:
    def __init__(self, *known):
        self.store, self.now = MemoryStore(), [NOW]
        self.book = FeedBook(known)
        self.leases = Leases(self.store)
        self.postman = Postman(
            {one.id: one for one in known}, self.store, self.book, lambda: self.now[0], self.leases
        )

    def step(self):
        with self.leases.hold("inbox") as lease:
            return self.postman.step(lease, block_ms=0)

    def facts(self):
        return [fact for _, fact in self.store.read_facts("w", block_ms=0)]

    def values(self, feed_id="air"):
        return [fact.value for fact in self.facts() if fact.feed_id == feed_id]

    def reasons(self, feed_id="air"):
        return [one.reject.reason for one in self.store.quarantine(feed_id).items]


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    made = Toy()
    monkeypatch.setattr(feeds, "KINDS", {"toy": made.kind()})
    return made


@pytest.fixture
def house():
    return House(AIR, RIVER)


def rows(*values, **more):
    return [{"v": value, "s": str(n), **more} for n, value in enumerate(values)]


def test_what_was_pushed_is_admitted_in_order_and_then_dropped(house):
    house.store.deliver(delivery(rows(1)))
    house.store.deliver(delivery(rows(2, at="2026-03-01T11:59:00Z")))

    assert house.step()

    assert house.values() == [1.0, 2.0]
    assert house.store.waiting() == {}
    state = house.book["air"]
    assert (state.accepted, state.last_observed_at, state.polls) == (2, NOW, ("ok",))


def test_a_newer_version_never_shares_a_batch_with_the_older(house, monkeypatch):
    admitted = []
    admit = inbox.admit

    def note(parsed, *rest, **more):
        admitted.append([fact.value for fact in parsed.accepted])
        return admit(parsed, *rest, **more)

    monkeypatch.setattr(inbox, "admit", note)
    for value in (1, 2, 2, 1):
        house.store.deliver(delivery([{"v": value, "at": "2026-03-01T11:59:00Z"}]))
    house.store.deliver(delivery([{"v": 7, "s": "other"}]))

    house.step()

    assert admitted == [[1.0], [2.0], [2.0], [1.0, 7.0]]
    assert house.values() == [1.0, 2.0, 1.0, 7.0]


def test_killed_between_admitting_and_dropping_each_fact_comes_once(house, monkeypatch):
    house.store.deliver(delivery(rows(1, "x", 3)))
    house.store.deliver(delivery(rows(4, at="2026-03-01T11:59:00Z")))
    with monkeypatch.context() as killed:
        killed.setattr(house.store, "drop_deliveries", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.step()

    house.step()

    assert house.values() == [1.0, 3.0, 4.0]
    assert house.reasons() == ["'x' is no number"]
    assert house.store.waiting() == {}


@pytest.mark.parametrize("poison", [b"boom", b"{", b"", b"\xff\xfe\x00", b"naive", b"[[[", b"[7]"])
def test_a_poisoned_delivery_costs_itself_only(house, poison):
    house.store.deliver(delivery(rows(1)))
    house.store.deliver(delivery(poison))
    house.store.deliver(delivery(rows(3, at="2026-03-01T11:59:00Z")))
    house.store.deliver(delivery(rows(9), "river"))

    house.step()
    house.step()

    assert house.values() == [1.0, 3.0]
    assert house.store.waiting() == {}
    assert len(house.reasons()) == 1
    assert house.book["river"].accepted == 1


def test_a_body_that_is_malformed_as_a_whole_is_a_failure_until_a_good_one_comes(house):
    house.store.deliver(delivery(b"{"))
    house.step()
    failed = house.book["air"]
    house.store.deliver(delivery(rows(1)))
    house.step()

    assert (failed.failures, failed.rejected, failed.polls) == (1, 1, ("error",))
    assert failed.last_error.startswith("malformed body")
    assert house.book["air"].failures == 0


def test_feeds_are_marked_once_a_cadence_with_the_worst(house):
    house.book.comes("air", NOW, is_polled=False, is_pushed=True)
    for second, value in ((0, 1), (10, "x"), (20, 2), (61, 3)):
        house.now[0] = NOW + timedelta(seconds=second)
        house.store.deliver(delivery(rows(value, at=house.now[0].isoformat())))
        house.step()

    assert house.book["air"].polls == ("rejects", "ok")


def test_what_belongs_to_no_feed_of_the_pack_stays_and_holds_nothing_up(house):
    house.store.deliver(delivery(rows(1), "gone"))
    house.store.deliver(delivery(rows(1)))

    assert house.step()
    assert house.values() == [1.0]
    assert not house.step(), "nothing to do: wait a little"
    assert set(house.store.waiting()) == {"gone"}


def test_a_feed_whose_kind_cannot_be_pushed_to_any_more_keeps_what_came(house, monkeypatch):
    house.store.deliver(delivery(rows(1), "river"))
    house.store.deliver(delivery(rows(2)))
    monkeypatch.setitem(feeds.KINDS, "deaf", replace(Toy().kind("deaf"), receive=None))
    house.postman.deliverable["river"] = feed("river", "deaf", push_secret=None)

    house.step()

    assert house.store.waiting()["river"].count == 1
    assert "nothing can be pushed" in house.book["river"].last_error
    assert house.values() == [2.0]


def test_a_store_that_fails_while_admitting_keeps_the_delivery(house, monkeypatch):
    house.store.deliver(delivery(rows(1)))

    def down(*_, **__):
        raise StoreDown("away")

    with monkeypatch.context() as away:
        away.setattr(house.store, "admit", down)
        with pytest.raises(StoreDown):
            house.step()

    assert house.reasons() == []
    house.step()
    assert house.values() == [1.0]


def test_one_that_lost_its_lease_keeps_nothing(house):
    house.store.deliver(delivery(rows(1)))
    with house.leases.hold("inbox") as lease:
        lease.is_lost = True
        with pytest.raises(LeaseLostError):
            house.postman.step(lease, block_ms=0)

    assert house.facts() == []
    assert house.store.waiting()["air"].count == 1


def test_two_postmen_on_one_store_bring_each_fact_once(house):
    stop, errors = threading.Event(), []
    other = Postman({"air": AIR}, house.store, FeedBook([AIR]), lambda: NOW, Leases(house.store))
    threads = [
        threading.Thread(target=postman.run, args=(stop, errors.append))
        for postman in (house.postman, other)
    ]
    for thread in threads:
        thread.start()
    for n in range(50):
        house.store.deliver(delivery([{"v": n, "s": str(n)}]))
    found = []
    while len(found) < 50:
        batch = house.store.read_facts("w", block_ms=2000)
        assert batch, "they never came"
        house.store.ack([name for name, _ in batch])
        found += batch
    stop.set()
    for thread in threads:
        thread.join(5)

    assert errors == []
    assert [fact.value for _, fact in found] == [float(n) for n in range(50)]
    assert house.store.read_facts("w", block_ms=0) == []


def test_silence_counts_only_once_the_feed_could_have_been_heard(house):
    house.book.comes("air", NOW, is_polled=False, is_pushed=True)

    def judged(at: datetime) -> list[str]:
        asked = house.book.asked()
        house.book.age(at)
        return [state.id for state in house.book.judged(house.book.by_id(), asked, at)]

    before = judged(NOW + timedelta(seconds=59))
    after = judged(NOW + timedelta(seconds=60))

    assert (before, after) == ([], ["air"])
    assert house.book["air"].state is Quality.NODATA


def test_a_pushed_feed_ages_like_a_polled_one(house):
    house.book.comes("air", NOW, is_polled=False, is_pushed=True)
    house.store.deliver(delivery(rows(1)))
    house.step()
    house.book.age(NOW)
    good = house.book["air"].state
    house.book.age(NOW + timedelta(minutes=5))

    assert (good, house.book["air"].state) == (Quality.GOOD, Quality.STALE)
    assert house.book["air"].next_due_at is None
