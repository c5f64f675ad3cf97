"""Requests for service as columns, ordered by the instant they were opened."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.columns import NONE, Bools, Codings, Ints, newest

Idents = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


def identify(feeds: Any, cases: Any) -> Idents:
    """Return one number per (feed, case id), arrays of text of the same length.

    A 64-bit hash: among ten million cases the chance that two share one is 3 in a million.
    """
    codes, names = pd.factorize(np.asarray(feeds, dtype=object))
    of_feed = pd.util.hash_array(np.asarray(names, dtype=object), categorize=False)
    of_case = pd.util.hash_array(np.asarray(cases, dtype=object), categorize=False)
    return of_case ^ (of_feed[codes] * _MIX)


@dataclass(frozen=True, slots=True)
class Caseload:
    """Cases, ordered by opening. All arrays have the same length; instants in milliseconds.

    ``closed`` is ``NONE`` while open. ``is_vague``: the source says closed but not when; then
    ``closed`` is the latest instant it can have been. ``due`` is ``NONE`` where the source gives
    none.
    """

    ident: Idents
    opened: Ints
    closed: Ints
    due: Ints
    updated: Ints
    known: Ints
    service: Codings
    district: Codings
    feed: Codings
    is_vague: Bools

    @classmethod
    def empty(cls) -> Self:
        """Return a caseload without cases."""
        none, code = np.zeros(0, np.int64), np.zeros(0, np.int32)
        vague = np.zeros(0, np.bool_)
        return cls(none.astype(np.uint64), none, none, none, none, none, code, code, code, vague)

    def __len__(self) -> int:
        return len(self.opened)

    def take(self, rows: NDArray[np.intp] | Bools | slice) -> "Caseload":
        """Return some cases, in the order asked for."""
        return Caseload(*(getattr(self, item.name)[rows] for item in fields(self)))

    def tidied(self) -> "Caseload":
        """Return the newest version of every case, ordered by opening."""
        kept = self.take(newest(self.ident, self.known))
        return kept.take(np.argsort(kept.opened, kind="stable"))

    def joined(self, other: "Caseload") -> "Caseload":
        """Return both caseloads as one; of two versions the one known later stays.

        ``other`` may be small: then only its own cases are looked up.
        """
        if not len(other) or not len(self):
            return self if len(self) else other
        ordered = np.sort(other.ident)
        place = np.minimum(np.searchsorted(ordered, self.ident), len(ordered) - 1)
        shared = ordered[place] == self.ident
        both = _concatenated(self.take(shared), other)
        fresh = both.take(newest(both.ident, both.known))
        every = _concatenated(self.take(~shared), fresh)
        return every.take(np.argsort(every.opened, kind="stable"))

    def until(self, at: int) -> "Caseload":
        """Return the cases opened not after ``at``, as they stood then.

        A case that closed later was still open; views, except for ``closed``.
        """
        part = self.take(slice(0, int(np.searchsorted(self.opened, at, side="right"))))
        closed = np.where(part.closed > at, NONE, part.closed)
        values = {item.name: getattr(part, item.name) for item in fields(part)}
        return Caseload(**{**values, "closed": closed})

    def since(self, at: int) -> "Caseload":
        """Return the cases that were open at ``at`` or later."""
        return self.take((self.closed == NONE) | (self.closed >= at))


def _concatenated(one: Caseload, other: Caseload) -> Caseload:
    return Caseload(
        *(
            np.concatenate((getattr(one, item.name), getattr(other, item.name)))
            for item in fields(one)
        )
    )
