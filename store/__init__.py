"""The short memory: the only code that speaks Redis."""

from store.base import (
    Backlog,
    Head,
    Lock,
    Quarantined,
    QuarantinePage,
    Reason,
    Store,
    Versioned,
    Waiting,
)
from store.crew_base import Place, Told, WorkerNote
from store.errors import (
    AlreadyRunning,
    Conflict,
    EmbeddedError,
    Fenced,
    InboxFull,
    StoreDown,
    StoreError,
    StoreSilent,
    Unsupported,
)
from store.memory_store import MemoryStore
from store.redis_store import RedisStore

__all__ = [
    "AlreadyRunning",
    "Backlog",
    "Conflict",
    "EmbeddedError",
    "Fenced",
    "Head",
    "InboxFull",
    "Lock",
    "MemoryStore",
    "Place",
    "QuarantinePage",
    "Quarantined",
    "Reason",
    "RedisStore",
    "Store",
    "StoreDown",
    "StoreError",
    "StoreSilent",
    "Told",
    "Unsupported",
    "Versioned",
    "Waiting",
    "WorkerNote",
    "open",
]


def open(  # noqa: A001 - reads as store.open, like the other rooms' doors
    url: str, *, shards: int = 1, wait_replicas: int | None = None
) -> Store:
    """Return the store at a URL (see ``store.address``) or, for tests, ``memory://``.

    ``shards`` is over how many streams facts are shared out; ``wait_replicas`` how many replicas
    must have an admitted fact (see ``store.replicas``). Nothing is sent yet: a server that is
    away shows at the first call.

    Raises:
        Unsupported: the URL is malformed or names something else; says what is allowed.

    """
    if url.startswith("memory:"):
        return MemoryStore(shards=shards)
    return RedisStore(url, shards=shards, wait_replicas=wait_replicas)
