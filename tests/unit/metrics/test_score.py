import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.cityscore import Earlier, city_score
from metrics.levels import Limits, limits
from metrics.movement import contributions, log_mean
from metrics.score import (
    city_value,
    domain_scores,
    indicator_scores,
    mean_ratio,
    shares,
    twins,
    urgent_domains,
)
from metrics.sensitivity import class_score, spread, z_score
from model import (
    Alert,
    CityScore,
    DomainScore,
    Indicator,
    IndicatorScore,
    Quality,
    Reading,
    State,
    Threshold,
)

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def kpi(name: str, domain: str = "a", **changes: object) -> Indicator:
    """Make an indicator on which a value is its own score between 25 and 90."""
    plain: dict[str, object] = {
        "id": name,
        "title": name,
        "short": name,
        "unit": "points",
        "direction": "higher",
        "domain": domain,
        "cadence": timedelta(hours=1),
        "window": timedelta(hours=1),
        "time_aggregation": "",
        "district_aggregation": "",
        "definition": "",
        "numerator": "",
        "denominator": "",
        "source": "",
        "threshold": Threshold(warn=50.0, crit=25.0),
        "target": 90.0,
    }
    return Indicator(**(plain | changes))  # type: ignore[arg-type]


def limiter(indicator: Indicator, reading: Reading) -> Limits | None:
    return limits(indicator, reading)


def reading(name: str, value: float | None, district: str = "city", **changes: object) -> Reading:
    quality = Quality.GOOD if value is not None else Quality.NODATA
    plain = Reading(indicator=name, district=district, at=AT, value=value, quality=quality)
    return replace(plain, **changes)  # type: ignore[arg-type]


def known(values: Mapping[str, float | None]) -> dict[tuple[str, str], Reading]:
    return {(name, "city"): reading(name, value) for name, value in values.items()}


def scored(kpis: list[Indicator], values: Mapping[str, float | None], **more: object) -> CityScore:
    return city_score(kpis, known(values), limiter, AT, **more)  # type: ignore[arg-type]


FOUR = [kpi("a.1"), kpi("a.2"), kpi("b.1", "b"), kpi("b.2", "b")]


def test_a_domain_is_the_weighted_mean_and_the_city_the_geometric_one() -> None:
    kpis = [kpi("a.1", weight=3.0), kpi("a.2"), kpi("b.1", "b")]
    found = scored(kpis, {"a.1": 80.0, "a.2": 60.0, "b.1": 30.0})
    a, b = found.domains

    assert a.score == pytest.approx(75.0)
    assert b.score == pytest.approx(30.0)
    assert found.score == pytest.approx(math.sqrt(75 * 30))
    assert found.shown == 47
    assert found.weakest == ("b.1", "a.2", "a.1")


def test_a_failed_domain_is_not_paid_for_by_a_shining_one() -> None:
    found = scored(FOUR, {"a.1": 200.0, "a.2": 200.0, "b.1": -50.0, "b.2": -50.0})

    assert found.score == pytest.approx(10.0)  # √(100 · 1)


def test_no_data_is_left_out_and_said() -> None:
    kpis = [kpi("a.1"), kpi("a.2"), kpi("a.3"), kpi("a.4")]
    found = scored(kpis, {"a.1": 60.0, "a.2": 70.0, "a.3": 80.0, "a.4": None})
    (domain,) = found.domains

    assert domain.score == pytest.approx(70.0)
    assert (domain.known, domain.total, domain.coverage) == (3, 4, 0.75)
    assert [score.reason for score in found.indicators] == [None, None, None, "no data"]


def test_under_the_coverage_there_is_no_score_and_the_coverage_is_told() -> None:
    found = scored(FOUR, {"a.1": 60.0, "a.2": 70.0, "b.1": 80.0, "b.2": None})

    assert [domain.score for domain in found.domains] == [pytest.approx(65.0), None]
    assert found.domains[1].reason == "n/a (coverage 50 %)"
    assert found.score is None
    assert found.shown is None
    assert found.reason == "n/a (coverage 75 %)"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quality": Quality.STALE}, "data are STALE"),
        ({"quality": Quality.LATE}, "data are LATE"),
        ({"n": 9}, "n too small"),
        ({"suppressed": True, "value": None}, "hidden: too few cases"),
        ({"quality": Quality.UNCERTAIN, "n": 10}, None),
    ],
)
def test_only_what_is_believed_is_scored(changes: dict[str, object], reason: str | None) -> None:
    some = kpi("a.1", min_n=10)
    (score,) = indicator_scores([some], {"a.1": replace(reading("a.1", 60.0), **changes)}, limiter)

    assert score.reason == reason
    assert (score.score is None) is (reason is not None)


