from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from metrics import INDICATORS, Window
from metrics.columns import milliseconds
from metrics.scope import Question
from metrics.weeks import Table, instant_of, named, number_of, table, week_of, year_before
from tests.unit.metrics.cast import scope, seen

ZONE = "America/Montreal"
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def midnight(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=scope().zone)


@pytest.mark.parametrize(
    ("observed", "week"),
    [
        ("2026-03-02T00:00:00", "2026-W09"),  # Monday's midnight ends the week before
        ("2026-03-01T12:00:00", "2026-W09"),  # any instant of its Sunday
        ("2026-03-02T00:00:01", "2026-W10"),
        ("2021-01-04T00:00:00", "2020-W53"),
        ("2025-12-29T00:00:00", "2025-W52"),
        ("2026-01-05T00:00:00", "2026-W01"),
    ],
)
def test_a_week_is_observed_at_its_end_by_city_time(observed: str, week: str) -> None:
    assert named(week_of(milliseconds(midnight(observed)), ZONE)) == week


@pytest.mark.parametrize("monday", ["2026-03-09", "2026-11-02", "2026-07-06"])
def test_weeks_with_a_change_of_clocks_end_at_midnight_too(monday: str) -> None:
    end = milliseconds(midnight(f"{monday}T00:00:00"))

    assert instant_of(week_of(end, ZONE), ZONE) == end


@pytest.mark.parametrize(
    ("week", "before"),
    [
        ("2026-W10", "2025-W10"),
        ("2026-W53", "2026-W01"),  # 2025 has no week 53: the week 52 weeks before
        ("2027-W01", "2026-W01"),
        ("2021-W01", "2020-W01"),
        ("2020-W53", "2020-W01"),
    ],
)
def test_a_week_is_compared_with_that_of_the_same_number(week: str, before: str) -> None:
    def number(text: str) -> int:
        return number_of(int(text[:4]), int(text[6:]))

    assert named(year_before(number(week))) == before


def test_four_weeks_over_a_week_53_are_compared_with_four_weeks_in_a_row() -> None:
    weeks = [number_of(2026, week) for week in (50, 51, 52, 53)]

    assert np.diff([year_before(week) for week in weeks]).tolist() == [1, 1, 1]


def test_weeks_are_numbered_without_a_gap_over_thirty_years() -> None:
    days = [date(2000, 1, 3) + timedelta(weeks=k) for k in range(1_600)]
    numbers = [number_of(*day.isocalendar()[:2]) for day in days]

    assert np.diff(numbers).tolist() == [1] * 1_599
    assert [named(n) for n in numbers] == [f"{day:%G-W%V}" for day in days]


def spend(values: list[float | None], site: str = "a", **more: object) -> list:
    ends = [midnight("2026-03-02T00:00:00") - timedelta(weeks=k) for k in range(len(values))]
    return [
        seen(value, quantity="card_spend", site=site, at=end, **more)
        for value, end in zip(values, ends, strict=True)
    ]


def told(facts: list) -> Table:
    question = Question(INDICATORS["eco.card"], Window.build(facts), NOW, scope())
    return table(question, "card_spend", 99 * 7 * 86_400_000)


def test_a_week_that_was_told_twice_counts_with_what_was_told_last() -> None:
    again = seen(7.0, quantity="card_spend", site="a", at=midnight("2026-03-01T12:00:00"))

    found = told([*spend([5.0, 4.0]), again])

    assert found.values.tolist() == [[4.0, 5.0]]


def test_the_newest_week_is_one_that_most_sites_have_told_of() -> None:
    facts = [f for s in "abcd" for f in spend([5.0] * 4 if s == "a" else [None, 5.0, 5.0], s)]

    found = told(facts)

    assert named(found.newest()) == "2026-W08"


def test_sites_that_are_gone_for_good_are_not_waited_for_for_ever() -> None:
    gone = [f for s in "bcd" for f in spend([None] * 5 + [5.0] * 5, s)]

    assert named(told([*spend([5.0] * 10), *gone]).newest()) == "2026-W09"


def test_a_source_that_told_only_that_it_had_nothing_has_no_newest_week() -> None:
    assert told(spend([None, None])).newest() is None
    assert told([]).newest() is None


def test_weeks_that_were_not_told_are_unknown() -> None:
    found = told(spend([5.0, None, 3.0]))
    newest = found.newest()

    values = found.of([newest - 2, newest - 1, newest, newest + 1])

    assert values[0, [0, 2]].tolist() == [3.0, 5.0]
    assert np.isnan(values[0, [1, 3]]).all()
    assert found.end_of(newest) == milliseconds(midnight("2026-03-02T00:00:00"))
