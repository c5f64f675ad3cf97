"""From the stream into the long memory; acknowledged only when it is there."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geodata import Districts
from history import History
from model import Fact
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
        self.history.append_facts(_numbered(ids, placed.facts), shard=self.shard, last_id=ids[-1])
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


def _numbered(ids: Sequence[str], facts: Sequence[Fact]) -> list[tuple[str, Fact]]:
    return list(zip(ids, facts, strict=True))
