"""Shapes of the zones that alerts of the US National Weather Service name by URL.

Each is asked once a month, at most forty at a poll, and remembered coarsely: a zone has thousands
of points on the wire and a few dozen here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from feeds import cap_nws, cap_shapes, times
from feeds.base import Visit
from feeds.decode import from_json, raw
from feeds.errors import FeedError
from model import Reject
from model.plain import instant

_TOLERANCE = 0.005  # degrees, about 500 m
_AT_ONCE = 40
_KEPT = 300
_LIFE = timedelta(days=30)


@dataclass(slots=True)
class Zones:
    """The zones by URL. ``is_pending`` says that some could not be asked yet."""

    known: dict[str, list[Any]] = field(default_factory=dict)  # url → [read at, polygons]
    rejected: list[Reject] = field(default_factory=list)
    is_pending: bool = False

    @property
    def shapes(self) -> Mapping[str, tuple[str, ...]]:
        """Polygons by URL."""
        return {url: tuple(pair[1]) for url, pair in self.known.items()}


def wanted(features: Iterable[Any]) -> list[str]:
    """Return the URLs of the zones of all alerts that have no shape of their own."""
    urls: dict[str, None] = {}
    for feature in features:
        if not isinstance(feature, dict) or feature.get("geometry"):
            continue
        about = feature.get("properties")
        urls |= dict.fromkeys(cap_nws.zones_of(about) if isinstance(about, dict) else ())
    return list(urls)[:_KEPT]


def read(visit: Visit, urls: list[str], memory: Mapping[str, list[Any]]) -> Zones:
    """Return the zones, asking for those that are new or were read long ago."""
    young = visit.now - _LIFE
    zones = Zones()
    n_asked = 0
    for url in urls:
        pair = memory.get(url)
        if pair and times.instant(pair[0]) > young:
            zones.known[url] = list(pair)
        elif n_asked < _AT_ONCE:
            n_asked += 1
            _ask(visit, url, zones)
        else:
            zones.is_pending = True
    others = {url: list(pair) for url, pair in memory.items() if url not in zones.known}
    room = max(_KEPT - len(zones.known), 0)
    zones.known |= dict(list(others.items())[:room])
    return zones


def _ask(visit: Visit, url: str, zones: Zones) -> None:
    try:
        body = visit.get(url, accept="application/geo+json").content
        shapes = cap_shapes.geojson(from_json(body)["geometry"], _TOLERANCE)
    except FeedError as problem:
        zones.is_pending |= not problem.permanent
        reason = problem.reason
        if not problem.permanent:
            return
        shapes = []
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        reason, shapes = str(problem), []
    else:
        reason = "" if shapes else "it has no shape"
    zones.known[url] = [instant(visit.now), shapes]
    if reason:
        zones.rejected.append(
            Reject(
                feed_id=visit.feed.id,
                line=0,
                reason=f"zone {url}: {reason}"[:300],
                raw=raw(url),
                at=visit.now,
                field="affectedZones",
            )
        )
