"""Connections to PostgreSQL: where it is, those that read, the one that writes.

``psycopg_pool`` keeps its callers waiting while a server refuses; here the reason is told at once,
so that a page or a check of health fails in milliseconds and not after a time-out.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import conninfo, pq
from psycopg import errors as pg

from history.errors import HistoryBusy, HistoryError
from history.places import shown

Link = psycopg.Connection[Any]
Answer = TypeVar("Answer")

SCHEMA = "bartizan"
OLDEST = 15
READ_SECONDS = 60  # a question that takes longer is given up
_LOCK_SECONDS = 10  # for a table or a row that another holds
_MOST = 8  # connections of one process that read
_WAIT_SECONDS = 10  # for one of them
_BALANCES = 160000  # libpq that can choose among replicas
_DEFAULTS = {
    "application_name": "bartizan",
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "lock_timeout": f"{_LOCK_SECONDS}s",
    "tcp_keepalives_idle": "30",  # the server's own, or a lost writer would hold its lock for hours
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A history on PostgreSQL: how to reach the database, and the schema that holds the tables."""

    shown: str
    schema: str
    options: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read ``postgresql://user:password@host[,host…]/database?schema=name&…``.

        Raises:
            HistoryError: if PostgreSQL could not read it; no part of it is repeated but the shown.

        """
        head, _, query = url.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        schema = next((value for name, _, value in pairs if name == "schema"), "") or SCHEMA
        rest = "&".join(f"{name}={value}" for name, _, value in pairs if name != "schema")
        told = HistoryError(
            f"HISTORY_URL {shown(url)} is no address of PostgreSQL; special characters in a "
            "password are written as %40 (@), %3A (:), %2F (/), %23 (#), %3F (?), %25 (%)"
        )
        try:
            options = {
                name: str(value)
                for name, value in conninfo.conninfo_to_dict(f"{head}?{rest}").items()
            }
        except psycopg.Error:
            raise told from None  # its words may hold a part of the password
        if "@" in options.get("host", ""):
            raise told
        return cls(shown(url), schema, options)

    @property
    def hosts(self) -> int:
        """How many servers it names."""
        return len(self.options.get("host", "").split(","))

    def key(self, purpose: str) -> int:
        """Return the number of a lock of this history in its database."""
        digest = hashlib.sha256(f"bartizan {self.schema} {purpose}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def error(self, error: BaseException) -> HistoryError:
        """Return what the server said as an error of history; no password is in it."""
        words = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, pg.QueryCanceled):
            words = f"a question took longer than {READ_SECONDS} s and was given up ({words})"
        secret = self.options.get("password")
        if secret:
            words = words.replace(secret, "***")
        return HistoryError(f"history at {self.shown}: {words}")

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Let only the errors of ``history.errors`` out."""
        try:
            yield
        except psycopg.Error as error:
            raise self.error(error) from error

    def connect(self, *, is_writing: bool) -> Link:
        """Open a connection: to the primary to write, to a replica if there is one to read.

        Raises:
            HistoryError: no server answers, lets us in, or is new enough.

        """
        options: dict[str, Any] = {**_DEFAULTS, **self.options}
        if is_writing:
            options["target_session_attrs"] = "read-write"
        elif self.hosts > 1:
            options.setdefault("target_session_attrs", "prefer-standby")
            if pq.version() >= _BALANCES:
                options.setdefault("load_balance_hosts", "random")
        with self.telling():
            link = psycopg.connect(**options, autocommit=True)
        try:
            self._check(link)
            with self.telling():
                _set(
                    link, _SESSION | {"statement_timeout": f"{0 if is_writing else READ_SECONDS}s"}
                )
        except BaseException:
            link.close()
            raise
        return link

    def _check(self, link: Link) -> None:
        version = link.info.server_version
        if version < OLDEST * 10000:
            raise HistoryError(
                f"history at {self.shown}: PostgreSQL {version // 10000} is too old, "
                f"{OLDEST} or newer is needed"
            )
        encoding = link.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise HistoryError(
                f"history at {self.shown}: the database is in {encoding}; "
                "make one with `create database … encoding 'UTF8'`"
            )


