"""The desks in a real browser: live, in two languages, asking nobody else for anything."""

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from model import Snapshot
from tests.browser.desk.conftest import SIZE, Reader
from tests.browser.desk.desks import Desks, utc
from tests.unit.layouts.desk import montreal

pytestmark = [
    pytest.mark.browser,
    # flask_compress reads a served file to its end and leaves the closing to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PATHS = (
    "/",
    "/?lang=fr",
    "/alerts",
    "/alerts?state=unack",
    "/alerts?state=closed",
    "/alerts?alert={occurrence}",
    "/alerts?alert=nobody-knows-it",
    "/feeds",
    "/feeds?feed=traffic",
    "/feeds?feed=traffic&lang=fr",
    "/feeds?list=domain&feed=traffic&reason=not+JSON",
    "/feeds?list=all&lang=fr",
    "/indicators",
    "/indicators/env.river?district=64",
    "/indicators/srv.new?district=12&span=7d",
)


SMALL = """() => [...document.querySelectorAll('.bz-desk *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 12.99
    && !e.closest('svg, .bz-sym')).map(e => e.className + ': ' + e.textContent)"""
"""Texts under 13 px, which a desk may not have."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made = Desks(tmp_path_factory.mktemp("desks"))
    made.start(port)
    yield made
    made.stop()


@pytest.fixture
def visitor(browser: Browser, house: Desks) -> Iterator[Reader]:
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(15_000)
    yield Reader(context, house)
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_every_desk_page_is_live_legible_and_complains_of_nothing(
    path: str, visitor: Reader, house: Desks
) -> None:
    occurrence = next(iter(house.records.values())).occurrence

    page = visitor.open(path.format(occurrence=occurrence))
    version = page.locator(".bz-top__ver").inner_text()
    page.wait_for_function(
        "old => document.querySelector('.bz-top__ver').textContent !== old", arg=version
    )

    assert visitor.complaints == []
    assert visitor.foreign == []
    assert page.locator(".bz-top__origin").inner_text() in ("simulated data", "données simulées")
    assert page.evaluate(SMALL) == []


def test_home_says_what_stands_and_what_is_unknown(visitor: Reader) -> None:
    page = visitor.open("/")

    said = page.locator(".bz-lead__say")
    expect(said).to_contain_text("The river is over flood stage at Sainte-Geneviève.")
    expect(said).to_contain_text("“Traffic speeds” is silent")
    expect(said).not_to_contain_text("usual Tuesday")


def test_the_language_stays_in_every_link(visitor: Reader) -> None:
    page = visitor.open("/?lang=fr")

    kept = page.locator(".bz-desk a").evaluate_all(
        "links => links.filter(a => a.href && !a.hasAttribute('hreflang') && a.offsetParent)"
        ".map(a => a.getAttribute('href')).filter(to => !to.includes('lang=fr'))"
    )
    assert kept == []
    page.locator(".bz-rail a", has_text="Sources").click()
    expect(page.locator("h1")).to_have_text("Sources")
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page.locator("h1")).to_have_text("Feeds")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/indicators/env.river?district=64", 200),
        ("/indicators/env.river?district=nowhere", 404),
        ("/indicators/no.such", 404),
        ("/handover", 404),
        ("/alerts?at=2026-01-01T00:00:00Z", 501),
    ],
)
def test_what_does_not_exist_is_not_found(path: str, status: int, visitor: Reader) -> None:
    page = visitor.context.new_page()

    answer = page.goto(visitor.desks.url + path)

    assert answer is not None
    assert answer.status == status


def test_a_small_cell_is_never_told(visitor: Reader) -> None:
    page = visitor.open("/indicators/srv.new?district=12")

    expect(page.locator(".bz-ipage__value")).to_have_text("fewer than 5")
    expect(page.locator(".bz-ipage__now")).to_contain_text("fewer than 5")
    expect(page.locator(".bz-drow", has_text="Saint-Sulpice")).to_contain_text("fewer than 5")


def test_a_feed_says_its_error_what_it_freezes_and_what_was_refused(visitor: Reader) -> None:
    page = visitor.open("/feeds")
    page.locator(".bz-frow a", has_text="Traffic speeds").click()

    panel = page.locator(".bz-fdetail")
    expect(panel).to_contain_text("HTTP 503 from the source")
    expect(panel).to_contain_text("Travel time index")
    expect(panel).to_contain_text("speed is a sentinel")
    expect(page.locator("tr[data-chosen]")).to_contain_text("Traffic speeds")


def test_values_change_without_a_reload_and_nodes_stay(reader: Reader, desks: Desks) -> None:
    desks.show(montreal.calm(now=utc()))
    page = reader.open("/")
    cell = page.locator('.bz-dom[data-indicator="env.river"]')
    expect(cell).to_contain_text("58")
    expect(page.locator(".bz-lead__say")).to_contain_text("The city is having a usual")
    page.evaluate("window.nodes = [...document.querySelectorAll('.bz-dom, .bz-lead__say b')]")

    desks.show(montreal.busy(now=utc(), dead=None))

    expect(cell).to_contain_text("101")
    expect(page.locator(".bz-lead__say")).to_contain_text("over flood stage at Sainte-Geneviève")
    assert page.evaluate("window.nodes.every(node => node.isConnected)")
    assert reader.complaints == []


def test_an_indicator_page_follows_the_city(reader: Reader, desks: Desks) -> None:
    desks.show(montreal.calm(now=utc()))
    page = reader.open("/indicators/env.river")
    expect(page.locator(".bz-ipage__value")).to_contain_text("58")

    desks.show(montreal.busy(now=utc()))

    expect(page.locator(".bz-ipage__value")).to_contain_text("101", timeout=20_000)


def test_a_desk_says_that_it_is_not_live_when_the_server_has_gone(
    reader: Reader, desks: Desks
) -> None:
    page = reader.open("/alerts")

    desks.silence()

    expect(page.locator(".bz-notlive")).to_be_visible(timeout=20_000)
    expect(page.locator(".bz-notlive")).to_contain_text("DISPLAY NOT LIVE")


def test_many_alarms_are_paged_by_the_address(reader: Reader, desks: Desks) -> None:
    desks.show(_flood())
    page = reader.open("/alerts")
    rows = page.locator("tr.bz-row:not(.is-none)")
    expect(rows).to_have_count(12)

    page.locator(".bz-list__more a", has_text="more").click()

    expect(page).to_have_url(re.compile("page=2"))
    expect(rows.first).to_be_visible()
    expect(page.locator(".bz-list__more a", has_text="previous page")).to_be_visible()


def _flood() -> Snapshot:
    now = utc()
    model = montreal.alerts_now(now)[0]
    many = tuple(
        replace(
            model,
            id=f"A-{n}",
            occurrence=f"A-{n}",
            key=f"river.district:{item.id}",
            district=item.id,
            raised_at=now - timedelta(minutes=n),
        )
        for n, item in enumerate(montreal.pack().districts.items[:20])
    )
    return montreal.busy(now=now, alerts=many)
