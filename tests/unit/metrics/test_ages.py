import numpy as np
import pytest

from metrics import INDICATORS, Window
from metrics.ages import Ages, age_shares
from metrics.scope import Question
from model import CITY, Case
from tests.unit.metrics.cast import DAY, HOUR, NOW, asked, scope

OVERDUE = INDICATORS["srv.overdue"]


def got(cases: list[Case], **more: object) -> dict[str, Ages]:
    question = Question(OVERDUE, Window.build([], cases), NOW, scope(**more))
    return {one.district: one for one in age_shares(question)}


def waiting(many: int, age: object, **more: object) -> list[Case]:
    return [asked(f"{age}{more}{i}", NOW - age, **more) for i in range(many)]  # type: ignore[operator]


BESIDE = waiting(6, DAY, district="south")  # else an empty neighbour hides both


# By hand: potholes may take two days, so the bands end at 1, 2 and 4 days.
def test_open_requests_are_shared_out_by_multiples_of_what_each_may_take() -> None:
    cases = waiting(4, DAY) + waiting(3, 2 * DAY) + waiting(2, 4 * DAY) + waiting(1, 5 * DAY)
    cases += waiting(10, 9 * DAY, service="unknown")
    cases += [asked(f"done{i}", NOW - 9 * DAY, NOW - DAY) for i in range(50)]

    found = got(cases + BESIDE)["north"]

    assert found.shares == pytest.approx((0.4, 0.3, 0.2, 0.1))
    assert (found.count, found.undated) == (10, 10)
    assert found.p90 is None  # from fewer than 30 there is none


def test_the_edges_belong_to_the_younger_band() -> None:
    assert got(waiting(5, DAY) + BESIDE)["north"].shares == (1, 0, 0, 0)
    assert got(waiting(5, DAY + HOUR / 3600) + BESIDE)["north"].shares == (0, 1, 0, 0)


def test_the_90th_percentile_of_the_age_is_that_of_all_open_ones() -> None:
    cases = [asked(f"c{h}", NOW - h * HOUR) for h in range(1, 101)]

    assert got(cases)[CITY].p90 == pytest.approx(np.quantile(np.arange(1, 101), 0.9) / 24)


def test_a_few_open_requests_stay_in_the_house_with_a_neighbour() -> None:
    found = got(waiting(3, DAY) + waiting(40, DAY, district="south"))

    assert [found[name].is_hidden for name in ("north", "south", CITY)] == [True, True, False]
    assert (found["north"].shares, found["north"].count) == (None, None)
    assert found[CITY].count == 43


def test_without_cases_nothing_is_known() -> None:
    assert [one.count for one in got([]).values()] == [None, None, None]


def test_requests_without_a_due_date_have_no_band() -> None:
    found = got(waiting(9, DAY) + BESIDE, services={})["north"]

    assert (found.shares, found.count, found.undated) == (None, 0, 9)


def test_shares_of_a_few_requests_with_a_due_date_stay_in_the_house_with_a_neighbour() -> None:
    cases = waiting(3, DAY) + waiting(30, DAY, service="unknown")
    cases += waiting(40, DAY, district="south")

    found = got(cases)

    assert [found[name].is_hidden for name in ("north", "south", CITY)] == [True, True, False]
    assert found["north"].count is None


def test_a_city_of_few_requests_with_a_due_date_shows_no_share() -> None:
    found = got(waiting(3, DAY) + waiting(30, DAY, service="unknown"))

    assert found[CITY].is_hidden
