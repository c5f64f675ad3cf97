"""A tile in every state: missing never looks normal and never reads 0."""

from dataclasses import replace
from datetime import timedelta

import pytest

from layouts import words
from layouts.component import Props
from layouts.tile import props
from model import Alert, Quality, Reading, Snapshot
from tests.unit.layouts.city import INDICATORS, NOW, alert, city_readings, snapshot, view

BY_ID = {one.id: one for one in INDICATORS}


def tile(
    shot: Snapshot, key: str = "inf.power", locale: str = "en"
) -> dict[str, dict[str, object]]:
    made: Props = props("s", "t", BY_ID[key], shot, view(locale))
    return {name.removeprefix("s-t-"): values for name, values in made.items()}


def power(**changes: object) -> Snapshot:
    reading = replace(city_readings()["inf.power"], **changes)  # type: ignore[arg-type]
    return snapshot(changed={"inf.power": reading})


def with_alerts(*alerts: Alert, **changes: object) -> Snapshot:
    return replace(power(**changes), alerts=alerts)


def test_a_good_reading_carries_value_usual_target_and_deadlines() -> None:
    found = tile(power())

    assert found["root"]["className"] == "bz-tile"
    assert (found["value"]["children"], found["unit"]["children"]) == ("0.31", "%")
    assert found["usual"]["children"] == "0–0.2"
    assert found["target"]["children"] == "≤\xa00.1"
    assert found["word"]["children"] == "markedly worse"
    observed = found["root"]["data-observed-at"]
    assert observed == round((NOW - timedelta(minutes=1)).timestamp() * 1000)
    assert found["root"]["data-late-at"] == observed + 7.5 * 60_000  # type: ignore[operator]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"value": None, "quality": Quality.NODATA}, "is-nodata"),
        ({"value": None, "quality": Quality.GOOD}, "is-nodata"),
        ({"quality": Quality.STALE}, "is-stale"),
        ({"quality": Quality.BAD}, "is-bad"),
        ({"quality": Quality.LATE}, "is-late"),
        ({"quality": Quality.UNCERTAIN}, "is-uncertain"),
    ],
)
def test_every_quality_but_good_shows(changes: dict[str, object], name: str) -> None:
    assert name in str(tile(power(**changes))["root"]["className"]).split()


@pytest.mark.parametrize("quality", [Quality.NODATA, Quality.GOOD, Quality.STALE])
def test_a_missing_value_is_never_a_number(quality: Quality) -> None:
    found = tile(power(value=None, quality=quality))

    assert found["value"]["children"] == ""
    assert found["unit"]["children"] == ""


def test_an_indicator_without_any_reading_has_no_data() -> None:
    bare = replace(snapshot(), readings=())

    found = tile(bare)

    assert found["root"]["className"] == "bz-tile is-nodata"
    assert found["gone"]["children"] == "nothing yet"
    assert found["word"]["children"] == "unknown now"
    assert found["spark"]["className"] == "bz-spark is-last"


def test_a_small_cell_says_that_it_is_small_and_no_more() -> None:
    found = tile(power(value=None, num=None, den=None, n=None, suppressed=True))

    assert found["value"]["children"] == "<5"
    assert found["unit"]["children"] == ""


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("UNACK", "is-unack"),
        ("ACKED", "is-ack"),
        ("CLRU", "is-recovering"),
        ("CLRA", "is-recovering"),
        ("RTNU", "is-ret"),
        ("LATU", "is-latched"),
        ("LATA", "is-latched"),
        ("HELD", "is-held"),
        ("SHELVED", "is-shelved"),
        ("OOS", "is-shelved"),
    ],
)
def test_every_alarm_state_has_its_look(shown: str, name: str) -> None:
    found = tile(with_alerts(alert("inf.power", shown, 2)))

    assert name in str(found["root"]["className"]).split()
    assert name in str(found["sym"]["className"]).split()


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.NODATA, Quality.BAD])
def test_an_alarm_on_frozen_data_is_held_and_loses_its_colour_in_the_bars(
    quality: Quality,
) -> None:
    value = None if quality is Quality.NODATA else 0.31

    found = tile(with_alerts(alert("inf.power", "ACKED", 1), quality=quality, value=value))

    assert "is-held" in str(found["root"]["className"]).split()
    assert "p1" not in str(found["dev"]["className"])


def test_the_gravest_alarm_of_any_place_speaks_and_says_where() -> None:
    found = tile(
        with_alerts(
            alert("inf.power", "ACKED", 3, value=0.31, limit=0.3),
            alert("inf.power", "UNACK", 2, district="71", value=2.6, limit=2),
        )
    )

    assert found["root"]["className"] == "bz-tile bz-tile--p2 is-unack"
    assert str(found["note"]["children"]).endswith(" 2.6")
    assert found["target"]["children"] == ""


def test_a_usual_of_few_weeks_says_so() -> None:
    usual = city_readings()["inf.power"].usual
    assert usual is not None

    found = tile(power(usual=replace(usual, weeks=2)))

    assert found["usual-label"]["children"] == "usual of 2 weeks"
    assert tile(power(usual=None, z=None))["word"]["children"] == "no usual yet"


def test_uncertain_values_are_marked_and_say_their_coverage() -> None:
    found = tile(power(quality=Quality.UNCERTAIN, coverage=0.72))

    assert found["value"]["children"] == "~0.3"
    assert found["usual-label"]["children"] == "coverage 72\xa0%"


def test_where_coverage_is_not_what_makes_a_value_uncertain_the_usual_stays() -> None:
    found = tile(power(quality=Quality.UNCERTAIN, coverage=0.99))

    assert found["usual-label"]["children"] == "usual"
    assert found["usual"]["children"]


def test_a_usual_without_a_spread_is_one_number() -> None:
    usual = city_readings()["inf.power"].usual
    assert usual is not None

    found = tile(power(usual=replace(usual, centre=3.8, low=3.8, high=3.8, weeks=1)))

    assert found["usual-label"]["children"] == "usual of 1 week"
    assert found["usual"]["children"] == "3.8"


def test_a_stale_tile_names_the_cadence_of_its_slowest_feed() -> None:
    reading: Reading = replace(city_readings()["mob.tti"], quality=Quality.STALE)

    found = tile(snapshot(changed={"mob.tti": reading}), "mob.tti")

    assert found["due-after"]["children"] == " old, due every 5\xa0min"
    assert found["due-age"]["data-at"] == found["root"]["data-observed-at"]


def test_without_residents_a_rate_is_a_count_and_a_window_is_the_citys_own() -> None:
    new = replace(BY_ID["srv.new"], unit="per 100 000", decimals=1, window=timedelta(hours=24))
    city = view()
    bare = {key: replace(one, population=None) for key, one in city.districts.items()}
    empty = replace(city, districts=bare)

    assert words.unit_word(new, city) == "per 100\u202f000"
    assert words.unit_word(new, empty) == "requests"
    assert words.value(city_readings()["srv.new"], new, empty) == "28"
    assert words.short_name(new, city) == "New 311, 1\xa0d"


def test_few_weeks_are_said_even_where_a_target_must_give_way() -> None:
    usual = city_readings()["inf.power"].usual
    assert usual is not None

    found = tile(power(usual=replace(usual, weeks=1)))

    assert found["usual-label"]["children"] == "usual of 1 week"
    assert found["target"]["children"] == ""


def test_french_tiles_speak_french() -> None:
    found = tile(power(quality=Quality.STALE), locale="fr")

    assert found["word"]["children"] == "inconnu"
    assert found["value"]["children"] == "0,31"
