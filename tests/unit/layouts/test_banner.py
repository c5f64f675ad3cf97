"""The banner and the exceptions: who comes first, what is counted, what is left out."""

from dataclasses import replace

from layouts import states
from layouts.exceptions import unusual
from layouts.header import hold, origin
from layouts.live import SCENES, scene_props
from model import FeedState, Quality
from tests.unit.layouts.city import MONTREAL, alarmed, alert, snapshot, view

OVERVIEW = SCENES["overview"]


def test_unacknowledged_alarms_come_first_by_priority_then_newest() -> None:
    alerts = [
        alert("a", "ACKED", 1),
        alert("b", "UNACK", 3),
        alert("c", "UNACK", 2, minutes=9),
        alert("d", "UNACK", 2, minutes=1),
        alert("e", "SHELVED", 1),
        alert("f", "UNKNOWN", 1),
    ]

    assert [one.rule for one in states.ranked(alerts)] == ["d", "c", "b", "a", "e"]


def test_counts_oldest_and_the_rest_are_said() -> None:
    shot = alarmed()
    many = replace(shot, alerts=(*shot.alerts, alert("srv.overdue", "ACKED", 3)))

    props = scene_props(OVERVIEW, many, view())

    assert props["overview-banner-p1-count"]["children"] == "1"
    assert props["overview-banner-p2-count"]["children"] == "2"
    assert props["overview-banner-p3-count"]["children"] == "3"
    assert props["overview-banner-shelved"]["children"] == "1 shelved"
    assert props["overview-banner-oldest-label"]["children"] == "1 more, oldest unack."
    oldest = min(one.raised_at for one in many.alerts if one.shown == "UNACK" and one.raised_at)
    assert props["overview-banner-oldest"]["data-at"] == round(oldest.timestamp() * 1000)


def test_feeds_that_know_nothing_of_now_are_counted_as_stale() -> None:
    shot = alarmed()
    states_ = (Quality.GOOD, Quality.LATE, Quality.STALE, Quality.NODATA, Quality.BAD)
    feeds: tuple[FeedState, ...] = tuple(replace(shot.feeds[0], state=one) for one in states_)

    props = scene_props(OVERVIEW, replace(shot, feeds=feeds), view())

    assert props["overview-banner-stale"]["children"] == "3 stale"


def test_a_feeds_alarm_is_a_question_not_a_priority() -> None:
    seen = states.look(alert("dq.speeds", "UNACK", 2, indicator=None, feed="speeds"))

    assert (seen.tone, seen.letter, seen.state) == ("dq", "?", "is-unack")


def test_a_rotating_wall_is_held_by_what_nobody_has_taken() -> None:
    quiet, shelved = snapshot(), replace(snapshot(), alerts=(alert("a", "SHELVED", 1),))

    assert hold(quiet) is None
    assert hold(shelved) is None
    assert hold(replace(quiet, alerts=(alert("a", "UNACK", 3),))) is None
    assert hold(alarmed()) == 1


def test_exceptions_are_worst_first_without_alarms_and_without_frozen_readings() -> None:
    shot = alarmed()
    frozen = replace(
        shot,
        readings=tuple(
            replace(one, quality=Quality.STALE) if one.district == "102" else one
            for one in shot.readings
        ),
    )

    sizes = [abs(one.z or 0) for one in unusual(shot, view())]

    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= 2
    assert not any(one.indicator == "env.river" for one in unusual(shot, view()))
    assert "102" in {one.district for one in unusual(shot, view())}
    assert "102" not in {one.district for one in unusual(frozen, view())}


def test_nothing_unusual_is_not_the_same_as_nothing_known() -> None:
    shot = snapshot()
    calm = replace(shot, readings=tuple(replace(one, z=0.1) for one in shot.readings))
    few = replace(shot, readings=tuple(replace(one, z=None) for one in shot.readings))
    blind = replace(few, readings=tuple(replace(one, usual=None) for one in few.readings))

    said = [
        scene_props(OVERVIEW, one, view())["overview-exc-none"]["children"]
        for one in (shot, calm, few, blind)
    ]

    assert said == [
        "",
        "Nothing unusual now.",
        "Too few weeks to compare with yet.",
        "No usual to compare with yet.",
    ]


def test_where_data_come_from_is_always_said() -> None:
    replayed = replace(MONTREAL, is_simulated=False, is_replayed=True)
    real = replace(MONTREAL, is_simulated=False)

    assert origin(view()) == "simulated data"
    assert origin(replace(view("fr"), city=replayed)) == "données enregistrées, rejouées"
    assert origin(replace(view(), city=real)) == ""
    assert "no sign-in" in origin(replace(view(), city=real, is_open=True))
