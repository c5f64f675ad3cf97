from datetime import UTC, date, datetime

from metrics.days import Days, Span

RACE = Span("Race", datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC))
DAYS = Days("America/Toronto", {date(2026, 1, 1): "New Year"}, (RACE,))


def test_the_date_is_the_citys() -> None:
    assert DAYS.day_of(datetime(2026, 1, 1, 4, 59, tzinfo=UTC)) == date(2025, 12, 31)


def test_every_hour_of_a_holiday_is_apart() -> None:
    assert all(DAYS.is_apart(date(2026, 1, 1), hour) for hour in range(24))


def test_an_event_is_apart_by_the_hour_on_the_day_the_clock_changes() -> None:
    # 05:00 to 08:00 UTC is 00:00 to 04:00 on this day without an hour 2
    day = date(2026, 3, 8)

    assert [hour for hour in range(24) if DAYS.is_apart(day, hour)] == [0, 1, 2, 3]
    assert DAYS.is_apart(day)
    assert not DAYS.is_apart(date(2026, 3, 7))


def test_no_calendar_sets_nothing_apart() -> None:
    assert not Days().is_apart(date(2026, 12, 25))
