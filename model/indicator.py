"""The definition of a KPI."""

from dataclasses import dataclass, field
from datetime import timedelta

SENTENCE = "{title}: {value} ({window}, as of {time}), {degree} than usual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where a value starts to matter. ``kind`` says how ``warn`` and ``crit`` are read.

    ``value``: in the indicator's unit. ``band``: outside ``low``–``high``. ``usual_ratio``: times
    the usual value. ``z``: robust z. ``funnel``: outside the 95 % and 99.8 % limits of its own n.
    ``plan``: percent of ``plan``, which is what the window should bring, in the unit. ``burn``:
    times the error budget, over six hours and over one. ``metrics.levels`` reads them all.
    """

    kind: str = "value"
    warn: float | None = None
    crit: float | None = None
    low: float | None = None
    high: float | None = None
    crit_low: float | None = None
    crit_high: float | None = None
    plan: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One KPI: what it means, how it is counted, when it worries.

    ``direction`` is lower, higher or band (which side is better). ``title``, ``short`` and
    ``unit`` are message ids of ``texts``. ``cadence`` is how often it is measured. ``is_counted``
    marks figures about people's cases, to which the small-cell rule applies. ``statistic`` says
    what kind of number it is, so how many cases it needs and how districts are compared:
    proportion, rate, expected (den is the expected number), p90, p50, sentiment; empty: another.
    ``wording`` is the sentence of briefings, a message id; empty: one made from the title.
    """

    id: str
    title: str
    short: str
    unit: str
    direction: str
    domain: str
    cadence: timedelta
    window: timedelta
    time_aggregation: str
    district_aggregation: str
    definition: str
    numerator: str
    denominator: str
    source: str
    standard: str = ""
    decimals: int = 1
    min_n: int = 1
    threshold: Threshold = field(default_factory=Threshold)
    target: float | None = None
    normal: tuple[float, float] | None = None
    owner: str = ""
    weight: float = 1.0
    is_public: bool = True
    is_counted: bool = False
    quantities: tuple[str, ...] = ()  # observations that it needs
    look_back: timedelta | None = None  # how old a fact it may need; None: within five weeks
    needs_cases: bool = False
    subject: str = "requests"  # which cases: those of feeds with this subject
    roll_up: tuple[timedelta, ...] = ()  # wider windows to take, in turn, while n is too small
    statistic: str = ""
    wording: str = ""
    options: tuple[tuple[str, str], ...] = ()  # e.g. (("table", "us-2024"),)

    @property
    def sentence(self) -> str:
        """The message id of the sentence that briefings say; values are put in by name."""
        return self.wording or SENTENCE

    def option(self, name: str, default: str) -> str:
        """Return one option of this city's setting."""
        return dict(self.options).get(name, default)
