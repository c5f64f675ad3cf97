"""The routes of the sources: how they are doing, what was refused, what people ask of them."""

import re
from typing import Any

import orjson
from flask import Blueprint, Response, request

from api import words
from api.asked import known_names, number
from api.commands import CallBody, Text, command_of, read_body, submit
from api.door import Door
from api.problems import bad_parameter, refuse
from api.pushing import Porter
from model import Feed, FeedState
from model.plain import instant, plain
from store import Quarantined, Reason

ROW = re.compile(r"\d{1,20}-\d{1,20}")  # the name of a row in quarantine
POLL_WITHIN_S = 5.0
REPLAY_WITHIN_S = 30.0
FIGURES = ("read", "accepted", "refused", "unreadable")


class ReplayBody(CallBody):
    """Which rows are read again; all of them where no reason is given."""

    reason: Text | None = None


def add_routes(routes: Blueprint, door: Door) -> None:
    """Add the routes under ``/feeds``."""
    _state(routes, door)
    _calls(routes, door)
    porter = Porter(door)

    @routes.post("/feeds/<feed_id>/push")
    def push(feed_id: str) -> Response:
        known_names()
        return porter.take(_known(door, feed_id))


def _state(routes: Blueprint, door: Door) -> None:
    @routes.get("/feeds")
    def feeds() -> Response:
        known_names()
        return _json(words.page(_states(door)))

    @routes.get("/feeds/<feed_id>/rejects")
    def rejects(feed_id: str) -> Response:
        known_names("limit", "before", "reason")
        before = request.args.get("before")
        if before is not None and not ROW.fullmatch(before):
            bad_parameter("before", f"{before!r} is not the `next` of a page")
        found = door.store.quarantine(
            _known(door, feed_id).id,
            limit=number("limit", usual=100, most=1000),
            before=before,
            reason=request.args.get("reason") or None,
        )
        page = words.page((_row(item) for item in found.items), found.next)
        return _json({**page, "total": found.total})

    @routes.get("/feeds/<feed_id>/rejects/reasons")
    def reasons(feed_id: str) -> Response:
        known_names()
        found = door.store.reasons(_known(door, feed_id).id)
        return _json(words.page(_reason(item) for item in found))


def _calls(routes: Blueprint, door: Door) -> None:
    @routes.post("/feeds/<feed_id>/poll")
    def poll(feed_id: str) -> Response:
        return _json(_obey(door, feed_id, "poll", read_body(CallBody), POLL_WITHIN_S))

    @routes.post("/feeds/<feed_id>/replay")
    def replay(feed_id: str) -> Response:
        return _json(_obey(door, feed_id, "replay", read_body(ReplayBody), REPLAY_WITHIN_S))


def _obey(door: Door, feed_id: str, call: str, body: CallBody, within_s: float) -> dict[str, Any]:
    """Hand a command about a feed to the worker and return what came of it."""
    feed = _known(door, feed_id)
    outcome = submit(door, command_of(door, f"feed:{feed.id}", call, body), within_s)
    if outcome.status == "unknown":
        refuse(404, "no such feed", outcome.reason or f"the worker has no feed {feed.id!r}")
    if outcome.status == "rejected":
        refuse(409, "rejected", outcome.reason or "the feed does not allow it")
    figures = {name: int(value) for name, value in outcome.body if name in FIGURES}
    return {"changed": outcome.status == "applied", "reason": outcome.reason, **figures}


def _known(door: Door, feed_id: str) -> Feed:
    found = next((feed for feed in door.pack.feeds if feed.id == feed_id), None)
    if found is None:
        refuse(404, "no such feed", f"the city has no feed {feed_id!r}")
    return found


def _states(door: Door) -> list[dict[str, Any]]:
    """Return all feeds; their hours do not come every second, so they stand in the store."""
    snapshot, now = door.store.latest(), door.clock()
    kept: dict[str, FeedState] = door.store.feed_states() if snapshot else {}
    return [
        words.feed(item, now)
        | {"hours": plain(kept[item.id].hours if item.id in kept else item.hours)}
        for item in (snapshot.feeds if snapshot else ())
    ]


def _row(found: Quarantined) -> dict[str, Any]:
    return {"id": found.id, **plain(found.reject)}


def _reason(found: Reason) -> dict[str, Any]:
    return {
        "reason": found.reason,
        "field": found.field,
        "count": found.count,
        "last_at": instant(found.last_at),
        "sample": found.sample,
    }


def _json(content: Any) -> Response:
    answer = Response(orjson.dumps(content), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
