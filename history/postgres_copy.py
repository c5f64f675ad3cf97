"""Rows to PostgreSQL and back as CSV, which both sides read and write in native code.

Floats go as their shortest text that reads back the same, instants with their zone, ``null`` as
nothing and the empty text as ``""``. PostgreSQL keeps no NUL in a text: it becomes U+FFFD.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, postgres, sql
from psycopg.adapt import Transformer
from psycopg.pq import Format
from pyarrow import csv

from history.errors import HistoryError
from history.schemas import Shape

_AT = pa.timestamp("us", "UTC")
_TEXTS = pa.list_(pa.string())
_TYPES: dict[int, pa.DataType] = {
    postgres.types[name].oid: kind
    for name, kind in {
        "text": pa.string(),
        "varchar": pa.string(),
        "float8": pa.float64(),
        "int8": pa.int64(),
        "int4": pa.int32(),
        "bool": pa.bool_(),
        "timestamptz": _AT,
        "date": pa.date32(),
    }.items()
} | {postgres.types["text"].array_oid: _TEXTS}
_SQL: dict[pa.DataType, str] = {
    pa.string(): 'text collate "C"',  # the order of code points, as everywhere else
    pa.float64(): "double precision",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    _AT: "timestamptz",
    _TEXTS: 'text[] collate "C"',
}
_BLOCK_BYTES = 64 * 1024 * 1024


def sql_type(kind: pa.DataType) -> str:
    """Return PostgreSQL's type of a column.

    >>> sql_type(pa.int64())
    'bigint'

    """
    return _SQL[kind]


def columns_of(connection: Connection[Any], query: str) -> pa.Schema:
    """Return the columns that a query answers with, without running it.

    Raises:
        HistoryError: if one has a type that DuckDB would give otherwise.

    """
    found = connection.execute(f"select * from ({query}) as asked limit 0").description or ()  # noqa: S608 - our own text, values quoted
    odd = [column.name for column in found if column.type_code not in _TYPES]
    if odd:
        raise HistoryError(f"history: cast {', '.join(odd)} to a plain type in the question")
    return pa.schema([(column.name, _TYPES[column.type_code]) for column in found])


def fetch(connection: Connection[Any], query: str, columns: pa.Schema) -> pa.Table:
    """Return what a query answers, as Arrow."""
    command = sql.SQL("copy ({}) to stdout (format csv)").format(sql.SQL(query))
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        body = b"".join(copy)
    return table(body, columns)


def table(body: bytes, columns: pa.Schema) -> pa.Table:
    """Return the rows of a CSV as PostgreSQL writes it."""
    if not body:
        return columns.empty_table()
    is_list = [pa.types.is_list(field.type) for field in columns]
    plain = {f.name: pa.string() if pa.types.is_list(f.type) else f.type for f in columns}
    found = csv.read_csv(
        pa.BufferReader(body),
        csv.ReadOptions(column_names=columns.names, block_size=min(len(body) + 1, _BLOCK_BYTES)),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=plain,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    if any(is_list):
        found = pa.table(
            [
                _lists(column) if one else column
                for column, one in zip(found.columns, is_list, strict=True)
            ],
            schema=columns,
        )
    return found


def _lists(column: pa.ChunkedArray) -> pa.Array:
    """Read arrays of text; most rows repeat a few."""
    load = Transformer().get_loader(postgres.types["text"].array_oid, Format.TEXT).load
    one = pa.concat_arrays(column.chunks).dictionary_encode()
    known = [None if text is None else load(text.encode()) for text in one.dictionary.to_pylist()]
    return pa.array(known, _TEXTS).take(one.indices)


def body(data: pa.Table, shape: Shape) -> bytes:
    """Return rows as a CSV that PostgreSQL reads, in the order of the shape's columns."""
    arrays = [
        _texts(data[field.name]) if pa.types.is_list(field.type) else data[field.name]
        for field in shape.columns
    ]
    out = io.BytesIO()
    named = pa.table(arrays, names=shape.columns.names)
    csv.write_csv(named, out, csv.WriteOptions(include_header=False, quoting_style="needed"))
    written = out.getvalue()
    return written.replace(b"\0", "\ufffd".encode()) if b"\0" in written else written


def _texts(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(
        [None if items is None else _array(tuple(items)) for items in column.to_pylist()],
        pa.string(),
    )


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _array(items: Sequence[str | None]) -> str:
    r"""Return an array as PostgreSQL reads it.

    >>> _array(("a", 'b"c', None))
    '{"a","b\\"c",NULL}'

    """
    return "{" + ",".join("NULL" if item is None else _quoted(item) for item in items) + "}"


def months(data: pa.Table, shape: Shape) -> list[str]:
    """Return the months in which rows lie, such as ``2026-03``; none where there are no months."""
    if shape.month is None:
        return []
    found: list[str] = pc.unique(pc.strftime(data[shape.month], "%Y-%m")).to_pylist()
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Into:
    """Where rows go: the command of COPY and the rows."""

    command: sql.Composed
    body: bytes

    def send(self, connection: Connection[Any]) -> None:
        """Write the rows in the transaction that is open."""
        with connection.cursor() as cursor, cursor.copy(self.command) as copy:
            copy.write(self.body)


def into(schema: str, shape: Shape, data: pa.Table) -> Into:
    """Return rows ready to be written."""
    names = sql.SQL(", ").join(map(sql.Identifier, shape.columns.names))
    command = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(schema, shape.name), names
    )
    return Into(command, body(data, shape))
