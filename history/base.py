"""What an engine of history promises: appends with marks, questions in one dialect, tidying.

Everything else (which query answers what, what a rollup is, when a day is sealed) is written once,
above this line, and is the same on every engine.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from history.marks import Mark
from history.schemas import Shape


class View(Protocol):
    """A history as it was at one moment: each table whole, none torn by what is written since."""

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Engine``."""

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""

    def marks(self, shape: Shape) -> dict[str, Mark]:
        """Return the mark of every source of a table."""


class Engine(Protocol):
    """Where the tables live. Threads may share one; every method may raise ``HistoryError``."""

    @property
    def name(self) -> str:
        """``delta`` or ``postgresql``."""

    @property
    def is_writer(self) -> bool:
        """Whether this is the one that may tidy: seal, roll up, drop, vacuum."""

    def promote(self) -> bool:
        """Be the writer from now on, where nobody else is; return whether this one is.

        What was opened as a guest or a writer may ask, as often as it likes.
        """

    def demote(self) -> None:
        """Let another be the writer; go on as its guest."""

    def held(self, shape: Shape) -> AbstractContextManager[object]:
        """Return what is held between ``last_mark`` and ``append`` of one source."""

    def last_mark(self, shape: Shape, source: str) -> Mark | None:
        """Return the mark of the last row that came from ``source``."""

    def append(
        self, shape: Shape, data: pa.Table, *, source: str | None = None, mark: Mark | None = None
    ) -> None:
        """Write rows and, with them or not at all, the mark of ``source``."""

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """Return what stands after ``from`` in a query over ``[since, until]`` (months, widely)."""

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """Answer a query in DuckDB's dialect with ``$name`` for its values; instants are UTC."""

    def rewrite(
        self,
        shape: Shape,
        change: Callable[[pa.Table], pa.Table],
        *,
        since: datetime,
        until: datetime,
        by: str | None = None,
    ) -> tuple[int, int]:
        """Put what ``change`` makes of the rows of ``[since, until)`` in their place, in one step.

        The span is of the instant ``by``; without it, of ``shape.month``, and both ends lie in one
        month. Other writers may append beside it: what they add to the span meanwhile is either
        handed to ``change`` (which may be called again) or stays as it is. Where ``change``
        returns the very table that it was given, nothing is written.

        Returns:
            How many rows there were, and how many there are.

        """

    def drop(self, shape: Shape, before: datetime) -> int:
        """Delete the rows whose instant ``shape.month`` lies before; return how many."""

    def compact(self) -> dict[str, int]:
        """Merge small files and drop what no reader can still hold; return files by table."""

    def has_rows(self, shape: Shape) -> bool:
        """Whether a table has any row; quick, unlike ``counts``."""

    def counts(self) -> dict[str, int]:
        """Return rows by table, all versions counted."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return files (or partitions) and bytes by table."""

    def snapshot(self) -> AbstractContextManager[View]:
        """Look at all tables as they are now, for minutes or hours.

        On PostgreSQL it is one transaction; Delta tables are taken one after the other, within
        some milliseconds, in the order of ``SHAPES``.
        """

    def clear(self) -> None:
        """Delete all rows and all marks."""

    def close(self) -> None:
        """Give memory, connections and the writer's lock back."""
