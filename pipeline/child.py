"""The back-fill runs as a process of its own, so that the wall keeps its pace."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import structlog

from feeds import FeedError
from model.plain import instant
from pipeline.backfill import Filling
from pipeline.rooms import Rooms

log = structlog.get_logger("backfill")

NOTE = "backfill"  # where the store remembers how far it is; no feed may have this id
SCRIPT = Path(__file__).resolve().parents[1] / "worker.py"
ANSWER_S = 10.0
SOURCE_WAIT_S = 20.0
PARTS = 2  # processes that fill the past
STAGES = ("facts", "readings")
OVERLAP = timedelta(hours=3)  # so that the wall has something to show before the past is there


def backfill_wanted(rooms: Rooms) -> bool:
    """Whether an empty history should be filled, or a filling was cut off."""
    sources = [feed for feed in rooms.pack.feeds if feed.backfill or feed.replay]
    if not sources:
        return False
    state = rooms.store.memory(NOTE).get("state")
    return state == "running" or (state is None and rooms.history.is_empty())


@dataclass(slots=True)
class BackfillChild:
    """The running process, and what it said of its progress."""

    process: subprocess.Popen[bytes]
    rooms: Rooms
    pipe: int

    @classmethod
    def start(cls, rooms: Rooms, now: datetime) -> Self:
        """Start it; live feeds go on from ``now``, the past is filled up to ``now``."""
        note = rooms.store.memory(NOTE)
        until = note.get("until") or instant(now)
        rooms.store.save_memory(NOTE, {"state": "running", "until": until, "progress": 0.0})
        for feed in rooms.pack.feeds:
            if feed.backfill and not rooms.store.memory(feed.id):
                reach = max(OVERLAP, 2 * feed.every + feed.latency)
                since = datetime.fromisoformat(until) - reach
                rooms.store.save_memory(feed.id, {"since": instant(since)})
        process, pipe = _spawn(["backfill"])
        log.info("back-fill started", until=until)
        return cls(process, rooms, pipe)

    def has_ended(self) -> bool:
        """Whether the process has gone."""
        return self.process.poll() is not None

    def progress(self) -> float:
        """Return the share done, 0–1."""
        return float(self.rooms.store.memory(NOTE).get("progress") or 0.0)

    def reap(self) -> bool:
        """Note the end; return whether the past is there now."""
        self._close()
        if self.process.returncode:
            log.warning("back-fill failed", code=self.process.returncode)
            return False
        self.rooms.store.save_memory(NOTE, {"state": "done"})
        log.info("back-fill done")
        return True

    def stop(self) -> None:
        """End it; it starts over at the next start of the worker."""
        if not self.has_ended():
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(ANSWER_S / 10)
            if not self.has_ended():
                self.process.kill()
        self._close()

    def _close(self) -> None:
        with suppress(OSError):
            os.close(self.pipe)


def run_backfill(rooms: Rooms, stage: str | None = None, part: int = 0) -> int:
    """Fill the past; return the exit code.

    Without a ``stage`` this process leads: facts first, then readings, each stage in as many
    processes as help. With one (``facts``, ``readings``) it does its part of it.
    """
    until = rooms.store.memory(NOTE).get("until")
    moment = datetime.fromisoformat(until) if until else rooms.clock()
    filling = Filling(
        pack=rooms.pack,
        history=rooms.history,
        client=rooms.client,
        demo_url=rooms.demo_url,
        until=moment,
        tell=_teller(rooms, instant(moment)) if stage is None else lambda _: None,
    )
    try:
        if stage is None:
            return _lead(rooms, filling)
        _fill(filling, stage, part)
    except FeedError as error:
        log.warning("the past cannot be had", reason=str(error))
        return 1
    return 0


def _lead(rooms: Rooms, filling: Filling) -> int:
    _await_demo(rooms)
    for name in STAGES:
        started = rooms.clock()
        others = [_spawn(["backfill", name, str(number)]) for number in range(1, PARTS)]
        _fill(filling, name, 0)
        codes = [process.wait() for process, _ in others]
        log.info("back-filled", stage=name, seconds=_seconds(rooms, started))
        if any(codes):
            return max(codes)
    return 0


def _fill(filling: Filling, stage: str, part: int) -> None:
    if stage == "facts":
        filling.fill_facts(part, PARTS)
    else:
        filling.fill_readings(part, PARTS)


def _seconds(rooms: Rooms, started: datetime) -> float:
    return round((rooms.clock() - started).total_seconds(), 1)


def _spawn(arguments: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start this script again, to end when we end; return it and our end of its pipe."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "house.leash", str(SCRIPT), *arguments],
        env={**os.environ, "BARTIZAN_LEASH": str(read_end)},
        pass_fds=(read_end,),
        stdin=subprocess.DEVNULL,
    )
    os.close(read_end)
    return process, write_end


def _teller(rooms: Rooms, until: str) -> Callable[[float], None]:
    def tell(share: float) -> None:
        rooms.store.save_memory(
            NOTE, {"state": "running", "until": until, "progress": round(share, 2)}
        )

    return tell


def _await_demo(rooms: Rooms) -> None:
    """The house starts demo and worker together: give the demo the time to answer."""
    if not any(feed.backfill for feed in rooms.pack.feeds):
        return
    place = urlsplit(rooms.demo_url)
    until = rooms.clock() + timedelta(seconds=SOURCE_WAIT_S)
    while rooms.clock() < until:
        with suppress(OSError):
            socket.create_connection((place.hostname or "", place.port or 80), 1.0).close()
            return
        threading.Event().wait(0.2)
    log.warning("the demo city does not answer", url=rooms.demo_url)
