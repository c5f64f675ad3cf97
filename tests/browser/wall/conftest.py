"""A real browser, and a house per test; nothing may leave the origin or fail in silence."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.wall.house import House

SIZE = {"width": 1920, "height": 1080}
ALONE = """
delete window.SharedWorker;
Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
"""


@dataclass
class Screen:
    """A browser profile that looks at one house, and all that it complained of."""

    context: BrowserContext
    house: House
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def tab(self, *, setup: str = "", clock: float | None = None) -> Page:
        """Open an empty tab; ``clock`` installs a clock that the test moves (epoch seconds)."""
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        if setup:
            page.add_init_script(setup)
        if clock is not None:
            page.clock.install(time=clock)
        return page

    def open(self, path: str = "/wall", *, setup: str = "", clock: float | None = None) -> Page:
        """Open a page and wait until it is live."""
        page = self.tab(setup=setup, clock=clock)
        page.goto(self.house.url + path)
        page.wait_for_selector('.bz-screen[data-live="live"]')
        return page

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.complaints.append(getattr(message, "text", ""))

    def _request(self, request: object) -> None:
        url: str = getattr(request, "url", "")
        if not url.startswith((self.house.url, "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.stop()


@pytest.fixture
def screen(browser: Browser, house: House) -> Iterator[Screen]:
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(10_000)
    yield Screen(context, house)
    context.close()
