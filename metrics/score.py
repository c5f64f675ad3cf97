"""The city's score: indicators to domains to one number, with what is not known left out and said.

A domain is the weighted mean of its indicators. The city is the weighted geometric mean of its
domains, none counted under 1, so that a domain that fails is not paid for by one that shines.

Source: OECD/JRC, Handbook on Constructing Composite Indicators (2008), 6 (weights, aggregation).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from metrics.anchors import anchored, attainment, shown
from metrics.baseline import robust_z
from metrics.columns import Floats
from metrics.levels import Limits
from metrics.rates import enough
from model import Alert, DomainScore, Indicator, IndicatorScore, Quality, Reading

FLOOR = 1.0  # a domain's least part in the geometric mean
CAP = 49.0  # shown of a domain in which an alarm of priority 1 stands
LEAST_WEIGHT, LEAST_KNOWN = 0.7, 0.6
TWINS = 0.9  # |r| from which two indicators tell the same
WEAKEST = 3
NOT_SCORED = frozenset({"data quality"})  # says how well we know the city, not how it is
_BELIEVED = frozenset({Quality.GOOD, Quality.UNCERTAIN})
_POOLED = frozenset({"p90", "p50", "sentiment"})  # judged from more cases than they are shown
_SHARED = "shares_weight_with"  # option of an indicator that tells the same as another

Limiter = Callable[[Indicator, Reading], Limits | None]


def indicator_scores(
    indicators: Iterable[Indicator],
    readings: Mapping[str, Reading],
    limits: Limiter,
    *,
    is_city: bool = True,
) -> tuple[IndicatorScore, ...]:
    """Return the score of every indicator that counts, in order, known or not.

    What could never be scored has weight 0 and says why.

    Args:
        indicators: those that are on; weight 0 and data quality do not count.
        readings: newest reading of one place by indicator.
        limits: what breaches, as in ``metrics.levels.limits``.
        is_city: whether the place is the whole city, which stands in no funnel of districts.

    """
    counted = [i for i in indicators if i.weight > 0 and i.domain not in NOT_SCORED]
    hindered = {i.id: why for i in counted if (why := hindrance(i, is_city=is_city))}
    weights = shares([i for i in counted if i.id not in hindered])
    found = []
    for indicator in counted:
        name, domain = indicator.id, indicator.domain
        if why := hindered.get(name):
            found.append(IndicatorScore(indicator=name, domain=domain, weight=0.0, reason=why))
        else:
            found.append(_one(indicator, weights[name], readings.get(name), limits))
    return tuple(found)


def hindrance(indicator: Indicator, *, is_city: bool) -> str | None:
    """Return why an indicator cannot be scored whatever its value; ``None`` where it can."""
    limit = indicator.threshold
    if limit.kind == "plan" and limit.plan is None:
        return "no plan is set"
    if limit.kind == "funnel" and indicator.statistic != "expected" and is_city:
        return "compares districts only"
    return None


def shares(indicators: Sequence[Indicator]) -> dict[str, float]:
    """Return the share (0–1) of each indicator in its domain; twins share the weight of one."""
    names = {indicator.id for indicator in indicators}
    groups: dict[str, str] = {}
    for indicator in indicators:
        twin = indicator.option(_SHARED, "")
        groups[indicator.id] = twin if twin in names else indicator.id
    sizes = {name: list(groups.values()).count(group) for name, group in groups.items()}
    weights = {i.id: i.weight / sizes[i.id] for i in indicators}
    sums: dict[str, float] = {}
    for indicator in indicators:
        sums[indicator.domain] = sums.get(indicator.domain, 0.0) + weights[indicator.id]
    return {i.id: weights[i.id] / sums[i.domain] for i in indicators}


def twins(courses: Mapping[str, Floats], least: float = TWINS) -> list[tuple[str, str, float]]:
    """Return the pairs whose courses go together: |r| above ``least`` where both are known.

    Courses have the same shape (n,), NaN where unknown; under ten common points nothing is said.
    """
    found = []
    for one, other in combinations(sorted(courses), 2):
        a, b = courses[one], courses[other]
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() < 10 or a[both].std() == 0 or b[both].std() == 0:  # noqa: PLR2004 - docstring
            continue
        r = float(np.corrcoef(a[both], b[both])[0, 1])
        if abs(r) > least:
            found.append((one, other, r))
    return found


def domain_scores(
    scores: Sequence[IndicatorScore],
    *,
    weights: Mapping[str, float] | None = None,
    urgent: frozenset[str] = frozenset(),
) -> tuple[DomainScore, ...]:
    """Return the domains in the order of their first indicator.

    Args:
        scores: of the indicators.
        weights: of the domains; 1 where not named.
        urgent: domains in which an alarm of priority 1 stands: at most 49 is shown of them.

    """
    domains = list(dict.fromkeys(score.domain for score in scores if score.weight > 0))
    raw = {domain: (weights or {}).get(domain, 1.0) for domain in domains}
    total = sum(raw.values()) or 1.0
    return tuple(
        _domain(
            domain,
            [score for score in scores if score.domain == domain],
            weight=raw[domain] / total,
            is_urgent=domain in urgent,
        )
        for domain in domains
    )


def city_value(domains: Sequence[DomainScore]) -> float | None:
    """Return the weighted geometric mean of the known domains, none under 1; ``None`` without."""
    known = [(d.weight, max(FLOOR, d.score)) for d in domains if d.score is not None]
    total = sum(weight for weight, _ in known)
    if total <= 0:
        return None
    return math.exp(sum(weight * math.log(score) for weight, score in known) / total)


def city_coverage(domains: Sequence[DomainScore]) -> tuple[float, str | None]:
    """Return the share of the weight that is known, and why no score is published, if so."""
    covered = sum(domain.weight * domain.coverage for domain in domains)
    published = sum(domain.weight for domain in domains if domain.score is not None)
    if published < LEAST_WEIGHT - 1e-9:
        return covered, f"n/a (coverage {math.floor(100 * covered + 1e-9)} %)"
    return covered, None


def weakest(scores: Sequence[IndicatorScore], count: int = WEAKEST) -> tuple[str, ...]:
    """Return the indicators with the lowest scores, the lowest first."""
    known = [(score.score, score.indicator) for score in scores if score.score is not None]
    return tuple(name for _, name in sorted(known)[:count])


def mean_ratio(scores: Sequence[IndicatorScore]) -> float | None:
    """Return CityScore's number: the plain mean of the ratios that are known."""
    known = [score.ratio for score in scores if score.ratio is not None]
    return sum(known) / len(known) if known else None


