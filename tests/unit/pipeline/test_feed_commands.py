import json
import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

import feeds
from feeds.decode import RAW_LIMIT
from model import Case, Command, Observation, Parsed, Reject
from pipeline.admission import admit
from pipeline.care import Caretaker
from pipeline.feedbook import FeedBook
from pipeline.leases import Leases
from pipeline.polling import FORCED_EVERY, Poller
from pipeline.rereading import BATCH
from store import MemoryStore, StoreDown
from tests.unit.pipeline.toy import NOW, Toy, feed

AIR = feed(url="http://127.0.0.1/air")
PUSHED = feed("pushed")
LATER = NOW + timedelta(hours=1)


class NoHistory:
    """A history that knows these cases: (feed, case) → when it became known."""

    def __init__(self, known=None):
        self.known = known or {}

    def cases_table(self, _since):
        rows = {
            "feed_id": [key[0] for key in self.known],
            "case_id": [key[1] for key in self.known],
            "known_at": list(self.known.values()),
        }
        batch = SimpleNamespace(to_pydict=lambda: rows)
        return SimpleNamespace(select=lambda _: SimpleNamespace(to_batches=lambda: [batch]))


class House:
    def __init__(self, history=None):
        known = (AIR, PUSHED)
        self.store, self.now, self.stop = MemoryStore(), [LATER], threading.Event()
        self.book = FeedBook(known)
        self.poller = Poller(known, self.store, self.book, None, self.clock, Leases(self.store))
        self.poller.start(NOW)
        self.caretaker = Caretaker(
            known,
            self.store,
            history or NoHistory(),
            self.book,
            self.poller,
            self.clock,
            self.stop,
        )

    def clock(self):
        return self.now[0]

    def ask(self, call, feed_id="air", name="c1", **body):
        """Let somebody ask and the worker answer; return the outcome."""
        command = Command(
            command_id=name,
            occurrence=f"feed:{feed_id}",
            call=call,
            by="Ann",
            at=NOW,
            body=tuple(body.items()),
        )
        found = []
        asker = threading.Thread(
            target=lambda: found.append(self.store.submit(command, timeout_s=10)), daemon=True
        )
        asker.start()
        taken = []
        while asker.is_alive() and not taken:
            taken = self.store.take_commands(block_ms=20)
            for one in taken:
                self.caretaker.command(one)
        asker.join(10)
        return found[0]

    def figures(self, **body):
        outcome = self.ask("replay", **body)
        return tuple(int(value) for _, value in outcome.body)

    def kept(self):
        return [one.reject for one in self.store.quarantine("air", limit=9999).items]

    def facts(self):
        return [fact for _, fact in self.store.read_facts("w", block_ms=0)]


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    made = Toy()
    monkeypatch.setattr(
        feeds, "KINDS", {"toy": made.kind(), "mute": replace(made.kind("mute"), again=None)}
    )
    return made


@pytest.fixture
def house():
    return House()


def refused(n, value="1,5", at=NOW, **more):
    row = {"v": value, "s": str(n), "at": "2026-03-01T11:00:00+00:00"} | more
    return Reject(
        feed_id="air",
        line=n,
        reason=f"{value!r} is no number",
        raw=json.dumps(row),
        at=at,
        field="v",
    )


def test_after_the_mapping_was_mended_all_rows_are_admitted_and_leave(house, toy):
    house.store.add_rejects([refused(n) for n in range(2 * BATCH + 7)])
    toy.scale = 1.0

    assert house.figures() == (2 * BATCH + 7, 2 * BATCH + 7, 0, 0)

    facts = house.facts()
    assert len(facts) == 2 * BATCH + 7
    assert {(fact.value, fact.fetched_at, fact.known_at) for fact in facts} == {(1.5, NOW, LATER)}
    assert house.kept() == []
    assert house.book["air"].accepted == 2 * BATCH + 7
    assert house.book["air"].polls == ()


