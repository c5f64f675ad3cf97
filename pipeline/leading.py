"""Who leads: one worker measures, judges and publishes; what a former leader writes is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import structlog

from history import History, HistoryError
from store import Fenced, Lock, Store, StoreError

log = structlog.get_logger("worker")

NAME = "leader"
TTL = timedelta(seconds=5)  # so long a leader that hangs, or whose machine is gone, still leads
RENEW_EVERY_S = 1.0


@dataclass(slots=True)
class Lead:
    """The lease of the leader, as this worker holds it or not; a fence for what it writes.

    Who has just become the one writer of the history knows that the last leader is dead, and
    need not wait for its lease to run out. A worker that lost the lease while it lived waits: two
    that each think themselves the one writer (of two histories) must not snatch it for ever.
    """

    store: Store
    history: History
    is_lost: bool = False
    _lock: Lock | None = None
    _epoch: int | None = None
    _may_force: bool = True
    name: str = NAME
    _is_told: bool = field(default=False)

    @property
    def is_held(self) -> bool:
        """Whether this worker leads, as far as it knows."""
        return self._lock is not None and not self.is_lost

    @property
    def token(self) -> int:
        """The number of this leadership."""
        return 0 if self._lock is None else self._lock.token

    def seek(self) -> bool:
        """Try to become the leader.

        Raises:
            StoreError: where nobody can say.

        """
        is_only_writer = self._may_force and self._be_writer()
        epoch = self.store.epoch()
        lock = self.store.lock(NAME, ttl=TTL, is_forced=is_only_writer)
        if lock is None:
            return False
        self._lock, self._epoch, self.is_lost = lock, epoch, False
        self._may_force = True
        log.info("leads", token=lock.token)
        return True

    def renew(self) -> bool:
        """Lengthen the lease; False once it has passed to somebody else.

        A store that started empty has forgotten the lease: it is taken again, if nobody was faster.

        Raises:
            StoreError: where nobody can say.

        """
        lock = self._lock
        if lock is None or self.is_lost:
            return False
        if lock.renew():
            return True
        epoch = self.store.epoch()
        if epoch != self._epoch and (again := self.store.lock(NAME, ttl=TTL)) is not None:
            self._lock, self._epoch = again, epoch
            return True
        self.is_lost = True
        return False

    def confirm(self) -> None:
        """Return if this worker leads still, for longer than what it is about to write takes.

        Raises:
            Fenced: it does not.

        """
        if not self.renew():
            raise Fenced("another worker leads")

    def keep(self) -> None:
        """Renew what is held, and be the writer of the history if nobody else is.

        A writer is not asked again: what it is about to write would hold up the next renewal.
        """
        if self.is_held and self.renew() and not self.history.engine.is_writer:
            self._be_writer()

    def lay_down(self) -> None:
        """Lead no more: after a lost lease, or at the end of this worker."""
        if self.is_lost:
            log.warning("another worker leads")
            self._may_force = False
        lock, self._lock = self._lock, None
        self.is_lost = False
        attempts: list[Callable[[], object]] = [self.history.demote]
        if lock is not None:
            attempts.append(lock.release)
        for act in attempts:
            try:
                act()
            except (StoreError, HistoryError) as error:
                log.info("not laid down in order", reason=str(error))

    def _be_writer(self) -> bool:
        """Be the one writer of the history where nobody else is; whether this one is."""
        try:
            return self.history.promote()
        except HistoryError as error:
            if not self._is_told:
                self._is_told = True
                log.warning("the history cannot be taken over", reason=str(error))
            return False

    def release(self) -> None:
        """See ``Lock``."""
        self.lay_down()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
