"""Works and notices on the maps of a real browser: many, hostile, doubtful, coming and going."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from model import Snapshot
from tests.browser.desk.conftest import Reader
from tests.browser.desk.desks import Desks, utc
from tests.unit.layouts.desk import montreal

pytestmark = [
    pytest.mark.browser,
    # flask_compress reads a served file to its end and leaves the closing to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SIGNS = ".bz-note:not(.is-none)"
NODES = "document.querySelectorAll('.bz-map *').length"


@pytest.fixture
def desks(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Desks]:
    made = Desks(tmp_path, pack=montreal.pack_with_works())
    made.show(montreal.announced(now=utc(), n=500))
    made.start(free_port())
    yield made
    made.stop()


def showing(**more: object) -> Snapshot:
    now: datetime = utc()
    return replace(montreal.announced(now=now), **more)  # type: ignore[arg-type]  # names are right


def test_five_hundred_works_fit_the_desk_and_every_sign_says_what_it_is(reader: Reader) -> None:
    page = reader.open("/")

    signs = page.locator(SIGNS)
    assert 20 < signs.count() <= 80
    titles = signs.locator("title").all_text_contents()
    assert all(titles)
    assert any("Boulevard Gouin closed" in text for text in titles)
    assert page.locator(".bz-notekeys").inner_text().startswith("1\xa0closure")
    assert reader.complaints == []
    assert reader.foreign == []


def test_the_wall_shows_the_foremost_and_says_how_many_more(reader: Reader) -> None:
    page = reader.open("/wall/overview")

    assert page.locator(SIGNS).count() == 12
    expect(page.locator(".bz-noterest")).to_contain_text("more")
    expect(page.locator(".bz-legend--notes")).to_contain_text("closure")


def test_a_sign_can_be_reached_by_keyboard_and_leads_to_its_source(reader: Reader) -> None:
    page = reader.open("/")
    sign = page.locator(SIGNS).first

    sign.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/feeds?feed=road-events")


def test_notices_come_and_go_without_a_new_node(reader: Reader, desks: Desks) -> None:
    page = reader.open("/")
    nodes = page.evaluate(NODES)

    desks.show(showing(notices=()))
    expect(page.locator(SIGNS)).to_have_count(0)
    expect(page.locator(".bz-feednone").last).to_have_text("Nothing is announced now.")
    desks.show(showing())

    expect(page.locator(SIGNS).first).to_be_attached()
    assert page.evaluate(NODES) == nodes


def test_a_strangers_headline_is_text_and_its_address_no_script(
    reader: Reader, desks: Desks
) -> None:
    harm = replace(
        montreal.works(utc())[0],
        headline="<img src=x onerror='window.harmed=true'>\u202egnp",
        url="javascript:window.harmed=true",
        severity="extreme",
    )
    desks.show(showing(notices=(harm,)))

    page = reader.open("/")

    row = page.locator(".bz-feedlist--notes li").first
    expect(row).to_contain_text("<img src=x onerror='window.harmed=true'>gnp")
    assert row.locator("a").get_attribute("href") is None
    assert page.evaluate("window.harmed") is None
    assert reader.complaints == []


def test_works_of_a_silent_feed_are_hatched_and_say_as_of_when(
    reader: Reader, desks: Desks
) -> None:
    silent = frozenset({"road-works"})
    desks.show(montreal.announced(now=utc(), silent=silent))

    page = reader.open("/")

    expect(page.locator(f"{SIGNS}.is-doubtful").first).to_be_visible()
    expect(page.locator(".bz-feedlist--notes .is-doubtful").first).to_contain_text("silent, as of")
