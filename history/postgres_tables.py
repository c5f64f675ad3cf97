"""The tables on PostgreSQL: made once, changed when the schema is newer, a partition a month."""

import threading
from collections.abc import Iterable

import psycopg
from psycopg import errors as pg
from psycopg import sql

from history.errors import HistoryError, TooNew
from history.postgres_address import Address, Link
from history.postgres_copy import sql_type
from history.schemas import SHAPES, VERSION, Shape

_INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "observations": (("observed_at",), ("quantity", "observed_at")),
    "cases": (("feed_id", "case_id", "known_at"),),
    "notices": (("feed_id", "notice_id", "known_at"),),
    "alert_events": (("at",), ("occurrence",), ("key", "seq")),
    "feed_changes": (("id", "known_at"), ("known_at",)),
}
_LEARNT = ("observations", "readings")  # asked what was learnt lately, whatever it tells of


class Tables:
    """What stands in the schema of one history."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._is_known = False
        self._months: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def name(self, table: str) -> sql.Identifier:
        """Return a table's full name."""
        return sql.Identifier(self.address.schema, table)

    def are_made(self, link: Link) -> bool:
        """Whether the tables are there, and of this version.

        Raises:
            TooNew: a newer version made them.
            HistoryError: they are older, and no writer has changed them yet.

        """
        if self._is_known:
            return True
        version = self._version(link)
        if version is None:
            return False
        if version < VERSION:
            raise HistoryError(
                f"history at {self.address.shown} has schema {version}, this version of Bartizan "
                f"needs {VERSION}: start a worker, which changes it"
            )
        self._is_known = True
        return True

    def _version(self, link: Link) -> int | None:
        try:
            row = link.execute(
                sql.SQL("select version from {}").format(self.name("about"))
            ).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            return None
        if row is None:
            return None
        version = int(row[0])
        if version > VERSION:
            raise TooNew(
                f"history at {self.address.shown} has schema {version}, this version of Bartizan "
                f"knows up to {VERSION}: use a newer one"
            )
        return version

    def make(self, link: Link) -> None:
        """Make or change what is missing; two that do it at once take turns."""
        with link.transaction():
            link.execute("select pg_advisory_xact_lock(%s)", [self.address.key("tables")])
            self._make_schema(link)
            link.execute(
                sql.SQL("create table if not exists {} (version integer not null)").format(
                    self.name("about")
                )
            )
            version = self._version(link)
            link.execute(
                sql.SQL(
                    'create table if not exists {} ("table" text, source text, entry bigint '
                    'not null, position bigint not null, primary key ("table", source))'
                ).format(self.name("marks"))
            )
            for shape in SHAPES:
                self._make_table(link, shape)
            write = (
                "insert into {} values (%s)" if version is None else "update {} set version = %s"
            )
            link.execute(sql.SQL(write).format(self.name("about")), [VERSION])
        self._is_known = True

    def _make_schema(self, link: Link) -> None:
        schema = self.address.schema
        known = "select 1 from pg_namespace where nspname = %s"
        if link.execute(known, [schema]).fetchone():
            return  # it may be there for a role that may make none
        try:
            link.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        except pg.InsufficientPrivilege as error:
            raise HistoryError(
                f"history at {self.address.shown}: this role may make no schema; as an owner of "
                f"the database run `create schema {schema} authorization {link.info.user}`"
            ) from error

    def _make_table(self, link: Link, shape: Shape) -> None:
        columns = {field.name: sql_type(field.type) for field in shape.columns}
        listed = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
            for name, kind in columns.items()
        )
        parted = sql.SQL("")
        if shape.month is not None:
            parted = sql.SQL(" partition by range ({})").format(sql.Identifier(shape.month))  # type: ignore[assignment]
        made = sql.SQL("create table if not exists {} ({}){}")
        link.execute(made.format(self.name(shape.name), listed, parted))
        for name, kind in columns.items():
            link.execute(
                sql.SQL("alter table {} add column if not exists {} {}").format(
                    self.name(shape.name),
                    sql.Identifier(name),
                    sql.SQL(kind),
                )
            )
        for index in indexes(shape):
            link.execute(
                sql.SQL("create index if not exists {} on {} ({})").format(
                    sql.Identifier(f"{shape.name}_by_{'_'.join(index)}"),
                    self.name(shape.name),
                    sql.SQL(", ").join(map(sql.Identifier, index)),
                )
            )

        if shape.name in _LEARNT:  # rows come nearly in that order: a few bytes a block are enough
            link.execute(
                sql.SQL("create index if not exists {} on {} using brin (known_at)").format(
                    sql.Identifier(f"{shape.name}_by_known_at"), self.name(shape.name)
                )
            )

    def make_months(self, link: Link, shape: Shape, months: Iterable[str]) -> None:
        """Make the partitions of months, before the transaction that writes into them.

        Attaching a finished table holds no reader up, unlike ``create table … partition of``.
        """
        with self._lock:
            for month in months:
                if (shape.name, month) not in self._months:
                    self._make_month(link, shape, month)
                    self._months.add((shape.name, month))

    def forget_months(self) -> None:
        """Look again before the next row is written: partitions have gone."""
        with self._lock:
            self._months.clear()

    def _make_month(self, link: Link, shape: Shape, month: str) -> None:
        part = self.name(part_of(shape, month))
        first, after = bounds(month)
        with link.transaction():
            link.execute("select pg_advisory_xact_lock(%s)", [self.address.key("months")])
            found = link.execute("select to_regclass(%s)", [part.as_string(link)]).fetchone()
            if found is not None and found[0] is not None:
                return
            whole = self.name(shape.name)
            link.execute(
                sql.SQL("create table {} (like {} including defaults)").format(part, whole)
            )
            link.execute(
                sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
                    whole, part, sql.Literal(first), sql.Literal(after)
                )
            )


def indexes(shape: Shape) -> tuple[tuple[str, ...], ...]:
    """Return the columns of each index of a table."""
    if shape.name in _INDEXES:
        return _INDEXES[shape.name]
    if {"indicator", "district", "at"} <= set(shape.columns.names):
        return (("indicator", "district", "at"), ("at",))
    return ()


def part_of(shape: Shape, month: str) -> str:
    """Return the name of a month's partition.

    >>> from history.schemas import READINGS
    >>> part_of(READINGS, "2026-03")
    'readings_2026_03'

    """
    return f"{shape.name}_{month.replace('-', '_')}"


def bounds(month: str) -> tuple[str, str]:
    """Return the first instant of a month and of the month after.

    >>> bounds("9999-12")
    ('9999-12-01 00:00:00+00', '10000-01-01 00:00:00+00')

    """
    year, number = int(month[:4]), int(month[5:])
    after = (year + 1, 1) if number == 12 else (year, number + 1)  # noqa: PLR2004 - December
    return f"{month}-01 00:00:00+00", f"{after[0]:04}-{after[1]:02}-01 00:00:00+00"


def is_lost_month(error: BaseException | None) -> bool:
    """Whether a row found no partition: it was dropped after we looked."""
    return isinstance(error, pg.CheckViolation) and isinstance(error, psycopg.Error)
