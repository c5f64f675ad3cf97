"""The course of an indicator over any span: raw readings where they are, roll-ups where not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from history import schemas
from history.base import Engine
from history.columns import rows
from history.notes import Notes
from history.queries import fill, one_of
from history.schemas import Shape

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORT = timedelta(days=31)  # a span that raw readings answer fast enough
_LONGEST_DAY = timedelta(hours=25)

Rows = list[dict[str, Any]]


class Courses:
    """Reads long courses from roll-ups; ``readings`` gives the rest."""

    def __init__(self, engine: Engine, readings: Callable[..., Rows]) -> None:
        self._engine = engine
        self._readings = readings

    def series(  # noqa: PLR0913 - all but the first are options by name
        self,
        indicator: str,
        *,
        district: str | None = None,
        start: datetime,
        end: datetime,
        resolution: timedelta | None = None,
        known_at: datetime | None = None,
    ) -> Rows:
        """Return readings of ``[start, end)``, by district and time: the rows of ``readings``.

        With a resolution of an hour or more, a span of over a month and what raw readings no
        longer tell come from the roll-ups: the last reading of each hour, or day. They lack
        spread, weeks, z, coverage, site and feeds, and a correction reaches them within the hour.
        With ``known_at`` only raw readings are asked.
        """
        span = {"district": district, "start": start, "end": end, "known_at": known_at}
        cuts = self._cuts(start, end, resolution) if resolution and known_at is None else None
        if resolution is None or cuts is None:
            return self._readings(indicator, resolution=resolution, **span)
        days, hours = cuts
        parts: list[tuple[Shape | None, datetime, datetime]] = [
            (schemas.READINGS_DAILY, start, days),
            (schemas.READINGS_HOURLY, days, hours),
            (None, hours, end),
        ]
        found: Rows = []
        for shape, first, after in parts:
            part = span | {"start": first, "end": after, "resolution": resolution}
            if first < after and shape is None:
                found += self._readings(indicator, **part)
            elif first < after and shape is not None:
                found += self._rolled(shape, indicator, district, first, after, resolution)
        return sorted(found, key=lambda row: (row["district"], row["at"]))

    def _cuts(
        self, start: datetime, end: datetime, resolution: timedelta
    ) -> tuple[datetime, datetime] | None:
        """Return until when days are read, then hours, then raw readings; ``None``: raw alone."""
        if resolution < HOUR:
            return None
        notes = Notes(self._engine)
        rolled = notes.last("roll", schemas.READINGS_HOURLY)
        if rolled is None:
            return None
        kept = notes.kept_since()
        is_whole = kept.get(schemas.READINGS.name, start) <= start
        is_even = not (resolution % HOUR or start.minute or start.second or start.microsecond)
        if is_whole and not (is_even and end - start > SHORT):
            return None
        hours = min(end, _step_before(rolled, start, resolution))
        since = kept.get(schemas.READINGS_HOURLY.name, start)
        if resolution < DAY or since <= start:
            return start, hours
        return min(hours, start + resolution * -((start - since) // resolution)), hours

    def _rolled(  # noqa: PLR0913, PLR0917 - one question
        self,
        shape: Shape,
        indicator: str,
        district: str | None,
        start: datetime,
        end: datetime,
        resolution: timedelta,
    ) -> Rows:
        reach = start - (_LONGEST_DAY if shape is schemas.READINGS_DAILY else HOUR)
        given: dict[str, Any] = {
            "indicator": indicator,
            "start": start,
            "end": end,
            "reach": reach,
            "step": resolution.total_seconds(),
        }
        wanted = one_of("district", None if district is None else [district], given)
        source = self._engine.relation(shape, reach, end)
        sql = fill("series_rolled", rollups=source, districts=wanted)
        found = rows(self._engine.ask(sql, given))
        return [row | {"at": start + resolution * row.pop("step")} for row in found]


def _step_before(at: datetime, start: datetime, resolution: timedelta) -> datetime:
    """Return the last boundary between steps that is not after ``at``, at the earliest the start.

    >>> from datetime import UTC
    >>> start = datetime(2026, 3, 1, tzinfo=UTC)
    >>> _step_before(datetime(2026, 3, 1, 13, tzinfo=UTC), start, 6 * HOUR).hour
    12

    """
    return max(start, start + resolution * ((at - start) // resolution))
