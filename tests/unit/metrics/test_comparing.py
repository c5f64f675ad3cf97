import math
from datetime import UTC, datetime

import pytest
from scipy import stats

from metrics.comparing import Limiter, compare, compare_all, limits_of
from metrics.levels import level
from model import Indicator, Level, Quality, Reading, Threshold, Usual
from tests.unit.metrics.made import kpi

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLA = kpi("higher", id="sla", unit="%", statistic="proportion")
CRIME = kpi(
    id="crime", unit="per 100 000", statistic="expected", threshold=Threshold(kind="funnel")
)
KSI = kpi(id="ksi", unit="per 100 000", statistic="rate", threshold=Threshold(kind="funnel"))


def share(district: str, met: float, due: float, **changes: object) -> Reading:
    plain = {"indicator": "sla", "district": district, "at": AT, "num": met, "den": due}
    return Reading(**(plain | {"value": 100 * met / due} | changes))  # type: ignore[arg-type]


def rate(
    indicator: Indicator, district: str, events: float, people: float, usual: Usual | None = None
) -> Reading:
    return Reading(
        indicator=indicator.id,
        district=district,
        at=AT,
        num=events,
        den=people,
        value=1e5 * events / people,
        usual=usual,
    )


def past(events: float, people: float, size: float = math.inf) -> Usual:
    """Return what the past leads to expect, in the unit."""
    spread = math.sqrt(events + events * events / size)
    unit = 1e5 / people
    return Usual(centre=events * unit, low=0, high=0, spread=spread * unit, weeks=12)


def test_shares_are_compared_as_events_of_cases_in_the_indicators_unit() -> None:
    found = compare(SLA, [share("a", 90, 100), share("b", 700, 1000), share("city", 790, 1100)])

    assert found.scale == pytest.approx(100.0)
    assert found.funnel is not None
    assert found.funnel.centre == pytest.approx(790 / 1100)
    assert [place.district for place in found.funnel.places] == ["a", "b"]


def test_what_has_no_count_says_so() -> None:
    found = compare(kpi(id="sla"), [share("a", 90, 100)])

    assert found.funnel is None
    assert found.reason is not None
    assert "no count" in found.reason


def test_hidden_districts_take_no_part_and_are_named() -> None:
    hidden = share("b", 3, 4, suppressed=True, num=None, den=None, value=None)
    found = compare(SLA, [share("a", 90, 100), hidden, share("c", 1, 1, quality=Quality.BAD)])

    assert found.hidden == ("b",)
    assert found.funnel is not None
    assert [place.district for place in found.funnel.places] == ["a"]


def test_limits_against_the_own_past_are_negative_binomial() -> None:
    reading = rate(CRIME, "a", 60, 40_000, past(40, 40_000, size=25))
    found = limits_of(CRIME, reading)
    assert found is not None
    assert found.warn_high is not None

    k = stats.nbinom.ppf(0.975, 25, 25 / 65)

    assert k <= found.warn_high * 40_000 / 1e5 <= k + 1
    assert found.centre == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("events", "expected"), [(40, None), (55, Level.WARN), (64, Level.CRIT), (0, None)]
)
def test_a_count_is_judged_by_its_rarity(events: float, expected: Level | None) -> None:
    reading = rate(CRIME, "city", events, 40_000, past(40, 40_000))
    others = compare(CRIME, [reading, rate(CRIME, "b", 10, 10_000, past(10, 10_000))])

    assert level(reading.value, limits_of(CRIME, reading, others)) is expected


def test_few_events_raise_no_alarm() -> None:
    reading = rate(CRIME, "a", 15, 40_000, past(3, 40_000))

    assert limits_of(CRIME, reading) is None


def test_districts_against_the_city_have_limits_of_their_own_size() -> None:
    counts = {"small": (40, 100_000), "large": (400, 1_000_000), "bad": (300, 500_000)}
    readings = [rate(KSI, name, *count) for name, count in counts.items()]
    limiter = Limiter(compare_all([KSI], readings))

    small, large, bad = (limiter(KSI, reading) for reading in readings)
    assert small is not None
    assert large is not None
    assert small.warn_high is not None
    assert large.warn_high is not None

    assert small.warn_high > large.warn_high > 1e5 * 740 / 1_600_000
    assert level(readings[2].value, bad) is Level.CRIT


def test_the_city_has_no_limits_against_itself() -> None:
    reading = rate(KSI, "city", 400, 1_000_000)

    assert limits_of(KSI, reading, compare(KSI, [reading])) is None
