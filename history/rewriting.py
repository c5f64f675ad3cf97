"""Rows of a Delta table put in the place of others, on the very version that was read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from history.columns import month_of
from history.delta_files import WRITING, Part, instant_sql, parts_of, reading, told, with_month
from history.duck import Duck
from history.errors import HistoryError
from history.schemas import Shape
from history.tables import Table

_TRIES = 6  # each reads anew what another process has added to the span


@dataclass(frozen=True, slots=True)
class Span:
    """``[since, until)`` of the instant ``column``."""

    column: str
    since: datetime
    until: datetime

    def predicate(self, shape: Shape) -> str:
        """Return the span as Delta understands it."""
        inside = (
            f'"{self.column}" >= {instant_sql(self.since)} '
            f'and "{self.column}" < {instant_sql(self.until)}'
        )
        if self.column == shape.month:
            return f"month = '{month_of(self.since)}' and {inside}"
        return inside

    def holds(self, part: Part, shape: Shape) -> bool:
        """Whether a file may hold rows of the span."""
        return self.column != shape.month or part.month == month_of(self.since)


def rewrite(
    table: Table, duck: Duck, change: Callable[[pa.Table], pa.Table], span: Span
) -> tuple[int, int]:
    """Put ``change(rows)`` in the place of the rows of a span, in one commit.

    What another process appends to the span meanwhile makes Delta refuse the commit: then the
    rows are read again. A kill leaves the old version, or the new one.

    Raises:
        HistoryError: others append to the span all the time, or the disk refuses.

    """
    for _ in range(_TRIES):
        with told(table.shape):
            seen = DeltaTable(str(table.path))
        rows = _rows(seen, table, duck, span)
        changed = change(rows)
        if changed is rows:
            return rows.num_rows, rows.num_rows
        if _put(seen, table, changed, span):
            return rows.num_rows, changed.num_rows
    raise HistoryError(
        f"history table {table.shape.name}: others append to {span.since:%Y-%m-%d} all the time"
    )


def _rows(seen: DeltaTable, table: Table, duck: Duck, span: Span) -> pa.Table:
    shape = table.shape
    paths = [part.path for part in parts_of(seen, table.path) if span.holds(part, shape)]
    if not paths:
        return shape.columns.empty_table()
    names = ", ".join(f'"{name}"' for name in shape.columns.names)
    sql = (
        f"select {names} from {reading(shape, paths)} as t "  # noqa: S608 - our own names
        f'where "{span.column}" >= $since and "{span.column}" < $until'
    )
    return duck.ask(sql, {"since": span.since, "until": span.until}).cast(shape.columns)


def _put(seen: DeltaTable, table: Table, rows: pa.Table, span: Span) -> bool:
    try:
        with told(table.shape):
            write_deltalake(
                seen,
                with_month(table.shape, rows),
                mode="overwrite",
                predicate=span.predicate(table.shape),
                writer_properties=WRITING,
            )
    except HistoryError as error:
        if isinstance(error.__cause__, CommitFailedError):
            return False
        raise
    return True
