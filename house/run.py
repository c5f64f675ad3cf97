"""The whole house in one command: lock, store, children; until a signal, then all down in order."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from house import lock
from house.children import ROOT, Children, Role
from store import embedded
from store.errors import EmbeddedError

log = structlog.get_logger("house")

TEND_S = 0.1
STOP_WITHIN_S = 3.8  # of the children; with the store's end it stays under five seconds
WEB_HEAD_START_S = 0.4
STORE_RETRY_S = 2.0
MAKE = "make"  # value of BARTIZAN_LEASH in the Makefile: end when make has been killed


class Refused(Exception):  # noqa: N818 - the input is bad, and the message says why
    """The house cannot start; the message is for the person who started it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, and the words that are printed first."""

    data: Path
    url: str
    listen: tuple[tuple[str, int], ...]
    has_own_store: bool
    is_simulated: bool
    environment: Mapping[str, str]
    demo: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    workers: int = 1


@dataclass(slots=True)
class Wish:
    """Whether somebody asked the house to end."""

    signals: list[int] = field(default_factory=list)

    def listen(self) -> None:
        """Take SIGTERM, SIGINT and SIGHUP as the wish to end."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda number, _frame: self.signals.append(number))

    @property
    def is_heard(self) -> bool:
        """Whether to end now."""
        return bool(self.signals)


def roles(plan: Plan) -> list[Role]:
    """Return the children in the order in which they are ended."""
    web = ("-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "app:server")
    found = [Role("web", web, WEB_HEAD_START_S)]
    for number in range(1, plan.workers + 1):
        name = "worker" if plan.workers == 1 else f"worker-{number}"
        head_start_s = 2.0 if number == plan.workers else 0.0  # all are asked at once
        slot = {"BARTIZAN_WORKER": str(number)}
        found.append(Role(name, (str(ROOT / "worker.py"),), head_start_s, slot))
    if plan.is_simulated:
        found.append(Role("demo", plan.demo, head_start_s=0.3))
    return found


def keep(plan: Plan, say: Callable[[str], None] = print) -> None:
    """Run the house until it is told to end.

    Raises:
        lock.Taken: if another house runs on the folder.
        Refused: if a port is taken, the folder cannot be written or the store does not start.

    """
    wish = Wish()
    wish.listen()
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.hold(plan.data, plan.url))
        except OSError as error:
            raise Refused(f"BARTIZAN_DATA={plan.data}: {error.strerror}") from None
        _refuse_taken_ports(plan)
        for line in (plan.url, f"data folder: {plan.data}", *plan.notes):
            say(line)
        own_store = _start_store(plan) if plan.has_own_store else None
        children = Children(roles(plan), plan.environment)
        try:
            children.start()
            own_store = _tend(plan, children, own_store, wish)
        finally:
            children.stop(STOP_WITHIN_S)
            if own_store is not None:
                own_store.stop()
    log.info("house ended")


def _tend(
    plan: Plan, children: Children, own_store: embedded.Embedded | None, wish: Wish
) -> embedded.Embedded | None:
    """Keep everything alive until the wish to end; return the store that runs then."""
    parent = os.getppid() if os.environ.get("BARTIZAN_LEASH") == MAKE else None
    retry_at = 0.0
    while not wish.is_heard and (parent is None or os.getppid() == parent):
        now = time.monotonic()
        if own_store is not None and not own_store.is_alive() and now >= retry_at:
            log.warning("store died; starting it again")
            retry_at = now + STORE_RETRY_S
            own_store = _restart_store(plan, own_store)
        children.tend(now)
        time.sleep(TEND_S)
    return own_store


def _start_store(plan: Plan) -> embedded.Embedded:
    try:
        return embedded.start(plan.data)
    except EmbeddedError as error:
        raise Refused(str(error)) from None


def _restart_store(plan: Plan, dead: embedded.Embedded) -> embedded.Embedded:
    dead.stop()
    try:
        return embedded.start(plan.data)
    except EmbeddedError as error:
        log.warning("store does not start", error=str(error))
        return dead


def _refuse_taken_ports(plan: Plan) -> None:
    for host, port in plan.listen:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise Refused(
                    f"cannot listen on {host} port {port}: {error.strerror}. "
                    "Set PORT (web) or DEMO_PORT (demo city) to a free one"
                ) from None


def complain(message: str) -> None:
    """Tell the person who started the house what is wrong."""
    sys.stderr.write(f"{message}\n")
