from datetime import date

import numpy as np
import pytest

from demo.almanac import city_time, day_of, midnight

from .conftest import instant


def one(text: str):
    when = city_time(np.array([instant(text)], dtype=np.int64))
    return float(when.hour[0]), int(when.weekday[0])


def test_city_time_follows_daylight_saving():
    # Montréal, 2026: clocks go forward on 8 March and back on 1 November, both at 2 h.
    assert one("2026-03-08T06:59:00+00:00")[0] == pytest.approx(1 + 59 / 60)
    assert one("2026-03-08T07:00:00+00:00")[0] == 3.0
    assert one("2026-11-01T05:30:00+00:00")[0] == 1.5
    assert one("2026-11-01T06:30:00+00:00")[0] == 1.5


def test_days_begin_at_local_midnight_even_when_they_last_23_or_25_hours():
    for text, length in (("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-10", 24)):
        day = date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()

        assert midnight(day + 1) - midnight(day) == length * 3600
        assert day_of(midnight(day)) == day
        assert day_of(midnight(day) - 1) == day - 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",  # New Year
        "2026-04-03",  # Good Friday; Easter is 5 April 2026
        "2026-05-18",  # National Patriots' Day
        "2026-06-24",  # Fête nationale
        "2026-07-01",  # Canada Day
        "2026-09-07",  # Labour Day
        "2026-10-12",  # Thanksgiving
        "2026-12-25",
    ],
)
def test_a_holiday_counts_as_a_sunday(text):
    assert one(f"{text}T12:00:00-04:00")[1] == 6


def test_an_ordinary_day_keeps_its_weekday():
    assert one("2026-11-24T12:00:00-05:00")[1] == 1  # a Tuesday
    assert one("2026-11-28T12:00:00-05:00")[1] == 5  # a Saturday
