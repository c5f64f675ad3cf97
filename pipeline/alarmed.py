"""When each figure was under alarm: hours that are no example of what is usual."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from metrics.baseline import FEW_WEEKS
from model import CITY, AlertEvent, Rule, State

Value = TypeVar("Value")
Key = tuple[str, str]  # indicator, district
Spans = Mapping[Key, Sequence[tuple[datetime, datetime]]]

_ENDLESS = datetime(9999, 1, 1, tzinfo=UTC)
_ACTIVE = frozenset({State.UNACK, State.ACKED, State.CLRU, State.CLRA, State.LATU, State.LATA})
_SITE = "site:"


def alarmed(events: Iterable[AlertEvent], rules: Mapping[str, Rule]) -> Spans:
    """Return the spans in which an alarm stood, by indicator and place; an open one has no end.

    Args:
        events: the audit, oldest first.
        rules: by id; what a rule that left the pack said does not count.

    """
    since: dict[str, tuple[Key, datetime]] = {}
    found: dict[Key, list[tuple[datetime, datetime]]] = {}
    for event in events:
        key = _key_of(event, rules)
        if key is None:
            continue
        if event.to_state in _ACTIVE:
            since.setdefault(event.key, (key, event.at))
        elif (started := since.pop(event.key, None)) is not None:
            found.setdefault(key, []).append((started[1], event.at))
    for key, start in since.values():
        found.setdefault(key, []).append((start, _ENDLESS))
    return found


def calm(
    values: Sequence[Value], was_alarmed: Sequence[bool], least: int = FEW_WEEKS
) -> list[Value]:
    """Return the values without those under alarm; all of them where too few would be left.

    What has been alarming for weeks is how it is: left out for good, nothing would be usual.
    """
    kept = [value for value, is_out in zip(values, was_alarmed, strict=True) if not is_out]
    return kept if len(kept) >= least else list(values)


def touches(spans: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    """Whether any span shares time with another."""
    return any(since < end and start < until for since, until in spans)


def _key_of(event: AlertEvent, rules: Mapping[str, Rule]) -> Key | None:
    rule = rules.get(event.rule)
    if rule is None or rule.indicator is None:
        return None
    scope = event.key.removeprefix(f"{rule.id}:")
    return (rule.indicator, CITY if scope.startswith(_SITE) else scope)
