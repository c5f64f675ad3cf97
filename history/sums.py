"""Checksums of rows that do not depend on their order, nor on the engine that keeps them."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from history.schemas import Shape

_WORD = np.uint64
_MISSING = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1
Words = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows, and the sum of what they say, modulo 2⁶⁴."""

    n_rows: int = 0
    checksum: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.n_rows + other.n_rows, (self.checksum + other.checksum) & _MASK)


def add_up(table: pa.Table, shape: Shape) -> Tally:
    """Return the tally of some rows."""
    total: Words = np.zeros(table.num_rows, _WORD)
    for number, field in enumerate(shape.columns):
        total = _mixed(total ^ (_words(table[field.name]) + _WORD(number + 1)))
    return Tally(table.num_rows, int(np.sum(total, dtype=_WORD)))


def _mixed(words: Words) -> Words:
    """Spread every bit over the word (the finish of splitmix64)."""
    with np.errstate(over="ignore"):
        words = (words ^ (words >> _WORD(30))) * _MIX
        words = (words ^ (words >> _WORD(27))) * _MIX_2
        return words ^ (words >> _WORD(31))


def _words(column: pa.ChunkedArray) -> Words:
    if pa.types.is_list(column.type):
        column = _joined(column)
    if pa.types.is_string(column.type):
        return _of_texts(column)
    missing = np.asarray(pc.is_null(column))
    if pa.types.is_floating(column.type):
        values: Any = np.array(pc.fill_null(column, 0.0).to_numpy(), np.float64)
        values[np.isnan(values)] = np.nan  # one of the many
    elif pa.types.is_timestamp(column.type):
        values = pc.fill_null(column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), 0).to_numpy()
    else:
        values = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    words: Words = np.array(values).view(_WORD)
    words[missing] = _MISSING
    return words


def _of_texts(column: pa.ChunkedArray) -> Words:
    one = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    coded = one.dictionary_encode()
    known = [_of_text(text) for text in coded.dictionary.to_pylist()]
    places = np.asarray(pc.fill_null(coded.indices.cast(pa.int64()), len(known)))
    words: Words = np.array([*known, int(_MISSING)], _WORD)[places]
    return words


def _of_text(text: str | None) -> int:
    if text is None:
        return int(_MISSING)
    told = text.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest(), "little")


def _joined(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return lists of texts as texts: items with their lengths, so that none looks like another."""
    texts = [
        None if items is None else "".join(f"{len(item)}:{item}" for item in items)
        for items in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])
