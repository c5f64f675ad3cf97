"""What a rule must say before it may call a person."""

from alerts.comparator import Limits, limits_of
from alerts.priority import JOURNAL
from model import Level, Rule

MAX_ACTIONS = 5
PATIENCE = 4  # a delay is at most this fraction of the time to respond

_DIRECTIONS = ("high", "low", "band")
_SCOPES = ("city", "district", "site")


def is_annunciated(rule: Rule) -> bool:
    """Whether the rule can call a person at all (else it writes the journal)."""
    return bool({rule.priority_warn, rule.priority_crit} - {JOURNAL})


def refusals(rule: Rule) -> tuple[str, ...]:
    """Return why a rule is refused, every reason at once; empty where it is sound."""
    return (*_unreasoned(rule), *_unsound(rule), *_unlimited(rule))


def doubts(rule: Rule) -> tuple[str, ...]:
    """Return what is allowed but worth a second look.

    A delay eats the time to respond: no more than a quarter of it (our own rule of thumb).
    """
    found = []
    limit = rule.rationale.time_to_respond
    delays = {"on_delay": rule.on_delay, "crit_on_delay": rule.crit_on_delay}
    for name, delay in delays.items():
        if limit is not None and delay is not None and delay > limit / PATIENCE:
            found.append(f"{name} {delay} is more than a quarter of the time to respond {limit}")
    if rule.kind == "threshold" and not rule.deadband:
        found.append("deadband 0: noise at the limit will chatter")
    if is_annunciated(rule) and not rule.owner:
        found.append("no owner")
    return tuple(found)


def _unreasoned(rule: Rule) -> list[str]:
    if not is_annunciated(rule):
        return []
    why = rule.rationale
    needed = {
        "cause": any(text.strip() for text in why.cause),
        "consequence": bool(why.consequence.strip()),
        "actions": any(text.strip() for text in why.actions),
        "time_to_respond": why.time_to_respond is not None,
    }
    found = [
        f"no {name}: a rule that calls people must say it"
        for name, is_said in needed.items()
        if not is_said
    ]
    if why.time_to_respond is not None and why.time_to_respond.total_seconds() <= 0:
        found.append("time_to_respond is not positive: what leaves no time is not an alarm")
    if len(why.actions) > MAX_ACTIONS:
        found.append(f"{len(why.actions)} actions: at most {MAX_ACTIONS}")
    return found


def _unsound(rule: Rule) -> list[str]:
    found = []
    if rule.direction not in _DIRECTIONS:
        found.append(f"direction {rule.direction!r}: one of {', '.join(_DIRECTIONS)}")
    if rule.scope not in _SCOPES:
        found.append(f"scope {rule.scope!r}: one of {', '.join(_SCOPES)}")
    if not {rule.priority_warn, rule.priority_crit} <= {0, 1, 2, 3}:
        found.append("priorities are 1, 2, 3, or 0 for the journal")
    elif (rule.priority_crit or MAX_ACTIONS) > (rule.priority_warn or MAX_ACTIONS):
        found.append("priority_crit is less urgent than priority_warn")
    delays = {"on_delay": rule.on_delay, "off_delay": rule.off_delay, "cadence": rule.cadence}
    found += [f"{name} is negative" for name, delay in delays.items() if delay.total_seconds() < 0]
    if rule.crit_on_delay is not None and rule.crit_on_delay.total_seconds() < 0:
        found.append("crit_on_delay is negative")
    if rule.deadband < 0:
        found.append("deadband is negative")
    return found


def _unlimited(rule: Rule) -> list[str]:
    if rule.kind == "missing":
        return [] if rule.feed else ["a rule of kind missing names its feed"]
    warn, crit = limits_of(rule, Level.WARN), limits_of(rule, Level.CRIT)
    if not (warn.is_set or crit.is_set):
        return ["no limit: give warn or crit (for a band low or high)"]
    found = [] if rule.indicator else ["no indicator"]
    found += [
        f"the {name} band is narrower than its deadbands: it could never clear"
        for name, limits in (("warn", warn), ("crit", crit))
        if _is_closed(limits)
    ]
    if _is_inside(crit.high, warn.high) or _is_inside(warn.low, crit.low):
        found.append("the critical limit is reached before the warning limit")
    return found


def _is_closed(limits: Limits) -> bool:
    if limits.high is None or limits.low is None:
        return False
    return limits.high - limits.low <= 2 * limits.deadband


def _is_inside(outer: float | None, inner: float | None) -> bool:
    return outer is not None and inner is not None and outer < inner
