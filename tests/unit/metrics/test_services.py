from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS, Window, measure
from model import CITY, Case, District, Quality, Reading, Service
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, asked, feed, scope

NEW, BACKLOG, NETFLOW, OVERDUE, SLA, TTC = (
    INDICATORS[f"srv.{name}"] for name in ("new", "backlog", "netflow", "overdue", "sla", "ttc")
)
PLAIN = replace(NEW, roll_up=())  # its own window only
LONG_AGO = asked("first", NOW - 90 * DAY, NOW - 89 * DAY)  # a long record


def got(indicator: object, cases: list[Case], **more: object) -> dict[str, Reading]:
    window = Window.build([], cases)
    return {r.district: r for r in measure(indicator, window, NOW, scope(**more))}  # type: ignore[arg-type]


def many(count: int, opened: object, closed: object = None, **more: object) -> list[Case]:
    name = f"{opened}{closed}{more}"
    return [asked(f"{name}{i}", opened, closed, **more) for i in range(count)]  # type: ignore[arg-type]


def test_new_requests_are_a_rate_per_100_000_residents() -> None:
    cases = [LONG_AGO, *many(4, NOW - HOUR), *many(3, NOW - 2 * HOUR, district="south")]
    cases += many(9, NOW - 3 * HOUR)  # just outside

    found = got(PLAIN, cases)

    assert found["north"].value == pytest.approx(400)
    assert found["south"].value == pytest.approx(100)
    assert (found[CITY].num, found[CITY].den, found[CITY].n) == (7, 4_000, 7)
    assert found[CITY].value == pytest.approx(175)
    assert found[CITY].quality is Quality.GOOD


def test_a_quiet_district_has_zero_requests_and_not_none() -> None:
    found = got(NEW, [LONG_AGO, *many(4, NOW - HOUR)])

    assert (found["south"].value, found["south"].n) == (0.0, 0)


def test_without_any_population_it_is_a_count() -> None:
    bare = (District(id="north", name="N", short="N"), District(id="south", name="S", short="S"))

    found = got(NEW, [LONG_AGO, *many(4, NOW - HOUR)], districts=bare)

    assert (found["north"].value, found["north"].den) == (4, None)
    assert found[CITY].value == 4


def test_a_district_without_population_stays_out_of_the_rate_of_the_city() -> None:
    mixed = (
        District(id="north", name="N", short="N", population=1_000),
        District(id="south", name="S", short="S"),
    )
    cases = [LONG_AGO, *many(4, NOW - HOUR), *many(90, NOW - HOUR, district="south")]

    found = got(PLAIN, cases, districts=mixed)

    assert found["south"].value is None
    assert "residents" in (found["south"].reason or "")
    assert found[CITY].value == pytest.approx(400)


def test_where_few_come_the_pace_of_a_wider_window_is_told_with_the_window() -> None:
    cases = [LONG_AGO, *many(20, NOW - HOUR, district="south")]
    cases += many(2, NOW - HOUR) + many(14, NOW - 20 * HOUR)  # north: 2 in 3 h, 16 in 24 h

    found = got(NEW, cases)

    assert (found["north"].num, found["north"].den, found["north"].n) == (16, 8_000, 16)
    assert found["north"].value == pytest.approx(100_000 * 16 / 8 / 1_000)
    assert found["north"].reason == "over 24 h: too few within 3 h"
    assert found["north"].quality is Quality.GOOD
    assert (found[CITY].num, found[CITY].den, found[CITY].reason) == (22, 4_000, None)


def test_one_district_alone_is_not_widened_for_the_city_would_betray_it() -> None:
    cases = [LONG_AGO, *many(20, NOW - HOUR, district="south"), *many(2, NOW - HOUR)]
    cases += many(9, NOW - 20 * HOUR)

    found = got(NEW, cases)

    # 22 in the city less 20 in the south in 3 h would tell of the 2 in the north
    assert (found["north"].num, found["south"].num) == (11, 20)
    assert "over 24 h" in (found["south"].reason or "")


