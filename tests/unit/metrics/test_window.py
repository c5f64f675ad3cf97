from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.columns import NONE, instants, milliseconds
from metrics.series import Block, Track
from metrics.window import Window
from tests.unit.metrics.cast import DAY, HOUR, MINUTE, NOW, asked, seen

MS = milliseconds(NOW)


def values(window: Window, quantity: str = "speed", *, days: int = 365) -> list[float]:
    return window.rows(quantity, MS - days * 86_400_000, MS).value.tolist()


def test_an_empty_window_answers_with_nothing() -> None:
    window = Window.build([], [])

    assert values(window) == []
    assert len(window.cases) == 0
    assert len(window.trimmed(NOW).cases) == 0


def test_the_version_known_last_wins_whatever_the_order_of_arrival() -> None:
    old = seen(10.0, known_at=NOW)
    new = seen(12.0, known_at=NOW + MINUTE)

    assert values(Window.build([old, new])) == [12.0]
    assert values(Window.build([new, old])) == [12.0]
    assert values(Window.build([old]).extended([new])) == [12.0]
    assert values(Window.build([new]).extended([old])) == [12.0]


def test_a_window_never_changes_when_it_is_extended() -> None:
    window = Window.build([seen(10.0)])

    window.extended([seen(99.0, known_at=NOW + MINUTE), seen(1.0, site="s2")])

    assert values(window) == [10.0]


def test_a_slice_ends_at_its_instant_and_begins_after_its_start() -> None:
    window = Window.build([seen(float(m), at=NOW - m * MINUTE) for m in range(5)])

    rows = window.rows("speed", MS - 3 * 60_000, MS - 60_000)

    assert rows.value.tolist() == [2.0, 1.0]


def test_one_site_id_in_two_feeds_is_two_places() -> None:
    window = Window.build([seen(1.0), seen(2.0, feed_id="other")])

    assert sorted(values(window)) == [1.0, 2.0]
    assert {window.feed_of(0), window.feed_of(1)} == {"feed", "other"}


def test_a_missing_value_stays_missing() -> None:
    window = Window.build([seen(None)])

    assert np.isnan(values(window)).all()
    assert len(values(window)) == 1


def test_instants_beyond_any_clock_are_left_out() -> None:
    far = NOW.replace(year=9999)

    assert values(Window.build([seen(1.0, at=far), seen(2.0)])) == [2.0]


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        Window.build([seen(1.0, at=NOW.replace(tzinfo=None))])


def test_a_case_is_open_until_it_closes() -> None:
    window = Window.build([], [asked("a", NOW - DAY, NOW - HOUR)])

    assert window.cases.until(MS - 2 * 3_600_000).closed.tolist() == [NONE]
    assert window.cases.until(MS).closed.tolist() == [MS - 3_600_000]
    assert len(window.cases.until(MS - 2 * 86_400_000)) == 0


def test_the_newest_version_of_a_case_wins() -> None:
    opened = asked("a", NOW - DAY, known_at=NOW - DAY)
    closed = asked("a", NOW - DAY, NOW - HOUR, known_at=NOW)

    for window in (
        Window.build([], [closed, opened]),
        Window.build([], [opened]).extended([], [closed]),
        Window.build([], [closed]).extended([], [opened]),
    ):
        assert window.cases.closed.tolist() == [MS - 3_600_000]


def test_the_cases_of_two_feeds_do_not_meet() -> None:
    window = Window.build([], [asked("a", NOW), asked("a", NOW, feed_id="other")])

    assert len(window.cases) == 2


def test_a_case_closed_at_no_known_time_is_not_open() -> None:
    window = Window.build([], [asked("a", NOW - DAY, status="closed", updated_at=NOW - HOUR)])

    assert window.cases.is_vague.tolist() == [True]
    assert window.cases.closed.tolist() == [MS - 3_600_000]


def test_trimming_keeps_the_newest_value_of_a_silent_site_and_every_open_case() -> None:
    window = Window.build(
        [seen(1.0, at=NOW - 9 * DAY), seen(2.0, at=NOW - 8 * DAY), seen(3.0, site="s2")],
        [
            asked("old", NOW - 99 * DAY, NOW - 60 * DAY),
            asked("open", NOW - 99 * DAY),
            asked("new", NOW - DAY, NOW),
        ],
    )

    small = window.trimmed(NOW - DAY)

    assert values(small) == [2.0, 3.0]
    assert len(small.cases) == 2
    assert Window.since is Window.trimmed


