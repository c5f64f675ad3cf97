"""Where a history on PostgreSQL is, how to connect to it, and what to say where that fails."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import conninfo, pq
from psycopg import errors as pg

from history.errors import HistoryError
from history.places import shown

Link = psycopg.Connection[Any]

SCHEMA = "bartizan"
OLDEST = 15
READ_SECONDS = 60  # a question that takes longer is given up
_LOCK_SECONDS = 10  # for a table or a row that another holds
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
