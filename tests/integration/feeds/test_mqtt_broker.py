"""A real broker on a free port: connect, keep, acknowledge, lose the connection, come back."""

import asyncio
import logging
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from amqtt.broker import Broker
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

import feeds
from feeds import Ear, FeedError
from model import Delivery, Feed

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PATIENCE_S = 60.0  # a lost connection may show by its keep-alive only
WARM = {"quantity": "temperature", "unit": "°C"}


def until(is_so: Callable[[], Any], what: str) -> None:
    """Wait for a condition; never for a time."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            pytest.fail(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Amqtt:
    """The broker of amqtt in a thread with a loop of its own; 3.1.1 only."""

    version = "3.1.1"

    def __init__(self, port: int) -> None:
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._ready, self._end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Amqtt":
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)
        return self

    def stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        # it keeps the sessions of those alone who say a name
        named = "amqtt.plugins.authentication.AnonymousAuthPlugin"
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                "plugins": {named: {"allow_anonymous": False}},
            }
        )
        await broker.start()
        self._ready.set()
        await self._end.wait()
        with suppress(TimeoutError):  # it waits for clients that do not read, at times for ever
            await asyncio.wait_for(broker.shutdown(), 5)


class Mosquitto:
    """Debian's broker, which speaks 5 too."""

    version = "5"

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Mosquitto":
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if found is None:
            pytest.skip("mosquitto is not installed, and amqtt does not speak MQTT 5")
        self._process = subprocess.Popen([found, "-p", str(self.port)], stderr=subprocess.DEVNULL)
        until(lambda: is_open(self.port), "mosquitto listens")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=[Amqtt, Mosquitto], ids=["3.1.1", "5"])
def broker(request: Any) -> Iterator[Any]:
    one = request.param(free_port()).start()
    yield one
    one.stop()


@dataclass
class House:
    """Keeps what is delivered, unless its store is down."""

    kept: list[Delivery] = field(default_factory=list)
    history: list[str | None] = field(default_factory=list)
    is_down: bool = False
    tried: int = 0

    def deliver(self, delivery: Delivery) -> None:
        self.tried += 1
        if self.is_down:
            raise OSError("the store is down")
        self.kept.append(delivery)

    def tell(self, reason: str | None) -> None:
        self.history.append(reason)

    @property
    def bodies(self) -> list[bytes]:
        return [one.body for one in self.kept]


def declared(broker: Any, scheme: str = "mqtt", **options: Any) -> Feed:
    about = {
        "topics": ("city/+site/+quantity",),
        "quantities": {"temp": WARM},
        "username": "house",
        "password": "env:BROKER_PASSWORD",
    }
    return Feed(
        id="sensors",
        kind="mqtt",
        gives="observation",
        every=timedelta(minutes=5),
        url=f"{scheme}://127.0.0.1:{broker.port}",
        options=about | {"version": broker.version} | options,
    )


@pytest.fixture
def listening() -> Iterator[Callable[..., Any]]:
    opened = []

    def listen(house: House, feed: Feed) -> Any:
        one = feeds.listen(Ear(feed, house.deliver, house.tell, lambda: NOW, lambda _: "pw"))
        opened.append(one)
        return one

    yield listen
    for one in opened:
        one.stop()


@pytest.fixture
def publishing() -> Iterator[Callable[..., None]]:
    clients = []

    def publish(broker: Any, topic: str, *bodies: bytes, retain: bool = False) -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("sensor")
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        clients.append(client)
        for body in bodies:
            client.publish(topic, body, qos=1, retain=retain).wait_for_publish(PATIENCE_S)
        client.disconnect()
        client.loop_stop()

    yield publish
    for client in clients:
        client.loop_stop()


def test_messages_are_delivered_and_parsed(broker, listening, publishing):
    house, feed = House(), declared(broker)
    listening(house, feed)
    until(lambda: house.history, "connected")

    publishing(broker, "city/school/temp", b"21.5")
    until(lambda: house.kept, "delivered")

    (fact,) = feeds.receive(feed, house.kept[0]).accepted
    assert (fact.site_id, fact.value, fact.observed_at) == ("school", 21.5, NOW)
    assert (house.kept[0].media_type, house.history) == ("mqtt", [None])


