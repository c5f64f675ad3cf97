"""The tables of a GTFS zip, as text: wherever in the zip they stand, within caps.

Quirks: a byte order mark, CRLF, blanks around names, a folder around the tables, a zip inside the
zip, macOS leftovers, rows that are too short (padded) or too long (cut), latin-1 among UTF-8.
"""

import codecs
import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

_MAX_TABLE = 1_500_000_000
_MAX_NESTED = 200_000_000
_MAX_RATIO = 200
_SMALL = 1_000_000  # too small to harm, whatever the ratio
_MAX_MEMBERS = 10_000
_CHUNK = 500_000
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, OverflowError)
_TABLES = frozenset(
    {"agency", "calendar", "calendar_dates", "feed_info", "frequencies", "routes", "stop_times",
     "stops", "trips"}
)  # fmt: skip


def _as_latin_1(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return problem.object[problem.start : problem.end].decode("latin-1"), problem.end


codecs.register_error("bartizan-latin-1", _as_latin_1)


@dataclass(frozen=True, slots=True)
class Archive:
    """An open zip and where its tables are in it."""

    file: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]

    @classmethod
    def of(cls, body: bytes, inside: str = "") -> "Archive":
        """Open the bytes of a zip.

        Args:
            body: the zip.
            inside: which zip inside it is meant, where it holds several.

        Raises:
            ValueError: if it is no zip, holds no timetable, or more than one.

        """
        opened = _opened(body)
        members = _tables(opened)
        if "stop_times" in members:
            return cls(opened, members)
        nested = _nested(opened, inside)
        with _told(nested.filename):
            inner = _opened(opened.read(_checked(nested, _MAX_NESTED)))
        members = _tables(inner)
        if "stop_times" not in members:
            raise ValueError(f"{nested.filename} in the zip holds no stop_times.txt")
        return cls(inner, members)

    def table(self, name: str, columns: Iterable[str], need: Iterable[str] = ()) -> pd.DataFrame:
        """Return the wanted columns of a table as stripped text; what is missing is blank.

        Raises:
            ValueError: if a column of ``need`` is missing, or the table cannot be read.

        """
        frame = pd.concat(list(self.chunks(name, columns, need)), ignore_index=True)
        return pd.DataFrame({name: frame[name].str.strip() for name in frame.columns})

    def chunks(
        self, name: str, columns: Iterable[str], need: Iterable[str] = ()
    ) -> Iterator[pd.DataFrame]:
        """Yield a table in pieces, as it is written, so that a large one is never held as text.

        Raises:
            ValueError: as :meth:`table`.

        """
        wanted, required = tuple(columns), tuple(need)
        info = self.members.get(name)
        if info is None or not info.file_size:
            if required:
                raise ValueError(f"the zip holds no {name}.txt, or an empty one")
            yield pd.DataFrame({column: [] for column in wanted}, dtype=str)
            return
        with _told(info.filename), self.file.open(_checked(info, _MAX_TABLE)) as stream:
            text = io.TextIOWrapper(stream, "utf-8-sig", "bartizan-latin-1", newline="")
            reader = pd.read_csv(
                text,
                usecols=lambda column: column.strip().lower() in wanted,
                dtype=str,
                na_filter=False,
                skipinitialspace=True,
                chunksize=_CHUNK,
                index_col=False,
            )
            with reader:
                for piece in reader:
                    yield _named(piece, wanted, required, name)


def _named(
    piece: pd.DataFrame, wanted: tuple[str, ...], need: tuple[str, ...], name: str
) -> pd.DataFrame:
    piece.columns = pd.Index([str(column).strip().lower() for column in piece.columns])
    missing = [column for column in need if column not in piece.columns]
    if missing:
        raise ValueError(f"{name}.txt has no column {missing[0]!r}")
    piece = piece.loc[:, ~piece.columns.duplicated()]
    blank = pd.Series("", index=piece.index, dtype=str)
    return pd.DataFrame({column: piece.get(column, blank).fillna("") for column in wanted})


def _opened(body: bytes) -> zipfile.ZipFile:
    with _told("the body"):
        opened = zipfile.ZipFile(io.BytesIO(body))
    if len(opened.infolist()) > _MAX_MEMBERS:
        raise ValueError(f"more than {_MAX_MEMBERS} files in the zip")
    return opened


def _tables(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the tables of the folder that holds most of them."""
    folders: dict[str, dict[str, zipfile.ZipInfo]] = defaultdict(dict)
    for info in opened.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        name = path.stem.lower()
        if path.suffix.lower() == ".txt" and name in _TABLES and "__MACOSX" not in path.parts:
            folders[str(path.parent)][name] = info
    return max(folders.values(), key=len, default={})


def _nested(opened: zipfile.ZipFile, inside: str) -> zipfile.ZipInfo:
    found = [
        info
        for info in opened.infolist()
        if info.filename.lower().endswith(".zip") and "__MACOSX" not in info.filename
    ]
    if inside:
        found = [info for info in found if PurePosixPath(info.filename).name == inside]
        if not found:
            raise ValueError(f"no {inside!r} in the zip")
    if not found:
        raise ValueError("the zip holds no stop_times.txt: it is no GTFS timetable")
    if len(found) > 1:
        names = ", ".join(PurePosixPath(info.filename).name for info in found[:5])
        raise ValueError(
            f"the zip holds several zips ({names}): write '#{names.split(',')[0]}' after its"
            " address to choose one"
        )
    return found[0]


def _checked(info: zipfile.ZipInfo, most: int) -> zipfile.ZipInfo:
    """Return a member that is not too large; zipfile never unpacks more than it declares."""
    if info.file_size > most:
        raise ValueError(f"{info.filename} is larger than {most} bytes")
    if info.file_size > max(_SMALL, _MAX_RATIO * info.compress_size):
        raise ValueError(f"{info.filename} unpacks to more than {_MAX_RATIO} times its size")
    return info


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except (*_BROKEN, NotImplementedError) as problem:
        said = str(problem) or type(problem).__name__
        raise ValueError(f"{name}: {said}"[:300]) from problem
