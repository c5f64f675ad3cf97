"""The wall in a real browser: it draws the city, follows it, and never remounts a tile."""

import time
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from model import Reading
from tests.browser.wall.conftest import Screen
from tests.browser.wall.house import House, encode, utc
from tests.unit.layouts.city import alarmed, city_readings, doubtful, snapshot

pytestmark = pytest.mark.browser

TILE = '.bz-tile[data-indicator="{}"]'


CUT_OFF = """() => {
  const numbers = '.bz-tile__value > *, .bz-tile__foot b, .bz-tile__age, .bz-alarm__what b,'
    + '.bz-alarm__age, .bz-count b, .bz-exc__val, .bz-head__clock, .bz-head__utc';
  const homes = '.bz-tile__foot, .bz-tile, .bz-alarm, .bz-exc, .bz-head, .bz-banner__counts';
  return [...document.querySelectorAll(numbers)]
    .filter(one => one.offsetParent && one.textContent)
    .filter(one => {
      const box = one.getBoundingClientRect();
      const home = one.closest(homes).getBoundingClientRect();
      return box.right > home.right + 1 || box.left < home.left - 1
        || (box.bottom > home.bottom + 1 && box.top < home.bottom - 1);
    })
    .map(one => one.className + ':' + one.textContent);
}"""


def with_power(value: float) -> dict[str, Reading]:
    return {"inf.power": replace(city_readings(utc())["inf.power"], value=value)}


def text(page: Page, indicator: str, what: str) -> str:
    return page.inner_text(f"{TILE.format(indicator)} {what}")


def wait_for_text(page: Page, indicator: str, wanted: str) -> None:
    page.wait_for_function(
        "([where, wanted]) => document.querySelector(where).innerText.includes(wanted)",
        arg=[f"{TILE.format(indicator)} .bz-tile__value", wanted],
    )


def test_the_wall_draws_montreal_and_nothing_complains(screen: Screen, house: House) -> None:
    house.push(alarmed(now=utc()))
    house.start()

    page = screen.open()

    drawn = page.eval_on_selector_all(
        ".bz-map__d",
        "all => all.filter(one => one.getBBox().width > 1).map(one => one.className.baseVal)",
    )
    assert len(drawn) == 58
    assert sum("bz-map__d--na" in name for name in drawn) == 1
    assert page.locator(".bz-tile").count() == 12
    assert "simulated data" in page.inner_text(".bz-head")
    assert text(page, "env.river", ".bz-tile__value").startswith("101")
    assert (screen.complaints, screen.foreign, house.reports) == ([], [], [])


def test_values_change_without_a_reload_and_tiles_stay_the_same_nodes(
    screen: Screen, house: House
) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()
    page.evaluate(
        "window.kept = [...document.querySelectorAll('.bz-tile *, .bz-map *, .bz-alarm *')]"
    )

    for n in range(2, 23):
        state = alarmed if n % 4 == 0 else snapshot
        house.push(state(n=n, now=utc(), **({} if n % 4 == 0 else {"changed": with_power(n / 10)})))
    wait_for_text(page, "inf.power", "2.2")

    assert page.get_attribute(".bz-screen", "data-version") == "e1-22"
    assert page.evaluate("window.kept.every(node => node.isConnected)")
    assert screen.complaints == []


