"""DuckDB in this process: one cursor per call."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb
import pyarrow as pa

from history.errors import HistoryError


class Duck:
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
