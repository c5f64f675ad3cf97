"""The three ways to move a record: a sample, time, a person."""

import math
from dataclasses import replace
from datetime import datetime

from alerts import suppression, timers
from alerts.actions import fit
from alerts.audit import Cause
from alerts.comparator import (
    Memory,
    base_level,
    compare,
    critical_delay,
    has_upper_level,
    limits_of,
)
from alerts.machine import Step, hold, release, step
from alerts.record import Record, Sample, Timer
from alerts.table import Event
from model import AlertEvent, Level, Quality, Rule, State

GOOD_RUN = 2
"""Samples in a row, newer each and not frozen, that end a freeze."""


def observe(rule: Rule, record: Record, sample: Sample, now: datetime) -> Step:
    """Let one sample, and the time until ``now``, move a record.

    The same sample twice changes nothing: the very record comes back. A sample that changes
    nothing else than the newest value writes no line.
    """
    before = record
    record, lines = elapse(rule, record, now)
    if record.ticket:
        return record, lines
    judge = _judge_feed if rule.kind == "missing" else _judge_value
    record, more = judge(rule, record, sample, now)
    record, late = elapse(rule, record, now)  # delays of zero
    return before if record == before else record, [*lines, *more, *late]


def elapse(rule: Rule, record: Record, now: datetime) -> Step:
    """Fire every timer due by ``now``, in the order in which they fell due.

    After an outage several may be due. Each moves the record as it would have then; what gives a
    person time to act (escalation, reminder) runs from ``now``, for they are told only now.
    """
    lines: list[AlertEvent] = []
    if record.rule_version != rule.version:
        cause = Cause(kind="RULE_CHANGED", at=now, reason=f"version {rule.version}")
        record, lines = suppression.restart(rule, record, cause)
    while timer := timers.next_due(record, now):
        record, more = _fire(rule, timers.stop(record, timer.name), timer, now)
        lines += more
    return record, lines


def advance(rule: Rule, record: Record, cause: Cause) -> Step:
    """Take one event of the table, and what follows from it at once.

    A breach that outlasts its occurrence (closed while the on-delay ran) starts the next; a
    one-shot shelf ends with the condition.
    """
    before = record.state
    record, lines = step(rule, record, cause)
    if record.shelf and record.shelf.kind == "oneshot" and _has_cleared(before, record.state):
        record, more = suppression.unshelve(
            rule, record, Cause(kind="UNSHELVE", at=cause.at, reason="one-shot: it cleared")
        )
        lines += more
    if record.state is State.NORM and record.main.is_breached:
        record, more = step(rule, record, Cause(kind=Event.H1, at=cause.at, reason="it lasts"))
        lines += more
    return record, lines


def retire(rule: Rule, record: Record, now: datetime, reason: str) -> Step:
    """Close what a rule left behind when it was taken out of the pack."""
    return suppression.restart(rule, record, Cause(kind="RULE_DELETED", at=now, reason=reason))


def _fire(rule: Rule, record: Record, timer: Timer, now: datetime) -> Step:
    match timer.name:
        case timers.T_STALE:
            return hold(rule, record, Quality.STALE, timer.due or now, now)
        case timers.T_SHELF:
            return suppression.unshelve(rule, record, Cause(kind=timers.T_SHELF, at=now))
        case timers.T_UP:
            record = replace(record, is_crit=True)
            return advance(rule, record, Cause(kind=Event.LVL_UP, at=now))
        case timers.T_DN:
            record = replace(record, is_crit=False)
            return advance(rule, record, Cause(kind=Event.LVL_DN, at=now))
        case name:
            return advance(rule, record, Cause(kind=name, at=now))


def _has_cleared(before: State, after: State) -> bool:
    return before in timers.RECOVERING and after not in {*timers.RECOVERING, *_ACTIVE}


_ACTIVE = frozenset({State.UNACK, State.ACKED})


