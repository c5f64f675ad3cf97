"""One Delta table on disk: created, appended to once per mark, read by its list of files."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError

from history.columns import month_of
from history.errors import HistoryError, TooNew
from history.marks import Mark
from history.schemas import VERSION, Shape

_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_TARGET_BYTES = 64 * 1024 * 1024  # files of this size are left alone by compaction
_TRIES = 6
_KEEP_HOURS = 6  # how long a file that compaction replaced stays for slow readers


@dataclass(frozen=True, slots=True)
class Part:
    """One data file and the span of its month, if the table has months."""

    path: str
    month: str | None
    n_rows: int
    n_bytes: int


class Table:
    """A table; safe to share between threads."""

    def __init__(self, folder: Path, shape: Shape, *, is_writable: bool) -> None:
        self.shape = shape
        self._is_writable = is_writable
        self.path = folder / shape.name
        self._lock = threading.RLock()
        self._table: DeltaTable | None = None
        self._parts: tuple[int, list[Part]] = (-1, [])

    def create(self) -> None:
        """Make the table if it does not exist."""
        with self._lock:
            if self._open() is None:
                DeltaTable.create(
                    str(self.path),
                    self.shape.schema,
                    mode="ignore",
                    partition_by=["month"] if self.shape.month else None,
                    description=described(VERSION),
                    configuration=_CONFIGURATION,
                )
            self._migrate(self._open())

    def _migrate(self, table: DeltaTable | None) -> None:
        """Give a table of an older schema the columns that it lacks, then the new number."""
        with told(self.shape):
            if table is None or version_of(table) == VERSION:
                return
            known = {field.name for field in table.schema().fields}
            lacking = [field for field in self.shape.columns if field.name not in known]
            if lacking:
                table.alter.add_columns([Field.from_arrow(field) for field in lacking])
            table.alter.set_table_description(described(VERSION))

    def held(self) -> threading.RLock:
        """Return the lock to hold between ``last_mark`` and ``append``."""
        return self._lock

    def last_mark(self, source: str) -> Mark | None:
        """Return the mark of the last row that came from ``source``."""
        with self._lock:
            table = self._open()
            if table is None:
                return None
            entry = table.transaction_version(source)
            position = table.transaction_version(f"{source}.i")
        return None if entry is None or position is None else Mark(entry, position)

    def append(
        self, data: pa.Table, *, source: str | None = None, mark: Mark | None = None
    ) -> None:
        """Write rows in one commit, which carries the mark of ``source``.

        With a mark, the commit stands on the version in which ``last_mark`` looked: where another
        process has moved the same source since, Delta refuses it. Where another has put rows in
        the place of others (a day was sealed), it is tried again on what there is now.
        """
        marks = []
        if source is not None and mark is not None:
            marks = [Transaction(source, mark.entry), Transaction(f"{source}.i", mark.position)]
        rows = with_month(self.shape, data)
        with self._lock:
            table = self._to_write(is_newest=not marks)
            seen = _marks_of(table, marks)
            for left in reversed(range(_TRIES)):
                try:
                    with told(self.shape):
                        _append(table, rows, marks)
                except HistoryError as error:
                    table = self._to_write()
                    is_refused = isinstance(error.__cause__, CommitFailedError)
                    if not left or not is_refused or _marks_of(table, marks) != seen:
                        raise
                else:
                    return

    def parts(self, since: datetime | None = None, until: datetime | None = None) -> list[Part]:
        """Return the data files of this moment that may hold rows of the span."""
        with self._lock:
            table = self._open()
            if table is None:
                return []
            if self._parts[0] != table.version():
                self._parts = (table.version(), parts_of(table, self.path))
            parts = self._parts[1]
        first = None if since is None else month_of(since)
        last = None if until is None else month_of(until)
        return [
            part
            for part in parts
            if part.month is None
            or ((first is None or part.month >= first) and (last is None or part.month <= last))
        ]

    def relation(self, since: datetime | None = None, until: datetime | None = None) -> str:
        """Return what stands after ``from`` in a query over the span."""
        paths = [part.path for part in self.parts(since, until)]
        if not paths:
            return f"(select {_nothing(self.shape)} where 1 = 0)"
        return reading(self.shape, paths)

    def drop(self, before: datetime) -> int:
        """Delete the rows before an instant; return how many."""
        with self._lock:
            table = self._to_write()
            last = month_of(before)
            with told(self.shape):
                gone = table.delete(
                    f"month <= '{last}' and {self.shape.month} < {instant_sql(before)}"
                )
            return int(gone["num_deleted_rows"] or 0)

    def compact(self) -> int:
        """Merge small files, drop those that no reader can still hold; return files merged."""
        with self._lock:
            table = self._to_write()
            with told(self.shape):
                merged = table.optimize.compact(target_size=_TARGET_BYTES)["numFilesRemoved"]
                table.vacuum(_KEEP_HOURS, dry_run=False, enforce_retention_duration=False)
                table.create_checkpoint()
                table.cleanup_metadata()
            return int(merged)

    def _to_write(self, *, is_newest: bool = True) -> DeltaTable:
        if self._is_writable and self._table is not None and not is_newest:
            return self._table
        table = self._open() if self._is_writable else None
        if table is None:
            raise HistoryError(f"history table {self.shape.name} is open for reading only")
        return table

    def _open(self) -> DeltaTable | None:
        """Return the newest version; ``None`` where nobody created the table yet."""
        with told(self.shape):
            if self._table is not None:
                self._table.update_incremental()
                return self._table
            if not DeltaTable.is_deltatable(str(self.path)):
                return None
            table = DeltaTable(str(self.path))
        version = version_of(table)
        if not 0 < version <= VERSION:
            raise TooNew(
                f"history table {self.shape.name} has schema {version or 'unknown'}, this version "
                f"of Bartizan knows up to {VERSION}: use a newer one"
            )
        self._table = table
        return table


def reading(shape: Shape, paths: Sequence[str]) -> str:
    """Return what stands after ``from`` in a query over some files, with all columns."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    found = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    if not shape.added:
        return found
    nothing = f"select {_nothing(shape)} where 1 = 0"  # names what files of an older schema lack
    return f"(select * from {found} union all by name {nothing})"  # noqa: S608 - our own names


def described(version: int) -> str:
    """Return how a table of a schema is described in its log."""
    return f"bartizan schema {version}"


def version_of(table: DeltaTable) -> int:
    """Return the schema of a table, 0 where it is not ours."""
    found = re.search(r"schema (\d+)$", table.metadata().description or "")
    return int(found[1]) if found else 0


def _append(table: DeltaTable, rows: pa.Table, marks: Sequence[Transaction]) -> None:
    write_deltalake(
        table,
        rows,
        mode="append",
        writer_properties=WriterProperties(compression="ZSTD", compression_level=3),
        commit_properties=CommitProperties(app_transactions=list(marks) or None),
    )


def _marks_of(table: DeltaTable, marks: Sequence[Transaction]) -> list[int | None]:
    return [table.transaction_version(mark.app_id) for mark in marks]


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
