"""Priority: the matrix of consequence and time to respond, and what quality does to it."""

from collections.abc import Mapping
from datetime import timedelta

from model import Level, Quality, Rule

JOURNAL = 0
MINOR = 3
STATISTICAL = frozenset({"z", "usual_ratio", "ewma", "score", "funnel"})
"""Kinds of rules that judge a value by its past or by others, not by a limit in its unit."""

_WITHIN = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=8))

MATRIX: Mapping[str, tuple[int, int, int, int]] = {
    "severe": (1, 1, 2, 3),  # life safety, loss of an essential service, > 5 % of residents
    "major": (1, 2, 3, JOURNAL),  # injury, 1–5 % of residents, legal or reputational
    "minor": (2, 3, 3, JOURNAL),  # degraded service, < 1 % of residents
}
"""Columns: time to respond < 10 min, 10–60 min, 1–8 h, > 8 h. Journal: a report, not an alarm."""


def advised(consequence: str, time_to_respond: timedelta) -> int:
    """Return the priority that the matrix gives: 1, 2, 3, or 0 for the journal.

    Raises:
        ValueError: if the consequence is not severe, major or minor.

    >>> advised("major", timedelta(minutes=30))
    2

    """
    if consequence not in MATRIX:
        known = ", ".join(MATRIX)
        raise ValueError(f"unknown consequence {consequence!r}: one of {known}")
    row = MATRIX[consequence]
    column = next((i for i, limit in enumerate(_WITHIN) if time_to_respond < limit), len(_WITHIN))
    if time_to_respond == _WITHIN[-1]:
        column = len(_WITHIN) - 1  # "1–8 h" holds its upper end, "> 8 h" does not
    return row[column]


def priority_of(rule: Rule, level: Level | None, quality: Quality | None) -> int:
    """Return the priority of a level: 1, 2, 3, or 0 for the journal.

    While data are UNCERTAIN, rules that rest on statistics go no higher than 3, unless they guard
    safety. A limit in the indicator's own unit keeps its priority.
    """
    priority = rule.priority_crit if level is Level.CRIT else rule.priority_warn
    is_capped = rule.kind in STATISTICAL and rule.alarm_class != "safety"
    if quality is Quality.UNCERTAIN and is_capped and priority != JOURNAL:
        return max(priority, MINOR)
    return priority
