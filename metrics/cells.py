"""From sums by district to readings: one place for what makes a value doubtful."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from metrics.columns import NONE, Floats, Ints, moment
from metrics.scope import Question
from model import CITY, Indicator, Quality, Reading

FULL_COVERAGE = 0.9  # control-room §1.10: below it a reading is uncertain
HALF_COVERAGE = 0.5  # below it bad

UNKNOWN = -1  # a number of facts that nobody can tell

_QUALITIES = tuple(Quality)


@dataclass
class Cells:
    """One figure per district and, last, for the city; arrays of length districts + 1.

    The value is ``scale * num / den + shift``, unknown where ``num`` is NaN or ``den`` is NaN or 0.
    ``rank`` is the quality so far, ``notes`` say why, ``because`` why there is no value.
    """

    num: Floats
    den: Floats
    n: Ints
    observed: Ints
    scale: float = 1.0
    shift: float = 0.0  # -100 makes a change in percent of a ratio in percent
    coverage: Floats | None = None
    rank: NDArray[np.int8] | None = None
    notes: dict[int, list[str]] = field(default_factory=dict)
    because: str | Sequence[str] = "no data"
    sites: Sequence[str | None] | None = None
    feeds: Sequence[tuple[str, ...]] | tuple[str, ...] = ()
    has_ratio: bool = True  # False: a plain count or index without a denominator
    is_level: bool = False  # the ratio is an energy, the value its level in decibels

    def __post_init__(self) -> None:
        """Start from the best quality."""
        if self.rank is None:
            self.rank = np.zeros(len(self.num), np.int8)

    def doubt(
        self, mask: NDArray[np.bool_], note: str | None = None, *, to: Quality = Quality.UNCERTAIN
    ) -> None:
        """Lower the quality where ``mask`` holds, and say why."""
        assert self.rank is not None  # noqa: S101 - set by __post_init__, for the type checker
        self.rank[mask] = np.maximum(self.rank[mask], to.rank)
        if note:
            self.note(mask, note)

    def note(self, mask: NDArray[np.bool_], note: str) -> None:
        """Say something about some cells without lowering their quality."""
        for place in np.flatnonzero(mask).tolist():
            self.notes.setdefault(place, []).append(note)

    def values(self) -> Floats:
        """Return the values; NaN is unknown."""
        if not self.has_ratio:
            return self.scale * self.num + self.shift
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.scale * self.num / self.den + self.shift
            if self.is_level:
                ratio = 10.0 * np.log10(ratio)
        return np.where(np.isfinite(ratio), ratio, np.nan)


def readings(question: Question, cells: Cells) -> list[Reading]:
    """Return one reading per district and one for the city.

    Too few cases (``min_n``) and missing sites make a reading uncertain; under half of the sites
    make it bad.
    """
    indicator, at, scope = question.indicator, question.at, question.scope
    values = cells.values()
    if cells.coverage is not None:  # no site: a sum over nothing is not a zero
        cells.num, cells.den = (np.where(cells.n > 0, x, np.nan) for x in (cells.num, cells.den))
    known = np.isfinite(values)
    _judge(indicator, cells, known)
    assert cells.rank is not None  # noqa: S101 - set by __post_init__, for the type checker
    ids = [*(district.id for district in scope.districts), CITY]
    value, num, den = _plain(values), _plain(cells.num), _plain(cells.den)
    cover = _plain(cells.coverage) if cells.coverage is not None else [None] * len(ids)
    rank = cells.rank.tolist()
    n = [None if count == UNKNOWN else count for count in cells.n.tolist()]
    instants = {ms: moment(ms) for ms in set(cells.observed.tolist())}
    observed = [instants[ms] for ms in cells.observed.tolist()]
    is_shared = not cells.feeds or isinstance(cells.feeds[0], str)
    return [
        Reading(
            indicator=indicator.id,
            district=name,
            at=at,
            value=value[i],
            num=num[i],
            den=den[i],
            n=n[i],
            quality=_QUALITIES[rank[i]] if value[i] is not None else Quality.NODATA,
            observed_at=observed[i],
            coverage=cover[i],
            reason=_reason(cells, i, is_known=value[i] is not None),
            site=cells.sites[i] if cells.sites is not None else None,
            feeds=cells.feeds if is_shared else cells.feeds[i],  # type: ignore[arg-type] # narrowed by is_shared
        )
        for i, name in enumerate(ids)
    ]


def nothing(question: Question, reason: str) -> list[Reading]:
    """Return readings without a value, and why."""
    size = question.scope.size + 1
    none = np.full(size, np.nan)
    unknown = np.full(size, UNKNOWN, np.int64)
    cells = Cells(none, none, unknown, np.full(size, NONE, np.int64), because=reason)
    return readings(question, cells)


def _judge(indicator: Indicator, cells: Cells, known: NDArray[np.bool_]) -> None:
    few = known & (cells.n < indicator.min_n)
    cells.doubt(few)
    for place in np.flatnonzero(few).tolist():
        note = f"n too small ({int(cells.n[place])} of {indicator.min_n})"
        cells.notes.setdefault(place, []).append(note)
    if cells.coverage is None:
        return
    with np.errstate(invalid="ignore"):
        some = known & (cells.coverage < FULL_COVERAGE)
        bad = known & (cells.coverage < HALF_COVERAGE)
    cells.doubt(some & ~bad)
    cells.doubt(bad, to=Quality.BAD)
    for place in np.flatnonzero(some).tolist():
        note = f"{cells.coverage[place]:.0%} of the expected reports are there"
        cells.notes.setdefault(place, []).append(note)


def _reason(cells: Cells, place: int, *, is_known: bool) -> str | None:
    notes = list(cells.notes.get(place, ()))
    if not is_known:
        why = cells.because if isinstance(cells.because, str) else cells.because[place]
        notes.insert(0, why)
    return "; ".join(dict.fromkeys(notes)) or None


def _plain(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
