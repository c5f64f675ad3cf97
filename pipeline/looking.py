"""When a feed that says nothing is silent, and when it is we who did not look."""

from datetime import datetime

from model import FeedState

ATTEMPTS = 3  # failures in a row that tell of a feed that others knew and we do not yet
LOOKED = 3  # cadences for which a look at a feed that froze is still news


def is_seen(state: FeedState, asked_at: datetime, now: datetime) -> bool:
    """Whether what a state says of a feed was seen, and is not only our own absence."""
    if not state.is_polled or not state.state.is_frozen or state.late_at is None:
        return True
    return asked_at >= state.late_at and now - asked_at <= LOOKED * state.due_every
