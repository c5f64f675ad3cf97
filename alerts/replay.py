"""The audit read back: the record that its lines lead to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from alerts import suppression, timers
from alerts.audit import APPLIED, Cause, note
from alerts.comparator import Memory
from alerts.machine import HOLD, RESUME, Step, hold, release, step
from alerts.record import Record, Shelf, new
from alerts.table import Event
from model import AlertEvent, Quality, Rule


class AuditError(ValueError):
    """The lines do not fit together: one is missing, doubled or changed."""


def replay(rule: Rule, events: Iterable[AlertEvent]) -> Record:
    """Return the record that the lines of one key lead to, oldest first.

    Each line is put through the state table again and must end where it says. What people see
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
        return replace(record, seq=event.seq)
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
    after, _ = _LINES.get(event.kind, _table)(rule, _as_seen(record, event), cause)
    if after.state is not event.to_state or after.seq != event.seq:
        raise AuditError(f"{event.event_id} ends in {event.to_state}, not {after.state}")
    return after


def _as_seen(record: Record, event: AlertEvent) -> Record:
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
            side = _side(event)
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


def _side(event: AlertEvent) -> str:
    if event.value is None or event.limit is None:
        return "high"
    return "high" if event.value >= event.limit else "low"


def _table(rule: Rule, record: Record, cause: Cause) -> Step:
    fired = _TIMER_OF.get(cause.kind, cause.kind)
    return step(rule, timers.stop(record, fired), cause)


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