def test_trips_that_are_over_leave_neither_rows_nor_codes() -> None:
    trips = [
        seen(float(n), site=f"t{n}", quantity="transit_delay", at=NOW - n * HOUR)
        for n in range(200)
    ]
    window = Window.build([seen(7.0, at=NOW - 9 * DAY), *trips, seen(8.0, site="s2")])

    kept = window.trimmed(NOW - 35 * DAY)

    assert values(kept, "transit_delay") == [float(n) for n in range(47, -1, -1)]
    assert values(kept) == [7.0, 8.0]
    assert len(kept.sites.names) == 50
    names = {kept.name_of(site) for site in kept.rows("speed", 0, MS).site.tolist()}
    assert names == {"s1", "s2"}
    again = kept.extended([seen(9.0, site="s2", at=NOW + MINUTE), seen(1.0, site="new")])
    assert [again.name_of(s) for s in again.rows("speed", MS - 1, MS + 60_000).site.tolist()] == [
        "s2",
        "new",
        "s2",
    ]


@pytest.mark.parametrize("arrow", [False, True])
def test_columns_of_the_history_give_the_same_window_as_facts(*, arrow: bool) -> None:
    facts = [
        seen(1.5, at=NOW - HOUR, known_at=NOW),
        seen(None, known_at=NOW),
        seen(3.0, site="s2", district=None, quantity="pm25", known_at=NOW),
    ]
    cases = [asked("a", NOW - DAY, NOW, known_at=NOW), asked("b", NOW - HOUR, known_at=NOW)]
    seen_columns = pd.DataFrame(
        {
            name: [getattr(f, name) for f in facts]
            for name in (
                "feed_id",
                "site_id",
                "quantity",
                "observed_at",
                "value",
                "district_id",
                "known_at",
            )
        }
        | {"quality": [f.quality.value for f in facts]}
    )
    case_columns = pd.DataFrame(
        {
            name: [getattr(c, name) for c in cases]
            for name in (
                "feed_id",
                "case_id",
                "opened_at",
                "closed_at",
                "status",
                "service",
                "due_at",
                "district_id",
                "known_at",
            )
        }
    )
    case_columns["due_at"] = pd.to_datetime(case_columns["due_at"], utc=True)
    built = Window.build(facts, cases)

    loaded = (
        Window.from_columns(pa.table(seen_columns), pa.table(case_columns))
        if arrow
        else Window.from_columns(dict(seen_columns.items()), dict(case_columns.items()))
    )

    for quantity in ("speed", "pm25"):
        one, other = loaded.rows(quantity, 0, MS), built.rows(quantity, 0, MS)
        assert one.at.tolist() == other.at.tolist()
        np.testing.assert_array_equal(one.value, other.value)
    assert loaded.cases.closed.tolist() == built.cases.closed.tolist()
    assert loaded.cases.ident.tolist() == built.cases.ident.tolist()
    assert loaded.extended([], cases).cases.opened.tolist() == built.cases.opened.tolist()


def test_integers_with_gaps_survive_their_way_through_floats() -> None:
    column = pa.chunked_array([pa.array([MS, None], pa.int64())])

    assert instants(column).tolist() == [MS, NONE]


rows_of = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40
)


@given(batches=st.lists(rows_of, min_size=1, max_size=6), start=st.integers(-1, 20))
def test_a_grown_track_equals_a_dictionary(
    batches: list[list[tuple[int, int, int]]], start: int
) -> None:
    window, known = Window(), {}
    for number, batch in enumerate(batches):
        facts = [
            seen(
                float(number * 1000 + i),
                site=f"s{site}",
                at=NOW - timedelta(minutes=minute),
                known_at=NOW + timedelta(seconds=version),
            )
            for i, (minute, site, version) in enumerate(batch)
        ]
        window = window.extended(facts)
        for fact in facts:
            key = (fact.observed_at, fact.site_id)
            if key not in known or known[key].known_at <= fact.known_at:
                known[key] = fact
    first, last = NOW - timedelta(minutes=40), NOW - timedelta(minutes=start)

    rows = window.rows("speed", milliseconds(first), milliseconds(last))

    expected = sorted(f.value for f in known.values() if first < f.observed_at <= last)
    assert sorted(rows.value.tolist()) == expected
    assert rows.at.tolist() == sorted(rows.at.tolist())
    track = window.tracks["speed"]
    assert track.count(milliseconds(first), milliseconds(last)) == len(expected)
    assert len(track) == len(track.merged()) == len(known)


def test_a_large_tail_is_merged_and_a_small_one_leaves_the_base_alone() -> None:
    block = Block(
        np.arange(20_000, dtype=np.int64) << 21,
        np.zeros(20_000),
        np.zeros(20_000, np.int32),
        np.zeros(20_000, np.int8),
        np.zeros(20_000, np.int64),
    )
    track = Track.of(block)

    small = track.extended(block.take(slice(0, 10)))
    large = track.extended(block)

    assert small.base is block
    assert len(small) == len(large) == 20_000
    assert len(large.tail) == 0
    assert large.changes == 20_000
