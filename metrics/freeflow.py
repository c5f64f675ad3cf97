"""How fast a road flows when nobody is in the way, learnt from its nights; what a road weighs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from metrics.columns import Floats, Ints, milliseconds
from metrics.grouping import quantile
from metrics.scope import Question
from metrics.sites import fit
from metrics.window import Window

NIGHTS = 28
MIN_REPORTS = 7  # hourly reports of one night; fewer say nothing about a site
_QUANTILE = 0.85
_FROM, _UNTIL = 22, 5  # hours of city time
_KEPT = 8


@dataclass(frozen=True, slots=True)
class FreeFlow:
    """Free-flow speed in km/h (NaN unknown) and nights behind it, by site code."""

    speed: Floats
    nights: Ints


def free_flow(window: Window, at: datetime, timezone: str) -> FreeFlow:
    """Return the 85th percentile of the speeds of the last 28 nights, by site.

    A night lasts from 22:00 to 05:00 in city time, whatever the clocks do; only nights that have
    ended by ``at`` count, so the answer is the same all day until 05:00 and is kept until facts
    about those nights change.

    Source:
        FHWA, "Travel Time Reliability: Making It There On Time, All The Time" (2006), uses the
        free-flow speed of light traffic; percentile, hours and days are this project's choice.

    """
    nights = tuple(_nights(at, ZoneInfo(timezone)))
    track = window.tracks.get("speed")
    counted = (sum(track.count(a, b) for a, b in nights), track.changes) if track else (0, 0)
    key = ("free flow", timezone, nights[0], counted)
    known = window.memo.get(key)
    size = len(window.sites.names)
    if isinstance(known, FreeFlow):
        missing = size - len(known.speed)
        if not missing:
            return known
        if missing > 0:  # sites of other quantities have come: nothing is known of their speed
            fresh = FreeFlow(
                np.append(known.speed, np.full(missing, np.nan)),
                np.append(known.nights, np.zeros(missing, np.int64)),
            )
            window.memo[key] = fresh
            return fresh
    fresh = _measured(window, nights)
    while len(window.memo) >= _KEPT:
        window.memo.pop(next(iter(window.memo)), None)
    window.memo[key] = fresh
    return fresh


def road_weights(question: Question, site: Ints) -> tuple[Floats, bool]:
    """Return length × volume of each sensor, or 1 for all where one of them is unknown."""
    known = question.scope.references
    names = [question.window.name_of(one) for one in site.tolist()]
    found = [known.get(("length", n), np.nan) * known.get(("volume", n), np.nan) for n in names]
    weight = np.array(found, np.float64)
    is_weighted = bool(np.isfinite(weight).all() and (weight > 0).all())
    return (weight if is_weighted else np.ones(len(weight))), is_weighted


def _measured(window: Window, nights: tuple[tuple[int, int], ...]) -> FreeFlow:
    size = len(window.sites.names)
    parts = [window.rows("speed", start, end) for start, end in nights]
    masks = [fit(part, "speed") for part in parts]
    site = np.concatenate([part.site[mask] for part, mask in zip(parts, masks, strict=True)])
    value = np.concatenate([part.value[mask] for part, mask in zip(parts, masks, strict=True)])
    count = np.zeros(size, np.int64)
    for part, mask in zip(parts, masks, strict=True):
        count[np.unique(part.site[mask])] += 1
    speed = quantile(site, size, value, _QUANTILE)
    speed[np.bincount(site, minlength=size) < MIN_REPORTS] = np.nan
    return FreeFlow(speed, count)


def _nights(at: datetime, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Yield the nights ended by ``at``, newest first; reports at 22:00 and at 05:00 count."""
    local = at.astimezone(zone)
    morning = local.replace(hour=_UNTIL, minute=0, second=0, microsecond=0, fold=0)
    if milliseconds(morning) > milliseconds(at):
        morning -= timedelta(days=1)
    for night in range(NIGHTS):
        end = morning - timedelta(days=night)
        start = (end - timedelta(days=1)).replace(hour=_FROM)
        yield milliseconds(start) - 1, milliseconds(end)
