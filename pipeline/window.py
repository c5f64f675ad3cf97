"""The window of facts, read back from the history after a start."""

from datetime import datetime, timedelta

from history import History
from metrics.window import Window

LOOK_BACK = timedelta(days=60)  # eight weeks of the same hour, and 28 + 28 days of cases
KEEP = timedelta(days=35)  # 28 nights for free flow, and a week for late facts


def load_window(history: History, now: datetime) -> Window:
    """Return what any indicator may still need, and every case that is not long closed."""
    since = now - LOOK_BACK
    window = Window.from_columns(history.observations_table(since), history.cases_table(since))
    return window.trimmed(now - KEEP)
