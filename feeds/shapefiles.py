"""Zipped shapefiles: attributes and shapes, brought to WGS84.

Quirks: the coordinate system stands in ``.prj``, the charset in ``.cpg``; either may be missing.
"""

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from feeds import typed
from feeds.tabular import PIECE, Table
from geodata import shapes_in_wgs84

_CODES = {"65001": "utf-8", "88591": "iso-8859-1"}


def pieces(
    parts: Mapping[str, bytes],
    crs: str | None = None,
    encoding: str | None = None,
    *,
    wanted: frozenset[str] | None = None,
    n_rows: int = PIECE,
) -> Iterator[Table]:
    """Yield tables of at most so many features; a row's line is the feature's number.

    Args:
        parts: the files of one layer by suffix, such as ``.shp``.
        crs: its coordinate system, where ``.prj`` is missing or wrong.
        encoding: its charset, where ``.cpg`` is missing or wrong.
        wanted: the attributes to keep; all when ``None``.
        n_rows: of one table.

    Raises:
        ValueError: if it is broken, or nobody knows its coordinate system.

    """
    import pyogrio  # noqa: PLC0415 - heavy, and few packs use it
    from pyogrio import errors  # noqa: PLC0415 - as above

    body, charset = _flat_zip(parts), encoding or _charset(parts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rings that run the other way round
            about = pyogrio.read_info(body, encoding=charset)
            system = crs or about["crs"]
            if system is None and about["geometry_type"] is not None:
                raise ValueError("no .prj says its coordinate system: say crs = 'EPSG:…'")
            for start in range(0, max(about["features"], 1), n_rows):
                read = pyogrio.raw.read(
                    body, skip_features=start, max_features=n_rows, encoding=charset
                )
                yield _table(read, start, system or "", wanted)
    except (
        errors.DataSourceError,
        errors.DataLayerError,
        errors.FieldError,
        errors.GeometryError,
        errors.FeatureError,
        NameError,  # of pyogrio, where .prj is no text
        UnicodeDecodeError,
        LookupError,
    ) as problem:
        raise ValueError(f"the shapefile cannot be read: {problem}"[:300]) from problem


def _table(read: tuple[Any, ...], start: int, system: str, wanted: frozenset[str] | None) -> Table:
    meta, _, shapes, fields = read
    names = [str(name) for name in meta["fields"]]
    rows = list(zip(*(_values(field) for field in fields), strict=True))
    count = len(shapes) if shapes is not None else len(rows)
    drawn = shapes_in_wgs84(list(shapes), system) if shapes is not None else None
    lines = range(start + 1, start + count + 1)
    return typed.table(names, lines, rows or [()] * count, wanted, drawn)


def _values(field: Any) -> list[Any]:
    is_time = np.issubdtype(field.dtype, np.datetime64)
    values: list[Any] = (field.astype("datetime64[us]") if is_time else field).tolist()
    return values


def _charset(parts: Mapping[str, bytes]) -> str | None:
    """Return the charset of ``.cpg``; ``None``, which means latin-1, where there is none."""
    said = parts.get(".cpg", b"").decode("ascii", errors="ignore").strip()
    return _CODES.get(said, f"cp{said}" if said.isdigit() else said) or None


def _flat_zip(parts: Mapping[str, bytes]) -> bytes:
    """Return the parts of one layer as an archive with plain names, as GDAL likes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for suffix, body in parts.items():
            if suffix != ".cpg":
                archive.writestr(f"layer{suffix}", body)
    return packed.getvalue()
