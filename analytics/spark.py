"""Apache Spark over the files of the history: the same queries, the same functions."""

import os
import shutil
import socket
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from analytics.dialect import to_spark
from analytics.errors import AnalyticsError
from analytics.files import Files
from history.schemas import Shape

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Task = TypeVar("Task")
Answer = TypeVar("Answer")

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("model", "texts", "geodata", "metrics", "alerts", "history", "analytics")
_JAVA = 17


class Spark:
    """A session on a cluster. Executors get our rooms as a zip; libraries they have themselves."""

    def __init__(self, master: str, files: Files) -> None:
        self._files = files
        self._numbers = count()
        self._folder = Path(tempfile.mkdtemp(prefix="bartizan-spark-"))
        try:
            self._session = _session(master)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._session.sparkContext.addPyFile(str(_packed(self._folder)))
        self.name = f"Spark at {master}"

    @property
    def width(self) -> int:
        """See ``Engine``."""
        return int(self._session.sparkContext.defaultParallelism)

    def each(self, work: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[Answer]:
        """See ``Engine``."""
        if tasks:
            found = self._session.sparkContext.parallelize(tasks, len(tasks))
            yield from found.map(work).collect()

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Engine``: a view over the files that hold the span."""
        from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - only if asked for

        name = f"{shape.name}_{next(self._numbers)}"
        paths = [f"file:{path}" for path in self._files.paths(shape, since, until)]
        schema = from_arrow_schema(shape.columns)
        if paths:
            frame = self._session.read.schema(schema).parquet(*paths)
        else:
            frame = self._session.createDataFrame([], schema)
        frame.createOrReplaceTempView(name)
        return name

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""
        return self._session.sql(to_spark(sql, values)).toArrow()

    def by_group(
        self, work: Callable[[pa.Table], str], column: str, sql: str, values: Mapping[str, Any]
    ) -> list[str]:
        """See ``Engine``."""

        def answer(rows: pa.Table) -> pa.Table:
            return pa.table({"answer": [work(rows)]})

        groups = self._session.sql(to_spark(sql, values)).groupBy(column)
        found = groups.applyInArrow(answer, "answer string").collect()
        return [str(row["answer"]) for row in found]

    def close(self) -> None:
        """See ``Engine``."""
        self._session.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _session(master: str) -> "SparkSession":
    _look_for_java()
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415 - only if asked for
        from pyspark.sql import SparkSession  # noqa: PLC0415 - only if asked for
    except ImportError:
        raise AnalyticsError(
            "ANALYTICS_URL names Spark, and pyspark is not installed here:\n"
            f"    {sys.executable} -m pip install -r {ROOT / 'requirements-spark.txt'}"
        ) from None
    builder = SparkSession.builder.master(master).appName("bartizan")
    for name, value in _settings(master).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise AnalyticsError(f"Spark at {master} does not answer: {error}") from error


def _settings(master: str) -> dict[str, str]:
    """Return what a session needs to answer as the history does: UTC, and nothing shown."""
    found = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.pyspark.python": sys.executable,
    }
    host = _address(master)
    return (
        found
        if host is None
        else found | {"spark.driver.host": host, "spark.driver.bindAddress": host}
    )


def _address(master: str) -> str | None:
    """Return the address of this machine as the cluster sees it; ``None``: Spark finds it."""
    if master.startswith("local"):
        return "127.0.0.1"
    first = master.removeprefix("spark://").split(",")[0]
    host, _, port = first.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10.0) as probe:
            return str(probe.getsockname()[0])
    except OSError as error:
        raise AnalyticsError(f"no Spark master answers at {master}: {error}") from error


def _look_for_java() -> None:
    if java() is None:
        raise AnalyticsError(
            f"ANALYTICS_URL names Spark, which needs Java {_JAVA} or newer, and there is none "
            "here. On Debian or Ubuntu:\n"
            "    sudo apt-get update && sudo apt-get install -y default-jre-headless\n"
            "On macOS:\n"
            "    brew install openjdk@17"
        )


def java() -> str | None:
    """Return the path of the Java that Spark will use."""
    home = Path(os.environ.get("JAVA_HOME", "/nowhere"))
    inside = home / "bin" / "java"
    return str(inside) if inside.is_file() else shutil.which("java")


def _packed(folder: Path) -> Path:
    """Return a zip of the rooms that executors need."""
    path = folder / "bartizan.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for room in ROOMS:
            for source in sorted((ROOT / room).rglob("*")):
                if source.is_file() and "__pycache__" not in source.parts:
                    made.write(source, source.relative_to(ROOT))
    return path
