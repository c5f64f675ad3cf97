"""How many rows a feed gave in each hour of the last two days."""

from datetime import datetime, timedelta

from model.plain import instant

HOURS_KEPT = 48


def counted(
    hours: tuple[tuple[str, int, int], ...], now: datetime, accepted: int, rejected: int
) -> tuple[tuple[str, int, int], ...]:
    """Return the rows by UTC hour with these added; hours older than two days go.

    >>> counted((("2026-03-01T11:00:00Z", 5, 0),), datetime(2026, 3, 1, 11, 59, tzinfo=UTC), 2, 1)
    (('2026-03-01T11:00:00Z', 7, 1),)

    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    first = instant(hour - timedelta(hours=HOURS_KEPT - 1))
    by_hour = {name: (name, good, bad) for name, good, bad in hours if name >= first}
    _, good, bad = by_hour.get(instant(hour), ("", 0, 0))
    by_hour[instant(hour)] = (instant(hour), good + accepted, bad + rejected)
    return tuple(by_hour[name] for name in sorted(by_hour))
