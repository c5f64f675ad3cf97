"""One rule per feed: no data is an alarm of its own, and never the end of another."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from alerts.priority import JOURNAL, MINOR
from model import Feed, Indicator, Rationale, Rule

_IMPLIED: Mapping[str, frozenset[str]] = {"gbfs": frozenset({"bikes_available", "docks_available"})}
"""Quantities of kinds whose standard fixes them; others are named in the feed's own options."""

_TIME_TO_RESPOND = {2: timedelta(hours=1), MINOR: timedelta(hours=8)}


def missing_rules(
    feeds: Sequence[Feed],
    rules: Sequence[Rule],
    indicators: Sequence[Indicator],
    *,
    delivers: Mapping[str, Collection[str]] | None = None,
) -> tuple[Rule, ...]:
    """Return the rule ``dq.<feed>`` of every feed: breached while its data are frozen.

    Its priority is one below the best that depends on the feed: 2 where that is 1, else 3. What a
    feed gives is read from its options, unless ``delivers`` says it (quantities by feed); where
    neither does, it may be any observation, and counts as needed by all.
    """
    known = {indicator.id: indicator for indicator in indicators}
    vocabulary = frozenset(q for indicator in indicators for q in indicator.quantities)
    return tuple(_rule(feed, rules, known, _gives(feed, vocabulary, delivers)) for feed in feeds)


def _rule(
    feed: Feed,
    rules: Sequence[Rule],
    known: Mapping[str, Indicator],
    gives: frozenset[str],
) -> Rule:
    fed = [indicator for indicator in known.values() if _needs(indicator, feed, gives)]
    ids = {indicator.id for indicator in fed}
    priority = _below([rule for rule in rules if rule.indicator in ids or rule.feed == feed.id])
    name = feed.name or feed.id
    return Rule(
        id=f"dq.{feed.id}",
        title=f"No data: {name}",
        feed=feed.id,
        kind="missing",
        priority_warn=priority,
        priority_crit=priority,
        alarm_class="dq",
        owner=feed.owner,
        cadence=feed.every,
        rationale=Rationale(
            cause=("the source is down or slow", "the network between", "its format changed"),
            consequence=_consequence(ids),
            actions=(
                "Open /feeds: last success, last error, rejected rows",
                f"Call the owner of the feed: {feed.owner or 'not stated in the city pack'}",
                "Watch by other means what it measured, until it is back",
            ),
            time_to_respond=_TIME_TO_RESPOND[priority],
            verification="Two samples in a row arrive in time and the alert returns to normal",
        ),
    )


def _gives(
    feed: Feed, vocabulary: frozenset[str], delivers: Mapping[str, Collection[str]] | None
) -> frozenset[str]:
    if feed.gives != "observation":
        return frozenset()
    if delivers and feed.id in delivers:
        return frozenset(delivers[feed.id])
    if feed.kind in _IMPLIED:
        return _IMPLIED[feed.kind]
    named = {*_words(feed.options), *feed.references} & vocabulary
    return frozenset(named) or vocabulary


def _needs(indicator: Indicator, feed: Feed, gives: frozenset[str]) -> bool:
    if feed.gives == "case":
        return indicator.needs_cases and feed.subject == indicator.subject
    return not gives.isdisjoint(indicator.quantities)


def _words(options: Any) -> Iterator[str]:
    """Yield every string in the options: a quantity may be a constant, a key or a mapped value."""
    if isinstance(options, str):
        yield options
    elif isinstance(options, Mapping):
        for key, value in options.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(options, list | tuple):
        for item in options:
            yield from _words(item)


def _below(rules: Sequence[Rule]) -> int:
    needed = {p for rule in rules for p in (rule.priority_warn, rule.priority_crit)} - {JOURNAL}
    return 2 if 1 in needed else MINOR


def _consequence(indicators: Collection[str]) -> str:
    if not indicators:
        return "What it tells is not known any more; no indicator rests on it."
    named = ", ".join(sorted(indicators))
    return f"Not known any more: {named}. Their alerts are held: none can be raised or cleared."
