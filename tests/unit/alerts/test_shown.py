"""What a screen gets: the word by precedence, the limit, the deadlines; and the load meter."""

from dataclasses import replace
from datetime import timedelta

import pytest

import alerts
from alerts.record import Shelf
from model import AlertEvent, Level, State
from tests.unit.alerts.cast import GOOD, RULE, STALE, T0, UNCERTAIN, Room, at, run, standing

SHELF = Shelf(kind="timed", until=at(60), reason="maintenance", by="Ann")


@pytest.mark.parametrize(
    ("state", "more", "word"),
    [
        ("ACKED", {"ticket": "T", "shelf": SHELF, "inhibited_by": ("x",), "is_held": True}, "OOS"),
        ("ACKED", {"shelf": SHELF, "inhibited_by": ("x",), "is_held": True}, "SHELVED"),
        ("UNACK", {"inhibited_by": ("x",), "is_held": True}, "INHIBITED"),
        ("UNACK", {"is_held": True}, "HELD"),
        ("ACKED", {"is_held": True}, "HELD"),
        ("CLRU", {"is_held": True}, "HELD"),
        ("CLRA", {"is_held": True}, "HELD"),
        ("LATU", {"is_held": True}, "LATU"),
        ("LATA", {"is_held": True}, "LATA"),
        ("RTNU", {"is_held": True}, "UNKNOWN"),
        ("PEND", {"is_held": True}, "UNKNOWN"),
        ("NORM", {"is_held": True}, "UNKNOWN"),
        *[(str(state), {}, str(state)) for state in State],
    ],
)
def test_one_word_by_precedence(state: str, more: dict, word: str) -> None:
    shown = alerts.shown(standing(RULE, State(state), **more))

    assert shown == word
    assert type(shown) is str


def test_nothing_is_shown_while_nothing_stands() -> None:
    for state in (State.NORM, State.PEND):
        for is_held in (False, True):
            record = standing(RULE, state, is_held=is_held)
            assert alerts.view(RULE, record, T0) is None


def test_deadlines_are_those_of_the_timers() -> None:
    room = Room()
    run(room, [(0, 120, GOOD), (10, 120, GOOD)])
    assert (room.view.escalates_at, room.view.clears_at) == (at(25), None)

    room.see(80, 15)
    assert (room.view.escalates_at, room.view.clears_at) == (None, at(30))

    room.see(80, 20, STALE)
    assert room.view.clears_at is None  # held: nobody knows when


def test_the_limit_is_that_of_the_level_and_side() -> None:
    room = Room()
    run(room, [(0, 250, GOOD), (2, 250, GOOD)])
    assert (room.view.level, room.view.limit, room.view.priority) == (Level.CRIT, 200.0, 1)

    band = replace(RULE, direction="band", low=20.0, high=100.0, on_delay=timedelta(0))
    room = Room(band)
    room.see(5, 0)
    assert room.view.limit == 20.0


def test_site_rules_name_their_site() -> None:
    room = Room(replace(RULE, on_delay=timedelta(0)), scope="site:gauge-7")
    room.see(120, 0)

    assert (room.view.district, room.view.site) == ("city", "gauge-7")
    assert room.view.key == "tti:site:gauge-7"


def test_the_deciding_site_of_a_district_is_told() -> None:
    room = Room(replace(RULE, on_delay=timedelta(0)), scope="plateau")
    room.see(120, 0, site="station-3")

    assert (room.view.district, room.view.site, room.view.first_value) == (
        "plateau",
        "station-3",
        120,
    )


def test_frozen_data_leave_the_last_value_and_say_so() -> None:
    room = Room(replace(RULE, on_delay=timedelta(0)))
    room.see(120, 0)
    room.see(None, 30, STALE)

    assert (room.view.value, room.view.quality, room.view.observed_at) == (120, STALE, at(0))
    room.see(130, 31)
    assert (room.view.shown, room.view.quality) == ("HELD", STALE)  # one sample is no recovery


def test_names_of_occurrences_sort_by_time_and_are_repeatable() -> None:
    def raised(minutes: float, scope: str) -> str:
        room = Room(replace(RULE, on_delay=timedelta(0)), scope)
        room.see(120, minutes)
        return room.record.occurrence

    names = [raised(minute, "city") for minute in (0, 1, 60, 60 * 24 * 400)]

    assert names == sorted(names)
    assert names[0] == raised(0, "city")
    assert len({raised(0, f"district-{i}") for i in range(500)}) == 500


def test_statistical_rules_go_no_higher_than_3_on_uncertain_data() -> None:
    z = replace(RULE, kind="z")

    assert alerts.priority_of(z, Level.CRIT, UNCERTAIN) == 3
    assert alerts.priority_of(z, Level.CRIT, GOOD) == 1
    assert alerts.priority_of(replace(z, alarm_class="safety"), Level.CRIT, UNCERTAIN) == 1
    assert alerts.priority_of(RULE, Level.CRIT, UNCERTAIN) == 1
    assert alerts.priority_of(replace(z, priority_warn=0), Level.WARN, UNCERTAIN) == 0


def line(minutes: float, number: int, *, annunciated: bool = True) -> AlertEvent:
    return AlertEvent(
        event_id=f"k#{number}",
        at=at(minutes),
        seq=number,
        key="k",
        rule="k",
        occurrence=None,
        kind="T_ON",
        outcome="applied",
        from_state=State.PEND,
        to_state=State.UNACK,
        actor="system",
        annunciated=annunciated,
    )


def test_the_load_meter_counts_what_called_a_person() -> None:
    ages = [0, 9.99, 10, 59.9, 60, 239.9, 240, 1439, 1440, -1]
    lines = [line(-age, number) for number, age in enumerate(ages)]
    lines += [line(-5, 100, annunciated=False), lines[0]]

    load = alerts.load_meter(lines, T0)

    assert len(load.per_10_min) == 24
    assert (load.per_10_min[-1], load.per_10_min[-2], load.per_10_min[-6]) == (2, 1, 1)
    assert (load.per_10_min[-7], load.per_10_min[0], sum(load.per_10_min)) == (1, 1, 6)
    assert (load.last_10_min, load.last_hour, load.last_day) == (2, 4, 8)


def test_an_empty_room_has_no_load() -> None:
    assert sum(alerts.load_meter([], T0).per_10_min) == 0
