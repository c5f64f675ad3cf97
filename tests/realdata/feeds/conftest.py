"""Real records, read by this room's parsers and counted by other means."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from model import Feed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def records() -> Path:
    beside = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("BARTIZAN_REALDATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real records at {folder}: set BARTIZAN_REALDATA")
    return folder


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_feed() -> Callable[..., Feed]:
    def make(kind: str, gives: str, **about: Any) -> Feed:
        known: dict[str, Any] = {
            "id": "f1",
            "kind": kind,
            "gives": gives,
            "every": timedelta(minutes=5),
            "url": None if "path" in about else "https://city.example/feed",
        }
        return Feed(**{**known, **about})

    return make
