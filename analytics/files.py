"""The history as Parquet files that any process may read: where they are, and how to ask them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from history import History
from history.columns import month_of
from history.delta import DeltaEngine
from history.schemas import CASES, OBSERVATIONS, READINGS, Shape

FOLDER = "analytics"
ROWS = 500_000  # of an exported file, about


class Files(Protocol):
    """The data files of the tables of a history, as of when they are asked for."""

    def paths(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> list[str]:
        """Return the files that may hold rows of a span (by months, widely)."""

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """Return what stands after ``from`` in a query over these files in DuckDB."""


@dataclass(frozen=True, slots=True)
class DeltaFiles:
    """The current files of Delta tables. Their log names them; the folder holds others too."""

    engine: DeltaEngine

    def paths(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> list[str]:
        """See ``Files``."""
        return self.engine.files(shape, since, until)

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Files``."""
        return self.engine.relation(shape, since, until)


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """Files written for one job: ``<table>/<month or all>-<number>.parquet``."""

    folder: Path

    def paths(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> list[str]:
        """See ``Files``."""
        found = sorted((self.folder / shape.name).glob("*.parquet"))
        first = "" if since is None or shape.month is None else month_of(since)
        last = "9999" if until is None or shape.month is None else month_of(until)
        return [str(path) for path in found if first <= path.name[:7] <= last or path.name < "1"]

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Files``."""
        listed = ", ".join(_text(path) for path in self.paths(shape, since, until))
        return f"read_parquet([{listed}])"


@contextmanager
def files_of(
    history: History, data: Path, *, since: datetime, until: datetime, name: str
) -> Iterator[Files]:
    """Give the files of a history; one that lives on a server is exported for as long as it takes.

    Args:
        history: the history.
        data: the house's folder; the export is written under ``analytics/<name>`` in it.
        since: the oldest instant of which facts or readings are needed.
        until: the newest.
        name: of the job.

    """
    if isinstance(history.engine, DeltaEngine):
        yield DeltaFiles(history.engine)
        return
    folder = data / FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for shape in (OBSERVATIONS, CASES, READINGS):
            _export(history, shape, folder / shape.name, (since, until))
        yield ExportedFiles(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _export(history: History, shape: Shape, folder: Path, span: tuple[datetime, datetime]) -> None:
    """Write the rows of a span, month by month; an empty file stands for the columns."""
    folder.mkdir(parents=True)
    pq.write_table(shape.columns.empty_table(), folder / "0.parquet")
    source = history.engine.relation(shape, *span)
    if shape.month is None:
        _write(history.engine.ask(f"select * from {source} as t", {}), shape, folder / "1")  # noqa: S608 - our own names
        return
    name = f'"{shape.month}"'
    for first, last in months(*span):
        sql = f"select * from {source} as t where {name} >= $first and {name} < $last"  # noqa: S608 - our own names
        rows = history.engine.ask(sql, {"first": first, "last": last})
        _write(rows, shape, folder / month_of(first))


def _write(rows: pa.Table, shape: Shape, stem: Path) -> None:
    kept = rows.select(shape.columns.names).cast(shape.columns)
    for number, start in enumerate(range(0, len(kept), ROWS)):
        target = stem.with_name(f"{stem.name}-{number}.parquet")
        pq.write_table(kept.slice(start, ROWS), target, compression="zstd")


def _text(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def months(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the months (UTC) of a span, cut at its ends; the last one ends after ``until``."""
    first = since
    while first <= until:
        start = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        number = start.year * 12 + start.month  # months since year 0, of the next one
        after = start.replace(year=number // 12, month=number % 12 + 1)
        yield first, after
        first = after
