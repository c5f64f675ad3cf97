"""One indicator on a scale of 0 to 100 that is anchored to its own limits.

| value | score |
|---|---|
| floor = crit + (crit − warn) | 0 |
| critical limit | 25 |
| warning limit | 50 |
| target | 90 |
| stretch = target + (target − warn) ÷ 2 | 100 |

Straight between them. Because the anchors are the limits of the alarms, a score of 50 or less means
a warning and one of 25 or less a critical value, and the other way round. In a band everything
inside the normal range is 90 to 100. What cannot go further (no incident, 100 %) is 100.

Source: OECD/JRC, Handbook on Constructing Composite Indicators (2008), 5 (normalisation).
"""

import itertools
import math
from collections.abc import Sequence

from metrics.levels import Limits, level
from model import Indicator, Level

FLOOR, CRIT, WARN, TARGET, BEST = 0.0, 25.0, 50.0, 90.0, 100.0
MOST_RATIO = 1.25
_HAIR = 1e-6

Point = tuple[float, float]  # (badness, score), the worst first


def anchored(value: float, indicator: Indicator, limits: Limits) -> float | None:
    """Return the score of a value, 0–100; ``None`` where the limits anchor nothing."""
    if not math.isfinite(value) or not limits.is_set:
        return None
    has_low = limits.warn_low is not None or limits.crit_low is not None
    has_high = limits.warn_high is not None or limits.crit_high is not None
    if indicator.direction == "band" or (has_low and has_high):
        score = _banded(value, indicator, limits)
    elif has_high:
        goal = _target(indicator, limits, 1)
        score = along(_side(limits.warn_high, limits.crit_high, goal, _best(indicator, 1)), value)
    else:
        warn, crit = _minus(limits.warn_low), _minus(limits.crit_low)
        goal = _minus(_target(indicator, limits, -1))
        score = along(_side(warn, crit, goal, _best(indicator, -1)), -value)
    least = {None: WARN + _HAIR, Level.WARN: CRIT + _HAIR, Level.CRIT: FLOOR}
    return max(score, least[level(value, limits)])  # a hair's breadth from a limit is not at it


def along(points: Sequence[Point], badness: float) -> float:
    """Return the score on the line through the points, ordered from the worst to the best.

    Where two points share a place the worse one holds there, and the better one just beyond.
    """
    if badness >= points[0][0]:
        return points[0][1]
    for (worse, low), (better, high) in itertools.pairwise(points):
        if badness == better and better != worse:
            return high
        if badness > better:
            return low + (high - low) * (worse - badness) / (worse - better)
    return points[-1][1]


def shown(score: float | None) -> int | None:
    """Return the whole number to show: rounded down, so that no target is reached by rounding.

    >>> shown(89.96)
    89

    """
    return None if score is None else math.floor(score + 1e-9)


def attainment(value: float, indicator: Indicator, limits: Limits | None) -> float | None:
    """Return CityScore's ratio: value ÷ target, inverted where lower is better, 0–1.25.

    A band attains 1 inside its normal range. Without a target, or with one that a ratio does not
    fit (negative), there is none.

    Source: City of Boston, CityScoreToolkit.
    """
    if indicator.direction == "band":
        low, high = indicator.normal or (math.nan, math.nan)
        if low <= value <= high:
            return 1.0
        edge = low if value < low else high
        ratio = value / edge if value < low else edge / value
        return _ratio(ratio) if edge > 0 and value > 0 else None
    target = indicator.target
    if target is None and limits is not None:
        target = limits.centre
    if target is None or target < 0 or value < 0:
        return None
    if indicator.direction == "higher":
        return _ratio(value / target) if target > 0 else None
    if value == 0:
        return 1.0 if target == 0 else MOST_RATIO
    return _ratio(target / value)


def _ratio(ratio: float) -> float | None:
    return min(MOST_RATIO, max(0.0, ratio)) if math.isfinite(ratio) else None


