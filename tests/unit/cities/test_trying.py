import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

import feeds
from cities.sidebyside import side_by_side
from cities.trying import Trial
from feeds import FeedError
from model import Parsed
from tests.unit.pipeline.toy import NOW, Toy, delivery, feed

HEARD = feed(kind="ear", push_secret=None)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    made = Toy()
    kinds = {"toy": made.kind(), "ear": made.kind("ear", listen=made.listen)}
    monkeypatch.setattr(feeds, "KINDS", kinds)
    monkeypatch.setattr("cities.trying.LISTEN_S", 0.2)
    return made


@pytest.fixture
def pack(tmp_path):
    districts = SimpleNamespace(
        district_of=lambda lon, _lat: [None] * len(np.atleast_1d(lon)), called=lambda _: None
    )
    return SimpleNamespace(districts=districts, folder=tmp_path)


def tried(pack, one, *, live=True):
    return Trial(one, pack, NOW, timedelta(seconds=5), is_live=live).run()


def test_a_feed_that_is_heard_is_listened_to_and_says_what_came(pack, toy, monkeypatch):
    def listen(ear):
        ear.tell(None)
        ear.deliver(delivery([{"v": 1}, {"v": "x"}]))
        ear.deliver(delivery(b"{"))
        toy.heard.append(ear)
        return toy

    monkeypatch.setitem(feeds.KINDS, "ear", toy.kind("ear", listen=listen))

    report = tried(pack, HEARD)

    assert (report.accepted, sum(report.rejected.values())) == (1, 2)
    assert {row.line for row in report.bad} == {0, 2}
    assert toy.stopped == 1
    assert toy.heard[0].is_trial


def test_what_nobody_asked_for_is_told_apart_from_what_was_refused(pack, toy, monkeypatch):
    def listen(ear):
        for _ in range(2):
            ear.deliver(delivery([{"v": 1}]))
        return toy

    said = Parsed(skipped={"indoors": 2, "too old": 1})
    kind = toy.kind("ear", listen=listen)
    monkeypatch.setitem(feeds.KINDS, "ear", replace(kind, receive=lambda _delivery, _feed: said))

    report = tried(pack, HEARD)

    assert report.plain()["left_out"] == {"indoors": 4, "too old": 2}
    assert report.rejected == {}
    assert report.lines()[1:] == [
        "  no rows", "  4 left out: indoors", "  2 left out: too old",
    ]  # fmt: skip


def test_a_broker_that_is_away_is_named_and_not_held_against_the_pack(pack, toy, monkeypatch):
    def away(ear):
        ear.tell("the broker is away")
        return toy

    monkeypatch.setitem(feeds.KINDS, "ear", toy.kind("ear", listen=away))
    down = tried(pack, HEARD)
    toy.trouble = FeedError("air", "no topics", permanent=True)
    monkeypatch.setitem(feeds.KINDS, "ear", toy.kind("ear", listen=toy.listen))
    wrong = tried(pack, HEARD)

    assert down.is_good
    assert "the broker is away" in down.skipped
    assert wrong.error == "no topics"


def test_unless_live_nobody_is_listened_to(pack, toy):
    report = tried(pack, HEARD, live=False)

    assert report.skipped.startswith("not asked")
    assert toy.heard == []


def test_a_needed_secret_that_is_not_set_is_named_and_the_source_left_alone(pack, toy, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    one = feed(url="http://127.0.0.1/x", options={"auth": [{"key": "env:SOME_KEY"}]})
    monkeypatch.setattr(
        feeds.KINDS["toy"].options,
        "model_validate",
        lambda _: SimpleNamespace(
            addresses=lambda: (), is_polled=lambda _: True, problems=lambda _: []
        ),
    )
    monkeypatch.delenv("K", raising=False)

    trial = Trial(one, pack, NOW, timedelta(seconds=5), is_live=True)

    assert trial.missing == ["K", "SOME_KEY"]
    assert trial.run().skipped == "not asked: K, SOME_KEY is not set in the environment"
    assert toy.polled == []


def test_work_side_by_side_keeps_its_order_and_leaves_behind_what_hangs():
    hang = threading.Event()
    works = [lambda n=n: n for n in range(20)]
    works[3] = hang.wait

    found = side_by_side(works, [0.2] * 20)
    hang.set()

    assert found == [0, 1, 2, None, *range(4, 20)]


def test_a_defect_in_work_side_by_side_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        side_by_side([lambda: 1 / 0], [1.0])
