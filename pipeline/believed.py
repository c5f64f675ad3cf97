"""For how much of the last weeks a feed could be believed, from its changes of state."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from model import Quality

SPAN = timedelta(days=30)
BELIEVED = frozenset({Quality.GOOD, Quality.UNCERTAIN})


def good_shares(
    changes: Iterable[Mapping[str, Any]], now: datetime, span: timedelta = SPAN
) -> dict[str, float | None]:
    """Return by feed the share (0–1) of the known part of the span in GOOD or UNCERTAIN.

    Args:
        changes: rows ``id, state, state_since, known_at``; a state holds until the next.
        now: the end of the span.
        span: how far back; what lies before the first change is unknown and not counted.

    """
    start = now - span
    good: dict[str, float] = {}
    known: dict[str, float] = {}
    last: dict[str, tuple[datetime, Quality]] = {}

    def close(feed_id: str, until: datetime) -> None:
        since, state = last[feed_id]
        length = (until - max(since, start)).total_seconds()
        if length > 0:
            known[feed_id] = known.get(feed_id, 0.0) + length
            good[feed_id] = good.get(feed_id, 0.0) + length * (state in BELIEVED)

    timed = [(row["state_since"] or row["known_at"], row) for row in changes]
    for at, row in sorted(timed, key=lambda pair: pair[0]):
        feed_id = str(row["id"])
        if feed_id in last:
            close(feed_id, min(at, now))
        last[feed_id] = (at, Quality(row["state"]))
    for feed_id in last:
        close(feed_id, now)
    return {
        feed_id: round(good[feed_id] / known[feed_id], 4) if known.get(feed_id) else None
        for feed_id in last
    }
