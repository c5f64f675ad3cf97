"""A real browser before the real web; nothing may leave the origin or fail in silence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.desk.desks import Desks

SIZE = {"width": 1920, "height": 1080}
LIVE = '.bz-screen[data-live="live"]'


@dataclass
class Reader:
    """A browser profile that looks at one house, and all that it complained of."""

    context: BrowserContext
    desks: Desks
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)
        page.goto(self.desks.url + path)
        page.wait_for_selector(LIVE)
        return page

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.complaints.append(getattr(message, "text", ""))

    def _request(self, request: object) -> None:
        url: str = getattr(request, "url", "")
        if not url.startswith((self.desks.url, "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def desks(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Desks]:
    made = Desks(tmp_path)
    made.start(free_port())
    yield made
    made.stop()


@pytest.fixture
def reader(browser: Browser, desks: Desks) -> Iterator[Reader]:
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(15_000)
    yield Reader(context, desks)
    context.close()
