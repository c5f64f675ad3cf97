"""A city pack, ready for use."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from geodata import Districts
from model import (
    CalendarEntry,
    City,
    Department,
    Feed,
    Indicator,
    Rule,
    SceneChoice,
    Service,
)

CITY_FILE = "city.toml"


@dataclass(frozen=True, eq=False, kw_only=True)
class Pack:
    """All that one city says about itself, checked.

    ``indicators`` are those of the catalogue that are on here, with the city's own settings, in
    the order of the pack. ``hash`` is the SHA-256 over every file of the folder.
    """

    city: City
    districts: Districts
    feeds: tuple[Feed, ...]
    indicators: tuple[Indicator, ...]
    services: tuple[Service, ...]
    rules: tuple[Rule, ...]
    scenes: tuple[SceneChoice, ...]
    departments: tuple[Department, ...]
    calendar: tuple[CalendarEntry, ...]
    folder: Path
    hash: str


def pack_files(folder: Path) -> dict[str, bytes]:
    """Return every file of a pack by its path in it, in order; hidden files are left out."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and "__pycache__" not in path.parts
    }
    return {name: found[name].read_bytes() for name in sorted(found)}


def pack_hash(files: dict[str, bytes]) -> str:
    """Return the SHA-256 over names and contents, each with its length before it."""
    digest = hashlib.sha256()
    for name, content in files.items():
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()
