"""What is announced now: works, closures, incidents, transit notices and public alerts.

Their kind is read from the feed that brought them and the event that they name; the most impact
comes first. A notice of a silent feed is doubtful, one that is not actual never counts as real.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layouts import plaintext
from layouts.view import View
from model import Notice, Snapshot

KINDS = ("closure", "incident", "alert", "works", "transit")
WORDS = {
    "closure": "Closure",
    "incident": "Incident",
    "alert": "Public alert",
    "works": "Works",
    "transit": "Transit",
}
PLURALS = {
    "closure": ("closure", "closures"),
    "incident": ("incident", "incidents"),
    "alert": ("alert", "alerts"),
    "works": ("works site", "works"),
    "transit": ("transit notice", "transit"),
}
STATUSES = {"exercise": "EXERCISE", "system": "SYSTEM MESSAGE", "test": "TEST", "draft": "DRAFT"}
SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
LOUD = frozenset({"extreme", "severe"})
HEADLINE_MOST = 140

_ROADS = frozenset({"wzdx", "datex2", "datex"})
_WHOLLY_CLOSED = "all lanes closed"  # what a road feed says of works that leave no way through
_SAID = {  # parts of words that tell a kind, in the order in which they count
    "closure": ("clos", "detour", "no-entry", "blocked", "barr", "ferm", "cortad", "sperr"),
    "incident": (
        *("accident", "incident", "crash", "collision", "obstruct", "abnormal", "breakdown"),
        *("hazard", "spill", "animalpresence", "authority", "disturbance"),
    ),
    "works": ("work", "maintenance", "construction", "restriction", "chantier", "travaux", "obra"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A notice that stands. ``as_of`` is when a feed that is silent now was last heard."""

    notice: Notice
    kind: str
    is_doubtful: bool = False
    as_of: datetime | None = None

    @property
    def is_real(self) -> bool:
        """Whether it is neither an exercise nor a test."""
        return self.notice.status == "actual"

    @property
    def is_loud(self) -> bool:
        """Whether it is severe or worse."""
        return self.notice.severity in LOUD


def mark(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return what changes when a notice, or the trust in its feed, does: cheap, for memories."""
    return (
        tuple(map(_content, snapshot.notices)),
        tuple((f.id, f.last_fetched_at) for f in snapshot.feeds if f.state.is_frozen),
    )


def _content(n: Notice) -> tuple[Any, ...]:
    return (n.feed_id, n.notice_id, n.fetched_at, n.expires, n.status, n.headline, n.geometry)


def standing(snapshot: Snapshot, view: View) -> tuple[Standing, ...]:
    """Return the notices that stand, the most impact first; what is no emergency last."""
    return view.remembered("notices", mark(snapshot), lambda: _ranked(snapshot, view))


def _ranked(snapshot: Snapshot, view: View) -> tuple[Standing, ...]:
    silent = {feed.id: feed.last_fetched_at for feed in snapshot.feeds if feed.state.is_frozen}
    found = [
        Standing(n, kind(n, view), n.feed_id in silent, silent.get(n.feed_id))
        for n in snapshot.notices
        if n.msg_type not in {"cancel", "ack", "error"}
    ]
    return tuple(sorted(found, key=_rank))


def _rank(one: Standing) -> tuple[bool, int, int, float]:
    severity = one.notice.severity
    loud = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return not one.is_real, loud, KINDS.index(one.kind), -one.notice.effective.timestamp()


def kind(notice: Notice, view: View) -> str:
    """Return which of :data:`KINDS` a notice is.

    A road feed's notice is works unless its event says otherwise; what no word tells is a public
    alert, or a transit notice where the feed is one of transit.
    """
    feed = view.feeds.get(notice.feed_id)
    source = feed.kind if feed else ""
    if source == "cap":
        return "alert"
    if source.startswith("gtfs") or source == "siri":
        return "transit"
    said = (notice.event or "").casefold()
    headline_ = notice.headline.casefold()
    if source in _ROADS and _WHOLLY_CLOSED in headline_:
        return "closure"
    told = said if source in _ROADS and said else f"{said} {headline_}"
    for name, words in _SAID.items():
        if any(word in told for word in words):
            return name
    return "works" if source in _ROADS else "alert"


def headline(one: Standing, view: View) -> str:
    """Return a notice's own words on one line; what is not real says so first."""
    said = plaintext.line(one.notice.headline, HEADLINE_MOST) or view.t(WORDS[one.kind])
    if one.is_real:
        return said
    return f"{view.t(STATUSES.get(one.notice.status, 'TEST'))}: {said}"


def places(notice: Notice, view: View, most: int = 2) -> list[str]:
    """Return where it holds: its districts, else the area in the source's own words."""
    known = [view.place(key) for key in notice.districts[:most]]
    if len(notice.districts) > len(known):
        more = len(notice.districts) - len(known)
        known.append(view.t.plural("{n} more district", "{n} more districts", more))
    return known or ([plaintext.line(notice.area, 60)] if notice.area else [])


def until(notice: Notice, view: View, *, now: datetime) -> str:
    """Return until when it holds: the clock today, the date and clock later on."""
    if notice.expires is None:
        return view.t("end not stated")
    zone = view.city.timezone
    clock = view.t.clock(notice.expires, zone)
    if view.t.date(notice.expires, zone) != view.t.date(now, zone):
        clock = f"{view.t.date(notice.expires, zone)}, {clock}"
    return view.t("until {moment}", moment=clock)


def source(one: Standing, view: View, *, now: datetime) -> str:
    """Return which feed says so, and as of when where it is silent now."""
    feed = view.feeds.get(one.notice.feed_id)
    name = (feed.name or feed.id) if feed else one.notice.feed_id
    if not one.is_doubtful:
        return name
    if one.as_of is None:
        return view.t("{feed}, silent now", feed=name)
    clock = view.t.moment(one.as_of, view.city.timezone, now=now)
    return view.t("{feed}, silent, as of {clock}", feed=name, clock=clock)


def told(one: Standing, view: View, *, now: datetime) -> str:
    """Return one line that says all: for a title and for those who cannot see the map."""
    notice = one.notice
    said = [f"{view.t(WORDS[one.kind])}: {headline(one, view)}", *places(notice, view)]
    return view.t.listing([*said, until(notice, view, now=now), source(one, view, now=now)])
