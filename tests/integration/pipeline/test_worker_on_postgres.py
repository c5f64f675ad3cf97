"""A worker whose long memory is on a server."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

import history
from tests import postgres_servers as postgres

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server():
    yield from postgres.lent()


def test_a_worker_that_is_killed_finds_its_lock_free_and_its_facts_once(city, server):
    place = server.tcp_url()
    city.environment["HISTORY_URL"] = place
    moments = random.Random(3)
    opened = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    lines = ["Nr,Opened,Closed,Kind,Lat,Lon\n"]
    city.start()
    for _ in range(3):
        first = len(lines)
        lines += [
            f"{n},{opened + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ},,Pothole,0.5,{0.5 + n % 2}\n"
            for n in range(first, first + 100)
        ]
        fresh = city.csv.with_suffix(".new")
        fresh.write_text("".join(lines), encoding="utf-8")
        fresh.replace(city.csv)
        time.sleep(moments.uniform(0.0, 1.5))  # the kill falls anywhere in their walk
        city.kill()
        city.start()

    def has_all(found) -> bool:
        reading = found.reading("srv.new")
        return reading is not None and reading.num == len(lines) - 1

    city.snapshot(has_all, "some facts never arrived")
    assert city.stop() == 0

    kept = history.open(place, writer=True)  # its lock is free again
    assert kept.counts()["cases"] == len(lines) - 1
    assert {c.case_id for c in kept.cases(opened)} == {str(n) for n in range(1, len(lines))}
    kept.close()
