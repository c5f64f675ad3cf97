"""When a value starts to matter: every kind of threshold, as limits in the indicator's own unit.

A threshold may be fixed or follow what is usual, the size of the place, a plan or an error budget.
``limits`` turns all of them into the same thing, so that alarms, scores and screens agree.
"""

import math
from dataclasses import dataclass

from metrics.baseline import JUDGED_WEEKS, reach_of
from metrics.funnel import Place
from model import Indicator, Level, Reading, Threshold, Usual

STATISTICAL = frozenset({"usual_ratio", "z", "funnel"})
"""Kinds that judge a value by its past or by others."""

MOVING = STATISTICAL | {"plan"}
"""Kinds whose limits stand in the indicator's unit only once a reading is known."""

BURN_WARN, BURN_CRIT = 6.0, 14.4  # × budget over 6 h and over 1 h
PLAN_WARN, PLAN_CRIT = 75.0, 50.0  # % of the plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What breaches, in the indicator's unit; ``None`` where a side has no limit.

    A value at a limit breaches. ``centre`` is what the threshold compares with (usual, expected,
    planned), where it compares with anything.
    """

    warn_low: float | None = None
    warn_high: float | None = None
    crit_low: float | None = None
    crit_high: float | None = None
    centre: float | None = None
    kind: str = "value"

    @property
    def is_set(self) -> bool:
        """Whether there is any limit."""
        sides = (self.warn_low, self.warn_high, self.crit_low, self.crit_high)
        return any(side is not None for side in sides)


def limits(
    indicator: Indicator,
    reading: Reading,
    *,
    place: Place | None = None,
    scale: float = 1.0,
    elapsed: float = 1.0,
) -> Limits | None:
    """Return the limits that hold for a reading; ``None`` where they cannot be known yet.

    Args:
        indicator: its threshold and direction.
        reading: its usual value is asked by ``usual_ratio`` and ``z``.
        place: the place in the funnel, for the kind ``funnel`` (``metrics.comparing``).
        scale: indicator's unit per event ÷ n, such as 100 for percent, for the kind ``funnel``.
        elapsed: the part (0–1) of the planned period that is over, for the kind ``plan``.

    """
    threshold = indicator.threshold
    match threshold.kind:
        case "usual_ratio":
            found = _times_usual(indicator, reading.usual)
        case "z":
            found = _deviation(indicator, reading.usual)
        case "funnel":
            found = _funnel(indicator, place, scale)
        case "plan":
            found = _planned(threshold, elapsed)
        case "burn":
            warn = BURN_WARN if threshold.warn is None else threshold.warn
            crit = BURN_CRIT if threshold.crit is None else threshold.crit
            found = Limits(warn_high=warn, crit_high=crit, kind="burn")
        case _:
            found = _fixed(indicator)
    return found if found is not None and found.is_set else None


def level(value: float | None, limits: Limits | None) -> Level | None:
    """Return which limit a value breaches; ``None`` where it breaches none or nothing is known.

    >>> level(80.0, Limits(warn_low=90.0, crit_low=80.0)).value
    'crit'

    """
    if value is None or limits is None or not math.isfinite(value):
        return None
    if _is_outside(value, limits.crit_low, limits.crit_high):
        return Level.CRIT
    return Level.WARN if _is_outside(value, limits.warn_low, limits.warn_high) else None


def _fixed(indicator: Indicator) -> Limits:
    limit = indicator.threshold
    if limit.kind == "band":
        return Limits(
            warn_low=limit.low,
            warn_high=limit.high,
            crit_low=limit.crit_low,
            crit_high=limit.crit_high,
            kind="band",
        )
    if indicator.direction == "higher":
        return Limits(warn_low=limit.warn, crit_low=limit.crit)
    return Limits(warn_high=limit.warn, crit_high=limit.crit)


def _times_usual(indicator: Indicator, usual: Usual | None) -> Limits | None:
    if usual is None or usual.centre <= 0:
        return None
    limit = indicator.threshold
    warn = None if limit.warn is None else limit.warn * usual.centre
    crit = None if limit.crit is None else limit.crit * usual.centre
    if indicator.direction == "higher":
        return Limits(warn_low=warn, crit_low=crit, centre=usual.centre, kind=limit.kind)
    if indicator.direction == "lower":
        return Limits(warn_high=warn, crit_high=crit, centre=usual.centre, kind=limit.kind)
    low, high, crit_low, crit_high = (
        None if factor is None else factor * usual.centre
        for factor in (limit.low, limit.high, limit.crit_low, limit.crit_high)
    )
    return Limits(
        warn_low=low,
        warn_high=warn if high is None else high,
        crit_low=crit_low,
        crit_high=crit if crit_high is None else crit_high,
        centre=usual.centre,
        kind=limit.kind,
    )


def _deviation(indicator: Indicator, usual: Usual | None) -> Limits | None:
    """Return the values at which the robust z reaches the limits."""
    if usual is None or usual.weeks < JUDGED_WEEKS:
        return None
    limit, centre = indicator.threshold, usual.centre
    warn, crit = (None if z is None else reach_of(abs(z), usual) for z in (limit.warn, limit.crit))
    low, high = centre, centre
    if indicator.direction == "band" and indicator.normal:
        low, high = min(indicator.normal[0], centre), max(indicator.normal[1], centre)
    has_low, has_high = indicator.direction != "lower", indicator.direction != "higher"
    return Limits(
        warn_low=low - warn if has_low and warn is not None else None,
        crit_low=low - crit if has_low and crit is not None else None,
        warn_high=high + warn if has_high and warn is not None else None,
        crit_high=high + crit if has_high and crit is not None else None,
        centre=centre,
        kind="z",
    )


def _funnel(indicator: Indicator, place: Place | None, scale: float) -> Limits | None:
    if place is None or place.low is None or place.high is None:
        return None
    has_low, has_high = indicator.direction != "lower", indicator.direction != "higher"
    far_low, far_high = place.far_low, place.far_high
    return Limits(
        warn_low=_beyond(place.low * scale, -1) if has_low else None,
        warn_high=_beyond(place.high * scale, 1) if has_high else None,
        crit_low=_beyond(far_low * scale, -1) if has_low and far_low is not None else None,
        crit_high=_beyond(far_high * scale, 1) if has_high and far_high is not None else None,
        centre=place.expected * scale,
        kind="funnel",
    )


def _planned(limit: Threshold, elapsed: float) -> Limits | None:
    if limit.plan is None or limit.plan <= 0 or not 0 < elapsed <= 1:
        return None
    due = limit.plan * elapsed
    warn = PLAN_WARN if limit.warn is None else limit.warn
    crit = PLAN_CRIT if limit.crit is None else limit.crit
    return Limits(
        warn_low=_beyond(due * warn / 100, -1),
        crit_low=_beyond(due * crit / 100, -1),
        centre=due,
        kind="plan",
    )


def _beyond(limit: float, way: int) -> float:
    """Return the next number outside: at the limit of a funnel or a plan nothing is wrong yet."""
    return math.nextafter(limit, way * math.inf)


def _is_outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value <= low) or (high is not None and value >= high)