def test_a_retained_message_says_so(broker, listening, publishing):
    publishing(broker, "city/school/temp", b"21.5", retain=True)
    house, feed = House(), declared(broker)
    listening(house, feed)
    until(lambda: house.kept, "delivered")

    assert house.kept[0].media_type == "mqtt; retain=1"
    assert "nobody knows" in feeds.receive(feed, house.kept[0]).rejected[0].reason


def test_what_comes_while_we_are_away_is_delivered_afterwards(broker, listening, publishing):
    house = House()
    first = listening(house, declared(broker))
    until(lambda: house.history, "connected")
    first.stop()

    publishing(broker, "city/school/temp", b"1", b"2", b"3")
    listening(house, declared(broker))
    until(lambda: len(house.kept) >= 3, "delivered after the return")
    until(lambda: house.history == [None, None], "connected again")

    assert house.bodies == [b"1", b"2", b"3"]


def test_nothing_is_acknowledged_before_it_is_kept(wire, listening):
    house = House(is_down=True)
    listening(house, declared(wire))
    until(lambda: house.history, "connected")
    wire.publish(7, "city/school/temp", b"1")
    until(lambda: house.tried > 1, "tried to keep, twice")
    assert wire.acknowledged == []

    house.is_down = False
    until(lambda: wire.acknowledged == [7], "acknowledged")

    assert house.bodies == [b"1"]
    assert house.history == [None, "messages cannot be kept: the store is down", None]


def test_what_was_not_acknowledged_comes_again_after_a_lost_connection(wire, listening):
    house = House(is_down=True)
    listening(house, declared(wire))
    until(lambda: house.history, "connected")
    wire.publish(1, "city/school/temp", b"1")
    wire.publish(2, "city/school/temp", b"2")
    until(lambda: house.tried, "tried to keep")

    wire.hang_up()
    until(lambda: len(wire.connects) == 2, "connected again")
    house.is_down = False
    until(lambda: not wire.unacknowledged, "all acknowledged")

    assert set(house.bodies) == {b"1", b"2"}  # duplicates have the same key, and do no harm
    assert len(wire.filters) == 2


def test_what_was_left_when_we_were_killed_comes_again(wire, listening):
    killed = House(is_down=True)
    first = listening(killed, declared(wire))
    until(lambda: killed.history, "connected")
    wire.publish(1, "city/school/temp", b"1")
    until(lambda: killed.tried, "tried to keep")
    first._given_up.set()
    first.stop()
    assert wire.acknowledged == []

    house = House()
    listening(house, declared(wire))
    until(lambda: wire.acknowledged == [1], "kept and acknowledged by the next one")

    assert house.bodies == [b"1"]


def test_a_stop_delivers_what_has_come(wire, listening):
    house = House(is_down=True)
    hearer = listening(house, declared(wire))
    until(lambda: house.history, "connected")
    for number in range(1, 6):
        wire.publish(number, "city/school/temp", b"%d" % number)
    until(lambda: house.tried, "tried to keep")

    house.is_down = False
    hearer.stop()

    assert house.bodies == [b"1", b"2", b"3", b"4", b"5"]
    until(lambda: wire.acknowledged == [1, 2, 3, 4, 5], "acknowledged")


def test_a_session_is_asked_for_that_outlives_the_connection(wire, listening):
    house = House()
    listening(house, declared(wire, session="2h"))
    until(lambda: house.history, "connected")

    (asked,) = wire.connects
    flags = asked[7]
    assert flags & 2 == 0  # neither a clean session nor a clean start
    assert b"bartizan-sensors" in asked
    assert b"house" in asked
    assert b"pw" in asked
    if wire.version == "5":
        assert b"\x11" + (7200).to_bytes(4, "big") in asked  # session expiry interval


def test_a_trial_takes_no_session_and_leaves_none(wire):
    house = House()
    feed = declared(wire, client_id="the-house")
    ear = Ear(feed, house.deliver, house.tell, lambda: NOW, lambda _: "pw", is_trial=True)
    listener = feeds.listen(ear)
    until(lambda: house.history, "connected")
    listener.stop()

    (asked,) = wire.connects
    assert asked[7] & 2  # a clean session, or a clean start
    assert b"the-house" not in asked
    if wire.version == "5":
        assert b"\x11" + bytes(4) in asked  # it ends with the connection


