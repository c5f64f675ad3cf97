"""Makers of facts and readings, and a history in a fresh place on each engine."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import history
from model import Observation, Reading
from tests import postgres_servers as postgres

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Place = Path | str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server that lasts as long as the tests."""
    yield from postgres.lent()


@pytest.fixture(params=["delta", "postgresql"])
def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Place]:
    """Return what names places for fresh histories: folders, and schemas of a server."""
    if request.param == "delta":
        return lambda name: tmp_path / name
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return lambda _: server.url()


@pytest.fixture
def place(fresh_place: Callable[[str], Place]) -> Place:
    """Where a fresh history may live."""
    return fresh_place("history")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a fresh history of Delta tables may live, for what only they have."""
    return tmp_path / "history"


@pytest.fixture
def kept(place: Place) -> Iterator[history.History]:
    """A writer, on each engine."""
    opened = history.open(place, writer=True)
    yield opened
    opened.close()


@pytest.fixture
def reading_room(
    kept: history.History,  # noqa: ARG001 - it makes the tables
    place: Place,
) -> Iterator[history.History]:
    """A reader beside the writer."""
    opened = history.open(place, writer=False)
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
