"""What the demo city tells reaches its indicators: the wire, the pack, the places, the formula.

Every expected figure is counted from the simulation itself, by other means than the indicator's.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

import cities
import feeds
from cities import Pack
from demo.archive import ROOTS, instants, values
from demo.calls import Call
from demo.incidents import World
from demo.routes import answer
from metrics import Window, measure
from model import CITY, Reading
from model.plain import instant as spelt
from pipeline.places import districts_of
from pipeline.scope import scope_of

from .conftest import SEED

NOW = datetime(2026, 11, 24, 16, 20, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DAY = 86_400
HOME = "http://demo.test"
BACK = {"noise": 2, "water": 2, "water-balance": 540, "road-incidents": 63, "collisions": 1160}


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, has_programme=False)


@pytest.fixture(scope="module")
def pack() -> Pack:
    folder = Path(__file__).resolve().parents[3] / "cities" / "montreal"
    places = {"demo": HOME, "demo_mqtt": "mqtt://127.0.0.1:1", "house": "http://house.test"}
    return cities.load(folder, places=places)


@pytest.fixture(scope="module")
def window(world: World, pack: Pack) -> Window:
    def told(request: httpx.Request) -> httpx.Response:
        query = request.url.query.decode()
        reply = answer(Call(world, HOME, request.url.path, query, SECONDS))
        return httpx.Response(
            reply.status, content=reply.body, headers={"Content-Type": reply.content_type}
        )

    known = Window()
    with httpx.Client(transport=httpx.MockTransport(told)) as client:
        for feed in (one for one in pack.feeds if one.id in BACK):
            since = {"since": spelt(NOW - timedelta(days=BACK[feed.id]))}
            parsed = feeds.poll(feed, client, since, now=NOW).parsed
            assert not parsed.rejected
            found = districts_of(parsed.accepted, pack.districts)
            known = known.extended(
                [
                    replace(fact, district_id=home)
                    for fact, home in zip(parsed.accepted, found, strict=True)
                ]
            )
    return known


def read(name: str, window: Window, pack: Pack) -> dict[str, Reading]:
    indicator = next(one for one in pack.indicators if one.id == name)
    return {r.district: r for r in measure(indicator, window, NOW, scope_of(pack))}


def drawn(world: World, root_name: str, days: float, quantity: int = 0):
    """Return instants, and values of shape (sites, instants), of the last days."""
    root = ROOTS[root_name]
    at = instants(world, root, SECONDS, SECONDS - days * DAY, SECONDS)
    rows = np.arange(len(root.sites()))
    return at, values(world, root, root.quantities[quantity], at, rows=rows)


def homes(root_name: str):
    return np.array([site.district for site in ROOTS[root_name].sites()])


def test_people_hurt_in_collisions(world, window, pack):
    _, table = drawn(world, "collisions", 365)
    got = read("mob.ksi", window, pack)
    residents = sum(district.population for district in pack.districts.items)

    assert got[CITY].num == np.nansum(table)
    assert got[CITY].value == pytest.approx(100_000 * np.nansum(table) / residents)
    for district in pack.districts.items:
        mine = np.nansum(table[homes("collisions") == district.id])
        if mine >= 5 and not got[district.id].reason:
            assert got[district.id].num == mine
    assert sum(not got[d.id].reason for d in pack.districts.items) > 5


def test_minutes_until_incidents_are_cleared(world, window, pack):
    at, table = drawn(world, "incidents", 28)
    week = table[:, at > SECONDS - 7 * DAY]
    got = read("mob.clearance", window, pack)

    assert got[CITY].n == np.isfinite(week).sum() > 200
    assert got[CITY].value == pytest.approx(np.nanquantile(week, 0.9))
    for district in pack.districts.items:
        mine = table[homes("incidents") == district.id]
        known = np.isfinite(mine).sum() >= 30
        assert (got[district.id].value is not None) == known
        if known:
            assert got[district.id].value == pytest.approx(np.nanquantile(mine, 0.9))


def test_water_that_is_not_billed(world, window, pack):
    _, put = drawn(world, "water-balance", 377)
    _, paid = drawn(world, "water-balance", 377, quantity=1)
    put, paid = put[:, -12:], paid[:, -12:]
    got = read("env.water_loss", window, pack)

    assert got[CITY].value == pytest.approx(100 * (1 - paid.sum() / put.sum()))
    for row, district in enumerate(homes("water-balance")):
        assert got[district].value == pytest.approx(100 * (1 - paid[row].sum() / put[row].sum()))


def test_noise_of_the_night(world, window, pack):
    at, table = drawn(world, "noise", 2)
    night = (at > SECONDS // DAY * DAY + 4 * 3_600) & (at <= SECONDS // DAY * DAY + 12 * 3_600)
    got = read("env.noise", window, pack)

    assert night.sum() == 8
    energy = np.nanmean(10 ** (table[:, night] / 10), axis=1)
    people = {district.id: district.population for district in pack.districts.items}
    weight = np.array([people[district] for district in homes("noise")])
    assert got[CITY].value == pytest.approx(10 * np.log10((weight * energy).sum() / weight.sum()))
    for district, power in zip(homes("noise"), energy, strict=True):
        assert got[district].value == pytest.approx(10 * np.log10(power))


def test_customers_without_water(world, window, pack):
    at, out = drawn(world, "water", 0.5)
    _, served = drawn(world, "water", 1.5, quantity=1)
    worst = out[:, at > SECONDS - 1_800].max(axis=1)
    base = np.nanmax(served, axis=1)
    got = read("inf.water", window, pack)

    assert got[CITY].num == worst.sum() > 0
    assert got[CITY].value == pytest.approx(100 * worst.sum() / base.sum())
    for row, district in enumerate(homes("water")):
        assert (got[district].num, got[district].den) == (worst[row], base[row])
