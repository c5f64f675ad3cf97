"""Questions to history. Every answer is the newest version known (by ``known_at``, if given)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa

from history import schemas
from history.base import Engine
from history.columns import rows
from history.hours import Hour, same_hours
from history.queries import fill, one_of
from history.rows import QUALITIES, BaselineRow, PackRow, event_of, notice_of, typed
from model import AlertEvent, Case, Notice, Observation, Trend

Entity = TypeVar("Entity")

_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Reader:
    """Reads beside the writer and other readers; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def observations_table(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        quantities: Sequence[str] | None = None,
        known_at: datetime | None = None,
    ) -> pa.Table:
        """Return observations of ``[since, until)`` as columns named like their fields."""
        values = {"since": since, "until": until or _ALWAYS, "known_at": known_at or _ALWAYS}
        source = self._engine.relation(schemas.OBSERVATIONS, since, until)
        wanted = one_of("quantity", quantities, values)
        sql = fill("observations", observations=source, quantities=wanted)
        return self._engine.ask(sql, values)

    def observations(
        self,
        since: datetime,
        until: datetime | None = None,
        *,
        quantities: Sequence[str] | None = None,
        known_at: datetime | None = None,
    ) -> list[Observation]:
        """Return observations of ``[since, until)``; the table form is far faster."""
        table = self.observations_table(since, until, quantities=quantities, known_at=known_at)
        return [Observation(**typed(row, quality=QUALITIES)) for row in rows(table)]

    def cases_table(self, since: datetime, *, known_at: datetime | None = None) -> pa.Table:
        """Return cases that are open, or were opened or closed since, as columns."""
        sql = fill("cases", cases=self._engine.relation(schemas.CASES))
        return self._engine.ask(sql, {"since": since, "known_at": known_at or _ALWAYS})

    def cases(self, since: datetime, *, known_at: datetime | None = None) -> list[Case]:
        """Return cases that are open, or were opened or closed since."""
        return [Case(**row) for row in rows(self.cases_table(since, known_at=known_at))]

    def notices(self, since: datetime, *, known_at: datetime | None = None) -> list[Notice]:
        """Return notices that are or were in force since."""
        sql = fill("notices", notices=self._engine.relation(schemas.NOTICES))
        table = self._engine.ask(sql, {"since": since, "known_at": known_at or _ALWAYS})
        return [notice_of(row) for row in rows(table)]

    def readings(  # noqa: PLR0913 - all but the first are options by name
        self,
        indicator: str,
        *,
        district: str | None = None,
        start: datetime,
        end: datetime,
        resolution: timedelta | None = None,
        known_at: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """Return readings of ``[start, end)``, by district and time.

        Rows hold ``indicator, district, at, num, den, n, value, quality, known_at, observed_at,
        usual_low, usual_centre, usual_high, usual_spread, usual_weeks, z, coverage, site, feeds,
        reason``; ``history.rows.reading_of`` makes a reading of one. With ``resolution`` the newest
        reading of each step stands for it (so num, den and value belong together), ``at`` is the
        step's start, and a step without a reading has no row.
        """
        values: dict[str, Any] = {
            "indicator": indicator,
            "start": start,
            "end": end,
            "known_at": known_at or _ALWAYS,
        }
        wanted = one_of("district", None if district is None else [district], values)
        source = self._engine.relation(schemas.READINGS, start, end)
        if resolution is None:
            sql = fill("readings", readings=source, districts=wanted)
            return rows(self._engine.ask(sql, values))
        values["step"] = resolution.total_seconds()
        sql = fill("readings_binned", readings=source, districts=wanted)
        found = rows(self._engine.ask(sql, values))
        return [row | {"at": start + resolution * row.pop("step")} for row in found]

    def trend(
        self, indicator: str, district: str, *, start: datetime, end: datetime, step: timedelta
    ) -> Trend:
        """Return the course of one reading; a step without a sound value is a gap."""
        times = [start + step * at for at in range(-((start - end) // step))]
        found = self.readings(indicator, district=district, start=start, end=end, resolution=step)
        by_time = {row["at"]: row for row in found}
        kept = [by_time.get(at, {}) for at in times]
        return Trend(
            indicator=indicator,
            district=district,
            times=tuple(times),
            values=tuple(
                None if QUALITIES[row.get("quality", "NODATA")].is_frozen else row["value"]
                for row in kept
            ),
            low=tuple(row.get("usual_low") for row in kept),
            high=tuple(row.get("usual_high") for row in kept),
        )

    def baseline_rows(
        self,
        at: datetime,
        *,
        timezone: str,
        weeks: int = 8,
        indicators: Sequence[str] | None = None,
        known_at: datetime | None = None,
    ) -> list[BaselineRow]:
        """Return the mean of each indicator and district in the same hour of past weeks.

        The hour is that of ``at`` on the city's clock, on the same weekday, in each of the
        ``weeks`` weeks before the current one. Frozen and unknown readings do not count.
        """
        hours = same_hours(at, timezone, weeks)
        if not hours:
            return []
        values: dict[str, Any] = {"known_at": known_at or _ALWAYS}
        wanted = one_of("indicator", indicators, values)
        parts = [self._hour(number, hour, wanted, values) for number, hour in enumerate(hours)]
        sql = fill("baseline", weeks=" union all ".join(parts))
        return [BaselineRow(**row) for row in rows(self._engine.ask(sql, values))]

    def _hour(self, number: int, hour: Hour, wanted: str, values: dict[str, Any]) -> str:
        values |= {f"w{number}": hour.week, f"s{number}": hour.start, f"e{number}": hour.end}
        source = self._engine.relation(schemas.READINGS, hour.start, hour.end)
        return (  # the parts are our own text; values go as parameters
            f'select cast($w{number} as date) as week, indicator, district, "at", value, quality, '  # noqa: S608
            f'observed_at, known_at from {source} as r where "at" >= $s{number} '
            f'and "at" < $e{number} and known_at <= $known_at and {wanted}'
        )

    def alert_events(
        self,
        occurrence: str | None = None,
        *,
        since: datetime | None = None,
        key: str | None = None,
    ) -> list[AlertEvent]:
        """Return the audit of one occurrence or key, or all of it, oldest first."""
        values: dict[str, Any] = {"since": since or _NEVER}
        chosen = one_of("occurrence", None if occurrence is None else [occurrence], values)
        chosen += " and " + one_of("key", None if key is None else [key], values)
        source = self._engine.relation(schemas.ALERT_EVENTS)
        sql = fill("alert_events", alert_events=source, chosen=chosen)
        return [event_of(row) for row in rows(self._engine.ask(sql, values))]

    def feed_changes(
        self, feed_id: str | None = None, *, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return how feeds changed state, oldest first."""
        values: dict[str, Any] = {"since": since or _NEVER}
        chosen = one_of("id", None if feed_id is None else [feed_id], values)
        source = self._engine.relation(schemas.FEED_CHANGES)
        return rows(
            self._engine.ask(fill("feed_changes", feed_changes=source, feeds=chosen), values)
        )

    def packs(self) -> list[PackRow]:
        """Return the packs that were in force, oldest first."""
        found = rows(
            self._engine.ask(fill("packs", packs=self._engine.relation(schemas.PACKS)), {})
        )
        return [PackRow(row["hash"], json.loads(row["files"]), row["known_at"]) for row in found]

    def is_empty(self) -> bool:
        """Whether no fact and no reading was ever kept."""
        kinds = (schemas.OBSERVATIONS, schemas.CASES, schemas.NOTICES, schemas.READINGS)
        return not any(self._engine.has_rows(shape) for shape in kinds)
