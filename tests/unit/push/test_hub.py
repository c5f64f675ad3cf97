import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, Queue
from typing import Any

import pytest

from model import City, Reading, Snapshot
from push.frames import HEARTBEAT, OPENING
from push.hub import QUEUE_LENGTH, Hub, Options, Stream, TooManyStreams, UnknownScene

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CITY = City(id="c", name="C", timezone="UTC")


@dataclass
class FakeStore:
    """Publishes when told; keeps promises of ``store.ticks``."""

    snapshot: Snapshot | None = None
    told: Queue[Any] = field(default_factory=Queue)
    is_down: bool = False

    def latest(self) -> Snapshot | None:
        if self.is_down:
            raise ConnectionError("down")
        return self.snapshot

    head = latest

    def ticks(self, timeout_s: float) -> Iterator[Any]:
        while True:
            try:
                item = self.told.get(timeout=min(timeout_s, 0.05))
            except Empty:
                yield None
                continue
            if isinstance(item, Exception):
                raise item
            yield item

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.told.put(snapshot)


@dataclass
class Part:
    id: str
    fails: bool = False
    drawn: int = 0

    def props(self, snapshot: Snapshot, view: str) -> dict[str, dict[str, Any]]:
        self.drawn += 1
        if self.fails:
            raise ZeroDivisionError
        value = snapshot.readings[0].value if snapshot.readings else None
        return {f"{self.id}-value": {"children": value, "lang": view}}


@dataclass
class Scene:
    components: list[Part]


def snapshot(n: int, value: float | None, epoch: str = "1") -> Snapshot:
    reading = Reading(indicator="i", district="city", at=AT, value=value)
    return Snapshot(
        version=f"{epoch}-{n}",
        published_at=AT + timedelta(seconds=n),
        city=CITY,
        readings=(reading,),
    )


