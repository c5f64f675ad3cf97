"""The pages of indicators in a real browser: drawn, quiet, by keyboard, at every width."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

import history
from model import CITY, CityScore, DomainScore, Quality, Reading, Snapshot, Usual
from tests.browser.desk.conftest import Reader
from tests.browser.desk.desks import Desks, utc
from tests.unit.layouts.desk import montreal

pytestmark = [
    pytest.mark.browser,
    # flask_compress reads a served file to its end and leaves the closing to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WIDTHS = (390, 1280, 1920)
PAGES = (
    "/indicators",
    "/indicators?q=riv&lang=fr",
    "/indicators/srv.new",
    "/indicators/srv.new?span=35d",
    "/indicators/srv.overdue?district=12&lang=fr",
    "/indicators/mob.tti?span=1y",
)
WIDER = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
DRAWN = """() => [...document.querySelectorAll('.bz-ipage__course .scatterlayer path')]
    .some(path => (path.getAttribute('d') || '').length > 20)"""


def scored(now: datetime) -> Snapshot:
    """A busy hour with counts in every district and a score."""
    snapshot = montreal.busy(now=now)
    more = [
        montreal.reading(
            "srv.overdue",
            12.0 + n % 7,
            district=one.id,
            now=now,
            num=float(24 + 2 * (n % 7)),
            den=200.0,
        )
        for n, one in enumerate(montreal.pack().districts.items)
    ]
    city = CityScore(
        at=now,
        score=71.0,
        shown=71,
        low=66.0,
        high=75.0,
        coverage=0.9,
        domains=(DomainScore(domain="mobility", weight=1.0, coverage=0.6, known=3, total=5),),
        weakest=("env.river", "mob.tti", "srv.overdue"),
    )
    return replace(snapshot, readings=(*snapshot.readings, *more), score=city)


def past(now: datetime) -> list[Reading]:
    """Forty days of one indicator by the hour, one reading of them corrected."""
    usual = Usual(centre=22.0, low=15.0, high=29.0, spread=3.5, weeks=8)
    rows = [
        Reading(
            indicator="srv.new",
            district=CITY,
            at=now - timedelta(hours=n),
            value=22.0 + n % 9,
            num=400.0,
            den=1800.0,
            n=400,
            quality=Quality.GOOD,
            known_at=now - timedelta(hours=n),
            usual=usual,
        )
        for n in range(1, 24 * 40)
    ]
    return [*rows, replace(rows[4], value=33.0, num=500.0, known_at=now)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    folder = tmp_path_factory.mktemp("desks")
    kept = history.open(folder / "history", writer=True)
    kept.append_readings(past(utc()))
    kept.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made = Desks(folder, made=scored)
    made.start(port)
    yield made
    made.stop()


@pytest.fixture
def visitor(browser: Browser, house: Desks) -> Iterator[Reader]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(15_000)
    yield Reader(context, house)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_quiet_and_fit_every_width(path: str, visitor: Reader) -> None:
    page = visitor.open(path)

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"() => innerWidth === {width}")
        assert page.evaluate(WIDER) <= 0, f"{path} is wider than {width} px"
    assert visitor.complaints == []
    assert visitor.foreign == []


@pytest.mark.parametrize("span", ["24h", "35d"])
def test_the_course_is_drawn_with_what_was_corrected(span: str, visitor: Reader) -> None:
    page = visitor.open(f"/indicators/srv.new?span={span}")

    page.wait_for_function(DRAWN)
    expect(page.locator("#indicator-page-course-said")).to_contain_text("1 corrected")
    expect(page.locator(".bz-reason").first).to_contain_text("1 correction in this span.")


def test_map_and_funnel_are_drawn_and_said(visitor: Reader) -> None:
    page = visitor.open("/indicators/srv.overdue")

    expect(page.locator(".bz-imap__svg .bz-map__d")).to_have_count(58)
    unknown = page.locator(".bz-imap__svg .bz-map__d--na")
    expect(unknown).to_have_count(0)
    expect(page.locator(".bz-ipage__fair .js-plotly-plot .points path").first).to_be_visible()
    expect(page.locator("#indicator-fair-said")).to_contain_text("No district is clearly apart")
    expect(page.locator(".bz-dtable tbody tr")).to_have_count(58)


def shown(page: Page) -> int:
    return page.locator(".bz-irow:visible").count()


def test_the_catalogue_is_searched_and_filtered_and_the_address_keeps_it(visitor: Reader) -> None:
    page = visitor.open("/indicators")
    every = shown(page)

    page.get_by_label("Search").fill("river")
    expect(page.locator(".bz-irow:visible")).to_have_count(1)
    assert page.locator(".bz-cbar__n").inner_text() == f"1 of {every} shown"
    assert "q=river" in page.url
    page.reload()
    expect(page.locator(".bz-irow:visible")).to_have_count(1)
    page.get_by_label("Search").fill("")
    page.get_by_role("button", name="with an alarm").click()
    page.wait_for_function("() => document.querySelectorAll('.bz-irow:not([data-off])').length < 9")
    assert shown(page) >= 2
    assert visitor.complaints == []


def test_the_stream_does_not_bring_back_what_was_filtered_out(visitor: Reader) -> None:
    page = visitor.open("/indicators?state=absent")
    before = shown(page)
    version = page.locator(".bz-top__ver").inner_text()

    page.wait_for_function(
        "old => document.querySelector('.bz-top__ver').textContent !== old", arg=version
    )

    assert shown(page) == before
    assert before == page.locator(".bz-irow.is-absent").count() > 0


def test_the_catalogue_works_by_keyboard_alone(visitor: Reader) -> None:
    page = visitor.open("/indicators")

    page.get_by_label("Search").focus()
    page.keyboard.type("noise")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("() => document.activeElement.dataset.filter")
    assert focused == "domain"
    page.keyboard.press("Enter")
    pressed = page.evaluate("() => document.activeElement.getAttribute('aria-pressed')")
    assert pressed == "true"


def test_the_table_of_districts_is_reached_and_scrolled_by_keyboard(visitor: Reader) -> None:
    page = visitor.open("/indicators/srv.overdue")
    region = page.get_by_role("region", name="By district")

    region.focus()
    page.keyboard.press("End")

    page.wait_for_function("() => document.querySelector('.bz-ipage__scroll').scrollTop > 0")
    link = region.get_by_role("link").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/indicators/srv.overdue?district=*")


def test_the_score_stands_on_the_home_page_and_over_the_catalogue(visitor: Reader) -> None:
    for path in ("/", "/indicators"):
        page = visitor.open(path)
        expect(page.get_by_text("66 to 75, coverage 90").first).to_be_visible()
        expect(page.get_by_text("weakest: River, Travel time").first).to_be_visible()
        page.close()
    assert visitor.complaints == []


@pytest.mark.parametrize("kind", ["CSV", "XLSX", "Parquet", "GeoJSON"])
def test_the_readings_on_a_page_can_be_taken_away(kind: str, visitor: Reader) -> None:
    page = visitor.open("/indicators/srv.new")

    with page.expect_download() as waited:
        page.get_by_role("link", name=kind, exact=True).click()

    assert waited.value.suggested_filename == f"readings.{kind.lower()}"
