"""Why the city's score moved: contributions of the indicators that add up to the change exactly.

The change of a geometric mean is split by logarithmic means (the LMDI of index theory), and within
a domain the change of an arithmetic mean is a sum already. There is no rest term. What can be
scored at one instant only is told as what it is: figures that came in or went out.

Source: Ang (2004), Decomposition analysis for policymaking in energy, Energy Policy 32, 1131-1139.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.score import FLOOR
from model import Contribution, DomainScore, IndicatorScore

_NOISE = 1e-10  # the last bits of a sum
ENTERED, LEFT, HELD = "entered", "left", "floor"


@dataclass(frozen=True, slots=True)
class _Common:
    """What is known at both instants: domain → weight, and indicator → (share, before, after)."""

    weights: Mapping[str, float]
    parts: Mapping[str, Mapping[str, tuple[float, float, float]]]


def contributions(
    before: tuple[Sequence[IndicatorScore], Sequence[DomainScore], float],
    after: tuple[Sequence[IndicatorScore], Sequence[DomainScore], float],
) -> tuple[Contribution, ...]:
    """Return what each indicator added to the city's change, the largest first.

    Args:
        before: indicators, domains and the city's score then.
        after: the same now; its weights hold for both.

    """
    common = _common(before, after)
    if not common.parts:
        return _nonzero({LEFT: -before[2], ENTERED: after[2]})
    means = {name: _means(part) for name, part in common.parts.items()}
    then, now = (_city(common.weights, means, at) for at in (0, 1))
    terms = {ENTERED: after[2] - now, LEFT: then - before[2]}
    whole = log_mean(now, then)
    total = sum(common.weights.values())
    for name, part in common.parts.items():
        low, high = means[name]
        held_low, held_high = max(FLOOR, low), max(FLOOR, high)
        scale = whole * common.weights[name] / total / log_mean(held_high, held_low)
        for indicator, (share, was, is_) in part.items():
            terms[indicator] = scale * share * (is_ - was)
        held = (held_high - held_low) - (high - low)
        terms[HELD] = terms.get(HELD, 0.0) + scale * held
    return _nonzero(terms)


def log_mean(a: float, b: float) -> float:
    """Return the logarithmic mean (a − b) ÷ ln(a ÷ b) of two positive numbers.

    >>> round(log_mean(2.0, 1.0), 4), log_mean(3.0, 3.0)
    (1.4427, 3.0)

    """
    ratio = math.log(a / b)
    if abs(ratio) < 1e-6:  # noqa: PLR2004 - there the series is exact to the last digit
        return math.sqrt(a * b) * (1 + ratio * ratio / 24)
    return (a - b) / ratio


def _common(
    before: tuple[Sequence[IndicatorScore], Sequence[DomainScore], float],
    after: tuple[Sequence[IndicatorScore], Sequence[DomainScore], float],
) -> _Common:
    then = {d.domain for d in before[1] if d.score is not None}
    weights = {d.domain: d.weight for d in after[1] if d.score is not None and d.domain in then}
    was = {s.indicator: s.score for s in before[0] if s.score is not None}
    parts: dict[str, dict[str, tuple[float, float, float]]] = {}
    for score in after[0]:
        old = was.get(score.indicator)
        if score.score is not None and old is not None and score.domain in weights:
            part = parts.setdefault(score.domain, {})
            part[score.indicator] = (score.weight, old, score.score)
    return _Common(
        {name: weights[name] for name in parts}, {n: _shares(p) for n, p in parts.items()}
    )


def _shares(
    part: Mapping[str, tuple[float, float, float]],
) -> dict[str, tuple[float, float, float]]:
    total = sum(weight for weight, _, _ in part.values())
    return {name: (weight / total, was, is_) for name, (weight, was, is_) in part.items()}


def _means(part: Mapping[str, tuple[float, float, float]]) -> tuple[float, float]:
    return (
        sum(share * was for share, was, _ in part.values()),
        sum(share * is_ for share, _, is_ in part.values()),
    )


def _city(weights: Mapping[str, float], means: Mapping[str, tuple[float, float]], at: int) -> float:
    total = sum(weights.values())
    logs = sum(weights[name] * math.log(max(FLOOR, mean[at])) for name, mean in means.items())
    return math.exp(logs / total)


def _nonzero(terms: Mapping[str, float]) -> tuple[Contribution, ...]:
    kept = [
        Contribution(term=name, points=points)
        for name, points in terms.items()
        if abs(points) > _NOISE
    ]
    return tuple(sorted(kept, key=lambda one: -abs(one.points)))
