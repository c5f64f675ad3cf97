"""What was pushed or heard, until the worker has admitted it: a stream per feed, never trimmed.

All inboxes share one hash tag, so that one look says which feeds have something.
"""

from typing import Any

import redis

from model import Delivery
from store import codec, keys, scripts
from store.base import Waiting
from store.client import BLOCK_MS, Clients, guarded
from store.errors import InboxFull
from store.replicas import Replicas
from store.scripting import Script

CAP = 10_000  # deliveries per feed
CAP_BYTES = 64_000_000  # of bodies per feed; one body always fits an empty inbox


class Inboxes:
    """The inboxes of all feeds."""

    def __init__(self, clients: Clients, replicas: Replicas) -> None:
        self._quick = clients.quick
        self._patient = clients.patient
        self._replicas = replicas
        self._drop = Script(self._patient, scripts.UNDELIVER)

    @guarded
    def deliver(self, delivery: Delivery) -> str:
        """See ``Store``."""
        feed_id = delivery.feed_id
        about = codec.dumps([delivery.received_at, delivery.media_type, delivery.topic])
        args = [feed_id, CAP, CAP_BYTES, about, delivery.body]
        places = _places(feed_id)

        def send(pipe: Any) -> None:
            pipe.execute_command("EVAL", scripts.DELIVER, len(places), *places, *args)

        try:
            name: bytes = self._replicas.write(places[0], send, is_quick=True)[0]
        except redis.ResponseError as error:
            if "INBOXFULL" in str(error):
                raise InboxFull(feed_id) from error
            raise
        return name.decode()

    @guarded
    def deliveries(self, feed_id: str, count: int = 100) -> list[tuple[str, Delivery]]:
        """See ``Store``."""
        rows = self._patient.xrange(keys.inbox(feed_id), count=count)
        return [(name.decode(), _read(feed_id, pairs)) for name, pairs in rows]

    @guarded
    def drop_deliveries(self, feed_id: str, ids: list[str]) -> None:
        """See ``Store``."""
        self._drop(keys=_places(feed_id), args=[feed_id, *ids])

    @guarded
    def waiting(self, block_ms: int = 0) -> dict[str, Waiting]:
        """See ``Store``."""
        found = self._waiting()
        if not found and block_ms > 0:
            self._patient.blpop(keys.INBOX_BELL, min(block_ms, BLOCK_MS) / 1000)
            found = self._waiting()
        return found

    def _waiting(self) -> dict[str, Waiting]:
        pipe = self._quick.pipeline(transaction=True)
        pipe.hgetall(keys.INBOX_COUNTS)
        pipe.hgetall(keys.INBOX_SIZES)
        counts, sizes = pipe.execute()
        return {
            name.decode(): Waiting(int(count), int(sizes.get(name, 0)))
            for name, count in counts.items()
        }


def _places(feed_id: str) -> list[str]:
    return [keys.inbox(feed_id), keys.INBOX_COUNTS, keys.INBOX_SIZES, keys.INBOX_BELL]


def _read(feed_id: str, pairs: dict[bytes, bytes]) -> Delivery:
    at, media_type, topic = codec.loads(pairs[b"a"])
    return Delivery(
        feed_id=feed_id,
        body=pairs[b"b"],
        received_at=codec.instant(at),
        media_type=media_type,
        topic=topic,
    )
