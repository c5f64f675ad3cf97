"""A rule over the past says what the engine would have said at every single sample."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alerts
from alerts.backtest import Backtest, Player, backtest, play
from alerts.course import NEVER, QUALITIES, Course, micros
from alerts.verdict import detection, load_of
from bench import backtest as bench
from bench.backtest import plainly
from model import Level, Quality, Rule
from tests.unit.alerts.cast import LATCHING, NODATA, P3, PROMPT, RULE, STALE, at, sample

MINUTES = st.sampled_from([0, 1, 2, 5, 15]).map(lambda m: timedelta(minutes=m))
ACKED = st.sampled_from([None, timedelta(0), timedelta(minutes=5), timedelta(hours=1)])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    direction = draw(st.sampled_from(["high", "low", "band"]))
    deadband = draw(st.sampled_from([0.0, 1.0, 3.0]))
    found = replace(
        RULE,
        direction=direction,
        kind=draw(st.sampled_from(["threshold", "z"])),
        deadband=deadband,
        on_delay=draw(MINUTES),
        crit_on_delay=draw(st.none() | MINUTES),
        off_delay=draw(MINUTES),
        is_latching=draw(st.booleans()),
        priority_warn=draw(st.sampled_from([0, 1, 2, 3])),
        priority_crit=draw(st.sampled_from([0, 1, 2])),
        warn=draw(st.none() | st.integers(2, 6)),
        crit=draw(st.none() | st.integers(3, 8)),
    )
    if direction != "band":
        return found
    low, high = draw(st.none() | st.integers(1, 4)), draw(st.none() | st.integers(5, 9))
    return replace(
        found, warn=None, crit=None, low=low, high=high, crit_low=draw(st.none() | st.just(0))
    )


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Minutes with runs, gaps, corrections, late and unknown values."""
    count = draw(st.integers(0, 90))
    seed = draw(st.integers(0, 2**32 - 1))
    calm = draw(st.sampled_from([0.0, 0.6, 0.95]))
    sound = draw(st.sampled_from([0.5, 0.9, 1.0]))
    fresh = draw(st.sampled_from([0.3, 0.9, 1.0]))
    dice = np.random.default_rng(seed)
    when = np.cumsum(dice.choice([0, 1, 1, 1, 2, 30], count)) * 60_000_000 + micros(at(0))
    value = np.floor(dice.uniform(0, 10, count))
    quality = dice.integers(0, len(QUALITIES), count).astype(np.int8)
    quality[dice.random(count) < sound] = 0
    observed = when - dice.choice([0, 60_000_000, 600_000_000], count)
    for place in range(1, count):
        if dice.random() < calm:
            value[place], quality[place] = value[place - 1], quality[place - 1]
        if dice.random() > fresh:
            observed[place] = observed[place - 1]
    value[dice.random(count) > 0.97] = np.nan
    value[dice.random(count) > 0.98] = np.inf
    observed[dice.random(count) > 0.98] = NEVER
    return Course(at=when, value=value, quality=quality, observed_at=observed)


@st.composite
def moving(draw: st.DrawFn) -> tuple[Rule, Course]:
    """A rule without limits of its own, and a course whose samples bring them."""
    rule, course = draw(rules()), draw(courses())
    rule = replace(rule, kind="z", warn=None, crit=None, low=None, high=None, crit_low=None)
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = len(course)
    steps = np.cumsum(dice.random(count) < draw(st.sampled_from([0.0, 0.1, 0.7])))
    rows = np.floor(dice.uniform([0, 4, 0, 6], [4, 8, 3, 10], (count + 1, 4)))
    rows[dice.random(rows.shape) < 0.3] = np.nan
    rows[np.isnan(rows[:, 1]), 3], rows[np.isnan(rows[:, 0]), 2] = 9.0, 1.0  # one is always set
    return rule, replace(course, limits=rows[steps])


@settings(max_examples=300, deadline=None)
@given(moving(), ACKED)
def test_leaping_over_limits_that_move_changes_no_line(pair, acked):
    rule, course = pair
    end = at(24 * 60)

    leapt = play(rule, course, scope="city", end=end, acked_after=acked)
    plain = plainly(rule, course, scope="city", end=end, acked_after=acked)

    assert leapt.lines == plain.lines
    assert leapt.record == plain.record


