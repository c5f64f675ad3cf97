"""A broker of a hundred lines that shows on the wire what is acknowledged, and when."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PING, PONG = 1, 2, 3, 4, 8, 9, 12, 13


def _length(n: int) -> bytes:
    found = bytearray()
    while True:
        n, digit = divmod(n, 128)
        found.append(digit | (128 if n else 0))
        if not n:
            return bytes(found)


def _text(written: str) -> bytes:
    raw = written.encode()
    return len(raw).to_bytes(2, "big") + raw


class Wire:
    """Speaks MQTT 3.1.1 or 5 to one client at a time; keeps its session while it is away.

    ``sent`` are the messages that were not acknowledged yet: they go out again, marked as
    duplicates, when the client comes back.
    """

    def __init__(self, version: str, encrypted: ssl.SSLContext | None = None) -> None:
        self.version = version
        self._encrypted = encrypted
        self.port = 0
        self.unacknowledged: dict[int, tuple[str, bytes]] = {}
        self.acknowledged: list[int] = []
        self.connects: list[bytes] = []
        self.filters: list[str] = []
        self.refusal = 0
        self.subscription_code = 1
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._client: socket.socket | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def is_five(self) -> bool:
        return self.version == "5"

    def publish(self, number: int, topic: str, body: bytes) -> None:
        """Send a message with QoS 1, and keep it until it is acknowledged."""
        self.unacknowledged[number] = (topic, body)
        self._publish(number, is_again=False)

    def hang_up(self) -> None:
        """Cut the connection; the session stays."""
        if self._client is not None:
            self._client.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a client
        self._server.close()
        with contextlib.suppress(OSError):
            self.hang_up()
        self._thread.join(5)

    def _publish(self, number: int, *, is_again: bool) -> None:
        topic, body = self.unacknowledged[number]
        properties = b"\0" if self.is_five else b""
        about = _text(topic) + number.to_bytes(2, "big") + properties + body
        self._send((PUBLISH << 4) | 2 | (8 if is_again else 0), about)

    def _send(self, first: int, about: bytes) -> None:
        with self._lock:
            if self._client is not None:
                self._client.sendall(bytes([first]) + _length(len(about)) + about)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with contextlib.suppress(OSError, ValueError), self._wrapped(client) as spoken:
                self._client = spoken
                self._talk(spoken.makefile("rb"))
            self._client = None

    def _wrapped(self, client: socket.socket) -> socket.socket:
        if self._encrypted is None:
            return client
        try:
            return self._encrypted.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            raise

    def _talk(self, stream: Any) -> None:
        with stream:
            while first := stream.read(1):
                size, shift = 0, 0
                while True:
                    digit = stream.read(1)[0]
                    size |= (digit & 127) << shift
                    shift += 7
                    if digit < 128:
                        break
                self._answer(first[0] >> 4, stream.read(size))

    def _answer(self, kind: int, about: bytes) -> None:
        end = b"\0" if self.is_five else b""
        if kind == CONNECT:
            self.connects.append(about)
            self._send(CONNACK << 4, bytes([0, self.refusal]) + end)
            if not self.refusal:
                for number in list(self.unacknowledged):
                    self._publish(number, is_again=True)
        elif kind == SUBSCRIBE:
            at = 2 + (about[2] + 1 if self.is_five else 0)
            size = int.from_bytes(about[at : at + 2], "big")
            self.filters.append(about[at + 2 : at + 2 + size].decode())
            self._send(SUBACK << 4, about[:2] + end + bytes([self.subscription_code]))
        elif kind == PUBACK:
            number = int.from_bytes(about[:2], "big")
            self.acknowledged.append(number)
            self.unacknowledged.pop(number, None)
        elif kind == PING:
            self._send(PONG << 4, b"")


@pytest.fixture(params=["3.1.1", "5"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    one = Wire(request.param)
    yield one
    one.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Key and certificate of an authority of our own, for 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("authority")
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2"]
    made += ["-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(made, check=True, capture_output=True)
    return key, cert


@pytest.fixture
def encrypted_wire(certificate: tuple[Path, Path]) -> Iterator[Wire]:
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    one = Wire("5", context)
    yield one
    one.stop()
