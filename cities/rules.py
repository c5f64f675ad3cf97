"""``[[rules]]``: alarms that are refused unless somebody has thought them through."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cities.problems import nearest
from cities.tables import LATER_RULE_KEYS, PrioritiesTable, RuleTable
from cities.tally import Tally
from model import Indicator, Rationale, Rule, Threshold

_WORSE = {"lower": "high", "higher": "low", "band": "band"}


@dataclass(frozen=True, slots=True)
class Rules:
    """Turns tables into rules for the indicators that are on."""

    indicators: Mapping[str, Indicator]
    districts: frozenset[str]
    tally: Tally

    def read(self, raw: Mapping[str, Any], table: str) -> Rule | None:
        """Return one rule, or ``None`` after noting what is wrong with it."""
        later = [key for key in LATER_RULE_KEYS if key in raw]
        for key in later:
            self.tally.note(table, key, "this version does not act on it yet; leave it out")
        kept = {key: value for key, value in raw.items() if key not in later}
        setting = self.tally.read(RuleTable, kept, table)
        if setting is None:
            return None
        indicator = self.indicators.get(setting.indicator)
        if indicator is None:
            text = f"indicator {setting.indicator!r} is not on in this pack"
            self.tally.note(table, "indicator", text + nearest(setting.indicator, self.indicators))
            return None
        rule = _rule(setting, indicator, kept)
        self._check(rule, table)
        return rule

    def _check(self, rule: Rule, table: str) -> None:
        for district in rule.districts:
            if district not in self.districts:
                text = f"there is no district {district!r}{nearest(district, self.districts)}"
                self.tally.note(table, "districts", text)
        if rule.districts and rule.scope == "city":
            self.tally.note(table, "districts", "a rule for the whole city names no districts")
        for key, text in (*_limits(rule), *_rationale(rule), *_delays(rule)):
            self.tally.note(table, key, text)


def _rule(setting: RuleTable, indicator: Indicator, raw: Mapping[str, Any]) -> Rule:
    limits = _limits_of(setting, indicator.threshold)
    both = setting.priority
    priority = PrioritiesTable(warn=both, crit=both) if isinstance(both, int) else both
    return Rule(
        id=setting.id,
        title=setting.title,
        indicator=indicator.id,
        scope=setting.scope,
        districts=tuple(setting.districts),
        direction=setting.direction or _WORSE[indicator.direction],
        warn=limits["warn"],
        crit=limits["crit"],
        low=limits["low"],
        high=limits["high"],
        deadband=setting.deadband,
        on_delay=setting.on_delay,
        crit_on_delay=setting.crit_on_delay,
        off_delay=setting.off_delay,
        is_latching=setting.latching,
        priority_warn=priority.warn,
        priority_crit=priority.crit,
        alarm_class=setting.alarm_class,
        owner=setting.owner or indicator.owner,
        rationale=Rationale(
            cause=tuple(setting.cause),
            consequence=setting.consequence,
            actions=tuple(setting.action),
            time_to_respond=setting.time_to_respond,
            verification=setting.verification,
            sop=setting.sop,
        ),
        cadence=indicator.cadence,
        version=setting.version or _digest({**raw, "limits": limits}),
    )


def _limits_of(setting: RuleTable, standard: Threshold) -> dict[str, float | None]:
    """Return the rule's limits; those of the indicator where the rule names none."""
    point = setting.setpoint
    own: dict[str, float | None] = {
        "warn": setting.warn if point is None else point.warn,
        "crit": setting.crit if point is None else point.crit,
        "low": setting.low,
        "high": setting.high,
    }
    if any(value is not None for value in own.values()) or standard.kind not in {"value", "band"}:
        return own
    return {
        "warn": standard.warn,
        "crit": standard.crit,
        "low": standard.low,
        "high": standard.high,
    }


def _digest(raw: Mapping[str, Any]) -> str:
    """Return a short version that changes with anything that a rule says."""
    text = json.dumps(raw, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _limits(rule: Rule) -> list[tuple[str, str]]:
    if rule.direction == "band":
        if rule.low is None or rule.high is None or rule.low >= rule.high:
            return [("low", "a band needs low < high")]
        return []
    if rule.warn is None and rule.crit is None:
        return [("warn", "needs warn or crit; the indicator's own limits are no plain values")]
    if rule.warn is None or rule.crit is None:
        return []
    if rule.direction == "high" and rule.crit < rule.warn:
        return [("crit", f"crit {rule.crit:g} lies below warn {rule.warn:g}")]
    if rule.direction == "low" and rule.crit > rule.warn:
        return [("crit", f"crit {rule.crit:g} lies above warn {rule.warn:g}")]
    return []


def _rationale(rule: Rule) -> list[tuple[str, str]]:
    """Every alarm that asks for a person says why, what happens otherwise, what to do, how soon."""
    if not (_uses_warn(rule) and rule.priority_warn) and not (
        _uses_crit(rule) and rule.priority_crit
    ):
        return []
    why = rule.rationale
    said: dict[str, object] = {
        "cause": any(cause.strip() for cause in why.cause),
        "consequence": why.consequence.strip(),
        "action": any(action.strip() for action in why.actions),
        "time_to_respond": why.time_to_respond,
    }
    return [
        (key, f"missing key {key!r}: an alarm that calls a person needs it (or priority = 0)")
        for key, value in said.items()
        if not value
    ]


def _delays(rule: Rule) -> list[tuple[str, str]]:
    """An alarm is never delayed by more than a quarter of the time there is to respond."""
    limit = rule.rationale.time_to_respond
    delays = {"on_delay": rule.on_delay, "crit_on_delay": rule.crit_on_delay or timedelta(0)}
    if limit is None:
        return []
    return [
        (key, f"{delay} is more than a quarter of time_to_respond ({limit})")
        for key, delay in delays.items()
        if delay > limit / 4
    ]


def _uses_warn(rule: Rule) -> bool:
    return rule.warn is not None or rule.low is not None or rule.high is not None


def _uses_crit(rule: Rule) -> bool:
    return rule.crit is not None
