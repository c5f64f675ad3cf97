"""CAP messages to notices.

Quirks: polygons are "lat,lon lat,lon" and become WKT in lon, lat; times carry fixed offsets
(``-00:00`` for UTC, or ``Z``); without ``expires`` an alert counts for 24 h; several ``info``
blocks are languages or parts: those of the wanted language are joined under the most severe.
A shape that makes no sense is refused alone: the alert stays. An envelope that is an exercise
makes exercises of what it wraps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, tostring

from pydantic import Field

from feeds import cap_nws, cap_shapes, cap_text, times
from feeds.cap_areas import Areas, coded
from feeds.decode import from_json, from_xml, local, raw
from feeds.options import KindOptions
from model import Feed, Notice, Parsed, Reject

ROOTS = frozenset({"alert", "feed", "rss", "RDF", "EDXLDistribution"})


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    language: str | None = None
    geocodes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    areas: str | None = None
    is_complete: bool | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes of areas that messages only name: of a file of the pack, and of zones by URL."""

    areas: Areas = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_NONE = Shapes()


def is_json(body: bytes) -> bool:
    """Whether a body is JSON, and not XML."""
    return body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}


def parse(body: bytes, feed: Feed, fetched_at: datetime, *, shapes: Shapes = _NONE) -> Parsed:
    """Return the notices of every message in a document, however it is wrapped.

    Raises:
        ValueError: if the body is neither XML nor GeoJSON of alerts, or has a DTD.

    """
    if is_json(body):
        options = Options.model_validate(dict(feed.options))
        places = cap_nws.Places(shapes.zones, shapes.areas, options.geocodes)
        return cap_nws.parse(from_json(body), feed, fetched_at, places)
    return read_root(from_xml(body), feed, fetched_at, shapes)


def read_root(root: Element, feed: Feed, fetched_at: datetime, shapes: Shapes = _NONE) -> Parsed:
    """Return the notices of every message under an element."""
    parsed = Parsed()
    reading = _Reading(feed, Options.model_validate(dict(feed.options)), fetched_at, shapes)
    wrapped = _wrapping(root)
    for line, alert in enumerate(alerts(root), 1):
        try:
            notice, odd = reading.notice(alert, wrapped)
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


def _wrapping(root: Element) -> str | None:
    """Return what an EDXL envelope says of all that it wraps, such as ``exercise``."""
    if local(root) != "EDXLDistribution":
        return None
    said = (_text(root, "distributionStatus") or "").lower()
    return said if said in cap_text.STATUSES - {"actual"} else None


def alerts(root: Element) -> list[Element]:
    """Return the CAP messages at or under an element."""
    return [item for item in root.iter() if local(item) == "alert"]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the messages of one document."""

    feed: Feed
    options: Options
    fetched_at: datetime
    shapes: Shapes

    def notice(self, alert: Element, wrapped: str | None) -> tuple[Notice, list[str]]:
        """Return a notice, and what is odd about its shapes."""
        zone = self.feed.timezone
        sent = _instant(alert, "sent", zone)
        if sent is None:
            raise ValueError("sent is missing")
        infos = _chosen(alert, self.options.language)
        main = min(infos, key=_rank, default=Element("info"))
        effective = _instant(main, "effective", zone) or sent
        areas = [area for info in infos for area in info if local(area) == "area"]
        geometry, odd = self._geometry(areas)
        status = cap_text.one_of(_need(alert, "status"), cap_text.STATUSES, "status")
        ends = [end for info in infos if (end := _instant(info, "expires", zone))]
        named = list(dict.fromkeys(filter(None, (_text(area, "areaDesc") for area in areas))))
        notice = Notice(
            feed_id=self.feed.id,
            notice_id=cap_text.name(_need(alert, "sender"), _need(alert, "identifier"), sent),
            headline=_headline(alert, main),
            effective=effective,
            fetched_at=self.fetched_at,
            severity=cap_text.severity(_text(main, "severity")),
            status=wrapped if wrapped and status == "actual" else status,
            msg_type=cap_text.one_of(_need(alert, "msgType"), cap_text.MESSAGES, "msgType"),
            event=_text(main, "event"),
            expires=max(ends, default=effective + cap_text.DEFAULT_LIFE),
            published_at=sent,
            geometry=geometry,
            area="; ".join(named) or None,
            url=_text(main, "web"),
            supersedes=cap_text.references(_text(alert, "references") or "", zone),
            districts=self._districts(areas),
            is_end_assumed=not ends,
        )
        return notice, odd

    def _geometry(self, areas: list[Element]) -> tuple[str | None, list[str]]:
        """Return all areas as one WKT shape in longitude, latitude, and what is wrong in them."""
        shapes: list[str] = []
        odd: list[str] = []
        for area in areas:
            drawn: list[str] = []
            for item in area:
                try:
                    drawn += _drawn(item)
                except ValueError as problem:
                    odd.append(f"{local(item)}: {problem}")
            shapes += drawn or coded(_codes(area), self.shapes.areas)
        return cap_shapes.wkt(shapes), odd

    def _districts(self, areas: list[Element]) -> tuple[str, ...]:
        """Return the districts that the pack names for an area's codes, as ``UGC:CAZ041``."""
        geocodes = self.options.geocodes
        return tuple(
            dict.fromkeys(
                district
                for area in areas
                for name, code in _codes(area)
                for one in (code, *code.split())
                for district in geocodes.get(f"{name}:{one}", ())
            )
        )


def _codes(area: Element) -> list[tuple[str, str]]:
    """Return name and value of the geocodes of an area; CAP 1.0 writes ``name=value``."""
    codes: list[tuple[str, str]] = []
    for item in (part for part in area if local(part) == "geocode"):
        name, value = _text(item, "valueName"), _text(item, "value")
        if not name and "=" in (item.text or ""):
            name, _, value = (item.text or "").strip().partition("=")
        if name and value:
            codes.append((name, value))
    return codes


def _drawn(item: Element) -> list[str]:
    written = (item.text or "").strip()
    if local(item) == "polygon" and written:
        return [cap_shapes.polygon(written)]
    return [cap_shapes.circle(written)] if local(item) == "circle" and written else []


def _chosen(alert: Element, language: str | None) -> list[Element]:
    """Return the info blocks of the wanted language, else of the first one there is."""
    infos = [item for item in alert if local(item) == "info"]
    spoken = [(_text(info, "language") or "en-US").lower() for info in infos]
    wanted = (language or "").lower().split("-")[0]
    if wanted and any(word.split("-")[0] == wanted for word in spoken):
        return [i for i, word in zip(infos, spoken, strict=True) if word.split("-")[0] == wanted]
    return [info for info, word in zip(infos, spoken, strict=True) if word == spoken[0]]


def _rank(info: Element) -> int:
    return cap_text.SEVERITIES.index(cap_text.severity(_text(info, "severity")))


def _headline(alert: Element, info: Element) -> str:
    for written in (_text(info, "headline"), _text(info, "event"), _text(alert, "note")):
        if written:
            return written
    return f"{_need(alert, 'msgType')} {_need(alert, 'identifier')}"


def _need(element: Element, name: str) -> str:
    found = _text(element, name)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def _instant(element: Element, name: str, zone: str) -> datetime | None:
    written = _text(element, name)
    return times.instant(written, zone) if written else None


def _text(element: Element, name: str) -> str | None:
    """Return a child's whole text without mark-up and line breaks, ``None`` where blank."""
    child: Any = next((item for item in element if local(item) == name), None)
    return None if child is None else cap_text.plain("".join(child.itertext()))
