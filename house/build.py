"""The name of what is running: a screen that was drawn by another build loads itself again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DRAWN_BY = ("assets", "figures", "layouts", "texts", "push")  # rooms that decide what a page is


def name(*more: str, root: Path = ROOT, rooms: Iterable[str] = DRAWN_BY) -> str:
    """Return twelve characters that change when a page would: code, styles, texts, settings."""
    digest = hashlib.sha256()
    for room in rooms:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".mo"):
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    for item in more:
        digest.update(b"\0" + item.encode())
    return digest.hexdigest()[:12]