@pytest.mark.parametrize(
    ("statistic", "n", "is_scored"),
    [("p90", 49, False), ("p90", 50, True), ("p50", 19, False), ("p50", 20, True)],
)
def test_a_percentile_is_scored_from_more_cases_than_it_is_shown(
    statistic: str, n: int, is_scored: bool
) -> None:
    some = kpi("a.1", min_n=10, statistic=statistic)
    (score,) = indicator_scores([some], {"a.1": reading("a.1", 60.0, n=n)}, limiter)

    assert (score.score is not None) is is_scored


def test_zero_incidents_are_the_best_and_not_missing() -> None:
    some = kpi("a.1", direction="lower", threshold=Threshold(warn=1.0, crit=2.0), target=0.0)

    assert scored([some], {"a.1": 0.0}).score == pytest.approx(100.0)
    assert scored([some], {"a.1": None}).score is None


def test_data_quality_and_weight_zero_do_not_count() -> None:
    kpis = [kpi("a.1"), kpi("dq", "data quality"), kpi("a.2", weight=0.0)]
    found = scored(kpis, {"a.1": 60.0, "dq": 0.0, "a.2": 0.0})

    assert [score.indicator for score in found.indicators] == ["a.1"]


def test_what_can_never_be_scored_takes_no_part_and_says_why() -> None:
    kpis = [
        kpi("a.1"),
        kpi("a.2", threshold=Threshold(kind="plan", warn=75, crit=50)),
        kpi("b.1", "b", threshold=Threshold(kind="funnel"), statistic="rate"),
    ]
    found = scored(kpis, {"a.1": 60.0, "a.2": 10.0, "b.1": 3.0})

    assert [d.domain for d in found.domains] == ["a"]
    assert (found.score, found.coverage) == (pytest.approx(60.0), pytest.approx(1.0))
    assert [(s.weight, s.reason) for s in found.indicators] == [
        (1.0, None),
        (0.0, "no plan is set"),
        (0.0, "compares districts only"),
    ]


def test_twins_share_one_weight() -> None:
    twin = kpi("a.2", options=(("shares_weight_with", "a.1"),))

    assert shares([kpi("a.1"), twin, kpi("a.3")]) == {"a.1": 0.25, "a.2": 0.25, "a.3": 0.5}
    assert shares([twin, kpi("a.3")]) == {"a.2": 0.5, "a.3": 0.5}


def test_twins_are_found_by_their_course() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=200), rng.normal(size=200)
    courses = {
        "one": one,
        "same": -one + 0.1 * other,
        "other": other,
        "short": np.full(200, np.nan),
    }

    assert [(a, b) for a, b, _ in twins(courses)] == [("one", "same")]


def alarm(**changes: object) -> Alert:
    plain: dict[str, object] = {
        "id": "o",
        "key": "r:city",
        "rule": "r",
        "title": "R",
        "indicator": "a.1",
        "district": "city",
        "site": None,
        "state": State.UNACK,
        "shown": "UNACK",
        "suppressed": (),
        "quality": Quality.GOOD,
        "priority": 1,
        "level": None,
        "value": 1.0,
        "limit": 1.0,
        "direction": "high",
        "occurrence": "o",
    }
    return Alert(**(plain | changes))  # type: ignore[arg-type]


def test_an_alarm_of_priority_1_caps_what_is_shown_of_its_domain_only() -> None:
    values = {"a.1": 90.0, "a.2": 90.0, "b.1": 90.0, "b.2": 90.0}
    calm, capped = scored(FOUR, values), scored(FOUR, values, alerts=[alarm()])

    assert [(d.shown, d.is_capped) for d in capped.domains] == [(49, True), (90, False)]
    assert capped.domains[0].score == pytest.approx(90.0)
    assert capped.score == calm.score


@pytest.mark.parametrize(
    "changes",
    [{"priority": 2}, {"suppressed": ("SHELVED",)}, {"cleared_at": AT}, {"indicator": None}],
)
def test_other_alarms_cap_nothing(changes: dict[str, object]) -> None:
    assert urgent_domains([alarm(**changes)], FOUR) == frozenset()


