"""Named SQL over the tables' files, in DuckDB; one cursor per call."""

import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb
import pyarrow as pa

from history.errors import HistoryError

_SQL = Path(__file__).parent / "sql"


class Engine:
    """DuckDB in this process, without any file of its own."""

    def __init__(self, threads: int = 2) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "temp_directory": str(Path(gettempdir()) / f"bartizan-duckdb-{os.getpid()}"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._connection.execute("set global TimeZone = 'UTC'")
        self._lock = threading.Lock()

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """Return a query's answer; several threads may ask at once.

        Raises:
            HistoryError: a file is gone or broken, or the query is wrong.

        """
        with self._lock:
            cursor = self._connection.cursor()
        try:
            table: pa.Table = cursor.sql(sql, params=dict(values)).to_arrow_table()
        except duckdb.Error as error:
            raise HistoryError(f"history does not answer: {error}") from error
        finally:
            cursor.close()
        return table


@cache
def template(name: str) -> str:
    """Return one named query; its places in braces are filled by ``fill``."""
    return (_SQL / f"{name}.sql").read_text("utf-8")


def fill(name: str, **places: str) -> str:
    """Return a query with its tables and conditions."""
    sql = template(name)
    for place, text in places.items():
        sql = sql.replace("{" + place + "}", text)
    return sql


def one_of(column: str, values: Any, marks: dict[str, Any]) -> str:
    """Return a condition that ``column`` is one of ``values`` (None: any); fills ``marks``."""
    if values is None:
        return "1 = 1"
    names = []
    for at, value in enumerate(values):
        marks[f"{column}_{at}"] = value
        names.append(f"${column}_{at}")
    return f"{column} in ({', '.join(names)})" if names else "1 = 0"
