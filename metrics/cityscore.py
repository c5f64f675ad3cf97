"""The score of a city at one instant, with all that must stand beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from metrics.anchors import shown
from metrics.movement import contributions
from metrics.score import (
    NOT_SCORED,
    Limiter,
    city_coverage,
    city_value,
    domain_scores,
    indicator_scores,
    mean_ratio,
    urgent_domains,
    weakest,
)
from metrics.sensitivity import Spread, spread
from model import (
    CITY,
    Alert,
    CityScore,
    DomainScore,
    Indicator,
    IndicatorScore,
    Movement,
    PlaceScore,
    Reading,
)

Readings = Mapping[tuple[str, str], Reading]  # by indicator and district


@dataclass(frozen=True, slots=True)
class Earlier:
    """The indicators' scores at an earlier instant; today's weights are laid on them."""

    at: datetime
    scores: tuple[IndicatorScore, ...]


def city_score(  # noqa: PLR0913 - the last three are options by name
    indicators: Sequence[Indicator],
    readings: Readings,
    limits: Limiter,
    at: datetime,
    *,
    alerts: Iterable[Alert] = (),
    earlier: Earlier | None = None,
    districts: Sequence[str] = (),
) -> CityScore:
    """Return the score of the city and its districts, and why it moved since ``earlier``."""
    mine = {name: one for (name, place), one in readings.items() if place == CITY}
    scores = indicator_scores(indicators, mine, limits)
    domains = domain_scores(scores, urgent=urgent_domains(alerts, indicators))
    coverage, reason = city_coverage(domains)
    value = None if reason else city_value(domains)
    drawn = spread([scores], domains) if value is not None else None
    low, middle, high = drawn.interval() if drawn else (None, None, None)
    if drawn:
        domains = tuple(_spread(domain, drawn) for domain in domains)
    return CityScore(
        at=at,
        score=value,
        shown=shown(value),
        median=middle,
        low=low,
        high=high,
        coverage=coverage,
        domains=domains,
        indicators=scores,
        weakest=weakest(scores),
        ratio=mean_ratio(scores),
        moved=_movement(scores, domains, value, earlier),
        districts=tuple(places(indicators, readings, limits, districts)),
        reason=reason,
    )


def places(
    indicators: Sequence[Indicator],
    readings: Readings,
    limits: Limiter,
    districts: Sequence[str],
) -> list[PlaceScore]:
    """Return the districts' scores in their own order, over what is measured by district at all."""
    told = {
        name for (name, place), one in readings.items() if place != CITY and one.value is not None
    }
    counted = [i for i in indicators if i.id in told and i.domain not in NOT_SCORED]
    return [_place(district, counted, readings, limits) for district in districts]


def _spread(domain: DomainScore, drawn: Spread) -> DomainScore:
    if domain.domain not in drawn.names:
        return domain
    low, high = drawn.domain(domain.domain)
    return replace(domain, low=low, high=high)


def _place(
    district: str, indicators: Sequence[Indicator], readings: Readings, limits: Limiter
) -> PlaceScore:
    mine = {i.id: readings[i.id, district] for i in indicators if (i.id, district) in readings}
    domains = domain_scores(indicator_scores(indicators, mine, limits, is_city=False))
    coverage, reason = city_coverage(domains)
    value = None if reason else city_value(domains)
    return PlaceScore(
        district=district,
        score=value,
        shown=shown(value),
        coverage=coverage,
        reason=reason or ("nothing is measured by district" if value is None else None),
    )


def _movement(
    scores: tuple[IndicatorScore, ...],
    domains: tuple[DomainScore, ...],
    value: float | None,
    earlier: Earlier | None,
) -> Movement | None:
    if earlier is None or value is None:
        return None
    known = {score.indicator: score for score in earlier.scores}
    then = tuple(
        replace(score, score=old.score if old else None, z=old.z if old else None)
        for score in scores
        for old in (known.get(score.indicator),)
    )
    before = domain_scores(then)
    _, reason = city_coverage(before)
    was = None if reason else city_value(before)
    drawn = spread([scores, then], domains)
    if was is None or drawn is None:
        return None
    low, high = drawn.change()
    return Movement(
        since=earlier.at,
        points=value - was,
        low=low,
        high=high,
        is_clear=low > 0 or high < 0,
        contributions=contributions((then, before, was), (scores, domains, value)),
    )
