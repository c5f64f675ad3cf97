from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import INDICATORS
from metrics.quality import age_quality, deadlines, overlay, settle, shown
from model import Quality, Reading
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, feed

C, LATENCY = timedelta(minutes=10), timedelta(minutes=2)
GOOD, LATE, STALE, NODATA = Quality.GOOD, Quality.LATE, Quality.STALE, Quality.NODATA
TTI, BACKLOG = INDICATORS["mob.tti"], INDICATORS["srv.backlog"]


# Source: control-room practice of this project, design document §1.10.
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), GOOD),
        (timedelta(minutes=17), GOOD),
        (timedelta(minutes=17, milliseconds=1), LATE),
        (timedelta(minutes=32), LATE),
        (timedelta(minutes=32, milliseconds=1), STALE),
        (timedelta(minutes=102), STALE),
        (timedelta(minutes=102, milliseconds=1), NODATA),
        (timedelta(seconds=-60), GOOD),
        (timedelta(seconds=-61), Quality.BAD),
    ],
)
def test_quality_follows_age(age: timedelta, expected: Quality) -> None:
    assert age_quality(NOW - age, NOW, C, LATENCY) is expected


@pytest.mark.parametrize(
    ("every", "late", "stale", "nodata"),
    [
        (DAY, DAY + timedelta(hours=2.4), 2 * DAY, 4 * DAY),
        (7 * DAY, 7 * DAY + timedelta(hours=16.8), 14 * DAY, 28 * DAY),
        (timedelta(hours=23), timedelta(hours=34.5), timedelta(hours=69), timedelta(hours=230)),
    ],
)
def test_rare_feeds_go_by_the_calendar(
    every: timedelta, late: timedelta, stale: timedelta, nodata: timedelta
) -> None:
    got = deadlines(NOW, every, timedelta(0))

    assert got == (NOW + late, NOW + stale, NOW + nodata)


def test_no_value_is_no_data() -> None:
    assert age_quality(None, NOW, C, LATENCY) is NODATA


@pytest.mark.parametrize(("every", "latency"), [(timedelta(0), LATENCY), (C, -LATENCY)])
def test_an_impossible_cadence_is_refused(every: timedelta, latency: timedelta) -> None:
    with pytest.raises(ValueError, match="cadence"):
        deadlines(NOW, every, latency)


@given(
    minutes=st.integers(1, 20_000),
    latency=st.integers(0, 5_000),
    ages=st.lists(st.integers(0, 200_000), min_size=2, max_size=2).map(sorted),
)
def test_quality_never_improves_with_age(minutes: int, latency: int, ages: list[int]) -> None:
    every, late = timedelta(minutes=minutes), timedelta(minutes=latency)
    younger, older = (age_quality(NOW - timedelta(minutes=a), NOW, every, late) for a in ages)

    assert younger.rank <= older.rank


@pytest.mark.parametrize(
    ("shown", "samples", "expected"),
    [
        (GOOD, [LATE], LATE),
        (GOOD, [], GOOD),
        (STALE, [GOOD], STALE),
        (STALE, [STALE, GOOD], STALE),
        (STALE, [GOOD, GOOD], GOOD),
        (STALE, [GOOD, STALE, GOOD], STALE),
        (NODATA, [LATE, GOOD], LATE),
        (STALE, [Quality.UNCERTAIN, GOOD], Quality.UNCERTAIN),
        (LATE, [GOOD, NODATA], NODATA),
    ],
)
def test_recovery_takes_two_samples(
    shown: Quality, samples: list[Quality], expected: Quality
) -> None:
    assert settle(shown, samples) is expected


def reading(**more: object) -> Reading:
    fields: dict[str, object] = {
        "indicator": "mob.tti",
        "district": "north",
        "at": NOW,
        "value": 1.4,
        "num": 1.4,
        "den": 1.0,
        "n": 5,
        "observed_at": NOW,
        "feeds": ("f",),
    }
    return Reading(**{**fields, **more})  # type: ignore[arg-type]


