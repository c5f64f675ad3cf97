"""How much of a score is choice: a thousand draws over the ways to count it.

Each draw takes other weights (Dirichlet around the given ones), one of three ways to normalise,
an arithmetic or a geometric mean of the domains, and leaves one indicator out. The draws are
seeded, so the same facts give the same interval, and two instants are compared draw by draw.

Source: Saisana, Saltelli & Tarantola (2005), JRSS A 168, 307-323; OECD/JRC Handbook (2008), 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrics.columns import Floats
from metrics.score import FLOOR
from model import DomainScore, IndicatorScore

DRAWS = 1000
CONCENTRATION = 20.0  # α = 20 · weight
P5, P95 = 5.0, 95.0
SEED = 20_260_101

_Z = ((-4.0, 0.0), (-3.0, 25.0), (-2.0, 50.0), (0.0, 90.0), (1.0, 100.0))  # limits of z alarms
_CLASSES = ((25.0, 12.5), (50.0, 37.5), (90.0, 70.0))  # up to, middle of the class
_TOP_CLASS = 95.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Draws of the city, shape (k, draws), and of each domain, shape (k, domains, draws)."""

    city: Floats
    domains: Floats
    names: tuple[str, ...]

    def interval(self, at: int = 0) -> tuple[float, float, float]:
        """Return P5, median and P95 of the city at one of the instants."""
        low, middle, high = np.percentile(self.city[at], [P5, 50.0, P95]).tolist()
        return low, middle, high

    def domain(self, name: str, at: int = 0) -> tuple[float, float]:
        """Return P5 and P95 of one domain."""
        low, high = np.percentile(self.domains[at, self.names.index(name)], [P5, P95]).tolist()
        return low, high

    def change(self, later: int = 0, earlier: int = 1) -> tuple[float, float]:
        """Return P5 and P95 of the change, draw by draw."""
        low, high = np.percentile(self.city[later] - self.city[earlier], [P5, P95]).tolist()
        return low, high


def spread(
    instants: Sequence[Sequence[IndicatorScore]],
    domains: Sequence[DomainScore],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Spread | None:
    """Return the draws over one or more instants; ``None`` where nothing is known at all of them.

    Only indicators that are scored at every instant take part, in published domains.
    """
    published = {domain.domain: domain.weight for domain in domains if domain.score is not None}
    by_name = [{s.indicator: s for s in scores if s.score is not None} for scores in instants]
    chosen = [
        score
        for score in instants[0]
        if score.domain in published and all(score.indicator in known for known in by_name)
    ]
    if not chosen:
        return None
    names = tuple(dict.fromkeys(score.domain for score in chosen))
    place = np.array([names.index(score.domain) for score in chosen])
    rng = np.random.default_rng(seed)
    weights = _weights(rng, np.array([s.weight for s in chosen]), place, draws)
    way = rng.integers(0, 3, draws)
    is_geometric = rng.integers(0, 2, draws).astype(bool)
    shares = rng.gamma(
        CONCENTRATION * np.array([published[n] for n in names]), size=(draws, len(names))
    )
    shares = np.maximum(shares, 1e-12)
    shares /= shares.sum(axis=1, keepdims=True)
    table = [_ways([known[s.indicator] for s in chosen])[way] for known in by_name]
    found = [_domains(values, weights, place, len(names)) for values in table]
    city = [_city(values, shares, is_geometric) for values in found]
    return Spread(np.array(city), np.array([values.T for values in found]), names)


def z_score(z: float) -> float:
    """Return a robust z on the scale of scores: usual is on target, −2 a warning, −3 critical."""
    return float(np.interp(z, [at for at, _ in _Z], [score for _, score in _Z]))


def class_score(score: float) -> float:
    """Return the middle of the class of a score: critical, warned, short of or on target."""
    return next((middle for limit, middle in _CLASSES if score <= limit), _TOP_CLASS)


def _ways(scores: Sequence[IndicatorScore]) -> Floats:
    """Return the scores in three ways, shape (3, n): anchored, by z, by class."""
    plain = [score.score or 0.0 for score in scores]
    by_z = [
        value if score.z is None else z_score(score.z)
        for value, score in zip(plain, scores, strict=True)
    ]
    return np.array([plain, by_z, [class_score(value) for value in plain]])


def _weights(rng: np.random.Generator, weights: Floats, place: np.ndarray, draws: int) -> Floats:
    """Return weights by draw, shape (draws, n); one indicator is left out of each draw.

    The only indicator of a domain stays: leaving it out would leave the domain out.
    """
    drawn = np.maximum(rng.gamma(CONCENTRATION * weights, size=(draws, len(weights))), 1e-12)
    sizes = np.bincount(place)
    left_out = rng.integers(0, len(weights), draws)
    rows = np.flatnonzero(sizes[place[left_out]] > 1)
    drawn[rows, left_out[rows]] = 0.0
    return drawn


def _domains(values: Floats, weights: Floats, place: np.ndarray, size: int) -> Floats:
    """Return the means by domain, shape (draws, size)."""
    member = np.eye(size)[place]
    found: Floats = ((values * weights) @ member) / (weights @ member)
    return found


def _city(domains: Floats, shares: Floats, is_geometric: np.ndarray) -> Floats:
    geometric = np.exp((shares * np.log(np.maximum(domains, FLOOR))).sum(axis=1))
    found: Floats = np.where(is_geometric, geometric, (shares * domains).sum(axis=1))
    return found
