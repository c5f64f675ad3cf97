"""When each feed is asked next."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from model import Feed

QUICK = timedelta(minutes=2)  # feeds at least this quick are polled at their own cadence
SLOWEST = timedelta(minutes=5)  # an hourly source is looked at this often: conditional, so cheap
QUICKEST = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
SPREAD = 0.05  # of a pause, added at random
MOST_SPREAD = timedelta(seconds=10)


def poll_interval(feed: Feed) -> timedelta:
    """How often a feed is asked: its cadence when quick, a quarter of it otherwise.

    A slow source is asked more often than it publishes, so that a new value is not seen a whole
    cadence late.
    """
    if feed.every <= QUICK:
        return feed.every
    return min(max(feed.every / 4, QUICKEST), SLOWEST)


def pause_after_failure(feed: Feed, failures: int, retry_after: timedelta | None) -> timedelta:
    """How long to wait after the ``failures``-th failure in a row: doubles up to the cadence.

    So a source that returns is seen one cadence later at most; never under 30 seconds or over a
    quarter of an hour, unless the source itself asked for longer.
    """
    longest = min(max(feed.every, QUICKEST), LONGEST_PAUSE)
    doubled: timedelta = poll_interval(feed) * 2 ** min(failures - 1, 8)
    return max(min(doubled, longest), retry_after or timedelta(0))


def strewn(pause: timedelta) -> timedelta:
    """Return a pause with a little added, so that not all who ask a source ask in one second."""
    return pause + min(pause * SPREAD, MOST_SPREAD) * random.random()  # noqa: S311 - no secret


@dataclass(slots=True)
class Due:
    """The next poll of one feed, and whether one is under way."""

    feed: Feed
    at: datetime
    is_running: bool = False

    def is_due(self, now: datetime) -> bool:
        """Whether the feed should be asked now."""
        return not self.is_running and now >= self.at
