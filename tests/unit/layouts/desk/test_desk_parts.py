"""The parts of the desks: what they say of states, small cells, feeds, addresses and the past."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from layouts.component import walk
from layouts.context import PageContext
from layouts.desk import alertform, course, facts, links, told, values
from layouts.desk.alertdesk import page_number
from layouts.desk.board import CELLS, chosen
from layouts.desk.feedlists import worst_first
from layouts.desk.feedrows import age_share, polls
from layouts.desk.indicator import indicator_page
from layouts.desk.pages import is_known, wanted
from layouts.desk.status import counts, origin
from model import CITY, Quality, State
from tests.unit.layouts.desk.montreal import (
    NOW,
    busy,
    desk_view,
    districts,
    feeds,
    raised,
    reading,
    rule,
)

VIEW = desk_view()


def context(**more: object) -> PageContext:
    known: dict[str, object] = {
        "latest": busy,
        "view": lambda _: VIEW,
        "history": lambda *_, **__: [],
        "audit": lambda _: [],
    }
    return PageContext(**(known | more))  # type: ignore[arg-type]  # names are right


@pytest.mark.parametrize(
    ("state", "calls"),
    [
        (State.UNACK, {"ack", "comment"}),
        (State.ACKED, {"unack", "comment"}),
        (State.CLRU, {"ack", "comment"}),
        (State.CLRA, {"unack", "comment"}),
        (State.RTNU, {"ack", "comment"}),
        (State.LATU, {"ack", "comment"}),
        (State.LATA, {"reset", "comment"}),
    ],
)
def test_the_form_offers_what_the_state_table_permits(state: State, calls: set[str]) -> None:
    alert = replace(busy().alerts[0], state=state)

    assert alertform.allowed(alert) == calls


def test_a_closed_alarm_takes_no_answer() -> None:
    assert alertform.allowed(replace(busy().alerts[0], closed_at=NOW)) == frozenset()
    assert alertform.allowed(None) == frozenset()


def test_a_small_cell_is_told_as_fewer_than_5_wherever_a_number_would_stand() -> None:
    hidden = next(r for r in districts() if r.suppressed)
    indicator = VIEW.indicators["srv.new"]

    assert values.amount(hidden, indicator, VIEW) == "fewer than 5"
    for name in ("num", "den", "n"):
        assert facts.counted(hidden, name, VIEW) == "fewer than 5"


def test_a_missing_number_is_unknown_and_never_zero() -> None:
    gone = reading("env.river", None, num=None, den=None, n=None, quality=Quality.NODATA)

    assert values.amount(gone, VIEW.indicators["env.river"], VIEW) == "unknown"
    assert facts.counted(gone, "num", VIEW) == "unknown"
    assert values.amount(None, VIEW.indicators["env.river"], VIEW) == "unknown"


def test_reasons_with_numbers_are_translated() -> None:
    french = desk_view("fr")

    assert values.reason("93% of the expected reports are there", french) == (
        "93 % des relevés attendus sont là"
    )
    assert values.reason("n too small (3 of 30); something new", french) == (
        "n trop petit (3 sur 30); something new"
    )


@pytest.mark.parametrize(
    ("minutes", "share"), [(5, 50), (15, 74), (50, 100), (500, 100), (0.001, 2)]
)
def test_the_age_of_a_feed_stands_on_a_log_scale_of_its_cadence(minutes: float, share: int) -> None:
    assert age_share(minutes * 60, timedelta(minutes=5)) == share


def test_a_feed_that_never_delivered_is_as_old_as_can_be() -> None:
    assert age_share(None, timedelta(minutes=5)) == 100


def test_the_worst_feed_stands_first_and_equals_keep_their_order() -> None:
    found = [feed.id for feed in worst_first(feeds(dead="river"))]

    assert found[0] == "river"
    assert found[1:] == [feed.id for feed in feeds() if feed.id != "river"]


def test_each_poll_is_drawn_once_in_its_kind() -> None:
    drawn = polls(["ok", "same", "late", "rejects", "error", "error"])

    assert {kind: path.count("M") for kind, path in drawn.items()} == {
        "ok": 2,
        "late": 1,
        "rej": 1,
        "x": 2,
    }


def test_the_board_shows_every_domain_and_no_more_than_fit() -> None:
    shown = chosen(VIEW)

    assert len(shown) == CELLS
    domains = {one.domain for one in VIEW.indicators.values()} - {"data quality"}
    assert {one.domain for one in shown} == domains


def test_the_head_counts_alarms_by_tone_and_says_which_wait() -> None:
    found = counts(busy())

    assert found["p1"] == (1, True)
    assert found["p3"] == (2, True)
    assert found["s"] == (0, False)


def test_open_and_simulated_are_always_said() -> None:
    assert origin(desk_view(is_open=True)) == "simulated data · open to the network, no sign-in"


def test_a_language_that_is_not_the_city_s_stays_in_links() -> None:
    assert links.indicator(desk_view("fr"), "env.river", "64") == (
        "/indicators/env.river?district=64&lang=fr"
    )
    assert links.indicator(VIEW, "env.river", "64") == "/indicators/env.river?district=64"


@pytest.mark.parametrize("value", [None, "", "  ", "x" * 201, [], ["x" * 201]])
def test_what_an_address_asks_is_short_or_ignored(value: object) -> None:
    assert links.asked(value) is None
    assert wanted({"alert": ["A-1", "A-2"], "evil": "x"})["alert"] == "A-1"
    assert [page_number(text) for text in ("2", "-1", "0", "x", "99999", None)] == [
        2,
        1,
        1,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("path", "district", "known"),
    [
        ([], None, True),
        (["alerts"], None, True),
        (["indicators", "env.river"], None, True),
        (["indicators", "env.river"], "64", True),
        (["indicators", "env.river"], CITY, True),
        (["indicators", "env.river"], "nowhere", False),
        (["indicators", "no.such"], None, False),
        (["alerts", "more"], None, False),
    ],
)
def test_only_pages_that_exist_are_known(
    path: list[str], district: str | None, known: bool
) -> None:
    assert is_known(path, VIEW, district) is known


def test_the_audit_tells_an_occurrence_that_the_engine_made() -> None:
    record, events = raised("river.district", "64", 101.3, minutes=12)

    found = told.tell(events)

    assert found is not None
    assert (found.occurrence, found.district, found.priority) == (record.occurrence, "64", 1)
    assert found.closed_at is None
    assert told.closed(events) == []


def test_the_timeline_keeps_the_beginning_where_it_is_too_long() -> None:
    record, some = raised("river.district", "64", 101.3, minutes=12)
    events = [event for event in some if event.occurrence == record.occurrence]
    many = [*events, *(replace(e, seq=e.seq + 100 * n) for n in range(1, 9) for e in events)]

    lines = told.timeline(many, VIEW, 5)

    assert len(lines) == 5
    assert "raised, P1" in lines[-1][1]


def test_a_course_keeps_gaps_and_leaves_frozen_values_out() -> None:
    indicator = VIEW.indicators["env.river"]
    end = datetime.fromtimestamp((NOW.timestamp() // 900 + 1) * 900, NOW.tzinfo)

    def history(*_: object, **__: object) -> list[dict[str, object]]:
        return [
            {"at": end - timedelta(minutes=15), "value": 60.0, "quality": "GOOD"},
            {"at": end - timedelta(minutes=30), "value": 61.0, "quality": "STALE"},
        ]

    found = course.ask(history, indicator, CITY, now=NOW)

    assert found.values[-2:] == (None, 60.0)
    assert set(found.values[:-1]) == {None}
    assert len(found.times) == 96


def test_a_history_that_breaks_costs_the_chart_alone() -> None:
    def broken(*_: object, **__: object) -> list[object]:
        raise OSError("disk gone")

    page = indicator_page(context(history=broken), VIEW, "env.river", {"district": "64"})
    words = [getattr(part, "children", None) for part in walk(page)]

    assert "The history does not answer." in words
    assert "River level against flood stage" in words


def test_a_line_far_from_the_data_does_not_flatten_them() -> None:
    near, far = course.Level(12.0, "near"), course.Level(500.0, "far")

    bottom, top = course.reach([9.0, 10.0, 11.0], [near, far])

    assert bottom < 9.0
    assert 12.0 <= top < 20.0


def test_the_rule_of_a_feed_s_alarm_is_found() -> None:
    from layouts.desk.alertdetail import rule_of  # noqa: PLC0415 - beside what it proves

    found = rule_of("dq.traffic", VIEW)

    assert found is not None
    assert found.feed == "traffic"
    assert rule_of("river.district", VIEW) == rule("river.district")
    assert rule_of("no.such", VIEW) is None
