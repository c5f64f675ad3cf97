"""The window of facts, read back from the history after a start."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from history import History
from metrics.keeping import KEEP, kept_since
from metrics.window import Window
from model import Indicator

CASES_BACK = timedelta(days=60)  # 28 + 28 days of cases


def load_window(history: History, now: datetime, indicators: Sequence[Indicator]) -> Window:
    """Return what any of the indicators may still need, and every case that is not long closed."""
    since = kept_since(indicators, now)
    begins = now - KEEP
    window = Window.from_columns(
        history.observations_table(begins), history.cases_table(now - CASES_BACK)
    )
    for quantity, start in since.items():
        older = history.observations_table(start, begins, quantities=[quantity])
        window = window.grown(older)
    return window.trimmed(begins, since)
