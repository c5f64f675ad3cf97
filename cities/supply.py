"""Which indicators a city's feeds can serve, and what the others lack."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from feeds import KINDS
from model import Feed, Indicator


def is_served(indicator: Indicator, feeds: Sequence[Feed]) -> bool:
    """Whether the feeds bring what an indicator needs, as far as their tables say."""
    if indicator.needs_cases:
        return any(f.gives == "case" and f.subject == indicator.subject for f in feeds)
    some = [feed for feed in feeds if feed.gives == "observation"]
    words = {word for feed in some for word in _words(feed.options)}
    words |= {one for feed in some for one in KINDS[feed.kind].measures}
    return bool(words & set(indicator.quantities))


def lacking(indicator: Indicator, feeds: Iterable[Feed]) -> tuple[str, ...]:
    """Return the names of the facts that an indicator needs and no feed brings.

    Quantities by their name, cases as ``case:<subject>``. Empty: the facts are there.
    """
    needs_facts = bool(indicator.needs_cases or indicator.quantities)
    if not needs_facts or is_served(indicator, list(feeds)):
        return ()
    return (f"case:{indicator.subject}",) if indicator.needs_cases else indicator.quantities


def _words(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {word for pair in value.items() for part in pair for word in _words(part)}
    if isinstance(value, list | tuple):
        return {word for part in value for word in _words(part)}
    return set()
