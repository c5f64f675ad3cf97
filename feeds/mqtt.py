"""MQTT 3.1.1 and 5: the city's own sensors, in seconds instead of minutes.

Docs: https://docs.oasis-open.org/mqtt/mqtt/v5.0/. Quirks: topics are local, so the pack takes them
apart; QoS 1 brings duplicates, which the key of an observation makes harmless; a message is
acknowledged only once it is kept.
"""

from urllib.parse import urlsplit

from feeds.base import Again, Ear, Kind, Listener, Take, Visit
from feeds.errors import FeedError
from feeds.gathered import together
from feeds.mqtt_options import Options
from feeds.mqtt_parse import parse
from feeds.reread import readable
from model import Delivery, Feed, Parsed


def read(visit: Visit) -> Take:
    """A broker is listened to.

    Raises:
        FeedError: always.

    """
    raise FeedError(visit.feed.id, "a broker is listened to, not asked", permanent=True)


def listen(ear: Ear) -> Listener:
    """Connect, subscribe, and stay connected until stopped.

    Raises:
        FeedError: if a secret is not set, or the certificates cannot be read.

    """
    from feeds.mqtt_listen import Hearer  # noqa: PLC0415 - heavy, and few packs use it

    options = Options.model_validate(dict(ear.feed.options))
    if not urlsplit(ear.feed.url or "").hostname:
        raise FeedError(ear.feed.id, "no broker is named: url is missing", permanent=True)
    hearer = Hearer(ear, options)
    hearer.start()
    return hearer


def receive(delivery: Delivery, feed: Feed) -> Parsed:
    """Parse one message; its media type says whether the broker had kept it."""
    return parse(delivery.body, feed, delivery.received_at, delivery.topic, delivery.media_type)


def again(again: Again) -> Parsed:
    """Read refused rows once more: their topic, and that they were retained, stand beside them."""
    whole, broken = readable(again.rejects)
    found = []
    for one, _ in whole:
        topic, _, media_type = one.context.partition("\n")
        found.append(parse(one.raw.encode(), again.feed, one.at, topic, media_type))
    parsed = together(found)
    return Parsed(parsed.accepted, [*broken, *parsed.rejected], None, parsed.skipped)


KIND = Kind(
    name="mqtt",
    options=Options,
    read=read,
    parse=parse,
    standard="MQTT 3.1.1 and 5",
    gives=frozenset({"observation"}),
    receive=receive,
    listen=listen,
    again=again,
)
