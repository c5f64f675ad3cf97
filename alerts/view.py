"""A record as screens and the API see it."""

from datetime import datetime

from alerts import timers
from alerts.actions import priority_now
from alerts.comparator import limit_at
from alerts.record import Record
from model import CITY, Alert, Quality, Rule, State

HELD, UNKNOWN = "HELD", "UNKNOWN"

_SITE = "site:"
_ACTIVE = frozenset({State.UNACK, State.ACKED, State.CLRU, State.CLRA})
_LATCHED = frozenset({State.LATU, State.LATA})


def shown(record: Record) -> str:
    """Return the one word for a record, by precedence.

    OOS, SHELVED, INHIBITED; then what is active (HELD while its data are frozen); what is
    latched; UNKNOWN where data are frozen and nothing is active; then the state.
    """
    if record.suppressed:
        return record.suppressed[0]
    if record.state in _ACTIVE:
        return HELD if record.is_held else record.state.value
    if record.state in _LATCHED:
        return record.state.value
    return UNKNOWN if record.is_held else record.state.value


def view(rule: Rule, record: Record, now: datetime) -> Alert | None:
    """Return the alert to show at ``now``; ``None`` where nothing stands.

    A rule in NORM or PEND is no alert, not even while its data are frozen: then its reading is
    UNKNOWN and says so itself. What is shelved or out of service is listed in any state.
    """
    if record.occurrence is None and not (record.shelf or record.ticket):
        return None
    occurrence = record.occurrence or record.last_occurrence or ""
    clears_at = timers.due_of(record, timers.T_OFF)
    escalates_at = timers.due_of(record, timers.T_ESC)
    return Alert(
        id=occurrence,
        key=record.key,
        rule=rule.id,
        title=rule.title,
        indicator=rule.indicator,
        district=CITY if record.scope.startswith(_SITE) else record.scope,
        site=record.site or record.scope.partition(_SITE)[2] or None,
        state=record.state,
        shown=shown(record),
        suppressed=record.suppressed,
        quality=record.quality or Quality.NODATA,
        priority=priority_now(rule, record),
        level=record.level,
        value=record.value,
        limit=limit_at(rule, record.level, record.side) if record.level else None,
        direction=rule.direction,
        occurrence=occurrence,
        raised_at=record.raised_at,
        state_since=record.state_since,
        cleared_at=record.cleared_at,
        closed_at=record.closed_at,
        acked_at=record.acked_at,
        acked_by=record.acked_by,
        ack_comment=record.ack_comment,
        owner=record.owner or rule.owner or None,
        observed_at=record.observed_at,
        clears_at=max(clears_at, now) if clears_at else None,
        escalates_at=max(escalates_at, now) if escalates_at else None,
        feed=rule.feed,
        first_value=record.first_value,
    )
