"""The files of a Delta table: which there are, and how they are read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, WriterProperties
from deltalake.exceptions import DeltaError

from history.columns import month_of
from history.errors import HistoryError
from history.schemas import Shape

WRITING = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=128 * 1024,  # small enough to skip what a question does not ask for
)


@dataclass(frozen=True, slots=True)
class Part:
    """One data file and the span of its month, if the table has months."""

    path: str
    month: str | None
    n_rows: int
    n_bytes: int


def parts_between(
    parts: Sequence[Part], since: datetime | None, until: datetime | None
) -> list[Part]:
    """Return the files that may hold rows of a span."""
    first = None if since is None else month_of(since)
    last = None if until is None else month_of(until)
    return [
        part
        for part in parts
        if part.month is None
        or ((first is None or part.month >= first) and (last is None or part.month <= last))
    ]


def relation_of(shape: Shape, parts: Sequence[Part]) -> str:
    """Return what stands after ``from`` in a query over some files, or over none."""
    if not parts:
        return f"(select {_nothing(shape)} where 1 = 0)"
    return reading(shape, [part.path for part in parts])


def reading(shape: Shape, paths: Sequence[str]) -> str:
    """Return what stands after ``from`` in a query over some files, with all columns."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    found = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    if not shape.added:
        return found
    nothing = f"select {_nothing(shape)} where 1 = 0"  # names what files of an older schema lack
    return f"(select * from {found} union all by name {nothing})"  # noqa: S608 - our own names


@contextmanager
def told(shape: Shape) -> Iterator[None]:
    """Let only the errors of ``history.errors`` out."""
    try:
        yield
    except (DeltaError, OSError) as error:
        raise HistoryError(f"history table {shape.name}: {error}") from error


def parts_of(table: DeltaTable, folder: Path) -> list[Part]:
    """Return the data files of a table's version."""
    actions: Any = pa.table(table.get_add_actions(flatten=True))
    months: Sequence[str | None] = [None] * actions.num_rows
    if "partition.month" in actions.column_names:
        months = actions["partition.month"].to_pylist()
    rows = actions["num_records"].to_pylist()
    sizes = actions["size_bytes"].to_pylist()
    paths = [str(folder / unquote(path)) for path in actions["path"].to_pylist()]
    return [Part(*row) for row in zip(paths, months, rows, sizes, strict=True)]


def with_month(shape: Shape, data: pa.Table) -> pa.Table:
    """Return rows with the folder that each belongs in."""
    if shape.month is None:
        return data
    months = pc.strftime(data[shape.month], "%Y-%m")
    return data.append_column(shape.schema.field("month"), months.cast(pa.string()))


def instant_sql(at: datetime) -> str:
    """Return an instant as Delta's predicates take it."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return f"arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')"


_SQL_TYPES = {"string": "varchar", "double": "double", "int64": "bigint", "bool": "boolean"}


def _nothing(shape: Shape) -> str:
    """Return typed empty columns."""
    parts = []
    for field in shape.columns:
        kind = _SQL_TYPES.get(str(field.type))
        if kind is None:
            kind = "timestamptz" if pa.types.is_timestamp(field.type) else "varchar[]"
        parts.append(f'cast(null as {kind}) as "{field.name}"')
    return ", ".join(parts)
