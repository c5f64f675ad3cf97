"""What people may ask of an alert, and what becomes of it: every answer is in the audit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from alerts import suppression
from alerts.audit import APPLIED, NOOP, REJECTED, Cause, note
from alerts.engine import advance, elapse
from alerts.machine import Step
from alerts.record import Record, Shelf
from alerts.table import Event
from alerts.view import view
from model import AlertEvent, Command, Outcome, Rule

UNKNOWN = "unknown"
LONGEST_NAME = 20  # a made-up call is kept in the audit, but not a novel

Call = Callable[[Rule, Record, Cause, Mapping[str, str]], Step]


def command(
    rule: Rule, record: Record, command: Command, now: datetime
) -> tuple[Record, list[AlertEvent], Outcome]:
    """Answer one command: the record after it, the lines of the audit, and the outcome.

    Timers that are due come first, so that a person acts on what stands now. The outcome is
    applied, noop (nothing to do), rejected (with the reason) or unknown (not this alert's).
    """
    record, lines = elapse(rule, record, now)
    if command.occurrence not in (record.occurrence, record.last_occurrence):
        reason = f"no occurrence {command.occurrence} of {record.key}"
        return record, lines, Outcome(command_id=command.command_id, status=UNKNOWN, reason=reason)
    cause = Cause(
        kind=command.call.upper()[:LONGEST_NAME],
        at=now,
        by=command.by.strip() or "nobody",
        comment=(command.comment or "").strip() or None,
        occurrence=command.occurrence,
    )
    record, answer = _answer(rule, record, command, cause)
    record, late = elapse(rule, record, now)
    outcome = Outcome(
        command_id=command.command_id,
        status=answer[0].outcome,
        reason=None if answer[0].outcome == APPLIED else answer[0].reason,
        alert=view(rule, record, now),
    )
    return record, [*lines, *answer, *late], outcome


def _answer(rule: Rule, record: Record, command: Command, cause: Cause) -> Step:
    call = CALLS.get(command.call)
    if call is None:
        return _refuse(rule, record, cause, f"unknown call: one of {', '.join(CALLS)}")
    if not command.by.strip():
        return _refuse(rule, record, cause, "say who you are")
    if command.occurrence != record.occurrence and record.occurrence is not None:
        if command.call == "comment":
            return _comment(rule, record, cause, {})
        return _skip(rule, record, cause, "this occurrence is closed; a newer one is open")
    return call(rule, record, cause, dict(command.body))


def _table(rule: Rule, record: Record, cause: Cause, _: Mapping[str, str]) -> Step:
    return advance(rule, record, replace(cause, kind=Event(cause.kind)))


def _comment(rule: Rule, record: Record, cause: Cause, _: Mapping[str, str]) -> Step:
    if not cause.comment:
        return _refuse(rule, record, cause, "the comment is empty")
    return _applied(rule, record, record, cause)


def _assign(rule: Rule, record: Record, cause: Cause, body: Mapping[str, str]) -> Step:
    owner = body.get("owner", "").strip()
    if not owner:
        return _refuse(rule, record, cause, "say whom: body {owner}")
    if record.occurrence is None:
        return _skip(rule, record, cause, "this occurrence is closed")
    if owner == record.owner:
        return _skip(rule, record, cause, f"{owner} has it already")
    return _applied(rule, record, replace(record, owner=owner), replace(cause, reason=owner))


def _shelve(rule: Rule, record: Record, cause: Cause, body: Mapping[str, str]) -> Step:
    if record.occurrence is None:
        return _skip(rule, record, cause, "this occurrence is closed")
    try:
        until = datetime.fromisoformat(body.get("until", ""))
    except ValueError:
        return _refuse(rule, record, cause, "until must be an instant such as 2026-01-02T03:04:05Z")
    if until.tzinfo is None:
        return _refuse(rule, record, cause, "until must carry a zone")
    shelf = Shelf(
        kind=body.get("type", "timed"), until=until, reason=body.get("reason", ""), by=cause.by
    )
    refused = suppression.shelving_refused(rule, record, shelf, cause.comment or "", cause.at)
    if refused:
        return _refuse(rule, record, cause, refused)
    return suppression.shelve(rule, record, shelf, cause)


def _unshelve(rule: Rule, record: Record, cause: Cause, _: Mapping[str, str]) -> Step:
    if record.shelf is None:
        return _skip(rule, record, cause, "it is not shelved")
    return suppression.unshelve(rule, record, cause)


def _oos(rule: Rule, record: Record, cause: Cause, body: Mapping[str, str]) -> Step:
    ticket = body.get("ticket", "").strip()
    if not ticket:
        return _refuse(rule, record, cause, "say which ticket: body {ticket}")
    if record.ticket:
        return _skip(rule, record, cause, f"it is out of service already: {record.ticket}")
    return suppression.out_of_service(rule, record, ticket, cause)


def _rts(rule: Rule, record: Record, cause: Cause, _: Mapping[str, str]) -> Step:
    if record.ticket is None:
        return _skip(rule, record, cause, "it is in service")
    return suppression.return_to_service(rule, record, cause)


CALLS: Mapping[str, Call] = {
    "ack": _table,
    "unack": _table,
    "reset": _table,
    "comment": _comment,
    "assign": _assign,
    "shelve": _shelve,
    "unshelve": _unshelve,
    "oos": _oos,
    "rts": _rts,
}
"""The calls of the API, by name."""


def _refuse(rule: Rule, record: Record, cause: Cause, reason: str) -> Step:
    after, line = note(rule, record, record, cause, outcome=REJECTED, reason=reason)
    return after, [line]


def _skip(rule: Rule, record: Record, cause: Cause, reason: str) -> Step:
    after, line = note(rule, record, record, cause, outcome=NOOP, reason=reason)
    return after, [line]


def _applied(rule: Rule, before: Record, after: Record, cause: Cause) -> Step:
    after, line = note(rule, before, after, cause)
    return after, [line]
