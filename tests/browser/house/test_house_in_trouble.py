"""A house whose parts are stopped and killed, seen by a wall that nobody touches."""

import time
from collections import Counter
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Page

from tests.browser.house.conftest import Reader
from tests.browser.house.facts import archive, feed, observations, silences, unseen
from tests.browser.house.houses import Home, say, until
from tests.browser.house.packs import (
    POWER_LATE_S,
    POWER_NODATA_S,
    POWER_STALE_S,
    Source,
    with_quick_feeds,
)
from tests.browser.house.walls import (
    HATCH,
    WATCH,
    calm,
    drawn_after,
    moment,
    moves,
    right_tiles,
    shot,
)

pytestmark = [pytest.mark.integration, pytest.mark.browser, pytest.mark.timeout(240)]

BACK_S = 10.0  # within this a wall is live again, without a human
DIED = ["GOOD", "LATE", "STALE", "NODATA"]
SLACK_S = 3.0  # a tick, the drawing, and a machine that does more than this
TILE = '.bz-tile[data-indicator="inf.power"]'


@pytest.fixture(scope="module")
def settings(source: Source, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pack") / "montreal"
    return {"BARTIZAN_CITY": str(with_quick_feeds(folder, source.url))}


@pytest.fixture(scope="module", autouse=True)
def flood(home: Home) -> float:
    """The river rises in the background, steeply; its gauges speak once a minute."""
    home.incident("flood", "--minutes", "1")
    return time.time()


@pytest.fixture(scope="module")
def watched(readers: Callable[[], Reader]) -> Reader:
    reader = readers()
    reader.open("/wall").evaluate("window.witness = true")
    return reader


@pytest.fixture(scope="module")
def wall(watched: Reader) -> Page:
    return watched.context.pages[0]


@pytest.fixture(scope="module")
def blows() -> list[float]:
    """The instants at which something was killed."""
    return []


def test_values_change_each_second_poll_without_a_reload(wall: Page) -> None:
    wall.wait_for_selector(f'{TILE}[data-quality="GOOD"]')
    for _ in range(2):
        before = wall.evaluate(
            "where => [document.querySelector(where).dataset.observedAt, "
            "document.querySelector(where + ' .bz-tile__value').innerText]",
            TILE,
        )
        wall.wait_for_function(
            """([where, [at, text]]) => {
              const tile = document.querySelector(where);
              return tile.dataset.observedAt !== at
                && tile.querySelector(".bz-tile__value").innerText !== text;
            }""",
            arg=[TILE, before],
            timeout=20_000,
        )
    assert wall.evaluate("window.witness") is True


def test_a_feed_that_stops_hatches_its_tile_in_time_and_says_since_when(
    wall: Page, home: Home, source: Source
) -> None:
    calm(wall, TILE)
    wall.evaluate(WATCH, TILE)
    source.is_dead = True
    wall.wait_for_selector(f"{TILE}.is-stale", timeout=20_000)
    observed = int(wall.get_attribute(TILE, "data-observed-at") or 0) / 1000
    said = wall.inner_text(f"{TILE} .bz-tile__due").replace("\xa0", " ")
    hatch = wall.eval_on_selector(TILE, HATCH)
    shot(wall, "stale")
    stale_after = moment(wall, "STALE") - observed

    assert POWER_STALE_S <= stale_after + 0.1 < POWER_STALE_S + SLACK_S
    assert said.endswith("s old, due every 2 s"), said
    assert "gradient" in hatch
    late_after = moment(wall, "LATE") - observed
    say(f"late {late_after:.1f} s, stale {stale_after:.1f} s after the last value was measured")
    assert POWER_LATE_S <= late_after + 0.1 < POWER_LATE_S + SLACK_S

    (alarm,) = until(lambda: [a for a in home.alerts() if a["rule"] == "dq.power"])
    assert alarm["shown"] == "UNACK"
    card = wall.locator(".bz-alarm:not(.is-none)", has_text="Power feeders")
    card.wait_for()
    assert card.locator(".bz-alarm__word").inner_text() == "NEW"
    asked = time.monotonic()
    answer = home.post(
        f"/api/v1/alerts/{alarm['occurrence']}/ack", {"by": "Julie Roy", "comment": "called them"}
    )
    assert answer["changed"] is True
    wall.wait_for_function(
        """() => [...document.querySelectorAll(".bz-alarm:not(.is-none)")].some(
          one => one.innerText.includes("Power feeders") && one.innerText.includes("ACK"))""",
        timeout=5_000,
    )
    say(f"acknowledged by POST, on the wall after {time.monotonic() - asked:.1f} s")
    assert time.monotonic() - asked < 2.0

    wall.wait_for_selector(f"{TILE}.is-nodata", timeout=30_000)
    assert moment(wall, "NODATA") - observed < POWER_NODATA_S + SLACK_S
    shot(wall, "no-data")
    assert "NO DATA" in wall.inner_text(TILE)
    assert "nothing since " in wall.inner_text(TILE)


def test_a_feed_that_returns_is_believed_after_two_samples(
    wall: Page, home: Home, source: Source
) -> None:
    before = len(source.served)
    source.is_dead = False
    until(lambda: len(source.served) > before, 40.0)
    wall.wait_for_selector(f'{TILE}[data-quality="GOOD"]', timeout=30_000)
    served = len(source.served) - before

    assert served >= 2
    assert moves(wall) in ([*DIED, "GOOD"], [*DIED, "STALE", "GOOD"])
    assert feed(home, "power")["state"] == "GOOD"
    (occurrence,) = silences(home)
    audit = home.json(f"/api/v1/alerts/{occurrence}")["audit"]
    assert [e["kind"] for e in audit if e["annunciated"]] == [audit[0]["kind"]], "raised once"


def test_a_killed_web_process_costs_seconds(wall: Page, home: Home) -> None:
    for which, name in ((-1, "child"), (0, "master")):
        version, processes = home.version(), home.all_of("gunicorn")
        processes[which].kill()
        killed = time.monotonic()
        gone = processes if name == "master" else [processes[which]]
        psutil.wait_procs(gone, timeout=10.0)  # an orphan may answer for a moment yet
        until(lambda: home.get("/healthz")[0] == 200, 20.0)
        returned = time.monotonic()
        drawn_after(wall, version)
        say(
            f"web {name} killed: answers after {returned - killed:.1f} s,"
            f" wall live {time.monotonic() - returned:.1f} s later"
        )
        assert time.monotonic() - returned < BACK_S
        until(lambda: right_tiles(wall, home))
    assert wall.evaluate("window.witness") is True


def test_a_silent_server_is_said_at_twelve_seconds_and_right_again_within_ten(
    wall: Page, home: Home
) -> None:
    version, processes = home.version(), home.all_of("gunicorn")
    band = wall.locator(".bz-notlive")
    wall.evaluate(WATCH, ".bz-screen")
    for process in processes:
        process.suspend()
    stopped = time.time()
    try:
        wall.wait_for_selector('.bz-screen[data-live="dead"]', timeout=20_000)
        band.wait_for(state="visible")
        text = band.inner_text()
        shot(wall, "not-live")
        wall.wait_for_timeout(max(0, 15 - (time.time() - stopped)) * 1000)
    finally:
        for process in processes:
            process.resume()
    returned = time.monotonic()
    drawn_after(wall, version)

    say(
        f"server stopped: delayed after {moment(wall, 'delayed') - stopped:.1f} s, not live after"
        f" {moment(wall, 'dead') - stopped:.1f} s; live {time.monotonic() - returned:.1f} s"
        " after its return"
    )
    assert 3.5 < moment(wall, "delayed") - stopped < 5 + SLACK_S
    assert 10.5 < moment(wall, "dead") - stopped < 12 + SLACK_S
    assert "DISPLAY NOT LIVE" in text
    assert time.monotonic() - returned < BACK_S
    assert not band.is_visible()
    until(lambda: right_tiles(wall, home))


def test_a_killed_store_is_back_with_all_that_it_knew(
    wall: Page, home: Home, blows: list[float]
) -> None:
    version = home.version()
    home.all_of("valkey-server unixsocket")[0].kill()
    blows.append(time.time())
    killed = time.monotonic()
    drawn_after(wall, version)

    say(f"store killed: wall live again after {time.monotonic() - killed:.1f} s")
    assert time.monotonic() - killed < BACK_S
    assert home.version()[0] == version[0], "the store started empty"
    until(lambda: right_tiles(wall, home))


def test_a_worker_that_hangs_and_dies_shows_and_is_replaced(
    wall: Page, home: Home, blows: list[float]
) -> None:
    version, worker, silent = home.version(), home.all_of("worker.py")[0], silences(home)
    wall.evaluate(WATCH, ".bz-screen")
    worker.suspend()
    stopped = time.time()
    wall.wait_for_selector('.bz-screen[data-live="dead"]', timeout=20_000)
    worker.kill()
    blows.extend((stopped, time.time()))
    killed = time.monotonic()
    drawn_after(wall, version)

    say(
        f"worker stopped: delayed after {moment(wall, 'delayed') - stopped:.1f} s, not live after"
        f" {moment(wall, 'dead') - stopped:.1f} s; killed: live after"
        f" {time.monotonic() - killed:.1f} s"
    )
    assert 3.5 < moment(wall, "delayed") - stopped < 5 + SLACK_S
    assert 10.5 < moment(wall, "dead") - stopped < 12 + SLACK_S
    assert time.monotonic() - killed < BACK_S
    until(lambda: right_tiles(wall, home))
    assert silences(home) == silent, "our own absence was taken for that of a feed"


def test_a_flood_is_on_the_wall_the_home_page_and_the_alerts_and_can_be_acknowledged(
    wall: Page, home: Home, reader: Reader, flood: float
) -> None:
    (alarm, *_) = until(lambda: [a for a in home.alerts() if a["rule"] == "river.district"], 120.0)
    say(f"flood raised {time.time() - flood:.0f} s after it was triggered")
    assert (alarm["priority"], alarm["shown"]) == (1, "UNACK")
    card = wall.locator(".bz-alarm--p1")
    card.wait_for()
    assert "NEW" in card.inner_text()
    assert "River" in card.inner_text()
    shot(wall, "flood")
    desk = reader.open("/")
    desk.locator(".bz-call", has_text="River").wait_for()
    shot(desk, "flood-home")
    desk.close()

    desk = reader.open(f"/alerts?alert={alarm['occurrence']}")
    desk.locator("tr", has_text="River").first.wait_for()
    desk.fill("#alert-form-name", "Julie Roy")
    desk.fill("#alert-form-words", "pumps are on their way")
    asked = time.monotonic()
    desk.click("#alert-form-ack")
    wall.wait_for_function(
        """() => document.querySelector(".bz-alarm--p1 .bz-alarm__word").innerText === "ACK" """,
        timeout=5_000,
    )
    say(f"acknowledged on the page, on the wall after {time.monotonic() - asked:.1f} s")
    assert time.monotonic() - asked < 2.0
    desk.wait_for_function(
        "() => document.querySelector('#alert-form-root').innerText.includes('Acknowledged')"
    )
    shot(desk, "flood-alerts")
    found = home.json(f"/api/v1/alerts/{alarm['occurrence']}")
    assert (found["acked_by"], found["ack_comment"]) == ("Julie Roy", "pumps are on their way")
    assert (reader.complaints, reader.foreign, reader.reports()) == ([], [], [])


def test_no_fact_was_lost_and_none_counted_twice(
    home: Home, source: Source, blows: list[float]
) -> None:
    """Rivers have an archive to compare with; power must be there but where a poll was cut off."""
    first = int(home.started_at) + 10
    wanted = until(lambda: archive(home, first, int(time.time()) - 30), 90.0)
    last = int(time.time()) - 5
    rows: list[tuple] = []

    def complete() -> bool:
        rows[:] = observations(home)
        return wanted <= {(site, at) for feed, site, _, at, _ in rows if feed == "river"}

    until(complete, 30.0)
    repeated = [key for key, count in Counter(rows).items() if count > 1]
    assert repeated == []
    power = {at for feed, _, _, at, _ in rows if feed == "power"}
    told = [at for at in source.served if at < last]
    assert len(power) >= 10
    assert unseen(told, power, blows) == []
    say(f"{len(wanted)} values of rivers, {len(power)} instants of power: none lost, none twice")


def test_nothing_was_complained_of_but_the_lost_server(watched: Reader, wall: Page) -> None:
    lost = "Failed to load resource: net::ERR_"
    assert [text for text in watched.complaints if not text.startswith(lost)] == []
    assert (watched.foreign, watched.reports()) == ([], [])
    assert wall.evaluate("window.witness") is True
