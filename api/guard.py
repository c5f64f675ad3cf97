"""Who shows too many wrong secrets is told to wait; the right one is heard all the same."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

MINUTE = timedelta(minutes=1)
ALLOWED = 10  # wrong secrets a minute
REMEMBERED = 10_000  # callers; beyond it the one that failed longest ago is forgotten


@dataclass(slots=True)
class Guard:
    """Counts wrong secrets by caller over the last minute; threads may share it."""

    allowed: int = ALLOWED
    _failed: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, caller: str, now: datetime) -> int | None:
        """Return for how many seconds a wrong secret is refused unseen, or ``None``."""
        with self._lock:
            times = self._failed.get(caller)
            while times and now - times[0] >= MINUTE:
                times.popleft()
            if not times or len(times) < self.allowed:
                return None
            return max(1, round((times[0] + MINUTE - now).total_seconds()))

    def failed(self, caller: str, now: datetime) -> None:
        """Note a wrong secret."""
        with self._lock:
            times = self._failed.pop(caller, None) or deque(maxlen=self.allowed)
            times.append(now)
            self._failed[caller] = times
            while len(self._failed) > REMEMBERED:
                del self._failed[next(iter(self._failed))]


def caller_of(peer: str | None, forwarded: str | None) -> str:
    """Return the address that calls: where a proxy on this machine passes it on, the one it names.

    Only the last address of ``X-Forwarded-For`` is the proxy's own word.

    >>> caller_of("127.0.0.1", "6.6.6.6, 192.0.2.7")
    '192.0.2.7'
    >>> caller_of("192.0.2.9", "6.6.6.6")
    '192.0.2.9'

    """
    named = (forwarded or "").rpartition(",")[2].strip()
    try:
        if named and ip_address(peer or "").is_loopback:
            return str(ip_address(named))
    except ValueError:
        pass
    return peer or ""
