from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics.columns import HOUR, milliseconds
from metrics.lateness import CASES, Touched, touched
from metrics.window import Window
from model import Case, Observation

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALLOWED = {"air": 15 * 60_000, "311": 15 * 60_000}


def seen(at: datetime, known: datetime, value: float = 1.0, site: str = "s") -> Observation:
    return Observation(
        feed_id="air",
        site_id=site,
        quantity="pm25",
        value=value,
        unit="µg/m³",
        observed_at=at,
        fetched_at=known,
        known_at=known,
        district_id="a",
    )


def asked(known: datetime, opened: datetime = NOON, **more: object) -> Case:
    made = Case(
        feed_id="311",
        case_id="c",
        opened_at=opened,
        fetched_at=known,
        known_at=known,
        district_id="a",
        service="tree",
    )
    return replace(made, **more)


def hours(found: Touched, name: str = "pm25") -> list[datetime]:
    return [datetime.fromtimestamp(ms / 1000, UTC) for ms in sorted(found.hours.get(name, ()))]


def test_what_comes_on_time_touches_nothing():
    found = touched(Window(), [seen(NOON, NOON + 15 * MINUTE)], [], ALLOWED)

    assert not found


def test_a_late_value_touches_its_hour():
    found = touched(Window(), [seen(NOON + 5 * MINUTE, NOON + 21 * MINUTE)], [], ALLOWED)

    assert hours(found) == [NOON]
    assert found.standing_from is None


def test_a_corrected_value_touches_its_hour_however_soon_it_comes():
    known = Window.build([seen(NOON, NOON + MINUTE), seen(NOON, NOON + MINUTE, site="other")])

    found = touched(known, [seen(NOON, NOON + 2 * MINUTE, value=9.0)], [], ALLOWED)
    other = touched(known, [seen(NOON, NOON + 2 * MINUTE, site="third")], [], ALLOWED)

    assert hours(found) == [NOON]
    assert not other


def test_late_values_touch_only_the_hours_they_are_in():
    late = NOON + timedelta(days=4)

    found = touched(
        Window(), [seen(NOON, late), seen(NOON + timedelta(days=2), late, site="t")], [], ALLOWED
    )

    assert hours(found) == [NOON, NOON + timedelta(days=2)]


def test_a_new_case_on_time_and_its_closing_on_time_touch_nothing():
    first = asked(NOON + MINUTE)
    closed = asked(
        NOON + timedelta(days=9, minutes=3), status="closed", closed_at=NOON + timedelta(days=9)
    )

    assert not touched(Window(), [], [first], ALLOWED)
    assert not touched(Window.build([], [first]), [], [closed], ALLOWED)


def test_a_case_that_is_heard_of_late_was_open_all_the_while():
    found = touched(Window(), [], [asked(NOON + timedelta(days=3))], ALLOWED)

    assert hours(found, CASES) == [NOON]
    assert found.standing_from == milliseconds(NOON)


def test_a_closing_that_is_heard_of_late_touches_from_the_closing_on():
    first = asked(NOON + MINUTE)
    ended = NOON + timedelta(days=1)
    late = asked(NOON + timedelta(days=3), status="closed", closed_at=ended)

    found = touched(Window.build([], [first]), [], [late], ALLOWED)

    assert hours(found, CASES) == [ended]
    assert found.standing_from == milliseconds(ended)


def test_a_closing_that_is_moved_touches_where_it_was_and_where_it_is():
    first = asked(NOON + 2 * MINUTE, status="closed", closed_at=NOON + MINUTE)
    moved = replace(first, closed_at=NOON + timedelta(hours=5), known_at=NOON + timedelta(days=1))

    found = touched(Window.build([], [first]), [], [moved], ALLOWED)

    assert hours(found, CASES) == [NOON, NOON + timedelta(hours=5)]


@pytest.mark.parametrize("change", [{"service": "road"}, {"district_id": "b"}])
def test_a_case_that_moves_elsewhere_touches_from_its_opening_on(change):
    first = asked(NOON + MINUTE)
    moved = replace(first, known_at=NOON + timedelta(days=2), **change)

    found = touched(Window.build([], [first]), [], [moved], ALLOWED)

    assert found.standing_from == milliseconds(NOON)


def test_what_two_batches_touch_adds_up():
    one = Touched({"pm25": frozenset({0})}, 5)
    two = Touched({"pm25": frozenset({HOUR}), CASES: frozenset({0})}, None)

    both = one.joined(two)

    assert both == Touched({"pm25": frozenset({0, HOUR}), CASES: frozenset({0})}, 5)
    assert not Touched()
