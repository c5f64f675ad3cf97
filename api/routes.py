"""The routes under ``/api/v1``: read, ask a room, answer."""

from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Response, request

from api import alert_book, comparing, definitions, foretelling, scores, sources, words
from api.asked import known_names
from api.commands import obey
from api.door import AUDIENCE, Door
from api.formats import FORMATS
from api.problems import problem, refuse, store_is_down
from api.readings import answer_file, answer_readings
from model import Snapshot
from store import StoreDown

SPECIFICATION = Path(__file__).with_name("openapi.json")


def blueprint(door: Door) -> Blueprint:
    """Return the routes of the API."""
    routes = Blueprint("api", __name__, url_prefix="/api/v1")
    routes.register_error_handler(StoreDown, store_is_down)
    _city(routes, door)
    _indicators(routes, door)
    _history(routes, door)
    sources.add_routes(routes, door)
    scores.add_routes(routes, door)
    comparing.add_routes(routes, door)
    foretelling.add_routes(routes, door)
    _alerts(routes, door)
    return routes


def _city(routes: Blueprint, door: Door) -> None:
    specification = SPECIFICATION.read_bytes()
    geometry = orjson.dumps(door.pack.districts.geojson())
    latest = _Encoded(door)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(specification, mimetype="application/json")

    @routes.get("/snapshot")
    def snapshot() -> Response:
        known_names()
        head = door.store.head()
        if head is None:
            refuse(503, "no snapshot yet", "the worker has not published since the store started")
        if _has(etag := _etag(head.version, door.build)):
            return _unchanged(etag)
        found, encoded = latest.read()
        answer = Response(encoded, mimetype="application/json")
        answer.set_etag(_etag(found.version, door.build))
        return answer

    @routes.get("/districts")
    def districts() -> Response:
        etag = f"{door.pack.hash[:16]}.{door.build}"
        if _has(etag):
            return _unchanged(etag)
        answer = Response(geometry, mimetype="application/geo+json")
        answer.set_etag(etag)
        return answer


def _indicators(routes: Blueprint, door: Door) -> None:
    @routes.get("/indicators")
    def indicators() -> Response:
        known_names()
        return _json(words.page(definitions.listed(door)))

    @routes.get("/indicators/<indicator_id>")
    def indicator(indicator_id: str) -> Response:
        known_names()
        return _json(definitions.told(door, indicator_id))


def _history(routes: Blueprint, door: Door) -> None:
    @routes.get("/readings")
    def readings() -> Response:
        return answer_readings(door)

    @routes.get("/readings.<kind>")
    def readings_as(kind: str) -> Response:
        if kind == "json":
            return answer_readings(door)
        if kind not in FORMATS:
            names = ", ".join(("json", *FORMATS))
            return problem(404, "no such format", f"readings exist as {names}")
        return answer_file(door, kind)


def _alerts(routes: Blueprint, door: Door) -> None:
    @routes.get("/alerts")
    def alerts() -> Response:
        known_names("state", "since")
        return _json(words.page(alert_book.listed(door)))

    @routes.get("/alerts/<occurrence>")
    def alert(occurrence: str) -> Response:
        known_names()
        return _json(alert_book.told(door, occurrence))

    @routes.post("/alerts/<occurrence>/<call>")
    def command(occurrence: str, call: str) -> Response:
        return _json(obey(door, occurrence, call))


class _Encoded:
    """The newest snapshot as JSON, encoded once however many ask for it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._last: tuple[Snapshot, bytes] | None = None

    def read(self) -> tuple[Snapshot, bytes]:
        """Return the snapshot and its bytes; ages in it are of the instant of encoding."""
        found = self._door.store.latest()
        if found is None:
            refuse(503, "no snapshot yet", "the worker has not published since the store started")
        last = self._last
        if last is None or last[0].version != found.version:
            last = (found, orjson.dumps(words.snapshot(found, self._door.clock())))
            self._last = last
        return last


def _json(content: Any) -> Response:
    answer = Response(orjson.dumps(content), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _etag(version: str, build: str) -> str:
    return f"{version}.{AUDIENCE}.{build}"


def _has(etag: str) -> bool:
    """Whether the client holds this already; compression adds its name behind a colon."""
    asked = request.if_none_match
    return any(asked.contains_weak(f"{etag}{suffix}") for suffix in ("", ":br", ":gzip"))


def _unchanged(etag: str) -> Response:
    answer = Response(status=304)
    answer.set_etag(etag)
    return answer
