"""Districts compared fairly: funnel limits instead of a league table.

A small district scatters more than a large one, so each is held against the limits of its own n
around the city's value. Where districts differ by more than chance alone (they always do a
little), the limits widen by what they differ, so that only what stands out from the rest is told.
There is deliberately no function that ranks districts.

Source: Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in
Medicine 24, 1185-1202; Spiegelhalter et al. (2012), JRSS A 175, 1-47 (winsorised 10 %).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metrics import rates
from metrics.columns import Floats

WARN, CRIT = 0.95, 0.998
WINSORISED = 0.1  # share of z pulled in on either side before over-dispersion is estimated
DISCOVERIES = 0.05  # false discovery rate across districts × indicators
_FEWEST = 5  # districts from which a spread between them can be told from chance

LOW, HIGH = "low", "high"
FAR_LOW, FAR_HIGH = "extremely low", "extremely high"
EXPECTED, TOO_SMALL = "as expected", "n too small"


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted in one district: events among ``n`` (cases, or expected events)."""

    district: str
    events: float
    n: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One district against the funnel. Shares and rates are events ÷ n (not percent).

    ``z`` is adjusted for over-dispersion, ``p`` its two-sided probability. ``shrunk`` is the value
    for a map: pulled to the city's, the more the less is known. ``is_discovery`` is set by
    :func:`discovered` alone. ``verdict`` is a message id.
    """

    district: str
    events: float
    n: float
    value: float | None
    expected: float
    low: float | None = None
    high: float | None = None
    far_low: float | None = None
    far_high: float | None = None
    z: float | None = None
    p: float | None = None
    verdict: str = TOO_SMALL
    shrunk: float | None = None
    interval: tuple[float, float] | None = None
    is_discovery: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """All districts of one indicator. ``phi`` is the over-dispersion, ``tau2`` its variance."""

    centre: float
    kind: str
    phi: float
    tau2: float
    is_widened: bool
    places: tuple[Place, ...]

    def place(self, district: str) -> Place | None:
        """Return one district's place."""
        return next((place for place in self.places if place.district == district), None)


def funnel(
    counts: Sequence[Count],
    kind: str,
    *,
    centre: float | None = None,
    spread: str = "additive",
) -> Funnel | None:
    """Return each district's place around the city's value; ``None`` where nothing was counted.

    Args:
        counts: one per district, in any order (it is kept).
        kind: ``proportion`` (events among n cases) or ``rate`` (events per n of exposure, or of
            expected events).
        centre: what is expected, events ÷ n; without it the ratio of the sums.
        spread: what widens the limits: ``additive`` (a variance τ² between districts; counts
            become negative binomial) or ``multiplicative`` (all limits by √φ).

    Raises:
        ValueError: if ``kind`` or ``spread`` is unknown, or a proportion has more events than n.

    """
    if kind not in {"proportion", "rate"} or spread not in {"additive", "multiplicative"}:
        raise ValueError(f"no funnel of kind {kind!r} with {spread!r} spread")
    known = [count for count in counts if count.n > 0 and math.isfinite(count.events)]
    total = sum(count.n for count in known)
    if not known or total <= 0:
        return None
    middle = sum(count.events for count in known) / total if centre is None else centre
    phi, tau2, widens = dispersion(known, kind, middle)
    extra = _Extra(phi if widens else 1.0, tau2 if widens else 0.0, spread)
    places = tuple(_place(count, kind, middle, extra, tau2) for count in counts)
    return Funnel(centre=middle, kind=kind, phi=phi, tau2=tau2, is_widened=widens, places=places)


def dispersion(counts: Sequence[Count], kind: str, centre: float) -> tuple[float, float, bool]:
    """Return φ, τ² and whether they are more than chance: φ > 1 + 2 √(2 ÷ I).

    φ is the mean of the squared z, the outer tenth on either side pulled in first; τ² is the
    variance between districts by the method of moments, 0 where φ is at most (I − 1) ÷ I.
    """
    variance = np.array([_variance(centre, count.n, kind) for count in counts])
    if len(counts) < _FEWEST or not (variance > 0).all():
        return 1.0, 0.0, False
    values = np.array([count.events / count.n for count in counts])
    z = winsorised((values - centre) / np.sqrt(variance))
    number, phi = len(counts), float(np.mean(z * z))
    weights = 1 / variance
    room = weights.sum() - (weights * weights).sum() / weights.sum()
    tau2 = max(0.0, (number * phi - (number - 1)) / room) if room > 0 else 0.0
    return phi, tau2, phi > 1 + 2 * math.sqrt(2 / number)


def winsorised(z: Floats, share: float = WINSORISED) -> Floats:
    """Return the z with its outer ``share`` on either side set to the value that bounds them."""
    ordered = np.sort(z)
    cut = int(share * len(z))
    return np.clip(z, ordered[cut], ordered[len(z) - 1 - cut])


def shrink(value: float, centre: float, variance: float, tau2: float) -> float:
    """Return a value pulled to the centre by its own uncertainty: B·centre + (1 − B)·value.

    B = σ² ÷ (σ² + τ²). Source: Efron & Morris (1975), JASA 70, 311-319.
    """
    if variance + tau2 <= 0:
        return value
    pull = variance / (variance + tau2)
    return pull * centre + (1 - pull) * value


