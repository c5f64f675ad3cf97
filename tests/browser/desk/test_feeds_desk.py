"""The feeds' desk in a real browser: asked, replayed, taken along, and safe from what it shows."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Reader
from tests.browser.desk.desks import Desks, utc
from tests.unit.layouts.desk import montreal

pytestmark = [
    pytest.mark.browser,
    # flask_compress reads a served file to its end and leaves the closing to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def press(page: Page, button: str, name: str = "Julie Roy") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name=button).click()


def test_a_feed_is_asked_again_at_once_by_a_person_with_a_name(
    reader: Reader, desks: Desks
) -> None:
    page = reader.open("/feeds?feed=traffic")

    press(page, "Retry now")

    expect(page.get_by_role("status")).to_have_text(
        "Asked for by Julie Roy: it answers within seconds."
    )
    assert desks.asked == [("poll", "Julie Roy")]
    assert reader.complaints == []


def test_quarantine_is_replayed_and_its_outcome_told_in_words(reader: Reader, desks: Desks) -> None:
    page = reader.open("/feeds?feed=traffic")
    expect(page.locator(".bz-fquar h3")).to_have_text("Quarantine, 35 rows kept")

    press(page, "Replay quarantine")

    expect(page.get_by_role("status")).to_have_text("35 read, 33 accepted, 2 still refused.")
    expect(page.locator(".bz-fquar h3")).to_contain_text("Quarantine, 2 rows kept")
    assert desks.asked == [("replay", "Julie Roy")]


def test_the_rows_of_one_reason_alone_are_replayed(reader: Reader) -> None:
    page = reader.open("/feeds?feed=traffic")
    page.get_by_role("link", name="speed is a sentinel").click()
    page.wait_for_url("**reason=speed**")
    page.wait_for_selector('.bz-screen[data-live="live"]')

    press(page, "Replay these rows")

    expect(page.get_by_role("status")).to_have_text("30 read, 28 accepted, 2 still refused.")
    expect(page.locator(".bz-fquar h3")).to_contain_text("7 rows kept")


def test_nobody_asks_without_a_name_and_a_silent_worker_is_said(
    reader: Reader, desks: Desks
) -> None:
    page = reader.open("/feeds?feed=traffic")
    page.get_by_role("button", name="Retry now").click()
    expect(page.get_by_role("status")).to_contain_text("Say who you are")
    desks.rest()

    press(page, "Retry now")

    expect(page.get_by_role("status")).to_contain_text(
        "Nothing was changed; the command was withdrawn", timeout=15_000
    )
    assert desks.asked == []


def test_hostile_rows_are_shown_as_text_whole_and_do_nothing(reader: Reader) -> None:
    page = reader.open("/feeds?feed=traffic")
    page.evaluate(OPEN_ALL)

    raw = page.locator(".bz-rows__raw:visible").all_inner_texts()
    assert any(text.startswith("<script>window.harmed = true</script><img") for text in raw)
    assert any("[U+202E]gnp.exe[U+202C],[U+0000][U+001B][31mred" in text for text in raw)
    assert any(len(text) == 16_000 for text in raw)
    assert not any(letter in text for text in raw for letter in "\u202e\x00\u200b")
    assert page.evaluate("window.harmed") is None
    assert page.locator(".bz-fdetail :is(script, img)").count() == 0
    assert page.evaluate(OVERFLOW) <= 0
    assert reader.complaints == []
    assert reader.foreign == []


def test_refused_rows_are_paged_by_the_address(reader: Reader) -> None:
    page = reader.open("/feeds?feed=traffic")
    first = page.locator(".bz-rows__row summary").first.inner_text()

    page.get_by_role("link", name="older rows").click()
    page.wait_for_url("**before=**")
    page.wait_for_selector('.bz-screen[data-live="live"]')

    expect(page.get_by_text("Older rows as received")).to_be_in_viewport()
    assert page.locator(".bz-rows__row summary").first.inner_text() != first
    page.get_by_role("link", name="newest rows").click()
    page.wait_for_function("!location.search.includes('before')")


def test_a_row_is_opened_and_read_by_keyboard_alone(reader: Reader) -> None:
    page = reader.open("/feeds?feed=traffic")
    summary = page.locator(".bz-rows__row summary").first

    summary.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".bz-rows__row pre").first).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "PRE"


def test_an_opened_row_stays_open_while_the_page_lives(reader: Reader, desks: Desks) -> None:
    page = reader.open("/feeds?feed=traffic")
    page.locator(".bz-rows__row summary").first.click()

    shot = montreal.busy(now=utc())
    worse = tuple(replace(feed, last_error="HTTP 500 now") for feed in shot.feeds)
    desks.show(replace(shot, feeds=worse))

    expect(page.locator(".bz-fdetail")).to_contain_text("HTTP 500 now", timeout=20_000)
    expect(page.locator(".bz-rows__row pre").first).to_be_visible()


def test_the_lists_keep_the_chosen_feed_within_reach(reader: Reader) -> None:
    page = reader.open("/feeds")

    page.get_by_role("link", name="By domain").click()
    page.wait_for_url("**list=domain*")
    expect(page.locator(".bz-fgroup:not(.is-none)").first).to_be_visible()
    page.locator(".bz-frow a", has_text="Traffic speeds").click()
    page.wait_for_url("**feed=traffic*")

    expect(page.locator("tr[data-chosen]")).to_contain_text("Traffic speeds")
    expect(page.locator(".bz-chip.is-on")).to_have_text("By domain")


def test_the_list_is_taken_along_as_csv(reader: Reader, tmp_path: Path) -> None:
    page = reader.open("/feeds")

    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "feeds.csv")

    rows = list(csv.DictReader(io.StringIO((tmp_path / "feeds.csv").read_text())))
    assert len(rows) == len(montreal.pack().feeds)
    assert waiting.value.suggested_filename.startswith("feeds-montreal-")


@pytest.mark.parametrize("size", [(1920, 1080), (1456, 819), (390, 844)])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_fits_every_screen(size: tuple[int, int], lang: str, reader: Reader) -> None:
    page = reader.open(f"/feeds?feed=traffic&lang={lang}")

    page.set_viewport_size({"width": size[0], "height": size[1]})

    assert page.evaluate(OVERFLOW) <= 0
    cut = page.evaluate(
        "[...document.querySelectorAll('.bz-fdetail button, .bz-frow:not(.is-none) b')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().right > innerWidth).length"
    )
    assert cut == 0
    assert page.locator(".bz-frow:not(.is-none) .bz-row__open").first.bounding_box()["width"] > 60  # type: ignore[index]  # it is there
