"""The actions a1–a18 of the state table: what moves with the state, which is set before."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts import timers
from alerts.audit import Cause, occurrence_id
from alerts.comparator import Memory, base_level, limit_at, raising_delay
from alerts.priority import JOURNAL, MINOR, priority_of
from alerts.record import Record
from model import Level, Rule, State

Action = Callable[[Rule, Record, Cause], Record]

ANNUNCIATING = frozenset({"a3", "a7", "a10", "a14"})
"""Actions that call a person, unless suppressed or of the journal."""

_UNSEEN = frozenset({State.UNACK, State.CLRU})
_SEEN = frozenset({State.ACKED, State.CLRA})


def priority_now(rule: Rule, record: Record) -> int:
    """Return the priority of what stands now."""
    return priority_of(rule, record.level, record.quality)


def is_minor(rule: Rule, record: Record) -> bool:
    """Whether nobody is chased: priority 3 and the journal."""
    return priority_now(rule, record) in (JOURNAL, MINOR)


def start_delay(rule: Rule, record: Record, cause: Cause) -> Record:
    """a1: the first breach starts the on-delay; a second one does not start it again."""
    if timers.find(record, timers.T_ON):
        return record
    record = replace(record, breached_at=cause.at)
    return timers.start(record, timers.T_ON, cause.at + raising_delay(rule))


def avert(_: Rule, record: Record, __: Cause) -> Record:
    """a2: the breach went away in time."""
    record = replace(record, averted=record.averted + 1, breached_at=None)
    return _forget_level(timers.stop(record, timers.T_ON, timers.T_FRZ))


def raise_alert(rule: Rule, record: Record, cause: Cause) -> Record:
    """a3: a new occurrence, with the value as it was."""
    raised_at = record.breached_at or cause.at
    level = Level.CRIT if record.is_crit else base_level(rule)
    record = replace(
        record,
        occurrence=occurrence_id(record.key, raised_at, record.seq + 1),
        raised_at=raised_at,
        closed_at=None,
        level=level,
        first_value=record.value,
        first_limit=limit_at(rule, level, record.side),
        first_quality=record.quality,
        owner=None,
        renewals=0,
        bounces=0,
        reopens=0,
    )
    return chase(rule, timers.stop(record, timers.T_ON, timers.T_FRZ), cause.at)


def abort(_: Rule, record: Record, __: Cause) -> Record:
    """a4: frozen for too long before it was raised; a breach after the freeze counts anew."""
    record = replace(record, main=Memory(), crit=Memory(), breached_at=None)
    return _forget_level(timers.stop(record, timers.T_ON, timers.T_FRZ))


def recover(rule: Rule, record: Record, cause: Cause) -> Record:
    """a5: back within limits; it must stay so for the off-delay."""
    record = replace(record, normal_since=cause.at)
    record = timers.pause(record, cause.at, timers.T_ESC, timers.T_RE)
    return timers.start(record, timers.T_OFF, cause.at + rule.off_delay)


def acknowledge(rule: Rule, record: Record, cause: Cause) -> Record:
    """a6: somebody has seen it; a reminder comes if it lasts."""
    record = _seen_by(record, cause)
    return remind(rule, timers.stop(record, timers.T_ESC), cause.at)


def level_up(rule: Rule, record: Record, cause: Cause) -> Record:
    """a7: worse than what was acknowledged: it calls again."""
    return chase(rule, replace(record, level=Level.CRIT), cause.at)


def level_down(rule: Rule, record: Record, cause: Cause) -> Record:
    """a8: the lower priority, silently."""
    return fit(rule, replace(record, level=base_level(rule)), cause.at)


def escalate(rule: Rule, record: Record, cause: Cause) -> Record:
    """a9: the next tier is told and has its own time."""
    return chase(rule, record, cause.at, tier=record.tier + 1)


def realarm(rule: Rule, record: Record, cause: Cause) -> Record:
    """a10: acknowledged long ago and still there."""
    return chase(rule, record, cause.at)


def bounce(rule: Rule, record: Record, cause: Cause) -> Record:
    """a11: it came back within the off-delay: the same occurrence, no new call.

    The level becomes the one that stands now: a critical limit that is exceeded again later
    calls again.
    """
    level = Level.CRIT if record.is_crit else base_level(rule)
    record = replace(record, normal_since=None, bounces=record.bounces + 1, level=level)
    record = timers.resume(record, cause.at, timers.T_ESC, timers.T_RE)
    return fit(rule, timers.stop(record, timers.T_OFF), cause.at)


def settle(rule: Rule, record: Record, cause: Cause) -> Record:
    """a12: normal for the whole off-delay; a returned minor alert will close by itself."""
    record = replace(record, cleared_at=record.normal_since)
    record = timers.stop(record, timers.T_OFF, timers.T_ESC, timers.T_RE)
    record = _forget_level(record)
    if record.state is State.RTNU and is_minor(rule, record):
        return timers.start(record, timers.T_RTN, cause.at + timers.AUTO_CLOSE)
    return record


def reopen(rule: Rule, record: Record, cause: Cause) -> Record:
    """a14: it is back before anybody closed it: the same occurrence calls again."""
    record = replace(
        record,
        level=Level.CRIT if record.is_crit else base_level(rule),
        reopens=record.reopens + 1,
        cleared_at=None,
        normal_since=None,
    )
    return chase(rule, timers.stop(record, timers.T_ON, timers.T_RTN), cause.at)


def silence(_: Rule, record: Record, cause: Cause) -> Record:
    """a15: a latched alert has been seen; it waits for its reset."""
    return _seen_by(record, cause)


def close(_: Rule, record: Record, cause: Cause) -> Record:
    """a16, a17: the occurrence ends.

    A breach that lasts (its on-delay already runs) goes on towards the next occurrence; while
    data are frozen it is forgotten and judged anew afterwards.
    """
    goes_on = record.main.is_breached and not record.is_held
    kept = (timers.T_ON, timers.T_UP) if goes_on else ()
    record = timers.stop(record, *(name for name in timers.OCCURRENCE if name not in kept))
    record = replace(
        record,
        main=record.main if goes_on else Memory(),
        crit=record.crit if goes_on else Memory(),
        breached_at=record.breached_at if goes_on else None,
        is_crit=False,
        level=None,
        occurrence=None,
        last_occurrence=record.occurrence or record.last_occurrence,
        closed_at=cause.at,
        raised_at=None,
        cleared_at=None,
        normal_since=None,
    )
    return _unseen(record)


def withdraw(rule: Rule, record: Record, cause: Cause) -> Record:
    """a18: the acknowledgement is taken back; the first tier has its time again."""
    return chase(rule, record, cause.at)


ACTIONS: Mapping[str, Action] = {
    "a1": start_delay,
    "a2": avert,
    "a3": raise_alert,
    "a4": abort,
    "a5": recover,
    "a6": acknowledge,
    "a7": level_up,
    "a8": level_down,
    "a9": escalate,
    "a10": realarm,
    "a11": bounce,
    "a12": settle,
    "a14": reopen,
    "a15": silence,
    "a16": close,
    "a17": close,
    "a18": withdraw,
}


def chase(rule: Rule, record: Record, at: datetime, *, tier: int = 0) -> Record:
    """Forget the acknowledgement and give a tier its time (none for P3 or while suppressed)."""
    record = timers.stop(record, timers.T_ESC, timers.T_RE)
    record = _unseen(replace(record, tier=tier))
    steps = timers.ESCALATION.get(priority_now(rule, record), ())
    if not steps or record.state not in _UNSEEN:
        return record
    return _arm(record, timers.T_ESC, at, steps[min(tier, len(steps) - 1)])


def remind(rule: Rule, record: Record, at: datetime) -> Record:
    """Start the reminder of an acknowledged alert (none for the journal or while suppressed)."""
    wait = timers.REMINDER.get(priority_now(rule, record))
    if wait is None or record.state not in _SEEN:
        return record
    return _arm(record, timers.T_RE, at, wait)


def _arm(record: Record, name: str, at: datetime, wait: timedelta) -> Record:
    if record.is_suppressed:
        return record
    if record.state in timers.RECOVERING:
        return timers.start_paused(record, name, wait)
    return timers.start(record, name, at + wait)


def fit(rule: Rule, record: Record, at: datetime) -> Record:
    """Let escalation and reminder follow a priority that changed silently.

    What runs runs on; what the priority does not have stops; what it has and does not run starts.
    """
    if record.is_suppressed:
        return record
    priority = priority_now(rule, record)
    if record.state in _UNSEEN:
        if priority not in timers.ESCALATION:
            return timers.stop(record, timers.T_ESC)
        return record if timers.find(record, timers.T_ESC) else chase(rule, record, at)
    if record.state in _SEEN:
        if priority not in timers.REMINDER:
            return timers.stop(record, timers.T_RE)
        return record if timers.find(record, timers.T_RE) else remind(rule, record, at)
    return record


def _forget_level(record: Record) -> Record:
    return replace(timers.stop(record, timers.T_UP, timers.T_DN), is_crit=False)


def _unseen(record: Record) -> Record:
    return replace(record, acked_at=None, acked_by=None, ack_comment=None)


def _seen_by(record: Record, cause: Cause) -> Record:
    return replace(record, acked_at=cause.at, acked_by=cause.by, ack_comment=cause.comment, tier=0)
