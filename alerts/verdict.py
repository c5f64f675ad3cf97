"""What back-tests say together: the load on the room, and what was found before or missed."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.backtest import Backtest, Occurrence

BUCKET = timedelta(minutes=10)
FLOOD = 10
"""Calls in ten minutes that no operator can work through (ANSI/ISA-18.2, IEC 62682)."""

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Calls per ten minutes over a span; ``mean`` is ``None`` over no time at all."""

    calls: int
    mean: float | None
    busiest: int
    busiest_at: datetime | None
    floods: int  # spans of ten minutes with ten calls or more


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How alerts that would have been raised meet those that were.

    ``delays`` are how much later (negative: earlier) the rule would have called than it did, one
    for each past occurrence that it found; ``missed`` past ones have none, ``extra`` would-be ones
    meet no past one.
    """

    delays: tuple[timedelta, ...]
    missed: int
    extra: int

    @property
    def median(self) -> timedelta | None:
        """The median delay; ``None`` where nothing was found."""
        ordered = sorted(self.delays)
        middle = len(ordered) // 2
        if not ordered:
            return None
        if len(ordered) % 2:
            return ordered[middle]
        return (ordered[middle - 1] + ordered[middle]) / 2


def load_of(results: Iterable[Backtest], *, start: datetime, end: datetime) -> Load:
    """Count the calls of several back-tests in steps of ten minutes from ``start``."""
    calls = sorted(at for some in results for at in some.calls if start <= at <= end)
    places = np.array([(at - start) // BUCKET for at in calls], np.int64)
    counts = np.bincount(places) if calls else np.zeros(0, np.int64)
    busiest = int(counts.argmax()) if calls else 0
    length = end - start
    return Load(
        calls=len(calls),
        mean=len(calls) * (BUCKET / length) if length else None,
        busiest=int(counts.max()) if calls else 0,
        busiest_at=start + busiest * BUCKET if calls else None,
        floods=int((counts >= FLOOD).sum()),
    )


def detection(found: Sequence[Occurrence], past: Sequence[Span]) -> Detection:
    """Compare with what happened in one scope: (called at, cleared at or ``None``) of the past.

    An occurrence meets a past one where their spans touch; of several the first counts.
    """
    ordered = sorted(found, key=lambda some: some.raised_at)
    delays, met = [], set()
    for since, until in past:
        last = len(ordered)
        if until is not None:
            last = bisect_right(ordered, until, key=lambda some: some.raised_at)
        touching = [
            place
            for place, some in enumerate(ordered[:last])
            if some.cleared_at is None or some.cleared_at >= since
        ]
        met.update(touching)
        if touching:
            delays.append(ordered[touching[0]].called_at - since)
    return Detection(
        delays=tuple(delays), missed=len(past) - len(delays), extra=len(ordered) - len(met)
    )
