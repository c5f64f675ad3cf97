"""Readings of one instant as a fair comparison of districts, and the limits that follow from it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from metrics.funnel import Count, Funnel, Place, discovered, funnel, verdict_of
from metrics.levels import Limits, limits
from metrics.rates import count_limits, count_z, enough, two_sided
from model import CITY, Indicator, Quality, Reading

KINDS = {"proportion": "proportion", "rate": "rate", "expected": "rate"}
"""Statistics behind which a count stands, and the funnel that fits."""

WARN, CRIT = 0.95, 0.998
_BELIEVED = frozenset({Quality.GOOD, Quality.UNCERTAIN, Quality.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The districts of one indicator. ``scale`` is its unit per num ÷ den, such as 100 for percent.

    Values of the funnel are events ÷ n; where each district has an expectation of its own
    (``statistic`` expected) n is the number of events expected there. ``funnel`` is
    ``None`` where nothing can be compared, and ``reason`` says why. ``hidden`` are the districts
    whose figures may not be shown.
    """

    indicator: str
    funnel: Funnel | None
    scale: float = 1.0
    hidden: tuple[str, ...] = ()
    reason: str | None = None


def compare(indicator: Indicator, readings: Iterable[Reading]) -> Comparison:
    """Return how the districts stand, by the readings of one indicator at one instant."""
    mine = [reading for reading in readings if reading.indicator == indicator.id]
    kind = KINDS.get(indicator.statistic)
    hidden = tuple(r.district for r in mine if r.suppressed and r.district != CITY)
    if kind is None:
        reason = "no count of cases stands behind this number, so chance cannot be told apart"
        return Comparison(indicator=indicator.id, funnel=None, hidden=hidden, reason=reason)
    own = indicator.statistic == "expected"
    scale = per_event(mine)
    counts = [
        _count(reading, scale if own else None) for reading in mine if reading.district != CITY
    ]
    known = [c for c in counts if c is not None and (kind == "rate" or c.events <= c.n)]
    found = funnel(known, kind, centre=1.0 if own else None)
    if found is None:
        reason = "nothing was counted by district"
        return Comparison(indicator=indicator.id, funnel=None, hidden=hidden, reason=reason)
    return Comparison(indicator=indicator.id, funnel=found, scale=scale, hidden=hidden)


def compare_all(
    indicators: Iterable[Indicator], readings: Sequence[Reading]
) -> dict[str, Comparison]:
    """Return the comparisons of all indicators, false discoveries held over all of them."""
    by_name: dict[str, list[Reading]] = {}
    for reading in readings:
        by_name.setdefault(reading.indicator, []).append(reading)
    found = {one.id: compare(one, by_name.get(one.id, ())) for one in indicators}
    funnels = discovered({n: c.funnel for n, c in found.items() if c.funnel is not None})
    return {name: replace(one, funnel=funnels.get(name)) for name, one in found.items()}


def limits_of(
    indicator: Indicator,
    reading: Reading,
    comparison: Comparison | None = None,
    *,
    elapsed: float = 1.0,
) -> Limits | None:
    """Return the limits of a reading of any kind of threshold.

    ``comparison`` is asked by thresholds of kind ``funnel``; the city as a whole has limits of that
    kind only where a number of events is expected of it.
    """
    if indicator.threshold.kind != "funnel":
        return limits(indicator, reading, elapsed=elapsed)
    if indicator.statistic == "expected":
        place = expected_place(reading, comparison.scale if comparison else per_event([reading]))
        ratio = reading.usual.centre if reading.usual else 1.0
        return limits(indicator, reading, place=place, scale=ratio)
    if comparison is None or comparison.funnel is None:
        return None
    place = comparison.funnel.place(reading.district)
    if place is not None and enough("rate", max(place.events, place.expected * place.n)) != "judge":
        return None
    return limits(indicator, reading, place=place, scale=comparison.scale)


@dataclass(frozen=True, slots=True)
class Limiter:
    """Answers which limits hold for a reading among the others of its instant."""

    comparisons: Mapping[str, Comparison]

    def __call__(self, indicator: Indicator, reading: Reading) -> Limits | None:
        """Return the limits, or ``None`` where they cannot be known."""
        return limits_of(indicator, reading, self.comparisons.get(indicator.id))


def expected_place(reading: Reading, scale: float) -> Place | None:
    """Return where a number of events stands among what its own past leads to expect.

    The reading's usual value gives centre and spread of the next count, both in its unit; what
    they say beyond Poisson's scatter makes the limits negative binomial. ``None`` where nothing is
    expected, or too little to judge.
    """
    if reading.usual is None or reading.num is None or not reading.den:
        return None
    per = scale / reading.den
    mean, variance = reading.usual.centre / per, (reading.usual.spread / per) ** 2
    if mean <= 0 or enough("rate", max(reading.num, mean)) != "judge":
        return None
    size = mean * mean / (variance - mean) if variance > mean * (1 + 1e-9) else math.inf
    (low, high), (far_low, far_high) = (count_limits(mean, c, size=size) for c in (WARN, CRIT))
    z = count_z(reading.num, mean, size=size)
    return Place(
        district=reading.district,
        events=reading.num,
        n=mean,
        value=reading.num / mean,
        expected=1.0,
        low=low / mean,
        high=high / mean,
        far_low=far_low / mean,
        far_high=far_high / mean,
        z=z,
        p=two_sided(z),
        verdict=verdict_of(reading.num, (low, high), (far_low, far_high)),
    )


def per_event(readings: Iterable[Reading]) -> float:
    """Return the indicator's unit per event ÷ n, such as 100 for percent, from the readings."""
    for reading in readings:
        if reading.value and reading.num and reading.den:
            return reading.value * reading.den / reading.num
    return 1.0


def _count(reading: Reading, own_scale: float | None) -> Count | None:
    """Return the count of a district; with a scale, against what is usual in that district."""
    if reading.num is None or reading.den is None or reading.quality not in _BELIEVED:
        return None
    if own_scale is None:
        return Count(reading.district, reading.num, reading.den)
    if reading.usual is None or reading.den <= 0:
        return None
    expected = reading.usual.centre * reading.den / own_scale
    return Count(reading.district, reading.num, expected)
