"""Servers that die, hang, are demoted or hand slots over in the middle of a load: nothing lost."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis

import history
import store
from model import City, Delivery, Observation, Snapshot
from store import keys
from tests.redis_servers import Clustered, Server, Watched, until

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CITY = City(id="mtl", name="Montréal", timezone="America/Toronto")
N_SHARDS = 3
BATCH = 40
Maker = Callable[..., Observation]
House = Watched | Clustered

pytestmark = pytest.mark.integration


@pytest.fixture(params=["watched", "clustered"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Servers that are whole, before and after."""
    found: House = request.getfixturevalue(request.param)
    found.heal()
    clean = store.RedisStore(found.url)
    until(clean._clients.patient.flushall, "never writable")
    clean.close()
    yield found
    found.heal()


@dataclass
class Load:
    """Facts admitted, kept and acknowledged, snapshots published and heard, all at once."""

    url: str
    kept: history.History
    make: Maker
    admitted: list[Observation] = field(default_factory=list)
    heads: list[store.Head] = field(default_factory=list)
    heard: list[tuple[float, store.Head]] = field(default_factory=list)
    outages: list[float] = field(default_factory=list)
    surprises: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator["Load"]:
        works: list[Callable[[store.Store], None]] = [self._admit, self._publish, self._hear]
        works += [lambda one, n=n: self._keep(one, n) for n in range(N_SHARDS)]
        for work in works:
            thread = threading.Thread(target=self._go, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)
        try:
            yield self
        finally:
            self.stop.set()
            for thread in self._threads:
                thread.join(15)
                assert not thread.is_alive()

    def _go(self, work: Callable[[store.Store], None]) -> None:
        opened = store.open(self.url, shards=N_SHARDS)
        try:
            work(opened)
        except BaseException as error:  # noqa: BLE001 - told by check
            self.surprises.append(error)
        finally:
            opened.close()

    def _again(self, act: Callable[[], Any]) -> Any:
        """Do something until it works, as every part of the house does."""
        while not self.stop.is_set():
            try:
                return act()
            except store.StoreDown:
                self.outages.append(time.monotonic())
                self.stop.wait(0.05)
        return None

    def _admit(self, opened: store.Store) -> None:
        start = 0
        while not self.stop.is_set():
            facts = [self.make(n) for n in range(start, start + BATCH)]
            if self._again(lambda facts=facts: opened.admit(facts) is not None):
                self.admitted += facts
            start += BATCH
            self.stop.wait(0.01)

    def _keep(self, opened: store.Store, shard: int) -> None:
        def step() -> None:
            batch = opened.read_facts(f"keeper-{shard}", shard=shard, block_ms=200)
            if batch:
                self.kept.append_facts(batch, shard=shard, epoch=opened.epoch())
                opened.ack([name for name, _ in batch], shard=shard)

        while not self.stop.is_set():
            self._again(step)

    def _publish(self, opened: store.Store) -> None:
        n = 0
        while not self.stop.is_set():
            n += 1
            body = Snapshot(
                version="", published_at=NOW + timedelta(seconds=n), city=CITY, backfill=n / 1e6
            )
            if head := self._again(lambda body=body: opened.publish(body)):
                self.heads.append(head)
            self.stop.wait(0.02)

    def _hear(self, opened: store.Store) -> None:
        for head in opened.ticks(0.2):
            if head is not None:
                self.heard.append((time.monotonic(), head))
            if self.stop.is_set():
                return

    def await_progress(self) -> None:
        """Wait until everything moves again."""
        begin, at, heads = len(self.admitted), time.monotonic(), len(self.heads)
        until(lambda: len(self.admitted) >= begin + 3 * BATCH, "nothing is admitted any more")
        until(lambda: len(self.heads) >= heads + 5, "nothing is published any more")
        until(lambda: sum(t > at for t, _ in self.heard) >= 5, "no tick is heard any more")

    def check(self, epoch: int) -> None:
        """Nothing that was told as admitted is lost; no number of a snapshot goes back."""
        assert self.surprises == []
        assert len(self.admitted) >= 6 * BATCH
        rows = self.kept.observations(NOW - timedelta(days=1))
        found = [fact.site_id for fact in rows]
        assert len(found) == len(set(found)), "a fact stands there twice as the newest version"
        assert {fact.site_id for fact in self.admitted} <= set(found)
        for heads in (self.heads, [head for _, head in self.heard]):
            versions = [tuple(map(int, head.version.split("-"))) for head in heads]
            assert {one for one, _ in versions} == {epoch}
            assert all(a <= b for a, b in pairwise(versions)), "a number went back"
        published = [head.version for head in self.heads]
        assert len(set(published)) == len(published), "a number was given twice"


