"""One Delta table on disk: created, appended to once per mark, read by its list of files."""

import re
import shutil
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Transaction,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError

from history.columns import month_of
from history.delta_files import (
    WRITING,
    Part,
    instant_sql,
    parts_between,
    parts_of,
    relation_of,
    told,
    with_month,
)
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

    def clear(self) -> None:
        """Delete the table with all that it held, and make it anew."""
        with self._lock:
            self._to_write()
            with told(self.shape):
                shutil.rmtree(self.path)
            self._table, self._parts = None, (-1, [])
            self.create()

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
        return parts_between(self.now()[1], since, until)

    def now(self) -> tuple[int | None, list[Part]]:
        """Return the newest version and its data files; no version where there is no table."""
        with self._lock:
            table = self._open()
            if table is None:
                return None, []
            if self._parts[0] != table.version():
                self._parts = (table.version(), parts_of(table, self.path))
            return self._parts

    def relation(self, since: datetime | None = None, until: datetime | None = None) -> str:
        """Return what stands after ``from`` in a query over the span."""
        return relation_of(self.shape, self.parts(since, until))

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
                done = table.optimize.compact(target_size=_TARGET_BYTES, writer_properties=WRITING)
                table.vacuum(_KEEP_HOURS, dry_run=False, enforce_retention_duration=False)
                table.create_checkpoint()
                table.cleanup_metadata()
            return int(done["numFilesRemoved"])

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
        writer_properties=WRITING,
        commit_properties=CommitProperties(app_transactions=list(marks) or None),
    )


def _marks_of(table: DeltaTable, marks: Sequence[Transaction]) -> list[int | None]:
    return [table.transaction_version(mark.app_id) for mark in marks]
