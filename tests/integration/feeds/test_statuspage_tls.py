"""Certificates of real servers on free ports: good for long, expired, nobody's, of another."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from feeds import FeedError, Limits, open_client, poll
from model import Feed

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Welcome</html>")

    def log_message(self, *_: object) -> None:
        """Keep the tests quiet."""


def certificate(folder: Path, *about: str) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-keyout", str(key), "-out", str(cert), "-subj", "/CN=localhost", *about]
    subprocess.run(made, check=True, capture_output=True)
    return key, cert


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[object]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    servers: list[ThreadingHTTPServer] = []

    def start(*about: str) -> int:
        key, cert = certificate(tmp_path, *about)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # refused handshakes
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def look(url: str, now: datetime = NOW) -> tuple[dict[str, float | None], list[str]]:
    feed = Feed(
        id="probes",
        kind="statuspage",
        gives="observation",
        every=timedelta(minutes=1),
        options={"targets": [{"id": "home", "url": url}], "timeout": "5s", "deadline": "10s"},
    )
    with open_client("tests") as client:
        parsed = poll(feed, client, {}, now=now, limits=Limits(attempts=1)).parsed
    return {o.quantity: o.value for o in parsed.accepted}, [one.reason for one in parsed.rejected]


def test_a_certificate_that_nobody_vouches_for_is_told_with_its_days(serve) -> None:
    values, reasons = look(f"https://127.0.0.1:{serve('-days', '30')}/")

    assert values["probe_up"] == 0
    assert values["certificate_left"] == pytest.approx(30, abs=0.1)
    assert "self-signed" in reasons[0].replace("self signed", "self-signed")


def test_days_after_its_end_are_below_nothing(serve) -> None:
    url = f"https://127.0.0.1:{serve('-days', '30')}/"

    values, _ = look(url, NOW + timedelta(days=45))

    assert values["certificate_left"] == pytest.approx(-15, abs=0.1)


def test_a_port_where_nobody_listens_is_down() -> None:
    import socket  # noqa: PLC0415 - only here

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        values, reasons = look(f"http://127.0.0.1:{held.getsockname()[1]}/")

    assert values == {"probe_up": 0}
    assert "no answer" in reasons[0]


def test_a_name_that_is_nowhere_leaves_us_blind() -> None:
    with pytest.raises(FeedError, match="cannot see out"):
        look("https://no-such-name.invalid/")