def test_rows_refused_anew_stay_once_with_their_instant_and_the_new_reason(house, toy):
    old = refused(1, "x,y")
    house.store.add_rejects([replace(old, reason="wrong separator"), refused(2), refused(3, "z")])
    toy.scale = 1.0

    assert house.figures() == (3, 1, 2, 0)

    by_line = {reject.line: reject for reject in house.kept()}
    assert by_line == {1: old, 3: refused(3, "z")}
    assert [fact.site_id for fact in house.facts()] == ["2"]
    assert house.figures(name="c2") == (2, 0, 2, 0)
    assert len(house.kept()) == 2


def test_unreadable_and_cut_off_rows_stay_as_they_are(house, toy):
    cut = replace(refused(1), raw=json.dumps({"v": "1,5", "s": "x" * RAW_LIMIT})[:RAW_LIMIT])
    broken = replace(refused(2), raw='{"v": "1,5"')
    house.store.add_rejects([cut, broken, refused(3)])
    toy.scale = 1.0

    assert house.figures() == (3, 1, 0, 2)
    assert {reject.line: reject for reject in house.kept()} == {1: cut, 2: broken}


def test_only_rows_of_the_reason_are_read(house, toy):
    other = replace(refused(2), reason="no place")
    house.store.add_rejects([refused(1), other])
    toy.scale = 1.0

    assert house.figures(reason="… is no number") == (1, 1, 0, 0)
    assert house.kept() == [other]


def test_a_kind_that_writes_its_rows_otherwise_is_understood_too(house, toy):
    """Where the text of a refused row is not that of the row read, each is read alone."""
    house.store.add_rejects([refused(n, "x" if n % 3 else "1,5") for n in range(20)])
    toy.scale = 1.0
    original = toy.rows

    def other_text(rows, feed, at):
        found = original(rows, feed, at)
        return Parsed(found.accepted, [replace(one, raw=f"<{one.raw}>") for one in found.rejected])

    toy.rows = other_text

    assert house.figures() == (20, 7, 13, 0)
    assert {reject.line for reject in house.kept()} == {n for n in range(20) if n % 3}
    assert all(reject.raw.startswith("{") for reject in house.kept())


def test_a_kind_that_gives_nothing_for_a_row_loses_none(house, toy):
    house.store.add_rejects([refused(1), refused(2)])
    toy.rows = lambda *_: Parsed()

    assert house.figures() == (2, 0, 0, 2)
    assert len(house.kept()) == 2


def test_a_kind_that_breaks_on_one_row_costs_that_row(house, toy):
    house.store.add_rejects([refused(n) for n in range(9)])
    toy.scale = 1.0
    original = toy.rows

    def breaks(rows, feed, at):
        if any(row["s"] == "4" for row in rows):
            raise RuntimeError("a defect")
        return original(rows, feed, at)

    toy.rows = breaks

    assert house.figures() == (9, 8, 0, 1)
    assert [reject.line for reject in house.kept()] == [4]


def test_a_fact_from_the_future_is_admitted_once_its_time_has_come(house):
    early = Observation(
        feed_id="air",
        site_id="1",
        quantity="pm25",
        value=1.0,
        unit="µg/m³",
        observed_at=NOW + timedelta(minutes=30),
        fetched_at=NOW,
    )
    for minute in (0, 1):  # met at every poll, kept once
        heard = replace(early, fetched_at=NOW + timedelta(minutes=minute))
        admit(Parsed([heard]), AIR, house.store, now=NOW + timedelta(minutes=minute))
    kept = house.kept()
    house.now[0] = NOW + timedelta(minutes=2)
    too_soon = house.figures()
    again = house.kept()
    house.now[0] = LATER

    assert len(kept) == len(again) == 1
    assert kept[0].reason == "2026-03-01T12:30:00Z lies in the future"
    assert too_soon[0] == 1
    assert house.facts() == []
    assert house.figures(name="c2") == (1, 1, 0, 0)
    assert house.facts() == [replace(early, known_at=LATER)]
    assert house.kept() == []


