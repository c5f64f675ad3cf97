"""Where a job runs: what an engine promises, and the one that is always there."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from history.base import Engine as Kept
from history.schemas import Shape

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Engine(Protocol):
    """Runs tasks, and answers queries as the history does. Every engine gives the same answers."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def width(self) -> int:
        """How many tasks run at once."""

    def each(self, work: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers to tasks, in their order."""

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """Return what stands after ``from`` in a query over ``[since, until]`` (months, widely)."""

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """Answer a query in DuckDB's dialect with ``$name`` for its values; instants are UTC."""

    def by_group(
        self, work: Callable[[pa.Table], str], column: str, sql: str, values: Mapping[str, Any]
    ) -> list[str]:
        """Return what ``work`` makes of the answer's rows of each value of a column of text."""

    def close(self) -> None:
        """Give processes and memory back."""


class Local:
    """This machine: the engine of the history, and some processes (none for a width of 1)."""

    name = "this machine"

    def __init__(self, kept: Kept, width: int | None = None) -> None:
        self.width = width or max(1, (os.cpu_count() or 1) - 1)  # one is left to the house
        self.relation = kept.relation
        self.ask = kept.ask
        self._pool: ProcessPoolExecutor | None = None

    def each(self, work: Callable[[Task], Answer], tasks: Sequence[Task]) -> Iterator[Answer]:
        """See ``Engine``."""
        if self.width == 1 or len(tasks) == 1:
            yield from map(work, tasks)
            return
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.width, mp_context=spawn)
        yield from self._pool.map(work, tasks)

    def by_group(
        self, work: Callable[[pa.Table], str], column: str, sql: str, values: Mapping[str, Any]
    ) -> list[str]:
        """See ``Engine``."""
        rows = self.ask(sql, values)
        names = sorted(pc.unique(rows[column]).to_pylist())
        return [work(rows.filter(pc.equal(rows[column], name))) for name in names]

    def close(self) -> None:
        """See ``Engine``."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
