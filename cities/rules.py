"""``[[rules]]``: alarms that are refused unless somebody has thought them through."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts import refusals
from cities.problems import nearest
from cities.tables import LATER_RULE_KEYS, PrioritiesTable, RuleTable
from cities.tally import Tally, keys_of
from metrics.levels import MOVING
from model import Indicator, Rationale, Rule, Threshold

_KEYS = frozenset(keys_of(RuleTable))
_LIMITS = ("warn", "crit", "low", "high", "crit_low", "crit_high")
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
        if rule.kind == "plan" and indicator.threshold.plan is None:
            text = f"{indicator.id} needs a plan: say plan in the threshold of its [[indicators]]"
            self.tally.note(table, "indicator", text)
        self._check(rule, table)
        return rule

    def _check(self, rule: Rule, table: str) -> None:
        for district in rule.districts:
            if district not in self.districts:
                text = f"there is no district {district!r}{nearest(district, self.districts)}"
                self.tally.note(table, "districts", text)
        if rule.districts and rule.scope == "city":
            self.tally.note(table, "districts", "a rule for the whole city names no districts")
        for text in refusals(rule):
            self.tally.note(table, _key(text), text)


def _rule(setting: RuleTable, indicator: Indicator, raw: Mapping[str, Any]) -> Rule:
    limits = _limits_of(setting, indicator.threshold)
    is_moving = not _is_said(limits) and indicator.threshold.kind in MOVING
    direction = setting.direction or _WORSE[indicator.direction]
    if is_moving:
        limits = _factors(indicator.threshold, direction)
    both = setting.priority
    priority = PrioritiesTable(warn=both, crit=both) if isinstance(both, int) else both
    return Rule(
        id=setting.id,
        title=setting.title,
        indicator=indicator.id,
        scope=setting.scope,
        districts=tuple(setting.districts),
        kind=indicator.threshold.kind if is_moving else "threshold",
        direction=direction,
        warn=limits["warn"],
        crit=limits["crit"],
        low=limits["low"],
        high=limits["high"],
        crit_low=limits["crit_low"],
        crit_high=limits["crit_high"],
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
    own = {key: getattr(setting if point is None else point, key) for key in ("warn", "crit")}
    own |= {key: getattr(setting, key) for key in ("low", "high", "crit_low", "crit_high")}
    if _is_said(own) or standard.kind not in {"value", "band", "burn"}:
        return own
    return {key: getattr(standard, key) for key in own}


def _is_said(limits: Mapping[str, float | None]) -> bool:
    return any(value is not None for value in limits.values())


def _factors(standard: Threshold, direction: str) -> dict[str, float | None]:
    """Return what a rule holds until a reading brings its limits in the unit.

    The further out, the more critical, on the side that the rule watches.
    """
    usual = {"z": (3.5, 5.0), "funnel": (95.0, 99.8), "plan": (75.0, 50.0)}
    warn, crit = usual.get(standard.kind, (None, None))
    warn = warn if standard.warn is None else standard.warn
    crit = crit if standard.crit is None else standard.crit
    none: dict[str, float | None] = dict.fromkeys(_LIMITS)
    below = tuple(None if limit is None else -abs(limit) for limit in (warn, crit))
    if direction == "band":
        return none | {"low": below[0], "high": warn, "crit_low": below[1], "crit_high": crit}
    if direction == "low" and standard.kind in {"z", "funnel"}:
        warn, crit = below
    return none | {"warn": warn, "crit": crit}


def _digest(raw: Mapping[str, Any]) -> str:
    """Return a short version that changes with anything that a rule says."""
    text = json.dumps(raw, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _key(refusal: str) -> str:
    """Return the key of the table that a refusal of ``alerts`` speaks of."""
    words = re.findall(r"[a-z_]+", refusal.replace("actions", "action"))
    return next((word for word in words if word in _KEYS), "")
