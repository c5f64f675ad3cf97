"""From the stream into the long memory; acknowledged only when it is there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from geodata import Districts
from history import History
from pipeline.places import Placed, place
from store import Store, StoreError

BATCH = 20_000
LOOK_EVERY_S = 5.0  # for shards that are new

OnError = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Takes facts from one shard of the stream, places them and writes them to the history.

    ``on_kept`` receives every placed batch, in order, once it is durable; other workers are told
    of it before it is acknowledged. A batch that was written but not acknowledged (a crash in
    between) comes again, here or at another worker, and is written once only: the history knows
    the last stream id that it has.
    """

    store: Store
    history: History
    districts: Districts
    on_kept: Callable[[Placed], None]
    shard: int = 0
    consumer: str = "worker"

    def step(self, *, block_ms: int = 500) -> int:
        """Keep one batch; return how many facts it held."""
        batch = self.store.read_facts(
            self.consumer, shard=self.shard, count=BATCH, block_ms=block_ms
        )
        if not batch:
            return 0
        ids = [stream_id for stream_id, _ in batch]
        placed = place([fact for _, fact in batch], self.districts)
        numbered = list(zip(ids, placed.facts, strict=True))
        self.history.append_facts(numbered, shard=self.shard, epoch=self.store.epoch())
        if any(one.name != self.consumer for one in self.store.workers()):
            # asked after the append: who comes later reads the history later still
            self.store.tell_kept(self.shard, self.consumer, placed.facts)
        self.store.ack(ids, shard=self.shard)
        self.on_kept(placed)
        return len(batch)

    def run(self, stop: threading.Event, on_error: OnError) -> None:
        """Keep batches until told to stop; the batch under way is finished first."""
        while not stop.is_set():
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - the edge that can act: report and retry
                on_error(error)
                stop.wait(1.0)


@dataclass(slots=True)
class Keepers:
    """One keeper on its thread for every shard there is, those of an older number of shards too."""

    store: Store
    n_shards: int
    make: Callable[[int], Keeper]
    shards: tuple[int, ...] = ()
    _threads: dict[int, threading.Thread] = field(default_factory=dict)

    def look(self) -> tuple[int, ...]:
        """Return the shards that facts may lie in."""
        self.shards = tuple(sorted({*range(self.n_shards), *self.store.shards()}))
        return self.shards

    def run(self, stop: threading.Event, on_error: OnError) -> None:
        """Look for shards, and keep what comes in each, until told to stop."""
        while not stop.is_set():
            try:
                self.look()
            except StoreError as error:
                on_error(error)
            for shard in self.shards or range(self.n_shards):
                if shard not in self._threads:
                    self._begin(shard, stop, on_error)
            stop.wait(LOOK_EVERY_S)

    def _begin(self, shard: int, stop: threading.Event, on_error: OnError) -> None:
        keeper = self.make(shard)
        thread = threading.Thread(
            target=keeper.run, args=(stop, on_error), name=f"keeper-{shard}", daemon=True
        )
        self._threads[shard] = thread
        thread.start()

    def join(self, within_s: float) -> None:
        """Wait for what is under way; ``stop`` must be set."""
        for thread in list(self._threads.values()):
            thread.join(within_s)
