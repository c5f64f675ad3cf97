"""Entities to columns and back, a column at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from history.schemas import Shape

Entity = TypeVar("Entity")
Column = Callable[[Sequence[Any]], list[Any]]


def arrow(
    shape: Shape, rows: Sequence[Any], derived: Mapping[str, Column] | None = None
) -> pa.Table:
    """Return the columns of ``rows``; ``derived`` says how to get what is no plain field.

    Raises:
        ValueError: if a row has no ``known_at``.

    """
    special = derived or {}
    arrays = []
    for column in shape.columns:
        name = column.name
        values = special[name](rows) if name in special else [getattr(row, name) for row in rows]
        if name == "known_at" and None in values:
            raise ValueError(f"a row for {shape.name} has no known_at: {rows[values.index(None)]}")
        arrays.append(pa.array(values, column.type))
    return pa.Table.from_arrays(arrays, schema=shape.columns)


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return a query's answer as rows; instants are aware and in UTC."""
    columns = {name: values(table[name]) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def values(column: pa.ChunkedArray) -> list[Any]:
    """Return one column as Python values."""
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    naive = column.cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]").astype(object)
    return [None if at is None else at.replace(tzinfo=UTC) for at in naive]


def milliseconds(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return instants as milliseconds since 1970 (missing: the smallest number)."""
    whole = column.cast(pa.timestamp("us")).to_numpy().astype("datetime64[ms]")
    return np.asarray(whole.astype(np.int64))


def month_of(at: datetime) -> str:
    """Return the partition of an instant.

    >>> month_of(datetime(2026, 3, 1, tzinfo=UTC))
    '2026-03'

    """
    there = at.astimezone(UTC)
    return f"{there.year:04}-{there.month:02}"