@settings(max_examples=300, deadline=None)
@given(rules(), courses(), ACKED)
def test_leaping_writes_the_same_lines_as_every_single_sample(rule, course, acked):
    end = at(24 * 60)

    leapt = play(rule, course, scope="city", end=end, acked_after=acked)
    plain = plainly(rule, course, scope="city", end=end, acked_after=acked)

    assert leapt.lines == plain.lines
    assert leapt.record == plain.record


@settings(max_examples=100, deadline=None)
@given(rules(), courses())
def test_the_lines_are_those_of_a_house_that_ticks_each_minute(rule, course):
    by_minute: dict[int, list[int]] = {}
    for place, seen in enumerate(course.at.tolist()):
        by_minute.setdefault((seen - micros(at(0))) // 60_000_000, []).append(place)
    record, lines = alerts.new(rule, "city"), []
    for minute in range(max([0, *by_minute]) + 60):
        for place in by_minute.get(minute, []):
            record, more = alerts.observe(rule, record, course.sample(place), at(minute))
            lines += more
        record, more = alerts.elapse(rule, record, at(minute))
        lines += more

    last = max([0, *by_minute]) + 60
    found = play(rule, course, scope="city", end=at(last), acked_after=None)

    assert found.lines == lines


def test_few_samples_of_a_quarter_are_judged(monkeypatch: pytest.MonkeyPatch):
    taken = []
    take = Player.take

    def counted(player: Player, course: Course, place: int) -> bool:
        taken.append(place)
        return take(player, course, place)

    monkeypatch.setattr(Player, "take", counted)
    found = backtest(bench.RULE, bench.course(90), end=bench.START + timedelta(days=90))

    assert len(found.occurrences) > 100
    assert len(taken) < 129_600 / 50


def _minutes(values: list[float | None], quality: Quality = Quality.GOOD) -> Course:
    return Course.of(
        (at(minute), sample(value, minute, quality if value is None else Quality.GOOD))
        for minute, value in enumerate(values)
    )


def _tested(rule: Rule, values: list[float | None], **options) -> Backtest:
    return backtest(rule, _minutes(values), end=at(len(values) - 1), **options)


def test_a_breach_that_lasts_is_raised_called_cleared_and_closed():
    found = _tested(RULE, [50.0] * 5 + [150.0, 180.0] + [120.0] * 18 + [50.0] * 40)

    (one,) = found.occurrences
    assert one.raised_at == at(5)
    assert one.called_at == at(15)
    assert one.cleared_at == at(25)
    assert one.closed_at == at(40)  # acknowledged at 20; the off-delay is 15 minutes
    assert one.active == timedelta(minutes=20)
    assert (one.level, one.peak, one.calls) == (Level.WARN, 180.0, 1)
    assert found.calls == (at(15),)
    assert found.averted == 0


def test_a_breach_within_the_on_delay_is_averted():
    found = _tested(RULE, [50.0] * 5 + [150.0] * 5 + [50.0] * 30)

    assert (found.occurrences, found.calls, found.averted) == ((), (), 1)


def test_what_comes_back_within_the_off_delay_is_a_flap_and_no_second_alert():
    found = _tested(RULE, [150.0] * 20 + [50.0] * 5 + [150.0] * 10 + [50.0] * 30)

    (one,) = found.occurrences
    assert (one.bounces, one.reopens, found.flaps) == (1, 0, 1)
    assert one.active == timedelta(minutes=35)


def test_an_alert_that_nobody_sees_stays_open_and_is_opened_again():
    values = [150.0] * 20 + [50.0] * 30 + [150.0] * 20 + [50.0] * 30

    found = _tested(RULE, values, acked_after=None)

    (one,) = found.occurrences
    assert one.reopens == 1
    assert one.closed_at is None
    assert one.active == timedelta(minutes=20 + 10)  # the second time from when it called again
    assert len(_tested(RULE, values).occurrences) == 2


def test_a_latched_alert_is_reset_after_it_was_seen():
    found = _tested(LATCHING, [150.0] * 20 + [50.0] * 60)

    assert found.occurrences[0].closed_at == at(40)  # latched at 35, the person needs 5 minutes


def test_the_critical_level_calls_again_and_is_the_level_reached():
    (one,) = _tested(RULE, [150.0] * 20 + [250.0] * 10 + [50.0] * 30).occurrences

    assert (one.level, one.peak, one.calls) == (Level.CRIT, 250.0, 2)


def test_an_open_alert_has_no_end_and_is_active_until_the_end():
    (one,) = _tested(RULE, [150.0] * 31).occurrences

    assert (one.cleared_at, one.closed_at, one.active) == (None, None, timedelta(minutes=30))


def test_delays_stand_still_while_data_are_missing():
    course = Course.of(
        (at(m), sample(None, m, NODATA) if 5 <= m < 15 else sample(150.0, m)) for m in range(40)
    )

    (one,) = backtest(RULE, course, end=at(39)).occurrences

    assert one.called_at == at(21)  # five minutes ran before, two samples end the freeze at 16


def test_the_peak_of_a_low_limit_is_the_lowest_and_of_a_band_the_farthest_out():
    low = replace(PROMPT, direction="low", warn=10.0, crit=None)
    band = replace(PROMPT, direction="band", warn=None, crit=None, low=0.0, high=10.0)

    assert _tested(low, [50.0, 9.0, 3.0, 7.0]).occurrences[0].peak == 3.0
    assert _tested(band, [5.0, 11.0, 14.0, 12.0]).occurrences[0].peak == 14.0


def test_limits_that_move_are_those_of_each_sample():
    rule = replace(PROMPT, kind="z", warn=None, crit=None)
    limits = np.full((6, 4), np.nan)
    limits[:, 1] = [100.0, 100.0, 40.0, 40.0, 100.0, 100.0]
    course = replace(_minutes([50.0] * 6), limits=limits)

    found = backtest(rule, course, end=at(5))

    (one,) = found.occurrences
    assert (one.raised_at, one.cleared_at, one.level) == (at(2), at(4), Level.WARN)


def test_a_rule_whose_limits_move_needs_a_course_that_has_them():
    with pytest.raises(ValueError, match="its course has none"):
        _tested(replace(RULE, kind="z"), [1.0])


def test_a_sample_without_any_limit_is_refused():
    course = replace(_minutes([1.0]), limits=np.full((1, 4), np.nan))

    with pytest.raises(ValueError, match="no limit of tti is known"):
        backtest(replace(RULE, kind="z"), course, end=at(1))


def test_a_rule_over_a_feed_is_refused():
    with pytest.raises(ValueError, match="watches a feed"):
        _tested(replace(RULE, kind="missing"), [1.0])


def test_a_course_beyond_the_end_is_refused():
    with pytest.raises(ValueError, match="goes on"):
        backtest(RULE, _minutes([1.0, 2.0]), end=at(0))


def test_samples_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        Course.of([(at(1), sample(1.0, 1)), (at(0), sample(1.0, 0))])


def test_no_sample_gives_no_alert_and_no_rate():
    found = backtest(RULE, Course.of([]), end=at(0))

    assert (found.samples, found.occurrences, found.per_day) == (0, (), None)


def test_a_course_gives_its_samples_back():
    told = [(at(0), sample(1.5, 0)), (at(1), sample(None, 1, STALE))]

    course = Course.of(told)

    assert [(course.when(i), course.sample(i)) for i in range(2)] == told


def test_load_counts_calls_of_all_places_by_ten_minutes():
    one = _tested(replace(P3, on_delay=timedelta(minutes=2)), [150.0] * 30)
    other = _tested(replace(PROMPT, warn=100.0), [50.0] * 25 + [150.0] * 5)

    load = load_of([one, other], start=at(0), end=at(30))

    assert (load.calls, load.busiest, load.busiest_at, load.floods) == (2, 1, at(0), 0)
    assert load.mean == pytest.approx(2 / 3)


def test_ten_calls_in_ten_minutes_are_a_flood():
    one = _tested(PROMPT, [50.0, 150.0])

    load = load_of([one] * 10, start=at(0), end=at(60))

    assert (load.busiest, load.floods) == (10, 1)


def test_no_call_is_no_load():
    load = load_of([], start=at(0), end=at(0))

    assert (load.calls, load.mean, load.busiest, load.busiest_at) == (0, None, 0, None)


def test_detection_tells_delays_missed_and_extra():
    values = [50.0] * 10 + [150.0] * 20 + [50.0] * 60 + [150.0] * 20 + [50.0] * 30
    found = _tested(RULE, values).occurrences

    told = detection(found, [(at(12), at(28)), (at(60), at(70))])

    assert told.delays == (timedelta(minutes=8),)  # it would have called at 20
    assert (told.missed, told.extra, told.median) == (1, 1, timedelta(minutes=8))


def test_detection_of_nothing_has_no_median():
    assert detection([], []).median is None
