"""The newest snapshot: published at once, read once per content, told to everybody."""

import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import redis
from redis.exceptions import RedisClusterException

from model import Snapshot
from model.plain import instant
from store import keys, scripts
from store.base import Head, Lock
from store.bodies import BodyReader, dump_body
from store.client import Clients, guarded
from store.errors import Fenced, StoreDown, StoreError
from store.scripting import Script

_RETRY_S = 0.25  # between two tries to reach a server that is away
_DEAF_S = 3.0  # so long without a tick, and the subscription is doubted


class Snapshots:
    """Head, body and tick."""

    def __init__(self, clients: Clients) -> None:
        self._quick = clients.quick
        self._patient = clients.patient
        self._publish = Script(self._patient, scripts.PUBLISH)
        self._epoch = Script(self._quick, scripts.EPOCH)
        self._lock = threading.Lock()
        self._bodies = BodyReader()
        self._read: tuple[Head, Snapshot] | None = None
        self._newest = ("", 0)  # epoch and number of the newest snapshot that we know of

    @guarded
    def epoch(self) -> int:
        """See ``Store``."""
        return int(self._epoch(keys=[keys.EPOCH]))

    @guarded
    def publish(self, snapshot: Snapshot, *, fence: Lock | None = None) -> Head:
        """See ``Store``."""
        body_id, body = dump_body(snapshot)
        at = instant(snapshot.published_at)
        token = "" if fence is None else str(fence.token)
        places = [keys.EPOCH, keys.HEAD, keys.BODY, keys.lock(fence.name if fence else "none")]
        start, end = [token, keys.TICK, at, body_id], self._newest
        try:
            version = self._publish(keys=places, args=[*start, b"", *end])
            if version is None:
                version = self._publish(keys=places, args=[*start, body, *end])
        except redis.ResponseError as error:
            if "FENCED" in str(error):
                raise Fenced("the lock has passed to another worker") from error
            raise
        except redis.RedisError:
            self._newest = (end[0], end[1] + 1)  # it may have been published, for all we know
            raise
        return self._noted(Head(version.decode(), snapshot.published_at, body_id))

    def _noted(self, head: Head) -> Head:
        """Remember the newest number, so that none is ever given twice."""
        epoch, _, n = head.version.partition("-")
        if epoch != self._newest[0] or int(n) > self._newest[1]:
            self._newest = (epoch, int(n))
        return head

    @guarded
    def head(self) -> Head | None:
        """See ``Store``."""
        found = _head(self._quick.hmget(keys.HEAD, "version", "published_at", "body_id"))
        return None if found is None else self._noted(found)

    @guarded
    def latest(self) -> Snapshot | None:
        """See ``Store``."""
        head = self.head()
        with self._lock:
            if head is None or self._read is None or self._read[0].body_id != head.body_id:
                return self._fetch()
            if self._read[0] != head:
                version, at = head.version, head.published_at
                self._read = head, replace(self._read[1], version=version, published_at=at)
            return self._read[1]

    def _fetch(self) -> Snapshot | None:
        """Read head and body of one moment."""
        pipe = self._quick.pipeline(transaction=True)
        pipe.hmget(keys.HEAD, "version", "published_at", "body_id")
        pipe.hget(keys.BODY, "body")
        fields, body = pipe.execute()
        head = _head(fields)
        if head is None or body is None:
            return None
        try:
            snapshot = self._bodies.load(body, head.version, head.published_at)
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise StoreError(f"snapshot {head.version} was written by another version") from error
        self._read = head, snapshot
        return snapshot

    def ticks(self, timeout_s: float = 1.0) -> Iterator[Head | None]:
        """See ``Store``; survives restarts of the server."""
        last: Head | None = None
        while True:
            started = time.monotonic()
            try:
                for head in self._listen(timeout_s):
                    if head is None or _is_news(head, last):
                        last = head or last
                        yield head
            except (redis.RedisError, RedisClusterException, StoreError):
                time.sleep(max(0.0, min(_RETRY_S, timeout_s) - (time.monotonic() - started)))
                yield None

    def _listen(self, timeout_s: float) -> Iterator[Head | None]:
        """Yield heads until the connection breaks, or is found to be deaf."""
        pubsub: Any = self._patient.pubsub(ignore_subscribe_messages=False)
        last: str | None = None
        heard = time.monotonic()
        try:
            pubsub.subscribe(keys.TICK)
            while True:
                message = pubsub.get_message(timeout=timeout_s)
                found = None if message is None else self._news(message)
                if found is not None:
                    last, heard = found.version, time.monotonic()
                elif time.monotonic() - heard > _DEAF_S:
                    self._check_ears(last)
                    heard = time.monotonic()
                if found is not None or message is None:
                    yield found
        finally:
            pubsub.close()

    def _news(self, message: Mapping[str, Any]) -> Head | None:
        if message["type"] == "subscribe":
            return self.head()  # the subscription stands: from here on no tick is missed
        if message["type"] != "message":
            return None
        version, at, body_id = message["data"].decode().split("|")
        return Head(version, datetime.fromisoformat(at), body_id)

    def _check_ears(self, last: str | None) -> None:
        """Raise where the store has a newer head than was heard: a half-open connection."""
        head = self.head()
        if head is not None and head.version != last:
            raise StoreDown("the subscription is deaf")


def _is_news(head: Head, last: Head | None) -> bool:
    """Whether a head is the last one or newer.

    Ticks may overtake each other between the nodes of a cluster, and a master that took over may
    have missed some.
    """
    if last is None or head.published_at > last.published_at:
        return True
    epoch, _, n = head.version.partition("-")
    last_epoch, _, last_n = last.version.partition("-")
    return epoch != last_epoch or int(n) >= int(last_n)


def _head(fields: list[bytes | None]) -> Head | None:
    version, at, body_id = fields
    if version is None or at is None or body_id is None:
        return None
    return Head(version.decode(), datetime.fromisoformat(at.decode()), body_id.decode())
