"""From a path to an answer: every resource, now or under ``/at/<instant>/``, and feeds that fail.

Pure: the clock and the socket stay in :mod:`demo.server`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from demo import cap, civic, gbfs, open311, permits, sensorthings
from demo import warnings as notices
from demo.archive import ROOTS
from demo.calls import Call, Reply, as_json, missing, problem
from demo.clock import utc
from demo.georeport import GeoReportError
from demo.incidents import KINDS
from demo.odata import QueryError, seconds


def answer(call: Call) -> Reply:
    """Return the answer to a GET; never raises for what a reader may send."""
    if call.path.startswith("/at/"):
        return _back_in_time(call)
    broken = _broken(call)
    if broken is not None:
        return broken
    head = call.path.strip("/").partition("/")[0]
    route = _ROUTES.get(head)
    return missing(call) if route is None else route(call)


def _back_in_time(call: Call) -> Reply:
    text, _, rest = unquote(call.path.removeprefix("/at/")).partition("/")
    try:
        at = seconds(text)
    except ValueError as error:
        return problem(400, f"/at/ wants an RFC 3339 instant: {error}")
    if at > call.now:
        return problem(400, f"{text} lies ahead: the demo tells of the past only")
    if rest.startswith("at/"):
        return problem(400, "one instant is enough")
    path = call.path.removeprefix("/at/").partition("/")[2]
    return answer(replace(call, path=f"/{path}", now=at, prefix=f"/at/{text}"))


def _index(call: Call) -> Reply:
    roots = [f"/sta/{name}/v1.1" for name in ROOTS]
    others = [
        "/open311/v2/services.json",
        "/permits/v2/services.json",
        "/gbfs/gbfs.json",
        "/cap/alerts.atom",
    ]
    return as_json(
        {
            "name": "Demo city (simulated)",
            "now": utc(call.now),
            "seed": call.world.seed,
            "feeds": [*others, *roots, *civic.PATHS],
            "incidents": _incidents(call),
        }
    )


def _incidents(call: Call) -> list[dict[str, Any]]:
    return [
        {**item.plain(), "started": utc(item.started), "ends": utc(item.ends)}
        for kind in KINDS
        for item in call.world.incidents(kind, call.now, call.now)
        if item.started <= call.now
    ]


def _control(call: Call) -> Reply:
    if call.path != "/control/incidents":
        return missing(call)
    known = [{"kind": k.name, "summary": k.summary, "minutes": k.minutes} for k in KINDS.values()]
    return as_json({"now": utc(call.now), "known": known, "acting": _incidents(call)})


def _open311(call: Call) -> Reply:
    try:
        return as_json(_georeport(call))
    except GeoReportError as error:
        return as_json(error.body, status=error.code)


def _georeport(call: Call) -> list[dict[str, Any]] | dict[str, Any]:
    folder, _, leaf = _resource(call).partition("/")
    if folder == "services":
        return open311.definition(leaf) if leaf else open311.services()
    if folder == "requests" and leaf:
        return open311.single(call.world, leaf, now=call.now)
    if folder == "requests":
        return open311.listed(call.world, call.options, now=call.now)
    raise GeoReportError(404, "there is nothing here")


def _permits(call: Call) -> Reply:
    try:
        folder, _, leaf = _resource(call).partition("/")
        if folder == "services" and not leaf:
            return as_json(permits.services())
        if folder == "requests" and leaf:
            return as_json(permits.single(call.world, leaf, now=call.now))
        if folder == "requests":
            return as_json(permits.listed(call.world, call.options, now=call.now))
    except GeoReportError as error:
        return as_json(error.body, status=error.code)
    return missing(call)


def _resource(call: Call) -> str:
    """Return what is asked for below ``/…/v2/``, without ``.json``."""
    name = "/".join(call.path.split("/")[3:])
    if not name.endswith(".json"):
        raise GeoReportError(404, "this server speaks JSON: ask for .json")
    return name.removesuffix(".json")


def _gbfs(call: Call) -> Reply:
    name = call.path.removeprefix("/gbfs/").removesuffix(".json")
    if name == "gbfs":
        return as_json(gbfs.discovery(f"{call.origin}{call.prefix}/gbfs", now=call.now))
    if name not in gbfs.FILES or not call.path.endswith(".json"):
        return missing(call)
    return as_json(gbfs.FILES[name](call.world, now=call.now))


def _sta(call: Call) -> Reply:
    _, _, name, version, rest = (*call.path.split("/", 4), "", "", "")[:5]
    if name not in ROOTS or version != "v1.1":
        return missing(call)
    root = f"/sta/{name}/v1.1"
    context = sensorthings.context_for(
        call.world,
        name,
        now=call.now,
        base=f"{call.origin}{call.prefix}{root}",
        frozen=f"{call.origin}/at/{utc(call.now)}{root}",
    )
    try:
        found = sensorthings.answer(context, unquote(rest), call.query)
    except (QueryError, ValueError, TypeError) as error:
        return as_json({"code": 400, "type": "error", "message": str(error)}, status=400)
    if found is None:
        return as_json({"code": 404, "type": "error", "message": "Nothing found."}, status=404)
    return as_json(found)


def _cap(call: Call) -> Reply:
    name = call.path.removeprefix("/cap/")
    base = f"{call.origin}{call.prefix}/cap"
    if name == "alerts.atom":
        body = cap.index(notices.known(call.world, now=call.now), base, now=call.now)
        return Reply(200, body, "application/atom+xml; charset=utf-8")
    message = notices.named(call.world, name.removesuffix(".xml"), now=call.now)
    if message is None or not name.endswith(".xml"):
        return missing(call)
    return Reply(200, cap.document(message, f"{base}/{name}"), "application/cap+xml; charset=utf-8")


def _broken(call: Call) -> Reply | None:
    """Return what a feed answers while an incident breaks it."""
    if call.path.startswith("/sta/traffic/"):
        dead = [
            i for i in call.world.incidents("deadfeed", call.now, call.now) if i.covers(call.now)
        ]
        if dead:
            reply = problem(503, "the traffic service is down")
            hangs = dead[0].mode == "hang" and not call.prefix
            return replace(reply, headers={"Retry-After": "60"}, hang_s=40.0 if hangs else 0.0)
    if call.path.startswith("/gbfs/"):
        for incident in call.world.incidents("badfeed", call.now, call.now):
            if incident.covers(call.now):
                return _garbled(call, is_html=(call.now - incident.started) % 240 < 120)
    return None


def _garbled(call: Call, *, is_html: bool) -> Reply:
    """Return a login page under 200, or JSON that breaks off in the middle."""
    if is_html:
        page = b"<!DOCTYPE html><html><title>Sign in</title><p>Please sign in.</p></html>"
        return Reply(200, page, "text/html; charset=utf-8")
    whole = _gbfs(call)
    return replace(whole, body=whole.body[: len(whole.body) // 2])


_ROUTES: Mapping[str, Callable[[Call], Reply]] = {
    "": _index,
    "control": _control,
    "open311": _open311,
    "permits": _permits,
    "gbfs": _gbfs,
    "sta": _sta,
    "cap": _cap,
    **civic.ROUTES,
}
