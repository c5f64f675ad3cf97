"""Tidying on PostgreSQL: rows changed in place, months dropped, space taken back, sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from psycopg import sql

from history.columns import month_of
from history.postgres_address import Link
from history.postgres_copy import fetch, into, months
from history.postgres_links import Links
from history.postgres_tables import Tables
from history.schemas import SHAPES, Shape

_NO_HURRY = "set local statement_timeout = 0"
_NO_QUEUE = "set local lock_timeout = '2s'"  # who waits for a table holds everybody up behind it


@dataclass(frozen=True, slots=True)
class Span:
    """The rows whose instant ``column`` lies in ``[since, until)``."""

    column: str
    since: datetime
    until: datetime

    def condition(self) -> sql.Composed:
        """Return what stands after ``where``."""
        return sql.SQL("{0} >= {1} and {0} < {2}").format(
            sql.Identifier(self.column), sql.Literal(self.since), sql.Literal(self.until)
        )


class Broom:
    """What only the writer may do; see ``Engine`` for the meaning of each."""

    def __init__(self, tables: Tables, links: Links) -> None:
        self._tables = tables
        self._links = links

    def rewrite(
        self, shape: Shape, change: Callable[[pa.Table], pa.Table], span: Span
    ) -> tuple[int, int]:
        """Change the rows of a span; what is added meanwhile is not seen here, and stays."""

        def put(link: Link) -> tuple[int, int]:
            with link.transaction():
                link.execute("set transaction isolation level repeatable read")
                link.execute(_NO_HURRY)
                found = fetch(link, self._rows(shape, span).as_string(link), shape.columns)
                changed = change(found)
                if changed is not found:
                    self._make_months(shape, changed)
                    gone = sql.SQL("delete from {} where {}")
                    link.execute(gone.format(self._tables.name(shape.name), span.condition()))
                    into(self._tables.address.schema, shape, changed).send(link)
            return found.num_rows, changed.num_rows

        return self._links.run(put)

    def _rows(self, shape: Shape, span: Span) -> sql.Composed:
        names = sql.SQL(", ").join(map(sql.Identifier, shape.columns.names))
        table = self._tables.name(shape.name)
        return sql.SQL("select {} from {} where {}").format(names, table, span.condition())

    def _make_months(self, shape: Shape, data: pa.Table) -> None:
        self._links.run(lambda link: self._tables.make_months(link, shape, months(data, shape)))

    def drop(self, shape: Shape, before: datetime) -> int:
        """Drop the months before an instant and delete the rest, a month a transaction."""
        try:
            return self._links.run(lambda link: self._drop(link, shape, before))
        finally:
            self._tables.forget_months()

    def _drop(self, link: Link, shape: Shape, before: datetime) -> int:
        last, n_gone = month_of(before), 0
        for part in self._parts(link, shape):
            month = part[-7:].replace("_", "-")
            table = self._tables.name(part)
            with link.transaction():
                link.execute(_NO_HURRY)
                link.execute(_NO_QUEUE)
                if month < last:
                    row = link.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
                    link.execute(sql.SQL("drop table {}").format(table))
                    n_gone += int(row[0]) if row else 0
                elif month == last:
                    gone = sql.SQL("delete from {} where {} < {}").format(
                        table, sql.Identifier(shape.month or ""), sql.Literal(before)
                    )
                    n_gone += link.execute(gone).rowcount
        return n_gone

    def clear(self, link: Link) -> None:
        """Delete all rows and all marks, in one transaction."""
        names = [self._tables.name(name) for name in ("marks", *(s.name for s in SHAPES))]
        with link.transaction():
            link.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(names)))

    def vacuum(self) -> dict[str, int]:
        """Vacuum the partitions that have changed, on a connection of its own: it may take long."""
        address = self._tables.address
        link = address.connect(is_writing=True)
        try:
            with address.telling():
                return {shape.name: self._vacuum(link, shape) for shape in SHAPES}
        finally:
            link.close()

    def _vacuum(self, link: Link, shape: Shape) -> int:
        n_changed = 0
        for part in self._parts(link, shape):
            table = self._tables.name(part)
            row = link.execute(
                "select n_mod_since_analyze + n_dead_tup + n_ins_since_vacuum "
                "from pg_stat_user_tables where relid = %s::regclass",
                [table.as_string(link)],
            ).fetchone()
            if row is not None and row[0]:
                link.execute(sql.SQL("vacuum (analyze) {}").format(table))
                n_changed += 1
        return n_changed

    def sizes(self, link: Link) -> dict[str, tuple[int, int]]:
        """Return partitions and bytes, indexes with them, by table."""
        if not self._tables.are_made(link):
            return {shape.name: (0, 0) for shape in SHAPES}
        return {shape.name: self._size(link, shape) for shape in SHAPES}

    def _size(self, link: Link, shape: Shape) -> tuple[int, int]:
        parts = [self._tables.name(part).as_string(link) for part in self._parts(link, shape)]
        row = link.execute(
            "select coalesce(sum(pg_total_relation_size(name::regclass)), 0)::bigint "
            "from unnest(%s::text[]) as name",
            [parts],
        ).fetchone()
        return len(parts), int(row[0]) if row else 0

    def _parts(self, link: Link, shape: Shape) -> list[str]:
        """Return the names of a table's partitions; of one without months, the table's own."""
        if shape.month is None:
            return [shape.name]
        query = (
            "select relname from pg_partition_tree(%s) join pg_class c on c.oid = relid "
            "where isleaf and c.relkind = 'r' order by 1"
        )
        whole = self._tables.name(shape.name).as_string(link)
        return [str(row[0]) for row in link.execute(query, [whole]).fetchall()]
