"""What every kind's options share: unknown keys are errors, durations are written ``5min``."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from model import Feed

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\s*")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class KindOptions(BaseModel):
    """Base of the options of a kind: what a pack may say beside the common keys of a feed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed; checked before anything is fetched."""
        return [] if feed.url or feed.push_secret else [f"kind {feed.kind!r} needs a url"]

    def addresses(self) -> tuple[str, ...]:
        """Return the URLs that the options name, beside the feed's own: they may be asked."""
        return ()

    def is_polled(self, feed: Feed) -> bool:
        """Whether there is something to ask; a feed may be pushed only."""
        return bool(feed.url or feed.path)


def duration(value: Any) -> Any:
    """Read ``30s``, ``5min``, ``1h``, ``7d`` or ``2w``; anything else is left to pydantic.

    >>> duration("5min")
    datetime.timedelta(seconds=300)

    """
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no duration: write a number and s, min, h, d or w")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


Duration = Annotated[timedelta, BeforeValidator(duration)]
