"""Incidents rise, hold and fall, are seen by every feed concerned, and never rewrite the past."""

from dataclasses import replace

import numpy as np
import pytest

from demo import air, measures, requests, sites
from demo.archive import ROOTS, values
from demo.districts import wards
from demo.incidents import KINDS, Incident, World, course, programme, started
from demo.state import Ledger

from .conftest import SEED, hours, instant

START = instant("2026-11-24T15:00:00+00:00")
AROUND = hours("2026-11-24T14:00:00+00:00", "2026-11-24T18:00:00+00:00", 60)


def with_one(kind, **options) -> World:
    return World(SEED, (started(kind, START, seed=SEED, **options),), has_programme=False)


def after(minutes: int) -> int:
    return int(np.flatnonzero(START + 60 * minutes == AROUND)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_course_is_nothing_before_its_start_and_full_in_its_middle(kind):
    incident = started(kind, START, seed=SEED)
    acting = course(incident, AROUND)

    assert (acting[AROUND < START] == 0.0).all()
    assert acting[after(min(120, KINDS[kind].minutes // 2))] == 1.0
    assert acting.max() <= 1.0


def test_a_short_incident_still_reaches_its_full_strength():
    incident = started("flood", START, seed=SEED, minutes=6)

    assert course(incident, AROUND)[after(4)] == 1.0


def test_stopping_changes_nothing_that_has_happened():
    full = started("flood", START, seed=SEED)
    stopped = replace(full, stopped=START + 600)
    before = AROUND[AROUND <= START + 600]

    assert np.array_equal(course(full, before), course(stopped, before))
    assert course(stopped, AROUND)[after(60)] < 0.1
    for world in (World(SEED, (full,)), World(SEED, (stopped,))):
        rows = requests.between(world, START, START + 599)
        assert (
            rows.id.tolist()
            == requests.between(World(SEED, (full,)), START, START + 599).id.tolist()
        )


def test_a_flood_passes_flood_stage_within_fifteen_minutes_and_goes_back():
    stage = sites.GAUGES["river-sainte-genevieve"][4]
    level = measures.river_level(with_one("flood"), AROUND)[0] / stage * 100

    assert level[after(-1)] < 75
    crossed = AROUND[np.flatnonzero(level >= 100)[0]] - START
    assert 5 * 60 < crossed <= 15 * 60
    assert level.max() < 112
    assert level[after(44)] > 100
    assert level[after(150)] < 80


def test_a_flood_fills_basements_and_slows_riverside_streets_only(world):
    flooded = with_one("flood")
    extra = requests.between(flooded, START, START + 3600)
    usual = requests.between(world, START, START + 3600)
    new = [row for row in extra.id.tolist() if row not in set(usual.id.tolist())]

    assert set(usual.id.tolist()) < set(extra.id.tolist())
    assert 60 < len(new) < 200
    where = np.isin(extra.id, new)
    assert {wards()[n].id for n in extra.ward[where]} <= set(sites.RIVERSIDE)
    ratio = (
        measures.speed(flooded, AROUND)[:, after(30)] / measures.speed(world, AROUND)[:, after(30)]
    )
    near = np.array([site.district in sites.RIVERSIDE for site in sites.traffic()])
    assert ratio[near].max() < 0.85
    assert (ratio[~near] == 1.0).all()


def test_a_power_cut_takes_2_to_8_percent_of_one_district(world):
    cut = with_one("powercut", place="182")
    row = [site.district for site in sites.power()].index("182")
    served = measures.customers_served(world, AROUND)
    share = measures.customers_out(cut, AROUND) / served * 100
    calm = measures.customers_out(world, AROUND) / served * 100

    assert 2.0 <= share[row].max() <= 8.5
    others = np.arange(58) != row
    assert np.array_equal(share[others], calm[others])
    assert share[row, after(170)] < 0.5


def test_a_stuck_station_repeats_its_value_and_recovers(world):
    at = hours("2026-11-24T10:00:00+00:00", "2026-11-25T12:00:00+00:00")
    row = sites.AIR_DISTRICTS.index("82")
    free, stuck = air.pm25(world, at)[row], air.pm25(with_one("stuck", place="82"), at)[row]
    during = (at >= START) & (at < START + 14 * 3600)

    assert len(set(stuck[during].tolist())) == 1
    assert len(set(free[during].tolist())) > 2
    assert np.array_equal(stuck[~during], free[~during])


def test_a_dead_feed_leaves_a_gap_that_stays():
    root = ROOTS["traffic"]
    at = hours("2026-11-24T14:00:00+00:00", "2026-11-24T17:00:00+00:00", 300)
    everyone = np.arange(80)

    drawn = values(with_one("deadfeed"), root, root.quantities[0], at, rows=everyone)

    gap = (at >= START) & (at < START + 30 * 60)
    assert np.isnan(drawn[:, gap]).all()
    assert np.isnan(drawn[:, ~gap]).mean() < 0.02


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("meteor", {}, "unknown incident"),
        ("powercut", {"place": "999"}, "unknown place"),
        ("stuck", {"place": "11"}, "unknown place"),
        ("flood", {"minutes": 0}, "positive"),
    ],
)
def test_a_senseless_incident_is_refused(kind, options, said):
    with pytest.raises(ValueError, match=said):
        started(kind, START, seed=SEED, **options)


def test_the_programme_brings_at_most_one_small_incident_a_day_and_can_be_off():
    days = [programme(SEED, day) for day in range(20_000, 20_400)]

    assert {len(found) for found in days} == {0, 1}
    assert 0.25 < sum(not found for found in days) / 400 < 0.55
    assert {found[0].kind for found in days if found} == {"powercut", "crash", "stuck"}
    assert all(found[0].strength < 0.6 for found in days if found and found[0].kind != "stuck")
    quiet = World(SEED, has_programme=False)
    assert not quiet.incidents("crash", START - 400 * 86400, START)


def test_a_small_power_cut_of_the_programme_stays_below_the_critical_two_percent():
    found = [i for d in range(20_000, 20_400) for i in programme(SEED, d) if i.kind == "powercut"]
    day = World(SEED, (found[0],), has_programme=False)
    at = np.arange(found[0].started, found[0].ends, 60, dtype=np.int64)

    share = measures.customers_out(day, at) / measures.customers_served(day, at) * 100

    assert 0.4 < share.max() < 2.0


def test_a_ledger_remembers_over_a_restart(tmp_path):
    path = tmp_path / "deep" / "state.json"
    first = Ledger(path)
    first.start({"kind": "flood", "minutes": 20}, World(SEED), at=START)
    first.start({"kind": "powercut", "place": "182"}, World(SEED), at=START + 60)
    first.stop("powercut", at=START + 120)

    again = Ledger(path)

    assert again.incidents == first.incidents
    assert [item.kind for item in again.incidents] == ["flood", "powercut"]
    assert again.incidents[1].ends == START + 120


def test_a_ledger_refuses_a_second_one_of_a_kind_until_the_first_ended():
    ledger = Ledger(None)
    ledger.start({"kind": "flood"}, World(SEED), at=START)

    with pytest.raises(ValueError, match="already going on"):
        ledger.start({"kind": "flood"}, World(SEED), at=START + 60)
    assert ledger.stop("flood", at=START + 120)
    assert ledger.stop("flood", at=START + 130) == ()
    ledger.start({"kind": "flood"}, World(SEED), at=START + 120)
    assert len(ledger.incidents) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", '{"incidents": [{"kind": "meteor"}]}', '{"incidents": [{"kind": "flood"}]}']
)
def test_a_broken_state_file_is_named(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"state\.json is not a list of incidents"):
        Ledger(path)


def test_an_incident_survives_its_own_spelling():
    incident = Incident("crash", START, 30, stopped=START + 5, place="11", strength=0.5)

    assert Incident.of(incident.plain()) == incident
