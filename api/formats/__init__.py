"""Readings as files: one module per format, and the table that lists them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from api.about import About
from api.formats import parquet, places, sheet, table
from api.past import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format. ``most`` rows fit; ``is_newest`` holds the newest reading of each place."""

    mimetype: str
    most: int
    write: Callable[[Iterator[Row], BinaryIO, About], None]
    is_newest: bool = False


FORMATS: Mapping[str, Format] = {
    "csv": Format(mimetype="text/csv; charset=utf-8", most=500_000, write=table.write),
    "xlsx": Format(
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        most=100_000,
        write=sheet.write,
    ),
    "parquet": Format(
        mimetype="application/vnd.apache.parquet", most=1_000_000, write=parquet.write
    ),
    "geojson": Format(
        mimetype="application/geo+json", most=1_000_000, write=places.write, is_newest=True
    ),
}
