from dataclasses import replace

import pytest

from metrics import INDICATORS, Window, measure
from model import CITY, Observation, Quality, Reading, Threshold
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed, scope, seen

IT, KEV, WEEK = (INDICATORS[name] for name in ("inf.it", "cyb.kev", "cyb.kev_week"))


def looks(failed: set[int], site: str = "web", n: int = 360, **more: object) -> list[Observation]:
    """One look a minute, the newest is number 0; those in ``failed`` failed."""
    return [
        seen(
            0.0 if i in failed else 1.0,
            site=site,
            quantity="probe_up",
            at=NOW - i * MINUTE,
            **{"district": None, **more},
        )
        for i in range(n)
    ]


def burn(facts: list[Observation], indicator=IT) -> dict[str, Reading]:
    known = scope(feed_age={"feed": feed("feed", MINUTE)})
    return {r.district: r for r in measure(indicator, Window.build(facts), NOW, known)}


def test_services_that_answer_burn_nothing() -> None:
    got = burn([*looks(set()), *looks(set(), "mail")])[CITY]

    assert (got.value, got.num, got.n, got.quality) == (0, 0, 360, Quality.GOOD)
    assert got.den == pytest.approx(0.36)


@pytest.mark.parametrize(
    ("failed", "value", "num", "n"),
    [
        ({3}, 0, 0, 360),  # one failed look proves nothing
        ({3, 4}, 2 / 60 / 0.001, 2, 60),  # the last hour reaches 14.4
        ({100, 200}, 2 / 360 / 0.001, 2, 360),  # only the six hours
        ({3, 200}, 2 / 360 / 0.001, 2, 360),  # one of them in the last hour
        ({100, 200, 300}, 3 / 360 / 0.001, 3, 360),  # over 6: warn
        (set(range(100, 130)), 14.3, 30, 360),  # over: held below the fast limit
        (set(range(360)), 1000, 60, 60),
    ],
)
def test_one_number_comes_of_two_periods(
    failed: set[int], value: float, num: float, n: int
) -> None:
    got = burn(looks(failed))[CITY]

    assert got.value == pytest.approx(value)
    assert (got.num, got.n) == (num, n)


def test_what_is_held_is_said() -> None:
    got = burn(looks(set(range(100, 130))))[CITY]

    assert got.reason == "more over 6 hours, and under 14.4 over the last: held below it"
    assert got.value < IT.threshold.crit


def test_the_fast_limit_is_the_critical_one_of_the_city() -> None:
    strict = replace(IT, threshold=Threshold(warn=6.0, crit=40.0))

    got = burn(looks({3, 4}), strict)[CITY]

    assert got.value == pytest.approx(2 / 360 / 0.001)


def test_the_worst_service_decides_and_is_named() -> None:
    facts = [*looks(set()), *looks({0, 1, 2}, "mail"), *looks({5, 6}, "map", district="south")]

    got = burn(facts)

    assert (got[CITY].site, got[CITY].value) == ("mail", pytest.approx(50))
    assert (got["south"].site, got["south"].value) == ("map", pytest.approx(2 / 60 / 0.001))
    assert got["north"].value is None


def test_a_service_that_is_looked_at_no_more_does_not_count() -> None:
    gone = [replace(one, observed_at=one.observed_at - HOUR) for one in looks({0, 1, 2}, "old")]

    assert burn([*looks(set()), *gone])[CITY].value == 0
    assert burn(gone)[CITY].reason == "no service was looked at in time"


def test_missing_looks_are_neither_good_nor_bad() -> None:
    facts = looks(set(range(1, 30)))
    facts = [replace(one, value=None) if one.value == 0 else one for one in facts]

    assert burn(facts)[CITY].value == 0


def test_few_looks_are_doubtful() -> None:
    got = burn(looks({0, 1}, n=5))[CITY]

    assert (got.value, got.quality) == (pytest.approx(400), Quality.UNCERTAIN)
    assert got.reason == "n too small (5 of 10)"


def asset(name: str, count: float | None, quantity: str = "kev_overdue", **more: object):
    return seen(count, site=name, quantity=quantity, **{"district": None, **more})


def overdue(facts: list[Observation], indicator=KEV) -> dict[str, Reading]:
    return {r.district: r for r in measure(indicator, Window.build(facts), NOW, scope())}


def test_overdue_vulnerabilities_are_summed_over_assets() -> None:
    facts = [asset("a", 2.0), asset("b", 0.0), asset("c", 3.0)]
    facts += [asset("a", 1.0, "kev_overdue_week"), asset("b", 0.0, "kev_overdue_week")]

    got, week = overdue(facts), overdue(facts, WEEK)

    assert (got[CITY].value, got[CITY].num, got[CITY].den, got[CITY].n) == (5, 5, None, 3)
    assert (week[CITY].value, week[CITY].n) == (1, 2)
    assert (KEV.threshold.warn, WEEK.threshold.crit) == (1.0, 1.0)
    assert got["north"].value is None


def test_no_overdue_vulnerability_is_a_zero_and_no_list_is_unknown() -> None:
    assert overdue([asset("a", 0.0)])[CITY].value == 0
    assert overdue([asset("a", None)])[CITY].value is None
    assert overdue([asset("a", 4.0, at=NOW - 2 * DAY)])[CITY].value is None


def test_an_asset_that_left_the_list_counts_no_more() -> None:
    got = overdue([asset("gone", 7.0, at=NOW - HOUR), asset("a", 1.0)])[CITY]

    assert (got.value, got.n) == (1, 1)


def test_two_lists_of_two_feeds_add_up() -> None:
    got = overdue([asset("a", 1.0), asset("a", 2.0, feed_id="other", at=NOW - HOUR)])[CITY]

    assert (got.value, got.feeds) == (3, ("feed", "other"))


def test_an_old_catalogue_makes_a_doubtful_count() -> None:
    got = overdue([asset("a", 1.0, quality=Quality.UNCERTAIN)])[CITY]

    assert (got.quality, got.reason) == (Quality.UNCERTAIN, "the catalogue is old")


@pytest.mark.parametrize("indicator", [IT, KEV, WEEK], ids=lambda i: i.id)
def test_what_concerns_the_citys_machines_is_not_public(indicator) -> None:
    assert not indicator.is_public
