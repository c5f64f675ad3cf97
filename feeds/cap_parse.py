"""CAP messages to notices.

Quirks: polygons are "lat,lon lat,lon" and become WKT in lon, lat; times carry fixed offsets
(``-00:00`` for UTC, or ``Z``); without ``expires`` an alert counts for 24 h; several ``info``
blocks are languages or parts: those of the wanted language are joined under the most severe.
A shape that makes no sense is refused alone: the alert stays.
"""

import html
import re
from datetime import datetime, timedelta
from math import cos, pi, radians, sin
from typing import Any
from xml.etree.ElementTree import Element, tostring

from pydantic import Field

from feeds import times
from feeds.decode import from_xml, local, raw
from feeds.options import KindOptions
from model import Feed, Notice, Parsed, Reject

ROOTS = frozenset({"alert", "feed", "rss", "RDF", "EDXLDistribution"})
SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
STATUSES = frozenset({"actual", "exercise", "system", "test", "draft"})
MESSAGES = frozenset({"alert", "update", "cancel", "ack", "error"})

_DEFAULT_LIFE = timedelta(hours=24)
_TAG = re.compile(r"<[^>]*>")
_KM_PER_DEGREE = 111.195  # of latitude, on a sphere of 6 371 km
_CORNERS = 32
_SMALLEST_KM = 0.1
_RING = 4  # a closed ring has at least as many points
_POLE = 90.0
_DATE_LINE = 180.0

Pairs = list[tuple[float, float]]


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    language: str | None = None
    geocodes: dict[str, tuple[str, ...]] = Field(default_factory=dict)


