"""From the stream into the long memory; acknowledged only when it is there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from geodata import Districts
from history import History
from pipeline.places import Placed, place
from store import Store

BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Keeper:
    """Takes facts from one shard of the stream, places them and writes them to the history.

    ``on_kept`` receives every placed batch, in order, once it is durable. A batch that was
    written but not acknowledged (a crash in between) comes again and is written once only:
    the history knows the last stream id that it has.
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
        self.store.ack(ids, shard=self.shard)
        self.on_kept(placed)
        return len(batch)

    def run(self, stop: threading.Event, on_error: Callable[[Exception], None]) -> None:
        """Keep batches until told to stop; the batch under way is finished first."""
        while not stop.is_set():
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - the edge that can act: report and retry
                on_error(error)
                stop.wait(1.0)
