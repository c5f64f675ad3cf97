"""Servers for the folder's tests: embedded, under Sentinels, clustered; and every kind of store."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import store
from model import Observation
from store import embedded
from tests.redis_servers import Clustered, Watched

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

ObservationMaker = Callable[..., Observation]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Embedded]:
    running = embedded.start(tmp_path_factory.mktemp("house"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    running = Watched.start(tmp_path_factory.mktemp("watched"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clustered]:
    running = Clustered.start(tmp_path_factory.mktemp("clustered"))
    yield running
    running.stop()


@pytest.fixture(params=["server", "watched", "clustered", "memory"])
def opened(request: pytest.FixtureRequest) -> Iterator[store.Store]:
    if request.param == "memory":
        yield store.MemoryStore(idle_ms=100)
        return
    running = request.getfixturevalue(request.param)
    made = store.RedisStore(running.url, idle_ms=100)
    made._clients.patient.flushall()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / uuid.uuid4().hex


@pytest.fixture
def observation() -> ObservationMaker:
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
