"""Real records of Los Angeles, laid over now, on a wall: the pack with no code of its own."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.house.conftest import Reader
from tests.browser.house.facts import is_small, silences
from tests.browser.house.houses import ROOT, Home, say, until
from tests.browser.house.walls import right_tiles, shot

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.realdata,
    pytest.mark.timeout(240),
]

PACK = ROOT / "tests" / "realdata" / "los-angeles"
CASES = {"srv.new", "srv.backlog", "srv.overdue", "srv.sla", "srv.netflow", "srv.ttc"}
COUNCILS = 99


@pytest.fixture(scope="module")
def settings(realdata: Path) -> dict[str, str]:
    return {"BARTIZAN_CITY": str(PACK), "BARTIZAN_DATA_ROOTS": str(realdata)}


@pytest.fixture(scope="module")
def watched(home: Home, readers: Callable[[], Reader]) -> Reader:
    reader = readers()
    reader.open("/wall")
    until(lambda: home.json("/api/v1/snapshot")["backfill"] is None, 120.0)
    say(f"recorded past laid down {time.time() - home.started_at:.0f} s after the start")
    return reader


@pytest.fixture(scope="module")
def wall(watched: Reader) -> Page:
    page = watched.context.pages[0]
    page.wait_for_function(
        """() => [...document.querySelectorAll(".bz-tile")].every(
            one => !one.classList.contains("is-nodata"))""",
        timeout=30_000,
    )
    return page


def test_the_wall_draws_los_angeles_and_says_that_it_is_recorded(wall: Page, home: Home) -> None:
    drawn = wall.eval_on_selector_all(
        ".bz-map__d", "all => all.filter(one => one.getBBox().width > 1).length"
    )
    tiles = {tile["indicator"]: tile for tile in until(lambda: right_tiles(wall, home))}

    shot(wall, "los-angeles")
    assert drawn == COUNCILS
    assert "recorded data, replayed" in wall.inner_text(".bz-head")
    assert "simulated" not in wall.inner_text(".bz-head")
    assert tiles.keys() == CASES | {"mob.tti"}
    assert all(any(sign.isdigit() for sign in tile["value"]) for tile in tiles.values()), tiles
    assert tiles["mob.tti"]["quality"] == "UNCERTAIN"  # no lengths, no volumes, 14 nights
    assert tiles["mob.tti"]["value"].startswith("~")
    assert time.time() - int(tiles["mob.tti"]["observedAt"]) / 1000 < 7 * 60
    assert "requests" in tiles["srv.new"]["value"]


def test_a_usual_of_few_weeks_is_said_and_nothing_is_compared_with_it(wall: Page) -> None:
    wall.wait_for_function(
        """() => [...document.querySelectorAll(".bz-tile__usual")].every(
            one => /week|coverage/.test(one.innerText))""",
        timeout=30_000,
    )

    assert set(wall.locator(".bz-tile__word:visible").all_inner_texts()) == {"not comparable"}
    assert "Too few weeks" in wall.inner_text(".bz-exc")


@pytest.mark.usefixtures("wall")
def test_the_desk_counts_requests_where_no_residents_are_known(reader: Reader) -> None:
    page = reader.open("/")

    cell = page.locator(".bz-dom", has_text="311 requests").inner_text().replace("\xa0", " ")

    assert "311 requests, 1 d" in cell
    assert "per 100" not in cell
    assert (reader.complaints, reader.foreign, reader.reports()) == ([], [], [])


@pytest.mark.usefixtures("wall")
def test_no_council_with_fewer_than_five_requests_is_told_of(home: Home) -> None:
    sent = [r for r in home.json("/api/v1/snapshot")["readings"] if r["indicator"] in CASES]

    assert len([r for r in sent if r["indicator"] == "srv.new"]) == COUNCILS + 1
    assert any(r["suppressed"] for r in sent)
    assert [r for r in sent if is_small(r)] == []


def test_nothing_was_complained_of_and_no_feed_called_silent(watched: Reader, home: Home) -> None:
    assert silences(home) == set()
    assert (watched.complaints, watched.foreign, watched.reports()) == ([], [], [])