def test_a_reading_ages_with_its_own_facts_and_the_cadence_of_its_feed() -> None:
    feeds = {"f": feed("f", C, latency=LATENCY)}

    got = overlay(reading(), feeds, NOW + 30 * MINUTE, TTI)

    assert got.quality is LATE
    assert got.value == 1.4
    assert (got.late_at, got.stale_at, got.nodata_at) == deadlines(NOW, C, LATENCY)


def test_a_reading_without_data_loses_its_value_and_says_so() -> None:
    got = overlay(reading(z=-3.0), {"f": feed("f", C)}, NOW + 101 * MINUTE, TTI)

    assert (got.value, got.num, got.den, got.n, got.z) == (None,) * 5
    assert got.quality is NODATA
    assert got.reason == "no value came for too long"


def test_age_never_improves_a_doubtful_reading() -> None:
    for quality in (Quality.UNCERTAIN, Quality.BAD):
        got = overlay(reading(quality=quality), {"f": feed("f", C)}, NOW, TTI)

        assert got.quality is quality


def test_a_quiet_district_is_as_young_as_its_feed_of_cases() -> None:
    told = feed("f", HOUR, NOW)
    quiet = reading(observed_at=NOW - 5 * HOUR)

    assert overlay(quiet, {"f": told}, NOW, BACKLOG).quality is GOOD
    assert overlay(quiet, {"f": told}, NOW, BACKLOG).observed_at == NOW
    assert overlay(quiet, {"f": told}, NOW, TTI).quality is STALE


def test_the_most_patient_of_several_feeds_decides() -> None:
    feeds = {"f": feed("f", C), "slow": feed("slow", HOUR)}

    got = overlay(reading(feeds=("f", "slow")), feeds, NOW + HOUR, TTI)

    assert got.quality is GOOD
    assert got.stale_at == NOW + 3 * HOUR


def test_a_reading_is_shown_stale_while_none_of_its_feeds_is_believed_again() -> None:
    fresh, froze = feed("f", C), replace(feed("f", C), state=STALE)
    other = replace(feed("g", C), state=GOOD)

    assert shown(reading(), {"f": replace(fresh, state=GOOD)}).quality is GOOD
    assert shown(reading(), {"f": froze}).quality is STALE
    assert shown(reading(), {"f": froze}).value == 1.4
    assert shown(reading(feeds=("f", "g")), {"f": froze, "g": other}).quality is GOOD
    assert shown(reading(value=None, quality=NODATA), {"f": froze}).quality is NODATA
    assert shown(reading(quality=Quality.BAD), {"f": froze}).quality is Quality.BAD
    assert shown(reading(), {}).quality is GOOD


def test_an_unknown_value_stays_unknown_and_keeps_its_reason_and_deadlines() -> None:
    unknown = reading(value=None, quality=NODATA, reason="n too small (3 of 30)")

    got = overlay(unknown, {"f": feed("f", C)}, NOW, TTI)

    assert (got.quality, got.reason, got.n) == (NODATA, "n too small (3 of 30)", 5)
    assert got.late_at is not None


def test_nothing_at_all_is_no_data() -> None:
    got = overlay(reading(observed_at=None), {}, NOW, TTI)

    assert (got.value, got.quality) == (None, NODATA)


def test_a_hidden_cell_keeps_its_quality() -> None:
    hidden = replace(reading(value=None), suppressed=True)

    assert overlay(hidden, {"f": feed("f", C)}, NOW, TTI).quality is GOOD


def test_a_value_from_the_future_is_bad() -> None:
    got = overlay(reading(observed_at=NOW + 5 * MINUTE), {"f": feed("f", C)}, NOW, TTI)

    assert got.quality is Quality.BAD
    assert got.reason == "its time lies in the future: a clock is wrong"
