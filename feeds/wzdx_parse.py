"""WZDx work zones to notices: 2.x and 3.x (flat), 4.x (with core details).

Quirks: ``end_date`` may lie years ahead; what is over may stay listed; names of members changed
with every version; a point may come as a MultiPoint of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feeds import geojson, times
from feeds.decode import from_json, raw
from feeds.options import KindOptions
from feeds.secrets import Secret
from model import Feed, Notice, Parsed, Reject

_HEADERS = ("feed_info", "road_event_feed_info")
_NESTED = ("core_details", "road_event")
_SILENT = frozenset({"", "undefined", "unknown", "none"})
_BROKEN = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
_HEADLINE = 160


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    key: Secret | None = None
    key_header: str = "X-API-Key"
    key_param: str | None = None


@dataclass(slots=True)
class _Zones:
    """Gathers the notices of one document."""

    feed: Feed
    fetched_at: datetime
    published_at: datetime | None
    parsed: Parsed = field(default_factory=Parsed)

    def reject(self, line: int, reason: str, row: Any, name: str | None = None) -> None:
        self.parsed.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=line,
                reason=reason[:300],
                raw=raw(row),
                at=self.fetched_at,
                field=name,
            )
        )


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return a notice per road event.

    Raises:
        ValueError: if it is no feed of work zones, such as one of devices.

    """
    document = from_json(body)
    header = header_of(document)
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list) or (not features and not header):
        raise ValueError("no features")
    if features and all(_is_device(one) for one in features):
        raise ValueError("a feed of devices (arrow boards, cameras): only work zones are read")
    published = _instant(header.get("update_date"), feed)
    return zones(features, feed, fetched_at, published)


def zones(
    features: list[Any], feed: Feed, fetched_at: datetime, published_at: datetime | None
) -> Parsed:
    """Return a notice per road event; one that is listed twice is kept once."""
    found = _Zones(feed, fetched_at, published_at)
    seen: dict[str, Notice] = {}
    for line, feature in enumerate(features, 1):
        try:
            notice = _notice(feature, line, found)
        except KeyError as problem:
            found.reject(line, f"{problem.args[0]} is missing", feature, str(problem.args[0]))
        except _BROKEN as problem:
            found.reject(line, f"{type(problem).__name__}: {problem}", feature)
        else:
            if seen.get(notice.notice_id) not in {None, notice}:
                found.reject(line, f"{notice.notice_id} is listed twice", feature, "id")
            seen.setdefault(notice.notice_id, notice)
    return Parsed(list(seen.values()), found.parsed.rejected, published_at)


def header_of(document: Any) -> Mapping[str, Any]:
    """Return the header of a feed, whatever its version calls it; empty where there is none."""
    for name in _HEADERS if isinstance(document, Mapping) else ():
        if isinstance(document.get(name), Mapping):
            return dict(document[name])
    return {}


def _is_device(feature: Any) -> bool:
    details = _details(feature) if isinstance(feature, Mapping) else {}
    return "device_type" in details or ("device_status" in details and "event_type" not in details)