def test_a_place_that_is_quiet_for_a_week_is_shown_by_its_week() -> None:
    found = got(NEW, [LONG_AGO, *many(4, NOW - 6 * DAY)])["north"]

    assert (found.num, found.den) == (4, 56_000)
    assert (found.reason or "").startswith("over 7 d: too few within 3 h")


def test_a_wider_window_than_the_record_is_doubted() -> None:
    found = got(NEW, many(9, NOW - 5 * HOUR, NOW - 4 * HOUR))[CITY]

    assert found.quality is Quality.UNCERTAIN
    assert "the record reaches back 4 h of 24 h" in (found.reason or "")


def test_permits_are_no_requests_for_service() -> None:
    permits = many(50, NOW - HOUR, feed_id="permits")
    cases = [LONG_AGO, *many(9, NOW - HOUR), *permits]

    apart = got(NEW, cases, subjects={"permits": "permits"})[CITY]
    mixed = got(NEW, cases)[CITY]

    assert (apart.n, mixed.n) == (9, 59)
    assert apart.feeds == ("311",)
    for indicator in (BACKLOG, OVERDUE, SLA, TTC, NETFLOW):
        alone = got(indicator, [c for c in cases if c.feed_id == "311"])
        assert got(indicator, cases, subjects={"permits": "permits"}) == alone


def test_a_city_may_choose_its_own_window() -> None:
    day = replace(NEW, window=timedelta(hours=24))

    assert got(day, [LONG_AGO, *many(4, NOW - 20 * HOUR)])["north"].n == 4


# Source: Little (1961): L = λ W; the example of the design document, 4200 open at 300 a day.
def test_backlog_is_days_of_work() -> None:
    closed = [asked(f"c{i}", NOW - 40 * DAY, NOW - 27 * DAY + i * HOUR) for i in range(28 * 20)]
    cases = [LONG_AGO, *closed, *many(280, NOW - 50 * DAY)]

    found = got(BACKLOG, cases)["north"]

    assert (found.num, found.den, found.n) == (280, 20, 560)
    assert found.value == pytest.approx(14)
    assert found.quality is Quality.GOOD


def test_without_closures_there_is_no_pace_and_no_backlog_in_days() -> None:
    found = got(BACKLOG, many(5, NOW - DAY))["north"]

    assert (found.value, found.num, found.quality) == (None, 5, Quality.NODATA)
    assert "no pace" in (found.reason or "")


def test_a_short_record_is_divided_by_its_own_days_and_said() -> None:
    closed = [asked(f"c{i}", NOW - 5 * DAY, NOW - 4 * DAY + i * HOUR) for i in range(80)]

    found = got(BACKLOG, [*closed, *many(40, NOW - HOUR)])["north"]

    assert found.den == pytest.approx(80 / 4)
    assert found.quality is Quality.UNCERTAIN
    assert "the record reaches back 4 d of 28 d" in (found.reason or "")


def test_few_closures_are_too_small_an_n() -> None:
    found = got(BACKLOG, [LONG_AGO, *many(19, NOW - 9 * DAY, NOW - DAY), *many(9, NOW)])["north"]

    assert found.quality is Quality.UNCERTAIN
    assert "n too small (19 of 20)" in (found.reason or "")


def test_a_case_that_closes_later_was_open_then() -> None:
    window = Window.build([], [LONG_AGO, *many(30, NOW - 9 * DAY, NOW - DAY)])

    then = measure(BACKLOG, window, NOW - 2 * DAY, scope())[-1]
    now = measure(BACKLOG, window, NOW, scope())[-1]

    assert (then.num, now.num) == (30, 0)


def test_net_flow_is_in_over_out() -> None:
    cases = [LONG_AGO, *many(30, NOW - 9 * DAY, NOW - DAY), *many(33, NOW - HOUR)]

    found = got(NETFLOW, cases)

    assert found["north"].value == pytest.approx(1.1)
    assert found["north"].n == 63
    assert found["south"].value is None