@pytest.fixture
def load(house: House, observation: Maker, tmp_path: Path) -> Iterator[Load]:
    kept = history.open(tmp_path / "history", writer=True)
    with Load(house.url, kept, observation).running() as running:
        until(lambda: len(running.admitted) > 3 * BATCH and running.heard, "the load never began")
        yield running
    kept.close()


def await_kept(house: House, load: Load) -> None:
    """Stop admitting and wait until all is in the history."""
    load.stop.set()
    for thread in load._threads:
        thread.join(15)
    opened = store.open(house.url, shards=N_SHARDS)
    for shard in opened.shards():
        while batch := opened.read_facts(f"keeper-{shard}", shard=shard, block_ms=0):
            load.kept.append_facts(batch, shard=shard, epoch=opened.epoch())
            opened.ack([name for name, _ in batch], shard=shard)
        assert opened.backlog(shard=shard) == store.Backlog(0, 0)
    opened.close()


@pytest.mark.parametrize("key", [keys.shard(0), keys.HEAD], ids=["facts", "snapshots"])
def test_a_master_killed_in_the_middle_of_a_load_takes_nothing_along(house, load, key):
    opened = store.open(house.url)
    epoch = opened.epoch()

    house.owner(key).kill()
    killed = time.monotonic()
    load.await_progress()

    assert load.outages, "the kill was not noticed"
    assert load.outages[-1] - killed < 15
    await_kept(house, load)
    load.check(epoch)
    assert opened.epoch() == epoch
    opened.close()


def test_a_master_that_hangs_is_replaced_and_nothing_is_lost(house, load):
    opened = store.open(house.url)
    epoch = opened.epoch()

    house.owner(keys.shard(0)).signal(signal.SIGSTOP)
    load.await_progress()
    house.heal()  # it wakes, and learns that it is a replica
    load.await_progress()

    await_kept(house, load)
    load.check(epoch)
    opened.close()


def test_a_master_that_is_demoted_in_order_loses_nothing(house, load):
    opened = store.open(house.url)
    epoch = opened.epoch()
    before = house.owner(keys.shard(0))

    if isinstance(house, Watched):
        until(house.sentinels[0].ask("SENTINEL", "FAILOVER", "house"), "no fail-over")
    else:
        name = before.ask("CLUSTER", "MYID")()
        name = name.decode() if isinstance(name, bytes) else name
        replica = next(
            one for one in house.servers if f"slave {name}" in _nodes_of(one, myself=True)
        )
        replica.ask("CLUSTER", "FAILOVER")()
    until(lambda: house.owner(keys.shard(0)) is not before, "nobody was promoted")
    load.await_progress()

    await_kept(house, load)
    load.check(epoch)
    opened.close()


def _nodes_of(server: Server, *, myself: bool) -> str:
    text = server.ask("CLUSTER", "NODES")()
    lines = (text.decode() if isinstance(text, bytes) else str(text)).splitlines()
    return "\n".join(line for line in lines if not myself or "myself" in line)


def test_a_slot_that_moves_to_another_node_takes_its_facts_along(
    clustered: Clustered, observation: Maker, tmp_path: Path
):
    clustered.heal()
    kept = history.open(tmp_path / "history", writer=True)
    opened = store.open(clustered.url, shards=N_SHARDS)
    opened._clients.patient.flushall()  # type: ignore[attr-defined]
    epoch = opened.epoch()
    with Load(clustered.url, kept, observation).running() as running:
        until(lambda: len(running.admitted) > 3 * BATCH and running.heard, "the load never began")
        for key in (keys.shard(0), keys.HEAD):
            _move_slot(clustered, key)
        running.await_progress()
        await_kept(clustered, running)
        running.check(epoch)
    opened.close()
    kept.close()


def _move_slot(house: Clustered, key: str) -> None:
    """Hand the slot of a key over, key by key, as a resharding does."""
    source = house.owner(key)
    target = next(
        one for one in house.servers if one is not source and one.info()["role"] == "master"
    )
    slot = source.ask("CLUSTER", "KEYSLOT", key)()
    names = [one.ask("CLUSTER", "MYID")() for one in (source, target)]
    source_id, target_id = (name.decode() if isinstance(name, bytes) else name for name in names)
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)()
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)()
    while found := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 10)():
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *found)()
    for one in (target, source):
        one.ask("CLUSTER", "SETSLOT", slot, "NODE", target_id)()
    until(lambda: house.owner(key) is target, "the slot never moved")


