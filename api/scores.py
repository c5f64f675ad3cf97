"""``/api/v1/score``: how well the city does, what is weak in it, and why it moved."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.asked import instant, known_names, period
from api.door import Door
from api.problems import bad_parameter, refuse
from cities.problems import nearest
from model import CITY
from model.plain import plain

PREFIX = "score."  # of the readings in which the worker keeps the course
USUAL = timedelta(days=30)
_STEP = timedelta(hours=1)
_ROW = ("at", "value", "coverage", "quality", "reason")


def add_routes(routes: Blueprint, door: Door) -> None:
    """Add the score and its course."""

    @routes.get("/score")
    def score() -> Response:
        known_names()
        found = door.store.latest()
        if found is None or found.score is None:
            refuse(503, "no score yet", "the worker has not scored the city since it started")
        answer = jsonify(plain(found.score))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.get("/score/course")
    def score_course() -> Response:
        known_names("domain", "start", "end")
        return jsonify(_course(door))


def _course(door: Door) -> dict[str, Any]:
    """Return the score by the hour: the newest of each, null where none was published."""
    domain = request.args.get("domain", CITY)
    known = [CITY, *dict.fromkeys(one.domain for one in door.pack.indicators)]
    if domain not in known:
        bad_parameter("domain", f"{domain!r} is unknown{nearest(domain, known)}")
    start, end = period(door.clock(), USUAL)
    if instant("start") is None:  # whole hours, so that the same hour is the same row
        start = start.replace(minute=0, second=0, microsecond=0)
    rows = door.history.readings(
        PREFIX + domain, district=CITY, start=start, end=end, resolution=_STEP, known_at=None
    )
    items = [{name: plain(row.get(name)) for name in _ROW} for row in rows]
    return {"domain": domain, "items": items}