def test_overdue_is_a_share_of_the_open_requests_with_a_due_date() -> None:
    cases = [
        *many(10, NOW - 3 * DAY),  # potholes may take two days
        *many(25, NOW - DAY),
        *many(5, NOW - DAY, due_at=NOW - HOUR),  # its own date stands before the service's
        *many(7, NOW - 9 * DAY, service="unknown"),
        *many(50, NOW - 9 * DAY, NOW - HOUR),
    ]

    found = got(OVERDUE, cases)["north"]

    assert (found.num, found.den) == (15, 40)
    assert found.value == pytest.approx(37.5)
    assert "85% have a due date" in (found.reason or "")


def test_nothing_open_is_unknown_and_not_zero() -> None:
    found = got(OVERDUE, [LONG_AGO])[CITY]

    assert (found.value, found.quality) == (None, Quality.NODATA)


def test_the_due_cohort_counts_the_open_as_missed_and_the_not_yet_due_not_at_all() -> None:
    cases = [
        LONG_AGO,
        *many(20, NOW - 10 * DAY, NOW - 9 * DAY),  # in time
        *many(5, NOW - 10 * DAY, NOW - DAY),  # late
        *many(15, NOW - 10 * DAY),  # open past due: a miss
        *many(99, NOW - DAY, NOW - HOUR),  # done, but not yet due
        *many(7, NOW - 60 * DAY, NOW - 59 * DAY),  # due before the period
    ]

    found = got(SLA, cases)["north"]

    assert (found.num, found.den, found.n) == (20, 40, 40)
    assert found.value == pytest.approx(50)
    assert found.quality is Quality.GOOD


def test_cases_closed_before_they_were_opened_tell_no_duration_and_are_said() -> None:
    strange = many(3, NOW - 10 * DAY, NOW - 11 * DAY)
    vague = [
        asked(f"v{i}", NOW - 10 * DAY, status="closed", updated_at=NOW - 9 * DAY) for i in "ab"
    ]
    cases = [LONG_AGO, *strange, *vague, *many(30, NOW - 10 * DAY, NOW - 9 * DAY)]

    for indicator, n in ((SLA, 30), (TTC, 30)):
        found = got(indicator, cases)["north"]

        assert found.n == n
        assert "5 left out" in (found.reason or "")


def test_without_due_dates_nothing_is_in_time_or_late() -> None:
    for indicator in (SLA, TTC):
        found = got(indicator, [LONG_AGO, *many(50, NOW - 9 * DAY)], services={})[CITY]

        assert found.value is None
        assert found.reason


def test_time_to_close_is_measured_against_each_case_s_own_limit() -> None:
    services = {
        "fast": Service(name="fast", due_within=DAY),
        "slow": Service(name="slow", due_within=10 * DAY),
    }
    cases = [LONG_AGO]
    cases += many(30, NOW - 20 * DAY, NOW - 20 * DAY + 12 * HOUR, service="fast")  # ½
    cases += many(30, NOW - 20 * DAY, NOW - 12 * DAY, service="slow")  # 0.8

    found = got(TTC, cases, services=services)["north"]

    assert found.value == pytest.approx(0.8)
    assert found.n == 60
    assert found.quality is Quality.GOOD


def test_open_cases_are_not_left_out_of_the_time_to_close() -> None:
    done = many(50, NOW - 20 * DAY, NOW - 19 * DAY)  # half of their limit
    waiting = many(20, NOW - 20 * DAY)

    alone, both = (
        got(TTC, [LONG_AGO, *done])["north"],
        got(TTC, [LONG_AGO, *done, *waiting])["north"],
    )

    assert alone.value == pytest.approx(0.5)
    assert both.value is None
    assert (both.reason or "").startswith("> 10.0 times the time allowed")


@pytest.mark.parametrize(
    ("n", "quality"), [(29, Quality.NODATA), (49, Quality.UNCERTAIN), (50, Quality.GOOD)]
)
def test_a_high_percentile_needs_many_cases(n: int, quality: Quality) -> None:
    found = got(TTC, [LONG_AGO, *many(n, NOW - 20 * DAY, NOW - 19 * DAY)])["north"]

    assert found.quality is quality
    assert ("n too small" in (found.reason or "")) == (n < 50)


