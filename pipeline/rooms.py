"""The rooms that the worker's stages share, opened once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

import cities
import feeds
import history
import store
from cities import Pack, PackError
from history import History
from settings import Settings
from store import Store, StoreError, embedded

Clock = Callable[[], datetime]


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

    def close(self) -> None:
        """Give everything back."""
        self.client.close()
        self.store.close()
        self.history.close()


def open_rooms(settings: Settings, clock: Clock, *, is_guest: bool = False) -> Rooms:
    """Open what the settings name; a guest writes to the history beside the worker.

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
        return Rooms(
            pack=pack,
            store=store.open(url),
            history=history.open(settings.history_location, writer=not is_guest, guest=is_guest),
            client=feeds.open_client(settings.contact),
            clock=clock,
            demo_url=settings.demo_url,
            data=settings.data,
        )
    except (PackError, StoreError, history.HistoryError) as error:
        raise WorkerError(str(error)) from error
