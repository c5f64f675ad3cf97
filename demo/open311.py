"""Open311 GeoReport v2, JSON form: services, service definitions, requests.

Source: wiki.open311.org/GeoReport_v2. Cities' extensions served as well: ``page``, ``page_size``,
``updated_after`` and ``updated_before``.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from demo import requests
from demo.clock import city
from demo.districts import wards
from demo.georeport import CAP, Asked, GeoReportError, asked, number
from demo.incidents import World
from demo.noise import uniform
from demo.requests import Requests
from demo.services import BY_CODE, NUMBER, SERVICES

_STREETS = ("rue Principale", "avenue du Parc", "rue Saint-Denis", "boulevard Gouin", "rue Masson")


def services() -> list[dict[str, Any]]:
    """Return the list of services."""
    return [
        {
            "service_code": service.code,
            "service_name": service.name,
            "description": f"{service.name} / {service.name_fr}",
            "metadata": False,
            "type": "realtime",
            "keywords": service.group,
            "group": service.group,
        }
        for service in SERVICES
    ]


def definition(code: str) -> dict[str, Any]:
    """Return the definition of one service, which has no attributes of its own."""
    if code not in BY_CODE:
        raise GeoReportError(404, f"service_code {code} was not found")
    return {"service_code": code, "attributes": []}


def single(world: World, request_id: str, *, now: int) -> list[dict[str, Any]]:
    """Return one request as it stands at ``now``, in a list as the standard wants it."""
    row = requests.named(world, [request_id])
    row = row.pick(row.opened <= now)
    if not len(row):
        raise GeoReportError(404, f"service_request_id {request_id} was not found")
    return _spelt(row, now)


def listed(world: World, options: Mapping[str, str], *, now: int) -> list[dict[str, Any]]:
    """Return the requests that match, newest first, at most :data:`CAP` of them.

    ``service_request_id`` overrides all other options, unknown ids being left out. Otherwise the
    window is the last 90 days before ``end_date`` (or now), and never longer.
    """
    size = number(options, "page_size", CAP)
    page = number(options, "page", 1)
    size = min(size, CAP)
    names = [name for name in options.get("service_request_id", "").split(",") if name]
    if names:
        found = requests.named(world, [name.strip() for name in names])
        rows = found.pick(found.opened <= now)
    else:
        rows = _matching(world, asked(options, now, frozenset(BY_CODE)), now)
    rows = rows.pick(np.arange(len(rows))[::-1][(page - 1) * size : page * size])
    return _spelt(rows, now)


def _matching(world: World, wish: Asked, now: int) -> Requests:
    rows = requests.between(world, wish.first, min(wish.last, now))
    kept = np.ones(len(rows), dtype=np.bool_)
    if wish.codes:
        kept &= np.isin(rows.service, [NUMBER[code] for code in wish.codes])
    if len(wish.statuses) == 1:
        kept &= (rows.closed <= now) == ("closed" in wish.statuses)
    changed = _updated(rows, now)
    kept &= (changed >= wish.updated[0]) & (changed <= wish.updated[1])
    return rows.pick(kept)


def _updated(rows: Requests, now: int) -> Any:
    """Return when each request last changed, as known at ``now``."""
    touched = np.where(rows.touched <= now, rows.touched, rows.opened)
    return np.where(rows.closed <= now, rows.closed, touched)


def _spelt(rows: Requests, now: int) -> list[dict[str, Any]]:
    changed = _updated(rows, now).tolist()
    doors = uniform("address", rows.id).tolist()
    return [
        {
            "service_request_id": str(name),
            "status": "closed" if closed <= now else "open",
            "status_notes": "Completed" if closed <= now else None,
            "service_name": SERVICES[service].name,
            "service_code": SERVICES[service].code,
            "description": None,
            "agency_responsible": SERVICES[service].agency,
            "service_notice": None,
            "requested_datetime": city(opened),
            "updated_datetime": city(changed[n]),
            "expected_datetime": city(due),
            "address": _address(doors[n], ward),
            "address_id": None,
            "zipcode": None,
            "lat": lat,
            "long": lon,
            "media_url": None,
        }
        for n, (name, service, ward, opened, due, closed, lon, lat) in enumerate(
            zip(
                rows.id.tolist(),
                rows.service.tolist(),
                rows.ward.tolist(),
                rows.opened.tolist(),
                rows.due.tolist(),
                rows.closed.tolist(),
                rows.lon.tolist(),
                rows.lat.tolist(),
                strict=True,
            )
        )
    ]


def _address(draw: float, ward: int) -> str:
    street = _STREETS[int(draw * len(_STREETS))]
    return f"{100 + int(draw * 97_000) % 8900} {street}, {wards()[ward].name}"
