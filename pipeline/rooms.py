"""The rooms that the worker's stages share, opened once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

import cities
import feeds
import history
import store
from cities import Pack, PackError
from history import History
from pipeline.upkeep import policy_of
from settings import Settings
from store import Store, StoreError, embedded

Clock = Callable[[], datetime]
COMPANY_S = 3.0  # how long a worker waits for the writer of the history to say that it leads


class WorkerError(Exception):
    """The worker cannot start; the message is for the person who started it."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """A city, its memories and a way to the world."""

    pack: Pack
    store: Store
    history: History
    client: httpx.Client
    clock: Clock
    demo_url: str
    data: Path
    name: str = "worker"  # of this process among the workers
    n_shards: int = 1
    keep: Mapping[str, timedelta | None] = field(default_factory=dict)  # by table of the history

    def close(self) -> None:
        """Give everything back."""
        self.client.close()
        self.store.close()
        self.history.close()


def open_rooms(
    settings: Settings, clock: Clock, *, is_guest: bool = False, name: str = "worker"
) -> Rooms:
    """Open what the settings name, for the worker of that ``name``.

    A guest writes to the history beside the worker; so does a worker where another is the writer.

    Raises:
        WorkerError: if the pack is bad, no store runs, or the history cannot be written.

    """
    url = settings.redis_url or embedded.attach(settings.data)
    if url is None:
        raise WorkerError(
            f"no store runs on {settings.data}: start the house with `python app.py`, "
            "or set REDIS_URL"
        )
    try:
        pack = cities.load(settings.city, roots=settings.data_roots, places=settings.places)
        policy_of(pack, settings.keep)  # refuses what would drop facts that are needed
        short_memory = store.open(
            url, shards=settings.ingest_shards, wait_replicas=settings.redis_wait_replicas
        )
        return Rooms(
            pack=pack,
            store=short_memory,
            history=_history(settings.history_location, short_memory, name, is_guest=is_guest),
            client=feeds.open_client(settings.contact),
            clock=clock,
            demo_url=settings.demo_url,
            data=settings.data,
            name=name,
            n_shards=settings.ingest_shards,
            keep=settings.keep,
        )
    except (PackError, StoreError, history.HistoryError) as error:
        raise WorkerError(str(error)) from error


def _history(place: str, short_memory: Store, name: str, *, is_guest: bool) -> History:
    """Open the history; beside its writer where that is another worker of this house.

    Anything else that writes it (a migration, a restore) wants it for itself.
    """
    if is_guest:
        return history.open(place, writer=False, guest=True)
    until = time.monotonic() + COMPANY_S
    short_memory.beat(name, {"is_starting": True})
    while True:
        try:
            found = history.open(place, writer=True)
        except history.HistoryBusy:
            others = [one for one in short_memory.workers() if one.name != name]
            if any(one.note.get("writes") for one in others):
                return history.open(place, writer=False, guest=True)
            if time.monotonic() > until:
                short_memory.leave(name)
                raise
            time.sleep(0.1)
        else:
            short_memory.beat(name, {"writes": True})
            return found
