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
    "QuarantinePage",
    "Quarantined",
    "Reason",
    "RedisStore",
    "Store",
    "StoreDown",
    "StoreError",
    "StoreSilent",
    "Unsupported",
    "Versioned",
    "Waiting",
    "open",
]


def open(url: str) -> Store:  # noqa: A001 - reads as store.open, like the other rooms' doors
    """Return the store at ``redis://``, ``rediss://``, ``unix://`` or (for tests) ``memory://``.

    Nothing is sent yet: a server that is away shows at the first call.

    Raises:
        Unsupported: the URL names something else; says what is supported.

    """
    return MemoryStore() if url.startswith("memory:") else RedisStore(url)
