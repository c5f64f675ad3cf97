"""Which format a file has, and its rows as tables, whatever it is. Pure.

What the pack declares comes first, then what the bytes begin with, then the suffix. What is packed
(zip, gzip) is unpacked before.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from feeds import dressed, geojson, packed, parquets, pointed, records, shapefiles, sheets, tabular
from feeds.decode import json_text, looks_like_html
from feeds.file_options import Format, Options
from feeds.lines import Lines
from feeds.melt import needed, rows_at_once, spread
from feeds.rows import Places
from feeds.tabular import Shape, Table
from model import Feed

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".geojson": "geojson", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".geoparquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_MEDIA: tuple[tuple[str, str], ...] = (
    ("tab-separated", ".tsv"), ("csv", ".csv"), ("geo+json", ".geojson"), ("ndjson", ".jsonl"),
    ("jsonl", ".jsonl"), ("json", ".json"), ("spreadsheetml", ".xlsx"), ("parquet", ".parquet"),
)  # fmt: skip
_STRANGERS = (
    (b"\xd0\xcf\x11\xe0", "an old .xls spreadsheet: save it as .xlsx"),
    (b"%PDF", "a PDF: its tables cannot be read"),
    (b"SQLite format 3", "an SQLite or GeoPackage database: export its table as CSV or GeoJSON"),
    (b"Rar!", "a RAR archive: zip is read"),
    (b"7z\xbc\xaf", "a 7-Zip archive: zip is read"),
)
_GEOJSON = frozenset({"FeatureCollection", "Feature"})


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a file beside its bytes.

    The suffix of ``name`` tells the format where the bytes and ``format`` do not. ``charset`` is
    what HTTP declared, used after the pack's ``encoding``. ``places`` are latitude, longitude by
    site.
    """

    name: str = ""
    charset: str | None = None
    places: Places = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables of a file, and the line of its first row."""

    tables: Iterator[Table]
    first: int


def name_for(media_type: str) -> str:
    """Return a name with the suffix of a media type, for what has no name of its own."""
    lower = media_type.lower()
    return next((f"pushed{suffix}" for part, suffix in _MEDIA if part in lower), "")


def opened(body: bytes, options: Options, feed: Feed, about: About) -> Opened:
    """Return the tables of a file.

    Raises:
        ValueError: if it is empty, a web page, or something that is not understood.

    """
    if not body.strip():
        raise ValueError("the file is empty")
    inner = packed.unpack(body, _bare(about.name), options.layer)
    if inner.shapes is not None:
        _refuse_other(options, "shapefile", inner.name)
        return Opened(_shapefile(inner.shapes, options), 1)
    if not inner.body.strip():
        raise ValueError(f"the file is empty ({inner.name})")
    if looks_like_html(inner.body):
        raise ValueError("an HTML page where data were expected")
    for beginning, said in _STRANGERS:
        if inner.body.startswith(beginning):
            raise ValueError(said)
    return _tables(inner.body, options, feed, replace(about, name=inner.name))


def _tables(body: bytes, options: Options, feed: Feed, about: About) -> Opened:
    name = format_of(body, options, about)
    wanted = None if spread(options) else needed(options)
    match name:
        case "xlsx":
            shape, n_rows = _shape(options), _n_rows(options)
            found = sheets.pieces(body, shape, options.sheet, wanted=wanted, n_rows=n_rows)
            return Opened(found, _first(options))
        case "parquet":
            n_rows = _n_rows(options)
            return Opened(parquets.pieces(body, options.crs, wanted=wanted, n_rows=n_rows), 1)
        case "shapefile":
            raise ValueError("no zipped shapefile")
        case "csv" | "tsv":
            return Opened(_csv(body, options, about.charset, name, wanted), _first(options))
    text = json_text(body, options.encoding or about.charset)
    if name == "geojson":
        return Opened(geojson.pieces(text, options.crs, wanted=wanted), 1)
    found_rows = pointed.find(text, options, is_lines=name == "jsonl")
    rows = dressed.ready(found_rows, options, options, feed)
    context = json.dumps({"format": "json", "around": dressed.around(found_rows)})
    pieces = records.pieces(rows, options)
    return Opened((replace(piece, context=context) for piece in pieces), 1)


def format_of(body: bytes, options: Options, about: About) -> Format:
    """Return the format of a file that is not packed.

    Raises:
        ValueError: if it is another than the declared one, as its first bytes tell.

    """
    real: Format | None = None
    if packed.is_zip(body):
        real = "xlsx"
    elif body.startswith(b"PAR1"):
        real = "parquet"
    if real is not None:
        _refuse_other(options, real, about.name)
        return real
    if options.format in {"xlsx", "parquet", "shapefile"}:
        raise ValueError(f"{options.format} was declared, and the file is none")
    if options.format is not None:
        return options.format
    known = _SUFFIXES.get(PurePosixPath(about.name).suffix.lower())
    begins = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if known in {"xlsx", "parquet"}:
        raise ValueError(f"the file is called {known}, and is none")
    if known == "json" or (known is None and begins in {b"{", b"["} and not options.rows):
        return "geojson" if _is_geojson(body, options, about.charset) else "json"
    return known or ("json" if begins in {b"{", b"["} else "csv")


def _is_geojson(body: bytes, options: Options, charset: str | None) -> bool:
    """Whether a JSON document says so itself; what is asked for by a pointer is none."""
    if options.rows or options.lines or options.columnar or options.matrix:
        return False
    try:
        return geojson.kind_of(json_text(body, options.encoding or charset)) in _GEOJSON
    except ValueError:
        return False


def _refuse_other(options: Options, real: Format, name: str) -> None:
    if options.format is not None and options.format != real:
        raise ValueError(f"{options.format} was declared, and {name or 'the file'} is {real}")


def _bare(name: str) -> str:
    return name.split("?", 1)[0].split("#", 1)[0]


def _shape(options: Options, separator: str | None = None) -> Shape:
    return Shape(
        separator=options.separator or separator,
        header=options.header,
        skip=options.skip,
        skip_after=options.skip_after,
        pads=options.short_rows == "blank",
    )


def _n_rows(options: Options, n_columns: int = 100) -> int:
    return rows_at_once(options, n_columns)


def _first(options: Options) -> int:
    return options.skip + (2 if options.header is True else 1) + options.skip_after


def _csv(
    body: bytes, options: Options, charset: str | None, name: str, wanted: frozenset[str] | None
) -> Iterator[Table]:
    lines = Lines(body, options.encoding or charset)
    shape = _shape(options, "\t" if name == "tsv" else None)
    head = tabular.head_of(lines, shape, wanted or frozenset())
    known = {"format": "csv", "names": head.names, "separator": head.separator}
    context = json.dumps({**known, "first": _first(options)}, ensure_ascii=False)
    n_rows = _n_rows(options, len(head.names))
    for piece in tabular.pieces(lines, shape, wanted=wanted, n_rows=n_rows):
        yield replace(piece, context=context)


def _shapefile(parts: dict[str, bytes], options: Options) -> Iterator[Table]:
    wanted = None if spread(options) else needed(options)
    return shapefiles.pieces(parts, options.crs, options.encoding, wanted=wanted)
