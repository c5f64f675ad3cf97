"""Apache Spark over the files of the history: the same queries, the same functions."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from analytics.dialect import to_spark
from analytics.errors import AnalyticsError
from analytics.files import Files
from analytics.java import look_for_java
from history.schemas import Shape

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Task = TypeVar("Task")
Answer = TypeVar("Answer")

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("model", "texts", "geodata", "metrics", "alerts", "history", "analytics")
PATIENCE_S = 20.0
_REASON = re.compile(r"[\w.]*(Error|Exception)\b")


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
        if not tasks:
            return
        with _told(self.name):
            spread = self._session.sparkContext.parallelize(tasks, len(tasks))
            found = spread.map(work).collect()
        yield from found

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
        with _told(self.name):
            return self._session.sql(to_spark(sql, values)).toArrow()

    def by_group(
        self, work: Callable[[pa.Table], str], column: str, sql: str, values: Mapping[str, Any]
    ) -> list[str]:
        """See ``Engine``. Groups travel as Arrow tables: no data frame of pandas is made."""

        def answer(rows: pa.Table) -> pa.Table:
            return pa.table({"answer": [work(rows)]})

        with _told(self.name), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
            groups = self._session.sql(to_spark(sql, values)).groupBy(column)
            found = groups.applyInArrow(answer, "answer string").collect()
        return [str(row["answer"]) for row in found]

    def close(self) -> None:
        """See ``Engine``: the session and its Java process end."""
        gateway = self._session.sparkContext._gateway  # noqa: SLF001 - nothing public ends it
        self._session.stop()
        _end(gateway)
        shutil.rmtree(self._folder, ignore_errors=True)


def _end(gateway: Any) -> None:
    from pyspark import SparkContext  # noqa: PLC0415 - only if asked for

    gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - as above
    process = getattr(gateway, "proc", None)
    if process is None:  # somebody else's
        return
    process.stdin.close()  # it ends when nobody holds it any more
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Let only errors of ours out, with the last thing that Python said on an executor."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - only if asked for
    from pyspark.errors import PySparkException  # noqa: PLC0415 - only if asked for

    try:
        yield
    except (Py4JError, PySparkException) as error:
        said = [line for line in str(error).splitlines() if _REASON.match(line.strip())]
        reason = said[-1].strip() if said else str(error).splitlines()[0]
        raise AnalyticsError(
            f"{name} cannot do it: {reason}\nIts executors need the Python and the packages of "
            "this machine, and must see the same files; see docs/analytics.md"
        ) from error


def _session(master: str) -> "SparkSession":
    look_for_java()
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415 - only if asked for
        from pyspark.errors import PySparkException  # noqa: PLC0415 - only if asked for
        from pyspark.sql import SparkSession  # noqa: PLC0415 - only if asked for
    except ImportError:
        raise AnalyticsError(
            "ANALYTICS_URL names Spark, and pyspark is not installed here:\n"
            f"    {sys.executable} -m pip install -r {ROOT / 'requirements-spark.txt'}"
        ) from None
    address = _address(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else executors take any python3
    os.environ.setdefault("SPARK_LOCAL_IP", address)
    builder = SparkSession.builder.master(master).appName("bartizan")
    for name, value in (_SETTINGS | {"spark.driver.host": address}).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (Py4JError, PySparkException, OSError) as error:
        raise AnalyticsError(f"Spark at {master} does not answer: {error}") from error
    session.sparkContext.setLogLevel("ERROR")
    return session


_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # as the history
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def _address(master: str) -> str:
    """Return the address of this machine as the cluster sees it.

    Raises:
        AnalyticsError: nobody answers there.

    """
    if master.startswith("local"):
        return "127.0.0.1"
    errors = []
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S) as probe:
                return str(probe.getsockname()[0])
        except OSError as error:
            errors.append(f"{place}: {error}")
    raise AnalyticsError(f"no Spark master answers ({'; '.join(errors)})")


def _packed(folder: Path) -> Path:
    """Return a zip of the rooms that executors need."""
    path = folder / "bartizan.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for room in ROOMS:
            for source in sorted((ROOT / room).rglob("*")):
                if source.is_file() and "__pycache__" not in source.parts:
                    made.write(source, source.relative_to(ROOT))
    return path
