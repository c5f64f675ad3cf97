"""A disk that is full: nothing is acknowledged, nothing is lost, and it works again by itself."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import history
import store
from history.upkeep import Policy, Upkeep
from model import Fact, Observation
from pipeline.keeping import Keeper
from store import embedded

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.integration


class Nowhere:
    """A city without districts."""

    def district_of(self, lon: Any, _: Any) -> list[str | None]:
        return [None] * len(lon)


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond some bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def facts(n_first: int) -> list[Fact]:
    return [
        Observation(
            feed_id="air",
            site_id=f"s{n}",
            quantity="pm25",
            value=float(n),
            unit="µg/m³",
            observed_at=NOW - timedelta(days=n % 5),
            fetched_at=NOW,
            known_at=NOW,
        )
        for n in range(n_first, n_first + 500)
    ]


def test_facts_wait_in_the_stream_until_the_disk_has_room_again(tmp_path: Path):
    running = embedded.start(tmp_path / "hot")
    opened = store.open(running.url)
    kept = history.open(tmp_path / "history", writer=True)
    heard: list[int] = []
    keeper = Keeper(opened, kept, Nowhere(), lambda placed: heard.append(len(placed.facts)))  # type: ignore[arg-type]
    opened.add_facts(facts(0))
    assert keeper.step() == 500

    opened.add_facts(facts(500))
    with full_disk():
        for _ in range(3):
            with pytest.raises(history.HistoryError, match=r"observations: .*[Ff]ile too large"):
                keeper.step()
        work = Upkeep(kept.engine, Policy("UTC"))
        with pytest.raises(history.HistoryError, match="too large"):
            work.step(NOW + timedelta(days=1))
        opened.add_facts(facts(1000))  # the store has its own room
        waiting = opened.backlog()
        assert kept.counts()["observations"] == 500
    while keeper.step():
        pass

    assert (waiting.pending > 0, waiting.waiting > 0) == (True, True)
    assert opened.backlog() == store.Backlog(0, 0)
    assert sum(heard) == 1500
    assert {o.site_id for o in kept.observations(NOW - timedelta(days=9))} == {
        f"s{n}" for n in range(1500)
    }
    assert kept.counts()["observations"] == 1500
    while Upkeep(kept.engine, Policy("UTC")).step(NOW + timedelta(days=1)).is_behind:
        pass
    assert kept.counts()["observations"] == 1500
    opened.close()
    kept.close()
    running.stop()
