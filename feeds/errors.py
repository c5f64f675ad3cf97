"""The only exception that leaves this room."""

from datetime import timedelta

from model import Reject


class FeedError(Exception):
    """A feed could not be read.

    ``permanent`` says that asking again at once is pointless (a wrong URL, a malformed body).
    ``retry_after`` is what the source asked for, where that is longer than we wait inside one
    poll. ``rejects`` are the refused rows when the whole body was refused because of them.
    """

    def __init__(
        self,
        feed_id: str,
        reason: str,
        *,
        permanent: bool,
        retry_after: timedelta | None = None,
        rejects: tuple[Reject, ...] = (),
    ) -> None:
        super().__init__(f"feed {feed_id}: {reason}")
        self.feed_id = feed_id
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.rejects = rejects