def urgent_domains(alerts: Iterable[Alert], indicators: Iterable[Indicator]) -> frozenset[str]:
    """Return the domains in which an alarm of priority 1 stands that nobody suppressed."""
    domain_of = {indicator.id: indicator.domain for indicator in indicators}
    return frozenset(
        domain_of[alert.indicator]
        for alert in alerts
        if alert.priority == 1
        and not alert.suppressed
        and alert.cleared_at is None
        and alert.indicator in domain_of
    )


def _one(
    indicator: Indicator, weight: float, reading: Reading | None, limits: Limiter
) -> IndicatorScore:
    empty = IndicatorScore(indicator=indicator.id, domain=indicator.domain, weight=weight)
    reason = _unusable(indicator, reading)
    if reading is None or reading.value is None or reason:
        return _without(empty, reason or "no data")
    found = limits(indicator, reading)
    score = None if found is None else anchored(reading.value, indicator, found)
    if score is None:
        return _without(empty, "nothing to compare with yet")
    z = reading.z
    if z is None and reading.usual is not None:
        z = robust_z(reading.value, reading.usual, indicator)
    return IndicatorScore(
        indicator=indicator.id,
        domain=indicator.domain,
        weight=weight,
        score=score,
        shown=shown(score),
        ratio=attainment(reading.value, indicator, found),
        z=z,
    )


def _without(empty: IndicatorScore, reason: str) -> IndicatorScore:
    return IndicatorScore(
        indicator=empty.indicator, domain=empty.domain, weight=empty.weight, reason=reason
    )


def _unusable(indicator: Indicator, reading: Reading | None) -> str | None:
    if reading is not None and reading.suppressed:
        return "hidden: too few cases"
    if reading is None or reading.value is None:
        return "no data"
    if reading.quality not in _BELIEVED:
        return f"data are {reading.quality.value}"
    if reading.n is None:
        return None
    statistic = indicator.statistic if indicator.statistic in _POOLED else ""
    is_few = reading.n < indicator.min_n or enough(statistic, reading.n) != "judge"
    return "n too small" if is_few else None


def _domain(
    name: str, scores: Sequence[IndicatorScore], *, weight: float, is_urgent: bool
) -> DomainScore:
    scores = [score for score in scores if score.weight > 0]
    known = [score for score in scores if score.score is not None]
    coverage = sum(score.weight for score in known)
    is_enough = coverage >= LEAST_WEIGHT - 1e-9 and len(known) >= LEAST_KNOWN * len(scores) - 1e-9
    value = sum(s.weight * (s.score or 0.0) for s in known) / coverage if is_enough else None
    is_capped = is_urgent and value is not None and value > CAP
    return DomainScore(
        domain=name,
        weight=weight,
        score=value,
        shown=shown(CAP if is_capped else value),
        coverage=coverage,
        known=len(known),
        total=len(scores),
        is_capped=is_capped,
        reason=None if is_enough else f"n/a (coverage {math.floor(100 * coverage + 1e-9)} %)",
    )
