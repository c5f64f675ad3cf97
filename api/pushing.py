"""The door for facts that others bring: who may, how much, and kept before it is answered.

Nothing is parsed here. What was answered 202 lies in the store until the worker has admitted it.
"""

import hmac
import zlib
from collections.abc import Iterator
from typing import NoReturn

import orjson
import structlog
from flask import Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from api.door import Door
from api.guard import Guard, caller_of
from api.problems import refuse
from cities import NoPushError, push_secret
from model import Delivery, Feed
from store import InboxFull

log = structlog.get_logger("push")

MAX_BYTES = 10_000_000  # of one body, decompressed
FULL_RETRY_S = 10
_PIECE = 65_536
_TOLD = 200  # letters of what the sender said of its body
_INFLATE = zlib.MAX_WBITS | 32  # gzip or zlib, told by the header


class Porter:
    """Lets in those who show a feed's own secret."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._guard = Guard()
        self._told: set[str] = set()  # feeds of which the log knows that nothing can be pushed

    def take(self, feed: Feed) -> Response:
        """Keep the body of this request for a feed; 202 once it is kept."""
        request.max_content_length = MAX_BYTES
        self._judge(feed)
        body = _body()
        if not body.strip():
            refuse(400, "empty body", "there is nothing in the body")
        delivery = Delivery(
            feed_id=feed.id,
            body=body,
            received_at=self._door.clock(),
            media_type=request.headers.get("Content-Type", "")[:_TOLD],
        )
        try:
            name = self._door.store.deliver(delivery)
        except InboxFull:
            again = {"Retry-After": str(FULL_RETRY_S)}
            refuse(503, "the inbox is full", "the worker is behind; send again", headers=again)
        content = orjson.dumps({"delivery": name})
        answer = Response(content, status=202, mimetype="application/json")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _judge(self, feed: Feed) -> None:
        """Refuse who does not show the secret.

        The right one is always heard: else who shares an address with a sender could silence it.
        """
        wanted = self._secret(feed)
        now = self._door.clock()
        address = caller_of(request.remote_addr, request.headers.get("X-Forwarded-For"))
        caller = f"{address} {feed.id}"
        shown = list(_shown())
        if any(hmac.compare_digest(secret, wanted.encode()) for secret in shown):
            return
        wait_s = self._guard.wait_s(caller, now)
        if wait_s is not None:
            again = {"Retry-After": str(wait_s)}
            refuse(429, "too many wrong secrets", "try again later", headers=again)
        if shown:
            self._guard.failed(caller, now)
        challenge = {"WWW-Authenticate": "Bearer"}
        refuse(401, "the secret is missing or wrong", "show the feed's own", headers=challenge)

    def _secret(self, feed: Feed) -> str:
        try:
            return push_secret(feed)
        except NoPushError as error:
            if feed.id not in self._told:
                self._told.add(feed.id)
                log.warning("nothing can be pushed", feed=feed.id, reason=str(error))
            detail = "the city pack gives this feed no push_secret, or it is not set here"
            refuse(403, "nothing can be pushed", f"{detail}; the log of the web says which")


def _shown() -> Iterator[bytes]:
    """Yield every secret that the request shows: bearer, header of our own, basic password."""
    said = request.headers.get("Authorization", "")
    kind, _, rest = said.partition(" ")
    if kind.lower() == "bearer":
        yield rest.strip().encode("latin-1")
    if header := request.headers.get("X-Feed-Secret", "").strip():
        yield header.encode("latin-1")  # the bytes as they were sent
    basic = request.authorization
    if basic is not None and basic.type == "basic" and basic.password:
        yield basic.password.encode()


def _body() -> bytes:
    """Return the body, decompressed, never holding more than the cap.

    Answers 413 where it is larger, 415 for a compression that we do not know, 400 for a broken one.
    """
    coding = request.headers.get("Content-Encoding", "").strip().lower() or "identity"
    if coding not in {"identity", "gzip", "x-gzip", "deflate"}:
        refuse(415, "unknown compression", "send the body plain, or compressed with gzip")
    pieces: list[bytes] = []
    total = 0
    try:
        for piece in _sent() if coding == "identity" else _inflated():
            total += len(piece)
            if total > MAX_BYTES:
                _refuse_large()
            pieces.append(piece)
    except zlib.error:
        refuse(400, "broken body", "the body is not what its Content-Encoding says")
    except RequestEntityTooLarge:
        _refuse_large()
    return b"".join(pieces)


def _sent() -> Iterator[bytes]:
    """Yield the body as it was sent; answers 400 where the connection ended within it."""
    length = 0
    while piece := _piece():
        length += len(piece)
        yield piece
    if length < (request.content_length or 0):
        refuse(400, "broken body", "the body ended before its Content-Length")


def _piece() -> bytes:
    try:
        return request.stream.read(_PIECE)
    except HTTPException:
        raise
    except Exception:  # noqa: BLE001 - each server has errors of its own for broken chunks
        refuse(400, "broken body", "the body cannot be read to its end")


def _inflated() -> Iterator[bytes]:
    inflate = zlib.decompressobj(_INFLATE)
    for piece in _sent():
        rest = piece
        while rest:
            if inflate.eof:  # several members in one body
                inflate = zlib.decompressobj(_INFLATE)
            yield inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail or inflate.unused_data
    yield inflate.flush()
    if not inflate.eof:
        raise zlib.error("cut off")


def _refuse_large() -> NoReturn:
    refuse(413, "the body is too large", f"at most {MAX_BYTES} bytes, decompressed")
