"""The command line of the demo. The clock is read here and nowhere else.

Exit codes: 0 good, 1 the server said no or is not there, 2 the usage is wrong.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from demo.incidents import KINDS
from demo.mqtt import Station
from demo.odata import seconds
from demo.server import City, Server
from demo.state import Ledger

HOST = "127.0.0.1"
PORT = 8051
SEED = 7


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (ValueError, OSError, HTTPException) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="serve the simulated city")
    _add_address(serve)
    serve.add_argument("--seed", type=int, default=SEED)
    serve.add_argument("--now", help="city time to start at (RFC 3339); default: the real time")
    serve.add_argument("--state", type=Path, help="file that remembers triggered incidents")
    serve.add_argument(
        "--mqtt-port", type=int, help="port of the MQTT broker (0: a free one); else there is none"
    )
    serve.add_argument("--programme", choices=("daily", "none"), default="daily")
    serve.add_argument(
        "--while-stdin-open", action="store_true", help="end when standard input is closed"
    )
    serve.set_defaults(run=_serve)
    incident = commands.add_parser("incident", help="start or stop an incident")
    _add_address(incident)
    incident.add_argument("kind", choices=tuple(KINDS))
    incident.add_argument("--minutes", type=int, help="how long it presses")
    incident.add_argument("--place", default="", help="district (powercut, crash, stuck)")
    incident.add_argument("--mode", choices=("503", "hang"), default="", help="of deadfeed")
    incident.add_argument("--stop", action="store_true", help="stop what goes on of this kind")
    incident.set_defaults(run=_incident)
    listing = commands.add_parser("list", help="list the incidents: known, and going on")
    _add_address(listing)
    listing.set_defaults(run=_list)
    return parser


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=PORT)


def _serve(given: argparse.Namespace) -> int:
    city = City(
        seed=given.seed,
        ledger=Ledger(given.state),
        clock=_clock(given.now),
        has_programme=given.programme == "daily",
    )
    with Server((given.host, given.port), city) as server:
        server.broker.start()
        _end_on_signals(server)
        told = f"demo ready url={server.url} seed={given.seed}"
        if given.mqtt_port is not None:
            station = Station(given.host, given.mqtt_port, lambda: city.world, city.clock)
            told += f" mqtt=mqtt://{given.host}:{station.start()}"
        if given.while_stdin_open:
            threading.Thread(target=_end_on_eof, daemon=True).start()
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.2)
    return 0


def _clock(start: str | None) -> Callable[[], int]:
    """Return the city's clock: the real one, or one that began at ``start`` just now."""
    if start is None:
        return lambda: int(time.time())
    began, wanted = time.monotonic(), seconds(start)
    return lambda: wanted + int(time.monotonic() - began)


def _end_on_signals(server: Server) -> None:
    def end(*_: Any) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _end_on_eof() -> None:
    """Wait for the end of standard input: whoever started us is gone, however it died."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _incident(given: argparse.Namespace) -> int:
    wish = {
        "kind": given.kind,
        "minutes": given.minutes,
        "place": given.place,
        "mode": given.mode,
        "stop": given.stop,
    }
    status, body = _ask(given, "POST", "/control/incident", json.dumps(wish))
    if status >= 400:
        raise ValueError(str(body.get("detail")))
    incidents = ", ".join(_told(item) for item in body["incidents"])
    sys.stdout.write(f"{body['detail']}: {incidents or 'nothing'}\n")
    return 0


def _list(given: argparse.Namespace) -> int:
    _, body = _ask(given, "GET", "/control/incidents")
    for kind in body["known"]:
        sys.stdout.write(f"{kind['kind']:<10} {kind['summary']} ({kind['minutes']} min)\n")
    acting = ", ".join(_told(item) for item in body["acting"])
    sys.stdout.write(f"going on at {body['now']}: {acting or 'nothing'}\n")
    return 0


def _told(incident: dict[str, Any]) -> str:
    place = f" in {incident['place']}" if incident["place"] else ""
    return f"{incident['kind']}{place} for {incident['minutes']} min"


def _ask(
    given: argparse.Namespace, method: str, path: str, body: str | None = None
) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(given.host, given.port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        return answer.status, found
    finally:
        connection.close()
