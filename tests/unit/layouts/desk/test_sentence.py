"""The day in a sentence: it tells what stands, names what is silent, and is calm only by right."""

from dataclasses import replace

import pytest

from layouts.desk.sentence import parts
from model import CITY, Quality, Snapshot
from tests.unit.layouts.desk.montreal import busy, calm, desk_view, feeds, pack, quiet, reading


def said(snapshot: Snapshot, locale: str = "en") -> str:
    found = parts(snapshot, desk_view(locale))
    return " ".join(one.before + one.place + one.after for one in found)


def test_a_day_as_usual_is_told_in_one_sentence() -> None:
    assert said(calm()) == "The city is having a usual Tuesday."
    assert said(calm(), "fr") == "La ville vit un mardi ordinaire."


def test_alarms_come_first_and_the_rest_may_be_usual() -> None:
    snapshot = calm(alerts=busy().alerts[:2])

    assert said(snapshot) == (
        "The river is over flood stage at Sainte-Geneviève. "
        "Power is out for 21.2\xa0% of Tétreaultville. "
        "The rest of the city is having a usual Tuesday."
    )


def test_a_river_under_flood_stage_is_not_said_to_be_over_it() -> None:
    river = replace(busy().alerts[0], value=84.0, priority=2)

    assert said(calm(alerts=(river,))).startswith("The river stands at 84\xa0% of flood stage at")


def test_a_held_alarm_is_said_to_be_unknown_now() -> None:
    river = replace(busy().alerts[0], shown="HELD", quality=Quality.STALE)

    assert said(calm(alerts=(river,))).startswith("Not known now: River near flood stage at")


def test_a_third_serious_alarm_is_counted() -> None:
    first = busy().alerts[0]
    more = tuple(replace(first, district=key, occurrence=key) for key in ("64", "11", "14", "71"))

    assert "2 more stand." in said(calm(alerts=more))


def test_small_alarms_leave_the_sentence_to_the_list() -> None:
    small = replace(busy().alerts[3], priority=3)

    assert said(calm(alerts=(small,))) == "The city is having a usual Tuesday."


@pytest.mark.parametrize("dead", ["traffic", "river"])
def test_no_calm_is_claimed_while_a_feed_is_silent(dead: str) -> None:
    text = said(calm(feeds=feeds(dead=dead)))

    assert "usual" not in text
    assert "silent, so the rest is only partly known" in text


def test_a_city_without_any_feed_alive_is_unknown() -> None:
    gone = tuple(replace(feed, state=Quality.NODATA) for feed in feeds())

    assert said(calm(feeds=gone)) == "Nothing else is known of the city now: no feed delivers."


def test_a_city_that_was_never_measured_is_unknown() -> None:
    empty = replace(calm(), readings=(), feeds=())

    assert said(empty) == "Nothing else is known of the city yet."


def test_without_a_past_no_usual_is_claimed() -> None:
    fresh = tuple(replace(r, usual=None, z=None) for r in calm().readings)

    assert said(replace(calm(), readings=fresh)) == ("What is usual on a Tuesday is not known yet.")


def test_unusual_figures_are_counted_instead_of_calm() -> None:
    river = reading("env.river", 72.0)
    others = tuple(r for r in calm().readings if r.indicator != "env.river")
    snapshot = replace(quiet(), readings=(*others, river))

    assert river.district == CITY
    assert said(snapshot) == f"Of {len(pack().indicators)} city figures, 1 is not as usual: River."


@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("place", [CITY, "12"])
def test_every_indicator_has_a_sentence_of_its_own_or_one_from_its_declaration(
    locale: str, place: str
) -> None:
    for indicator in pack().indicators:
        alarm = replace(
            busy().alerts[0], indicator=indicator.id, district=place, value=87.5, limit=80.0
        )

        first = said(calm(alerts=(alarm,)), locale).split(". ")[0]

        assert "88" in first or "87" in first, first
        assert "{" not in first
        if place != CITY:
            assert desk_view(locale).districts[place].name in first
