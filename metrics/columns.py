"""Columns of facts: instants as milliseconds, names as small numbers."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codings = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NONE = int(np.iinfo(np.int64).min)  # "no such instant" in a column of milliseconds
UNPLACED = -1  # "no name" in a column of codes
HOUR = 3_600_000
DAY = 24 * HOUR


def milliseconds(at: datetime | None) -> int:
    """Return an aware instant as milliseconds since 1970 UTC, or ``NONE``.

    >>> milliseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000

    """
    if at is None:
        return NONE
    if at.tzinfo is None:
        raise ValueError(f"naive instant {at}: every instant carries a zone")
    return round(at.timestamp() * 1000)


def moment(at: int) -> datetime | None:
    """Return milliseconds as an aware instant in UTC; ``NONE`` becomes ``None``."""
    return None if at == NONE else datetime.fromtimestamp(at / 1000, UTC)


def span(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return duration // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Codes:
    """Names and their numbers; grows by copying, and only when a name is new."""

    names: tuple[Hashable, ...] = ()
    index: dict[Hashable, int] = field(default_factory=dict, repr=False, compare=False)

    def grown(self, names: Iterable[Hashable]) -> Self:
        """Return codes that also know these names; ``None`` is nobody's name."""
        fresh = [n for n in dict.fromkeys(names) if n is not None and n not in self.index]
        if not fresh:
            return self
        index = dict(self.index)
        index.update((name, len(self.names) + i) for i, name in enumerate(fresh))
        return type(self)((*self.names, *fresh), index)

    def of(self, names: Sequence[Hashable]) -> Codings:
        """Return the number of each name; unknown names and ``None`` are ``UNPLACED``."""
        get = self.index.get
        return np.fromiter((get(n, UNPLACED) for n in names), np.int32, len(names))


def factorised(column: Any) -> tuple[Codings, list[Any]]:
    """Return codes and distinct names of a text column; missing becomes ``UNPLACED``.

    ``column`` is anything that pandas reads, or an arrow array (``to_pandas``).
    """
    codes, names = pd.factorize(series_of(column))
    return codes.astype(np.int32), list(names)


def series_of(column: Any) -> "pd.Series[Any]":
    """Return any column as a pandas series; arrow arrays convert themselves."""
    if hasattr(column, "to_pandas"):
        column = column.to_pandas()
    return column if isinstance(column, pd.Series) else pd.Series(column)


def instants(column: Any) -> Ints:
    """Return a column of instants as milliseconds; missing becomes ``NONE``.

    Integers are milliseconds already. Naive date-times are taken as UTC: the history keeps no
    other.
    """
    values = series_of(column)
    if pd.api.types.is_integer_dtype(values.dtype):
        return values.to_numpy(np.int64)
    if pd.api.types.is_float_dtype(values.dtype):  # arrow turns integers with nulls into floats
        return values.fillna(NONE).to_numpy(np.int64)
    if values.dtype == object:
        values = pd.to_datetime(values, utc=True)
    stamps = pd.DatetimeIndex(values)
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    return stamps.to_numpy().astype("datetime64[ms]").astype(np.int64)


def newest(keys: NDArray[Any], known: Ints) -> NDArray[np.intp]:
    """Return the rows, ordered by key, that hold the newest version of each key.

    Of two versions known at the same instant the later row wins.
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    if not len(order) or (ordered[1:] != ordered[:-1]).all():
        return order
    order = np.lexsort((known, keys))
    ordered = keys[order]
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = ordered[1:] != ordered[:-1]
    return order[is_last]
