"""Parquet: typed columns, instants in UTC, what it is in the metadata of the file."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from api import words
from api.about import About
from api.past import Row

GROUP = 50_000  # rows of a group


def write(rows: Iterator[Row], target: BinaryIO, about: About) -> None:
    """Write groups of rows; an answer without rows is a file with columns."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and few ask for it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    instant, text, real = pa.timestamp("us", "UTC"), pa.string(), pa.float64()
    kinds = {"at": instant, "known_at": instant, "n": pa.int64()}
    kinds |= dict.fromkeys(("num", "den", "value"), real)
    fields = [(name, kinds.get(name, text)) for name in words.ROW]
    metadata: dict[str, str] = {}
    for label, value in about.pairs:
        known = metadata.get(f"bartizan.{label}")
        metadata[f"bartizan.{label}"] = f"{known}; {value}" if known else value
    schema = pa.schema([*fields, ("suppressed", pa.bool_())], metadata=metadata)
    with pq.ParquetWriter(target, schema, compression="zstd") as file:
        for some in _batches(rows):
            columns = {name: [row.get(name) for row in some] for name in words.ROW}
            columns["suppressed"] = [bool(row.get("suppressed")) for row in some]
            file.write_table(pa.table(columns, schema=schema))


def _batches(rows: Iterator[Row]) -> Iterator[tuple[Row, ...]]:
    while some := tuple(islice(rows, GROUP)):
        yield some
