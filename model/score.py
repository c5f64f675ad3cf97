"""How well the city does, 0 to 100: by indicator, by domain, as a whole. Counted in ``metrics``."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorScore:
    """One indicator in one place. ``score`` is ``None`` where it cannot be scored: see ``reason``.

    ``shown`` is the whole number for screens, rounded down so that it never reaches a target that
    the value does not. ``ratio`` is the attainment of CityScore, 0 to 1.25. ``weight`` is its
    share (0–1) within its domain.
    """

    indicator: str
    domain: str
    weight: float
    score: float | None = None
    shown: int | None = None
    ratio: float | None = None
    z: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainScore:
    """One domain. ``shown`` is at most 49 while an alarm of priority 1 stands in it.

    ``coverage`` is the share of the weight, ``known`` of ``total`` the number of indicators that
    could be scored. ``low`` and ``high`` are P5 and P95 over the choices of method.
    """

    domain: str
    weight: float
    score: float | None = None
    shown: int | None = None
    low: float | None = None
    high: float | None = None
    coverage: float = 0.0
    known: int = 0
    total: int = 0
    is_capped: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one thing added to a change, in points of the city's score.

    ``term`` is an indicator, or ``entered``, ``left`` or ``floor``: figures that can be scored
    now and could not then, the other way round, and domains held at the floor.
    """

    term: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """The change since an earlier instant; the contributions add up to ``points``.

    It may be told as a change only where ``is_clear``: the interval of the change excludes 0.
    """

    since: datetime
    points: float
    low: float
    high: float
    is_clear: bool
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceScore:
    """One district. Never ranked: ``coverage`` says how much of it is known."""

    district: str
    score: float | None = None
    shown: int | None = None
    coverage: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityScore:
    """The whole. ``weakest`` are the three lowest indicators, without which it is never shown.

    ``median``, ``low`` and ``high`` (P5, P95) come from a thousand draws over weights, ways to
    normalise and to aggregate, and leaving one indicator out. ``ratio`` is CityScore's plain mean.
    """

    at: datetime
    score: float | None = None
    shown: int | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float = 0.0
    domains: tuple[DomainScore, ...] = ()
    indicators: tuple[IndicatorScore, ...] = ()
    weakest: tuple[str, ...] = ()
    ratio: float | None = None
    moved: Movement | None = None
    districts: tuple[PlaceScore, ...] = ()
    reason: str | None = None
