from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from metrics.ahead import HOUR, WEEK, daily_trend, hours_ahead, slots_of
from metrics.columns import Floats
from metrics.days import Days, Span
from metrics.forecast import APART, forecast, measured, medians, profile

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
SLOTS = np.arange(10 * WEEK) % WEEK
WAVE = 50 + 20 * np.sin(2 * np.pi * SLOTS / 24) + 8 * (SLOTS // 24 < 5)
DAY = SLOTS[:24]


def noisy(sd: float = 3.0, seed: int = 1) -> Floats:
    return WAVE + np.random.default_rng(seed).normal(0, sd, len(WAVE))


def test_a_city_that_repeats_itself_is_foretold_exactly() -> None:
    found = forecast(WAVE, SLOTS, DAY, WEEK)
    assert found is not None

    assert found.centre == pytest.approx(WAVE[:24])
    assert found.low == pytest.approx(found.high)
    assert found.error.mase is None  # last week's value is never wrong either


def test_medians_are_those_of_numpy() -> None:
    rng = np.random.default_rng(2)
    values, groups = rng.normal(size=500), rng.integers(0, 7, 500)
    expected = [np.median(values[groups == group]) for group in range(7)]

    assert medians(values, groups, 8)[:7] == pytest.approx(expected)
    assert np.isnan(medians(values, groups, 8)[7])


def test_the_last_surprise_decays() -> None:
    rng = np.random.default_rng(3)
    rest = np.zeros(len(WAVE))
    for at in range(1, len(rest)):
        rest[at] = 0.9 * rest[at - 1] + rng.normal()
    rest[-1] = rest[-2] + 20
    found = forecast(WAVE + rest, SLOTS, DAY, WEEK)
    assert found is not None
    lift = found.centre - WAVE[:24]

    assert lift[0] > 12
    assert lift[0] > lift[5] > lift[20]
    assert abs(lift[23]) < 6


def test_a_new_level_is_kept() -> None:
    values = noisy()
    values[-WEEK:] += 30
    found = forecast(values, SLOTS, DAY, WEEK)
    assert found is not None

    assert (found.centre - WAVE[:24]).mean() == pytest.approx(30, abs=2)


def test_it_is_better_than_last_weeks_value_and_the_band_holds_nine_of_ten() -> None:
    errors = [measured(noisy(seed=seed), SLOTS, WEEK) for seed in range(6)]

    # last week's value errs by √2 σ, the median of eight weeks by less than 1.1 σ
    assert all(error.mase is not None and error.mase < 0.85 for error in errors)
    assert np.mean([error.coverage or 0 for error in errors]) == pytest.approx(0.93, abs=0.04)


def test_mase_of_a_hand_table() -> None:
    # season 7 steps, known for 3 seasons and one step; always 1, then 4
    values = np.array([1.0, 2, 3, 4, 5, 6, 7] * 3 + [4.0])
    values[7:14] += 2  # the naive forecast erred by 2 on 14 of 14 steps
    errors = measured(values, np.arange(22) % 7, 7, horizon=1)

    # the usual first step is 1 (1, 3, 1), the level of the last season 0: the error is 3
    assert errors.gaps.tolist() == [[3.0]]
    assert errors.mase == pytest.approx(3 / 2)
    assert errors.relative == pytest.approx(1.0)


def test_each_past_forecast_knows_only_what_came_before() -> None:
    values = noisy()
    before = measured(values, SLOTS, WEEK).gaps
    values[-24:] += 1000
    after = measured(values, SLOTS, WEEK).gaps

    assert after[:-4] == pytest.approx(before[:-4])
    assert after[-1] == pytest.approx(before[-1] + 1000)


def test_gaps_and_events_are_left_out() -> None:
    values, slots = noisy(), SLOTS.copy()
    slots[-WEEK : -WEEK + 5] = APART
    values[-WEEK : -WEEK + 5] = 1e6
    values[-60:-55] = np.nan
    found = forecast(values, slots, DAY, WEEK)
    assert found is not None

    assert np.isfinite(found.centre).all()
    assert np.abs(found.centre - WAVE[:24]).max() < 8


def test_a_slot_never_seen_takes_that_hour_of_other_days() -> None:
    values = WAVE.copy()
    values[SLOTS == 30] = np.nan
    found = profile(values, SLOTS, WEEK)

    assert found[30] == pytest.approx(
        np.median([found[d * 24 + 6] for d in (0, 2, 3, 4, 5, 6)]), abs=8
    )


def test_what_was_never_negative_is_not_foretold_to_be() -> None:
    counts = np.random.default_rng(4).poisson(0.5, len(WAVE)).astype(float)
    found = forecast(counts, SLOTS, DAY, WEEK)
    assert found is not None

    assert found.low.min() >= 0


@pytest.mark.parametrize("values", [WAVE[: 2 * WEEK], np.full(len(WAVE), np.nan), np.array([])])
def test_a_short_or_empty_record_tells_nothing(values: Floats) -> None:
    assert forecast(values, SLOTS[: len(values)], DAY, WEEK) is None


def test_slots_follow_the_citys_clock_and_calendar() -> None:
    race = Span("Race", START + 30 * HOUR, START + 31 * HOUR)
    days = Days("America/Toronto", {date(2026, 1, 6): "Epiphany"}, (race,))
    times = [START + HOUR * n for n in (5, 29, 30, 53)]

    assert slots_of(times, days).tolist() == [0, 6 * 24, APART, 2 * 24]


def test_a_course_by_the_hour_is_told_on() -> None:
    times = [START + HOUR * n for n in range(len(WAVE))]
    found = hours_ahead(times, WAVE.tolist(), Days("UTC"))
    assert found is not None
    coming, ahead = found

    assert coming[0] == times[-1] + HOUR
    assert len(coming) == len(ahead.centre) == 24
    assert ahead.centre == pytest.approx(WAVE[:24])


def test_a_course_that_is_not_by_the_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="by the hour"):
        hours_ahead([START, START + timedelta(minutes=5)], [1.0, 2.0], Days("UTC"))


def test_a_day_counts_in_a_trend_with_half_of_its_hours() -> None:
    values: list[float | None] = [float(n // 24) for n in range(24 * 14)]
    values[:13] = [None] * 13  # 11 hours are left of the first day
    values[24:36] = [None] * 12
    found = daily_trend(values)
    assert found is not None

    assert (found.n, found.verdict) == (13, "rises")
    assert found.change == pytest.approx(12)
    assert daily_trend(values[:20]) is None
