"""``/api/v1/compare``: the districts of one indicator in a funnel; never in a ranking."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.asked import known_id, known_names
from api.door import Door
from api.problems import bad_parameter, refuse
from metrics.comparing import Comparison, compare_all
from metrics.funnel import DISCOVERIES, Place
from model import Snapshot
from model.plain import instant

KEPT = timedelta(seconds=60)
NOTE = (
    "Districts stand in the city's own order. Limits are those of chance for the district's own n "
    "around the city's value; within them nothing can be said of a difference."
)


def add_routes(routes: Blueprint, door: Door) -> None:
    """Add the comparison."""
    kept = _Kept()

    @routes.get("/compare")
    def compare() -> Response:
        known_names("indicator")
        names = request.args.getlist("indicator")
        if len(names) != 1:
            bad_parameter("indicator", "name one, as in /api/v1/indicators")
        ids = [one.id for one in door.pack.indicators]
        name = known_id("indicator", names[0], ids, "see /api/v1/indicators")
        found = door.store.latest()
        if found is None:
            refuse(503, "no snapshot yet", "the worker has not published since the store started")
        answer = jsonify(_told(door, name, kept.of(door, found), found))
        answer.headers["Cache-Control"] = "no-store"
        return answer


@dataclass(slots=True)
class _Kept:
    """The comparisons of the last minute: all at once, for false discoveries run over all."""

    at: datetime | None = None
    found: Mapping[str, Comparison] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, door: Door, shown: Snapshot) -> Mapping[str, Comparison]:
        """Return the comparisons of what is shown."""
        now = door.clock()
        with self.lock:
            if self.at is None or abs(now - self.at) >= KEPT:
                self.found, self.at = compare_all(door.pack.indicators, shown.readings), now
            return self.found


def _told(
    door: Door, name: str, comparisons: Mapping[str, Comparison], shown: Snapshot
) -> dict[str, Any]:
    indicator = next(one for one in door.pack.indicators if one.id == name)
    found = comparisons[name]
    funnel, is_own = found.funnel, indicator.statistic == "expected"
    scale = 1.0 if is_own else found.scale
    return {
        "indicator": name,
        "at": instant(shown.published_at),
        "unit": "× expected" if is_own else indicator.unit,
        "statistic": indicator.statistic or None,
        "city": None if funnel is None else funnel.centre * scale,
        "over_dispersion": funnel and funnel.phi,
        "spread_between_districts": None if funnel is None else funnel.tau2**0.5 * scale,
        "is_widened": funnel is not None and funnel.is_widened,
        "false_discovery_rate": DISCOVERIES,
        "reason": found.reason,
        "note": NOTE,
        "hidden": list(found.hidden),
        "items": [
            _place(place, scale)
            for district in door.pack.districts.ids
            if funnel is not None and (place := funnel.place(district)) is not None
        ],
    }


def _place(place: Place, scale: float) -> dict[str, Any]:
    def unit(value: float | None) -> float | None:
        return None if value is None else value * scale

    low, high = place.interval or (None, None)
    return {
        "district": place.district,
        "events": place.events,
        "n": place.n,
        "value": unit(place.value),
        "interval_low": unit(low),
        "interval_high": unit(high),
        "low": unit(place.low),
        "high": unit(place.high),
        "far_low": unit(place.far_low),
        "far_high": unit(place.far_high),
        "z": place.z,
        "p": place.p,
        "verdict": place.verdict,
        "is_discovery": place.is_discovery,
        "shrunk": unit(place.shrunk),
    }
