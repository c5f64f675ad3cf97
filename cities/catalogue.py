"""``[[indicators]]``: which of the catalogue are on, with this city's own settings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cities.problems import nearest
from cities.supply import is_served
from cities.tables import IndicatorTable, ThresholdTable
from cities.tally import Tally, keys_of
from metrics import INDICATORS
from metrics.air import DAQI_DEFAULTS, EAQI_DEFAULTS
from metrics.airtables import CHOICES
from model import Feed, Indicator, Threshold

_LIMITS = ("warn", "crit", "low", "high")
_OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "env.aqi": {"table": CHOICES},
}
"""Options that an indicator has beside the common keys, and the values each may take."""


def indicators(
    raw: Sequence[Mapping[str, Any]], feeds: Iterable[Feed], tally: Tally
) -> tuple[Indicator, ...]:
    """Return the indicators that are on; without any table, those that the feeds can serve."""
    if not raw:
        return tuple(one for one in INDICATORS.values() if is_served(one, list(feeds)))
    found: dict[str, Indicator] = {}
    for item in raw:
        table = f"[[indicators]] {item.get('id', '')}".strip()
        indicator = _one(item, table, tally)
        if indicator and indicator.id in found:
            tally.note(table, "id", "stands in more than one table")
        elif indicator:
            found[indicator.id] = indicator
    return tuple(found.values())


def _one(raw: Mapping[str, Any], table: str, tally: Tally) -> Indicator | None:
    setting = tally.read(IndicatorTable, raw, table)
    name = str(raw.get("id", ""))
    if name and name not in INDICATORS:
        hint = nearest(name, INDICATORS) or f"; known are {', '.join(INDICATORS)}"
        tally.note(table, "id", f"unknown indicator {name!r}{hint}")
        return None
    if setting is None:
        return None
    standard = _standard(name, setting)
    threshold = _threshold(setting, standard, table, tally)
    given: dict[str, Any] = {
        "target": setting.target,
        "owner": setting.owner,
        "weight": setting.weight,
        "is_public": setting.public,
        "window": setting.window,
        "cadence": setting.cadence,
        "wording": setting.wording,
        "normal": (setting.normal[0], setting.normal[1]) if setting.normal else None,
        "roll_up": None if setting.roll_up is None else tuple(sorted(setting.roll_up)),
    }
    return replace(
        standard,
        threshold=threshold,
        options=_options(standard, dict(setting.model_extra or {}), table, tally),
        **{key: value for key, value in given.items() if value is not None},
    )


def _standard(name: str, setting: IndicatorTable) -> Indicator:
    """Return the catalogue's entry; the European and the British index have limits of their own."""
    standard = INDICATORS[name]
    table = str((setting.model_extra or {}).get("table", ""))
    if name == "env.aqi" and table.startswith("eaqi"):
        return replace(standard, **EAQI_DEFAULTS)
    if name == "env.aqi" and table.startswith("uk-daqi"):
        return replace(standard, **DAQI_DEFAULTS)
    return standard


def _threshold(setting: IndicatorTable, standard: Indicator, table: str, tally: Tally) -> Threshold:
    plain = {key: getattr(setting, key) for key in _LIMITS if getattr(setting, key) is not None}
    if setting.plan is not None:
        return _planned(setting.plan, standard, [*plain, *_said(setting)], table, tally)
    if setting.threshold is None and not plain:
        return standard.threshold
    if setting.threshold is not None and plain:
        tally.note(table, "threshold", f"stands beside {', '.join(plain)}; say it once")
    if isinstance(setting.threshold, ThresholdTable):
        threshold = Threshold(**setting.threshold.model_dump())
    elif setting.threshold is not None:
        threshold = Threshold(warn=setting.threshold)
    elif set(plain) & {"low", "high"} and not set(plain) & {"warn", "crit"}:
        threshold = Threshold(kind="band", **plain)
    else:
        threshold = Threshold(**plain)
    if text := _contradiction(threshold, standard):
        tally.note(table, "threshold", text)
    return threshold


def _said(setting: IndicatorTable) -> list[str]:
    return [] if setting.threshold is None else ["threshold"]


def _planned(
    plan: float, standard: Indicator, beside: Sequence[str], table: str, tally: Tally
) -> Threshold:
    """Return a threshold of kind plan, by the catalogue's percentages or 75 and 50."""
    if beside:
        tally.note(table, "plan", f"stands beside {', '.join(beside)}; say plan in the threshold")
    if standard.threshold.kind == "plan":
        return replace(standard.threshold, plan=plan)
    if standard.direction != "higher":
        tally.note(table, "plan", "is for figures of which more is better")
    return Threshold(kind="plan", warn=75.0, crit=50.0, plan=plan)


def _contradiction(limit: Threshold, standard: Indicator) -> str | None:
    """Return what is wrong with the order of limits, if anything is."""
    if limit.kind == "band":
        edges = [limit.crit_low, limit.low, limit.high, limit.crit_high]
        known = [edge for edge in edges if edge is not None]
        return (
            None if known and known == sorted(known) else "needs crit_low ≤ low < high ≤ crit_high"
        )
    if limit.warn is None or limit.crit is None or limit.kind in {"funnel", "plan", "burn"}:
        return None
    is_falling = standard.direction == "higher" and limit.kind != "z"
    if is_falling and limit.crit > limit.warn:
        return f"crit {limit.crit:g} lies above warn {limit.warn:g}, but higher is better here"
    if not is_falling and abs(limit.crit) < abs(limit.warn):
        return f"crit {limit.crit:g} is reached before warn {limit.warn:g}"
    return None


def _options(
    standard: Indicator, extra: dict[str, Any], table: str, tally: Tally
) -> tuple[tuple[str, str], ...]:
    known = _OPTIONS.get(standard.id, {})
    for key, value in extra.items():
        if key not in known:
            names = [*keys_of(IndicatorTable), *known]
            hint = nearest(key, names) or f"; known are {', '.join(names)}"
            tally.note(table, key, f"unknown key {key!r} in [[indicators]]{hint}")
        elif value not in known[key]:
            tally.note(table, key, f"{value!r} is none of {', '.join(known[key])}")
    return tuple(
        (dict(standard.options) | {key: str(value) for key, value in extra.items()}).items()
    )