def test_a_frame_applied_twice_or_lost_changes_nothing(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()
    house.push(snapshot(n=2, now=utc(), changed=with_power(0.5)))
    wait_for_text(page, "inf.power", "0.5")
    first = page.locator(".bz-tile__value").all_inner_texts()

    again = house.frame("overview", "en", full=True)
    house.say(again)
    house.say(again)
    page.wait_for_timeout(300)
    assert page.locator(".bz-tile__value").all_inner_texts() == first

    house.is_silent = True
    lost = snapshot(n=3, now=utc(), changed=with_power(0.7))
    house.latest[("overview", "en")] = (lost.version, house._props("overview", "en"))
    house.snapshot = lost
    house.push(snapshot(n=4, now=utc(), changed=with_power(0.7)))

    wait_for_text(page, "inf.power", "0.7")
    assert page.get_attribute(".bz-screen", "data-version") == "e1-4"


def test_a_tab_that_missed_a_frame_asks_for_a_full_one(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()

    page.evaluate(
        """() => {
          const [screen] = window.bartizanLive.screens.values();
          screen.v = "e1-lost";
        }"""
    )
    house.push(snapshot(n=2, now=utc(), changed=with_power(0.9)))

    wait_for_text(page, "inf.power", "0.9")


def test_a_malformed_frame_costs_one_reconnection(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()

    house.say("event: frame\ndata: {not json\n\n")
    page.wait_for_timeout(1200)
    house.push(snapshot(n=2, now=utc(), changed=with_power(0.9)))

    wait_for_text(page, "inf.power", "0.9")


def test_an_id_that_the_page_does_not_have_is_passed_over(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()
    house.is_silent = True
    now = time.time() * 1000

    house.say(
        encode(
            {
                "v": "e1-2",
                "prev": "e1-1",
                "full": False,
                "sent_at": now,
                "published_at": now,
                "build": "b1",
                "props": {
                    "overview-tile99-value": {"children": "ghost"},
                    "overview-tile11-value": {"children": "7.7"},
                },
            }
        )
    )

    wait_for_text(page, "inf.power", "7.7")
    assert screen.complaints == []


def test_eight_tabs_of_one_browser_are_live_on_one_stream(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()

    pages = [screen.open() for _ in range(8)]
    house.push(snapshot(n=2, now=utc(), changed=with_power(0.8)))

    for page in pages:
        wait_for_text(page, "inf.power", "0.8")
    assert len(house.listeners) == 1


def test_without_shared_workers_one_tab_serves_the_others(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()

    pages = [screen.open(setup="delete window.SharedWorker") for _ in range(3)]
    house.push(snapshot(n=2, now=utc(), changed=with_power(0.8)))

    for page in pages:
        wait_for_text(page, "inf.power", "0.8")
    assert len(house.listeners) == 1

    pages[0].close()
    pages[1].wait_for_timeout(1500)
    house.push(snapshot(n=3, now=utc(), changed=with_power(0.6)))
    for page in pages[1:]:
        wait_for_text(page, "inf.power", "0.6")


def test_a_new_build_reloads_the_page(screen: Screen, house: House) -> None:
    house.push(snapshot(n=1, now=utc()))
    house.start()
    page = screen.open()
    page.evaluate("window.old = true")

    house.build = "b2"
    house.push(snapshot(n=2, now=utc()))

    page.wait_for_function("() => !window.old")
    page.wait_for_selector('.bz-screen[data-build="b2"][data-live="live"]')


def test_every_number_leads_to_its_definition(screen: Screen, house: House) -> None:
    house.push(alarmed(now=utc()))
    house.start()
    page = screen.open()

    links = page.eval_on_selector_all(
        ".bz-tile__value, .bz-exc__val, .bz-map a, .bz-alarm__val",
        "all => all.map(one => one.getAttribute('href'))",
    )

    assert len(links) == 12 + 5 + 58 + 6
    assert all(link.startswith("/indicators/") and "?district=" in link for link in links)


@pytest.mark.parametrize("locale", ["en", "fr"])
@pytest.mark.parametrize("pitch", [0.565, 0.634])
@pytest.mark.parametrize("state", [alarmed, doubtful])
def test_no_number_is_cut_off(
    screen: Screen, house: House, locale: str, pitch: float, state: object
) -> None:
    house.pitch = pitch
    house.push(state(now=utc()))  # type: ignore[operator]
    house.start()
    page = screen.open(f"/wall?locale={locale}")

    cut = page.evaluate(CUT_OFF)

    assert cut == []


def test_nothing_on_a_wall_scrolls(screen: Screen, house: House) -> None:
    house.push(alarmed(now=utc()))
    house.start()
    page = screen.open()

    size = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert size == [1920, 1080]
