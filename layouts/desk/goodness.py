"""How good the data of an indicator were, day by day of the city's calendar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from model import Indicator, Quality

DAYS = 7
HOUR = timedelta(hours=1)
GOOD, UNSURE, LATE, NONE = range(4)


@dataclass(frozen=True, slots=True)
class Day:
    """Shares (0–1) of a day's steps, which add up to 1; ``noon`` names the day."""

    noon: datetime
    good: float
    uncertain: float
    late: float
    missing: float


def ask(
    history: Callable[..., Sequence[Any]],
    indicator: Indicator,
    district: str,
    *,
    now: datetime,
    timezone: str = "UTC",
) -> list[Day]:
    """Return the last days, today first; a step without a reading counts as missing.

    A step is an hour, or longer where the indicator is measured more rarely.
    """
    zone, step = ZoneInfo(timezone), max(HOUR, indicator.cadence)
    today = now.astimezone(zone).date()
    first = datetime.combine(today - timedelta(days=DAYS - 1), time(), zone).astimezone(UTC)
    rows = history(indicator.id, district=district, start=first, end=now, resolution=step)
    kinds = {row["at"]: _kind(row) for row in rows}
    found: dict[Any, list[int]] = {}
    at = first
    while at + step <= now or at == first:
        kind = kinds.get(at, NONE)
        found.setdefault(at.astimezone(zone).date(), [0, 0, 0, 0])[kind] += 1
        at += step
    return [
        Day(datetime.combine(day, time(12), zone), *(n / sum(counts) for n in counts))
        for day, counts in sorted(found.items(), reverse=True)
    ]


def _kind(row: Any) -> int:
    """Return which of the four a reading is; a hidden one is as good as it says."""
    quality = Quality(row.get("quality") or Quality.NODATA)
    if quality in (Quality.LATE, Quality.STALE):
        return LATE
    if row.get("value") is None and not row.get("suppressed"):
        return NONE
    return {Quality.GOOD: GOOD, Quality.UNCERTAIN: UNSURE}.get(quality, NONE)
