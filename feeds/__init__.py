"""Feeds: one file per kind of source: a parser and a declaration. HTTP stands in ``http``."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import httpx

from feeds import cap, file, gbfs, open311, sensorthings
from feeds.base import LIMITS, Kind, Poll, poll_kind
from feeds.base import problems as _problems
from feeds.errors import FeedError
from feeds.http import Limits, open_client
from feeds.options import KindOptions
from model import Feed

_ALL = (file.KIND, open311.KIND, gbfs.KIND, sensorthings.KIND, cap.KIND)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})


def poll(
    feed: Feed,
    client: httpx.Client,
    memory: Mapping[str, Any],
    *,
    now: datetime,
    limits: Limits = LIMITS,
) -> Poll:
    """Read a feed once, asking again inside while a failure looks temporary.

    Args:
        feed: as the city pack declares it.
        client: from :func:`open_client`.
        memory: what the last good poll of this feed left; ``{}`` the first time.
        now: the instant of this poll; becomes ``fetched_at``.
        limits: what one poll may cost, and how it waits between attempts.

    Raises:
        FeedError: the only one; nothing is to be kept then, the old memory stays.

    """
    kind = _kind(feed)
    return poll_kind(kind, feed, client, memory, now=now, limits=limits)


def problems(feed: Feed) -> list[str]:
    """Say everything that is wrong with a feed's declaration, without reading it."""
    if feed.kind not in KINDS:
        return [f"kind {feed.kind!r} is unknown; there are {', '.join(sorted(KINDS))}"]
    return _problems(KINDS[feed.kind], feed)


def _kind(feed: Feed) -> Kind:
    if wrong := problems(feed):
        raise FeedError(feed.id, "; ".join(wrong), permanent=True)
    return KINDS[feed.kind]


__all__ = [
    "KINDS",
    "FeedError",
    "Kind",
    "KindOptions",
    "Limits",
    "Poll",
    "open_client",
    "poll",
    "problems",
]
