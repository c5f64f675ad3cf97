"""What can go wrong in history.

HistoryError
├── HistoryBusy  another process writes this history
├── TooNew       a table was written by a newer version of Bartizan
└── NotYet       the URL names a kind of history that this version cannot use
"""


class HistoryError(Exception):
    """Anything that history says no to."""


class HistoryBusy(HistoryError):  # noqa: N818 - a state of the world, read as a sentence
    """Another process holds the writer's lock."""


class TooNew(HistoryError):  # noqa: N818 - as above
    """A newer version wrote the table; writing or reading it could harm or mislead."""


class NotYet(HistoryError):  # noqa: N818 - as above
    """A kind of history that this version cannot use."""
