"""An occurrence as its audit tells it: for alarms that are closed, and for the timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from layouts.desk import values
from layouts.view import View
from model import CITY, Alert, AlertEvent, Quality, Rule, State

_SITE = "site:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the audit says of one occurrence. ``closed_at`` is ``None`` while it stands."""

    occurrence: str
    rule: str
    district: str
    site: str | None
    priority: int
    value: float | None
    limit: float | None
    raised_at: datetime
    closed_at: datetime | None
    acked_by: str | None


def tell(events: Iterable[AlertEvent]) -> Told | None:
    """Return what the events of one occurrence say; ``None`` where there is none."""
    lines = sorted((e for e in events if e.occurrence), key=lambda event: event.seq)
    if not lines or not lines[0].occurrence:
        return None
    first = next((line for line in lines if line.to_state is State.UNACK), lines[0])
    moves = [line for line in lines if line.from_state is not line.to_state]
    is_closed = bool(moves) and moves[-1].to_state is State.NORM
    scope = first.key.removeprefix(f"{first.rule}:")
    acks = [line.actor for line in lines if line.kind == "ACK" and line.outcome == "applied"]
    known = [line.priority for line in lines if line.priority]
    return Told(
        occurrence=lines[0].occurrence,
        rule=first.rule,
        district=CITY if scope.startswith(_SITE) else scope,
        site=scope.removeprefix(_SITE) if scope.startswith(_SITE) else None,
        priority=min(known, default=0),
        value=first.value,
        limit=first.limit,
        raised_at=first.at,
        closed_at=moves[-1].at if is_closed else None,
        acked_by=acks[-1] if acks else None,
    )


def closed(events: Iterable[AlertEvent]) -> list[Told]:
    """Return the occurrences that ended, the last one first."""
    groups: dict[str, list[AlertEvent]] = {}
    for event in events:
        if event.occurrence:
            groups.setdefault(event.occurrence, []).append(event)
    found = [told for told in map(tell, groups.values()) if told and told.closed_at]
    return sorted(found, key=lambda told: told.closed_at or told.raised_at, reverse=True)


def as_alert(told: Told, rule: Rule | None) -> Alert:
    """Return an occurrence that has ended in the form of an alert, so that it is shown alike."""
    return Alert(
        id=told.occurrence,
        key=f"{told.rule}:{told.district}",
        rule=told.rule,
        title=rule.title if rule else told.rule,
        indicator=rule.indicator if rule else None,
        district=told.district,
        site=told.site,
        state=State.NORM,
        shown="NORM",
        suppressed=(),
        quality=Quality.GOOD,
        priority=told.priority,
        level=None,
        value=told.value,
        limit=told.limit,
        direction=rule.direction if rule else "high",
        occurrence=told.occurrence,
        raised_at=told.raised_at,
        closed_at=told.closed_at,
        acked_by=told.acked_by,
        owner=rule.owner if rule else None,
        feed=rule.feed if rule else None,
    )


STEPS = {  # kind of an event that moved the alarm → message id
    "ACK": "{name} took it",
    "UNACK": "{name} gave it back",
    "RESET": "{name} reset it",
    "COMMENT": "{name}",
    "ASSIGN": "{name} gave it to {reason}",
    "SHELVE": "{name} shelved it",
    "UNSHELVE": "back from the shelf",
    "OOS": "{name} took the rule out of service",
    "RTS": "{name} put the rule back in service",
    "LVL_UP": "worse, now P{priority}",
    "LVL_DN": "less bad, now P{priority}",
    "T_ESC": "nobody answered: escalated",
    "T_RE": "still standing: asks again",
    "T_FRZ": "data too old to judge",
    "T_RTN": "closed by itself",
    "INHIBIT": "hidden by another alarm",
    "UNINHIBIT": "shown again",
    "RULE_CHANGED": "the rule changed",
    "RULE_DELETED": "the rule left the city pack",
}
MOVES = {  # else: where it moved to
    State.UNACK: "raised, P{priority}",
    State.CLRU: "under the limit again",
    State.CLRA: "under the limit again",
    State.RTNU: "back to normal, not yet seen",
    State.NORM: "closed",
    State.LATU: "back to normal, latched",
    State.LATA: "back to normal, latched",
    State.PEND: "over the limit",
    State.ACKED: "over the limit again",
}


def timeline(events: Sequence[AlertEvent], view: View, most: int) -> list[tuple[datetime, str]]:
    """Return instants and words of what happened to an occurrence, the newest first."""
    found = []
    for event in sorted(events, key=lambda event: event.seq, reverse=True):
        text = _line(event, view)
        if text:
            found.append((event.at, text))
    if len(found) > most:  # the beginning is always told
        return [*found[: most - 1], found[-1]]
    return found


def _line(event: AlertEvent, view: View) -> str:
    t = view.t
    said = {
        "name": event.actor,
        "priority": str(event.priority or "?"),
        "reason": event.reason or "",
    }
    is_move = event.from_state is not event.to_state or event.annunciated
    if event.outcome == "rejected":
        text = t("{name} was refused: {reason}", name=event.actor, reason=t(event.reason or ""))
    elif event.outcome == "noop" or not (is_move or event.kind in STEPS):
        return ""
    else:
        is_raised = event.from_state in {State.NORM, State.PEND} and event.to_state is State.UNACK
        message = "" if is_raised else STEPS.get(event.kind, "")
        message = message or MOVES.get(event.to_state, "")
        text = t(message, **said) if message else ""
    rule = view.rules.get(event.rule)
    indicator = view.indicators.get(rule.indicator or "") if rule else None
    if text and event.annunciated and event.value is not None and indicator is not None:
        text += f", {values.figure(event.value, indicator, view)}"
    return f"{text}: {event.comment}" if event.comment else text
