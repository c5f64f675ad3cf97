"""The store written out and read back; its schema."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

import store
from model import Observation
from store import embedded, keys
from store.dumping import Dump, Entry
from store.version import VERSION

pytestmark = pytest.mark.integration

ObservationMaker = Callable[..., Observation]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[embedded.Embedded, embedded.Embedded]]:
    servers = embedded.start(tmp_path / "a"), embedded.start(tmp_path / "b")
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def fact() -> Observation:
    from datetime import UTC, datetime  # noqa: PLC0415 - one use

    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    return Observation(
        feed_id="air",
        site_id="s",
        quantity="pm25",
        value=1.0,
        unit="µg/m³",
        observed_at=now,
        fetched_at=now,
        known_at=now,
    )


def test_what_lasts_comes_back_elsewhere_and_what_passes_does_not(
    two: tuple[embedded.Embedded, embedded.Embedded], fact: Observation
):
    first, second = (store.open(server.url) for server in two)
    epoch = first.epoch()
    first.save_memory("air", {"etag": "é"})
    first.count("air", accepted=3)
    first.add_facts([replace(fact, site_id=f"s{n}") for n in range(5)])
    taken = first.read_facts("worker", count=2, block_ms=0)
    first.ack([name for name, _ in taken[:1]])
    first.beat("worker", {})
    held = first.lock("short")

    source, target = (Dump(server.url) for server in two)
    entries = source.entries()
    assert target.is_empty()
    target.load(entries)

    assert not target.is_empty()
    assert held is not None
    assert second.epoch() == epoch
    assert second.memory("air") == {"etag": "é"}
    assert second.counters("air")["accepted"] == 3
    assert [w.name for w in second.workers()] == []
    assert second.lock("short") is not None
    backlog = second.backlog()
    assert (backlog.pending, backlog.waiting) == (first.backlog().pending, first.backlog().waiting)
    target.clear()
    assert target.is_empty()
    for one in (first, second, source, target):
        one.close()


def test_a_body_that_is_damaged_and_a_key_that_is_not_ours_are_refused(
    two: tuple[embedded.Embedded, embedded.Embedded],
):
    target = Dump(two[1].url)

    with pytest.raises(store.StoreError, match="refused"):
        target.load([Entry(b"bz:{house}:memory", b"gone", 0)])
    with pytest.raises(store.StoreError, match="no key of this store"):
        target.load([Entry(b"other", b"", 0)])

    target.close()


def test_a_store_of_a_newer_version_is_refused_and_one_without_a_number_gets_it(
    two: tuple[embedded.Embedded, embedded.Embedded],
):
    server = two[0]
    opened = store.open(server.url)
    opened.epoch()
    raw = redis.Redis.from_url(server.url)
    assert int(raw.get(keys.SCHEMA)) == VERSION  # type: ignore[arg-type]
    raw.set(keys.SCHEMA, VERSION + 1)

    late = store.open(server.url)
    for ask in (late.epoch, late.latest, late.head):
        with pytest.raises(store.Unsupported, match=f"schema {VERSION + 1}.*use a newer one"):
            ask()

    for one in (opened, late, raw):
        one.close()


def test_a_store_in_memory_has_nothing_to_back_up():
    with pytest.raises(store.Unsupported, match="nothing to back up"):
        Dump("memory://")
