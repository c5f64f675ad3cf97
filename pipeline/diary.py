"""What the worker writes into the history beside facts: readings, and changes of feeds."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from history import History
from model import FeedState, Indicator, Reading

UNCHANGED_EVERY = timedelta(minutes=5)  # a reading that does not change is written this often
Key = tuple[str, str]


@dataclass(slots=True)
class Diary:
    """Collects the newest reading per indicator and place and writes them in batches.

    One row a minute at most, at once when value or quality changed, else every five minutes or
    at the indicator's cadence, whichever is longer.
    """

    history: History
    indicators: dict[str, Indicator]
    _pending: dict[Key, Reading] = field(default_factory=dict)
    _feeds: list[FeedState] = field(default_factory=list)
    _written: dict[Key, Reading] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, readings: Iterable[Reading], feeds: Sequence[FeedState]) -> None:
        """Take new readings and feeds whose state changed."""
        with self._lock:
            self._pending.update({(r.indicator, r.district): r for r in readings})
            self._feeds.extend(feeds)

    def write(self, now: datetime) -> int:
        """Write what is pending; return how many readings. What failed stays pending."""
        with self._lock:
            pending, self._pending = self._pending, {}
            feeds, self._feeds = self._feeds, []
        news = [reading for reading in pending.values() if self._is_news(reading)]
        try:
            if news:
                self.history.append_readings(news)
            if feeds:
                self.history.append_feed_changes(feeds, known_at=now)
        except Exception:
            with self._lock:
                self._pending = {**pending, **self._pending}
                self._feeds = [*feeds, *self._feeds]
            raise
        self._written.update({(r.indicator, r.district): r for r in news})
        return len(news)

    def _is_news(self, reading: Reading) -> bool:
        old = self._written.get((reading.indicator, reading.district))
        if old is None or (old.value, old.quality) != (reading.value, reading.quality):
            return True
        indicator = self.indicators.get(reading.indicator)
        pause = max(UNCHANGED_EVERY, indicator.cadence if indicator else UNCHANGED_EVERY)
        return abs(reading.at - old.at) >= pause  # a clock may be set back
