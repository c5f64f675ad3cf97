"""Rules whose limits move: with what is usual, with the size of the place, with a plan.

Such a rule keeps the factors that its indicator's threshold names. Each reading brings the limits
in the indicator's own unit (``metrics.levels``), and is judged by the rule as it is then.
"""

from dataclasses import replace

from metrics.levels import MOVING, Limits
from model import Rule

__all__ = ["MOVING", "applied", "is_moving"]


def is_moving(rule: Rule) -> bool:
    """Whether the limits of a rule stand in the unit only once a reading is known."""
    return rule.kind in MOVING


def applied(rule: Rule, limits: Limits | None) -> Rule | None:
    """Return the rule with the limits of one reading; ``None`` where they are not known.

    Sides that the rule does not watch (its ``direction``) are left out.
    """
    if limits is None:
        return None
    match rule.direction:
        case "high":
            found = replace(rule, warn=limits.warn_high, crit=limits.crit_high)
            is_set = limits.warn_high is not None or limits.crit_high is not None
        case "low":
            found = replace(rule, warn=limits.warn_low, crit=limits.crit_low)
            is_set = limits.warn_low is not None or limits.crit_low is not None
        case _:
            found = replace(
                rule,
                low=limits.warn_low,
                high=limits.warn_high,
                crit_low=limits.crit_low,
                crit_high=limits.crit_high,
            )
            is_set = limits.is_set
    return found if is_set else None