def test_the_age_of_a_count_is_that_of_its_feed() -> None:
    cases = [LONG_AGO, *many(4, NOW - 5 * HOUR)]
    told = {"311": feed("311", HOUR, NOW - MINUTE)}
    later = {"311": feed("311", HOUR, NOW + DAY)}  # a past instant is measured

    assert got(NEW, cases)["south"].observed_at == NOW - 5 * HOUR
    assert got(NEW, cases, feed_age=told)["south"].observed_at == NOW - MINUTE
    assert got(NEW, cases, feed_age=later)["south"].observed_at == NOW - 5 * HOUR
    assert got(NEW, cases)["south"].feeds == ("311",)


@pytest.mark.parametrize("indicator", [NEW, BACKLOG, NETFLOW, OVERDUE, SLA, TTC])
def test_without_cases_nothing_is_known(indicator: object) -> None:
    for reading in got(indicator, []).values():
        assert (reading.value, reading.num, reading.n) == (None, None, None)
        assert reading.quality is Quality.NODATA
        assert reading.reason == "no request for service is known"


def test_one_window_answers_two_cities_and_two_instants_apart() -> None:
    window = Window.build([], [LONG_AGO, *many(40, NOW - 3 * DAY)])
    patient = scope(services={"pothole": Service(name="pothole", due_within=30 * DAY)})
    swapped = scope(districts=tuple(reversed(scope().districts)))

    late = [measure(OVERDUE, window, NOW, s)[-1].value for s in (scope(), patient, scope())]
    north = [measure(OVERDUE, window, NOW, s)[0].num for s in (scope(), swapped, scope())]
    over_time = [measure(BACKLOG, window, at, scope())[-1].num for at in (NOW, NOW - 9 * DAY, NOW)]

    assert late == [100, 0, 100]
    assert north == [40, 0, 40]
    assert over_time == [40, 0, 40]


case = st.builds(
    lambda i, age, took, north: asked(
        f"c{i}",
        NOW - age * HOUR,
        None if took > age else NOW - (age - took) * HOUR,
        district="north" if north else "south",
    ),
    st.integers(0, 10_000),
    st.integers(0, 900),
    st.integers(0, 900),
    st.booleans(),
)
cases_of = st.lists(case, max_size=60, unique_by=lambda c: c.case_id)


@given(cases_of, st.randoms())
def test_the_city_is_the_sum_of_its_districts_in_any_order(
    cases: list[Case], random: object
) -> None:
    mixed = list(cases)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    for indicator in (PLAIN, BACKLOG, NETFLOW, OVERDUE, SLA, TTC):
        found, again = got(indicator, cases), got(indicator, mixed)

        assert found == again
        if indicator is TTC or found[CITY].num is None:
            continue
        for figure in ("num", "den", "n"):
            parts = [getattr(found[name], figure) or 0 for name in ("north", "south")]
            assert getattr(found[CITY], figure) == pytest.approx(sum(parts))
        city = found[CITY]
        if city.value is not None and city.den:
            scale = {"per 100 000": 100_000, "%": 100}.get(indicator.unit, 1)
            assert city.value == pytest.approx(scale * (city.num or 0) / city.den)


@pytest.mark.parametrize("indicator", [NETFLOW, SLA, TTC], ids=lambda item: item.id)
def test_an_old_open_request_does_not_make_a_young_record_old(indicator) -> None:
    ancient = asked("ancient", NOW - 900 * DAY)
    young = many(60, NOW - 5 * DAY, NOW - 4 * DAY)

    found = got(indicator, [ancient, *young])["north"]
    known = got(indicator, [LONG_AGO, ancient, *young])["north"]

    assert found.quality is Quality.UNCERTAIN
    assert "the record reaches back 4 d" in (found.reason or "")
    assert "the record" not in (known.reason or "")
