"""Where notices lie: axes put right, and a shape that is none costs no notice."""

from dataclasses import replace
from datetime import UTC, datetime

from model import Case, Notice, Observation
from pipeline.places import place
from tests.unit.layouts.city import districts

NOW = datetime(2026, 4, 23, 18, 0, tzinfo=UTC)


def notice(geometry: str | None) -> Notice:
    return Notice(
        feed_id="works", notice_id="1", headline="x", effective=NOW, fetched_at=NOW,
        geometry=geometry,
    )  # fmt: skip


def test_a_notice_with_swapped_axes_is_put_right_and_finds_its_district() -> None:
    right = place([notice("POINT (-73.6 45.5)")], districts()).facts[0]
    swapped = place([notice("POINT (45.5 -73.6)")], districts()).facts[0]

    assert isinstance(swapped, Notice)
    assert swapped == right
    assert swapped.geometry == "POINT (-73.6 45.5)"
    assert len(swapped.districts) == 1


def test_a_shape_that_is_none_is_dropped_and_the_words_stay() -> None:
    found = place([notice("POLYGON ((1 2"), notice(None)], districts()).facts

    assert [one.geometry for one in found if isinstance(one, Notice)] == [None, None]


def test_what_says_nowhere_where_it_was_measured_is_not_missed() -> None:
    whole = Observation(
        feed_id="site", site_id="home", quantity="probe_up", value=1.0, unit="count",
        observed_at=NOW, fetched_at=NOW,
    )  # fmt: skip
    case = Case(feed_id="cases", case_id="1", opened_at=NOW, fetched_at=NOW)

    found = place([whole, replace(whole, lat=1.0, lon=1.0), case], districts())

    assert found.matched == {}
    assert found.unmatched == {"site": 1, "cases": 1}
