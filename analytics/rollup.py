"""Roll-ups of a span worked out again, by the very query that the house itself uses.

Rows that come out the same are not written; others are, as newly known. So a span may be rolled up
any number of times, and a job that was cut off is simply started again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, cast
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.engines import Engine
from history.base import Engine as Kept
from history.notes import Notes
from history.rollups import HOUR, LONGEST_STAND, Bins, day_start, roll
from history.schemas import READINGS, READINGS_DAILY, READINGS_HOURLY, Shape

DAY = timedelta(days=1)
LENGTH = timedelta(days=7)  # of the span of one query
_WHOLE = timedelta(days=2)  # after what retention dropped: no bin is made of its rest


@dataclass(frozen=True, slots=True)
class Rolled:
    """Rows written of one table for a piece that ends at ``until``."""

    table: str
    until: datetime
    written: int


@dataclass(frozen=True, slots=True)
class Rolling:
    """Rolls up: worked out by ``engine``, appended to ``kept``, the engine of the history.

    ``zone`` is the city's; ``stands`` says by indicator for how long a reading counts where no
    other follows.
    """

    kept: Kept
    engine: Engine
    zone: ZoneInfo
    stands: Mapping[str, timedelta]

    def over(self, since: datetime, until: datetime, *, now: datetime) -> Iterator[Rolled]:
        """Roll up every whole hour, and every whole day of the city, of a span.

        What retention has dropped is left out. ``now`` is when the rows are known.
        """
        dropped = Notes(self.kept).kept_since().get(READINGS.name)
        first = since if dropped is None else max(since, dropped + _WHOLE)
        stands = {name: min(length, LONGEST_STAND) for name, length in self.stands.items()}
        for shape, bins in (
            (READINGS_HOURLY, hours(first, until)),
            (READINGS_DAILY, days(first, until, self.zone)),
        ):
            for some in bins:
                count = roll(cast("Kept", self), shape, some, stands, now=now)
                yield Rolled(shape.name, some.end, count)

    def relation(self, shape: Shape, since: datetime, until: datetime) -> str:
        """As the engine that works it out."""
        return self.engine.relation(shape, since, until)

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """As the engine that works it out."""
        return self.engine.ask(sql, values)

    def append(self, shape: Shape, data: pa.Table) -> None:
        """As the history."""
        self.kept.append(shape, data)


def hours(since: datetime, until: datetime) -> Iterator[Bins]:
    """Yield the whole hours (UTC) of a span, a week at a time."""
    start = since.astimezone(UTC) + (datetime.min.replace(tzinfo=UTC) - since) % HOUR
    while (count := min((until - start) // HOUR, LENGTH // HOUR)) > 0:
        yield Bins(start, HOUR, count)
        start += HOUR * count


def days(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Bins]:
    """Yield the whole days of the city in a span, equally long ones together.

    >>> toronto = ZoneInfo("America/Toronto")  # the clocks go forward on the 8th
    >>> first, last = datetime(2026, 3, 6, 5, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
    >>> [(bins.count, bins.step // HOUR) for bins in days(first, last, toronto)]
    [(2, 24), (1, 23), (1, 24)]

    """
    starts = [since.astimezone(zone).date()]
    while day_start(starts[-1], zone) <= until:
        starts.append(starts[-1] + DAY)
    edges = [at for at in (day_start(day, zone) for day in starts) if since <= at <= until]
    pieces = pairwise(edges)
    for length, same in groupby(pieces, key=lambda piece: piece[1] - piece[0]):
        some = list(same)
        for first in range(0, len(some), LENGTH // DAY):
            week = some[first : first + LENGTH // DAY]
            yield Bins(week[0][0], length, len(week))
