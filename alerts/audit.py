"""The audit: one line per event, and names that are the same whenever they are computed."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2s

from alerts.comparator import base_level, limit_at
from alerts.priority import priority_of
from alerts.record import Record
from model import AlertEvent, Rule
from model.plain import instant

SYSTEM = "system"
APPLIED, NOOP, REJECTED = "applied", "noop", "rejected"

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: sorts like numbers, no I, L, O, U


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What happened, when, by whom and what they said."""

    kind: str
    at: datetime
    by: str = SYSTEM
    comment: str | None = None
    reason: str | None = None
    occurrence: str | None = None  # where it is not the open one


def note(  # noqa: PLR0913 - one line of the audit is made of these
    rule: Rule,
    before: Record,
    after: Record,
    cause: Cause,
    *,
    outcome: str = APPLIED,
    is_annunciated: bool = False,
    reason: str | None = None,
) -> tuple[Record, AlertEvent]:
    """Write one line: return the record with its number taken, and the line."""
    seq = before.seq + 1
    after = replace(after, seq=seq)
    told = after if after.level else before  # the line that closes an occurrence still names it
    level = told.level
    line = AlertEvent(
        event_id=f"{after.key}#{seq}",
        at=cause.at,
        seq=seq,
        key=after.key,
        rule=rule.id,
        occurrence=cause.occurrence or after.occurrence or before.occurrence,
        kind=str(cause.kind),
        outcome=outcome,
        from_state=before.state,
        to_state=after.state,
        actor=cause.by,
        annunciated=is_annunciated,
        priority=priority_of(rule, level, told.quality) if level else None,
        value=after.value,
        limit=_limit(rule, told),
        quality=after.quality,
        observed_at=after.observed_at,
        reason=reason or cause.reason,
        comment=cause.comment,
        rule_version=after.rule_version,
        suppressed=after.suppressed,
    )
    return after, line


def _limit(rule: Rule, record: Record) -> float | None:
    level = record.level or (base_level(rule) if record.main.is_breached else None)
    return limit_at(rule, level, record.side) if level else None


def occurrence_id(key: str, raised_at: datetime, seq: int) -> str:
    """Return the name of an occurrence: the second it was raised, then a fingerprint.

    Names sort by the time of raising, are the same whenever they are computed, and live for ever.
    40 bits of fingerprint keep apart what is raised in the same second.
    """
    second = _base32(int(raised_at.timestamp()), 7)
    print_ = blake2s(f"{key}|{instant(raised_at)}|{seq}".encode(), digest_size=5).digest()
    return f"A-{second}{_base32(int.from_bytes(print_), 8)}"


def _base32(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits = _DIGITS[rest] + digits
    return digits
