"""The engine on a server: PostgreSQL 15 or newer, for several hosts and for replicas.

A row and the mark of its source are one transaction. One writer holds a lock of the database as
long as its connection lives; guests append beside it. Readers go to replicas where there are any.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
from psycopg import sql

from history.dialect import to_postgres
from history.errors import HistoryBusy, HistoryError
from history.marks import Mark
from history.postgres_address import Address, Link
from history.postgres_copy import Into, columns_of, fetch, into, months
from history.postgres_links import Links, Pen
from history.postgres_snapshot import PostgresSnapshot, looking
from history.postgres_tables import Tables, is_lost_month
from history.postgres_tidy import Broom, Span
from history.schemas import SHAPES, Shape


class PostgresEngine:
    """Tables in a schema of one database; threads may share it."""

    name = "postgresql"

    def __init__(self, url: str, *, writer: bool, guest: bool = False) -> None:
        self.address = Address.of(url)
        self.is_writer = writer
        self.tables = Tables(self.address)
        self._links = Links(self.address, is_writing=writer or guest)
        self._broom = Broom(self.tables, self._links)
        self._pen = Pen(self.address, is_only=writer) if writer or guest else None
        self._locks = {shape.name: threading.RLock() for shape in SHAPES}
        self._seen: dict[tuple[str, str], Mark | None] = {}
        self._schemas: dict[str, pa.Schema] = {}
        if writer:
            self._be_writer()

    def _be_writer(self) -> None:
        try:
            self._writing().take()
            self._links.run(self.tables.make)
        except BaseException:
            self.close()
            raise

    def promote(self) -> bool:
        """See ``Engine``."""
        try:
            self._writing().claim()
        except HistoryBusy:
            self.demote()
            return False
        if not self.is_writer:
            self._links.run(self.tables.make)
            self.is_writer = True
        return True

    def demote(self) -> None:
        """See ``Engine``."""
        self.is_writer = False
        self._writing().give_up()

    def close(self) -> None:
        """Give the connections back, and with them the writer's lock."""
        if self._pen is not None:
            self._pen.close()
        self._links.close()

    def held(self, shape: Shape) -> AbstractContextManager[object]:
        """See ``Engine``: threads take turns here, processes when they append."""
        return self._locks[shape.name]

    def last_mark(self, shape: Shape, source: str) -> Mark | None:
        """See ``Engine``."""
        with self._locks[shape.name]:
            mark = self._links.run(lambda link: self._mark(link, shape, source))
            self._seen[shape.name, source] = mark
            return mark

    def _mark(self, link: Link, shape: Shape, source: str) -> Mark | None:
        if not self.tables.are_made(link):
            return None
        query = 'select entry, position from {} where "table" = %s and source = %s'
        row = link.execute(
            sql.SQL(query).format(self.tables.name("marks")), [shape.name, source]
        ).fetchone()
        return None if row is None else Mark(*row)

    def append(
        self, shape: Shape, data: pa.Table, *, source: str | None = None, mark: Mark | None = None
    ) -> None:
        """See ``Engine``; refuses where another process has moved ``source`` since we looked."""
        rows = into(self.address.schema, shape, data)
        with self._locks[shape.name]:
            try:
                self._append(shape, data, rows, source, mark)
            except HistoryError as error:
                if not is_lost_month(error.__cause__):
                    raise
                self.tables.forget_months()
                self._append(shape, data, rows, source, mark)

    def _append(
        self, shape: Shape, data: pa.Table, rows: Into, source: str | None, mark: Mark | None
    ) -> None:
        self._make_months(shape, data)
        with self._writing().transaction() as link:
            if source is not None and mark is not None:
                self._move(link, shape, source, mark)
            rows.send(link)
        if source is not None and mark is not None:
            self._seen[shape.name, source] = mark

    def _make_months(self, shape: Shape, data: pa.Table) -> None:
        def make(link: Link) -> None:
            if not self.tables.are_made(link):
                raise HistoryError(
                    f"history at {self.address.shown} has no tables yet: start a worker first"
                )
            self.tables.make_months(link, shape, months(data, shape))

        self._writing()
        self._links.run(make)

    def _move(self, link: Link, shape: Shape, source: str, mark: Mark) -> None:
        """Move the mark of a source from where we saw it."""
        table, seen = self.tables.name("marks"), self._seen.get((shape.name, source))
        if seen is None:
            moved = link.execute(
                sql.SQL("insert into {} values (%s, %s, %s, %s) on conflict do nothing").format(
                    table
                ),
                [shape.name, source, mark.entry, mark.position],
            )
        else:
            moved = link.execute(
                sql.SQL(
                    'update {} set entry = %s, position = %s where "table" = %s and source = %s '
                    "and entry = %s and position = %s"
                ).format(table),
                [mark.entry, mark.position, shape.name, source, seen.entry, seen.position],
            )
        if moved.rowcount != 1:
            raise HistoryError(
                f"history table {shape.name}: concurrent append, another process has moved "
                f"{source} since we looked"
            )

    def relation(
        self,
        shape: Shape,
        since: datetime | None = None,  # noqa: ARG002 - the question names its span, PostgreSQL finds the months
        until: datetime | None = None,  # noqa: ARG002 - as above
    ) -> str:
        """See ``Engine``."""
        if self._links.run(self.tables.are_made):
            return f'"{self.address.schema}"."{shape.name}"'
        return f"(select {_nothing(shape)} where 1 = 0)"

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""
        return self._links.run(lambda link: self.ask_on(link, sql, values))

    def ask_on(self, link: Link, question: str, values: Mapping[str, Any]) -> pa.Table:
        """Answer a query in the transaction of a connection."""
        said = to_postgres(question)
        parts = [said.texts[0]]
        for name, text in zip(said.names, said.texts[1:], strict=True):
            parts += [sql.Literal(values[name]).as_string(link), text]
        query = "".join(parts)
        columns = self._schemas.get(question)
        if columns is None:
            columns = columns_of(link, query)
            if len(self._schemas) > 1000:  # noqa: PLR2004 - some megabytes
                self._schemas.clear()
            self._schemas[question] = columns
        return fetch(link, query, columns)

    def rewrite(
        self,
        shape: Shape,
        change: Callable[[pa.Table], pa.Table],
        *,
        since: datetime,
        until: datetime,
        by: str | None = None,
    ) -> tuple[int, int]:
        """See ``Engine``; what others add meanwhile stays as it is."""
        self._tidying()
        span = Span(by or shape.month or "", since, until)
        return self._broom.rewrite(shape, change, span)

    def drop(self, shape: Shape, before: datetime) -> int:
        """See ``Engine``; whole months go as tables, which costs nothing."""
        self._tidying()
        return self._broom.drop(shape, before)

    def compact(self) -> dict[str, int]:
        """See ``Engine``: vacuums what has changed; PostgreSQL does the rest by itself."""
        self._tidying()
        return self._broom.vacuum()

    @contextmanager
    def snapshot(self) -> Iterator[PostgresSnapshot]:
        """See ``Engine``."""
        with looking(self.address, self.tables) as link:
            yield PostgresSnapshot(self, link)

    def clear(self) -> None:
        """See ``Engine``."""
        self._tidying()
        self._links.run(self._broom.clear)
        self._seen.clear()

    def has_rows(self, shape: Shape) -> bool:
        """See ``Engine``."""
        one = f"select 1 as one from {self.relation(shape)} as t limit 1"  # noqa: S608 - our names
        return bool(self.ask(one, {}).num_rows)

    def counts(self) -> dict[str, int]:
        """See ``Engine``."""
        return {shape.name: self._count(shape) for shape in SHAPES}

    def _count(self, shape: Shape) -> int:
        question = f"select count(*) as n from {self.relation(shape)} as t"  # noqa: S608 - our names
        return int(self.ask(question, {})["n"][0].as_py())

    def sizes(self) -> dict[str, tuple[int, int]]:
        """See ``Engine``."""
        return self._links.run(self._broom.sizes)

    def _writing(self) -> Pen:
        if self._pen is None:
            raise HistoryError(f"history at {self.address.shown} is open for reading only")
        return self._pen

    def _tidying(self) -> None:
        if not self.is_writer:
            raise HistoryError("only the writer of a history may tidy it")
        self._writing().take()


def _nothing(shape: Shape) -> str:
    """Return typed empty columns, in DuckDB's dialect."""
    return ", ".join(
        f'cast(null as {_DUCK[field.type]}) as "{field.name}"' for field in shape.columns
    )


_DUCK = {
    pa.string(): "varchar",
    pa.float64(): "double",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.timestamp("us", "UTC"): "timestamptz",
    pa.list_(pa.string()): "varchar[]",
}
