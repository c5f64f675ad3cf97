"""Measured values of one quantity, ordered by time, that grow without being copied."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from metrics.columns import Bools, Codings, Floats, Ints, newest

SITE_BITS = 21  # two million sites; leaves 42 bits for milliseconds: until the year 2109
SITE_MASK = (1 << SITE_BITS) - 1
FARTHEST = (1 << 42) - 1
_SMALLEST_MERGE = 10_000
_MERGE_SHARE = 32


@dataclass(frozen=True, slots=True)
class Rows:
    """A slice of values, ordered by time then site. All arrays have the same length.

    ``value`` is NaN where the source reported that it had none. ``quality`` is the rank of
    ``model.Quality``; ``district`` is ``UNPLACED`` (-1) outside every district.
    """

    at: Ints
    site: Ints
    value: Floats
    district: Codings
    quality: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.at)

    def where(self, mask: Bools | Ints) -> "Rows":
        """Return the rows for which ``mask`` holds, or those at the given places."""
        return Rows(
            self.at[mask],
            self.site[mask],
            self.value[mask],
            self.district[mask],
            self.quality[mask],
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Values with unique keys in ascending order; a key is instant and site in one number."""

    key: Ints
    value: Floats
    district: Codings
    quality: NDArray[np.int8]
    known: Ints

    @classmethod
    def empty(cls) -> Self:
        """Return a block without rows."""
        none = np.zeros(0, np.int64)
        return cls(none, none.astype(np.float64), none.astype(np.int32), none.astype(np.int8), none)

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: NDArray[np.intp] | Bools | slice) -> "Block":
        """Return some rows, in the order asked for."""
        return Block(
            self.key[rows],
            self.value[rows],
            self.district[rows],
            self.quality[rows],
            self.known[rows],
        )

    def joined(self, other: "Block") -> "Block":
        """Return both blocks as one; of equal keys the version known later stays."""
        both = Block(
            np.concatenate((self.key, other.key)),
            np.concatenate((self.value, other.value)),
            np.concatenate((self.district, other.district)),
            np.concatenate((self.quality, other.quality)),
            np.concatenate((self.known, other.known)),
        )
        return both.take(newest(both.key, both.known))

    def bounds(self, start: int, end: int) -> tuple[int, int]:
        """Return first and past-last row observed after ``start`` and not after ``end``."""
        low, high = np.searchsorted(self.key, [_edge(start), _edge(end)], side="left")
        return int(low), int(high)

    def rows(self) -> Rows:
        """Return the block as rows."""
        return Rows(
            self.key >> SITE_BITS,
            self.key & SITE_MASK,
            self.value,
            self.district,
            self.quality,
        )


@dataclass(frozen=True, slots=True)
class Track:
    """A large sorted base, a small sorted tail, and the rows of the base that the tail replaces.

    ``changes`` counts replaced rows over the whole life, so that a cache can tell.
    """

    base: Block
    tail: Block
    gone: Ints
    changes: int = 0

    @classmethod
    def of(cls, block: Block) -> Self:
        """Return a track over one block whose keys are unique and ascending."""
        return cls(block, Block.empty(), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.base) + len(self.tail) - len(self.gone)

    def extended(self, fresh: Block) -> "Track":
        """Return the track with more rows; the base is copied only once in a while."""
        place = np.minimum(np.searchsorted(self.base.key, fresh.key), max(0, len(self.base) - 1))
        hit = np.zeros(len(fresh), np.bool_)
        if len(self.base):
            hit = self.base.key[place] == fresh.key
            older = hit & (self.base.known[place] > fresh.known)
            fresh, place, hit = fresh.take(~older), place[~older], hit[~older]
        gone = np.union1d(self.gone, place[hit])
        tail = self.tail.joined(fresh)
        replaced = len(self.tail) + len(fresh) - len(tail) + len(gone) - len(self.gone)
        track = Track(self.base, tail, gone, self.changes + replaced)
        is_large = len(tail) > max(_SMALLEST_MERGE, len(self.base) // _MERGE_SHARE)
        return track.merged() if is_large else track

    def merged(self) -> "Track":
        """Return the same rows in one block."""
        if not len(self.tail):
            return self
        kept = self.base.take(self._kept(0, len(self.base))) if len(self.gone) else self.base
        return Track(kept.joined(self.tail), Block.empty(), np.zeros(0, np.int64), self.changes)

    def between(self, start: int, end: int) -> Rows:
        """Return the rows observed after ``start`` and not after ``end`` (milliseconds)."""
        low, high = self.base.bounds(start, end)
        part = self.base.take(slice(low, high))
        if len(self.gone):
            part = part.take(self._kept(low, high))
        first, last = self.tail.bounds(start, end)
        if first == last:
            return part.rows()
        return part.joined(self.tail.take(slice(first, last))).rows()

    def count(self, start: int, end: int) -> int:
        """Return how many rows :meth:`between` would give, without building them."""
        low, high = self.base.bounds(start, end)
        first, last = self.tail.bounds(start, end)
        gone = np.searchsorted(self.gone, [low, high])
        return int(high - low + last - first - (gone[1] - gone[0]))

    def since(self, start: int) -> "Track":
        """Return the rows observed at or after ``start``, and the newest of every site."""
        block = self.merged().base
        low, _ = block.bounds(start - 1, start)
        old = block.take(slice(0, low))
        site = old.key & SITE_MASK
        size = int(site.max(initial=-1)) + 1
        last = np.full(size, -1, np.int64)
        last[site] = np.arange(len(old))  # ascending, so the newest row of a site stays
        later = np.unique(block.key[low:] & SITE_MASK)
        last[later[later < size]] = -1
        kept = np.append(np.sort(last[last >= 0]), np.arange(low, len(block)))
        return Track(block.take(kept), Block.empty(), np.zeros(0, np.int64), self.changes + 1)

    def passing(self, span: int) -> "Track":
        """Return only the rows of the last ``span`` milliseconds before the newest one."""
        block = self.merged().base
        low, _ = block.bounds(int(block.key[-1] >> SITE_BITS) - span, 0) if len(block) else (0, 0)
        return Track(
            block.take(slice(low, None)), Block.empty(), np.zeros(0, np.int64), self.changes + 1
        )

    def recoded(self, codes: Ints) -> "Track":
        """Return the same rows under other site codes, given by the old code, in the same order."""
        block = self.merged().base
        key = (block.key & ~np.int64(SITE_MASK)) | codes[block.key & SITE_MASK]
        base = Block(key, block.value, block.district, block.quality, block.known)
        return Track(base, Block.empty(), np.zeros(0, np.int64), self.changes + 1)

    def _kept(self, low: int, high: int) -> Bools:
        kept = np.ones(high - low, np.bool_)
        first, last = np.searchsorted(self.gone, [low, high])
        kept[self.gone[first:last] - low] = False
        return kept


def _edge(at: int) -> int:
    """Return the smallest key that is observed after ``at``."""
    return max(-FARTHEST, min(at + 1, FARTHEST)) << SITE_BITS
