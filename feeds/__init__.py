"""Feeds: one file per kind of source: a parser and a declaration. HTTP stands in ``http``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import httpx

from feeds import (
    airnow,
    anyjson,
    arcgis,
    cap,
    ckan,
    consul,
    datex2,
    decidim,
    file,
    gbfs,
    gtfs,
    gtfs_rt,
    kev,
    mastodon,
    mqtt,
    ngsi,
    nws,
    open311,
    openaq,
    prometheus,
    purpleair,
    rss,
    secrets,
    sensor_community,
    sensorthings,
    socrata,
    statuspage,
    wzdx,
)
from feeds.base import LIMITS, Again, Ear, Kind, Listener, Poll, guarded, poll_kind, sifted
from feeds.base import problems as _problems
from feeds.decode import raw, text
from feeds.errors import FeedError
from feeds.http import Limits, open_client
from feeds.options import KindOptions
from model import Delivery, Feed, Parsed, Reject

_ALL = (
    airnow.KIND,
    anyjson.KIND,
    arcgis.KIND,
    cap.KIND,
    ckan.KIND,
    consul.KIND,
    datex2.KIND,
    decidim.KIND,
    file.KIND,
    gbfs.KIND,
    gtfs.KIND,
    gtfs_rt.KIND,
    kev.KIND,
    mastodon.KIND,
    mqtt.KIND,
    ngsi.KIND,
    nws.KIND,
    open311.KIND,
    openaq.KIND,
    prometheus.KIND,
    purpleair.KIND,
    rss.KIND,
    sensor_community.KIND,
    sensorthings.KIND,
    socrata.KIND,
    statuspage.KIND,
    wzdx.KIND,
)
UNSET = secrets.UNSET
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


def is_polled(feed: Feed) -> bool:
    """Whether a feed is asked in its own time; others are pushed or listened to."""
    return _options(feed).is_polled(feed)


def is_remote(feed: Feed) -> bool:
    """Whether a feed asks others over the network."""
    return bool(feed.url or _options(feed).addresses())


def is_heard(feed: Feed) -> bool:
    """Whether a feed keeps a connection open."""
    return KINDS[feed.kind].listen is not None


def is_pushed(feed: Feed) -> bool:
    """Whether facts may be pushed to a feed."""
    return feed.push_secret is not None and KINDS[feed.kind].receive is not None


def push_secret(feed: Feed) -> str:
    """Return the secret that those who push to a feed must show.

    Raises:
        FeedError: if nothing may be pushed, or the secret is not set in the environment.

    """
    if feed.push_secret is None:
        raise FeedError(feed.id, "nothing may be pushed: it has no push_secret", permanent=True)
    return secrets.reveal(feed.id, feed.push_secret)


def receive(feed: Feed, delivery: Delivery) -> Parsed:
    """Parse what was pushed or heard; a body that is malformed as a whole is one reject.

    Raises:
        FeedError: if nothing can be pushed to the kind.

    """
    parse = _kind(feed).receive
    if parse is None:
        raise FeedError(feed.id, f"nothing can be pushed to kind {feed.kind!r}", permanent=True)
    try:
        with guarded(feed):
            return sifted(parse(delivery, feed), delivery.received_at)
    except FeedError as problem:
        whole = Reject(
            feed_id=feed.id,
            line=0,
            reason=problem.reason,
            raw=raw(text(delivery.body)),
            at=delivery.received_at,
            context=delivery.topic,
        )
        return Parsed(rejected=[whole, *problem.rejects])


def listen(ear: Ear) -> Listener:
    """Open the lasting connection of a feed.

    Raises:
        FeedError: if its kind has none, or its options or secrets are wrong.

    """
    start = _kind(ear.feed).listen
    if start is None:
        raise FeedError(ear.feed.id, f"kind {ear.feed.kind!r} has no connection", permanent=True)
    return start(ear)


def again(
    feed: Feed, rejects: Sequence[Reject], memory: Mapping[str, Any], *, now: datetime
) -> Parsed:
    """Read refused rows once more from their raw text, after a mapping was mended.

    Raises:
        FeedError: if the kind cannot, or the rows are malformed as a whole.

    """
    reread = _kind(feed).again
    if reread is None:
        raise FeedError(feed.id, f"kind {feed.kind!r} cannot read rows again", permanent=True)
    with guarded(feed):
        return sifted(reread(Again(feed, rejects, memory, now)), now)


def problems(feed: Feed) -> list[str]:
    """Say everything that is wrong with a feed's declaration, without reading it."""
    if feed.kind not in KINDS:
        return [f"kind {feed.kind!r} is unknown; there are {', '.join(sorted(KINDS))}"]
    return _problems(KINDS[feed.kind], feed)


def _options(feed: Feed) -> KindOptions:
    return KINDS[feed.kind].options.model_validate(dict(feed.options))


def _kind(feed: Feed) -> Kind:
    if wrong := problems(feed):
        raise FeedError(feed.id, "; ".join(wrong), permanent=True)
    return KINDS[feed.kind]


__all__ = [
    "KINDS",
    "UNSET",
    "Ear",
    "FeedError",
    "Kind",
    "KindOptions",
    "Limits",
    "Listener",
    "Poll",
    "again",
    "is_heard",
    "is_polled",
    "is_pushed",
    "is_remote",
    "listen",
    "open_client",
    "poll",
    "problems",
    "push_secret",
    "receive",
]
