"""The demo pack: whole, reasoned, and in step with the simulation."""

from pathlib import Path

import pytest

import cities
from alerts import doubts
from cities import Pack
from geodata import SHORT_LENGTH
from metrics import INDICATORS

FOLDER = Path(cities.__file__).parent / "montreal"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return cities.load(FOLDER, places={"demo": "http://127.0.0.1:9"})


def test_it_says_that_it_is_simulated(pack: Pack) -> None:
    assert pack.city.is_simulated
    assert not pack.city.is_replayed


def test_its_58_districts_have_names_boroughs_and_residents(pack: Pack) -> None:
    items = pack.districts.items

    assert len(items) == 58
    assert len({one.borough for one in items}) == 19
    assert sum(one.population or 0 for one in items) == pack.city.population == 1_762_949
    assert min(one.population or 0 for one in items) > 3000
    assert all(len(one.short) <= SHORT_LENGTH for one in items)
    assert len({one.short for one in items}) == 58
    assert not [
        one.name
        for one in items
        if any(ord(char) < 32 or 127 < ord(char) < 160 for char in one.name)
    ]


def test_every_site_of_the_simulation_with_a_flood_stage_is_in_the_pack(pack: Pack) -> None:
    from demo.sites import river  # noqa: PLC0415 - the pack is compared with the simulation here only

    stages = {site.id: site.properties["flood_stage_m"] for site in river()}
    (feed,) = [one for one in pack.feeds if one.id == "river"]

    assert feed.references == {"flood_stage": stages}


def test_services_are_those_that_the_simulation_files(pack: Pack) -> None:
    from demo.services import SERVICES  # noqa: PLC0415 - as above

    promised = {one.name: one.due_within.days for one in pack.services if one.due_within}

    assert promised == {one.name: one.days for one in SERVICES}
    assert {one.department for one in pack.services} == {one.agency for one in SERVICES}


def test_the_wall_has_twelve_tiles_beside_the_map(pack: Pack) -> None:
    (scene,) = [one for one in pack.scenes if one.id == "overview"]

    assert len(set(scene.tiles)) == 12
    assert {*scene.tiles, "srv.new"} < {one.id for one in pack.indicators}
    assert {one.id for one in pack.indicators} <= set(INDICATORS)


def test_rules_are_reasoned_and_leave_no_doubt(pack: Pack) -> None:
    assert len(pack.rules) >= 23
    assert [text for rule in pack.rules for text in doubts(rule)] == []


def test_what_has_an_archive_may_fill_an_empty_past(pack: Pack) -> None:
    days = {one.id: one.backfill.days for one in pack.feeds if one.backfill}

    archived = {one.id for one in pack.feeds if one.kind in {"open311", "sensorthings", "gbfs"}}
    assert set(days) == archived
    assert min(days.values()) == 63


def test_a_past_is_filled_as_far_back_as_its_indicators_look(pack: Pack) -> None:
    for feed in (one for one in pack.feeds if one.kind == "sensorthings"):
        told = {quantity["quantity"] for quantity in feed.options["quantities"].values()}
        looks = [one.look_back for one in pack.indicators if told & set(one.quantities)]
        longest = max((back.days for back in looks if back), default=0)

        assert feed.backfill is not None
        assert feed.backfill.days >= longest, feed.id
        assert feed.backfill.days <= max(63, 1.25 * longest + 60), feed.id


def test_permits_are_cases_of_their_own(pack: Pack) -> None:
    subjects = {one.id: one.subject for one in pack.feeds if one.gives == "case"}

    assert subjects == {"requests": "requests", "permits": "permits"}


def test_the_defaults_exercise_at_least_ten_formats(pack: Pack) -> None:
    kinds = {one.kind for one in pack.feeds}

    assert len(kinds) >= 10
    assert kinds >= {"ngsi", "gtfs-rt", "mqtt", "prometheus", "wzdx", "statuspage"}
    (parking,) = [one for one in pack.feeds if one.kind == "ngsi"]
    assert parking.push_secret
    assert parking.options["subscribe"].startswith("http://127.0.0.1:")
