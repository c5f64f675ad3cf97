"""Alerts: the live list, the closed ones, and one with its whole audit trail."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import request

from api import words
from api.asked import instant
from api.door import Door
from api.problems import bad_parameter, refuse
from model import Alert, AlertEvent, State
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
    """Return one alert: as it stands where it is live, its summary else; and its audit."""
    snapshot = door.store.latest()
    live = next((a for a in snapshot.alerts if a.id == occurrence), None) if snapshot else None
    events = sorted(door.history.alert_events(occurrence=occurrence), key=lambda event: event.seq)
    if live is None and not events:
        refuse(404, "no such alert", f"no occurrence {occurrence!r}")
    head = words.alert(live) if live else _summary(events)
    return {**head, "is_live": live is not None, "audit": [plain(event) for event in events]}


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
    ended = [
        _summary(events)
        for events in _by_occurrence(door.history.alert_events(since=since))
        if _moves(events) and _moves(events)[-1].to_state is State.NORM
    ]
    return sorted(ended, key=lambda item: str(item["closed_at"]), reverse=True)


def _by_occurrence(events: Iterable[AlertEvent]) -> list[list[AlertEvent]]:
    found: dict[str, list[AlertEvent]] = {}
    for event in events:
        if event.occurrence:
            found.setdefault(event.occurrence, []).append(event)
    return [sorted(group, key=lambda event: event.seq) for group in found.values()]


def _moves(events: list[AlertEvent]) -> list[AlertEvent]:
    return [event for event in events if event.from_state is not event.to_state]


def _summary(events: list[AlertEvent]) -> dict[str, Any]:
    """Return what the audit says of an occurrence that is not live."""
    first, last = events[0], events[-1]
    moves = _moves(events)
    acked = next((event for event in events if event.kind == "ACK"), None)
    is_closed = bool(moves) and moves[-1].to_state is State.NORM
    return {
        "id": first.occurrence,
        "occurrence": first.occurrence,
        "key": first.key,
        "rule": first.rule,
        "state": moves[-1].to_state.value if moves else last.to_state.value,
        "priority": max((e.priority for e in events if e.priority is not None), default=None),
        "value": last.value,
        "limit": last.limit,
        "raised_at": plain(first.at),
        "acked_by": acked and acked.actor,
        "closed_at": plain(moves[-1].at) if is_closed else None,
    }