def parse(body: bytes, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the notices of every message in a document, however it is wrapped.

    Raises:
        ValueError: if the body is no XML, or has a DTD.

    """
    return read_root(from_xml(body), feed, fetched_at)


def read_root(root: Element, feed: Feed, fetched_at: datetime) -> Parsed:
    """Return the notices of every message under an element."""
    parsed = Parsed()
    options = Options.model_validate(dict(feed.options))
    for line, alert in enumerate(alerts(root), 1):
        try:
            notice, odd = _notice(alert, feed, options, fetched_at)
        except (KeyError, ValueError, TypeError, IndexError) as problem:
            reason = str(problem) if isinstance(problem, ValueError) else f"{problem!r}"
            odd = [reason]
        else:
            parsed.accepted.append(notice)
        shown = raw(tostring(alert, encoding="unicode")) if odd else ""
        parsed.rejected.extend(
            Reject(feed_id=feed.id, line=line, reason=reason[:300], raw=shown, at=fetched_at)
            for reason in odd
        )
    return parsed


def alerts(root: Element) -> list[Element]:
    """Return the CAP messages at or under an element."""
    return [item for item in root.iter() if local(item) == "alert"]


def _notice(
    alert: Element, feed: Feed, options: Options, fetched_at: datetime
) -> tuple[Notice, list[str]]:
    """Return a notice, and what is odd about its shapes."""
    sent = _instant(alert, "sent", feed.timezone)
    if sent is None:
        raise ValueError("sent is missing")
    infos = _chosen(alert, options.language)
    main = min(infos, key=_rank, default=Element("info"))
    effective = _instant(main, "effective", feed.timezone) or sent
    areas = [area for info in infos for area in info if local(area) == "area"]
    geometry, odd = _geometry(areas)
    notice = Notice(
        feed_id=feed.id,
        notice_id=_name(_need(alert, "sender"), _need(alert, "identifier"), sent),
        headline=_headline(alert, main),
        effective=effective,
        fetched_at=fetched_at,
        severity=SEVERITIES[_rank(main)],
        status=_one_of(_need(alert, "status"), STATUSES, "status"),
        msg_type=_one_of(_need(alert, "msgType"), MESSAGES, "msgType"),
        event=_text(main, "event"),
        expires=_expiry(infos, effective, feed.timezone),
        published_at=sent,
        geometry=geometry,
        area="; ".join(dict.fromkeys(filter(None, (_text(a, "areaDesc") for a in areas)))) or None,
        url=_text(main, "web"),
        supersedes=_references(_text(alert, "references") or "", feed.timezone),
        districts=_districts(areas, options),
    )
    return notice, odd


def _name(sender: str, identifier: str, sent: datetime) -> str:
    return f"{sender},{identifier},{sent:%Y-%m-%dT%H:%M:%SZ}"


def _references(written: str, zone: str) -> tuple[str, ...]:
    """Return the names of the messages in ``sender,identifier,sent`` triples."""
    found: list[str] = []
    for triple in written.split():
        sender, _, rest = triple.partition(",")
        identifier, _, sent = rest.rpartition(",")
        try:
            found.append(_name(sender, identifier, times.instant(sent, zone)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def _chosen(alert: Element, language: str | None) -> list[Element]:
    """Return the info blocks of the wanted language, else of the first one there is."""
    infos = [item for item in alert if local(item) == "info"]
    spoken = [(_text(info, "language") or "en-US").lower() for info in infos]
    wanted = (language or "").lower().split("-")[0]
    if wanted and any(word.split("-")[0] == wanted for word in spoken):
        return [i for i, word in zip(infos, spoken, strict=True) if word.split("-")[0] == wanted]
    return [info for info, word in zip(infos, spoken, strict=True) if word == spoken[0]]


def _rank(info: Element) -> int:
    said = (_text(info, "severity") or "unknown").lower()
    return SEVERITIES.index(said) if said in SEVERITIES else len(SEVERITIES) - 1


def _headline(alert: Element, info: Element) -> str:
    for written in (_text(info, "headline"), _text(info, "event"), _text(alert, "note")):
        if written:
            return written
    return f"{_need(alert, 'msgType')} {_need(alert, 'identifier')}"


def _expiry(infos: list[Element], effective: datetime, zone: str) -> datetime:
    ends = [end for info in infos if (end := _instant(info, "expires", zone))]
    return max(ends, default=effective + _DEFAULT_LIFE)


def _geometry(areas: list[Element]) -> tuple[str | None, list[str]]:
    """Return all polygons and circles as one WKT shape in longitude, latitude, and bad ones."""
    shapes: list[str] = []
    odd: list[str] = []
    for item in (part for area in areas for part in area):
        try:
            ring = _drawn(item)
        except ValueError as problem:
            odd.append(f"{local(item)}: {problem}")
            continue
        if ring:
            shapes.append("((" + ", ".join(f"{lon:.6f} {lat:.6f}" for lat, lon in ring) + "))")
    shapes = list(dict.fromkeys(shapes))  # info blocks often repeat their area
    if len(shapes) > 1:
        return f"MULTIPOLYGON ({', '.join(shapes)})", odd
    return (f"POLYGON {shapes[0]}" if shapes else None), odd


def _drawn(item: Element) -> Pairs | None:
    written = (item.text or "").strip()
    if local(item) == "polygon" and written:
        return _ring([_pair(word) for word in written.split()])
    if local(item) == "circle" and written:
        centre, _, radius = written.partition(" ")
        return _circle(_pair(centre), float(radius or 0))
    return None


def _pair(word: str) -> tuple[float, float]:
    lat, lon = word.split(",")[:2]
    return float(lat), float(lon)


def _ring(points: Pairs) -> Pairs:
    """Return a closed ring of latitude, longitude; beyond the pole the axes are swapped."""
    if any(abs(lat) > _POLE for lat, _ in points):
        points = [(lon, lat) for lat, lon in points]
    if points[0] != points[-1]:
        points = [*points, points[0]]
    if len(points) < _RING or any(abs(a) > _POLE or abs(o) > _DATE_LINE for a, o in points):
        raise ValueError(f"a polygon of {len(points)} points from {points[0]}")
    return points


def _circle(centre: tuple[float, float], km: float) -> Pairs:
    """Return a circle as a ring; a radius of nothing becomes 100 m."""
    lat, lon = _ring([centre, (centre[0], centre[1]), centre, centre])[0]
    up = max(km, _SMALLEST_KM) / _KM_PER_DEGREE
    across = up / max(cos(radians(lat)), 0.01)
    angles = [2 * pi * n / _CORNERS for n in range(_CORNERS)]
    ring = [(lat + up * sin(angle), lon + across * cos(angle)) for angle in angles]
    return [*ring, ring[0]]


def _districts(areas: list[Element], options: Options) -> tuple[str, ...]:
    """Return the districts that the pack names for an area's codes, as ``UGC:CAZ041``."""
    found: list[str] = []
    for area in areas:
        for code in (item for item in area if local(item) == "geocode"):
            key = f"{_text(code, 'valueName')}:{_text(code, 'value')}"
            found += options.geocodes.get(key, ())
    return tuple(dict.fromkeys(found))


def _one_of(said: str, known: frozenset[str], name: str) -> str:
    if said.lower() not in known:
        raise ValueError(f"{name} {said!r} is none of {', '.join(sorted(known))}")
    return said.lower()


def _need(element: Element, name: str) -> str:
    found = _text(element, name)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def _instant(element: Element, name: str, zone: str) -> datetime | None:
    written = _text(element, name)
    return times.instant(written, zone) if written else None


def _text(element: Element, name: str) -> str | None:
    """Return a child's text without mark-up and line breaks, ``None`` where blank."""
    child: Any = next((item for item in element if local(item) == name), None)
    if child is None:
        return None
    bare = _TAG.sub(" ", html.unescape(child.text or ""))
    return " ".join(bare.split()) or None
