import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from model import City
from pipeline.rooms import Rooms
from pipeline.run import Worker
from store import MemoryStore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def pack():
    return SimpleNamespace(
        city=City(id="c", name="C", timezone="UTC"),
        districts=SimpleNamespace(items=(), ids=()),
        feeds=(),
        indicators=(),
        services=(),
        rules=(),
    )


def test_a_clock_that_is_set_back_does_not_stop_the_ticks(pack, monkeypatch):
    times = iter([NOON, *[NOON - HOUR + timedelta(seconds=n) for n in range(1000)]])
    rooms = Rooms(
        pack=pack,
        store=MemoryStore(),
        history=None,
        client=None,
        clock=lambda: next(times),
        demo_url="",
        data=Path(),
    )
    worker, stop, ticks = Worker(rooms), threading.Event(), []

    def tick(now: datetime) -> None:
        ticks.append(now)
        if len(ticks) == 3:
            stop.set()

    monkeypatch.setattr(worker, "_tick", tick)
    worker._loop(stop)

    assert len(ticks) == 3
    assert ticks[-1] < NOON


def test_a_command_between_two_ticks_is_shown_and_moves_no_tick(pack, monkeypatch):
    now = [NOON]
    rooms = Rooms(
        pack=pack,
        store=MemoryStore(),
        history=None,
        client=None,
        clock=lambda: now[0],
        demo_url="",
        data=Path(),
    )
    worker, stop, seen = Worker(rooms), threading.Event(), []
    served = iter([False, True, False, False, False])

    def serve(_: float) -> bool:
        now[0] += timedelta(seconds=0.4)
        return next(served)

    def tick(at: datetime) -> None:
        seen.append(("tick", (at - NOON).total_seconds()))
        if len(seen) == 4:
            stop.set()

    monkeypatch.setattr(worker, "_serve", serve)
    monkeypatch.setattr(worker, "_tick", tick)
    monkeypatch.setattr(worker, "_rest_s", lambda _: 0.0)
    monkeypatch.setattr(worker, "_show", lambda: seen.append(("show", 0.8)))
    worker._loop(stop)

    assert seen == [("tick", 0.0), ("show", 0.8), ("tick", 1.2), ("tick", 2.0)]
