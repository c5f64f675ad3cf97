"""Service alerts of GTFS-Realtime to notices.

Quirks: an alert without a period counts while it is in the feed; of several periods the one that
is or comes next counts; an alert ends by vanishing from the feed, which is told as a cancellation.
A notice keeps its id while its entity stays, and gets a new one when it comes back.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zlib import crc32

from feeds import times
from feeds.gtfs_rt_message import Message, Refused, refusal
from feeds.gtfs_rt_message import instant as posix
from feeds.gtfs_timetable import Timetable
from model import Feed, Notice
from model.plain import instant

_LEVELS = {2: "minor", 3: "moderate", 4: "severe"}
_BY_EFFECT = {
    "NO_SERVICE": "severe",
    "REDUCED_SERVICE": "moderate",
    "SIGNIFICANT_DELAYS": "moderate",
    "DETOUR": "moderate",
    "STOP_MOVED": "moderate",
    "ADDITIONAL_SERVICE": "minor",
    "MODIFIED_SERVICE": "minor",
    "ACCESSIBILITY_ISSUE": "minor",
    "NO_EFFECT": "minor",
}
_UNSAID = {"", "UNKNOWN_EFFECT", "OTHER_EFFECT", "UNKNOWN_CAUSE", "OTHER_CAUSE"}
_MAX_POINTS = 500
_MAX_NAMES = 12
_LONGEST = 500
_TAG = re.compile(r"<[^>]*>")
_BAD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)

Memory = dict[str, dict[str, str]]


@dataclass(slots=True)
class Board:
    """The alerts of one poll, against those of the last one.

    ``known`` is what the last poll left, by entity id: the notice's id, when it was first seen,
    when it last changed, a print of it, and its headline.
    """

    feed: Feed
    fetched_at: datetime
    at: datetime
    language: str | None
    timetable: Timetable | None
    known: Mapping[str, Mapping[str, str]]
    notices: list[Notice] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    after: Memory = field(default_factory=dict)

    def take(self, message: Message) -> None:
        """Tell what is new or changed, and end what has vanished."""
        self.refused += message.refused
        for line, entity in message.entities:
            if not entity.HasField("alert") or entity.is_deleted:
                continue
            try:
                self._alert(entity.id, entity.alert)
            except _BAD as problem:
                said = str(problem) if isinstance(problem, ValueError) else repr(problem)
                self.refused.append(refusal(line, entity, said[:300]))
                if entity.id in self.known:  # it is still there, if unreadable
                    self.after.setdefault(entity.id, dict(self.known[entity.id]))
        self._end()

    def _alert(self, name: str, alert: Any) -> None:
        if name in self.after:
            raise ValueError(f"entity {name!r} stands in the feed twice")
        before = self.known.get(name)
        since = times.instant(before["since"]) if before else self.at
        notice = self._notice(alert, before["id"] if before else f"{name}@{instant(since)}", since)
        mark = f"{crc32(repr(notice).encode()):08x}"
        is_same = before is not None and before["print"] == mark
        changed = before["changed"] if before and is_same else instant(self.at)
        self.after[name] = {
            "id": notice.notice_id,
            "since": instant(since),
            "changed": changed,
            "print": mark,
            "headline": notice.headline,
        }
        if not is_same:
            shown = replace(notice, fetched_at=self.fetched_at, published_at=self.at)
            self.notices.append(shown)

    def _notice(self, alert: Any, name: str, since: datetime) -> Notice:
        """Return a notice without the times of this poll, so that the same stays the same."""
        start, end = self._period(alert, since)
        effect, cause = _word(alert, "effect"), _word(alert, "cause")
        about = ", ".join(filter(None, (effect, f"because of {cause}" if cause else "")))
        headline = self._text(alert.header_text) or self._text(alert.description_text)
        geometry, area = self._where(alert)
        return Notice(
            feed_id=self.feed.id,
            notice_id=name,
            headline=headline or about or "Service alert",
            effective=start,
            fetched_at=since,
            severity=_severity(alert),
            event=about or None,
            expires=end,
            geometry=geometry,
            area=area,
            url=self._text(alert.url) or None,
        )

    def _period(self, alert: Any, since: datetime) -> tuple[datetime, datetime | None]:
        """Return the period that is or comes next, else the last one."""
        periods = [
            (posix(one.start) if one.start else since, posix(one.end) if one.end else None)
            for one in alert.active_period
        ]
        if any(end is not None and end < start for start, end in periods):
            raise ValueError("a period ends before it starts")
        to_come = [one for one in sorted(periods, key=lambda p: p[0]) if _lasts(one, self.at)]
        last = max(periods, key=lambda period: period[0], default=(since, None))
        return to_come[0] if to_come else last

    def _text(self, translated: Any) -> str:
        """Return a text in the wanted language, else in none, else the first, without mark-up."""
        wanted = (self.language or "").lower()
        ranked = sorted(
            translated.translation,
            key=lambda one: (
                one.language.lower() != wanted,
                one.language.lower().split("-")[0] != wanted.split("-")[0],
                bool(one.language),
            ),
        )
        bare = _TAG.sub(" ", html.unescape(ranked[0].text)) if ranked else ""
        return " ".join(bare.split())[:_LONGEST]

    def _where(self, alert: Any) -> tuple[str | None, str | None]:
        """Return the stops concerned as WKT, and routes and stops in words."""
        timetable = self.timetable
        routes = dict.fromkeys(one.route_id or one.trip.route_id for one in alert.informed_entity)
        stops = dict.fromkeys(one.stop_id for one in alert.informed_entity)
        routes.pop("", None), stops.pop("", None)
        if timetable is None:
            return None, _listed(list(routes) + list(stops))
        named = [timetable.routes.get(route) or route for route in routes]
        places = [at for stop in stops if (at := timetable.stops.index.get(stop)) is not None]
        named += [timetable.stops.names[at] or timetable.stops.ids[at] for at in places]
        shape = _points(timetable, places or list(_stops_of(timetable, set(routes))))
        return shape, _listed(named)

    def _end(self) -> None:
        """Cancel what is no longer in the feed."""
        for name, before in self.known.items():
            if name in self.after:
                continue
            self.notices.append(
                Notice(
                    feed_id=self.feed.id,
                    notice_id=before["id"],
                    headline=before["headline"],
                    effective=times.instant(before["since"]),
                    fetched_at=self.fetched_at,
                    msg_type="cancel",
                    expires=self.at,
                    published_at=self.at,
                )
            )


def _lasts(period: tuple[datetime, datetime | None], at: datetime) -> bool:
    return period[1] is None or period[1] > at


def _word(alert: Any, name: str) -> str:
    """Return a cause or effect in words; blank where it says nothing."""
    if not alert.HasField(name):
        return ""
    said = alert.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number[getattr(alert, name)]
    return "" if said.name in _UNSAID else said.name.lower().replace("_", " ")


def _severity(alert: Any) -> str:
    if known := _LEVELS.get(alert.severity_level):
        return known
    return _BY_EFFECT.get(_word(alert, "effect").upper().replace(" ", "_"), "unknown")


def _stops_of(timetable: Timetable, routes: set[str]) -> Iterator[int]:
    """Yield the stations that routes serve."""
    seen: set[int] = set()
    for trip, route in enumerate(timetable.route_of):
        if route in routes:
            first, last = timetable.rows.first[trip], timetable.rows.first[trip + 1]
            stops = timetable.rows.stop[first:last]
            new = {*timetable.stops.station[stops[stops >= 0]].tolist()} - seen
            seen |= new
            yield from sorted(new)


def _points(timetable: Timetable, stops: list[int]) -> str | None:
    places = dict.fromkeys(timetable.stops.place(stop) for stop in stops)
    places.pop((None, None), None)
    shown = [f"({lon:.6f} {lat:.6f})" for lat, lon in list(places)[:_MAX_POINTS]]
    return f"MULTIPOINT ({', '.join(shown)})" if shown else None


def _listed(names: list[str]) -> str | None:
    more = len(names) - _MAX_NAMES
    shown = [*names[:_MAX_NAMES], *([f"and {more} more"] if more > 0 else [])]
    return "; ".join(shown) or None
