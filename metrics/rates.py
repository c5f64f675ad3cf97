"""Shares and counts with their uncertainty: intervals, limits, z, and how many cases are enough.

An *interval* says what the truth may be, given what was seen. A *limit* says what may be seen,
given the truth: funnels and alarms use limits.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from metrics import tails

CONFIDENCE = 0.95
_NORMAL = NormalDist()

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Least:
    """From how many cases a figure is shown, and from how many it may be judged."""

    show: int
    judge: int


LEAST = {  # control-room §4.3
    "proportion": Least(10, 30),
    "count": Least(5, 20),
    "rate": Least(5, 20),
    "p90": Least(30, 50),
    "p50": Least(10, 20),
    "sentiment": Least(50, 100),
}
_EACH_WAY = 5  # a share is judged from n where as many hits and as many misses are expected


def enough(statistic: str, n: float, *, share: float | None = None) -> str:
    """Return ``no`` (not shown: n too small), ``show`` or ``judge`` for a figure from ``n`` cases.

    For counts and rates ``n`` is the number of events, seen or expected, whichever is larger.
    ``share`` (0–1) is what a proportion is expected to be. What has no rule may be judged.

    >>> enough("proportion", 9), enough("proportion", 40, share=0.98), enough("proportion", 300)
    ('no', 'show', 'judge')

    """
    least = LEAST.get(statistic)
    if least is None:
        return "judge"
    if n < least.show:
        return "no"
    is_thin = share is not None and n * min(share, 1 - share) < _EACH_WAY
    return "show" if n < least.judge or is_thin else "judge"


def wilson(hits: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's interval of a share; it never leaves 0–1 and stands for 0 and n hits.

    Raises:
        ValueError: if hits do not lie in 0–n, or n is not positive.

    Source: Wilson (1927), JASA 22, 209–212; Brown, Cai & DasGupta (2001).

    >>> [round(100 * x, 1) for x in wilson(9, 10)]
    [59.6, 98.2]

    """
    _check_share(hits, n)
    z, p = _z_of(confidence), hits / n
    centre = p + z * z / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def exact_share(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Clopper and Pearson's exact interval of a share.

    Source: Clopper & Pearson (1934), Biometrika 26, 404–413.
    """
    _check_share(hits, n)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else tails.beta_quantile(hits, n - hits + 1, tail)
    high = 1.0 if hits == n else tails.beta_quantile(hits + 1, n - hits, 1 - tail)
    return low, high


def exact_count(events: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact interval of the mean of a Poisson count.

    Source: Garwood (1936), Biometrika 28, 437–442.

    >>> [round(x, 1) for x in exact_count(5)]
    [1.6, 11.7]

    """
    if events < 0:
        raise ValueError(f"a count of {events} events is not possible")
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else tails.gamma_quantile(events, tail)
    return low, tails.gamma_quantile(events + 1, 1 - tail)


def share_limits(share: float, n: int, confidence: float) -> Interval:
    """Return between which shares of ``n`` cases fall, by exact binomial quantiles.

    Between two counts they are interpolated (``tails.smooth_quantile``), towards the rarer one on
    either side: neither limit is crossed by chance more often than it says.
    """

    def below(k: int) -> float:
        return tails.binomial_below(k, n, share)

    low, high = _both(below, confidence, n * share, math.sqrt(n * share * (1 - share)))
    return low / n, min(1.0, high / n)


def count_limits(mean: float, confidence: float, *, size: float = math.inf) -> Interval:
    """Return between which counts an expected count falls, by exact quantiles.

    Args:
        mean: expected events, not negative.
        confidence: share of counts between the two limits, such as 0.95 or 0.998.
        size: of the negative binomial (variance mean + mean² ÷ size); infinite for Poisson.

    """
    if mean <= 0:
        return 0.0, 0.0

    def below(k: int) -> float:
        if math.isinf(size):
            return tails.poisson_below(k, mean)
        return tails.negative_below(k, mean, size)

    return _both(below, confidence, mean, math.sqrt(mean + mean * mean / size))


def share_z(hits: float, n: int, share: float) -> float:
    """Return how far a share lies from the expected one, as the normal z of the same rarity."""
    return _mid_z(
        tails.binomial_below(hits - 1, n, share),
        tails.binomial_from(hits + 1, n, share),
        fallback=(hits - n * share) / math.sqrt(max(n * share * (1 - share), 1e-12)),
    )


def count_z(events: float, mean: float, *, size: float = math.inf) -> float:
    """Return how far a count lies from the expected one, as the normal z of the same rarity."""
    if math.isinf(size):
        below, above = tails.poisson_below(events - 1, mean), tails.poisson_from(events + 1, mean)
    else:
        below = tails.negative_below(events - 1, mean, size)
        above = tails.negative_from(events + 1, mean, size)
    variance = mean + mean * mean / size
    return _mid_z(below, above, fallback=(events - mean) / math.sqrt(max(variance, 1e-12)))


def logit_z(hits: float, n: float, share: float) -> float:
    """Return the z of a share on the logit scale; half a case is added each way.

    Source: Haldane (1956), Annals of Human Genetics 20, 309–311 (the half case).
    """
    odds = math.log((hits + 0.5) / (n - hits + 0.5))
    return (odds - math.log(share / (1 - share))) * math.sqrt(n * share * (1 - share))


def arcsine_z(hits: float, n: float, share: float) -> float:
    """Return the z of a share on the arcsine scale, where its variance is 1 ÷ 4n.

    Source: Anscombe (1948), Biometrika 35, 246–254.
    """
    return 2 * math.sqrt(n) * (math.asin(math.sqrt(hits / n)) - math.asin(math.sqrt(share)))


def anscombe_z(events: float, mean: float) -> float:
    """Return the z of a count on the square-root scale, where its variance is 1.

    Source: Anscombe (1948), Biometrika 35, 246–254.
    """
    return 2 * (math.sqrt(events + 0.375) - math.sqrt(mean + 0.375))


def two_sided(z: float) -> float:
    """Return the probability of a z at least this far from 0."""
    return math.erfc(abs(z) / math.sqrt(2))


def _mid_z(below: float, above: float, *, fallback: float) -> float:
    """Return the z of a mid-p value; half of the probability of the very count is on each side."""
    here = max(0.0, 1 - below - above)
    low, high = below + here / 2, above + here / 2
    tail = min(low, high)
    if not 0 < tail < 1:  # rarer than a float can say
        return fallback
    z = -_NORMAL.inv_cdf(tail)
    return z if high < low else -z


def _both(below: tails.Below, confidence: float, mean: float, sd: float) -> Interval:
    tail, reach = (1 - confidence) / 2, _z_of(confidence) * sd
    low = tails.smooth_quantile(below, tail, mean - reach)
    high = tails.smooth_quantile(below, 1 - tail, mean + reach)
    return max(0.0, low), high + 1


def _z_of(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} must lie between 0 and 1")
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def _check_share(hits: float, n: float) -> None:
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n} are not possible")
