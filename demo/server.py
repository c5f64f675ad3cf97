"""The HTTP side of the demo: HTTP/1.1 on loopback, gzip, ETag, and the control call."""

import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from demo.calls import Call, Reply
from demo.incidents import World
from demo.ngsi import Broker
from demo.routes import answer
from demo.state import Ledger

_SMALLEST_ZIPPED = 1024  # bytes; below, gzip costs more than it saves
_BIGGEST_BODY = 64 * 1024  # bytes of a control call
SUBSCRIPTIONS = "/ngsi-ld/v1/subscriptions"


@dataclass(frozen=True)
class City:
    """What the server serves: a seed, a ledger of incidents and a clock (whole seconds)."""

    seed: int
    ledger: Ledger
    clock: Callable[[], int]
    has_programme: bool = True

    @property
    def world(self) -> World:
        """The world as of now."""
        return World(self.seed, self.ledger.incidents, has_programme=self.has_programme)


class Server(ThreadingHTTPServer):
    """A server for one city; every connection has its own thread."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], city: City) -> None:
        if not _is_loopback(address[0]):
            raise ValueError(f"the demo listens on loopback only, not on {address[0]}")
        self.city = city
        self.broker = Broker(lambda: city.world, city.clock)
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """The base URL, with the port really taken."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a reader went away; report all else."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD by the routes, POST by the ledger."""

    protocol_version = "HTTP/1.1"
    server_version = "BartizanDemo"
    sys_version = ""
    timeout = 75
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer a resource."""
        self._send(self._reply())

    def do_HEAD(self) -> None:
        """Answer a resource without its body."""
        self._send(self._reply())

    def do_POST(self) -> None:
        """Start or stop an incident: ``{"kind": …, "minutes": …, "place": …, "stop": true}``."""
        if (body := self._body()) is None:
            return
        path = urlsplit(self.path).path
        if path.startswith(SUBSCRIPTIONS):
            self._send(self._subscribed(path, body))
            return
        if path != "/control/incident":
            self._send(_words(HTTPStatus.NOT_FOUND, "only /control/incident takes a POST"))
            return
        if self.headers.get("Origin") or not self._is_ours():
            self._send(_words(HTTPStatus.FORBIDDEN, "not from a web page"))
            return
        self._send(_control(self.server.city, body))

    def do_PATCH(self) -> None:
        """Change a subscription of the context broker."""
        body = self._body()
        if body is not None:
            self._send(self._subscribed(urlsplit(self.path).path, body))

    def do_DELETE(self) -> None:
        """End a subscription of the context broker."""
        self._send(self._subscribed(urlsplit(self.path).path, b""))

    def _subscribed(self, path: str, body: bytes) -> Reply:
        if not path.startswith(SUBSCRIPTIONS):
            return _words(HTTPStatus.NOT_FOUND, "only subscriptions can be changed")
        if self.headers.get("Origin") or not self._is_ours():
            return _words(HTTPStatus.FORBIDDEN, "not from a web page")
        status, told, headers = self.server.broker.answer(self.command, path, body)
        return Reply(status, b"" if told is None else json.dumps(told).encode(), headers=headers)

    def _body(self) -> bytes | None:
        """Read the body of a call; ``None`` after saying what is wrong with it."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _BIGGEST_BODY:
            self.close_connection = True
            self._send(_words(HTTPStatus.LENGTH_REQUIRED, "a short body with its length is wanted"))
            return None
        return self.rfile.read(int(length))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Keep quiet: the readers log their own failures."""

    def _reply(self) -> Reply:
        city, parts = self.server.city, urlsplit(self.path)
        if not self._is_ours():
            return _words(HTTPStatus.MISDIRECTED_REQUEST, "ask for a loopback host")
        if parts.path.startswith(SUBSCRIPTIONS):
            return self._subscribed(parts.path, b"")
        host = self.headers.get("Host", "")
        call = Call(
            world=city.world,
            origin=f"http://{host}" if host else self.server.url,
            path=parts.path,
            query=parts.query,
            now=city.clock(),
        )
        reply = answer(call)
        if reply.hang_s:
            time.sleep(reply.hang_s)
        return reply

    def _is_ours(self) -> bool:
        """Whether the Host header names this machine: a page of the web must not reach us."""
        host = urlsplit(f"//{self.headers.get('Host', '127.0.0.1')}").hostname or ""
        return _is_loopback(host)

    def _send(self, reply: Reply) -> None:
        body, headers = reply.body, dict(reply.headers)
        if reply.status == HTTPStatus.OK and self.command != "POST":
            tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
            headers |= {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
            if _matches(self.headers.get("If-None-Match", ""), tag):
                self._write(Reply(HTTPStatus.NOT_MODIFIED, b""), b"", headers)
                return
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) >= _SMALLEST_ZIPPED:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self._write(reply, body, headers)

    def _write(self, reply: Reply, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _control(city: City, body: bytes) -> Reply:
    try:
        wish = json.loads(body)
        if not isinstance(wish, dict):
            return _words(HTTPStatus.UNPROCESSABLE_ENTITY, "a JSON object is wanted")
        if wish.get("stop"):
            ended = city.ledger.stop(str(wish.get("kind")), at=city.clock())
            return _words(HTTPStatus.OK, "stopped", incidents=[item.plain() for item in ended])
        started = city.ledger.start(wish, city.world, at=city.clock())
    except json.JSONDecodeError as error:
        return _words(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body is no JSON: {error}")
    except ValueError as error:
        return _words(HTTPStatus.CONFLICT, str(error))
    return _words(HTTPStatus.CREATED, "started", incidents=[started.plain()])


def _words(status: HTTPStatus, detail: str, **more: Any) -> Reply:
    return Reply(status, json.dumps({"status": status, "detail": detail, **more}).encode())


def _matches(header: str, tag: str) -> bool:
    """Compare weakly, as If-None-Match wants it (RFC 9110, 13.1.2)."""
    tags = [item.strip().removeprefix("W/") for item in header.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
