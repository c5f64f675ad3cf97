"""A history written to plain Parquet files with a list of them, and read back on any engine."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from history.base import Engine, View
from history.copying import Tell, batches, days_of, give_marks, read
from history.errors import HistoryError, TooNew
from history.marks import Mark
from history.schemas import SHAPES, VERSION, Shape

_READ_BYTES = 1 << 20


def export(view: View, folder: Path, tell: Tell) -> dict[str, Any]:
    """Write every table, a file per month; return what was written, for a manifest.

    Each file says its rows, bytes and SHA-256; each table the marks of its sources.
    """
    return {
        "schema": VERSION,
        "tables": {shape.name: _export(view, shape, folder, tell) for shape in SHAPES},
    }


def _export(view: View, shape: Shape, folder: Path, tell: Tell) -> dict[str, Any]:
    marks = {source: [m.entry, m.position] for source, m in view.marks(shape).items()}
    total, done = sum(n for _, n in days_of(view, shape)), 0
    place = folder / shape.name
    place.mkdir(parents=True)
    names: list[str] = []
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches(view, shape):
            name = f"{batch.since:%Y-%m}.parquet"
            if not names or names[-1] != name:
                if writer is not None:
                    writer.close()
                names.append(name)
                writer = pq.ParquetWriter(place / name, shape.columns, compression="zstd")
            table = read(view, shape, batch)
            if writer is not None:
                writer.write_table(table)
            done += table.num_rows
            tell(shape.name, done, total)
    finally:
        if writer is not None:
            writer.close()
    return {"rows": done, "marks": marks, "files": {n: _told(place / n) for n in names}}


def _told(path: Path) -> dict[str, Any]:
    rows = pq.read_metadata(path).num_rows
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": sha256(path)}


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    found = hashlib.sha256()
    with path.open("rb") as opened:
        while part := opened.read(_READ_BYTES):
            found.update(part)
    return found.hexdigest()


def check(folder: Path, told: Mapping[str, Any]) -> None:
    """See that every file of a backup is there and as it was written.

    Raises:
        TooNew: a newer version wrote it.
        HistoryError: naming the file that is missing, damaged or too many.

    """
    if told["schema"] > VERSION:
        raise TooNew(
            f"the backup has schema {told['schema']}, this version of Bartizan knows up to "
            f"{VERSION}: use a newer one"
        )
    for name, table in told["tables"].items():
        for file, expected in table["files"].items():
            path = folder / name / file
            if not path.is_file():
                raise HistoryError(f"the backup is damaged: {name}/{file} is missing")
            if sha256(path) != expected["sha256"]:
                raise HistoryError(f"the backup is damaged: {name}/{file} is not what was written")


def load(engine: Engine, folder: Path, told: Mapping[str, Any], tell: Tell) -> None:
    """Put a checked backup into an empty history, the marks of sources last.

    Raises:
        HistoryError: the history does not hold afterwards what the backup says.

    """
    for shape in SHAPES:
        table = told["tables"].get(shape.name)
        if table is not None:
            _load(engine, shape, folder / shape.name, table, tell)
    for shape in SHAPES:
        table = told["tables"].get(shape.name, {"marks": {}})
        give_marks(engine, shape, {s: Mark(*place) for s, place in table["marks"].items()})
    found = engine.counts()
    for name, table in told["tables"].items():
        if found.get(name, 0) != table["rows"]:
            raise HistoryError(f"restored {found.get(name, 0)} of {table['rows']} rows of {name}")


def _load(engine: Engine, shape: Shape, folder: Path, table: Mapping[str, Any], tell: Tell) -> None:
    done = 0
    for name in sorted(table["files"]):
        with pq.ParquetFile(folder / name) as file:
            for number in range(file.num_row_groups):
                rows = _as_now(file.read_row_group(number), shape)
                engine.append(shape, rows)
                done += rows.num_rows
                tell(shape.name, done, table["rows"])


def _as_now(rows: pa.Table, shape: Shape) -> pa.Table:
    """Return rows of an older schema with the columns of this one."""
    for field in shape.columns:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(shape.columns.names).cast(shape.columns)
