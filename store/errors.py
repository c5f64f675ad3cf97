"""What can go wrong in the store.

StoreError
├── StoreDown      the server does not answer, or not in time
├── StoreSilent    the worker did not answer a command in time
├── Conflict       somebody else changed a record in between
├── InboxFull      a feed has more deliveries than the worker could take; try again later
├── Fenced         the lock that allowed this write has passed to somebody else
├── Unsupported    the URL names a server that this version cannot use
└── EmbeddedError  the embedded server could not be started
    └── AlreadyRunning  another process owns the folder
"""

from collections.abc import Sequence


class StoreError(Exception):
    """Anything that the store says no to."""


class StoreDown(StoreError):  # noqa: N818 - a state of the world, read as a sentence
    """The server does not answer; the caller may try again later."""


class StoreSilent(StoreError):  # noqa: N818 - as above
    """No answer from the worker. ``is_taken`` is True where it may still be applied."""

    def __init__(self, command_id: str, *, is_taken: bool) -> None:
        self.command_id = command_id
        self.is_taken = is_taken
        fate = "it was taken and may still be applied" if is_taken else "it was withdrawn"
        super().__init__(f"the worker did not answer command {command_id}: {fate}")


class Conflict(StoreError):  # noqa: N818 - as above
    """Records whose version was not the expected one; nothing was written."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        super().__init__(f"changed by somebody else: {', '.join(self.keys)}")


class InboxFull(StoreError):  # noqa: N818 - as above
    """A feed's inbox holds all it may; nothing was kept, and nothing else was lost."""

    def __init__(self, feed_id: str) -> None:
        self.feed_id = feed_id
        super().__init__(f"the inbox of feed {feed_id} is full; try again later")


class Fenced(StoreError):  # noqa: N818 - as above
    """The writer's lock has passed to another process; it must stop writing."""


class Unsupported(StoreError):  # noqa: N818 - as above
    """A URL of a server that this version cannot use."""


class EmbeddedError(StoreError):
    """The embedded server could not be started; the message holds the tail of its log."""


class AlreadyRunning(EmbeddedError):  # noqa: N818 - as above
    """Another process owns this folder. ``pid`` is its process, ``url`` its server."""

    def __init__(self, pid: int | None, url: str | None) -> None:
        self.pid = pid
        self.url = url
        super().__init__(f"already running: pid {pid}, {url or 'still starting'}")
