"""What those who push to a feed must show."""

import feeds
from model import Feed


class NoPushError(Exception):
    """Nothing can be pushed to a feed now; the message is for an operator, and names no secret."""


def push_secret(feed: Feed) -> str:
    """Return the secret that stands in the environment for those who push to a feed.

    Raises:
        NoPushError: if the pack gives it none, or the environment does not hold it.

    """
    if not feeds.is_pushed(feed):
        raise NoPushError(f"nothing may be pushed to feed {feed.id}: it has no push_secret")
    try:
        return feeds.push_secret(feed)
    except feeds.FeedError as error:
        raise NoPushError(error.reason) from None