class Screen:
    """Reads a stream in its own thread, as a browser does."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.got: Queue[bytes | None] = Queue()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        assert self.got.get(timeout=5) == OPENING

    def _read(self) -> None:
        for piece in self.stream:
            self.got.put(piece)
        self.got.put(None)

    def frame(self) -> dict[str, Any]:
        while True:
            piece = self.got.get(timeout=5)
            assert piece is not None, "the stream ended"
            if piece != HEARTBEAT:
                return json.loads(piece.split(b"data: ", 1)[1])


@dataclass
class House:
    store: FakeStore
    hub: Hub
    parts: list[Part]


@pytest.fixture
def house():
    store = FakeStore(snapshot(1, 10.0))
    parts = [Part("a"), Part("b")]
    options = Options(build="b7", clock=lambda: AT, max_streams=3, heartbeat_s=0.2)
    hub = Hub(
        store, {"s": Scene(parts), "t": Scene([Part("c")])}, {"en": "en", "fr": "fr"}, options
    )
    yield House(store, hub, parts)
    hub.close()


def test_the_first_frame_is_full_and_later_ones_hold_only_changes(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    first = screen.frame()
    house.store.publish(snapshot(2, 11.0))
    second = screen.frame()
    house.store.publish(snapshot(3, 11.0))
    third = screen.frame()

    assert (first["full"], first["prev"], first["v"]) == (True, None, "1-1")
    assert first["props"]["a-value"] == {"children": 10.0, "lang": "en"}
    assert (second["full"], second["prev"], second["v"]) == (False, "1-1", "1-2")
    assert second["props"] == {"a-value": {"children": 11.0}, "b-value": {"children": 11.0}}
    assert (third["prev"], third["v"], third["props"]) == ("1-2", "1-3", {})


def test_a_frame_says_which_build_and_when(house):
    frame = Screen(house.hub.subscribe("s", "en")).frame()

    assert frame["build"] == "b7"
    assert frame["sent_at"] == AT.timestamp() * 1000
    assert frame["published_at"] == (AT.timestamp() + 1) * 1000


def test_a_value_that_becomes_unknown_is_sent_as_unknown(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()

    house.store.publish(snapshot(2, None))

    assert screen.frame()["props"]["a-value"] == {"children": None}


def test_audiences_of_two_languages_get_their_own_words(house):
    english = Screen(house.hub.subscribe("s", "en")).frame()
    french = Screen(house.hub.subscribe("s", "fr")).frame()

    assert english["props"]["a-value"]["lang"] == "en"
    assert french["props"]["a-value"]["lang"] == "fr"


def test_a_scene_is_drawn_once_however_many_watch(house):
    screens = [Screen(house.hub.subscribe("s", "en")) for _ in range(3)]
    for screen in screens:
        screen.frame()
    before = house.parts[0].drawn

    house.store.publish(snapshot(2, 11.0))

    assert {screen.frame()["v"] for screen in screens} == {"1-2"}
    assert house.parts[0].drawn == before + 1


def test_a_newcomer_gets_the_whole_and_joins_the_chain(house):
    old = Screen(house.hub.subscribe("s", "en"))
    old.frame()
    house.store.publish(snapshot(2, 11.0))
    old.frame()

    new = Screen(house.hub.subscribe("s", "en"))
    first = new.frame()
    house.store.publish(snapshot(3, 12.0))

    assert (first["full"], first["v"]) == (True, "1-2")
    assert first["props"]["a-value"] == {"children": 11.0, "lang": "en"}
    assert new.frame()["prev"] == old.frame()["prev"] == "1-2"


def test_a_scene_that_nobody_watched_for_a_while_starts_from_now(house):
    first = Screen(house.hub.subscribe("s", "en"))
    first.frame()
    first.stream.end()
    first.thread.join(5)
    house.store.publish(snapshot(5, 50.0))

    frame = Screen(house.hub.subscribe("s", "en")).frame()

    assert (frame["full"], frame["v"]) == (True, "1-5")
    assert frame["props"]["a-value"]["children"] == 50.0


def test_a_store_that_starts_anew_sends_everything_again(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()

    house.store.publish(snapshot(1, 10.0, epoch="2"))
    frame = screen.frame()

    assert (frame["full"], frame["v"]) == (True, "2-1")
    assert frame["props"]["b-value"] == {"children": 10.0, "lang": "en"}


def test_a_component_that_breaks_is_left_out_and_comes_back(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()
    house.parts[0].fails = True
    house.store.publish(snapshot(2, 11.0))
    while_broken = screen.frame()
    broken = house.hub.stats().broken
    house.parts[0].fails = False
    house.store.publish(snapshot(3, 12.0))
    after = screen.frame()

    assert while_broken["props"] == {"b-value": {"children": 11.0}}
    assert broken == 1
    assert after["props"] == {"a-value": {"children": 12.0}, "b-value": {"children": 12.0}}
    assert house.hub.stats().broken == 0


def test_a_component_that_gives_what_cannot_be_sent_costs_only_itself(house):
    house.parts[0].props = lambda _snapshot, _view: {"a-value": {"children": object()}}

    frame = Screen(house.hub.subscribe("s", "en")).frame()

    assert set(frame["props"]) == {"b-value"}


def test_a_screen_that_does_not_read_is_dropped_and_the_others_go_on(house):
    slow = house.hub.subscribe("s", "en")
    quick = Screen(house.hub.subscribe("s", "en"))
    quick.frame()

    for n in range(2, QUEUE_LENGTH + 3):
        house.store.publish(snapshot(n, float(n)))
        assert quick.frame()["v"] == f"1-{n}"

    assert house.hub.stats().dropped == 1
    assert house.hub.stats().streams == 1
    assert list(slow) == [OPENING]


def test_more_streams_than_allowed_are_refused_until_one_leaves(house):
    screens = [Screen(house.hub.subscribe("s", "en")) for _ in range(3)]
    with pytest.raises(TooManyStreams):
        house.hub.subscribe("s", "en")

    screens[0].stream.end()
    screens[0].thread.join(5)

    Screen(house.hub.subscribe("t", "en"))
    assert house.hub.stats().refused == 1


@pytest.mark.parametrize(("scene", "locale"), [("nowhere", "en"), ("s", "xx"), ("", "en")])
def test_an_unknown_scene_or_locale_is_said(house, scene, locale):
    with pytest.raises(UnknownScene):
        house.hub.subscribe(scene, locale)


def test_closing_ends_every_stream_at_once_and_opens_none(house):
    screens = [Screen(house.hub.subscribe("s", "en")) for _ in range(3)]

    house.hub.close()

    for screen in screens:
        screen.thread.join(1)
        assert not screen.thread.is_alive()
    assert house.hub.stats().streams == 0
    with pytest.raises(TooManyStreams):
        house.hub.subscribe("s", "en")


def test_silence_brings_heartbeats_and_no_frame(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()

    assert screen.got.get(timeout=5) == HEARTBEAT
    assert house.hub.stats().frames == 1


def test_a_tick_that_was_lost_is_found_after_a_silence(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()

    house.store.snapshot = snapshot(2, 20.0)

    assert screen.frame()["v"] == "1-2"


def test_a_store_that_was_down_is_heard_again(house, monkeypatch):
    monkeypatch.setattr("push.hub.RETRY_S", 0.01)
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()
    house.store.told.put(ConnectionError("gone"))

    house.store.publish(snapshot(2, 20.0))

    assert screen.frame()["v"] == "1-2"


def test_a_screen_that_comes_while_the_store_is_down_is_served_when_it_returns(monkeypatch):
    monkeypatch.setattr("push.hub.RETRY_S", 0.01)
    store = FakeStore(is_down=True)
    options = Options(build="b", clock=lambda: AT, max_streams=3)
    hub = Hub(store, {"s": Scene([Part("a")])}, {"en": "en"}, options)
    screen = Screen(hub.subscribe("s", "en"))

    store.is_down = False
    store.publish(snapshot(4, 1.0))

    frame = screen.frame()
    hub.close()
    assert (frame["v"], frame["full"]) == ("1-4", True)


def test_stats_count_what_was_sent(house):
    screen = Screen(house.hub.subscribe("s", "en"))
    screen.frame()
    house.store.publish(snapshot(2, 11.0))
    screen.frame()

    stats = house.hub.stats()

    assert (stats.streams, stats.frames) == (1, 2)
    assert stats.sent_bytes > 200
    assert stats.ticks == 2
    assert stats.tick_seconds > 0