def benjamini_hochberg(chances: Sequence[float], q: float = DISCOVERIES) -> list[bool]:
    """Return which findings stand when at most the share ``q`` of them may be false.

    Source: Benjamini & Hochberg (1995), JRSS B 57, 289-300.

    >>> benjamini_hochberg([0.01, 0.02, 0.03, 0.9])
    [True, True, True, False]

    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = max(
        (rank for rank, place in enumerate(order, 1) if chances[place] <= q * rank / len(order)),
        default=0,
    )
    chosen = set(order[:last])
    return [place in chosen for place in range(len(chances))]


def verdict_of(value: float, near: tuple[float, float], far: tuple[float, float]) -> str:
    """Return where a value stands between the 95 % and the 99.8 % limits, a message id."""
    if value < near[0]:
        return FAR_LOW if value < far[0] else LOW
    if value > near[1]:
        return FAR_HIGH if value > far[1] else HIGH
    return EXPECTED


def discovered(funnels: Mapping[str, Funnel], q: float = DISCOVERIES) -> dict[str, Funnel]:
    """Return the funnels with ``is_discovery`` set, over all districts of all indicators."""
    tests = [
        (name, at, place.p)
        for name, one in funnels.items()
        for at, place in enumerate(one.places)
        if place.p is not None and place.verdict != TOO_SMALL
    ]
    stand = benjamini_hochberg([p for _, _, p in tests], q)
    found = {(name, at) for (name, at, _), stands in zip(tests, stand, strict=True) if stands}
    return {
        name: replace(
            one,
            places=tuple(
                replace(place, is_discovery=(name, at) in found)
                for at, place in enumerate(one.places)
            ),
        )
        for name, one in funnels.items()
    }


@dataclass(frozen=True, slots=True)
class _Extra:
    """By what the limits widen: φ 1 and τ² 0 where districts differ by chance only."""

    phi: float
    tau2: float
    spread: str

    def stretch(self, variance: float) -> float:
        """Return how many times further than by chance alone."""
        if self.spread == "multiplicative":
            return math.sqrt(self.phi)
        return math.sqrt((variance + self.tau2) / variance)


def _place(count: Count, kind: str, centre: float, extra: _Extra, tau2: float) -> Place:
    if count.n <= 0 or not math.isfinite(count.events):
        return Place(
            district=count.district, events=count.events, n=count.n, value=None, expected=centre
        )
    variance, value = _variance(centre, count.n, kind), count.events / count.n
    largest = count.n if kind == "proportion" else max(count.events, centre * count.n)
    share = centre if kind == "proportion" else None
    verdict = rates.enough(kind, largest, share=share)
    place = Place(
        district=count.district,
        events=count.events,
        n=count.n,
        value=None if verdict == "no" else value,
        expected=centre,
        shrunk=shrink(value, centre, variance, tau2),
        interval=_interval(count, kind),
    )
    if verdict == "no" or variance <= 0 or (kind == "proportion" and verdict == "show"):
        return place
    return _judged(place, count, kind, extra)


def _judged(place: Place, count: Count, kind: str, extra: _Extra) -> Place:
    low, high = _limits(place.expected, count.n, kind, extra, WARN)
    far_low, far_high = _limits(place.expected, count.n, kind, extra, CRIT)
    z = _z(count, kind, place.expected, extra)
    value = count.events / count.n
    verdict = verdict_of(value, (low, high), (far_low, far_high))
    return replace(
        place,
        low=low,
        high=high,
        far_low=far_low,
        far_high=far_high,
        z=z,
        p=rates.two_sided(z),
        verdict=verdict,
    )


def _limits(
    centre: float, n: float, kind: str, extra: _Extra, confidence: float
) -> tuple[float, float]:
    """Return prediction limits of a value from ``n``, by exact quantiles, then widened."""
    if kind == "rate" and extra.spread == "additive":
        size = centre * centre / extra.tau2 if extra.tau2 > 0 else math.inf
        low, high = rates.count_limits(centre * n, confidence, size=size)
        return low / n, high / n
    if kind == "rate":
        low, high = (limit / n for limit in rates.count_limits(centre * n, confidence))
    else:
        low, high = rates.share_limits(centre, round(n), confidence)
    stretch = extra.stretch(_variance(centre, n, kind))
    low, high = centre - stretch * (centre - low), centre + stretch * (high - centre)
    return max(0.0, low), (min(1.0, high) if kind == "proportion" else high)


def _z(count: Count, kind: str, centre: float, extra: _Extra) -> float:
    variance = _variance(centre, count.n, kind)
    if kind == "rate" and extra.spread == "additive" and extra.tau2 > 0:
        return rates.count_z(count.events, centre * count.n, size=centre * centre / extra.tau2)
    if kind == "rate":
        return rates.count_z(count.events, centre * count.n) / extra.stretch(variance)
    return rates.share_z(count.events, round(count.n), centre) / extra.stretch(variance)


def _interval(count: Count, kind: str) -> tuple[float, float]:
    if kind == "proportion":
        return rates.wilson(count.events, count.n)
    low, high = rates.exact_count(round(count.events))
    return low / count.n, high / count.n


def _variance(centre: float, n: float, kind: str) -> float:
    """Return the variance of events ÷ n by chance alone."""
    return centre * (1 - centre) / n if kind == "proportion" else centre / n
