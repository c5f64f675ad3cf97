"""The physical lines of a text file, cut out of its bytes only when somebody looks."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from feeds.decode import text

_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 20


class Lines(Sequence[str]):
    """The lines of a text, with their ends. Costs eight bytes a line beside the text itself."""

    def __init__(self, body: bytes, charset: str | None = None) -> None:
        """Find the ends of lines: LF, CR LF or CR. What is no UTF-8 is turned into it."""
        self._body = utf8(body, charset)
        start = len(_BOM) if self._body.startswith(_BOM) else 0
        ends = _ends(self._body)
        self._bounds = np.concatenate(([start], ends)) if len(ends) else np.array([start])
        if self._bounds[-1] < len(self._body):
            self._bounds = np.append(self._bounds, len(self._body))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        return self.span(at, at + 1)

    def span(self, start: int, end: int) -> str:
        """Return the text of lines from ``start``, without ``end``."""
        return self._body[self._bounds[start] : self._bounds[end]].decode()

    def starting(self, at: int) -> Iterator[str]:
        """Yield the lines from one on."""
        for n in range(at, len(self)):
            yield self.span(n, n + 1)


class Spans(Sequence[str]):
    """Texts of records, each from a line to before another."""

    def __init__(self, lines: Lines, bounds: Sequence[tuple[int, int]]) -> None:
        """Keep where each record stands."""
        self._lines, self._bounds = lines, bounds

    def __len__(self) -> int:
        return len(self._bounds)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Spans(self._lines, self._bounds[at])
        return self._lines.span(*self._bounds[at])


def utf8(body: bytes, charset: str | None = None) -> bytes:
    """Return a text as UTF-8; as it is where it is UTF-8 already."""
    return body if _is_utf8(body) else text(body, charset).encode(errors="replace")


def _is_utf8(body: bytes) -> bool:
    """Look at a body piece by piece, each to the end of a letter."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    view, start = memoryview(body), 0
    while start < len(body):
        end = min(start + _PIECE, len(body))
        while end < len(body) and body[end] & 0xC0 == 0x80:  # noqa: PLR2004 - inside a letter
            end += 1
            if end - start > _PIECE + 4:
                return False
        try:
            str(view[start:end], "utf-8")
        except UnicodeDecodeError:
            return False
        start = end
    return True


def _ends(body: bytes) -> NDArray[np.int64]:
    """Return where each line ends: behind LF, CR LF, or a CR alone."""
    letters = np.frombuffer(body, dtype=np.uint8)
    feeds = np.flatnonzero(letters == 10)  # noqa: PLR2004 - LF
    returns = np.flatnonzero(letters == 13)  # noqa: PLR2004 - CR
    if len(returns):
        follows = np.minimum(returns + 1, len(letters) - 1)
        returns = returns[(letters[follows] != 10) | (returns + 1 == len(letters))]  # noqa: PLR2004 - LF
        feeds = np.sort(np.concatenate((feeds, returns)))
    return feeds + 1
