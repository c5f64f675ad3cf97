"""An operator answers an alarm through the page, over a real store and the real alarm engine."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Reader
from tests.browser.desk.desks import Desks

pytestmark = [
    pytest.mark.browser,
    # flask_compress reads a served file to its end and leaves the closing to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def opened(reader: Reader, desks: Desks) -> Page:
    return reader.open(f"/alerts?alert={desks.records['river.district:64'].occurrence}")


def fill(page: Page, name: str, comment: str = "") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Comment, if any").fill(comment)


def test_an_alarm_is_acknowledged_with_a_name_and_a_comment(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)
    row = page.locator("tr.bz-row", has_text="Sainte-Geneviève")
    expect(row).to_contain_text("NEW")
    page.evaluate("window.row = document.querySelector('tr.bz-row')")

    fill(page, "Julie Roy", "crew is on its way")
    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_role("status")).to_have_text("Acknowledged by Julie Roy.")
    expect(row).to_contain_text("ACK")
    expect(row).to_contain_text("Julie Roy")
    expect(page.locator(".bz-detail__log")).to_contain_text("Julie Roy took it: crew is on its way")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_disabled()
    assert page.evaluate("window.row.isConnected")
    assert desks.records["river.district:64"].acked_by == "Julie Roy"
    assert reader.complaints == []


def test_the_browser_remembers_the_name(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)
    fill(page, "Julie Roy")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged")

    page.reload()

    expect(page.get_by_label("Your name")).to_have_value("Julie Roy")


def test_an_acknowledgement_can_be_given_back(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)
    fill(page, "Julie Roy")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged")

    page.get_by_role("button", name="Give back").click()

    expect(page.get_by_role("status")).to_contain_text("it waits for an answer again")
    expect(page.locator("tr.bz-row", has_text="Sainte-Geneviève")).to_contain_text("NEW")


def test_a_comment_alone_is_kept_in_the_timeline(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)
    fill(page, "Marc Bouchard", "gauge checked by hand")

    page.get_by_role("button", name="Comment only").click()

    expect(page.get_by_role("status")).to_have_text("Your comment is kept.")
    expect(page.locator(".bz-detail__log")).to_contain_text("Marc Bouchard: gauge checked by hand")
    expect(page.get_by_label("Comment, if any")).to_have_value("")


def test_nobody_can_answer_without_a_name(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)

    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_role("status")).to_contain_text("Say who you are")
    assert desks.records["river.district:64"].acked_by is None


def test_a_silent_worker_is_said_and_nothing_is_pretended(reader: Reader, desks: Desks) -> None:
    page = opened(reader, desks)
    desks.rest()
    fill(page, "Julie Roy")

    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_role("status")).to_contain_text(
        "Nothing was changed; the command was withdrawn", timeout=15_000
    )
    desks.work()
    expect(page.locator("tr.bz-row", has_text="Sainte-Geneviève")).to_contain_text("NEW")


def test_an_alarm_can_be_chosen_and_answered_by_keyboard_alone(reader: Reader) -> None:
    page = reader.open("/alerts")
    page.locator("tr.bz-row a.bz-row__open").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**alert=*")
    page.wait_for_selector('.bz-screen[data-live="live"]')

    page.get_by_label("Your name").focus()
    page.keyboard.type("Julie Roy")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("Acknowledged by Julie Roy.")
