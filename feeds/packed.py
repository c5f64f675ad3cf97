"""Files inside zip and gzip, with caps on size and ratio before anything is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

MAX_UNPACKED = 400_000_000  # bytes of all that is read of one archive
MAX_MEMBERS = 5_000
MAX_RATIO = 200
_HUGE = 1 << 40  # spreadsheets have a cap of their own
_SMALL = 1_000_000  # below it any ratio is harmless
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_WINDOW = zlib.MAX_WBITS | 16
_TABLES = (".csv", ".tsv", ".tab", ".txt", ".json", ".geojson", ".ndjson", ".jsonl", ".parquet",
           ".geoparquet", ".xlsx", ".xlsm", ".gz")  # fmt: skip
_SHAPES = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file as it was before it was packed; ``shapes`` are the parts of a shapefile."""

    name: str
    body: bytes
    shapes: dict[str, bytes] | None = None


def is_zip(body: bytes) -> bool:
    """Whether bytes are a zip archive."""
    return body.startswith(_ZIP)


def is_packed(body: bytes) -> bool:
    """Whether bytes are zip or gzip."""
    return is_zip(body) or body.startswith(_GZIP)


def unpack(body: bytes, name: str, layer: str | None = None) -> Unpacked:
    """Return what a zip or gzip file holds; other files, also spreadsheets, as they are.

    Args:
        body: the file.
        name: how it is called; what is inside may be called otherwise.
        layer: which of several files, or shapefiles without suffix; a pattern with ``*``.

    Raises:
        ValueError: if it is broken, too large, or holds several files and none was chosen.

    """
    if body.startswith(_GZIP):
        body, name = _inflated(body), _without_gz(PurePosixPath(name).name)
    if not is_zip(body):
        return Unpacked(name, body)
    with opened(body, _HUGE) as archive:
        names = [item.filename for item in archive.infolist()]
        if is_workbook(names):
            return Unpacked(name, body)
        if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
            raise ValueError(f"the zip unpacks to more than {MAX_UNPACKED} bytes")
        shown = sorted(item for item in names if _is_shown(item))
        if parts := _shapefile(shown, layer):
            unpacked = {suffix: member(archive, item) for suffix, item in parts.items()}
            return Unpacked(parts[".shp"], b"", unpacked)
        chosen = _chosen([item for item in shown if item.lower().endswith(_TABLES)], layer, shown)
        inner = member(archive, chosen)
    if is_zip(inner) and not chosen.lower().endswith((".xlsx", ".xlsm")):
        raise ValueError(f"{chosen} is an archive inside an archive")
    if inner.startswith(_GZIP):
        return Unpacked(_without_gz(chosen), _inflated(inner))
    return Unpacked(chosen, inner)


def opened(body: bytes, most: int | None = None) -> zipfile.ZipFile:
    """Open a zip archive whose directory promises nothing monstrous.

    Args:
        body: the archive.
        most: bytes that all of it may unpack to; ``MAX_UNPACKED`` when ``None``.

    Raises:
        ValueError: if it is broken, or unpacks to too much.

    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as problem:
        raise ValueError(f"broken zip: {problem}") from problem
    items = archive.infolist()
    if len(items) > MAX_MEMBERS:
        raise ValueError(f"more than {MAX_MEMBERS} files in the zip")
    for item in items:
        if item.flag_bits & 1:
            raise ValueError(f"{item.filename} is protected by a password")
        if item.file_size > _SMALL and item.file_size > MAX_RATIO * max(item.compress_size, 1):
            raise ValueError(f"{item.filename} unpacks to more than {MAX_RATIO} times its size")
    cap = MAX_UNPACKED if most is None else most
    if sum(item.file_size for item in items) > cap:
        raise ValueError(f"the zip unpacks to more than {cap} bytes")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one file of an archive; never more than its directory says.

    Raises:
        ValueError: if it is broken, or packed in an unknown way.

    """
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as problem:
        raise ValueError(f"{name} in the zip is broken: {problem}") from problem
    except RuntimeError as problem:
        raise ValueError(f"{name} in the zip: {problem}") from problem


def is_workbook(names: Iterable[str]) -> bool:
    """Whether an archive is a spreadsheet."""
    return any(name.lstrip("/").lower() == "xl/workbook.xml" for name in names)


def _is_shown(name: str) -> bool:
    """Leave out folders, and what operating systems put in beside the files."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_beside = any(part.startswith((".", "__MACOSX", "~$")) for part in parts)
    return bool(parts) and not name.endswith("/") and not is_beside


def _shapefile(names: list[str], layer: str | None) -> dict[str, str] | None:
    """Return the parts of the chosen shapefile by suffix; ``None`` where there is none."""
    stems = [name[: -len(".shp")] for name in names if name.lower().endswith(".shp")]
    if not stems:
        return None
    wanted = [stem for stem in stems if layer is None or _is_called(stem, layer, (".shp",))]
    if len(wanted) != 1:
        shown = ", ".join(repr(PurePosixPath(stem).name) for stem in stems[:12])
        raise ValueError(f"which layer? say layer = … of {shown}")
    parts = {
        suffix: name
        for name in names
        for suffix in _SHAPES
        if name.lower() == (wanted[0] + suffix).lower()
    }
    if ".dbf" not in parts:
        raise ValueError(f"{PurePosixPath(wanted[0]).name}.dbf is missing in the zip")
    return parts


def _is_called(name: str, layer: str, suffixes: tuple[str, ...] = ()) -> bool:
    short = PurePosixPath(name).name
    lean = layer
    for suffix in suffixes:
        lean = lean.removesuffix(suffix)
    return any(fnmatchcase(one, two) for one in (name, short) for two in (layer, lean))


def _chosen(names: list[str], layer: str | None, shown: list[str]) -> str:
    wanted = [name for name in names if layer is None or _is_called(name, layer)]
    if len(wanted) == 1:
        return wanted[0]
    if not names:
        held = ", ".join(repr(name) for name in shown[:12]) or "nothing"
        raise ValueError(f"no table in the zip; it holds {held}")
    raise ValueError(f"which file? say layer = … of {', '.join(map(repr, names[:12]))}")


def _without_gz(name: str) -> str:
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name


def _inflated(body: bytes) -> bytes:
    """Unpack gzip, several members too.

    Raises:
        ValueError: if it is broken, cut off, or unpacks to too much.

    """
    pieces, total, rest = [], 0, body
    try:
        while rest:
            inflate = zlib.decompressobj(_WINDOW)
            pieces.append(inflate.decompress(rest, MAX_UNPACKED + 1 - total))
            total += len(pieces[-1])
            if total > MAX_UNPACKED:
                raise ValueError(f"the gzip file unpacks to more than {MAX_UNPACKED} bytes")
            if not inflate.eof:
                raise ValueError("the gzip file is cut off")
            rest = inflate.unused_data.lstrip(b"\0")
    except zlib.error as problem:
        raise ValueError(f"broken gzip: {problem}") from problem
    return b"".join(pieces)
