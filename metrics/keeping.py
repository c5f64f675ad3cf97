"""How old a fact the indicators may still need."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from model import Indicator

KEEP = timedelta(days=35)  # 28 nights for free flow, and a week for late facts


def longest(indicators: Iterable[Indicator]) -> dict[str, timedelta]:
    """Return, by quantity, how far back its indicators look, where that is beyond ``KEEP``."""
    found: dict[str, timedelta] = {}
    for indicator in indicators:
        if indicator.look_back and indicator.look_back > KEEP:
            for quantity in indicator.quantities:
                found[quantity] = max(indicator.look_back, found.get(quantity, KEEP))
    return found


def kept_since(indicators: Iterable[Indicator], now: datetime) -> dict[str, datetime]:
    """Return, by quantity, from when its facts are needed, where that is before ``KEEP``."""
    return {quantity: now - back for quantity, back in longest(indicators).items()}


def reach(indicator: Indicator) -> timedelta:
    """Return for how long after it happened a fact may count in the indicator."""
    return max(indicator.window, indicator.look_back or indicator.window, *indicator.roll_up)
