"""When the past is measured again: every hour; daily figures once a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from model import Indicator

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CUT_OFF = time(6)  # on the city's clock: when daily figures are measured


def grid(indicator: Indicator, since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants of ``[since, until)`` at which an indicator is measured, UTC.

    >>> from dataclasses import replace
    >>> from metrics import INDICATORS
    >>> since = datetime(2026, 3, 7, tzinfo=UTC)
    >>> daily = replace(INDICATORS["srv.backlog"], cadence=DAY)
    >>> [f"{at:%dT%H}" for at in grid(daily, since, since + 3 * DAY, ZoneInfo("America/Toronto"))]
    ['07T11', '08T10', '09T10']

    """
    if indicator.cadence < DAY:
        first = since + (datetime.min.replace(tzinfo=UTC) - since) % HOUR
        return [first + HOUR * number for number in range(-((first - until) // HOUR))]
    day = since.astimezone(zone).date()
    last = until.astimezone(zone).date()
    found = []
    while day <= last:
        at = datetime.combine(day, CUT_OFF, zone).astimezone(UTC)
        if since <= at < until:
            found.append(at)
        day += DAY
    return found


def spans(
    since: datetime, until: datetime, length: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Yield ``[since, until)`` in pieces of one length, the last one shorter."""
    start = since
    while start < until:
        end = min(start + length, until)
        yield start, end
        start = end
