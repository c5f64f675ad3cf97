"""The state table: which event moves an alert where. Normative; mirrored in ``docs/alerts.md``.

A cell is a list of ways, of which the first whose condition holds is taken. No cell: the event
changes nothing and is written to the audit as a no-op. A refusal is written too.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from alerts import timers
from alerts.record import Record
from model import Rule, State


class Event(StrEnum):
    """What can happen to an alert; the last is a person who takes an acknowledgement back."""

    H1 = "H1"
    H0 = "H0"
    T_ON = "T_ON"
    T_OFF = "T_OFF"
    ACK = "ACK"
    RESET = "RESET"
    LVL_UP = "LVL_UP"
    LVL_DN = "LVL_DN"
    T_ESC = "T_ESC"
    T_RE = "T_RE"
    T_RTN = "T_RTN"
    T_FRZ = "T_FRZ"
    UNACK = "UNACK"


class Way(NamedTuple):
    """One way out of a cell: the next state, the action, and when it is open."""

    to: State
    action: str
    when: str = "always"


class Refusal(NamedTuple):
    """Why a cell is closed: said to the person and kept in the audit."""

    reason: str


Cell = tuple[Way, ...] | Refusal

_NOT_LATCHED = Refusal("only a latched alert can be reset")
_UNSEEN = Refusal("acknowledge it first: a latched alert is reset after somebody has seen it")
_LATA_CLOSED = "not yet: the condition still exists, or its data are frozen"

NORM, PEND, UNACK, ACKED, CLRU, CLRA, RTNU, LATU, LATA = State

TABLE: Mapping[State, Mapping[Event, Cell]] = {
    NORM: {
        Event.H1: (Way(PEND, "a1"),),
    },
    PEND: {
        Event.H0: (Way(NORM, "a2"),),
        Event.T_ON: (Way(UNACK, "a3"),),
        Event.LVL_UP: (Way(UNACK, "a3"),),
        Event.T_FRZ: (Way(NORM, "a4"),),
    },
    UNACK: {
        Event.H0: (Way(CLRU, "a5"),),
        Event.ACK: (Way(ACKED, "a6"),),
        Event.RESET: _NOT_LATCHED,
        Event.LVL_UP: (Way(UNACK, "a7"),),
        Event.LVL_DN: (Way(UNACK, "a8"),),
        Event.T_ESC: (Way(UNACK, "a9"),),
    },
    ACKED: {
        Event.H0: (Way(CLRA, "a5"),),
        Event.RESET: _NOT_LATCHED,
        Event.LVL_UP: (Way(UNACK, "a7"),),
        Event.LVL_DN: (Way(ACKED, "a8"),),
        Event.T_RE: (Way(UNACK, "a10"),),
        Event.UNACK: (Way(UNACK, "a18"),),
    },
    CLRU: {
        Event.H1: (Way(UNACK, "a11"),),
        Event.T_OFF: (Way(LATU, "a12", "latching"), Way(RTNU, "a12")),
        Event.ACK: (Way(CLRA, "a6"),),
        Event.RESET: _NOT_LATCHED,
    },
    CLRA: {
        Event.H1: (Way(ACKED, "a11"),),
        Event.T_OFF: (Way(LATA, "a12", "latching"), Way(NORM, "a16")),
        Event.RESET: _NOT_LATCHED,
        Event.UNACK: (Way(CLRU, "a18"),),
    },
    RTNU: {
        Event.H1: (Way(RTNU, "a1"),),
        Event.H0: (Way(RTNU, "a2"),),
        Event.T_ON: (Way(UNACK, "a14"),),
        Event.ACK: (Way(NORM, "a16"),),
        Event.LVL_UP: (Way(UNACK, "a14"),),
        Event.T_RTN: (Way(NORM, "a17", "minor"),),
    },
    LATU: {
        Event.H1: (Way(LATU, "a1"),),
        Event.H0: (Way(LATU, "a2"),),
        Event.T_ON: (Way(UNACK, "a14"),),
        Event.ACK: (Way(LATA, "a15"),),
        Event.RESET: _UNSEEN,
        Event.LVL_UP: (Way(UNACK, "a14"),),
    },
    LATA: {
        Event.H1: (Way(LATA, "a1"),),
        Event.H0: (Way(LATA, "a2"),),
        Event.T_ON: (Way(UNACK, "a14"),),
        Event.RESET: (Way(NORM, "a16", "normal"),),
        Event.LVL_UP: (Way(UNACK, "a14"),),
    },
}


def way(rule: Rule, record: Record, event: Event, *, is_minor: bool) -> Way | str | Refusal:
    """Look one cell up: the way to go, a reason why nothing changes, or a refusal."""
    cell = TABLE[record.state].get(event, ())
    if isinstance(cell, Refusal):
        return cell
    for choice in cell:
        if _is_open(choice.when, rule, record, is_minor=is_minor):
            return choice
    if event is Event.RESET and cell:
        return Refusal(_LATA_CLOSED)
    return f"{event} changes nothing in {record.state}"


def _is_open(when: str, rule: Rule, record: Record, *, is_minor: bool) -> bool:
    match when:
        case "latching":
            return rule.is_latching
        case "minor":
            return is_minor
        case "normal":
            is_rising = record.main.is_breached or timers.find(record, timers.T_ON)
            return not is_rising and not record.is_held
        case _:
            return True
