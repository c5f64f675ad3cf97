"""What is dropped when it is old enough, and never anything that still counts.

Tables of months lose their old days. The others lose whole things: all versions of a case that
was closed long ago, of a notice that ended, the audit of an alarm that is over; never one that is
open, in force, or the last that is known of a feed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from history import schemas
from history.base import Engine
from history.columns import values
from history.notes import Notes
from history.queries import fill
from history.schemas import Shape

DAY = timedelta(days=1)
_WEED_EVERY = timedelta(days=7)  # whole tables are read for it
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_DAYS = (
    schemas.OBSERVATIONS,
    schemas.READINGS,
    schemas.READINGS_HOURLY,
    schemas.READINGS_DAILY,
)


@dataclass(frozen=True, slots=True)
class Weed:
    """A table of things with versions: the key of a thing, and an instant that all of it has."""

    shape: Shape
    key: tuple[str, ...]
    by: str


WEEDS = (
    Weed(schemas.CASES, ("feed_id", "case_id"), "opened_at"),
    Weed(schemas.NOTICES, ("feed_id", "notice_id"), "effective"),
    Weed(schemas.ALERT_EVENTS, ("event_id",), "at"),
    Weed(schemas.FEED_CHANGES, ("id", "known_at"), "known_at"),
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped from a table: everything that was over before an instant."""

    table: str
    before: datetime
    n_rows: int


def drop_next(
    engine: Engine, keep: Mapping[str, timedelta | None], notes: Notes, *, now: datetime
) -> Dropped | None:
    """Drop what is too old from the first table where it is time; ``None`` where there is none.

    ``keep`` says by table for how long rows stay; a table that it does not name, or names with
    ``None``, keeps all. Raw readings stay until they are rolled up.
    """
    for shape in _DAYS:
        before = _before(keep.get(shape.name), notes, shape, now, DAY)
        if before is None or not _is_rolled(shape, before, notes):
            continue
        if _first(engine, shape, _NEVER, before) is None:
            continue
        notes.note("drop", shape, before, now=now)  # first: an answer may not look whole
        return Dropped(shape.name, before, engine.drop(shape, before))
    for weed in WEEDS:
        before = _before(keep.get(weed.shape.name), notes, weed.shape, now, _WEED_EVERY)
        if before is not None and (gone := _pull(engine, weed, before, notes, now)):
            return gone
    return None


def thin_next(
    engine: Engine,
    kept: timedelta | None,
    look_back: Mapping[str, timedelta],
    notes: Notes,
    *,
    now: datetime,
) -> Dropped | None:
    """Drop, of one day of observations that is too old, what no indicator looks back on.

    ``look_back`` says by quantity how old an observation may be needed. ``None`` where no day is
    left to thin.
    """
    needed = sorted(quantity for quantity, back in look_back.items() if kept and back > kept)
    if kept is None or not needed:
        return None
    shape, before = schemas.OBSERVATIONS, _midnight(now - kept)
    last = notes.last("thinned", shape) or _NEVER
    first = _first(engine, shape, last, before)
    if first is None:
        return None

    def without(table: pa.Table) -> pa.Table:
        is_needed = pc.is_in(table["quantity"], value_set=pa.array(needed))
        return table if pc.all(is_needed).as_py() else table.filter(is_needed)

    day = _midnight(first)
    notes.note("thin", shape, day + DAY, now=now)  # first: an answer may not look whole
    had, has = engine.rewrite(shape, without, since=day, until=day + DAY)
    notes.note("thinned", shape, day + DAY, now=now)
    return Dropped(shape.name, day + DAY, had - has)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _before(
    kept: timedelta | None, notes: Notes, shape: Shape, now: datetime, every: timedelta
) -> datetime | None:
    if kept is None:
        return None
    before = _midnight(now - kept)
    last = notes.last("drop", shape)
    return before if last is None or before - last >= every else None


def _is_rolled(shape: Shape, before: datetime, notes: Notes) -> bool:
    if shape is schemas.OBSERVATIONS:
        return True
    marks = [notes.last("roll", s) for s in (schemas.READINGS_HOURLY, schemas.READINGS_DAILY)]
    return all(mark is not None and mark >= before for mark in marks)


def _first(engine: Engine, shape: Shape, since: datetime, until: datetime) -> datetime | None:
    source = engine.relation(shape, since, until)
    sql = fill("first_row", rows=source, at=shape.month or "")
    (first,) = values(engine.ask(sql, {"since": since, "until": until})["first"])
    return None if first is None else first


def _pull(
    engine: Engine, weed: Weed, before: datetime, notes: Notes, now: datetime
) -> Dropped | None:
    """Drop all versions of the things that are over; ``None`` where there are none."""
    if not over(engine, weed, before).num_rows:
        return None

    def without(table: pa.Table) -> pa.Table:
        gone = _names(over(engine, weed, before), weed.key)
        is_over = pc.is_in(_names(table, weed.key), value_set=gone)
        return table.filter(pc.invert(is_over)) if pc.any(is_over).as_py() else table

    notes.note("drop", weed.shape, before, now=now)
    had, has = engine.rewrite(weed.shape, without, since=_NEVER, until=before, by=weed.by)
    return Dropped(weed.shape.name, before, had - has)


def over(engine: Engine, weed: Weed, before: datetime) -> pa.Table:
    """Return the keys of what was over before an instant."""
    sql = fill(f"over_{weed.shape.name}", rows=engine.relation(weed.shape))
    return engine.ask(sql, {"before": before})


def _names(table: pa.Table, key: tuple[str, ...]) -> pa.Array:
    """Return each row's key as one text."""
    parts = []
    for name in key:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        parts.append(pc.fill_null(column.cast(pa.string()), ""))
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    return pa.concat_arrays(joined.chunks) if joined.num_chunks else pa.array([], pa.string())
