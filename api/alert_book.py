"""Alerts: the live list, the closed ones, and one with its whole audit trail."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import request

import alerts
from api import words
from api.asked import instant
from api.door import Door
from api.problems import bad_parameter, refuse
from model import Alert, AlertEvent, Rule, State
from model.plain import plain

CLOSED = "closed"
CLOSED_SPAN = timedelta(days=7)  # how far back the closed ones go where nobody says
SHOWN = ("HELD", "SHELVED", "INHIBITED", "OOS", "UNKNOWN")


def listed(door: Door) -> list[dict[str, Any]]:
    """Return the alerts that are asked for: live ones by state, or those that are closed."""
    wanted, since = _states(), instant("since")
    if CLOSED in wanted:
        return _closed(door, since or door.clock() - CLOSED_SPAN)
    snapshot = door.store.latest()
    if snapshot is None:
        refuse(503, "no snapshot yet", "whether there are alerts is not known")
    return [
        words.alert(alert)
        for alert in snapshot.alerts
        if (not wanted or {alert.state.value, alert.shown} & wanted) and _is_since(alert, since)
    ]


def told(door: Door, occurrence: str) -> dict[str, Any]:
    """Return one alert: as it stands where it is live, as it ended else; and its audit."""
    snapshot = door.store.latest()
    live = next((a for a in snapshot.alerts if a.id == occurrence), None) if snapshot else None
    events = _lines(door, occurrence)
    found = live or remembered(door, events)
    if found is None:
        refuse(404, "no such alert", f"no occurrence {occurrence!r}")
    return {
        **words.alert(found),
        "is_live": live is not None,
        "audit": [plain(event) for event in events],
    }


def ended(door: Door, occurrence: str) -> Alert | None:
    """Return an occurrence that is closed, as its audit tells it; ``None`` where there is none."""
    events = _lines(door, occurrence)
    return remembered(door, events) if alerts.is_closed(events) else None


def remembered(door: Door, events: list[AlertEvent]) -> Alert | None:
    """Return the alert that these lines of one occurrence tell of."""
    return alerts.past(_rules(door).get(events[0].rule), events) if events else None


def _states() -> set[str]:
    asked = {
        item.strip() for text in request.args.getlist("state") for item in text.split(",") if item
    }
    known = {*State, *SHOWN, CLOSED}
    for state in sorted(asked - known):
        bad_parameter("state", f"{state!r} is none of {', '.join(sorted(known))}")
    if CLOSED in asked and len(asked) > 1:
        bad_parameter("state", "closed is asked for alone")
    return asked


def _is_since(alert: Alert, since: datetime | None) -> bool:
    moved = alert.state_since or alert.raised_at
    return since is None or (moved is not None and moved >= since)


def _closed(door: Door, since: datetime) -> list[dict[str, Any]]:
    """Return the occurrences that ended since then, the last first."""
    found: list[Alert] = []
    for events in _by_occurrence(door.history.alert_events(since=since)):
        if not alerts.is_closed(events):
            continue
        whole = events if alerts.begins(events) else _lines(door, events[0].occurrence or "")
        alert = remembered(door, whole)
        if alert is not None and alert.closed_at is not None and alert.closed_at >= since:
            found.append(alert)
    found.sort(key=lambda alert: str(alert.closed_at), reverse=True)
    return [words.alert(alert) for alert in found]


def _lines(door: Door, occurrence: str) -> list[AlertEvent]:
    found = door.history.alert_events(occurrence=occurrence)
    return sorted(found, key=lambda event: event.seq)


def _by_occurrence(events: Iterable[AlertEvent]) -> list[list[AlertEvent]]:
    found: dict[str, list[AlertEvent]] = {}
    for event in events:
        if event.occurrence:
            found.setdefault(event.occurrence, []).append(event)
    return [sorted(group, key=lambda event: event.seq) for group in found.values()]


def _rules(door: Door) -> dict[str, Rule]:
    pack = door.pack
    feeds = alerts.missing_rules(pack.feeds, pack.rules, pack.indicators)
    return {rule.id: rule for rule in (*pack.rules, *feeds)}
