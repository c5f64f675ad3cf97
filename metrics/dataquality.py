"""How well the city is being told: the state of its feeds."""

from datetime import timedelta

import numpy as np

from metrics.cells import UNKNOWN, Cells, nothing, readings
from metrics.columns import NONE, milliseconds
from metrics.scope import Question
from model import Indicator, Quality, Reading, Threshold

_SKEW = 60_000

FEEDS = Indicator(
    id="dq.feeds",
    title="Feeds in good order",
    short="Feeds in order",
    unit="%",
    direction="higher",
    domain="data quality",
    cadence=timedelta(minutes=1),
    window=timedelta(minutes=1),
    time_aggregation="last",
    district_aggregation="city only",
    definition=(
        "Share of the feeds whose newest data are on time and sound. It says how far everything "
        "else on the wall may be believed."
    ),
    numerator="feeds in state GOOD",
    denominator="all feeds of the city pack",
    source="the age rules of control-room practice, see docs/operating.md",
    decimals=0,
    threshold=Threshold(warn=95.0, crit=85.0),
    target=98.0,
    normal=(95.0, 100.0),
)


def feeds_in_order(question: Question) -> list[Reading]:
    """Return the share of feeds that are GOOD, for the city only.

    The states are those of now: for a past instant they say nothing.
    """
    states = list(question.scope.feed_age.values())
    if not states:
        return nothing(question, "the city has no feed")
    newest = [milliseconds(f.last_observed_at) for f in states if f.last_observed_at is not None]
    if newest and max(newest) > question.now + _SKEW:
        return nothing(question, "the states of the feeds are of another time")
    size = question.scope.size
    num, den = np.full(size + 1, np.nan), np.full(size + 1, np.nan)
    n, observed = np.full(size + 1, UNKNOWN, np.int64), np.full(size + 1, NONE, np.int64)
    num[-1] = sum(feed.state is Quality.GOOD for feed in states)
    den[-1] = n[-1] = len(states)
    observed[-1] = question.now
    cells = Cells(num, den, n, observed, scale=100.0, because="only for the whole city")
    return readings(question, cells)
