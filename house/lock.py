"""One house per data folder: a lock that the system drops when its holder dies."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 2.0  # how long a holder may take to write its name


@dataclass(frozen=True, slots=True)
class Holder:
    """The house that runs on a folder."""

    pid: int
    url: str


class Taken(Exception):  # noqa: N818 - it is an answer, not a failure
    """Another house runs on this folder."""

    def __init__(self, holder: Holder | None) -> None:
        """Keep who it is, where that can be read."""
        super().__init__(holder)
        self.holder = holder


@contextmanager
def hold(folder: Path, url: str) -> Iterator[None]:
    """Hold the folder's lock.

    Raises:
        Taken: if another process holds it.
        OSError: if the folder cannot be written.

    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "house.lock"
    with path.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(_read(path)) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "url": url}))
        lock.flush()
        yield
        lock.truncate(0)


def _read(path: Path) -> Holder | None:
    """Return what the holder wrote; it may have taken the lock an instant ago."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            found = json.loads(path.read_text(encoding="ascii"))
            return Holder(int(found["pid"]), str(found["url"]))
        except (ValueError, KeyError, TypeError):
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
