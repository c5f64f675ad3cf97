"""What is usual for this hour of this weekday, and how unusual a value is.

Centre and spread are robust (median, 1.4826 MAD), so that one feast day among eight weeks moves
neither. The few weeks behind them are paid for honestly: a value is compared with a prediction
interval of Student's t, not with the normal one, and the resulting t is told as the normal z of
the same rarity. With 6 weeks, what would be "z = 3" needs 5.95 spreads, with 8 weeks 4.80, with
12 weeks 4.01, with 26 weeks 3.39 (one-sided 99.87 %). Under six weeks the hours before and after
lend their scatter, each around its own centre.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from statistics import median

from model import Indicator, Usual

MAD_TO_SD = 1.4826  # makes the median absolute deviation of a normal sample its sd
FLOOR_SHARE = 0.01  # the spread is at least 1 % of the centre, and one step of the display
_ALL = 100.0  # per cent
FEW_WEEKS = 6  # under it a screen says from how many weeks
JUDGED_WEEKS = 3  # a spread from two values is a guess: nothing is called unusual by it
RANGE_SDS = 2.0  # the usual range is centre ± 2 robust sd
TIERS = ((2.0, "as usual"), (3.0, "somewhat"), (5.0, "markedly"))


def usual(
    values: Sequence[tuple[date, float]],
    indicator: Indicator,
    *,
    beside: Sequence[Sequence[tuple[date, float]]] = (),
    basis: str = "",
) -> Usual | None:
    """Return centre, range and spread of the same hour in other weeks; ``None`` without any.

    Args:
        values: (first day of the week, value) of each earlier week; several values of one week
            count as one week, and as their median. Not finite values are left out.
        indicator: gives the smallest step that a screen shows.
        beside: the same of the hours before and after; they are asked where weeks are few.
        basis: with what a day that stands apart is compared, a message id.

    """
    sample = _by_week(values)
    if not sample:
        return None
    centre = median(sample)
    gaps = [abs(value - centre) for value in sample]
    count: int | None = None
    if JUDGED_WEEKS <= len(sample) < FEW_WEEKS:
        lenders = [some for hour in beside if (some := _by_week(hour))]
        gaps += [abs(value - median(some)) for some in lenders for value in some]
        count = len(gaps) - len(lenders) if lenders else None  # each hour's centre costs one
    floor = max(FLOOR_SHARE * abs(centre), 10.0**-indicator.decimals)
    spread = MAD_TO_SD * max(median(gaps), floor)
    found = Usual(
        centre=centre,
        low=min(sample),
        high=max(sample),
        spread=spread,
        weeks=len(sample),
        values=count,
        basis=basis,
    )
    if len(sample) < JUDGED_WEEKS:
        return found
    ranged = _ranged(found, is_positive=min(sample) >= 0)
    if indicator.statistic == "proportion" and indicator.unit == "%":  # no share is above all
        return replace(ranged, high=min(ranged.high, _ALL))
    return ranged


def robust_z(value: float, usual: Usual, indicator: Indicator) -> float | None:
    """Return how unusual a value is, positive when it is better; ``None`` from too few weeks.

    Better is lower, higher or, for a band, nearer to the indicator's normal range: inside the
    range all values are equally good, so a move within it is nothing unusual.
    """
    if usual.weeks < JUDGED_WEEKS:
        return None
    gap = _gap(value, usual.centre, indicator)
    scaled = abs(gap) / (usual.spread * math.sqrt(1 + 1 / usual.weeks))
    return math.copysign(_t_to_z(scaled, free_of(usual)), gap)


def reach_of(z: float, usual: Usual) -> float:
    """Return how far from the centre a value has this robust z, in the unit."""
    return usual.spread * widening(z, usual.weeks, free_of(usual))


def free_of(usual: Usual) -> int:
    """Return the degrees of freedom of the spread."""
    return (usual.weeks if usual.values is None else usual.values) - 1


def word(z: float | None) -> str:
    """Return the message id of a deviation: how much, and whether for better or worse.

    >>> word(-3.2)
    'markedly worse'

    """
    if z is None:
        return "not comparable"
    size = abs(z)
    if size < TIERS[0][0]:
        return TIERS[0][1]
    degree = "exceptionally"
    if size < TIERS[1][0]:
        degree = TIERS[1][1]
    elif size <= TIERS[2][0]:
        degree = TIERS[2][1]
    return f"{degree} {'better' if z > 0 else 'worse'}"


def widening(z: float, n: int, free: int | None = None) -> float:
    """Return how many sd of ``n`` values reach as far as ``z`` sd of a normal distribution.

    The multiplier of a one-sided prediction limit for one more value. Wallace's approximation of
    Student's t, inverted: within 1.5 % of the exact value for n ≥ 6 and z ≤ 3. ``free`` are the
    degrees of freedom of the sd, n − 1 where not given.

    Source:
        Wallace (1959), Annals of Mathematical Statistics 30(4), 1121–1130.

    >>> round(widening(3.0, 12), 1)
    4.0

    """
    free = n - 1 if free is None else free
    inner = (z * (8 * free + 3) / (8 * free + 1)) ** 2 / free
    return math.sqrt(free * math.expm1(inner) * (1 + 1 / n))


def _by_week(values: Sequence[tuple[date, float]]) -> list[float]:
    """Return one value per week, the median of its own."""
    weeks: dict[date, list[float]] = {}
    for week, value in values:
        if math.isfinite(value):
            weeks.setdefault(week, []).append(value)
    return [median(some) for some in weeks.values()]


def _ranged(found: Usual, *, is_positive: bool) -> Usual:
    """Return it with the range of ±2 sd; what was never negative is not expected to be."""
    reach = reach_of(RANGE_SDS, found)
    low = found.centre - reach
    return replace(found, low=max(low, 0.0) if is_positive else low, high=found.centre + reach)


def _t_to_z(t: float, free: int) -> float:
    """Return the normal quantile with the tail of Student's t (Wallace, 1959)."""
    return (8 * free + 1) / (8 * free + 3) * math.sqrt(free * math.log1p(t * t / free))


def _gap(value: float, centre: float, indicator: Indicator) -> float:
    match indicator.direction:
        case "higher":
            return value - centre
        case "lower":
            return centre - value
        case _:
            low, high = indicator.normal or (centre, centre)
            return max(low - centre, centre - high, 0.0) - max(low - value, value - high, 0.0)
