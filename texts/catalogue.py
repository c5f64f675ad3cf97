"""The message catalogues: gettext ``.po`` files, merged per locale."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

Text = TypeVar("Text", str, tuple[str, ...])

LOCALES = ("en", "fr")
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Messages:
    """One locale: sentences, and sentences that depend on a number (singular, plural)."""

    plain: Mapping[str, str]
    plural: Mapping[str, tuple[str, ...]]


class CatalogueError(Exception):
    """A catalogue cannot be read: the file, and what is wrong."""


@cache
def load(locale: str) -> Messages:
    """Read the catalogues of a locale.

    Raises:
        CatalogueError: if a file is malformed or two files translate a message differently.

    """
    plain: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for path in sorted((_HERE / locale).glob("*.po")):
        for message in _read(path, locale):
            key, text = message.id, message.string
            if isinstance(key, tuple | list) and isinstance(text, tuple | list) and all(text):
                _add(plural, key[0], tuple(text), path)
            elif isinstance(key, str) and isinstance(text, str) and key and text:
                _add(plain, key, text, path)
    return Messages(plain=plain, plural=plural)


def _read(path: Path, locale: str) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=locale, abort_invalid=True)
    except (PoFileError, ValueError, OSError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def _add(into: dict[str, Text], key: str, text: Text, path: Path) -> None:
    if into.setdefault(key, text) != text:
        raise CatalogueError(f"{path}: {key!r} is translated twice, and differently")