def test_a_broker_that_refuses_us_is_told_by_its_reason(wire, listening):
    wire.refusal = 135 if wire.version == "5" else 5
    house = House()
    listening(house, declared(wire))
    until(lambda: house.history, "told")

    assert house.history == ["the broker refuses us: Not authorized"]


def test_a_topic_that_is_refused_is_told(wire, listening):
    wire.subscription_code = 135 if wire.version == "5" else 128
    house = House()
    listening(house, declared(wire))
    until(lambda: house.history, "told")

    assert house.history == ["the broker refuses city/+/+"]


def test_a_message_that_is_too_long_is_refused_and_acknowledged(wire, listening):
    house, feed = House(), declared(wire)
    listening(house, feed)
    until(lambda: house.history, "connected")

    wire.publish(1, "city/school/temp", b" " * 1_200_000)
    until(lambda: wire.acknowledged == [1], "acknowledged")

    (refused,) = feeds.receive(feed, house.kept[0]).rejected
    assert refused.reason == "a message of 1200000 bytes is too long"


def test_a_store_that_comes_back_gets_everything_once(broker, listening, publishing):
    house = House(is_down=True)
    listening(house, declared(broker, inbox=2))
    until(lambda: house.history, "connected")
    publishing(broker, "city/school/temp", b"0", b"1")
    until(lambda: house.tried > 1, "tried again")

    house.is_down = False
    publishing(broker, "city/school/temp", *(b"%d" % n for n in range(2, 30)))
    until(lambda: len(house.kept) >= 30, "all of it")

    assert house.bodies == [b"%d" % n for n in range(30)]
    assert house.history == [None, "messages cannot be kept: the store is down", None]


def test_a_broker_that_is_not_there_is_told_once_and_waited_for(listening, publishing):
    port = free_port()
    house = House()
    gone = Amqtt(port)
    listening(house, declared(gone))
    until(lambda: house.history, "told")

    broker = gone.start()
    try:
        until(lambda: house.history[-1] is None, "connected")
        publishing(broker, "city/school/temp", b"1")
        until(lambda: house.kept, "delivered")
    finally:
        broker.stop()

    assert house.history[0].startswith("no connection: ")
    assert "refused" in house.history[0]


def test_a_name_that_leads_into_a_private_network_is_refused(listening, monkeypatch):
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 1883))]
    )
    house = House()
    feed = Feed(
        id="s", kind="mqtt", gives="observation", every=timedelta(minutes=5),
        url="mqtt://broker.example", options={"topics": ("a",), "values": {"": WARM}},
    )  # fmt: skip
    listening(house, feed)
    until(lambda: house.history, "told")

    assert "in a private network: refused (private = true allows it)" in house.history[0]


def test_a_server_that_is_no_broker_costs_nothing(listening):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        house = House()
        feed = Feed(
            id="s", kind="mqtt", gives="observation", every=timedelta(minutes=5),
            url=f"mqtts://127.0.0.1:{server.getsockname()[1]}",
            options={"topics": ("a",), "values": {"": WARM}},
        )  # fmt: skip

        def hang_up() -> None:
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        listening(house, feed)
        until(lambda: house.history, "told")

    assert house.history[0].startswith("no connection: ")


def test_an_encrypted_broker_is_believed_by_its_authority_alone(
    encrypted_wire, certificate, listening
):
    stranger = House()
    listening(stranger, declared(encrypted_wire, "mqtts"))
    until(lambda: stranger.history, "told")
    house = House()
    listening(house, declared(encrypted_wire, "mqtts", ca_file=str(certificate[1])))
    until(lambda: house.history, "connected")
    encrypted_wire.publish(1, "city/school/temp", b"21.5")
    until(lambda: encrypted_wire.acknowledged == [1], "kept")

    assert "certificate verify failed" in stranger.history[0]
    assert (house.history, house.bodies) == ([None], [b"21.5"])


def test_certificates_that_cannot_be_read_stop_the_start():
    feed = Feed(
        id="s", kind="mqtt", gives="observation", every=timedelta(minutes=5),
        url="mqtts://127.0.0.1", options={"topics": ("a",), "values": {"": WARM}, "ca_file": "/no"},
    )  # fmt: skip

    with pytest.raises(FeedError, match="ca_file cannot be read"):
        feeds.listen(Ear(feed, print, print, lambda: NOW, lambda _: "pw"))
