"""A bounded queue between the network and the store: when it is full, the network waits."""

import threading
from collections import deque
from dataclasses import dataclass, field

from model import Delivery

_LONGEST_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it came; ``number``, ``qos`` and ``connection`` are for its receipt."""

    delivery: Delivery
    number: int
    qos: int
    connection: int


@dataclass(slots=True)
class Inbox:
    """At most ``most`` messages and 32 MB, whatever comes."""

    most: int
    _letters: deque[Letter] = field(default_factory=deque)
    _size: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, letter: Letter, *, within_s: float) -> bool:
        """Add a message; false where there was no room in time."""
        with self._changed:
            if not self._changed.wait_for(self._has_room, within_s):
                return False
            self._letters.append(letter)
            self._size += len(letter.delivery.body)
            self._changed.notify_all()
            return True

    def first(self, *, within_s: float) -> Letter | None:
        """Take the oldest message; ``None`` where none came in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._letters), within_s):
                return None
            letter = self._letters.popleft()
            self._size -= len(letter.delivery.body)
            self._changed.notify_all()
            return letter

    def _has_room(self) -> bool:
        return len(self._letters) < self.most and self._size < _LONGEST_BYTES