def _side(
    warn: float | None, crit: float | None, target: float | None, best: float | None
) -> list[Point]:
    """Return the points of one side; all arguments as badness, so the target is the smallest."""
    edge = warn if warn is not None else crit
    assert edge is not None  # noqa: S101 - the caller has checked that a side has limits
    step = _step(warn, crit, target)
    points: list[Point] = []
    if crit is not None:
        points += [(crit + step, FLOOR), (crit, CRIT)]
    else:  # nothing is ever critical here
        points += [(edge + step, CRIT + _HAIR)]
    if warn is None:
        points.append((edge, WARN))  # just better than critical, and there is no warning
    elif crit is None or warn < crit:
        points.append((warn, WARN))
    elif warn == crit:
        points.append((edge, WARN))
    goal = edge - step if target is None else min(target, edge)
    stretch = goal - (edge - goal) / 2 if goal < edge else goal - step / 2
    if best is not None and stretch < best:
        stretch = min(best, goal)
    if stretch < goal:
        points.append((goal, TARGET))
    points.append((stretch, BEST))
    return points


def _step(warn: float | None, crit: float | None, target: float | None) -> float:
    """Return how far the floor lies beyond the critical limit."""
    if warn is not None and crit is not None and crit > warn:
        return crit - warn
    edge = warn if warn is not None else crit
    assert edge is not None  # noqa: S101 - the caller has checked that a side has limits
    if target is not None and target < edge:
        return edge - target
    return max(abs(edge), 1.0) / 2


def _banded(value: float, indicator: Indicator, limits: Limits) -> float:
    low, high = _inside(indicator, limits)
    middle = indicator.target if indicator.target is not None else limits.centre
    middle = (low + high) / 2 if middle is None else min(max(middle, low), high)
    upper = _edge(high, limits.warn_high, limits.crit_high, middle, high - low)
    lower = _edge(-low, _minus(limits.warn_low), _minus(limits.crit_low), -middle, high - low)
    return min(along(upper, value), along(lower, -value))


def _edge(
    edge: float, warn: float | None, crit: float | None, middle: float, width: float
) -> list[Point]:
    """Return the points of one side of a band, from far outside to its middle."""
    if warn is None and crit is None:  # no alarm on this side: never as low as a warning
        outside: list[Point] = [(edge + max(width, 1e-9), WARN + _HAIR)]
    else:
        outside = [p for p in _side(warn, crit, edge, None) if p[1] <= WARN]
    inside = [(edge, TARGET)] if edge < outside[-1][0] else [(outside[-1][0], TARGET)]
    return [*outside, *inside, (min(middle, inside[0][0]), BEST)]


def _inside(indicator: Indicator, limits: Limits) -> tuple[float, float]:
    """Return the normal range, kept inside the limits; half way to them where it is not said."""
    low, high = indicator.normal or (math.nan, math.nan)
    warn_low = limits.warn_low if limits.warn_low is not None else limits.crit_low
    warn_high = limits.warn_high if limits.warn_high is not None else limits.crit_high
    if math.isnan(low):
        known = [x for x in (indicator.target, limits.centre) if x is not None]
        both = [x for x in (warn_low, warn_high) if x is not None]
        middle = known[0] if known else sum(both) / len(both)
        low = middle if warn_low is None else (middle + warn_low) / 2
        high = middle if warn_high is None else (middle + warn_high) / 2
    low = low if warn_low is None else max(low, warn_low)
    return low, (high if warn_high is None else min(high, warn_high))


def _target(indicator: Indicator, limits: Limits, way: int) -> float | None:
    """Return the target, else what is compared with, else the worse end of the normal range."""
    warn = limits.warn_high if way > 0 else limits.warn_low
    edge = warn if warn is not None else (limits.crit_high if way > 0 else limits.crit_low)
    is_own = limits.kind not in {"z", "plan"}  # those compare with their own centre
    normal = indicator.normal and indicator.normal[1 if way > 0 else 0]
    for goal in (indicator.target if is_own else None, limits.centre, normal):
        if goal is not None and edge is not None and way * (edge - goal) >= 0:
            return goal
    return None


def _best(indicator: Indicator, way: int) -> float | None:
    """Return what nothing can be better than, as badness: no incident, or all of a whole."""
    is_signed = "net" in indicator.unit.split() or indicator.unit in {"°C", "z"}
    if is_signed or (indicator.normal is not None and indicator.normal[0] < 0):
        return None
    if way > 0:
        return 0.0
    return -100.0 if indicator.unit == "%" else None


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
