"""A child of the house ends when the house ends, however the house ends.

``python -m house.leash worker.py`` runs the script (or ``-m module``) in this very process with a
thread that reads a pipe whose only writer is the house. When the house dies, by SIGKILL too, the
system closes the pipe: the child gets SIGTERM, and is ended hard where that does not help. On
Linux the kernel is asked for the same (PDEATHSIG), which holds even while Python cannot run.
"""

import atexit
import ctypes
import os
import runpy
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

NAME = "BARTIZAN_LEASH"  # environment: number of the inherited end of the pipe
GRACE_S = 5.0
FINISH_S = 1.0  # what other threads get when the main one has returned
_PR_SET_PDEATHSIG = 1


def ask_kernel() -> None:
    """On Linux, have this process sent SIGTERM when its parent dies; elsewhere nothing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def hold(descriptor: int) -> threading.Thread:
    """Watch the pipe in a background thread; on its end, end this process."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(descriptor, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(GRACE_S)
        os._exit(1)

    thread = threading.Thread(target=watch, name="leash", daemon=True)
    thread.start()
    return thread


def main(arguments: list[str]) -> None:
    """Run ``[-m module | script] arguments…`` on the leash."""
    is_module = arguments[:1] == ["-m"]
    target, *rest = arguments[1:] if is_module else arguments
    parent = os.getppid()
    ask_kernel()
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)
    descriptor = os.environ.pop(NAME, "")
    if descriptor.isdigit():
        hold(int(descriptor))
    sys.argv = [target, *rest]
    try:
        _run(target, is_module=is_module)
        code: str | int | None = 0
    except SystemExit as end:
        code = end.code
    leave(code)


def _run(target: str, *, is_module: bool) -> None:
    if is_module:
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(target)))  # noqa: PTH100, PTH120 - as Python itself does for a script
        runpy.run_path(target, run_name="__main__")


def leave(code: str | int | None) -> NoReturn:
    """End this process in good order, but without taking the interpreter apart.

    Some native libraries complain at length when modules vanish around them; all that matters is
    done before: threads joined (those that still wait for the world after a second are left),
    exit functions run, output written.
    """
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    until = time.monotonic() + FINISH_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no public name, and os._exit skips them
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main(sys.argv[1:])
