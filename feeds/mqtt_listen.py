"""A lasting connection to an MQTT broker.

Two threads: paho's, which reads the network and fills the inbox, and ours, which hands each
message over and acknowledges it once it is kept. What was not acknowledged the broker sends again,
after a lost connection or a restart, for the session outlives both. A full inbox makes the
network wait; nothing is dropped but what is larger than the cap.
"""

import secrets
import socket
import ssl
import threading
from typing import Any
from urllib.parse import urlsplit

import httpcore
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from feeds.base import Ear
from feeds.doors import Doors, Guard
from feeds.errors import FeedError
from feeds.mqtt_inbox import Inbox, Letter
from feeds.mqtt_options import PORTS, Options
from feeds.mqtt_parse import FRESH, MAX_PAYLOAD, RETAINED
from model import Delivery

_VERSIONS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
_KEPT_PAYLOAD = 10_000  # of a message that is too long
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 30.0
_BEAT_S = 0.2
_DRAIN_S = 5.0
_NEVER = object()


class _Client(paho.Client):
    """Connects only to addresses that were looked at, and keeps why it could not."""

    guard: Guard
    why = ""

    def _create_socket(self) -> Any:
        try:
            plain = self._create_socket_connection()
            return plain if self._ssl_context is None else self._encrypted(plain, self._ssl_context)
        except (OSError, ValueError, httpcore.ConnectError) as problem:
            self.why = str(problem) or type(problem).__name__
            raise OSError(self.why) from problem

    def _encrypted(self, plain: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Shake hands; paho's own way leaves the socket open where that fails."""
        encrypted = context.wrap_socket(
            plain, server_hostname=self._host, do_handshake_on_connect=False
        )
        try:
            encrypted.settimeout(self._connect_timeout)
            encrypted.do_handshake()
        except BaseException:
            encrypted.close()
            raise
        return encrypted

    def _create_socket_connection(self) -> socket.socket:
        problem: OSError | None = None
        for address in self.guard.addresses(self._host, self._port):
            try:
                return socket.create_connection((address, self._port), self._connect_timeout)
            except OSError as failure:
                problem = failure
        raise problem or OSError(f"{self._host} has no address")


class Hearer:
    """The connection of one feed."""

    def __init__(self, ear: Ear, options: Options) -> None:
        """Prepare; nothing is connected yet."""
        self._ear = ear
        self._options = options
        self._inbox = Inbox(options.inbox)
        self._patterns = options.patterns
        self._stopping, self._given_up = threading.Event(), threading.Event()
        self._connection = 0
        self._told: Any = _NEVER
        self._lock = threading.Lock()
        self._client = self._made()
        self._worker = threading.Thread(target=self._work, name=f"mqtt-{ear.feed.id}", daemon=True)

    def start(self) -> None:
        """Begin to connect; a broker that is not there is asked again and again."""
        parts = urlsplit(self._ear.feed.url or "")
        how: dict[str, Any] = {}
        if self._options.version == "5":
            how = {"clean_start": self._ear.is_trial, "properties": self._wishes()}
        self._client.connect_async(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            keepalive=max(5, int(self._options.keepalive.total_seconds())),
            **how,
        )
        self._worker.start()
        self._client.loop_start()

    def stop(self) -> None:
        """End it; what was received is delivered and acknowledged first."""
        self._stopping.set()
        self._worker.join(_DRAIN_S)
        self._given_up.set()
        self._client.disconnect()
        self._client.loop_stop()
        self._worker.join(_DRAIN_S)

    def _made(self) -> _Client:
        options, feed = self._options, self._ear.feed
        is_five = options.version == "5"
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._name(),
            protocol=_VERSIONS[options.version],
            clean_session=None if is_five else self._ear.is_trial,
            manual_ack=True,
        )
        client.guard = self._guard()
        if options.username:
            secret = self._ear.secret(options.password) if options.password else None
            client.username_pw_set(options.username, secret)
        if urlsplit(feed.url or "").scheme == "mqtts":
            client.tls_set_context(self._tls())
        client.suppress_exceptions = True  # one of ours must not end paho's thread
        client.reconnect_delay_set(1, 120)
        client.on_connect = self._connected
        client.on_connect_fail = self._unconnected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._heard
        return client

    def _name(self) -> str:
        """Return our name at the broker; a trial has one of its own and leaves no session."""
        if self._ear.is_trial:
            return f"bartizan-trial-{secrets.token_hex(6)}"
        return self._options.client_id or f"bartizan-{self._ear.feed.id}"

    def _guard(self) -> Guard:
        guard, host = Guard(), urlsplit(self._ear.feed.url or "").hostname or ""
        if Doors.of(self._ear.feed).is_let_in(host):
            guard.let_in(host)
        return guard

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._options.ca_file)
        except (OSError, ValueError) as problem:
            raise FeedError(
                self._ear.feed.id, f"ca_file cannot be read: {problem}", permanent=True
            ) from problem

    def _wishes(self) -> Any:
        wishes: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
        lasting = 0.0 if self._ear.is_trial else self._options.session.total_seconds()
        wishes.SessionExpiryInterval = int(lasting)
        wishes.ReceiveMaximum = self._options.inbox
        wishes.MaximumPacketSize = 10 * MAX_PAYLOAD
        return wishes

    # What paho's thread tells; none of these may raise.

    def _connected(self, client: Any, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self._tell(f"the broker refuses us: {code}")
            return
        self._connection += 1
        qos = self._options.qos
        if self._options.version == "5":
            client.subscribe([(one.filter, SubscribeOptions(qos=qos)) for one in self._patterns])
        else:
            client.subscribe([(one.filter, qos) for one in self._patterns])

    def _subscribed(self, _: Any, __: Any, ___: Any, codes: Any, ____: Any) -> None:
        refused = [
            one.filter for one, code in zip(self._patterns, codes, strict=False) if code.is_failure
        ]
        self._tell(f"the broker refuses {', '.join(refused)}" if refused else None)

    def _unconnected(self, client: Any, _: Any) -> None:
        self._tell(f"no connection: {client.why}")

    def _disconnected(self, _: Any, __: Any, ___: Any, code: Any, ____: Any) -> None:
        if not self._stopping.is_set() and self._told in {None, _NEVER}:
            self._tell(f"the connection was lost: {code}")

    def _heard(self, client: Any, _: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = None
        if topic is None:
            client.ack(message.mid, message.qos)
            return
        size, kept = len(message.payload), FRESH if not message.retain else RETAINED
        delivery = Delivery(
            feed_id=self._ear.feed.id,
            body=bytes(message.payload[: _KEPT_PAYLOAD if size > MAX_PAYLOAD else size]),
            received_at=self._ear.clock(),
            media_type=f"{kept}; bytes={size}" if size > MAX_PAYLOAD else kept,
            topic=topic,
        )
        letter = Letter(delivery, message.mid, message.qos, self._connection)
        while not self._stopping.is_set() and not self._inbox.put(letter, within_s=_BEAT_S):
            pass

    # What our own thread does.

    def _work(self) -> None:
        while not self._given_up.is_set():
            letter = self._inbox.first(within_s=_BEAT_S)
            if letter is not None:
                self._hand_over(letter)
            elif self._stopping.is_set():
                return

    def _hand_over(self, letter: Letter) -> None:
        """Deliver until it is kept, then acknowledge it on the connection that it came by."""
        wait_s, trouble = _FIRST_WAIT_S, None
        while True:
            try:
                self._ear.deliver(letter.delivery)
                break
            except Exception as problem:  # noqa: BLE001 - whatever the store raises, it is asked again
                trouble = f"messages cannot be kept: {problem}"
                self._tell(trouble)
                if self._given_up.wait(wait_s):
                    return
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        if trouble is not None and self._told == trouble:
            self._tell(None)
        if letter.qos and letter.connection == self._connection:
            self._client.ack(letter.number, letter.qos)

    def _tell(self, reason: str | None) -> None:
        """Say what changed, once."""
        with self._lock:
            if reason == self._told:
                return
            self._told = reason
        self._ear.tell(reason)
