"""Routes of the buses, car parks, equipment, works, services, threats and opinion."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from demo import exposition, gtfs, kev, ngsi, opinion, participation, portal, works
from demo.calls import Call, Reply, as_json, missing, problem


def _gtfs(call: Call) -> Reply:
    if call.path == "/gtfs/gtfs.zip":
        return Reply(200, gtfs.static(call.now), "application/zip")
    told = {
        "/gtfs/trip-updates.pb": gtfs.trip_updates,
        "/gtfs/vehicles.pb": gtfs.vehicles,
        "/gtfs/alerts.pb": gtfs.alerts,
    }.get(call.path)
    if told is None:
        return missing(call)
    return Reply(200, told(call.world, call.now), "application/x-protobuf")


def _ngsi(call: Call) -> Reply:
    found = ngsi.entities(call.world, call.now)
    if call.path != "/ngsi-ld/v1/entities":
        key = call.path.removeprefix("/ngsi-ld/v1/entities/")
        one = next((item for item in found if item["id"] == unquote(key)), None)
        return missing(call) if one is None else as_json(one)
    options = call.options
    if options.get("type", ngsi.TYPE) != ngsi.TYPE:
        found = []
    try:
        start, many = int(options.get("offset", "0")), int(options.get("limit", "20"))
    except ValueError:
        return problem(400, "limit and offset are whole numbers")
    page = as_json(found[start : start + min(many, 1000)])
    headers = {"NGSILD-Results-Count": str(len(found))} if options.get("count") == "true" else {}
    return replace(page, content_type="application/ld+json", headers=headers)


def _prometheus(call: Call) -> Reply:
    if call.path != "/prometheus/metrics":
        return missing(call)
    body = exposition.metrics(call.world, call.now).encode()
    return Reply(200, body, "text/plain; version=0.0.4; charset=utf-8")


def _wzdx(call: Call) -> Reply:
    if call.path != "/wzdx/works.geojson":
        return missing(call)
    return replace(as_json(works.feed(call.world, call.now)), content_type="application/geo+json")


def _site(call: Call) -> Reply:
    found = portal.page(call.world, call.path.removeprefix("/site/").strip("/"), call.now)
    if found is None:
        return missing(call)
    return Reply(found.status, found.body, "text/html; charset=utf-8", hang_s=found.wait_s)


def _kev(call: Call) -> Reply:
    if call.path != "/kev/known_exploited_vulnerabilities.json":
        return missing(call)
    return as_json(kev.catalogue(call.world, call.now))


def _mastodon(call: Call) -> Reply:
    if call.path != "/mastodon/api/v1/timelines/tag/montreal":
        return missing(call)
    try:
        return as_json(opinion.timeline(call.world, call.options, call.now))
    except ValueError:
        return problem(400, "limit and ids are whole numbers")


def _decidim(call: Call) -> Reply:
    if call.path != "/decidim/open-data/proposals.csv":
        return missing(call)
    body = participation.export(call.world, call.now).encode()
    return Reply(200, body, "text/csv; charset=utf-8")


ROUTES: Mapping[str, Callable[[Call], Reply]] = {
    "gtfs": _gtfs,
    "ngsi-ld": _ngsi,
    "prometheus": _prometheus,
    "wzdx": _wzdx,
    "site": _site,
    "kev": _kev,
    "mastodon": _mastodon,
    "decidim": _decidim,
}
PATHS = (
    "/gtfs/gtfs.zip",
    "/gtfs/trip-updates.pb",
    "/gtfs/vehicles.pb",
    "/gtfs/alerts.pb",
    "/ngsi-ld/v1/entities",
    "/prometheus/metrics",
    "/wzdx/works.geojson",
    "/kev/known_exploited_vulnerabilities.json",
    "/mastodon/api/v1/timelines/tag/montreal",
    "/decidim/open-data/proposals.csv",
)