def _judge_value(rule: Rule, record: Record, sample: Sample, now: datetime) -> Step:
    quality = believable(sample)
    if quality.is_frozen:
        return hold(rule, record, quality, now, now)
    is_new = _is_new(record, sample, quality)
    if is_new:
        record = _taken(record, sample)
    if not record.is_held:
        if record.quality is not quality:
            record = replace(record, quality=quality)
        record = fit(rule, record, now)
        return _evaluate(rule, _aging(record, sample), now) if is_new else (record, [])
    if not is_new:
        return record, []
    record = replace(record, good_run=record.good_run + 1)
    if record.good_run < GOOD_RUN:
        return record, []
    record, lines = release(rule, record, quality, now)
    record, more = _evaluate(rule, _aging(record, sample), now)
    return record, [*lines, *more]


def _judge_feed(rule: Rule, record: Record, sample: Sample, now: datetime) -> Step:
    """Judge a feed: breached while its data are frozen, normal after two samples in a row."""
    is_newer = _is_newer(record, sample)
    if is_newer:
        record = replace(record, observed_at=sample.observed_at)
    record = replace(record, value=sample.value, quality=sample.quality)
    if sample.quality.is_frozen:
        return _move(rule, replace(record, good_run=0), Memory(high=True), now)
    if not record.main.is_breached:
        return record, []
    record = replace(record, good_run=record.good_run + is_newer)
    is_back = record.good_run >= GOOD_RUN
    return _move(rule, record, Memory(high=not is_back), now)


def believable(sample: Sample) -> Quality:
    """Return the quality at which a sample is judged: no number or no time is no data."""
    if sample.value is None or sample.observed_at is None:
        return sample.quality if sample.quality.is_frozen else Quality.NODATA
    if not math.isfinite(sample.value):
        return Quality.BAD
    return sample.quality


def _is_newer(record: Record, sample: Sample) -> bool:
    if sample.observed_at is None:
        return False
    return record.observed_at is None or sample.observed_at > record.observed_at


def _is_new(record: Record, sample: Sample, quality: Quality) -> bool:
    """Whether a sample tells something: newer, or a correction of the same instant.

    A LATE one counts on arrival only: its window may have slid past the facts.
    """
    if _is_newer(record, sample):
        return True
    is_other = sample.observed_at == record.observed_at and sample.value != record.value
    return is_other and quality is not Quality.LATE and not record.is_held


def _taken(record: Record, sample: Sample) -> Record:
    return replace(
        record,
        value=sample.value,
        observed_at=sample.observed_at,
        site=sample.site,
        n=sample.n,
    )


def _aging(record: Record, sample: Sample) -> Record:
    if sample.stale_at is None:
        return timers.stop(record, timers.T_STALE)
    return timers.start(record, timers.T_STALE, sample.stale_at)


def _evaluate(rule: Rule, record: Record, now: datetime) -> Step:
    if record.value is None:
        return record, []
    level = base_level(rule)
    crit = record.crit
    if has_upper_level(rule):
        crit = compare(record.crit, record.value, limits_of(rule, Level.CRIT))
    main = compare(record.main, record.value, limits_of(rule, level))
    record, lines = _move(rule, record, main, now)
    return _move_level(rule, record, crit, now), lines


def _move(rule: Rule, record: Record, main: Memory, now: datetime) -> Step:
    was = record.main.is_breached
    side = ("low" if main.low else "high") if main.is_breached else record.side
    if (main, side) != (record.main, record.side):
        record = replace(record, main=main, side=side)
    if main.is_breached == was:
        return record, []
    kind = Event.H1 if main.is_breached else Event.H0
    return advance(rule, record, Cause(kind=kind, at=now))


def _move_level(rule: Rule, record: Record, crit: Memory, now: datetime) -> Record:
    """Let the delay of the critical level run while the limit and what was announced differ."""
    if crit != record.crit:
        record = replace(record, crit=crit)
    if crit.is_breached == record.is_crit:
        return timers.stop(record, timers.T_UP, timers.T_DN)
    name, other = timers.T_UP, timers.T_DN
    if record.is_crit:
        name, other = other, name
    record = timers.stop(record, other)
    if timers.find(record, name):
        return record
    return timers.start(record, name, now + critical_delay(rule))
