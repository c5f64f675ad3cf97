"""One step of the state table, and the freeze that stands beside it."""

from dataclasses import replace
from datetime import datetime

from alerts import timers
from alerts.actions import ACTIONS, ANNUNCIATING, is_minor, priority_now
from alerts.audit import NOOP, REJECTED, Cause, note
from alerts.comparator import raising_delay
from alerts.priority import JOURNAL
from alerts.record import Record
from alerts.table import Event, Refusal, Way, way
from model import AlertEvent, Quality, Rule, State

HOLD, RESUME = "HOLD", "RESUME"

Step = tuple[Record, list[AlertEvent]]

_REASONS = {"a4": "DQ_ABORT", "a17": "auto-closed"}


def step(rule: Rule, record: Record, cause: Cause) -> Step:
    """Move a record by one event of the table; every answer is one line of the audit."""
    choice = way(rule, record, Event(cause.kind), is_minor=is_minor(rule, record))
    if isinstance(choice, Refusal):
        after, line = note(rule, record, record, cause, outcome=REJECTED, reason=choice.reason)
        return after, [line]
    if isinstance(choice, str):
        after, line = note(rule, record, record, cause, outcome=NOOP, reason=choice)
        return after, [line]
    return _go(rule, record, choice, cause)


def _go(rule: Rule, record: Record, choice: Way, cause: Cause) -> Step:
    after = ACTIONS[choice.action](rule, to_state(record, choice.to, cause.at), cause)
    is_annunciated = choice.action in ANNUNCIATING and calls(rule, after)
    after = replace(after, activations=after.activations + is_annunciated)
    reason = _REASONS.get(choice.action)
    if choice.action in ("a16", "a17"):
        reason = "; ".join(filter(None, (reason, course(record, cause))))
    after, line = note(rule, record, after, cause, is_annunciated=is_annunciated, reason=reason)
    return after, [line]


def to_state(record: Record, state: State, at: datetime) -> Record:
    """Return the record in a state; the instant moves only when the state does."""
    since = record.state_since if state is record.state else at
    return replace(record, state=state, state_since=since)


def calls(rule: Rule, record: Record) -> bool:
    """Whether an annunciation is heard: not suppressed and not of the journal."""
    return not record.is_suppressed and priority_now(rule, record) != JOURNAL


def course(record: Record, cause: Cause) -> str:
    """Say in the closing line how long it all took, in seconds, from the first breach.

    ``tta``: until it was acknowledged, ``ttc``: until it cleared; left out where it never was.
    """
    if record.raised_at is None:
        return ""
    acked_at = record.acked_at or (cause.at if cause.kind == Event.ACK else None)
    cleared_at = record.cleared_at or record.normal_since
    spans = {"duration": cause.at, "tta": acked_at, "ttc": cleared_at}
    return " ".join(
        f"{name}={round((end - record.raised_at).total_seconds())}s"
        for name, end in spans.items()
        if end
    )


def hold(rule: Rule, record: Record, quality: Quality, at: datetime, now: datetime) -> Step:
    """Freeze: timers of the process stand still from ``at``, nothing is judged.

    Only an alert that is on its way or standing writes a line; the rest has nothing to hold.
    """
    record = replace(record, quality=quality, good_run=0)
    if record.is_held:
        return record, []
    record = replace(timers.pause(record, at, *timers.PROCESS), is_held=True)
    record = timers.stop(record, timers.T_STALE)
    if record.state is State.PEND:
        limit = 2 * max(raising_delay(rule), rule.cadence)
        record = timers.start(record, timers.T_FRZ, at + limit)
    return mark(rule, record, Cause(kind=HOLD, at=now, reason=f"data {quality}"))


def release(rule: Rule, record: Record, quality: Quality, now: datetime) -> Step:
    """End the freeze: timers of the process run on with what they had left."""
    record = replace(record, quality=quality, is_held=False, good_run=0)
    record = timers.resume(record, now, *timers.PROCESS)
    record = timers.stop(record, timers.T_FRZ)
    return mark(rule, record, Cause(kind=RESUME, at=now, reason=f"data {quality}"))


def mark(rule: Rule, record: Record, cause: Cause) -> Step:
    """Write a line that leaves the state alone; none while there is no alert."""
    if record.state is State.NORM:
        return record, []
    after, line = note(rule, record, record, cause)
    return after, [line]