def test_a_low_domain_is_not_lifted_by_the_cap() -> None:
    found = scored(FOUR, {"a.1": 30.0, "a.2": 30.0, "b.1": 90.0, "b.2": 90.0}, alerts=[alarm()])

    assert (found.domains[0].shown, found.domains[0].is_capped) == (30, False)


# --- interval ------------------------------------------------------------------------------------


def test_the_interval_is_the_same_for_the_same_facts_and_holds_the_score() -> None:
    values = {"a.1": 55.0, "a.2": 80.0, "b.1": 70.0, "b.2": 88.0}
    one, other = scored(FOUR, values), scored(FOUR, values)

    assert one == other
    assert one.low is not None
    assert one.high is not None
    assert one.score is not None
    assert one.low < one.score < one.high
    assert one.low < (one.median or 0) < one.high


def test_where_all_indicators_agree_the_way_to_count_does_not_matter() -> None:
    found = scored(FOUR, dict.fromkeys(("a.1", "a.2", "b.1", "b.2"), 70.0))

    assert [found.low, found.median, found.high] == pytest.approx([70.0] * 3)


def test_scales_of_the_other_ways_to_normalise() -> None:
    assert [z_score(z) for z in (-9, -3, -2, 0, 5)] == [0, 25, 50, 90, 100]
    assert [class_score(s) for s in (0, 25, 26, 50, 89, 90, 91)] == [
        12.5,
        12.5,
        37.5,
        37.5,
        70.0,
        70.0,
        95.0,
    ]


def test_each_draw_leaves_one_indicator_out() -> None:
    kpis = [kpi("a.1", weight=4.0), kpi("a.2")]
    scores = indicator_scores(
        kpis, {n: r for (n, _), r in known({"a.1": 90.0, "a.2": 60.0}).items()}, limiter
    )
    only = [replace(score, z=None) for score in scores]
    found = spread([only], domain_scores(scores), draws=4000)
    assert found is not None

    # of two indicators one is always left out: 90 or 60, or the class of 60 (70) and of 90 (70)
    assert set(np.unique(found.domains[0, 0].round(6)).tolist()) == {60.0, 70.0, 90.0}


def test_nothing_known_has_no_interval() -> None:
    scores = indicator_scores(FOUR, {}, limiter)

    assert spread([scores], domain_scores(scores)) is None


# --- movement ------------------------------------------------------------------------------------

SCORES = st.floats(0, 100).map(lambda value: round(value, 3))
MAYBE = st.one_of(st.none(), SCORES)


