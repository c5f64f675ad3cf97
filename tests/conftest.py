"""Fixtures that several rooms share: ports, folders, the browser, the long form."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a busy machine is no failure
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that finds a TCP port nobody listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether to run the long form of a test (``make test-all``)."""
    return os.environ.get("BARTIZAN_LONG") == "1"


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Return the folder of recorded city data; skip where there is none."""
    folder = Path(os.environ.get("BARTIZAN_REALDATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no recorded data at {folder}; set BARTIZAN_REALDATA")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a Chromium; ``make test`` installs one, so its absence is an error."""
    for name in (os.environ.get("CHROMIUM", ""), *BROWSERS):
        if name and (found := shutil.which(name)):
            return found
    pytest.fail("no Chromium found: run `make test`, or set CHROMIUM to its path")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bodies by their argument: bytes may hold a time, and names must not change."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None