def test_nothing_counts_as_admitted_before_a_replica_has_it(house, observation):
    opened = store.open(house.url, shards=N_SHARDS)
    careless = store.open(house.url, shards=N_SHARDS, wait_replicas=0)
    facts = [observation(n) for n in range(50)]
    replicas = [one for one in house.servers if one.info()["role"] == "slave"]
    for one in replicas:
        one.signal(signal.SIGSTOP)
    try:
        with pytest.raises(store.StoreDown, match="replicas confirmed"):
            opened.admit(facts)
        with pytest.raises(store.StoreDown, match="replicas confirmed"):
            opened.deliver(Delivery(feed_id="air", body=b"{}", received_at=NOW))
        assert not all(opened.seen(facts)), "what nobody has is remembered as taken in"
        others = [replace(fact, feed_id="other") for fact in facts]
        assert careless.admit(others) == others
    finally:
        for one in replicas:
            one.signal(signal.SIGCONT)
    assert until(lambda: _tried(opened, facts), "never admitted again")
    opened.close()
    careless.close()


def _tried(opened: store.Store, facts: list[Observation]) -> bool:
    try:
        opened.admit(facts)
    except store.StoreDown:
        return False
    return all(opened.seen(facts))


def test_a_master_without_replicas_goes_on_unless_they_are_demanded(house, observation):
    opened = store.open(house.url)
    strict = store.open(house.url, wait_replicas=1)
    for one in house.servers:
        if one.info()["role"] == "slave":
            one.kill()
    master = house.owner(keys.shard(0))
    until(lambda: int(master.info()["connected_slaves"]) == 0, "the replicas are still there")

    assert opened.admit([observation(1)]) == [observation(1)]
    with pytest.raises(store.StoreDown, match="replicas confirmed"):
        strict.admit([observation(2)])
    opened.close()
    strict.close()


def test_one_address_behind_which_a_master_is_demoted_is_let_go(
    watched: Watched, observation: Maker
):
    watched.heal()
    first, second = (one for one in watched.servers[:3] if one is not watched.master())
    opened = store.open(f"redis://127.0.0.1:{first.port}")

    with pytest.raises(store.StoreDown):  # a replica
        opened.add_facts([observation(1)])
    with pytest.raises(store.StoreDown):
        opened.publish(Snapshot(version="", published_at=NOW, city=CITY))
    assert second is not first
    first.ask("REPLICAOF", "NO", "ONE")()
    opened.add_facts([observation(1)])
    opened.publish(Snapshot(version="", published_at=NOW, city=CITY))

    opened.close()
    first.ask("REPLICAOF", "127.0.0.1", watched.master().port)()
    watched.heal()


def test_the_web_fails_fast_while_nobody_is_master(house):
    opened = store.open(house.url)
    opened.publish(Snapshot(version="", published_at=NOW, city=CITY))
    assert opened.latest() is not None
    house.owner(keys.HEAD).signal(signal.SIGSTOP)

    began = time.monotonic()
    with pytest.raises(store.StoreDown):
        opened.latest()
    took_s = time.monotonic() - began
    until(lambda: _is_back(opened), "it never came back")

    assert took_s < 3
    opened.close()


def _is_back(opened: store.Store) -> bool:
    try:
        return opened.head() is not None
    except store.StoreDown:
        return False


def test_every_state_of_a_server_that_is_not_to_be_asked_is_down(server):
    """Those that a test can hardly bring about are answered by a server that is made to."""
    opened = store.open(server.url)
    states = [
        redis.ReadOnlyError("You can't write against a read only replica."),
        redis.exceptions.ClusterDownError("The cluster is down"),
        redis.exceptions.MasterDownError("Link with MASTER is down"),
        redis.exceptions.TryAgainError("Multiple keys request during rehashing of slot"),
        redis.exceptions.MovedError("1 127.0.0.1:1"),
        redis.exceptions.AskError("1 127.0.0.1:1"),
        redis.BusyLoadingError("Redis is loading the dataset in memory"),
        redis.ResponseError("NOREPLICAS Not enough good replicas to write."),
        redis.ResponseError("UNBLOCKED force unblock from blocking operation"),
        redis.ResponseError("Error running script: @user_script:2: -READONLY You can't write"),
        redis.sentinel.MasterNotFoundError("No master found"),
        redis.exceptions.SlotNotCoveredError("Slot 1 not covered"),
        redis.TimeoutError("Timeout reading from socket"),
    ]
    for state in states:

        def refuse(*_: object, error: Exception = state, **__: object) -> None:
            raise error

        opened._clients.quick.hmget = refuse  # type: ignore[attr-defined]
        with pytest.raises(store.StoreDown):
            opened.head()
    opened.close()
