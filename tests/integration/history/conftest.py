"""Makers of facts and readings, and a history in a fresh folder."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import history
from model import Observation, Reading

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[history.History]:
    opened = history.open(tmp_path / "history", writer=True)
    yield opened
    opened.close()


@pytest.fixture
def reading_room(kept: history.History) -> Iterator[history.History]:
    """A reader beside the writer."""
    opened = history.open(kept.engine.folder, writer=False)
    yield opened
    opened.close()


@pytest.fixture
def observation() -> Callable[..., Observation]:
    def make(n: int = 0, **other: object) -> Observation:
        values: dict[str, object] = {
            "feed_id": "air",
            "site_id": f"s{n}",
            "quantity": "pm25",
            "value": float(n),
            "unit": "µg/m³",
            "observed_at": NOW,
            "fetched_at": NOW,
            "known_at": NOW,
        }
        return Observation(**(values | other))  # type: ignore[arg-type]

    return make


@pytest.fixture
def reading() -> Callable[..., Reading]:
    def make(at: datetime, value: float | None, **other: object) -> Reading:
        values: dict[str, object] = {
            "indicator": "env.pm25",
            "district": "city",
            "at": at,
            "value": value,
            "known_at": at + timedelta(seconds=1),
        }
        return Reading(**(values | other))  # type: ignore[arg-type]

    return make
