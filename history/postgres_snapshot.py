"""A history on PostgreSQL as it was at one moment: one transaction that only reads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
from psycopg import sql

from history.marks import Mark
from history.postgres_address import Address, Link
from history.postgres_tables import Tables
from history.schemas import SHAPES, Shape


class _Engine(Protocol):
    tables: Tables

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str: ...

    def ask_on(self, link: Link, question: str, values: Mapping[str, Any]) -> pa.Table: ...


class PostgresSnapshot:
    """Asks in one transaction; one thread at a time."""

    def __init__(self, engine: _Engine, link: Link) -> None:
        self._engine = engine
        self._link = link

    def relation(
        self, shape: Shape, since: datetime | None = None, until: datetime | None = None
    ) -> str:
        """See ``Engine``."""
        return self._engine.relation(shape, since, until)

    def ask(self, sql: str, values: Mapping[str, Any]) -> pa.Table:
        """See ``Engine``."""
        return self._engine.ask_on(self._link, sql, values)

    def marks(self, shape: Shape) -> dict[str, Mark]:
        """See ``View``."""
        tables = self._engine.tables
        if not tables.are_made(self._link):
            return {}
        query = sql.SQL('select source, entry, position from {} where "table" = %s')
        found = self._link.execute(query.format(tables.name("marks")), [shape.name]).fetchall()
        return {source: Mark(entry, position) for source, entry, position in found}


@contextmanager
def looking(address: Address, tables: Tables) -> Iterator[Link]:
    """Open a connection of its own and a transaction that sees what was there at its start.

    It goes to the primary: a replica would cancel it after some minutes. The tables are locked
    against being dropped: a partition that goes would be gone from this transaction too.
    """
    link = address.connect(is_writing=True)
    try:
        with address.telling(), link.transaction():
            link.execute("set transaction isolation level repeatable read, read only")
            if tables.are_made(link):
                names = sql.SQL(", ").join(tables.name(shape.name) for shape in SHAPES)
                link.execute(sql.SQL("lock table {} in access share mode").format(names))
            yield link
    finally:
        link.close()
