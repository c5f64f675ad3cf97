"""Sequences that are made piece by piece, while somebody looks."""

from collections.abc import Iterator, Sequence
from typing import Any, overload


class Lazy(Sequence[Any]):
    """A sequence made piece by piece."""

    def _made(self, start: int, stop: int) -> list[Any]:
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return self._made(start, stop)
        (one,) = self._made(at, at + 1)
        return one

    def __iter__(self) -> Iterator[Any]:
        return (self[n] for n in range(len(self)))
