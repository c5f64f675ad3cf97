"""Where a pack may look: in its own folder, and in the data roots that the operator gave."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_PLACE = re.compile(r"\{([a-z_]+)\}")
_DEFAULTS = {"house": "http://127.0.0.1:8050"}  # where sources reach us, unless told
_WILD = re.compile(r"[*?\[]")


class PlaceError(ValueError):
    """A path or URL that cannot be resolved, or that leads out of the allowed folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders that a pack may read, and what the placeholders of its URLs stand for."""

    folder: Path
    roots: tuple[Path, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    is_strict: bool = True

    @classmethod
    def of(
        cls,
        folder: Path,
        roots: Sequence[Path] = (),
        names: Mapping[str, str] | None = None,
        *,
        is_strict: bool = True,
    ) -> "Places":
        """Resolve links once, so that later comparisons are of real folders."""
        return cls(
            folder=folder.resolve(),
            roots=tuple(Path(root).resolve() for root in roots),
            names=_DEFAULTS | _beside(names or {}) | dict(names or {}),
            is_strict=is_strict,
        )

    def url(self, text: str) -> str:
        """Return a URL with its placeholders filled in.

        Raises:
            PlaceError: if a placeholder is not known (unless lenient, then it stays).

        """
        unknown = [name for name in _PLACE.findall(text) if name not in self.names]
        if unknown and self.is_strict:
            known = ", ".join(f"{{{name}}}" for name in sorted(self.names)) or "none"
            raise PlaceError(
                f"{{{unknown[0]}}} in {text!r} stands for nothing here; known: {known}"
            )
        return _PLACE.sub(lambda match: self.names.get(match[1], match[0]), text)

    def names_in(self, text: str) -> bool:
        """Whether a text holds a placeholder that is known here."""
        return any(name in self.names for name in _PLACE.findall(text))

    def pattern(self, text: str) -> str:
        """Return the absolute path of a file or glob pattern of the pack.

        ``{data}`` stands for the first root in which the path exists.

        Raises:
            PlaceError: if it lies, links followed, outside the pack and every root.

        """
        if "{data}" not in text:
            return self._allowed(self.folder / text, text)
        if not text.startswith("{data}/"):
            raise PlaceError(f"{text!r}: {{data}} stands at the beginning of a path")
        if not self.roots:
            raise PlaceError(f"{text!r} needs a data root: set BARTIZAN_DATA_ROOTS to its folder")
        tail = text.removeprefix("{data}/")
        for root in self.roots:
            if any(True for _ in _matches(root / tail)):
                return self._allowed(root / tail, text)
        looked = ", ".join(str(root) for root in self.roots)
        raise PlaceError(f"nothing at {text!r} in any data root; looked in {looked}")

    def file(self, text: str) -> Path:
        """Return the absolute path of one existing file.

        Raises:
            PlaceError: if there is no such file, or it lies outside.

        """
        path = Path(self.pattern(text))
        if not path.is_file():
            raise PlaceError(f"there is no file {text!r} in the pack")
        return path

    def _allowed(self, path: Path, text: str) -> str:
        """Return the path, its links followed, as text; a pattern keeps its wild part."""
        head, tail = _split(path)
        if ".." in tail:
            raise PlaceError(f"{text!r}: '..' may not follow a wildcard")
        whole = head.resolve().joinpath(*tail)
        for one in (head.resolve(), *(match.resolve() for match in _matches(whole))):
            if not any(one.is_relative_to(root) for root in (self.folder, *self.roots)):
                raise PlaceError(
                    f"{text!r} leads to {one}, outside the pack and the data roots; "
                    "put the file into the pack or its folder into BARTIZAN_DATA_ROOTS"
                )
        return str(whole)


def _beside(names: Mapping[str, str]) -> dict[str, str]:
    """The simulated city's broker listens on the port after its own."""
    demo = urlsplit(names.get("demo", ""))
    return {"demo_mqtt": f"mqtt://{demo.hostname}:{demo.port + 1}"} if demo.port else {}


def _split(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the plain beginning of a pattern and its parts from the first wildcard on."""
    parts = path.parts
    wild = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return Path(*parts[:wild]), parts[wild:]


def _matches(path: Path) -> Iterator[Path]:
    """Return the files that there are for a path or pattern."""
    head, tail = _split(path)
    if tail:
        yield from head.glob("/".join(tail))
    elif head.exists():
        yield head
