"""The day in a few sentences, written by rule: what stands, what is unknown, and the rest.

Calm is only claimed for what is known. Where feeds are dead the text says what is not known, and
where nothing is known it says that alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from layouts import states
from layouts.desk import values
from layouts.view import View
from model import CITY, Alert, FeedState, Reading, Snapshot

TOLD = 2  # alarms that get a sentence of their own; the rest are counted
NAMED = 2  # silent feeds, or unusual figures, that are named
FLOOD = 100.0  # % of flood stage
PLACE = "place"  # where a message has the name that is set in bold

# how an alarm of an indicator is said: in a district, and for the whole city
SAID: Mapping[str, tuple[str, str]] = {
    "env.river": (
        "The river stands at {value} of flood stage at {place}.",
        "The river stands at {value} of flood stage.",
    ),
    "inf.power": (
        "Power is out for {value} of {place}.",
        "Power is out for {value} of the city’s customers.",
    ),
    "mob.tti": (
        "Traffic is stuck in {place}, {value} times the travel time of an empty road.",
        "Traffic is slow across the city, {value} times the travel time of empty roads.",
    ),
    "mob.bikes": (
        "Of the docks in {place}, {value} hold a bike.",
        "Of the bike docks in the city, {value} hold a bike.",
    ),
    "env.aqi": (
        "The air is unhealthy in {place}, index {value}.",
        "The air is unhealthy, index {value}.",
    ),
    "env.pm25": (
        "Fine particles stand at {value} in {place}.",
        "Fine particles stand at {value}.",
    ),
    "srv.new": (
        "Service requests surge in {place}, {value}.",
        "Service requests surge, {value}.",
    ),
}
OVER_FLOOD = "The river is over flood stage at {place}."
GENERAL = (  # of an indicator without a sentence of its own: from its declaration
    "{name} stands at {value} in {place}, beyond the limit of {limit}.",
    "{name} stands at {value}, beyond the limit of {limit}.",
)
PLAIN = ("{title} at {place}, {value}.", "{title}, {value}.")
HELD = ("Not known now: {title} at {place}, last {value}.", "Not known now: {title}, last {value}.")


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence around the name of a place, which is set in bold."""

    before: str
    place: str = ""
    after: str = ""


def alarms(snapshot: Snapshot) -> list[Alert]:
    """Return the alarms worth telling: priority 1 and 2, standing, not about a feed."""
    return [
        alert
        for alert in states.ranked(snapshot.alerts)
        if alert.priority in (1, 2) and alert.feed is None and states.look(alert).is_active
    ]


def parts(snapshot: Snapshot, view: View) -> list[Part]:
    """Return the sentences: alarms first, then how many more, then the rest of the city."""
    found = alarms(snapshot)
    told = [_alarm(alert, view) for alert in found[:TOLD]]
    more = len(found) - len(told)
    if more:
        told.append(Part(view.t.plural("{n} more serious alarm stands.", "{n} more stand.", more)))
    return [*told, Part(_rest(snapshot, view, is_calm=not found))]


def _alarm(alert: Alert, view: View) -> Part:
    is_local = alert.district != CITY
    which = 0 if is_local else 1
    if states.look(alert).state == states.HELD:
        message = HELD[which]
    elif alert.indicator == "env.river" and is_local and (alert.value or 0.0) >= FLOOD:
        message = OVER_FLOOD
    else:
        message = _message(alert, view)[which]
    place = values.district(alert.district, view) if is_local else ""
    indicator = view.indicators.get(alert.indicator or "")
    said = {
        "title": view.t(alert.title),
        "value": _value(alert, view),
        "name": view.t(indicator.title) if indicator else "",
        "limit": values.figure(alert.limit, indicator, view),
    }
    if not is_local:
        return Part(view.t(message, **said))
    before, after = view.t.parts(message, PLACE, **said)
    return Part(before, place, after)


def _message(alert: Alert, view: View) -> tuple[str, str]:
    """Return how an alarm is said: its indicator's own way, else from the declaration."""
    if (own := SAID.get(alert.indicator or "")) is not None:
        return own
    is_told = alert.indicator in view.indicators and None not in (alert.value, alert.limit)
    return GENERAL if is_told else PLAIN


def _value(alert: Alert, view: View) -> str:
    indicator = view.indicators.get(alert.indicator or "")
    if alert.value is None:
        return view.t("value unknown")
    return values.figure(alert.value, indicator, view)


def _rest(snapshot: Snapshot, view: View, *, is_calm: bool) -> str:
    """Return what is said of everything that no alarm speaks of."""
    t, day = view.t, view.t.weekday(snapshot.published_at, view.city.timezone)
    silent = silent_feeds(snapshot)
    if silent and len(silent) == len(snapshot.feeds):
        return t("Nothing else is known of the city now: no feed delivers.")
    if silent:
        return t.plural(
            "The feed {feeds} is silent, so the rest is only partly known.",
            "The feeds {feeds} are silent, so the rest is only partly known.",
            len(silent),
            feeds=_names(silent, view),
        )
    city = [r for r in snapshot.readings if r.district == CITY]
    known = [r for r in city if r.value is not None and not r.quality.is_frozen]
    if not known:
        return t("Nothing else is known of the city yet.")
    missing = len(view.indicators) - len(known)
    compared = [r for r in known if r.z is not None]
    if not compared:
        return t("What is usual on a {day} is not known yet.", day=day)
    odd = [r for r in compared if values.is_unusual(r) and r.indicator in view.indicators]
    if odd:
        return t.plural(
            "Of {of} city figures, {n} is not as usual: {names}.",
            "Of {of} city figures, {n} are not as usual: {names}.",
            len(odd),
            of=len(compared),
            names=_figures(odd, view),
        )
    if missing > len(view.indicators) / 2:
        return t("What little is known is as on a usual {day}.", day=day)
    message = "The city is having a usual {day}." if is_calm else REST
    return t(message, day=day)


REST = "The rest of the city is having a usual {day}."


def silent_feeds(snapshot: Snapshot) -> list[FeedState]:
    """Return the feeds whose data are too old to tell of now."""
    return [feed for feed in snapshot.feeds if feed.state.is_frozen]


def _figures(odd: Sequence[Reading], view: View) -> str:
    """Return the names of the farthest figures, and how many more there are."""
    worst = sorted(odd, key=lambda reading: -abs(reading.z or 0.0))
    names = [view.t(view.indicators[r.indicator].short).partition(",")[0] for r in worst[:NAMED]]
    more = len(odd) - len(names)
    if more:
        names.append(view.t.plural("{n} more", "{n} more", more))
    return view.t.listing(names)


def _names(feeds: Sequence[FeedState], view: View) -> str:
    names = [view.t("“{name}”", name=feed.name) for feed in feeds[:NAMED]]
    more = len(feeds) - len(names)
    if more:
        names.append(view.t.plural("{n} more feed", "{n} more feeds", more))
    return view.t.listing(names)
