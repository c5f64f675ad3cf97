"""Alerts: rules, the state table, timers, quiet, the audit and its replay. Pure: no clock, no I/O.

The model stands in ``docs/alerts.md``. A record holds one rule in one scope; three things move
it: a sample (:func:`observe`), time (:func:`elapse`) and people (:func:`command`). Each returns
the record after it and the lines of the audit.
"""

from alerts.commands import CALLS, command
from alerts.engine import elapse, observe, retire
from alerts.load import load_meter
from alerts.missing import missing_rules
from alerts.moving import applied, is_moving
from alerts.past import begins, is_closed, past
from alerts.priority import MATRIX, advised, priority_of
from alerts.rationale import doubts, is_annunciated, refusals
from alerts.record import Record, Sample, Shelf, Timer, key_of, new
from alerts.replay import AuditError, replay
from alerts.suppression import inhibit, uninhibit
from alerts.table import TABLE, Event
from alerts.view import shown, view

__all__ = [
    "CALLS",
    "MATRIX",
    "TABLE",
    "AuditError",
    "Event",
    "Record",
    "Sample",
    "Shelf",
    "Timer",
    "advised",
    "applied",
    "begins",
    "command",
    "doubts",
    "elapse",
    "inhibit",
    "is_annunciated",
    "is_closed",
    "is_moving",
    "key_of",
    "load_meter",
    "missing_rules",
    "new",
    "observe",
    "past",
    "priority_of",
    "refusals",
    "replay",
    "retire",
    "shown",
    "uninhibit",
    "view",
]
