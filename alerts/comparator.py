"""The comparator: a limit with memory, so that noise around it is one alarm and not twenty."""

from dataclasses import dataclass, replace
from datetime import timedelta

from model import Level, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the comparator remembers: which side is breached. A plain limit uses one side."""

    high: bool = False
    low: bool = False

    @property
    def is_breached(self) -> bool:
        """The ``h`` of the state table."""
        return self.high or self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one level, in the indicator's unit; ``None`` where a side has no limit."""

    high: float | None = None
    low: float | None = None
    deadband: float = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there is anything to compare with."""
        return self.high is not None or self.low is not None


def compare(memory: Memory, value: float, limits: Limits) -> Memory:
    """Return the memory after one value: a Schmitt trigger on each side.

    High side: breached from ``value >= high`` until ``value < high - deadband``; between the two
    it stays as it was. The low side is the mirror; a band is both.

    Source: Schmitt (1938), J. Sci. Instrum. 15; deadband as in ANSI/ISA-18.2.

    >>> limits = Limits(high=100.0, deadband=5.0)
    >>> compare(Memory(high=True), 96.0, limits).is_breached
    True
    >>> compare(Memory(), 96.0, limits).is_breached
    False

    """
    return replace(
        memory,
        high=_above(value, limits.high, limits.deadband, was=memory.high),
        low=_above(_negative(value), _negative(limits.low), limits.deadband, was=memory.low),
    )


def limits_of(rule: Rule, level: Level) -> Limits:
    """Return the limits of a level; both sides ``None`` where the rule does not have the level."""
    is_warn = level is Level.WARN
    if rule.direction == "band":
        high, low = (rule.high, rule.low) if is_warn else (rule.crit_high, rule.crit_low)
        return Limits(high=high, low=low, deadband=rule.deadband)
    limit = rule.warn if is_warn else rule.crit
    if rule.direction == "low":
        return Limits(low=limit, deadband=rule.deadband)
    return Limits(high=limit, deadband=rule.deadband)


def base_level(rule: Rule) -> Level:
    """Return the level whose limit raises the alert: warn, or crit where there is no warn."""
    if rule.kind == "missing" or limits_of(rule, Level.WARN).is_set:
        return Level.WARN
    return Level.CRIT


def has_upper_level(rule: Rule) -> bool:
    """Whether a critical level stands above the one that raises the alert."""
    if rule.kind == "missing" or base_level(rule) is Level.CRIT:
        return False
    return limits_of(rule, Level.CRIT).is_set


def limit_at(rule: Rule, level: Level, side: str | None) -> float | None:
    """Return the limit of a level on the side that was breached (``high`` or ``low``)."""
    limits = limits_of(rule, level)
    if rule.direction != "band":
        return limits.low if rule.direction == "low" else limits.high
    return limits.low if side == "low" else limits.high


def critical_delay(rule: Rule) -> timedelta:
    """Return how long the critical limit must be exceeded; the rule's on-delay if unsaid."""
    return rule.on_delay if rule.crit_on_delay is None else rule.crit_on_delay


def raising_delay(rule: Rule) -> timedelta:
    """Return the on-delay of the level that raises the alert."""
    return rule.on_delay if base_level(rule) is Level.WARN else critical_delay(rule)


def _above(value: float | None, limit: float | None, deadband: float, *, was: bool) -> bool:
    if limit is None or value is None:
        return False
    if value >= limit:
        return True
    return was and not value < limit - deadband


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