def table(values: list[float | None]) -> tuple[tuple[IndicatorScore, ...], tuple[DomainScore, ...]]:
    scores = tuple(
        IndicatorScore(
            indicator=f"{'abc'[place // 4]}.{place}",
            domain="abc"[place // 4],
            weight=(0.4, 0.2, 0.3, 0.1)[place % 4],
            score=value,
        )
        for place, value in enumerate(values)
    )
    return scores, domain_scores(scores)


@given(st.lists(MAYBE, min_size=12, max_size=12), st.lists(MAYBE, min_size=12, max_size=12))
def test_contributions_add_up_to_the_change(
    before: list[float | None], after: list[float | None]
) -> None:
    then, now = table(before), table(after)
    was, is_ = city_value(then[1]), city_value(now[1])
    if was is None or is_ is None:
        return

    found = contributions((*then, was), (*now, is_))

    assert math.fsum(one.points for one in found) == pytest.approx(is_ - was, abs=1e-8)


@given(st.lists(st.floats(2, 100), min_size=12, max_size=12), st.integers(0, 11), st.floats(1, 20))
def test_what_alone_moved_carries_the_whole_change(
    before: list[float], place: int, points: float
) -> None:
    after = [value + points * (at == place) for at, value in enumerate(before)]
    then, now = table(list(before)), table(list(after))
    was, is_ = city_value(then[1]), city_value(now[1])
    assert was is not None
    assert is_ is not None

    (only,) = contributions((*then, was), (*now, is_))

    assert only.term == f"{'abc'[place // 4]}.{place}"
    assert only.points == pytest.approx(is_ - was)


def test_offsetting_moves_within_a_domain_are_both_told() -> None:
    then, now = table([50.0, 50, 50, 50, *[70.0] * 8]), table([60.0, 30, 50, 50, *[70.0] * 8])
    was, is_ = city_value(then[1]), city_value(now[1])
    assert was is not None
    assert is_ == pytest.approx(was)

    up, down = sorted(contributions((*then, was), (*now, is_)), key=lambda one: -one.points)

    assert (up.term, down.term) == ("a.0", "a.1")
    assert up.points == pytest.approx(-down.points)
    assert up.points > 1


def test_what_came_in_or_went_out_has_a_term_of_its_own() -> None:
    then = table([50.0, 50, 50, None, *[70.0] * 8])
    now = table([50.0, 50, None, 90.0, *[70.0] * 8])
    was, is_ = city_value(then[1]), city_value(now[1])
    assert was is not None
    assert is_ is not None

    terms = {one.term: one.points for one in contributions((*then, was), (*now, is_))}

    assert set(terms) == {"entered"}  # a.2 left at the mean of its domain: nothing
    assert sum(terms.values()) == pytest.approx(is_ - was)


def test_the_logarithmic_mean_is_continuous() -> None:
    assert log_mean(5.0, 5.0 * (1 + 2e-6)) == pytest.approx(log_mean(5.0, 5.0), rel=1e-5)
    assert log_mean(4.0, 2.0) == pytest.approx(2 / math.log(2))


def test_a_change_is_clear_only_where_its_interval_leaves_out_zero() -> None:
    kpis = [kpi(f"{d}.{i}", d) for d in "ab" for i in range(4)]
    base = {one.id: 70.0 for one in kpis}
    then = Earlier(AT - timedelta(days=1), scored(kpis, base).indicators)

    better = scored(kpis, dict.fromkeys(base, 80.0), earlier=then).moved
    mixed = scored(kpis, base | {"a.0": 72.0, "a.1": 60.0, "b.0": 80.0}, earlier=then).moved
    assert better is not None
    assert mixed is not None

    assert better.points == pytest.approx(10.0)
    assert not mixed.is_clear
    assert mixed.low <= 0 <= mixed.high
    assert math.fsum(one.points for one in better.contributions) == pytest.approx(10.0)


def test_a_fall_into_the_warnings_is_a_clear_change() -> None:
    kpis = [kpi(f"{d}.{i}", d) for d in "ab" for i in range(4)]
    base = {one.id: 80.0 for one in kpis}
    then = Earlier(AT - timedelta(days=1), scored(kpis, base).indicators)

    moved = scored(kpis, dict.fromkeys(base, 40.0), earlier=then).moved
    assert moved is not None

    assert moved.is_clear
    assert moved.high < 0


def test_without_a_score_then_there_is_no_change() -> None:
    then = Earlier(AT - timedelta(days=1), scored(FOUR, {}).indicators)
    found = scored(FOUR, dict.fromkeys(("a.1", "a.2", "b.1", "b.2"), 70.0), earlier=then)

    assert found.score is not None
    assert found.moved is None


# --- CityScore and districts ---------------------------------------------------------------------


def test_cityscore_is_the_plain_mean_of_the_ratios() -> None:
    found = scored(FOUR, {"a.1": 90.0, "a.2": 45.0, "b.1": 180.0, "b.2": None})

    assert found.ratio == pytest.approx((1.0 + 0.5 + 1.25) / 3)
    assert mean_ratio([]) is None


def test_districts_are_scored_over_what_is_measured_there_and_never_ordered() -> None:
    readings = known({one.id: 70.0 for one in FOUR})
    for district, a, b in (("north", 60.0, 80.0), ("south", 90.0, None)):
        readings["a.1", district] = reading("a.1", a, district)
        readings["b.1", district] = reading("b.1", b, district)
    found = city_score(FOUR, readings, limiter, AT, districts=["south", "north", "west"])
    south, north, west = found.districts

    assert north.score == pytest.approx(math.sqrt(60 * 80))
    assert (south.score, south.reason) == (None, "n/a (coverage 50 %)")
    assert (west.score, west.coverage) == (None, 0.0)


@given(st.lists(SCORES, min_size=12, max_size=12), st.integers(0, 11), st.floats(0, 50))
def test_a_better_indicator_never_lowers_the_city(
    values: list[float], place: int, points: float
) -> None:
    better = [v + points * (at == place) for at, v in enumerate(values)]
    was, is_ = city_value(table(list(values))[1]), city_value(table(list(better))[1])
    assert was is not None
    assert is_ is not None

    assert is_ >= was - 1e-9
