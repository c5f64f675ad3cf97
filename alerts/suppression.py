"""Quiet by decision: shelve (a person, dated), inhibit (another alert explains it), out of service.

Suppressed means silent: the state goes on below, nobody is called, no escalation runs. When the
last suppression ends, what still stands calls again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts import timers
from alerts.actions import chase, close, priority_now, remind
from alerts.audit import Cause, note
from alerts.comparator import Memory
from alerts.machine import Step, calls, to_state
from alerts.priority import JOURNAL
from alerts.record import Record, Shelf
from model import Rule, State

REASONS = (
    "maintenance",
    "known_event",
    "sensor_fault",
    "duplicate",
    "under_investigation",
    "exercise",
)
MIN_COMMENT = 10  # characters: why, in words

LONGEST: Mapping[int, timedelta] = {
    1: timedelta(minutes=30),
    2: timedelta(hours=4),
    3: timedelta(hours=12),
    JOURNAL: timedelta(hours=12),
}
LONGEST_MISSING = timedelta(hours=72)
RENEWALS: Mapping[int, int] = {1: 0, 2: 1, 3: 2, JOURNAL: 2}
RENEWALS_MISSING = 2

_TELLS_AGAIN: Mapping[State, State] = {
    State.UNACK: State.UNACK,
    State.ACKED: State.UNACK,
    State.CLRU: State.CLRU,
    State.CLRA: State.CLRU,
    State.LATU: State.LATU,
    State.LATA: State.LATU,
}
_UNSEEN = frozenset({State.UNACK, State.CLRU, State.LATU})


def shelving_refused(rule: Rule, record: Record, shelf: Shelf, comment: str, at: datetime) -> str:
    """Return why a shelf is refused; an empty string when it is not."""
    if record.ticket:
        return "it is out of service"
    if shelf.kind not in ("timed", "oneshot"):
        return f"type {shelf.kind!r}: one of timed, oneshot"
    if shelf.reason not in REASONS:
        return f"reason {shelf.reason!r}: one of {', '.join(REASONS)}"
    if len(comment.strip()) < MIN_COMMENT:
        return f"say why in at least {MIN_COMMENT} characters"
    longest, renewals = _policy(rule, record)
    if not at < shelf.until <= at + longest:
        return f"until must lie in the next {longest.total_seconds() / 60:.0f} minutes"
    if record.renewals > renewals:
        return "shelved too often already: take it out of service with a ticket"
    return ""


def shelve(rule: Rule, record: Record, shelf: Shelf, cause: Cause) -> Step:
    """Put an alert on the shelf until an instant (or, one-shot, until it clears before)."""
    after = replace(_quiet(record), shelf=shelf, renewals=record.renewals + 1)
    after = timers.start(after, timers.T_SHELF, shelf.until)
    reason = f"{shelf.kind} {shelf.until.isoformat()} {shelf.reason}"
    after, line = note(rule, record, after, cause, reason=reason)
    return after, [line]


def unshelve(rule: Rule, record: Record, cause: Cause) -> Step:
    """Take an alert off the shelf (by a person, by time, or because it cleared)."""
    after = timers.stop(replace(record, shelf=None), timers.T_SHELF)
    if after.is_suppressed or record.state not in _TELLS_AGAIN:
        after, line = note(rule, record, after, cause)
        return after, [line]
    after = chase(rule, to_state(after, _TELLS_AGAIN[record.state], cause.at), cause.at)
    return _tell(rule, record, after, cause)


def inhibit(rule: Rule, record: Record, by: str, now: datetime) -> Step:
    """Hide an alert behind the one that explains it."""
    if by in record.inhibited_by:
        return record, []
    after = replace(_quiet(record), inhibited_by=(*record.inhibited_by, by))
    after, line = note(rule, record, after, Cause(kind="INHIBIT", at=now, by=by))
    return after, [line]


def uninhibit(rule: Rule, record: Record, by: str, now: datetime) -> Step:
    """End one inhibition; what nobody has seen calls when it was the last suppression."""
    if by not in record.inhibited_by:
        return record, []
    cause = Cause(kind="UNINHIBIT", at=now, by=by)
    after = replace(record, inhibited_by=tuple(x for x in record.inhibited_by if x != by))
    if not after.is_suppressed and record.state in _UNSEEN:
        return _tell(rule, record, chase(rule, after, now), cause)
    if not after.is_suppressed:
        after = remind(rule, after, now)
    after, line = note(rule, record, after, cause)
    return after, [line]


def out_of_service(rule: Rule, record: Record, ticket: str, cause: Cause) -> Step:
    """Stop judging: the occurrence ends, every timer stops, until it returns to service."""
    after = replace(_from_normal(rule, record, cause), ticket=ticket, shelf=None)
    after, line = note(rule, record, after, cause, reason=ticket)
    return after, [line]


def return_to_service(rule: Rule, record: Record, cause: Cause) -> Step:
    """Judge again, from normal."""
    after, line = note(rule, record, replace(record, ticket=None), cause)
    return after, [line]


def restart(rule: Rule, record: Record, cause: Cause) -> Step:
    """End the occurrence because its rule changed or went, and judge anew from normal."""
    after = replace(_from_normal(rule, record, cause), rule_version=rule.version)
    after = replace(after, shelf=None)
    if record.state is State.NORM and not record.is_suppressed:
        return after, []
    after, line = note(rule, record, after, cause)
    return after, [line]


def _policy(rule: Rule, record: Record) -> tuple[timedelta, int]:
    if rule.kind == "missing":
        return LONGEST_MISSING, RENEWALS_MISSING
    priority = priority_now(rule, record)
    return LONGEST[priority], RENEWALS[priority]


def _quiet(record: Record) -> Record:
    return timers.stop(record, timers.T_ESC, timers.T_RE)


def _tell(rule: Rule, before: Record, after: Record, cause: Cause) -> Step:
    is_heard = calls(rule, after)
    after = replace(after, activations=after.activations + is_heard)
    after, line = note(rule, before, after, cause, is_annunciated=is_heard)
    return after, [line]


def _from_normal(rule: Rule, record: Record, cause: Cause) -> Record:
    closed = close(rule, to_state(record, State.NORM, cause.at), cause)
    return replace(
        closed,
        timers=(),
        main=Memory(),
        crit=Memory(),
        breached_at=None,
        closed_at=cause.at if record.occurrence else record.closed_at,
        value=None,
        observed_at=None,
        quality=None,
        is_held=False,
        good_run=0,
    )
