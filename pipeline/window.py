"""The window of facts, read back from the history after a start."""

from datetime import datetime

from history import History
from metrics.window import Window


def load_window(history: History, since: datetime) -> Window:
    """Return what the city has known since then, and every case that is not long closed."""
    return Window.from_columns(history.observations_table(since), history.cases_table(since))
