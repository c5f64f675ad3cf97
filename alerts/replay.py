"""The audit read back: the record that its lines lead to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from alerts import suppression, timers
from alerts.actions import ACTIONS
from alerts.audit import APPLIED, Cause, note
from alerts.comparator import Memory, base_level, limits_of
from alerts.machine import HOLD, RESUME, Step, hold, release, to_state
from alerts.record import Record, Shelf, new
from alerts.table import TABLE, Event, Refusal
from model import AlertEvent, Quality, Rule


class AuditError(ValueError):
    """The lines do not fit together: one is missing, doubled or changed."""


def replay(rule: Rule, events: Iterable[AlertEvent]) -> Record:
    """Return the record that the lines of one key lead to, oldest first.

    Each line is put through the state table again, and must start where the line before it ended
    and have a way to where it says it ends. What people see
    comes back (state, level, occurrence, acknowledgement, suppression, counters) and the timers
    run again from the audited instants. Samples leave no line: the comparator knows its level
    again with the next one, and a pause counts from the instant at which it was written.

    Raises:
        AuditError: if there is no line, a number is missing or doubled, or a line does not follow
            from those before it.

    """
    record: Record | None = None
    for event in events:
        if record is None:
            record = new(rule, event.key.removeprefix(f"{rule.id}:"))
            record = replace(record, seq=event.seq - 1)
        if event.seq != record.seq + 1 or event.key != record.key:
            raise AuditError(f"{event.event_id} does not follow {record.key}#{record.seq}")
        record = _again(rule, record, event)
    if record is None:
        raise AuditError(f"no line of {rule.id} to replay")
    return record


def _again(rule: Rule, record: Record, event: AlertEvent) -> Record:
    if event.outcome != APPLIED:
        is_crit = record.is_crit if event.kind != Event.LVL_DN else False
        return replace(record, seq=event.seq, is_crit=is_crit)
    if record.state is not event.from_state:
        raise AuditError(f"{event.event_id} starts in {event.from_state}, not {record.state}")
    cause = Cause(
        kind=event.kind,
        at=event.at,
        by=event.actor,
        comment=event.comment,
        reason=event.reason,
        occurrence=event.occurrence,
    )
    seen = _as_seen(rule, record, event)
    if event.kind in _LINES:
        after, _ = _LINES[event.kind](rule, seen, cause)
    else:
        after = _moved(rule, seen, cause, event)
    if after.state is not event.to_state:
        raise AuditError(f"{event.event_id} ends in {event.to_state}, not {after.state}")
    return replace(after, seq=event.seq, activations=record.activations + event.annunciated)


def _as_seen(rule: Rule, record: Record, event: AlertEvent) -> Record:
    """Put the record where the sample of that line had put it."""
    record = replace(
        record,
        value=event.value,
        quality=event.quality,
        observed_at=event.observed_at,
        rule_version=event.rule_version,
    )
    match event.kind:
        case Event.H1:
            side = _side(rule, event)
            main = Memory(high=side == "high", low=side == "low")
            return replace(record, main=main, side=side, is_held=False)
        case Event.H0:
            return replace(record, main=Memory(), crit=Memory(), is_held=False)
        case Event.LVL_UP:
            return replace(record, is_crit=True, crit=record.main)
        case Event.LVL_DN:
            return replace(record, is_crit=False, crit=Memory())
        case _:
            return record


def _side(rule: Rule, event: AlertEvent) -> str:
    if rule.kind == "missing":
        return "high"
    low = limits_of(rule, base_level(rule)).low
    return "low" if low is not None and event.limit == low else "high"


def _moved(rule: Rule, record: Record, cause: Cause, event: AlertEvent) -> Record:
    """Take the way of the table that ends where the line says.

    Which way was open then (latching, priority) is the line's to say: the rule may have changed.
    """
    cell = TABLE[record.state].get(Event(event.kind), ())
    ways = () if isinstance(cell, Refusal) else cell
    action = next((way.action for way in ways if way.to is event.to_state), None)
    if action is None:
        raise AuditError(f"no way by {event.kind} from {record.state} to {event.to_state}")
    record = timers.stop(record, _TIMER_OF.get(event.kind, event.kind))
    record = ACTIONS[action](rule, to_state(record, event.to_state, event.at), cause)
    return replace(record, first_limit=event.limit) if action == "a3" else record


def _hold(rule: Rule, record: Record, cause: Cause) -> Step:
    return hold(rule, record, record.quality or Quality.NODATA, cause.at, cause.at)


def _release(rule: Rule, record: Record, cause: Cause) -> Step:
    return release(rule, record, record.quality or Quality.GOOD, cause.at)


def _said(rule: Rule, record: Record, cause: Cause) -> Step:
    owner = cause.reason if cause.kind == "ASSIGN" else record.owner
    after, line = note(rule, record, replace(record, owner=owner), cause)
    return after, [line]


def _shelve(rule: Rule, record: Record, cause: Cause) -> Step:
    kind, until, reason = (cause.reason or "").split(" ", 2)
    shelf = Shelf(kind=kind, until=datetime.fromisoformat(until), reason=reason, by=cause.by)
    return suppression.shelve(rule, record, shelf, cause)


def _inhibit(rule: Rule, record: Record, cause: Cause) -> Step:
    return suppression.inhibit(rule, record, cause.by, cause.at)


def _uninhibit(rule: Rule, record: Record, cause: Cause) -> Step:
    return suppression.uninhibit(rule, record, cause.by, cause.at)


def _oos(rule: Rule, record: Record, cause: Cause) -> Step:
    return suppression.out_of_service(rule, record, cause.reason or "", cause)


_TIMER_OF: Mapping[str, str] = {Event.LVL_UP: timers.T_UP, Event.LVL_DN: timers.T_DN}

_LINES: Mapping[str, Callable[[Rule, Record, Cause], Step]] = {
    HOLD: _hold,
    RESUME: _release,
    "COMMENT": _said,
    "ASSIGN": _said,
    "SHELVE": _shelve,
    "UNSHELVE": suppression.unshelve,
    timers.T_SHELF: suppression.unshelve,
    "INHIBIT": _inhibit,
    "UNINHIBIT": _uninhibit,
    "OOS": _oos,
    "RTS": suppression.return_to_service,
    "RULE_CHANGED": suppression.restart,
    "RULE_DELETED": suppression.restart,
}
"""How a line that is not of the state table is put through again."""
