"""What goes wrong is told once, and once more when it works again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger("worker")


@dataclass(slots=True)
class Troubles:
    """The troubles of one process; threads share it."""

    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __contains__(self, what: str) -> bool:
        """Whether something is in trouble now."""
        return what in self._known

    def attempt(self, what: str, act: Callable[[], object]) -> bool:
        """Do something that may fail; return whether it worked."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the edge that can act: report once, go on
            self.note(what, error)
            return False
        with self._lock:
            was_known = what in self._known
            self._known.discard(what)
        if was_known:
            log.info("works again", what=what)
        return True

    def note(self, what: str, error: Exception) -> None:
        """Tell of a trouble that is new."""
        with self._lock:
            is_new = what not in self._known
            self._known.add(what)
        if is_new:
            log.warning("trouble", what=what, error=repr(error))
