"""Histories of a small city, on each engine of history, and a cluster of Apache Spark."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

import history
from analytics.files import Files
from analytics.java import NEEDED, java_version
from analytics.spark import Spark
from history import History
from history.schemas import Shape
from tests import postgres_servers as postgres
from tests.integration.analytics import spark_cluster as spark_cluster_of


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server that lasts as long as the tests."""
    yield from postgres.lent()


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


class AnyFiles:
    """Files that a session reads: those of the history that a test asks about."""

    def __init__(self) -> None:
        self.now: Files | None = None

    def paths(self, shape: Shape, *span: datetime | None) -> list[str]:
        assert self.now is not None
        return self.now.paths(shape, *span)

    def relation(self, shape: Shape, *span: datetime | None) -> str:
        assert self.now is not None
        return self.now.relation(shape, *span)


@pytest.fixture(scope="session")
def spark_cluster() -> Iterator[spark_cluster_of.Cluster]:
    """A standalone master with two workers that last as long as the tests."""
    version = java_version()
    if version is None or version < NEEDED:
        pytest.skip(f"Spark needs Java {NEEDED} or newer and finds {version}")
    cluster = spark_cluster_of.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(cluster.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark(spark_cluster: spark_cluster_of.Cluster) -> Iterator[tuple[Spark, AnyFiles]]:
    """A session on that cluster, and where to say which files it reads."""
    before = {name: os.environ.get(name) for name in spark_cluster.environment}
    os.environ.update(spark_cluster.environment)
    files = AnyFiles()
    engine = Spark(spark_cluster.url, files)
    yield engine, files
    engine.close()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
