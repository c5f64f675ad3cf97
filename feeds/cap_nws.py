"""Alerts of api.weather.gov (GeoJSON) to notices.

Docs: https://www.weather.gov/documentation/services-web-api. Quirks: ``expires`` is when the text
goes, ``ends`` when the event does, often days later; most alerts have no shape but the URLs of
zones; an alert that was replaced says by what.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feeds import cap_shapes, cap_text, nws_bodies, times
from feeds.cap_areas import Areas, coded
from feeds.decode import raw
from feeds.gathered import need
from model import Feed, Notice, Parsed, Reject


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of places that alerts only name: zones by URL, areas and districts by code."""

    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    areas: Areas = field(default_factory=dict)
    districts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse(document: Any, feed: Feed, fetched_at: datetime, places: Places) -> Parsed:
    """Return the notices of a collection of alerts, or of a single one.

    Raises:
        ValueError: if it holds something else, such as a forecast.

    """
    holds = nws_bodies.what(document)
    if holds not in {"alerts", "nothing"}:
        raise ValueError(nws_bodies.refusal(holds, "alerts"))
    updated = document.get("updated") if holds == "nothing" or "features" in document else None
    published = times.instant(str(updated), feed.timezone) if updated else None
    parsed = Parsed(published_at=published)
    for line, feature in enumerate(nws_bodies.rows(document), 1):
        odd: list[str] = []
        try:
            parsed.accepted.append(_notice(feature, feed, fetched_at, places, odd))
        except (LookupError, ValueError, TypeError, AttributeError) as problem:
            odd = [str(problem) if isinstance(problem, ValueError) else repr(problem)]
        parsed.rejected.extend(
            Reject(feed_id=feed.id, line=line, reason=one[:300], raw=raw(feature), at=fetched_at)
            for one in odd
        )
    return parsed


def _notice(
    feature: Any, feed: Feed, fetched_at: datetime, places: Places, odd: list[str]
) -> Notice:
    about = need(feature, "properties")
    sent = times.instant(str(need(about, "sent")), feed.timezone)
    effective = _instant(about, "effective", feed.timezone) or sent
    end = _end(about, feed.timezone)
    said = str(need(about, "messageType"))
    is_gone = bool(about.get("replacedBy")) and not about.get("replacedAt")
    identifier = str(need(about, "id"))
    return Notice(
        feed_id=feed.id,
        notice_id=cap_text.name(str(need(about, "sender")), identifier, sent),
        headline=_first(about, "headline", "event") or identifier,
        effective=effective,
        fetched_at=fetched_at,
        severity=cap_text.severity(_first(about, "severity")),
        status=cap_text.one_of(str(need(about, "status")), cap_text.STATUSES, "status"),
        msg_type="cancel" if is_gone else cap_text.one_of(said, cap_text.MESSAGES, "messageType"),
        event=_first(about, "event"),
        expires=end or effective + cap_text.DEFAULT_LIFE,
        published_at=sent,
        geometry=_geometry(feature, about, places, odd),
        area=_first(about, "areaDesc"),
        url=_link(about),
        supersedes=_references(about.get("references"), feed.timezone),
        districts=_districts(about, places),
        is_end_assumed=end is None,
    )


def _end(about: Mapping[str, Any], zone: str) -> datetime | None:
    """Return when an event ends: when it was replaced, else its end, else that of its text."""
    end = _instant(about, "ends", zone) or _instant(about, "expires", zone)
    replaced = _instant(about, "replacedAt", zone) if about.get("replacedBy") else None
    return min(one for one in (end, replaced) if one) if end or replaced else None


def _instant(about: Mapping[str, Any], name: str, zone: str) -> datetime | None:
    return times.instant(str(about[name]), zone) if about.get(name) else None


def _first(about: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        if said := cap_text.plain(about.get(name)):
            return said
    return None


def _link(about: Mapping[str, Any]) -> str | None:
    link = str(about.get("web") or about.get("@id") or "")
    return link if link.startswith(("https://", "http://")) else None


def _references(listed: Any, zone: str) -> tuple[str, ...]:
    names: list[str] = []
    for one in listed if isinstance(listed, list) else ():
        try:
            sent = times.instant(str(one["sent"]), zone)
            names.append(cap_text.name(str(one["sender"]), str(one["identifier"]), sent))
        except (LookupError, ValueError, TypeError):
            continue
    return tuple(dict.fromkeys(names))


def _geometry(
    feature: Mapping[str, Any], about: Mapping[str, Any], places: Places, odd: list[str]
) -> str | None:
    """Return the alert's own shape, else that of its zones, else that of its codes."""
    try:
        drawn = cap_shapes.geojson(feature.get("geometry"))
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        odd.append(f"geometry: {problem}")
        drawn = []
    if not drawn:
        zones = zones_of(about)
        is_known = all(url in places.zones for url in zones)  # half an area would mislead
        drawn = [shape for url in zones for shape in places.zones[url]] if is_known else []
    return cap_shapes.wkt(drawn or coded(_codes(about), places.areas))


def _districts(about: Mapping[str, Any], places: Places) -> tuple[str, ...]:
    codes = (places.districts.get(f"{name}:{code}", ()) for name, code in _codes(about))
    return tuple(dict.fromkeys(district for some in codes for district in some))


def _codes(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and code of every geocode, such as ``UGC`` and ``CAZ041``."""
    geocode = about.get("geocode")
    for name, codes in geocode.items() if isinstance(geocode, dict) else ():
        for code in codes if isinstance(codes, list) else [codes]:
            yield str(name), str(code)


def zones_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the URLs of the zones that an alert is for."""
    listed = about.get("affectedZones")
    urls = [str(one) for one in listed if one] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(urls))
