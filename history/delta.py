"""The embedded engine: Delta tables in a folder, asked with DuckDB in this process."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from history.delta_snapshot import DeltaSnapshot
from history.duck import Duck
from history.errors import HistoryBusy, HistoryError
from history.marks import Mark
from history.rewriting import Span, rewrite
from history.schemas import SHAPES, Shape
from history.tables import Table


class DeltaEngine:
    """Tables of one folder. One writer at a time; guests may append beside it, anybody reads."""

    name = "delta"

    def __init__(self, folder: Path, *, writer: bool, guest: bool = False) -> None:
        self.folder = folder
        self.is_writer = writer
        may_append = writer or guest
        self._tables = {s.name: Table(folder, s, is_writable=may_append) for s in SHAPES}
        self._lock: IO[bytes] | None = None
        if writer:
            self._take_folder()
        self._duck = Duck()

    def _take_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self.folder / "writer.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for table in self._tables.values():
                table.create()
        except BlockingIOError:
            lock.close()
            raise HistoryBusy(f"another process writes the history in {self.folder}") from None
        except BaseException:
            lock.close()
            raise
        self._lock = lock

    def promote(self) -> bool:
        """See ``Engine``."""
        if self._lock is None:
            try:
                self._take_folder()
            except HistoryBusy:
                return False
        self.is_writer = True
        return True

    def demote(self) -> None:
        """See ``Engine``."""
        self.is_writer = False
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def close(self) -> None:
        """Free the memory and let another process write."""
        self._duck.close()
        if self._lock is not None:
            self._lock.close()

    def held(self, shape: Shape) -> AbstractContextManager[object]:
        """See ``Engine``: Delta itself refuses a commit of a source that another has moved."""
        return self._tables[shape.name].held()

    def last_mark(self, shape: Shape, source: str) -> Mark | None:
        """See ``Engine``."""
        return self._tables[shape.name].last_mark(source)

    def append(
        self, shape: Shape, data: pa.Table, *, source: str | None = None, mark: Mark | None = None
    ) -> None:
        """See ``Engine``."""
        self._tables[shape.name].append(data, source=source, mark=mark)

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Engine``."""
        return self._tables[shape.name].relation(since, until)

    def files(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> list[str]:
        """Return the Parquet files behind ``relation``, for other programs that read them.

        They are those of this moment: a file that compaction replaces stays for six hours.
        """
        return [part.path for part in self._tables[shape.name].parts(since, until)]

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""
        return self._duck.ask(sql, values)

    def rewrite(
        self,
        shape: Shape,
        change: Callable[[pa.Table], pa.Table],
        *,
        since: datetime,
        until: datetime,
        by: str | None = None,
    ) -> tuple[int, int]:
        """See ``Engine``."""
        span = Span(by or shape.month or "", since, until)
        return rewrite(self._mine()[shape.name], self._duck, change, span)

    def drop(self, shape: Shape, before: datetime) -> int:
        """See ``Engine``."""
        return self._mine()[shape.name].drop(before)

    def compact(self) -> dict[str, int]:
        """See ``Engine``."""
        return {name: table.compact() for name, table in self._mine().items()}

    def has_rows(self, shape: Shape) -> bool:
        """See ``Engine``."""
        return any(part.n_rows for part in self._tables[shape.name].parts())

    @contextmanager
    def snapshot(self) -> Iterator[DeltaSnapshot]:
        """See ``Engine``."""
        yield DeltaSnapshot(self._tables, self._duck)

    def clear(self) -> None:
        """See ``Engine``."""
        for table in self._mine().values():
            table.clear()

    def counts(self) -> dict[str, int]:
        """See ``Engine``."""
        return {
            name: sum(part.n_rows for part in table.parts()) for name, table in self._tables.items()
        }

    def sizes(self) -> dict[str, tuple[int, int]]:
        """See ``Engine``."""
        parts = {name: table.parts() for name, table in self._tables.items()}
        return {name: (len(some), sum(p.n_bytes for p in some)) for name, some in parts.items()}

    def _mine(self) -> Mapping[str, Table]:
        if self._lock is None:
            raise HistoryError("only the writer of a history may tidy it")
        return self._tables
