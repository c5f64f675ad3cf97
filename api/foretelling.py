"""``/api/v1/forecast``: the next 24 hours of one indicator of the city, and how good that is."""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.asked import known_id, known_names
from api.door import Door
from api.past import veiled
from api.problems import bad_parameter
from cities import days_of
from metrics.ahead import HOUR, daily_trend, drift, hours_ahead
from metrics.forecast import HIGH, LOW
from metrics.trend import ARROWS, Slope
from model import CITY, Indicator, Quality
from model.plain import instant

RECORD = timedelta(weeks=9)
KEPT = timedelta(minutes=10)
SLOW = "it is measured once a day or more rarely: nothing is foretold by the hour"
SHORT = "the record is too short: three weeks by the hour are needed"


@dataclass(slots=True)
class Forecasts:
    """Forecasts of the last ten minutes."""

    found: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, door: Door, indicator: Indicator) -> dict[str, Any]:
        """Return a forecast, made now or lately."""
        now = door.clock()
        with self.lock:
            known = self.found.get(indicator.id)
        if known is not None and abs(now - known[0]) < KEPT:
            return known[1]
        made = foretold(door, indicator, now)
        with self.lock:
            self.found[indicator.id] = (now, made)
        return made


def add_routes(routes: Blueprint, door: Door) -> None:
    """Add the forecast."""
    kept = Forecasts()

    @routes.get("/forecast")
    def forecast() -> Response:
        known_names("indicator")
        names = request.args.getlist("indicator")
        if len(names) != 1:
            bad_parameter("indicator", "name one, as in /api/v1/indicators")
        by_id = {one.id: one for one in door.pack.indicators}
        name = known_id("indicator", names[0], by_id, "see /api/v1/indicators")
        answer = jsonify(kept.of(door, by_id[name]))
        answer.headers["Cache-Control"] = "no-store"
        return answer


def foretold(door: Door, indicator: Indicator, now: datetime) -> dict[str, Any]:
    """Return the next hours with their band, or why there are none."""
    told: dict[str, Any] = {
        "indicator": indicator.id,
        "made_at": instant(now),
        "unit": indicator.unit,
        "band": [LOW / 100, HIGH / 100],
        "error": None,
        "trend": None,
        "drift": None,
        "reason": None,
        "items": [],
    }
    if indicator.cadence >= timedelta(days=1):
        return told | {"reason": SLOW}
    times, values, z = _course(door, indicator, now)
    told |= {
        "trend": _trend(daily_trend(values, deadband=10.0**-indicator.decimals)),
        "drift": drift(z),
    }
    found = hours_ahead(times, values, days_of(door.pack.city, door.pack.calendar))
    if found is None:
        return told | {"reason": SHORT}
    coming, ahead = found
    error = ahead.error
    return told | {
        "error": {
            "mase": error.mase,
            "relative": error.relative,
            "coverage": error.coverage,
            "forecasts": len(error.gaps),
        },
        "items": [
            {"at": instant(at), "centre": _known(centre), "low": _known(low), "high": _known(high)}
            for at, centre, low, high in zip(
                coming,
                ahead.centre.tolist(),
                ahead.low.tolist(),
                ahead.high.tolist(),
                strict=True,
            )
        ],
    }


def _course(
    door: Door, indicator: Indicator, now: datetime
) -> tuple[list[datetime], list[float | None], list[float | None]]:
    """Return the city's values and z by whole hours, from the first one known to the last hour.

    A city's figure that may not be shown is not foretold from either, so districts are read too.
    """
    end = now.replace(minute=0, second=0, microsecond=0)
    whose = None if indicator.is_counted else CITY
    rows = door.history.readings(
        indicator.id, district=whose, start=end - RECORD, end=end, resolution=HOUR, known_at=None
    )
    if indicator.is_counted:
        rows = [row for row in veiled(door, indicator, rows) if row["district"] == CITY]
    sound = [row for row in rows if _is_sound(row)]
    known = {row["at"]: row["value"] for row in sound}
    if not known:
        return [], [], []
    unusual = {row["at"]: row.get("z") for row in sound}
    first = min(known)
    times = [first + HOUR * step for step in range(int((end - first) / HOUR))]
    return times, [known.get(at) for at in times], [unusual.get(at) for at in times]


def _trend(found: Slope | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "verdict": found.verdict,
        "arrow": ARROWS[found.verdict],
        "change": found.change,
        "days": found.n,
        "p": found.p,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _is_sound(row: Mapping[str, Any]) -> bool:
    return row["value"] is not None and not Quality(row["quality"]).is_frozen
