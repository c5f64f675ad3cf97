"""An occurrence that has ended, told by its audit in the form of an alert."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.audit import APPLIED
from model import CITY, Alert, AlertEvent, Quality, Rule, State

_SITE = "site:"
_DURATION = re.compile(r"\bduration=(\d+)s")


def is_closed(events: Sequence[AlertEvent]) -> bool:
    """Whether the lines of one occurrence, oldest first, end in its close."""
    moves = [line for line in events if line.from_state is not line.to_state]
    return bool(moves) and moves[-1].to_state is State.NORM


def begins(events: Sequence[AlertEvent]) -> bool:
    """Whether the first of these lines is the one that raised the occurrence."""
    return bool(events) and events[0].from_state in (State.NORM, State.PEND)


def past(rule: Rule | None, events: Sequence[AlertEvent]) -> Alert | None:
    """Return the alert that the lines of one occurrence tell of; ``None`` where there is no line.

    ``events`` are all its lines, oldest first. The value and limit are those of its last line,
    the priority is the most urgent that it had. ``rule`` is ``None`` where it left the pack.
    """
    lines = [line for line in events if line.occurrence]
    if not lines or not lines[0].occurrence:
        return None
    first, last, occurrence = lines[0], lines[-1], lines[0].occurrence
    moves = [line for line in lines if line.from_state is not line.to_state]
    end = moves[-1] if is_closed(lines) else None
    scope = first.key.removeprefix(f"{first.rule}:")
    acks = [line for line in lines if line.kind == "ACK" and line.outcome == APPLIED]
    owners = [line.reason for line in lines if line.kind == "ASSIGN" and line.outcome == APPLIED]
    limits = [line.limit for line in lines if line.limit is not None]
    values = [line.value for line in lines if line.value is not None]
    state = moves[-1].to_state if moves else last.to_state
    return Alert(
        id=occurrence,
        key=first.key,
        rule=first.rule,
        title=rule.title if rule else first.rule,
        indicator=rule.indicator if rule else None,
        district=CITY if scope.startswith(_SITE) else scope,
        site=scope.removeprefix(_SITE) if scope.startswith(_SITE) else None,
        state=state,
        shown=state.value,
        suppressed=() if end else last.suppressed,
        quality=last.quality or Quality.NODATA,
        priority=min((line.priority for line in lines if line.priority), default=0),
        level=None,
        value=last.value,
        limit=limits[-1] if limits else None,
        direction=rule.direction if rule else "high",
        occurrence=occurrence,
        raised_at=_raised_at(first, end),
        state_since=moves[-1].at if moves else None,
        closed_at=end.at if end else None,
        acked_at=acks[-1].at if acks else None,
        acked_by=acks[-1].actor if acks else None,
        ack_comment=acks[-1].comment if acks else None,
        owner=next((name for name in reversed(owners) if name), rule.owner if rule else None)
        or None,
        observed_at=last.observed_at,
        feed=rule.feed if rule else None,
        first_value=values[0] if values else None,
    )


def _raised_at(first: AlertEvent, end: AlertEvent | None) -> datetime:
    """Return the first breach, which the closing line tells; else the instant of its first line."""
    told = _DURATION.search(end.reason or "") if end else None
    return first.at if end is None or told is None else end.at - timedelta(seconds=int(told[1]))
