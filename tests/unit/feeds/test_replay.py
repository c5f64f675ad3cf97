"""A recording laid over now: same weekday and time of day, whole weeks, honest about gaps."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.replay import Replay, told_at, unfold
from model import Case, Feed, Notice, Observation, Quality

LA = "America/Los_Angeles"
FEED = Feed(id="f1", kind="file", gives="observation", every=timedelta(minutes=5), timezone=LA)
NEAREST = replace(FEED, replay_gaps="nearest")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def wall(text, zone=LA, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def measured(at, value=1.0, site="s"):
    return Observation(
        feed_id="f1",
        site_id=site,
        quantity="speed",
        value=value,
        unit="km/h",
        observed_at=at,
        fetched_at=NOW,
    )


def opened(at, closed=None, case_id="1-123", **about):
    status = "open" if closed is None else "closed"
    return Case(
        feed_id="f1",
        case_id=case_id,
        opened_at=at,
        closed_at=closed,
        status=status,
        fetched_at=NOW,
        **about,
    )


def local(fact, form="%Y-%m-%d %H:%M"):
    return told_at(fact).astimezone(ZoneInfo(LA)).strftime(form)


def week_of(*days):
    """One measurement at noon of each day of 2012-03 (the 1st was a Thursday); value = the day."""
    return [measured(wall(f"2012-03-{day:02d}T12:00"), float(day)) for day in days]


def test_weekday_and_time_of_day_stay():
    replay = Replay.build(week_of(*range(1, 8)), FEED)

    found = replay.due(wall("2026-11-23T00:00"), wall("2026-11-30T00:00"))

    assert [(local(item), item.value) for item in found] == [
        ("2026-11-23 12:00", 5.0),
        ("2026-11-24 12:00", 6.0),
        ("2026-11-25 12:00", 7.0),
        ("2026-11-26 12:00", 1.0),
        ("2026-11-27 12:00", 2.0),
        ("2026-11-28 12:00", 3.0),
        ("2026-11-29 12:00", 4.0),
    ]
    assert all(item.fetched_at == item.observed_at for item in found)
    assert {item.quality for item in found} == {Quality.GOOD}


def test_the_wall_clock_counts_across_a_change_of_the_clocks():
    replay = Replay.build([measured(wall("2012-03-05T08:00"))], FEED)

    found = replay.due(wall("2026-03-01T00:00"), wall("2026-03-17T00:00"))

    assert [item.observed_at for item in found] == [
        datetime(2026, 3, 2, 16, tzinfo=UTC),
        datetime(2026, 3, 9, 15, tzinfo=UTC),
        datetime(2026, 3, 16, 15, tzinfo=UTC),
    ]


def test_an_hour_that_the_clocks_leave_out_has_no_measurements():
    hours = [measured(wall(f"2012-03-04T0{h}:{m:02d}")) for h in (1, 2, 3) for m in (0, 30)]
    replay = Replay.build(hours, FEED)

    found = replay.due(wall("2026-03-08T00:00"), wall("2026-03-08T12:00"))

    assert [local(item, "%H:%M") for item in found] == ["01:00", "01:30", "03:00", "03:30"]


def test_an_hour_that_happens_twice_is_told_once():
    recorded = [
        measured(wall("2025-11-02T01:30"), 1.0),
        measured(wall("2025-11-02T01:30", fold=1), 2.0),
    ]
    replay = Replay.build(recorded, FEED)

    assert [o.value for o in replay.due(wall("2026-11-15"), wall("2026-11-16"))] == [1.0]
    (twice,) = replay.due(wall("2026-11-01"), wall("2026-11-02"))
    assert twice.observed_at == wall("2026-11-01T01:30")


def test_windows_are_open_at_the_start_and_closed_at_the_end():
    replay = Replay.build(week_of(5), FEED)
    noon = wall("2026-11-23T12:00")

    assert len(replay.due(noon - timedelta(seconds=1), noon)) == 1
    assert replay.due(noon, noon + timedelta(days=1)) == []
    assert replay.due(noon, noon) == []
    assert replay.due(noon, noon - timedelta(days=30)) == []


@pytest.mark.parametrize(
    ("recorded", "day", "shows"),
    [
        ((1, 2), "2026-11-25", 1.0),  # Wednesday: Thursday is the nearest working day
        ((1, 2), "2026-11-23", 2.0),  # Monday: Friday is three days off, Thursday four
        ((2, 3), "2026-11-29", 3.0),  # Sunday: Saturday
        ((2, 4), "2026-11-28", 4.0),  # Saturday: Sunday, not Friday
        ((2, 3), "2026-11-23", 2.0),  # Monday: Friday, not Saturday
        ((3,), "2026-11-23", 3.0),  # only a Saturday there is
    ],
)
def test_a_weekday_without_a_recording(recorded, day, shows):
    start = wall(f"{day}T00:00")
    window = (start, start + timedelta(hours=23))

    assert Replay.build(week_of(*recorded), FEED).due(*window) == []
    (found,) = Replay.build(week_of(*recorded), NEAREST).due(*window)
    assert found.value == shows
    assert found.quality is Quality.UNCERTAIN
    assert local(found) == f"{day} 12:00"


def test_a_recorded_day_is_not_uncertain_because_another_is_missing():
    replay = Replay.build(week_of(1), NEAREST)

    found = replay.due(wall("2026-11-23T00:00"), wall("2026-11-30T00:00"))

    assert len(found) == 7
    assert Counter(item.quality for item in found) == {Quality.GOOD: 1, Quality.UNCERTAIN: 6}


def test_a_recording_of_ten_days_is_a_cycle_of_two_weeks_and_its_missing_days_come_from_the_other():
    replay = Replay.build(week_of(*range(1, 11)), FEED)

    found = replay.due(wall("2026-11-02T00:00"), wall("2026-11-30T00:00"))

    assert len(found) == 28
    assert {item.quality for item in found} == {Quality.GOOD}
    weekday = {item.value: local(item, "%a") for item in found}
    assert (weekday[1.0], weekday[8.0], weekday[5.0]) == ("Thu", "Thu", "Mon")
    assert Counter(item.value for item in found)[5.0] == 4
    assert Counter(item.value for item in found)[8.0] == 2


def test_a_case_opens_and_later_closes():
    at, end = wall("2018-12-27T10:00"), wall("2018-12-28T09:00")
    known = {"updated_at": end + timedelta(days=9), "due_at": end}

    first, last = unfold(opened(at, end, **known))

    assert (first.status, first.closed_at, first.updated_at) == ("open", None, None)
    assert (last.status, last.closed_at, last.updated_at) == ("closed", end, None)
    assert first.due_at == last.due_at == end
    assert (told_at(first), told_at(last)) == (at, end)


@pytest.mark.parametrize(
    "case",
    [
        opened(wall("2018-12-27T10:00")),
        replace(opened(wall("2018-12-27T10:00")), status="closed"),
        opened(wall("2018-12-27T10:00"), wall("2018-12-26T10:00")),
    ],
)
def test_a_case_without_a_sound_closing_is_one_version_at_its_opening(case):
    assert unfold(case) == (case,)
    assert told_at(case) == case.opened_at


def test_each_laid_over_week_makes_cases_of_its_own():
    at = wall("2018-12-27T10:00")
    replay = Replay.build([opened(at, at + timedelta(days=10))], FEED)

    found = replay.due(wall("2026-11-16T00:00"), wall("2026-11-30T00:00"))

    assert [(c.case_id, c.status, local(c)) for c in found] == [
        ("1-123~2026-W47", "open", "2026-11-19 10:00"),
        ("1-123~2026-W46", "closed", "2026-11-22 10:00"),
        ("1-123~2026-W48", "open", "2026-11-26 10:00"),
        ("1-123~2026-W47", "closed", "2026-11-29 10:00"),
    ]
    assert {c.closed_at - c.opened_at for c in found if c.closed_at} == {timedelta(days=10)}


def test_an_open_case_of_the_recording_never_closes():
    replay = Replay.build([opened(wall("2018-12-27T10:00"))], FEED)

    found = list(replay.past(NOW, 9))

    assert {case.status for case in found} == {"open"}
    assert len({case.case_id for case in found}) == len(found) == 9


def test_copies_on_other_weekdays_are_other_cases():
    at = wall("2018-12-27T10:00")
    replay = Replay.build([opened(at, at + timedelta(hours=2))], NEAREST)

    found = replay.due(wall("2026-11-23T00:00"), wall("2026-11-30T00:00"))

    names = Counter(case.case_id for case in found)
    assert len(names) == 7
    assert set(names.values()) == {2}
    assert names["1-123~2026-W48"] == names["1-123~2026-W48-2"] == 2


def test_notices_keep_their_life_and_what_they_replace():
    at = wall("2012-03-01T10:00")
    first = Notice(
        feed_id="f1",
        notice_id="a",
        headline="x",
        effective=at,
        fetched_at=at,
        expires=at + timedelta(days=1),
    )
    later = replace(
        first, notice_id="b", effective=at + timedelta(days=5), supersedes=("a",), expires=None
    )
    replay = Replay.build([first, later], FEED)

    found = replay.due(wall("2026-11-26T00:00"), wall("2026-12-02T00:00"))

    assert [item.notice_id for item in found] == ["a~2026-W48", "b~2026-W49"]
    assert found[0].expires - found[0].effective == timedelta(days=1)
    assert found[1].supersedes == ("a~2026-W48",)


def test_the_past_is_the_recording_repeated_backwards():
    replay = Replay.build(week_of(*range(1, 8)), FEED)

    found = list(replay.past(NOW, 9))

    assert len(found) == 63
    assert set(Counter(item.value for item in found).values()) == {9}
    assert [item.observed_at for item in found] == sorted(item.observed_at for item in found)


def test_nothing_recorded_is_nothing_shown():
    replay = Replay.build([], NEAREST)

    assert replay.due(NOW, NOW + timedelta(days=9)) == []
    assert list(replay.past(NOW, 2)) == []


instants = st.datetimes(datetime(2018, 1, 1), datetime(2018, 2, 15), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


@given(st.lists(instants, max_size=12), st.lists(moments, min_size=3, max_size=3), st.booleans())
@settings(deadline=None)
def test_windows_side_by_side_tell_everything_once(recorded, bounds, fills):
    facts = [measured(at, site=str(n)) for n, at in enumerate(recorded)]
    replay = Replay.build(facts, NEAREST if fills else FEED)
    a, b, c = sorted(bounds)

    assert replay.due(a, b) + replay.due(b, c) == replay.due(a, c)
    assert all(a < item.observed_at <= c for item in replay.due(a, c))


@given(st.lists(instants, min_size=1, max_size=12), moments)
@settings(deadline=None)
def test_every_laid_over_measurement_has_the_weekday_and_the_time_of_a_recorded_one(
    recorded, start
):
    zone = ZoneInfo(LA)
    replay = Replay.build([measured(at) for at in recorded], FEED)

    shown = {
        item.observed_at.astimezone(zone).strftime("%a %H:%M:%S.%f")
        for item in replay.due(start, start + timedelta(days=50))
    }

    assert shown <= {at.astimezone(zone).strftime("%a %H:%M:%S.%f") for at in recorded}
    if start.month not in {1, 2, 3, 9, 10, 11}:  # no change of the clocks in these 50 days
        assert shown


@given(instants, st.timedeltas(timedelta(0), timedelta(days=90)), moments)
@settings(deadline=None)
def test_a_laid_over_case_lasts_as_long_as_it_did_on_the_wall_clock(at, life, start):
    zone = ZoneInfo(LA)
    replay = Replay.build([opened(at, at + life)], FEED)

    def lasted(case):
        end, begin = (
            t.astimezone(zone).replace(tzinfo=None) for t in (case.closed_at, case.opened_at)
        )
        return end - begin

    recorded = lasted(opened(at, at + life))
    for case in replay.due(start, start + timedelta(days=21)):
        if case.closed_at:
            assert abs(lasted(case) - recorded) <= timedelta(hours=1)
            assert case.case_id.endswith(case.opened_at.astimezone(zone).strftime("~%G-W%V"))