def _set(link: Link, settings: Mapping[str, str]) -> None:
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    values = [text for pair in settings.items() for text in pair]
    link.execute(f"select {calls}".encode(), values)


def is_alive(link: Link) -> bool:
    """Whether the server still answers on a connection."""
    try:
        link.execute(b"")
    except psycopg.Error:
        return False
    return True


class Links:
    """Connections that read, made when needed and kept; threads may share them."""

    def __init__(self, address: Address, *, is_writing: bool) -> None:
        self.address = address
        self._is_writing = is_writing
        self._free = threading.BoundedSemaphore(_MOST)
        self._idle: list[Link] = []
        self._is_closed = False

    def run(self, work: Callable[[Link], Answer]) -> Answer:
        """Return what ``work`` makes of a connection; once again where the server let go of it.

        A replica cancels a question that stands in the way of what it must apply; a server that
        starts anew drops its connections.

        Raises:
            HistoryError: see ``Address``; or all connections are busy.

        """
        with self.address.telling():
            try:
                return self._once(work)
            except (pg.SerializationFailure, pg.AdminShutdown, pg.CrashShutdown):
                return self._once(work)

    def _once(self, work: Callable[[Link], Answer]) -> Answer:
        with self.link() as link:
            return work(link)

    @contextmanager
    def link(self) -> Iterator[Link]:
        """Give a connection away for a while."""
        if not self._free.acquire(timeout=_WAIT_SECONDS):
            raise HistoryError(f"history at {self.address.shown}: all {_MOST} connections are busy")
        try:
            link = self._taken()
            try:
                yield link
            finally:
                self._give(link)
        finally:
            self._free.release()

    def _taken(self) -> Link:
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return self.address.connect(is_writing=self._is_writing)
            if is_alive(link):
                return link
            link.close()

    def _give(self, link: Link) -> None:
        is_idle = link.info.transaction_status is pq.TransactionStatus.IDLE
        if self._is_closed or link.closed or not is_idle:
            link.close()
        else:
            self._idle.append(link)

    def close(self) -> None:
        """Close the connections that nobody uses, and the others when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()


class Pen:
    """The connection that writes. A writer's holds the lock of the history as long as it lives."""

    def __init__(self, address: Address, *, is_only: bool) -> None:
        self.address = address
        self._is_only = is_only
        self._lock = threading.RLock()
        self._link: Link | None = None

    @contextmanager
    def transaction(self) -> Iterator[Link]:
        """Write in one transaction; threads take turns.

        Raises:
            HistoryBusy: another process has become the writer.
            HistoryError: the server is away or refuses.

        """
        with self._lock:
            link = self._alive()
            with self.address.telling(), link.transaction():
                yield link

    def take(self) -> None:
        """Be the writer, or say who is.

        Raises:
            HistoryBusy: another process writes this history.

        """
        with self._lock:
            self._alive()

    def _alive(self) -> Link:
        if self._link is not None and is_alive(self._link):
            return self._link
        if self._link is not None:
            self._link.close()
            self._link = None
        link = self.address.connect(is_writing=True)
        try:
            if self._is_only:
                self._claim(link)
        except BaseException:
            link.close()
            raise
        self._link = link
        return link

    def _claim(self, link: Link) -> None:
        with self.address.telling():
            row = link.execute(
                "select pg_try_advisory_lock(%s)", [self.address.key("writer")]
            ).fetchone()
        if row is None or not row[0]:
            raise HistoryBusy(f"another process writes the history at {self.address.shown}")

    def close(self) -> None:
        """Let another process write."""
        with self._lock:
            if self._link is not None:
                self._link.close()
                self._link = None
