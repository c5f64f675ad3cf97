"""Connections to PostgreSQL: those that read, and the one that writes.

``psycopg_pool`` keeps its callers waiting while a server refuses; here the reason is told at once,
so that a page or a check of health fails in milliseconds and not after a time-out.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg import errors as pg
from psycopg import pq

from history.errors import HistoryBusy, HistoryError
from history.postgres_address import Address, Link

Answer = TypeVar("Answer")

_MOST = 8  # connections of one process that read
_WAIT_SECONDS = 10  # for one of them


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
            except psycopg.Error as error:
                if _is_standby(error):
                    link.close()
                raise
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


def _is_standby(error: BaseException | None) -> bool:
    """Whether the server has become one that only reads."""
    return isinstance(error, pg.ReadOnlySqlTransaction)


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
            try:
                with self.address.telling(), link.transaction():
                    yield link
            except HistoryError as error:
                if _is_standby(error.__cause__):
                    link.close()  # the next one looks for the primary
                raise

    def take(self) -> None:
        """Be the writer, or say who is.

        Raises:
            HistoryBusy: another process writes this history.

        """
        with self._lock:
            self._alive()

    def give_up(self) -> None:
        """Let another process be the writer, and go on writing beside it."""
        with self._lock:
            self._is_only = False
            self.close()

    def claim(self) -> None:
        """Be the writer from now on.

        Raises:
            HistoryBusy: another process writes this history.

        """
        with self._lock:
            link = self._alive()
            if not self._is_only:
                self._claim(link)
                self._is_only = True

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
                with suppress(pg.Error):  # now, not when the server hears of the end
                    self._link.execute("select pg_advisory_unlock_all()")
                self._link.close()
                self._link = None
