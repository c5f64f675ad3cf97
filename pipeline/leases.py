"""Leases that are kept alive while work goes on: one poller per feed across processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from store import Lock, Store, StoreError

TTL = timedelta(seconds=10)  # so long a killed worker's feeds stay unasked
RENEW_EVERY_S = 2.5


@dataclass(slots=True)
class Held:
    """A lease that is ours, as far as we know."""

    lock: Lock
    is_lost: bool = False

    def renew(self) -> bool:
        """Lengthen it; False once it has passed to somebody else, for ever.

        Raises:
            StoreError: where nobody can say.

        """
        if not self.is_lost and not self.lock.renew():
            self.is_lost = True
        return not self.is_lost


@dataclass(slots=True)
class Leases:
    """The leases of this process; a thread of its own renews them."""

    store: Store
    _held: list[Held] = field(default_factory=list)
    _changed: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def hold(self, name: str) -> Iterator[Held | None]:
        """Hold a lease while inside; ``None`` where another process has it."""
        lock = self.store.lock(name, ttl=TTL)
        if lock is None:
            yield None
            return
        held = Held(lock)
        with self._changed:
            self._held.append(held)
        try:
            yield held
        finally:
            with self._changed:
                self._held.remove(held)
            with suppress(StoreError):
                lock.release()

    def run(self, stop: threading.Event) -> None:
        """Renew what is held until told to stop."""
        while not stop.wait(RENEW_EVERY_S):
            with self._changed:
                held = list(self._held)
            for one in held:
                with suppress(StoreError):  # it may still be ours; asked again before it is used
                    one.renew()
