"""No pixel lies: a dead server, a dead feed and a wrong clock each show, without a human."""

import time

import pytest
from playwright.sync_api import Page

from tests.browser.wall.conftest import ALONE, Screen
from tests.browser.wall.house import House, utc
from tests.unit.layouts.city import alarmed, snapshot

pytestmark = pytest.mark.browser

SEE = "visible"


def live(page: Page) -> str | None:
    return page.get_attribute(".bz-screen", "data-live")


def test_silence_is_delayed_at_five_seconds_and_not_live_at_twelve(
    screen: Screen, house: House
) -> None:
    house.push(alarmed(now=utc()))
    house.start()
    page = screen.open(setup=ALONE, clock=time.time())
    band = page.locator(".bz-notlive")
    age = page.inner_text('.bz-tile[data-indicator="mob.tti"] .bz-tile__age')
    assert not band.is_visible()
    house.stop()

    page.clock.fast_forward(5_500)
    page.wait_for_selector('.bz-screen[data-live="delayed"]')
    assert not band.is_visible()

    page.clock.fast_forward(6_600)
    page.wait_for_selector('.bz-screen[data-live="dead"]')
    assert band.is_visible()
    assert "DISPLAY NOT LIVE" in band.inner_text()
    assert "no server" in page.inner_text(".bz-beat")
    assert page.inner_text(".bz-exc h2").startswith("Unusual at ")

    page.clock.fast_forward(120_000)
    page.wait_for_function(
        "([where, old]) => document.querySelector(where).innerText !== old",
        arg=['.bz-tile[data-indicator="mob.tti"] .bz-tile__age', age],
    )
    assert "Server silent for 2" in band.inner_text()
    blink = page.eval_on_selector(
        ".bz-alarm .bz-sym--p1", "one => getComputedStyle(one, '::before').animationName"
    )
    assert blink == "none"


def test_it_is_right_again_by_itself_within_ten_seconds(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()

    house.stop()
    page.wait_for_selector('.bz-screen[data-live="dead"]', timeout=14_000)
    assert page.locator(".bz-notlive").is_visible()
    assert int(page.inner_text('[data-told="retry"]') or 0) >= 1

    house.snapshot = snapshot(n=7, now=utc())
    back = time.monotonic()
    house.start()
    page.wait_for_selector('.bz-screen[data-live="live"][data-version="e1-7"]', timeout=10_000)

    assert time.monotonic() - back < 10
    assert not page.locator(".bz-notlive").is_visible()


def test_frames_that_carry_an_old_snapshot_are_not_live(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()

    house.is_silent = True
    house.push(snapshot(n=2, now=utc()), published_at=time.time() * 1000 - 13_000)

    page.wait_for_selector('.bz-screen[data-live="dead"]')


def test_before_the_first_frame_nothing_is_live(screen: Screen, house: House) -> None:
    house.start()
    page = screen.tab(setup=ALONE, clock=time.time())
    page.goto(house.url + "/wall")
    page.wait_for_selector(".bz-screen")

    assert live(page) == "dead"
    assert "connecting" in page.inner_text(".bz-beat")
    assert page.locator(".bz-tile.is-nodata").count() == 12
    page.clock.fast_forward(13_000)
    page.locator(".bz-notlive").wait_for(state=SEE)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wall_whose_clock_is_ten_minutes_off_shows_right_ages(
    screen: Screen, house: House, minutes: int
) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()

    page = screen.open(setup=ALONE, clock=time.time() + minutes * 60)

    assert page.inner_text('.bz-tile[data-indicator="env.aqi"] .bz-tile__age') == "14\xa0min"
    clock = page.inner_text('.bz-head time[data-clock="utc"]')
    assert clock.startswith((f"{utc():%H:%M}", f"{utc():%H:%M}"))
    assert live(page) == "live"


def test_a_tile_grows_late_stale_and_empty_by_its_own_clock(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open(setup=ALONE, clock=time.time())
    tile = '.bz-tile[data-indicator="mob.tti"]'  # every 5 min, 2 min old
    assert page.get_attribute(tile, "data-aged") is None
    house.stop()

    for minutes, aged in ((6, "late"), (8, "stale"), (36, "nodata")):
        page.clock.fast_forward(minutes * 60_000)
        page.wait_for_selector(f'{tile}[data-aged="{aged}"]')

    assert "NO DATA" in page.inner_text(tile)
    assert "unknown now" in page.inner_text(tile)
    assert "1.41" not in page.inner_text(tile)


def test_a_stale_tile_says_since_when_and_how_often_it_is_due(screen: Screen, house: House) -> None:
    house.push(alarmed(now=utc()))
    house.start()

    page = screen.open()

    words = page.inner_text('.bz-tile[data-indicator="mob.tti"] .bz-tile__due')
    assert words.replace("\xa0", " ") == "18 min old, due every 5 min"


def test_a_page_that_never_came_says_so_without_a_script(screen: Screen, house: House) -> None:
    house.start()
    page = screen.tab()
    page.route("**/_dash-layout", lambda route: route.abort())
    page.goto(house.url + "/wall")
    fallback = page.locator(".bz-fallback")
    assert not fallback.is_visible()

    page.evaluate("document.getAnimations().forEach(one => one.finish())")

    assert fallback.is_visible()
    assert "DISPLAY NOT LIVE" in fallback.inner_text()


def test_a_split_wall_turns_and_is_held_while_a_p1_asks(screen: Screen, house: House) -> None:
    house.pitch = 0.634
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open(setup=ALONE, clock=time.time())
    shown = page.locator(".bz-wall:visible")
    assert shown.get_attribute("data-scene") == "headlines"

    page.clock.fast_forward(31_000)
    page.wait_for_selector('.bz-wall[data-scene="map"]', state=SEE)
    assert shown.count() == 1

    house.push(alarmed(n=2, now=utc()))
    page.wait_for_selector("[data-hold]", state="attached")
    page.clock.fast_forward(61_000)
    page.wait_for_timeout(1_500)
    assert shown.get_attribute("data-scene") == "map"
