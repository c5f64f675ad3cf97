"""A day of rows sealed once it is surely over: repeats dropped, the rest in order, in one step.

No correction is lost. A row goes only where the version known before it, of the same thing, says
exactly the same: a re-delivery. What anybody could ever have known stays as it was known. Rows
may be written in any order, as long as each is written within ``SEAL_AFTER`` of being known: a
younger row stays, whatever it repeats, for what came between may still be on its way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from history import schemas
from history.base import Engine
from history.columns import rows, values
from history.notes import Notes
from history.queries import fill
from history.schemas import Shape

DAY = timedelta(days=1)
SEAL_AFTER = timedelta(days=2)
PIECE = 1_500_000  # rows sorted in memory at once
_LOOK_BACK = SEAL_AFTER + timedelta(days=1)
_AT = pa.timestamp("us", "UTC")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes rows versions of one thing, how versions follow each other, and the rest.

    ``arrival`` says nothing about the thing: rows that differ in it alone say the same.
    """

    key: tuple[str, ...]
    order: tuple[str, ...]
    arrival: frozenset[str]


SEALED: dict[str, Key] = {
    "observations": Key(
        ("quantity", "site_id", "observed_at", "feed_id"),
        ("known_at", "fetched_at"),
        frozenset({"known_at", "fetched_at"}),
    ),
    "readings": Key(("indicator", "district", "at"), ("known_at",), frozenset({"known_at"})),
}
SHAPES = (schemas.OBSERVATIONS, schemas.READINGS)


def tidied(shape: Shape, known_before: datetime | None = None) -> Callable[[pa.Table], pa.Table]:
    """Return what sorts rows by key and drops re-deliveries; a tidy table comes back itself.

    With ``known_before``, rows that were learnt since then stay.
    """
    key = SEALED[shape.name]
    names = (*key.key, *key.order)

    def tidy(table: pa.Table) -> pa.Table:
        places = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names])
        order = places.to_numpy()
        is_sorted = bool((order == np.arange(order.size)).all())
        in_order = table if is_sorted else table.take(places)
        repeats = repeated(in_order, key)
        if known_before is not None:
            is_old = pc.less(in_order["known_at"], pa.scalar(known_before, _AT))
            repeats &= np.asarray(is_old)
        if not repeats.any():
            return in_order
        return in_order.filter(pa.array(~repeats))

    return tidy


def repeated(table: pa.Table, key: Key) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows, sorted by key and order, say what the version before them says.

    Versions that were known at one instant and differ have no order: all of them stay, and what
    follows them too, for it may be the one that decides.
    """
    same_key = _same_as_before(table, key.key)
    content = [
        name for name in table.column_names if name not in key.arrival and name not in key.key
    ]
    same = same_key & _same_as_before(table, content)
    together = same_key & _same_as_before(table, key.order)
    group = np.cumsum(~together) - 1
    is_doubtful = np.zeros(group[-1] + 1 if group.size else 0, dtype=bool)
    is_doubtful[group[together & ~same]] = True
    doubtful = is_doubtful[group] if group.size else np.zeros(0, dtype=bool)
    follows_doubt = np.zeros(group.size, dtype=bool)
    follows_doubt[1:] = doubtful[:-1]
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = same & ~follows_doubt
    return found


def _same_as_before(
    table: pa.Table, names: tuple[str, ...] | list[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows equal the one before in some columns; missing equals missing."""
    same = np.ones(table.num_rows, dtype=bool)
    same[:1] = False
    for name in names:
        found = table[name]
        column = pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], found.type)
        if pa.types.is_list(column.type):
            column = pc.binary_join(column, "\x1f")
        missing = np.asarray(column.is_null())
        later, earlier = column.slice(1), column.slice(0, max(len(column) - 1, 0))
        equal = np.asarray(pc.fill_null(pc.equal(later, earlier), False))  # noqa: FBT003 - the library's own
        same[1:] &= equal | (missing[1:] & missing[:-1])
    return same


@dataclass(frozen=True, slots=True)
class Seal:
    """A day that was sealed."""

    table: str
    day: datetime
    n_before: int
    n_after: int


def next_day(engine: Engine, shape: Shape, notes: Notes, now: datetime) -> datetime | None:
    """Return the oldest day that is to be sealed: never yet, or of which rows came later."""
    sealed = notes.all("seal", shape)
    limit = _day(now - SEAL_AFTER)
    after = max(sealed) + DAY if sealed else _NEVER
    late = _late_day(engine, shape, notes, now) if sealed else None
    if late is not None:
        return late
    source = engine.relation(shape, after, limit)
    sql = fill("first_row", rows=source, at=shape.month or "")
    (first,) = values(engine.ask(sql, {"since": after, "until": limit})["first"])
    return None if first is None else _day(first)


def _late_day(engine: Engine, shape: Shape, notes: Notes, now: datetime) -> datetime | None:
    """Return a day that was sealed (or passed over) and of which rows came since.

    They were learnt since, or learnt shortly before and written since: then there are more rows.
    """
    sealed = notes.all("seal", shape)
    known_since = max(sealed.values()) - _LOOK_BACK
    for day, newest in late_days(engine, shape, known_since, max(sealed) + DAY).items():
        at = sealed.get(day, _NEVER)
        if at < newest <= now:
            return day
        if at != _NEVER and newest > at - SEAL_AFTER:
            n_rows = n_rows_of(engine, shape, day, day + DAY)
            if n_rows != notes.n_rows("seal", shape, day):
                return day
    return None


def late_days(
    engine: Engine, shape: Shape, known_since: datetime, until: datetime
) -> dict[datetime, datetime]:
    """Return days of which rows were learnt since an instant, with when the newest was."""
    sql = fill("late_days", rows=engine.relation(shape, None, until), at=shape.month or "")
    given = {"known_since": known_since, "until": until}
    return {_START + DAY * row["day"]: row["newest"] for row in rows(engine.ask(sql, given))}


def n_rows_of(engine: Engine, shape: Shape, since: datetime, until: datetime) -> int:
    """Return how many rows a span has, all versions counted."""
    count = fill("count_rows", rows=engine.relation(shape, since, until), at=shape.month or "")
    (n_rows,) = values(engine.ask(count, {"since": since, "until": until})["n"])
    return int(n_rows)


def seal(engine: Engine, shape: Shape, day: datetime, notes: Notes, *, now: datetime) -> Seal:
    """Seal a day, in pieces that fit into memory; each piece is one step.

    A kill in between leaves some pieces sealed and the rest as it was; the day is sealed again.
    """
    pieces = max(1, -(-n_rows_of(engine, shape, day, day + DAY) // PIECE))
    step, tidy = DAY / pieces, tidied(shape, now - SEAL_AFTER)
    n_before = n_after = 0
    for number in range(pieces):
        since = day + step * number
        until = day + (step * (number + 1) if number + 1 < pieces else DAY)
        before, after = engine.rewrite(shape, tidy, since=since, until=until)
        n_before, n_after = n_before + before, n_after + after
    notes.note("seal", shape, day, now=now, n_rows=n_after)
    return Seal(shape.name, day, n_before, n_after)


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
