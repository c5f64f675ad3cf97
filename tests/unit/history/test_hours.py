"""The same hour of past weeks on the city's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from history.hours import same_hours

START = datetime(2020, 1, 1, tzinfo=UTC)


def test_an_hour_that_the_clock_skips_is_left_out() -> None:
    # New York, 8 March 2026: 02:00 does not exist
    at = datetime(2026, 3, 15, 6, 30, tzinfo=UTC)  # Sunday 02:30 EDT

    assert [hour.week.isoformat() for hour in same_hours(at, "America/New_York", 3)] == [
        "2026-02-23",
        "2026-02-16",
    ]


def test_an_hour_that_the_clock_repeats_lasts_two() -> None:
    # New York, 1 November 2026: 01:00 comes twice
    at = datetime(2026, 11, 8, 6, 30, tzinfo=UTC)  # Sunday 01:30 EST

    first = same_hours(at, "America/New_York", 1)[0]

    assert first.end - first.start == timedelta(hours=2)
    assert first.start == datetime(2026, 11, 1, 5, tzinfo=UTC)


@given(
    at=st.integers(0, 10 * 366 * 24 * 4).map(lambda n: START + n * timedelta(minutes=15)),
    zone=st.sampled_from(["America/Toronto", "Europe/Paris", "Australia/Lord_Howe", "UTC"]),
)
def test_hours_lie_in_the_past_and_show_the_same_clock(at: datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone))
    for back, hour in enumerate(same_hours(at, zone, 8), start=1):
        began = hour.start.astimezone(ZoneInfo(zone))
        assert began.hour == local.hour
        assert began.weekday() == local.weekday()
        assert hour.end <= at - timedelta(days=5)
        assert back <= 8
