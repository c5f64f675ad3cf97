from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from metrics import INDICATORS, Window, measure
from metrics.comparing import expected_place
from metrics.crime import expectation, limits
from metrics.privacy import suppress
from metrics.rates import count_limits
from metrics.scope import Question
from model import CITY, Observation, Quality, Reading
from tests.unit.metrics.cast import HOUR, NOW, scope, seen

VIOLENT = INDICATORS["saf.violent"]
ZONE = scope().zone
TODAY = datetime(2026, 3, 4, tzinfo=ZONE)  # the last midnight before the newest crime


def crimes(many: int, year: int = 2026, days: float = 5, **more: object) -> list[Observation]:
    at = TODAY.replace(year=year) - timedelta(days=days)
    fields = {"site": f"beat-{more}", "quantity": "violent_crime"} | more
    return [seen(1.0, at=at + i * timedelta(seconds=1), **fields) for i in range(many)]


NEWEST = [seen(1.0, quantity="violent_crime", site="n", at=TODAY + HOUR)]  # of an unfinished day


def got(facts: list[Observation], at: datetime = NOW) -> dict[str, Reading]:
    return {r.district: r for r in measure(VIOLENT, Window.build(facts + NEWEST), at, scope())}


def years(*counts: int, **more: object) -> list[Observation]:
    """Crimes of the same days in 2025, 2024, 2023, and one long before."""
    told = [f for back, n in enumerate(counts, 1) for f in crimes(n, 2026 - back, **more)]
    return told + crimes(1, 2022, days=60)


def test_whole_days_of_four_weeks_are_told_per_100_000_residents() -> None:
    facts = crimes(30) + crimes(5, days=27.9) + crimes(9, days=28.1) + crimes(8, district=None)

    found = got(facts)

    assert (found["north"].num, found["north"].den) == (35, 1_000)
    assert found["north"].value == pytest.approx(3_500)
    assert found[CITY].num == 43


def test_the_same_days_of_three_years_say_what_to_expect() -> None:
    found = got(crimes(30) + years(40, 44, 36))

    assert found["north"].usual is not None
    assert found["north"].usual.centre == pytest.approx(4_000)
    assert found["north"].usual.weeks == 12
    assert (found["north"].reason or "").startswith("expected 40, by chance ")
    assert found["north"].quality is Quality.GOOD


def test_a_missing_year_is_said_and_none_at_all_too() -> None:
    two = got(crimes(30) + crimes(40, 2025) + crimes(40, 2024) + crimes(1, 2024, days=60))["north"]
    none = got(crimes(30))["north"]

    assert two.quality is none.quality is Quality.UNCERTAIN
    assert "expected from 2 of 3 years" in (two.reason or "")
    assert "nothing to compare with" in (none.reason or "")
    assert none.usual is None


# Reference: scipy's negative binomial; Lawless (1987) for the form of its variance.
def test_limits_hold_the_share_of_counts_that_they_say() -> None:
    past = np.array([[40.0, 90, 12, 200], [52.0, 70, 9, 260], [31.0, 98, 15, 215]])

    mean, size, alpha = limits(past)

    assert mean == pytest.approx(past.mean(axis=0))
    for m, s in zip(mean, size, strict=True):
        law = stats.nbinom(s, s / (s + m))
        assert law.var() == pytest.approx((m + alpha[0] * m * m) * 4 / 3)
        for share in (0.95, 0.998):
            low, high = count_limits(m, share, size=s)
            assert low == pytest.approx(law.ppf((1 - share) / 2), abs=1.01)
            assert high == pytest.approx(law.ppf((1 + share) / 2), abs=1.01)
            assert law.cdf(high) - law.cdf(np.ceil(low) - 1) >= share - 0.02


def test_without_more_scatter_than_chance_only_the_mean_s_own_widens_the_limits() -> None:
    mean, size, alpha = limits(np.array([[100.0, 50], [101.0, 49], [99.0, 51]]))

    assert alpha[0] == 0
    assert mean + mean * mean / size == pytest.approx(mean * 4 / 3)


def test_years_that_differ_more_than_by_chance_widen_the_limits() -> None:
    calm = limits(np.array([[100.0], [100.0], [100.0]]))[1]
    wild = limits(np.array([[60.0], [100.0], [140.0]]))[1]

    assert wild[0] < calm[0]
    assert wild[0] == pytest.approx(1e4 / ((100 + 0.15 * 1e4) * 4 / 3 - 100))


def test_what_lies_beyond_the_limits_is_told_by_the_comparison_of_the_house() -> None:
    many = got(crimes(90) + years(40, 44, 36))["north"]
    usual = got(crimes(41) + years(40, 44, 36))["north"]
    few = got(crimes(9) + years(4, 4, 3))["north"]

    places = [expected_place(reading, 100_000) for reading in (many, usual, few)]

    verdicts = [place.verdict if place else None for place in places]
    assert verdicts == ["extremely high", "as expected", None]
    assert "too few to judge" in (few.reason or "")


def test_leap_days_are_compared_with_the_28th() -> None:
    end = datetime(2028, 2, 29, 0, tzinfo=ZONE)
    facts = [seen(1.0, quantity="violent_crime", at=end + HOUR)]
    for year in (2027, 2026, 2025):
        last = datetime(year, 2, 28, 0, tzinfo=ZONE)
        facts += [seen(5.0, quantity="violent_crime", at=last - HOUR, site=str(year))]
        facts += [seen(9.0, quantity="violent_crime", at=last + HOUR, site=str(year))]
    facts += [seen(1.0, quantity="violent_crime", at=datetime(2024, 1, 1, tzinfo=ZONE))]
    question = Question(VIOLENT, Window.build(facts), end + 2 * HOUR, scope())

    found = expectation(question)

    assert found is not None
    assert found.mean[-1] == pytest.approx(5)


def test_fewer_than_five_crimes_stay_in_the_house() -> None:
    facts = crimes(3) + crimes(60, district="south") + years(40, 40, 40)

    shown = {r.district: r for r in suppress(list(got(facts).values()), INDICATORS)}

    assert shown["north"].suppressed
    assert (shown["north"].usual, shown["north"].num) == (None, None)


def test_a_revised_past_changes_what_is_expected() -> None:
    before = Window.build(crimes(30) + years(40, 44, 36) + NEWEST)
    first = measure(VIOLENT, before, NOW, scope())[0]

    after = before.extended(crimes(30, 2025, days=6, site="late"))

    again = measure(VIOLENT, after, NOW, scope())[0]
    assert first.usual is not None
    assert again.usual is not None
    assert again.usual.centre == pytest.approx(first.usual.centre + 1_000)
