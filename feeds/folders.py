"""Files of a folder: which ones match, and their bytes, never more than the cap."""

import re
from collections.abc import Iterator
from pathlib import Path

from feeds.errors import FeedError

MAX_FILE = 200_000_000  # bytes; beside the facts a file costs about as much memory again
_WILD = re.compile(r"[*?\[]")
_TEMPORARY = (".part", ".tmp", ".temp", ".partial", ".filepart", ".crdownload", ".download",
              ".swp", ".lock", ".lck", "~")  # fmt: skip
_HIDDEN = (".", "~$", "$")
_LITTER = frozenset({"thumbs.db", "desktop.ini"})


def matching(pattern: str, match: str = "*") -> list[Path]:
    """Return the files that an absolute pattern names, always in the same order.

    Of a folder they are those that match, temporary ones left out.

    A link that leads out of the folder before the first wildcard is not followed.
    """
    whole = Path(pattern)
    parts = whole.parts
    wild = next((n for n, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if whole.is_dir():
        return list(arrived(whole, match))
    if wild == len(parts):
        return [whole] if whole.is_file() else []
    head = Path(*parts[:wild])
    root = head.resolve()
    found = head.glob("/".join(parts[wild:]))
    return sorted(path for path in found if path.is_file() and path.resolve().is_relative_to(root))


def is_temporary(name: str) -> bool:
    """Whether a name is that of a hidden file, or of one that somebody is still writing."""
    lower = name.lower()
    return lower.startswith(_HIDDEN) or lower.endswith(_TEMPORARY) or lower in _LITTER


def arrived(folder: Path, match: str) -> Iterator[Path]:
    """Yield the files of a folder itself that match; links and temporary files are left alone."""
    for path in sorted(folder.iterdir()):
        if path.match(match) and not is_temporary(path.name) and not path.is_symlink():  # noqa: SIM102 - a name costs less than a look
            if path.is_file():
                yield path


def body_of(path: Path, feed_id: str) -> bytes:
    """Return a file's bytes.

    Raises:
        FeedError: if it cannot be read, or is larger than ``MAX_FILE``.

    """
    try:
        if path.stat().st_size > MAX_FILE:
            said = (
                f"{path.name} is larger than {MAX_FILE // 1_000_000} MB: cut it, or write Parquet"
            )
            raise FeedError(feed_id, said, permanent=True)
        return path.read_bytes()
    except OSError as problem:
        raise FeedError(feed_id, f"{path.name}: {problem.strerror}", permanent=False) from problem
