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
