"""Road works of the simulated city as WZDx 4.2: begun, going on and planned.

Source: usdot-jpo-ode/wzdx, WorkZoneFeed 4.2. About 40 works at a time; each lasts 3 to 40 days and
is a pure function of the seed and the day on which it begins. A crash closes a lane as well.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from demo import sites, transit
from demo.almanac import DAY, HOUR, day_of, midnight
from demo.clock import utc
from demo.incidents import World
from demo.noise import uniform

PER_DAY = 3
_AHEAD, _BACK = 6, 40  # days
_IMPACTS = (
    "some-lanes-closed", "some-lanes-closed", "alternating-one-way", "all-lanes-open-shift-left",
    "all-lanes-closed",
)  # fmt: skip
_WORKS = (
    ("surface-work", "Road surface", "Revêtement"),
    ("below-road-work", "Water main", "Conduite d'eau"),
    ("barrier-work", "Sidewalk", "Trottoir"),
    ("roadside-work", "Street lighting", "Éclairage"),
)


def feed(world: World, now: int) -> dict[str, Any]:
    """Return the feed as of now."""
    published = now // 300 * 300
    features = [*_works(world, published), *_closures(world, published)]
    return {
        "feed_info": {
            "publisher": "Demo city (simulated)",
            "version": "4.2",
            "license": "https://creativecommons.org/publicdomain/zero/1.0/",
            "update_date": utc(published),
            "update_frequency": 300,
            "data_sources": [
                {
                    "data_source_id": "demo-roads",
                    "organization_name": "Roads (simulated)",
                    "update_date": utc(published),
                    "update_frequency": 300,
                }
            ],
        },
        "type": "FeatureCollection",
        "features": features,
    }


def _works(world: World, now: int) -> Iterator[dict[str, Any]]:
    today = day_of(now)
    for day in range(today - _BACK, today + _AHEAD):
        for number in range(PER_DAY):
            draw = uniform(world.seed, "works", day, number, np.arange(6, dtype=np.int64))
            start = midnight(day) + 7 * HOUR
            end = start + int(3 + 37 * draw[0] ** 2) * DAY + 10 * HOUR
            if end > now:
                yield _work(f"works-{day}-{number}", draw.tolist(), start, end)


def _work(key: str, draw: list[float], start: int, end: int) -> dict[str, Any]:
    lines = transit.lines()
    line = lines[int(draw[1] * len(lines))]
    at = int(draw[2] * (len(line.stops) - 1))
    here, there = line.stops[at], line.stops[at + 1]
    length = 0.12 + 0.2 * draw[3]
    path = [
        [here.lon, here.lat],
        [
            round(here.lon + (there.lon - here.lon) * length, 5),
            round(here.lat + (there.lat - here.lat) * length, 5),
        ],
    ]
    kind, title, _ = _WORKS[int(draw[4] * len(_WORKS))]
    road = f"Street of {here.name.partition(' /')[0]}"
    impact = _IMPACTS[int(draw[5] * len(_IMPACTS))]
    return _feature(key, (start, end), path, impact, {"road": road, "text": title, "kind": kind})


def _closures(world: World, now: int) -> Iterator[dict[str, Any]]:
    for incident in world.incidents("crash", now, now):
        site = next((s for s in sites.traffic() if s.district == incident.place), None)
        if site and incident.covers(now):
            path = [[site.lon, site.lat], [round(site.lon + 0.003, 5), round(site.lat + 0.001, 5)]]
            about = {"road": site.name, "text": "Crash", "kind": "roadside-work"}
            span = (incident.started, incident.ends)
            yield _feature(f"crash-{incident.started}", span, path, "some-lanes-closed", about)


def _feature(
    key: str,
    span: tuple[int, int],
    path: list[list[float]],
    impact: str,
    about: dict[str, str],
) -> dict[str, Any]:
    return {
        "id": key,
        "type": "Feature",
        "properties": {
            "core_details": {
                "data_source_id": "demo-roads",
                "event_type": "work-zone",
                "road_names": [about["road"]],
                "direction": "unknown",
                "name": f"{about['text']}, {about['road']}",
                "description": f"{about['text']} (simulated)",
                "creation_date": utc(span[0] - 2 * DAY),
                "update_date": utc(span[0]),
            },
            "start_date": utc(span[0]),
            "end_date": utc(span[1]),
            "is_start_date_verified": True,
            "is_end_date_verified": False,
            "is_start_position_verified": True,
            "is_end_position_verified": False,
            "location_method": "channel-device-method",
            "vehicle_impact": impact,
            "types_of_work": [{"type_name": about["kind"], "is_architectural_change": False}],
        },
        "geometry": {"type": "LineString", "coordinates": path},
    }
