"""A history copied from one place to another, in batches, and both counted and summed after it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from history import schemas
from history.base import Engine, View
from history.columns import rows
from history.errors import HistoryError
from history.marks import LAST, Mark
from history.queries import fill
from history.schemas import SHAPES, Shape
from history.sums import Tally, add_up

DAY = timedelta(days=1)
BATCH = 1_000_000  # rows in memory at once
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -(datetime(1970, 1, 1, tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)).days

Tell = Callable[[str, int, int], None]  # table, rows done, rows in all


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of ``[since, until)`` of a table, and their place among its batches."""

    since: datetime
    until: datetime
    mark: Mark
    n_day: int
    is_first: bool


def moment_of(shape: Shape) -> str:
    """Return the instant by which a table is cut into days."""
    return shape.month or "known_at"


def days_of(view: View, shape: Shape) -> list[tuple[datetime, int]]:
    """Return the days on which a table has rows, with how many."""
    sql = fill("days", rows=view.relation(shape), at=moment_of(shape))
    return [(_EPOCH + DAY * row["day"], row["n"]) for row in rows(view.ask(sql, {}))]


def batches(view: View, shape: Shape) -> Iterator[Batch]:
    """Yield the batches of a table, oldest first; the same ones for the same rows."""
    for day, n_rows in days_of(view, shape):
        pieces = max(1, -(-n_rows // BATCH))
        for number in range(pieces):
            yield Batch(
                since=day + DAY / pieces * number,
                until=day + (DAY / pieces * (number + 1) if number + 1 < pieces else DAY),
                mark=Mark((day - _EPOCH).days - _FIRST + 1, number),
                n_day=n_rows,
                is_first=number == 0,
            )


def read(view: View, shape: Shape, batch: Batch) -> pa.Table:
    """Return the rows of a batch, all versions."""
    names = ", ".join(f'"{name}"' for name in shape.columns.names)
    sql = fill(
        "rows",
        columns=names,
        rows=view.relation(shape, batch.since, batch.until),
        at=moment_of(shape),
    )
    given = {"since": batch.since, "until": batch.until}
    return view.ask(sql, given).cast(shape.columns)


def tallies(view: View, tell: Tell | None = None) -> dict[tuple[str, str], Tally]:
    """Return the count and the checksum of the rows of each table and month."""
    found: dict[tuple[str, str], Tally] = {}
    for shape in SHAPES:
        done, total = 0, sum(n for _, n in days_of(view, shape)) if tell else 0
        for batch in batches(view, shape):
            table = read(view, shape, batch)
            place = (shape.name, f"{batch.since:%Y-%m}")
            found[place] = found.get(place, Tally()) + add_up(table, shape)
            done += table.num_rows
            if tell:
                tell(shape.name, done, total)
    return found


def migrate(
    source: Engine, target: Engine, *, name: str, tell: Tell
) -> dict[tuple[str, str], Tally]:
    """Copy everything from one history to another and see that both say the same.

    Both must be open as their writers, so that nobody writes meanwhile; readers may read. A copy
    that was cut off goes on where it stopped. ``name`` names the source: a target that holds
    anything but a copy of it is refused. Marks of sources come last, so that a worker which
    starts on the target appends nothing twice.

    Raises:
        HistoryError: the target holds something else, or does not come out the same.

    """
    own = f"copy:{name}"
    with source.snapshot() as view:
        _claim(target, own)
        for shape in SHAPES:
            _copy(view, target, shape, own, tell)
        for shape in SHAPES:
            give_marks(target, shape, view.marks(shape))
        expected = tallies(view)
    with target.snapshot() as copied:
        found = tallies(copied)
    wrong = sorted(place for place in expected | found if expected.get(place) != found.get(place))
    if wrong:
        said = ", ".join(f"{table} {month}" for table, month in wrong[:5])
        raise HistoryError(
            f"the copy differs from what it was made from in {said}: use an empty target"
        )
    return found


def _claim(target: Engine, own: str) -> None:
    """Be the one whose copy the target is."""
    if target.last_mark(schemas.PACKS, f"{own}:begun") is not None:
        return
    held = [name for name, n_rows in target.counts().items() if n_rows]
    if held:
        raise HistoryError(f"the target is not empty, it holds {', '.join(held)}")
    nothing = schemas.PACKS.columns.empty_table()
    target.append(schemas.PACKS, nothing, source=f"{own}:begun", mark=Mark(1, LAST))


def _copy(view: View, target: Engine, shape: Shape, own: str, tell: Tell) -> None:
    total, done = sum(n for _, n in days_of(view, shape)), 0
    last = target.last_mark(shape, own)
    for batch in batches(view, shape):
        if last is not None and batch.mark <= last:
            done += batch.n_day if batch.is_first else 0
            continue
        table = read(view, shape, batch)
        target.append(shape, table, source=own, mark=batch.mark)
        done += table.num_rows
        tell(shape.name, min(done, total), total)


def give_marks(target: Engine, shape: Shape, marks: dict[str, Mark]) -> None:
    """Let a target know up to where each source has been appended."""
    nothing = shape.columns.empty_table()
    for source, mark in sorted(marks.items()):
        if source.startswith("copy:"):
            continue
        with target.held(shape):
            last = target.last_mark(shape, source)
            if last is None or last < mark:
                target.append(shape, nothing, source=source, mark=mark)
