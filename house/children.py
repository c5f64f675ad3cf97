"""The processes of the house: started on a leash, restarted when they die, ended in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from house import leash

log = structlog.get_logger("house")

ROOT = Path(__file__).resolve().parents[1]
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
HEALTHY_S = 60.0  # a child that lived this long starts again at the shortest wait


@dataclass(frozen=True, slots=True)
class Role:
    """One child: what it is called and what it runs; ``head_start_s`` before the next is ended."""

    name: str
    command: tuple[str, ...]
    head_start_s: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Child:
    """A role and the process that plays it now."""

    role: Role
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_s: float = FIRST_WAIT_S
    due_at: float = 0.0
    restarts: int = 0

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True)
class Children:
    """All children of one house. Start and tend them from the main thread only.

    The kernel's promise to end a child with its parent is bound to the thread that started it.
    """

    roles: Sequence[Role]
    environment: Mapping[str, str]
    _all: list[Child] = field(default_factory=list)
    _ends: tuple[int, int] | None = None

    def start(self) -> None:
        """Start every child."""
        self._ends = os.pipe()  # closed by the system when we die; nobody ever writes
        self._all = [Child(role) for role in self.roles]
        self.tend(time.monotonic())

    def tend(self, now: float) -> None:
        """Notice who died, and start again whose wait is over."""
        for child in self._all:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.process is None and now >= child.due_at:
                self._spawn(child, now)

    def stop(self, within_s: float) -> None:
        """End the children in their order, each by SIGTERM, all within the time.

        A child's successor is asked when the child has gone or its head start is over.
        """
        until = time.monotonic() + within_s
        for child in self._all:
            if child.process is not None and child.is_running:
                child.process.terminate()
                _wait([child], min(until, time.monotonic() + child.role.head_start_s))
        _wait(self._all, until)
        for child in self._all:
            if child.process is not None and child.is_running:
                log.warning("child did not end in time", child=child.role.name)
                with suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        if self._ends:
            for end in self._ends:
                os.close(end)
            self._ends = None

    def _spawn(self, child: Child, now: float) -> None:
        if self._ends is None:
            raise RuntimeError("the children have not been started, or are stopped")
        read_end = self._ends[0]
        child.process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-m", "house.leash", *child.role.command],
            env={
                **os.environ,
                **self.environment,
                **child.role.environment,
                "PYTHONPATH": os.pathsep.join(
                    item for item in (str(ROOT), os.environ.get("PYTHONPATH")) if item
                ),
                leash.NAME: str(read_end),
            },
            pass_fds=(read_end,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the house alone, which ends all in order
        )
        child.started_at = now

    def _bury(self, child: Child, now: float) -> None:
        if child.process is None:
            return
        code, lived_s = child.process.returncode, now - child.started_at
        with suppress(ProcessLookupError, PermissionError):  # what it left behind holds its port
            os.killpg(child.process.pid, signal.SIGKILL)
        wait_s = FIRST_WAIT_S if lived_s > HEALTHY_S else child.wait_s
        child.due_at = now + wait_s
        child.wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        child.process = None
        child.restarts += 1
        log.warning("child died", child=child.role.name, code=code, again_in_s=wait_s)


def _wait(children: Sequence[Child], until: float) -> None:
    while any(child.is_running for child in children) and time.monotonic() < until:
        time.sleep(0.02)
