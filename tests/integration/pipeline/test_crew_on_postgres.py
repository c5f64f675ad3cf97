"""Several workers over a history on a server: the part of the writer passes on there too."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import history
from pipeline.leading import TTL
from tests import postgres_servers as postgres
from tests.crews import Watcher, new_requests, row, write, written_twice

pytestmark = pytest.mark.integration


@pytest.fixture
def place() -> Iterator[str]:
    for server in postgres.lent():
        yield server.url()


def test_another_worker_leads_over_the_same_server(crew, place):
    city = crew.city
    crew.environment |= {"HISTORY_URL": place, "INGEST_SHARDS": "3"}
    opened = datetime.now(UTC) - timedelta(hours=1)
    write(city, [row(n, opened) for n in range(60)])
    first = crew.start_two()
    city.snapshot(lambda found: new_requests(found) == 60, "the first facts never came")

    with Watcher(city.url) as watcher:
        city.snapshot(lambda found: new_requests(found) == 60, "nothing was shown")
        crew.kill(first)
        second = crew.await_leader(other_than=first)
        write(city, [row(n, opened) for n in range(150)])
        city.snapshot(lambda found: new_requests(found) == 150, "new facts never came")
        crew.start(first)
        crew.await_members(2)
        assert crew.leader() == second
        watcher.check()

    assert watcher.longest_gap_s() <= TTL.total_seconds() + 2
    kept = history.open(place, writer=False)
    assert {int(c.case_id) for c in kept.cases(opened - timedelta(days=1))} == set(range(150))
    assert written_twice(kept) == 0
    kept.close()
