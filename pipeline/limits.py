"""Limits that move, as rules meet them: what holds for each alert now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import alerts
from metrics.comparing import KINDS, Comparison, Limiter, compare
from model import Alert, Indicator, Reading, Rule


@dataclass(slots=True)
class MovingLimits:
    """Holds the rule of each alert whose limits move, with the limits of its newest reading."""

    indicators: Mapping[str, Indicator]
    _now: dict[str, Rule] = field(default_factory=dict)  # by the alert's key
    _hidden: set[str] = field(default_factory=set)

    def judged_by(
        self, rule: Rule, reading: Reading, limiter: Limiter, *, is_hidden: bool
    ) -> Rule | None:
        """Return the rule for one reading; ``None`` where its limits were never known.

        Where they are not known any more, the last ones hold: what has been raised stands until
        it can be judged again.
        """
        indicator = self.indicators.get(rule.indicator or "")
        if not alerts.is_moving(rule) or indicator is None:
            return rule
        key = f"{rule.id}:{reading.district}"
        found = alerts.applied(rule, limiter(indicator, reading)) or self._now.get(key)
        if found is not None:
            self._now[key] = found
        (self._hidden.add if is_hidden else self._hidden.discard)(key)
        return found

    def of(self, key: str, rule: Rule) -> Rule:
        """Return the rule of an alert as it was last judged."""
        return self._now.get(key, rule)

    def told(self, alert: Alert, rule: Rule) -> Alert:
        """Return the alert without a limit that is not known, or that would tell of few cases."""
        is_known = alert.key in self._now and alert.key not in self._hidden
        return replace(alert, limit=None) if alerts.is_moving(rule) and not is_known else alert


def limiter_of(indicators: Iterable[Indicator], readings: Sequence[Reading]) -> Limiter:
    """Return what the limits of these readings are; districts are compared where limits ask."""
    asked = [i for i in indicators if i.threshold.kind == "funnel" and i.statistic in KINDS]
    mine: dict[str, list[Reading]] = {indicator.id: [] for indicator in asked}
    for reading in readings:
        if reading.indicator in mine:
            mine[reading.indicator].append(reading)
    found: dict[str, Comparison] = {i.id: compare(i, mine[i.id]) for i in asked if mine[i.id]}
    return Limiter(found)