def test_killed_between_admitting_and_letting_out_each_fact_comes_once(house, toy, monkeypatch):
    house.store.add_rejects([refused(n) for n in range(5)])
    toy.scale = 1.0
    settle, calls = house.store.settle, []

    def dies(*args):
        calls.append(args)
        if len(calls) == 1:
            raise StoreDown("away")
        return settle(*args)

    monkeypatch.setattr(house.store, "settle", dies)
    monkeypatch.setattr("pipeline.care.RETRY_S", 0.01)

    assert house.figures() == (5, 5, 0, 0)
    assert len(house.facts()) == 5
    assert house.kept() == []


def test_an_old_version_of_a_case_never_wins_over_a_newer(toy):
    def case(n, at):
        return Case(feed_id="air", case_id=str(n), opened_at=NOW, fetched_at=at)

    known = {("air", "1"): NOW + timedelta(minutes=5), ("air", "2"): NOW - timedelta(minutes=5)}
    house = House(NoHistory(known))
    house.store.add_rejects([refused(n) for n in (1, 2, 3)])
    toy.rows = lambda rows, _feed, at: Parsed([case(row["s"], at) for row in rows])

    assert house.figures() == (3, 3, 0, 0)
    assert sorted(fact.case_id for fact in house.facts()) == ["2", "3"]


def test_the_rows_of_a_document_take_its_place(house, toy):
    whole = replace(refused(0), raw='[{"v": 1}, {"v": "x"}]', reason="malformed", field=None)
    house.store.add_rejects([whole])
    toy.again = lambda what: toy.rows(json.loads(what.rejects[0].raw), what.feed, what.now)
    feeds.KINDS["toy"] = replace(feeds.KINDS["toy"], again=toy.again)

    house.figures()

    assert [(one.line, one.raw, one.at) for one in house.kept()] == [(2, '{"v": "x"}', NOW)]
    assert [fact.value for fact in house.facts()] == [1.0]


def test_a_kind_that_cannot_read_again_says_so(house):
    house.caretaker.feeds = (feed("air", "mute"),)
    outcome = house.ask("replay")

    assert (outcome.status, "cannot read rows again" in outcome.reason) == ("rejected", True)


def test_nothing_to_read_changes_nothing(house):
    outcome = house.ask("replay")

    assert outcome.status == "noop"
    assert dict(outcome.body) == dict.fromkeys(("read", "accepted", "refused", "unreadable"), "0")


def test_one_that_is_told_to_stop_answers_nothing_and_leaves_the_rest(house, toy):
    house.store.add_rejects([refused(1)])
    toy.scale = 1.0
    house.stop.set()
    command = Command(command_id="c", occurrence="feed:air", call="replay", by="A", at=NOW)

    house.caretaker.command(command)
    for thread in threading.enumerate():
        if thread.name == "replay-air":
            thread.join(5)

    assert len(house.kept()) == 1


def test_a_feed_in_a_long_pause_is_due_at_once_but_not_every_second(house):
    house.poller._due["air"].at = LATER + timedelta(hours=5)

    first = house.ask("poll")
    second = house.ask("poll", name="c2")
    house.now[0] += FORCED_EVERY
    third = house.ask("poll", name="c3")

    assert [one.status for one in (first, second, third)] == ["applied", "noop", "applied"]
    assert second.reason == "it was asked less than 5 s ago"
    assert house.poller._due["air"].is_due(house.now[0])
    assert house.book["air"].next_due_at == house.now[0]


def test_what_cannot_be_asked_says_why(house):
    house.poller._due["air"].is_running = True

    assert house.ask("poll").reason == "it is being asked now"
    assert "pushed or heard" in house.ask("poll", "pushed", "c2").reason
    assert house.ask("poll", "nope", "c3").status == "unknown"
    assert house.ask("explode", name="c4").status == "unknown"
