"""A tiny parent for the embedded server: it ends the server when our process is gone.

Run as a plain script (standard library only, no package import, so that it starts in a few
milliseconds): ``python watchdog.py GRACE_SECONDS LOCK_FD LOG_FILE SERVER_ARGUMENT...``.

Standard input is a pipe that our process holds open. When it closes, for whatever reason
(a clean stop, an exception, SIGKILL), the server gets SIGTERM, and SIGKILL after the grace.
The server's pid goes to standard output. Should this process be killed itself, Linux ends the
server by PDEATHSIG. The lock file stays locked until the server has really left: its descriptor
is inherited by the server alone, so no second server ever opens the same files.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Start the server, wait for either end, return the server's exit code."""
    grace, lock, log, *command = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    us = os.getpid()

    def die_with_us() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != us:
                os._exit(1)

    with open(log, "ab") as out:  # noqa: PTH123 - pathlib would double the start time
        server = subprocess.Popen(  # noqa: S603 - the launcher built this command
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(int(lock),),
            preexec_fn=die_with_us,  # noqa: PLW1509 - this process has one thread
        )
    os.close(int(lock))
    os.write(1, f"{server.pid}\n".encode())
    os.close(1)
    return _attend(server, float(grace))


def _attend(server: "subprocess.Popen[bytes]", grace: float) -> int:
    """Wait until the pipe closes or the server leaves."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while server.poll() is None:
        ready, _, _ = select.select([0, woken], [], [], 1.0)
        if woken in ready:
            os.read(woken, 512)
        if 0 in ready and not os.read(0, 512):
            return _end(server, grace)
    return server.returncode


def _end(server: "subprocess.Popen[bytes]", grace: float) -> int:
    server.terminate()
    try:
        return server.wait(grace)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
