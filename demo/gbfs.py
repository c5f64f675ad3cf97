"""GBFS 3.0 of the simulated bike share: discovery, system, vehicle types, stations and status.

Source: gbfs.org, specification v3.0. Status changes once a minute, so ``ttl`` is 60 s.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from demo import measures, sites
from demo.almanac import DAY
from demo.clock import utc
from demo.incidents import World
from demo.noise import uniform
from demo.sites import Site

TTL = 60
_ELECTRIC = 0.25  # share of the bikes that have a motor
_OUT_OF_USE = 0.012  # share of stations and days on which a station rents nothing


def discovery(base: str, *, now: int) -> dict[str, Any]:
    """Return ``gbfs.json``: where the other files are. ``base`` is the folder's URL."""
    feeds = [{"name": name, "url": f"{base}/{name}.json"} for name in ("gbfs", *FILES)]
    return _envelope({"feeds": feeds}, now)


def system_information(world: World, *, now: int) -> dict[str, Any]:
    """Return who runs the system."""
    del world
    system = {
        "system_id": "bartizan_demo_montreal",
        "languages": ["en", "fr"],
        "name": _texts("Demo Bikes (simulated)", "Vélos de démonstration (simulés)"),
        "opening_hours": "24/7",
        "feed_contact_email": "demo@example.org",
        "timezone": "America/Toronto",
    }
    return _envelope(system, now, ttl=DAY)


def vehicle_types(world: World, *, now: int) -> dict[str, Any]:
    """Return the two kinds of bike."""
    del world
    kinds = [
        {
            "vehicle_type_id": "bike",
            "form_factor": "bicycle",
            "propulsion_type": "human",
            "name": _texts("Bike", "Vélo"),
        },
        {
            "vehicle_type_id": "ebike",
            "form_factor": "bicycle",
            "propulsion_type": "electric_assist",
            "max_range_meters": 60000,
            "name": _texts("Electric bike", "Vélo électrique"),
        },
    ]
    return _envelope({"vehicle_types": kinds}, now, ttl=DAY)


def station_information(world: World, *, now: int) -> dict[str, Any]:
    """Return names, places and capacities of the stations."""
    del world
    stations = [
        {
            "station_id": site.id,
            "name": _texts(site.name, site.name),
            "short_name": _texts(site.id.removeprefix("bike-"), site.id.removeprefix("bike-")),
            "lat": site.lat,
            "lon": site.lon,
            "capacity": int(site.properties["capacity"]),
            "is_virtual_station": False,
        }
        for site in sites.bikes()
    ]
    return _envelope({"stations": stations}, now, ttl=DAY)


def station_status(world: World, *, now: int) -> dict[str, Any]:
    """Return bikes and free docks; they add up to the capacity."""
    at = np.array([now // TTL * TTL], dtype=np.int64)
    counts = measures.bikes(world, at)[:, 0].astype(int).tolist()
    stations = [
        _status(world, site, count, int(at[0]), row)
        for row, (site, count) in enumerate(zip(sites.bikes(), counts, strict=True))
    ]
    return _envelope({"stations": stations}, now)


FILES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "system_information": system_information,
    "vehicle_types": vehicle_types,
    "station_information": station_information,
    "station_status": station_status,
}
"""The files of the system, by name."""


def _status(world: World, site: Site, count: int, at: int, row: int) -> dict[str, Any]:
    capacity = int(site.properties["capacity"])
    broken, is_open = _care(world.seed, at // DAY)[row]
    disabled = min(count, broken)
    bikes = count - disabled
    electric = min(bikes, round(bikes * _ELECTRIC))
    return {
        "station_id": site.id,
        "num_vehicles_available": bikes,
        "vehicle_types_available": [
            {"vehicle_type_id": "bike", "count": bikes - electric},
            {"vehicle_type_id": "ebike", "count": electric},
        ],
        "num_vehicles_disabled": disabled,
        "num_docks_available": capacity - count,
        "num_docks_disabled": 0,
        "is_installed": True,
        "is_renting": is_open,
        "is_returning": is_open,
        "last_reported": utc(at),
    }


@lru_cache(maxsize=4)
def _care(seed: int, day: int) -> list[tuple[int, bool]]:
    """Return, by station, how many bikes are broken that day and whether it rents."""
    return [
        (
            int(uniform(seed, "broken", row, day)[0] * 2.4),
            bool(uniform(seed, "closed", row, day)[0] >= _OUT_OF_USE),
        )
        for row in range(len(sites.bikes()))
    ]


def _envelope(content: dict[str, Any], now: int, *, ttl: int = TTL) -> dict[str, Any]:
    return {"last_updated": utc(now // ttl * ttl), "ttl": ttl, "version": "3.0", "data": content}


def _texts(english: str, french: str) -> list[dict[str, str]]:
    return [{"text": english, "language": "en"}, {"text": french, "language": "fr"}]
