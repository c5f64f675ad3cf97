from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from history import BaselineRow
from history.hours import same_hours
from metrics import INDICATORS
from metrics.days import Days, Span
from model import Trend
from pipeline.likedays import LikeDays
from pipeline.usual import TrendBook, UsualBook

ZONE = "America/Toronto"
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
HOLIDAY = date(2026, 6, 24)  # a Wednesday
OTHER = date(2026, 5, 18)  # a Monday
DAYS = Days(ZONE, {HOLIDAY: "Fête nationale", OTHER: "Patriotes"})
FAST = INDICATORS["mob.tti"]
DAILY = replace(INDICATORS["srv.overdue"], cadence=DAY)
WEEKLY = replace(INDICATORS["mob.tti"], id="w", cadence=WEEK)


def local(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def by_weekday(day: date, hour: int) -> float:
    """10 on working days, 4 on Sundays and holidays, and a little by the hour."""
    is_free = day.weekday() == 6 or DAYS.is_holiday(day)
    return (4.0 if is_free else 10.0) + hour / 100


class History:
    """Answers from a value of each local day and hour."""

    def __init__(self, value: Callable[[date, int], float] = by_weekday, since: date | None = None):
        self.value, self.since = value, since or date(2000, 1, 1)

    def baseline_rows(self, at, *, timezone, weeks=8):
        rows = []
        for hour in same_hours(at, timezone, weeks):
            moment = hour.start.astimezone(ZoneInfo(timezone))
            if moment.date() >= self.since:
                value = self.value(moment.date(), moment.hour)
                rows += [
                    BaselineRow(name, "city", hour.week, value) for name in (FAST.id, DAILY.id)
                ]
        return rows

    def readings(self, indicator, *, start, end, resolution):
        assert resolution == DAY
        at = start
        while at < end:
            day = (at + timedelta(hours=12)).astimezone(ZoneInfo(ZONE)).date()
            for district in ("city", "d1"):
                row = {"indicator": indicator, "district": district, "at": at, "quality": "GOOD"}
                yield row | {"value": self.value(day, 0)}
            at += resolution

    def trend(self, indicator, district, *, start, end, step):
        times = tuple(start + step * n for n in range(round((end - start) / step)))
        local_times = [at.astimezone(ZoneInfo(ZONE)) for at in times]
        values = tuple(self.value(at.date(), at.hour) for at in local_times)
        return Trend(indicator=indicator, district=district, times=times, values=values)


def like(history: History | None = None, days: Days = DAYS) -> LikeDays:
    return LikeDays(history or History(), days)  # type: ignore[arg-type]


def book(days: Days | None = DAYS, since: date | None = None) -> UsualBook:
    by_id = {one.id: one for one in (FAST, DAILY)}
    return UsualBook(History(since=since), by_id, ZONE, days)  # type: ignore[arg-type]


def test_a_working_day_is_compared_with_its_weekday_without_the_holidays() -> None:
    values = dict(like().hour(local(HOLIDAY + WEEK))[FAST.id, "city"])

    assert HOLIDAY not in values
    assert len(values) == 7
    assert {day.weekday() for day in values} == {2}


def test_a_holiday_is_compared_with_sundays_and_holidays() -> None:
    values = dict(like().hour(local(HOLIDAY))[FAST.id, "city"])

    assert set(values.values()) == {4.1}
    assert OTHER in values
    assert len(values) == 9
    assert like().basis(local(HOLIDAY)) == "Sundays and holidays"
    assert like().basis(local(HOLIDAY + DAY)) == ""


def test_hours_of_an_event_are_no_example() -> None:
    race = date(2026, 6, 10)
    span = Span("Race", local(race, 10), local(race, 11))
    days = Days(ZONE, {}, (span,))

    during = dict(like(days=days).hour(local(race + WEEK, 10))[FAST.id, "city"])
    after = dict(like(days=days).hour(local(race + WEEK, 11))[FAST.id, "city"])

    assert race not in during
    assert race in after


@pytest.mark.parametrize("hour", [0, 10, 23])
def test_a_figure_by_the_day_is_compared_by_the_day_whatever_the_hour(hour: int) -> None:
    values = dict(like().slow(DAILY, local(HOLIDAY + WEEK, hour))[DAILY.id, "d1"])

    assert set(values) == {HOLIDAY + WEEK - WEEK * n for n in range(2, 9)}


def test_a_figure_by_the_day_on_a_holiday() -> None:
    values = dict(like().slow(DAILY, local(HOLIDAY))[DAILY.id, "city"])

    assert len(values) == 9
    assert set(values.values()) == {4.0}


def test_a_figure_by_the_week_has_one_value_a_week_its_last() -> None:
    counting = History(lambda day, _: float(day.toordinal()))
    values = dict(like(counting).slow(WEEKLY, local(HOLIDAY))["w", "city"])

    assert len(values) == 9  # eight whole weeks and the days of this one
    assert all(day.weekday() == 0 for day in values)
    assert values[date(2026, 6, 15)] == date(2026, 6, 21).toordinal()


def test_the_book_tells_the_basis_and_both_paces() -> None:
    one = book()
    one.refresh(local(HOLIDAY))
    found = one.at(local(HOLIDAY))

    assert found[FAST.id, "city"].centre == pytest.approx(4.1)
    assert found[FAST.id, "city"].basis == "Sundays and holidays"
    assert found[DAILY.id, "city"].centre == pytest.approx(4.0)


def test_without_a_calendar_a_holiday_is_its_weekday() -> None:
    one = book(days=None)
    one.refresh(local(HOLIDAY))
    found = one.at(local(HOLIDAY))

    assert found[FAST.id, "city"].centre == pytest.approx(10.1)
    assert found[FAST.id, "city"].basis == ""


def test_a_young_record_borrows_the_hours_beside() -> None:
    at = local(HOLIDAY + WEEK)
    young, old = book(since=(HOLIDAY - WEEK * 3)), book()
    young.refresh(at)
    old.refresh(at)

    assert young.at(at)[FAST.id, "city"].weeks == 3
    assert young.at(at)[FAST.id, "city"].values == 7  # nine values, two more centres
    assert old.at(at)[FAST.id, "city"].values is None


def test_around_midnight_both_days_are_kept() -> None:
    one, before, after = book(), local(HOLIDAY, 23), local(HOLIDAY + DAY, 0)
    one.refresh(before)
    one.refresh(after)

    assert one.at(before)[DAILY.id, "city"].centre == pytest.approx(4.0)
    assert one.at(after)[DAILY.id, "city"].centre == pytest.approx(10.0)


def test_the_band_of_a_spark_follows_holidays() -> None:
    trends = TrendBook(History(), [FAST], ZONE, DAYS)  # type: ignore[arg-type]
    trends.refresh(local(HOLIDAY, 12))
    (spark,) = trends.now({})
    bands = dict(zip(spark.times, spark.high, strict=True))

    assert bands[local(HOLIDAY, 10)] < 6
    assert bands[local(HOLIDAY - DAY, 20)] > 9
