"""The four class limits of a map: round numbers that hold still through the day.

A map whose classes moved with every tick could not be read. So, in this order:

1. the pack's own: ``limits = "20,30,45,65"`` under ``[[indicators]]``;
2. the indicator's normal range and thresholds, where the catalogue gives both;
3. multiples of what is usual, averaged over the last 24 hours and rounded to one or two digits. The
   average hardly moves from hour to hour, and rounding steps over what movement is left;
4. on the first day, the same multiples of the middle district.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, median

from model import Indicator, Reading, Snapshot

Limits = tuple[float, ...]

_MULTIPLES = (0.85, 1.3, 1.9, 2.8)  # of what is usual: below, around, above, far, farther
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 4.5, 5.0, 6.0, 6.5, 8.0, 10.0)
_WANTED = 4


def limits(indicator: Indicator, snapshot: Snapshot) -> Limits:
    """Return four rising class limits; none where nothing is known to draw them from."""
    given = _given(indicator)
    if given:
        return given
    by_district = snapshot.by_district(indicator.id)
    scale = _scale(indicator, snapshot, list(by_district.values()))
    return spread(scale * step for step in _MULTIPLES) if scale else ()


def classify(value: float, bounds: Limits) -> int:
    """Return the class of a value, 1 to 5; a value at a limit belongs to the upper class.

    >>> classify(20, (20, 30, 45, 65)), classify(19.9, (20, 30, 45, 65))
    (2, 1)

    """
    return 1 + sum(value >= bound for bound in bounds)


def nice(value: float) -> float:
    """Return the nearest round number above 0.

    >>> nice(23.4), nice(0.0117)
    (25.0, 0.012)

    """
    power = 10.0 ** math.floor(math.log10(value))
    digit = min(_NICE, key=lambda step: abs(step - value / power))
    return round(digit * power, 12)


def spread(values: Iterable[float]) -> Limits:
    """Return round limits, each above the one before."""
    bounds: list[float] = []
    for value in values:
        bound = nice(value)
        if bounds and bound <= bounds[-1]:
            bound = round(bounds[-1] * 1.25, 12)
        bounds.append(bound)
    return tuple(bounds)


def _given(indicator: Indicator) -> Limits:
    """Return the limits of the pack or the catalogue; none where they are not four rising ones."""
    text = indicator.option("limits", "")
    parts = [part for part in text.replace(";", ",").split(",") if part.strip()]
    if len(parts) == _WANTED:
        bounds = tuple(float(part) for part in parts)
        if list(bounds) == sorted(set(bounds)):
            return bounds
    normal, warn, crit = indicator.normal, indicator.threshold.warn, indicator.threshold.crit
    is_plain = indicator.threshold.kind == "value"
    if is_plain and normal and warn is not None and crit is not None:
        bounds = tuple(sorted({*normal, warn, crit}))
        return bounds if len(bounds) == _WANTED else ()
    return ()


def _scale(indicator: Indicator, snapshot: Snapshot, readings: Sequence[Reading]) -> float | None:
    """Return the middle of the map's values on a usual day, above 0."""
    now = _middle([r.usual.centre for r in readings if r.usual]) or _middle(
        [r.value for r in readings if r.value is not None]
    )
    trend, city = snapshot.trend(indicator.id), snapshot.reading(indicator.id)
    if now is None or trend is None or city is None:
        return now
    day = [
        (low + high) / 2
        for low, high in zip(trend.low, trend.high, strict=False)
        if low is not None and high is not None
    ]
    if not day or fmean(day) <= 0:
        return now
    if city.den is not None:  # a rate: the city's and a district's are on one scale
        return fmean(day)
    centre = city.usual.centre if city.usual else city.value
    return now * fmean(day) / centre if centre and centre > 0 else now


def _middle(values: Sequence[float]) -> float | None:
    middle = median(values) if values else 0.0
    if middle <= 0 and values:
        middle = fmean(values)
    return middle if middle > 0 else None
