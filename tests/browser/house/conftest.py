"""A real browser before a whole house; nothing may leave the origin or fail in silence.

HOUSE_SHOTS names a folder for pictures, HOUSE_LOG a file for what the house said.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.house.houses import Home, end, start
from tests.browser.house.packs import Source

SIZE = {"width": 1920, "height": 1080}
LIVE = '.bz-screen[data-live="live"]'
LISTEN = """
self.reported = [];
addEventListener("securitypolicyviolation", (event) => {
  self.reported.push(event.violatedDirective + " " + event.blockedURI);
});
"""


@dataclass
class Reader:
    """A browser profile, and all that it complained of or asked elsewhere."""

    context: BrowserContext
    home: Home
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.add_init_script(LISTEN)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        own = re.escape(self.home.url)
        self.context.route(re.compile(rf"^(?!{own}/|data:|blob:)"), self._refuse)

    def open(self, path: str, *, until: str = LIVE, within_s: float = 20.0) -> Page:
        page = self.context.new_page()
        page.goto(self.home.url + path)
        page.wait_for_selector(until, timeout=within_s * 1000)
        return page

    def reports(self) -> list[str]:
        """What the content security policy forbade, on any open page."""
        return [item for page in self.context.pages for item in page.evaluate("self.reported")]

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.complaints.append(getattr(message, "text", ""))

    def _refuse(self, route: Route) -> None:
        self.foreign.append(route.request.url)
        route.abort()


@pytest.fixture(scope="module")
def source() -> Iterator[Source]:
    """A source of facts that the test may stop."""
    made = Source()
    yield made
    made.close()


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Settings of the house of a module, beside its ports and its folder."""
    return {}


@pytest.fixture(scope="module")
def home(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = start(tmp_path_factory.mktemp("house"), **settings)
    try:
        made.wait_ready()
        yield made
    finally:
        end(made)


@pytest.fixture(scope="module")
def readers(browser: Browser, home: Home) -> Iterator[Callable[[], Reader]]:
    """Return a function that opens a browser profile of its own."""
    made: list[BrowserContext] = []

    def begin() -> Reader:
        context = browser.new_context(viewport=SIZE)
        context.set_default_timeout(15_000)
        made.append(context)
        return Reader(context, home)

    yield begin
    for context in made:
        context.close()


@pytest.fixture
def reader(readers: Callable[[], Reader]) -> Iterator[Reader]:
    """A profile for one test."""
    found = readers()
    yield found
    found.context.close()