def _details(feature: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an event, flat: 4.x nests some of them."""
    about = feature.get("properties")
    found = dict(about) if isinstance(about, Mapping) else {}
    for name in _NESTED:
        nested = found.get(name)
        if isinstance(nested, Mapping):
            found |= nested
    return found


def _notice(feature: Any, line: int, zones: _Zones) -> Notice:
    details = _details(feature)
    if _is_device(feature):
        raise ValueError("a device, not a work zone")
    start = _instant(details.get("start_date"), zones.feed)
    if start is None:
        raise KeyError("start_date")
    end = _instant(details.get("end_date"), zones.feed)
    if end is not None and end < start:
        raise ValueError(f"ends {end:%Y-%m-%d %H:%M} before it begins {start:%Y-%m-%d %H:%M}")
    updated = _first(details, ("update_date", "creation_date"), zones.feed)
    published = updated or zones.published_at
    status = str(details.get("event_status") or "").lower()
    if status == "completed":
        over = published or zones.fetched_at
        end = max(start, over if end is None else min(end, over))
    return Notice(
        feed_id=zones.feed.id,
        notice_id=_name(feature, details),
        headline=_headline(details),
        effective=start,
        fetched_at=zones.fetched_at,
        severity=severity(details.get("vehicle_impact")),
        msg_type="cancel" if status in {"cancelled", "canceled"} else "alert",
        event=_words(details.get("event_type")) or "work zone",
        expires=end,
        published_at=published,
        geometry=_shape(feature, line, zones),
        area=_area(details),
    )


def _name(feature: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    places = (
        feature.get("id"),
        *(details.get(n) for n in ("road_event_id", "event_id", "identifier", "id")),
    )
    for said in places:
        if isinstance(said, str | int) and not isinstance(said, bool) and str(said).strip():
            sub = details.get("subidentifier")
            return f"{said}:{sub}".strip() if sub and said != feature.get("id") else str(said)
    raise KeyError("id")


def severity(impact: Any) -> str:
    """Return how bad it is for those who drive; a city's own words are unknown.

    >>> severity("some-lanes-closed-merge-left"), severity("all-lanes-open-shift-right")
    ('moderate', 'minor')

    """
    said = str(impact or "").strip().lower().replace("_", "-").replace(" ", "-")
    if said == "all-lanes-closed":
        return "severe"
    if said.startswith("some-lanes-closed"):
        return "moderate"
    is_slight = said.startswith(("all-lanes-open", "alternating", "flagging", "temporary-traffic"))
    return "minor" if is_slight else "unknown"


def _headline(details: Mapping[str, Any]) -> str:
    """Return roads, direction, what it is and what it closes; else what the source calls it."""
    roads = _roads(details)
    event = _words(details.get("event_type")) or "work zone"
    impact = _words(details.get("vehicle_impact"))
    what = ", ".join(part for part in (event, impact) if part)
    if not roads:
        said = details.get("name") or details.get("description") or details.get("headline")
        return " ".join(str(said).split())[:_HEADLINE] if said else what
    direction = _words(details.get("direction"))
    where = " ".join(part for part in (roads, direction) if part)
    return f"{where}: {what}"[:_HEADLINE]


def _roads(details: Mapping[str, Any]) -> str:
    listed = details.get("road_names")
    if not isinstance(listed, list):
        listed = [details.get("road_name") or details.get("road_number")]
    return ", ".join(dict.fromkeys(str(one).strip() for one in listed if one and str(one).strip()))


def _words(code: Any) -> str:
    said = str(code or "").strip().replace("-", " ").replace("_", " ").lower()
    return "" if said in _SILENT else said


def _area(details: Mapping[str, Any]) -> str | None:
    ends = (details.get("beginning_cross_street"), details.get("ending_cross_street"))
    said = [" ".join(str(end).split()) for end in ends if end]
    if not said:
        posts = (details.get("beginning_milepost"), details.get("ending_milepost"))
        said = [f"milepost {post}" for post in posts if post is not None]
    return " – ".join(dict.fromkeys(said)) or None


def _first(details: Mapping[str, Any], names: tuple[str, ...], feed: Feed) -> datetime | None:
    return next((at for name in names if (at := _instant(details.get(name), feed))), None)


def _instant(said: Any, feed: Feed) -> datetime | None:
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    return times.instant(str(said), feed.timezone)


def _shape(feature: Mapping[str, Any], line: int, zones: _Zones) -> str | None:
    """Return the shape as WKT; one that makes no sense is refused alone, the notice stays."""
    geometry = feature.get("geometry")
    try:
        if geometry and geometry["type"] == "MultiPoint" and len(geometry["coordinates"]) == 1:
            geometry = {"type": "Point", "coordinates": geometry["coordinates"][0]}
        return geojson.shape(geometry or None)[2]
    except _BROKEN as problem:
        zones.reject(line, f"geometry: {problem}", feature, "geometry")
        return None
