"""A worker at work when the master of its store dies: nothing is lost, and nobody need help."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import history
import store
from store import keys
from tests.crews import Watcher, acknowledge, new_requests, row, write, written_twice
from tests.redis_servers import Clustered, Watched, until

pytestmark = pytest.mark.integration

DELAYED_S = 15.0


@pytest.fixture(params=[Watched, Clustered], ids=["watched", "clustered"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched | Clustered]:
    running = request.param.start(tmp_path / "servers")
    yield running
    running.stop()


def test_a_worker_goes_on_after_its_master_was_killed(crew, house):
    city = crew.city
    city.url = crew.environment["REDIS_URL"] = house.url
    crew.environment["INGEST_SHARDS"] = "3"
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(80)])
    for number in (1, 2):
        crew.start(number)
    crew.await_members(2)
    raised = city.snapshot(
        lambda found: any(a.rule == "many" and a.state == "UNACK" for a in found.alerts),
        "the alarm was never raised",
    )
    alert = next(a for a in raised.alerts if a.rule == "many")
    acknowledge(city, alert.occurrence)
    memory = store.open(city.url)
    epoch = memory.epoch()

    with Watcher(city.url) as watcher:
        until(lambda: watcher.heads, "nothing was seen")
        write(city, [row(n, opened) for n in range(120)])
        house.owner(keys.HEAD).kill()
        write(city, [row(n, opened) for n in range(200)])
        after = city.snapshot(lambda found: new_requests(found) == 200, "facts were lost")
        watcher.check()

    again = next(a for a in after.alerts if a.rule == "many")
    assert (again.state, again.acked_by, again.occurrence) == (
        "ACKED",
        "M. Bouchard",
        alert.occurrence,
    )
    assert memory.epoch() == epoch
    assert watcher.longest_gap_s() <= DELAYED_S
    assert all(one.poll() is None for one in crew.workers.values()), "a worker gave up"
    kept = history.open(city.data / "history", writer=False)
    assert {int(c.case_id) for c in kept.cases(opened - timedelta(days=1))} == set(range(200))
    assert written_twice(kept) == 0
    memory.close()
    for one in crew.workers.values():
        one.send_signal(signal.SIGTERM)
    end = time.monotonic() + 10
    while any(one.poll() is None for one in crew.workers.values()):
        assert time.monotonic() < end, "a worker does not end"
        time.sleep(0.05)
    assert [one.returncode for one in crew.workers.values()] == [0, 0]
