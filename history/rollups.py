"""Readings rolled up: one row per indicator, place and hour, and one per day of the city.

Only bins that changed since the last sweep are worked out again, late revisions with them; a bin
that comes out the same is not written again. Year charts and old comparisons read these rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pyarrow as pa

from history import schemas
from history.base import Engine
from history.columns import values
from history.notes import Notes
from history.queries import fill, one_of
from history.schemas import Shape

HOUR = timedelta(hours=1)
LONGEST_STAND = HOUR  # no reading counts for longer, whatever its cadence
MARGIN = timedelta(hours=2)  # how much later than it was known a row may be written
GRACE = timedelta(minutes=5)  # what the last readings of an hour get to be written
_WHOLE = timedelta(days=2)  # after what was dropped: no bin is worked out again from its rest
_RUN = 24  # hours worked out by one question
_START = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_SUMMED = {"mean", "stood", "bad"}


@dataclass(frozen=True, slots=True)
class Bins:
    """``count`` spans of ``step`` from ``start``."""

    start: datetime
    step: timedelta
    count: int = 1

    @property
    def end(self) -> datetime:
        """The end of the last."""
        return self.start + self.step * self.count


def hours_touched(
    engine: Engine, *, known_since: datetime, since: datetime, until: datetime
) -> list[datetime]:
    """Return the hours of ``[since, until)`` of which a reading was learnt since an instant."""
    source = engine.relation(schemas.READINGS, since, until)
    sql = fill("rollup_touched", readings=source)
    given = {"known_since": known_since, "since": since, "until": until}
    return [_START + HOUR * hour for hour in values(engine.ask(sql, given)["hour"])]


def hour_bins(hours: Iterable[datetime], until: datetime) -> Iterator[Bins]:
    """Yield runs of hours to work out; the hour after one that changed hears its last reading."""
    wanted = sorted({each for hour in hours for each in (hour, hour + HOUR) if each < until})
    start, count = None, 0
    for hour in wanted:
        if start is not None and hour == start + HOUR * count and count < _RUN:
            count += 1
            continue
        if start is not None:
            yield Bins(start, HOUR, count)
        start, count = hour, 1
    if start is not None:
        yield Bins(start, HOUR, count)


def day_bins(hours: Iterable[datetime], until: datetime, zone: ZoneInfo) -> Iterator[Bins]:
    """Yield the days of the city in which the hours lie and that are over by ``until``.

    >>> toronto = ZoneInfo("America/Toronto")
    >>> hour = datetime(2026, 3, 8, 20, tzinfo=UTC)  # the clocks went forward that night
    >>> next(day_bins([hour], datetime(2026, 3, 10, tzinfo=UTC), toronto)).step
    datetime.timedelta(seconds=82800)

    """
    touched = [at for hour in hours for at in (hour, hour + HOUR)]
    for day in sorted({at.astimezone(zone).date() for at in touched}):
        start, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
        if end <= until:
            yield Bins(start, end - start)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day of the city."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def roll(
    engine: Engine, shape: Shape, bins: Bins, stands: Mapping[str, timedelta], *, now: datetime
) -> int:
    """Work bins out and append those that differ from what is kept; return how many rows."""
    found = worked_out(engine, shape, bins, stands)
    if found.num_rows == 0:
        return 0
    known = pa.array([now] * found.num_rows, shape.columns.field("known_at").type)
    data = found.append_column("known_at", known).select(shape.columns.names)
    engine.append(shape, data.cast(shape.columns))
    return int(found.num_rows)


def worked_out(
    engine: Engine, shape: Shape, bins: Bins, stands: Mapping[str, timedelta]
) -> pa.Table:
    """Return the rows of bins from raw readings, where they differ from what is kept.

    ``stands`` says by indicator for how long a reading counts where no other follows.
    """
    given: dict[str, object] = {
        "origin": bins.start.timestamp(),
        "step": bins.step.total_seconds(),
        "reach": bins.start - LONGEST_STAND,
        "since": bins.start,
        "until": bins.end,
    }
    sql = fill(
        "rollup",
        readings=engine.relation(schemas.READINGS, bins.start - LONGEST_STAND, bins.end),
        rollups=engine.relation(shape, bins.start, bins.end),
        stands=_stands(stands, given),
        differs=_differs(shape),
    )
    return engine.ask(sql, given)


def _stands(stands: Mapping[str, timedelta], given: dict[str, object]) -> str:
    """Return how many seconds a reading counts, by its indicator."""
    by_length: dict[timedelta, list[str]] = {}
    for indicator, length in sorted(stands.items()):
        if length < LONGEST_STAND:
            by_length.setdefault(length, []).append(indicator)
    parts = []
    for number, (length, names) in enumerate(sorted(by_length.items())):
        marks: dict[str, object] = {}
        chosen = one_of("indicator", names, marks).replace("$", f"$s{number}_")
        given |= {f"s{number}_{name}": value for name, value in marks.items()}
        parts.append(f"when {chosen} then {length.total_seconds()}")
    longest = LONGEST_STAND.total_seconds()
    return f"case {' '.join(parts)} else {longest} end" if parts else str(longest)


def _differs(shape: Shape) -> str:
    """Return the condition that a new row says something else than the one that is kept.

    A mean may differ in its last digits by the order in which an engine adds up.
    """
    parts = []
    for column in shape.columns:
        new, old = f'r."{column.name}"', f'k."{column.name}"'
        if column.name in ("indicator", "district", "at", "known_at"):
            continue
        if column.name in _SUMMED:
            parts.append(f"({new} is null) <> ({old} is null)")
            parts.append(f"abs({new} - {old}) > 1e-9 * abs({new})")
        else:
            parts.append(f"{new} is distinct from {old}")
    return " or ".join(parts)


@dataclass(slots=True)
class Sweep:
    """The way of one roll-up table through the bins that changed, some at each step."""

    engine: Engine
    shape: Shape
    zone: ZoneInfo
    stands: Mapping[str, timedelta]
    _todo: Iterator[Bins] | None = field(default=None)
    _until: datetime = field(default=_NEVER)

    @property
    def is_behind(self) -> bool:
        """Whether bins are waiting."""
        return self._todo is not None

    def again(self, day: datetime, now: datetime) -> int:
        """Work out what the readings of a day of UTC touch; return how many rows were written."""
        hours = [day + HOUR * n for n in range(24)]
        until = self._end(now - GRACE)
        if self.shape is schemas.READINGS_HOURLY:
            bins = list(hour_bins(hours, until))
        else:
            bins = list(day_bins(hours, until, self.zone))
        return sum(roll(self.engine, self.shape, each, self.stands, now=now) for each in bins)

    def step(self, now: datetime, notes: Notes, *, most: int) -> int:
        """Work out up to ``most`` questions' bins; return how many rows were written."""
        if self._todo is None:
            self._todo = iter(self._begin(now, notes))
        n_rows, bins = 0, list(islice(self._todo, most))
        for each in bins:
            n_rows += roll(self.engine, self.shape, each, self.stands, now=now)
        if len(bins) < most:
            self._todo = None
            mark = notes.last("roll", self.shape)
            if mark is None or mark < self._until:
                notes.note("roll", self.shape, self._until, now=now)
        return n_rows

    def _begin(self, now: datetime, notes: Notes) -> list[Bins]:
        self._until = self._end(now - GRACE)
        mark = notes.last("roll", self.shape)
        kept = notes.kept_since().get(schemas.READINGS.name)
        hours = hours_touched(
            self.engine,
            known_since=_NEVER if mark is None else mark - MARGIN,
            since=_NEVER if kept is None else kept + _WHOLE,
            until=self._until,
        )
        if self.shape is schemas.READINGS_HOURLY:
            return list(hour_bins(hours, self._until))
        return list(day_bins(hours, self._until, self.zone))

    def _end(self, at: datetime) -> datetime:
        """Return the end of the last whole bin."""
        if self.shape is schemas.READINGS_HOURLY:
            return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return day_start(at.astimezone(self.zone).date(), self.zone)
