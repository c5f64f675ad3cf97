"""The worker: everything between the feeds and the snapshot. Start it by ``python app.py``.

``python worker.py`` alone attaches to the store of a running house, beside the workers that are
there; ``python worker.py backfill`` is the child that fills an empty history.
"""

import os
import secrets
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import structlog

import settings as settings_room
from house import log
from pipeline.child import run_backfill
from pipeline.rooms import WorkerError, open_rooms
from pipeline.run import Worker

SLOT = "BARTIZAN_WORKER"  # the number that the house gave to this worker


def clock() -> datetime:
    """Return the present instant; the only clock of the worker."""
    return datetime.now(UTC)


def name_of(data: Path) -> str:
    """Return the name of this process among the workers of the house.

    The house gives each of its workers a number, which passes to the next process when one dies:
    what was under way there is then taken up at once. Any other process has a name of its own.
    """
    host, number = socket.gethostname(), os.environ.get(SLOT)
    if number is None:
        return f"{host}-{os.getpid()}-{secrets.token_hex(2)}"
    house = blake2b(os.fsencode(data), digest_size=3).hexdigest()
    return f"{host}-{house}-{number}"


def main(arguments: list[str]) -> int:
    """Run until told to stop; return the exit code."""
    try:
        settings = settings_room.read()
        log.set_up(settings.log_level)
        is_guest = arguments[:1] == ["backfill"]
        rooms = open_rooms(settings, clock, is_guest=is_guest, name=name_of(settings.data))
    except (settings_room.SettingsError, WorkerError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for a person
        return 1
    match arguments:
        case ["backfill"]:
            return run_backfill(rooms)
        case ["backfill", "facts" | "readings" as stage, part] if part.isdigit():
            return run_backfill(rooms, stage, int(part))
        case [_, *_]:
            print("usage: python worker.py [backfill]", file=sys.stderr)  # noqa: T201 - usage
            return 2
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    structlog.get_logger("worker").info("worker started", city=rooms.pack.city.id, name=rooms.name)
    Worker(rooms).run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
