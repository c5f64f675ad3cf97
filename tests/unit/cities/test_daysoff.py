from datetime import UTC, date, datetime

import pytest

import cities
from cities.daysoff import days_of
from model import CalendarEntry, City

MONTREAL = City(id="m", name="M", timezone="America/Toronto", country="CA", region="QC")


@pytest.mark.parametrize(
    ("day", "is_holiday"),
    [
        (date(2026, 6, 24), True),  # la fête nationale
        (date(2026, 4, 3), True),  # Good Friday
        (date(2031, 12, 25), True),  # any year that is asked
        (date(2026, 7, 2), False),
        (date(2026, 2, 16), False),  # Family Day, in other provinces
    ],
)
def test_holidays_are_those_of_the_region(day: date, is_holiday: bool) -> None:
    assert days_of(MONTREAL, ()).is_holiday(day) is is_holiday


def test_without_a_country_no_day_is_a_holiday() -> None:
    plain = City(id="m", name="M", timezone="UTC")

    assert not days_of(plain, ()).is_holiday(date(2026, 12, 25))


def test_the_calendar_adds_holidays_of_several_days() -> None:
    entry = CalendarEntry(name="Feast", start="2026-05-04", end="2026-05-06", kind="holiday")
    days = days_of(MONTREAL, [entry])

    assert [days.is_holiday(date(2026, 5, n)) for n in (3, 4, 5, 6)] == [False, True, True, False]
    assert days.holidays[date(2026, 5, 4)] == "Feast"
    assert days.is_holiday(date(2026, 6, 24))
    assert len(days.holidays) == len(list(days.holidays))


def test_an_event_touches_its_hours_in_city_time() -> None:
    entry = CalendarEntry(name="Race", start="2026-09-20T08:00", end="2026-09-20T12:00")
    days = days_of(MONTREAL, [entry])

    assert [days.is_apart(date(2026, 9, 20), hour) for hour in (7, 8, 11, 12)] == [
        False,
        True,
        True,
        False,
    ]
    assert days.is_apart(date(2026, 9, 20))
    assert not days.is_apart(date(2026, 9, 21))


def test_an_event_without_an_end_lasts_until_midnight() -> None:
    days = days_of(MONTREAL, [CalendarEntry(name="Race", start="2026-11-01T20:00")])
    (event,) = days.events

    assert event.start == datetime(2026, 11, 2, 1, tzinfo=UTC)
    assert event.end == datetime(2026, 11, 2, 5, tzinfo=UTC)


def test_maintenance_is_no_event() -> None:
    entry = CalendarEntry(name="Servers", start="2026-09-20", kind="maintenance")

    assert not days_of(MONTREAL, [entry]).is_apart(date(2026, 9, 20))


def test_holidays_before_a_date() -> None:
    days = days_of(MONTREAL, ())

    assert days.holidays_before(date(2026, 7, 2), 8) == [
        date(2026, 7, 1),
        date(2026, 6, 24),
        date(2026, 5, 18),
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('country = "KA"', "no holidays are known of 'KA'"),
        ('country = "CA"\nregion = "QX"', "no holidays are known of 'QX' in CA"),
        ('region = "QC"', "needs a country"),
    ],
)
def test_an_unknown_place_is_a_problem_of_the_pack(make, lines: str, told: str) -> None:
    zone = 'timezone = "Europe/Paris"'
    folder = make(swap={zone: f"{zone}\n{lines}"})
    with pytest.raises(cities.PackError, match=r"\[city\]") as caught:
        cities.load(folder)

    assert told in str(caught.value)


def test_the_place_stands_in_the_pack(make) -> None:
    zone = 'timezone = "Europe/Paris"'
    pack = cities.load(make(swap={zone: f'{zone}\ncountry = "FR"'}))

    assert (pack.city.country, pack.city.region) == ("FR", None)
    assert cities.days_of(pack.city, pack.calendar).is_holiday(date(2026, 7, 14))
