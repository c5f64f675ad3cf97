"""HTTP, once for all kinds: caps, conditional requests, retries; nothing of it in a parser."""

import random
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from feeds.decode import charset_of, looks_like_html
from feeds.doors import Doors, FeedClient, is_same_server
from feeds.errors import FeedError
from feeds.waits import retry_after

_RETRIED = frozenset({408, 425, 429})
_LOST = (httpx.RequestError, OSError)
_BARE = frozenset({"GET", "HEAD"})  # no body goes with them
_KEPT_VALIDATORS = 200
_REDIRECTS = 5
_HARMLESS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host",
     "if-modified-since", "if-none-match", "user-agent"}
)  # fmt: skip
_INFLATE = zlib.MAX_WBITS | 32  # gzip or zlib, told by the header


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one poll may cost, and how it waits.

    ``max_bytes`` counts decompressed bytes of one body. ``sleep`` takes seconds, ``clock`` gives
    monotonic seconds.
    """

    max_bytes: int = 50_000_000
    max_documents: int = 5_000
    attempts: int = 3
    backoff: timedelta = timedelta(seconds=1)
    max_wait: timedelta = timedelta(seconds=20)
    deadline: timedelta = timedelta(minutes=10)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Document:
    """One answer. ``content`` is decompressed; empty only when ``not_modified``."""

    url: str
    content: bytes
    charset: str | None = None
    not_modified: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def open_client(contact: str, *, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return the client for all feeds: says who asks, reads no proxy from the environment."""
    return FeedClient(contact, transport)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: a GET, or a POST where it has a ``json`` or ``form`` body.

    With a ``verb`` it is an order, such as PATCH: any 2xx is good, and may have no body.
    """

    url: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    is_conditional: bool = False
    accept: str = "*/*"
    verb: str | None = None

    @property
    def method(self) -> str:
        """The HTTP method."""
        if self.verb is not None:
            return self.verb
        return "GET" if self.json is None and self.form is None else "POST"


@dataclass(slots=True)
class Fetcher:
    """Fetches the documents of one poll of one feed.

    ``validators`` maps a URL to what its last answer said about its version; pass what the
    previous poll left and keep what this one leaves, but only when its facts were kept too.
    """

    feed_id: str
    client: httpx.Client
    doors: Doors
    limits: Limits
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    n_bytes: int = 0
    n_documents: int = 0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.limits.clock()

    def __call__(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        **how: Any,
    ) -> Document:
        """Fetch one document, asking again while the failure looks temporary.

        ``how`` are the other fields of :class:`Asked`.

        Raises:
            FeedError: when it cannot be had; ``permanent`` says whether asking again may help.

        """
        asked = Asked(url=url, params=params, **how)
        self.refuse_link(url)
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._ask(asked)
            except FeedError as failure:
                if failure.permanent or attempt == self.limits.attempts:
                    raise
                self._wait(failure, attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _wait(self, failure: FeedError, attempt: int) -> None:
        wait = self.limits.backoff * (2 ** (attempt - 1)) * (0.5 + random.random())  # noqa: S311 - jitter
        if failure.retry_after is not None:
            if failure.retry_after > self.limits.max_wait:
                raise failure
            wait = max(wait, failure.retry_after)
        if self.limits.clock() - self.started + wait.total_seconds() > self._deadline:
            raise failure
        self.limits.sleep(wait.total_seconds())

    @property
    def _deadline(self) -> float:
        return self.limits.deadline.total_seconds()

    def refuse_link(self, url: str) -> None:
        """Refuse what the pack does not name, and too many documents.

        Raises:
            FeedError: if the URL may not be asked.

        """
        if reason := self.doors.refusal(url):
            raise self._error(reason, permanent=True)
        host = urlsplit(url).hostname or ""
        if isinstance(self.client, FeedClient) and self.doors.is_let_in(host):
            self.client.guard.let_in(host)
        if self.n_documents >= self.limits.max_documents:
            raise self._error(f"more than {self.limits.max_documents} documents", permanent=True)

    def _ask(self, asked: Asked) -> Document:
        url = asked.url
        is_plain = asked.is_conditional and not asked.params and asked.method == "GET"
        known = self.validators.get(url, {}) if is_plain else {}
        headers = {"Accept": asked.accept, "Accept-Encoding": "gzip"} | dict(asked.headers) | known
        self.n_documents += 1
        try:
            request = self.client.build_request(
                asked.method,
                url,
                params=asked.params,
                headers=headers,
                json=asked.json,
                data=dict(asked.form) if asked.form is not None else None,
            )
            answer = self._send(request)
            try:
                return self._read(answer, asked, known)
            finally:
                answer.close()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as problem:
            raise self._error(f"{url[:200]!r}: {problem}", permanent=True) from problem
        except _LOST as problem:
            said = str(problem) or type(problem).__name__
            raise self._error(f"no answer: {said}", permanent=False) from problem

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Send a request and follow redirects, each looked at like a link."""
        for _ in range(_REDIRECTS + 1):
            answer = self.client.send(request, stream=True, follow_redirects=False)
            if answer.next_request is None:
                return answer
            answer.close()
            after = answer.next_request
            self.refuse_link(str(after.url))
            if after.method not in _BARE and not is_same_server(request.url, after.url):
                told = f"a {after.method} is redirected to {after.url.host}"
                raise self._error(f"{told}: its body is for nobody else", permanent=True)
            request = _without_secrets(request, after)
        raise self._error("too many redirects", permanent=True)

    def _read(self, answer: httpx.Response, asked: Asked, known: Mapping[str, str]) -> Document:
        if answer.status_code == httpx.codes.NOT_MODIFIED and known:
            return Document(asked.url, b"", not_modified=True)
        body = b"".join(self._pieces(answer))
        self.n_bytes += len(body)
        if asked.verb is not None and answer.is_success:
            return Document(str(answer.url), body, headers=answer.headers)
        if answer.status_code != httpx.codes.OK:
            raise self._refused(answer, body)
        if not body.strip():
            raise self._error("the body is empty", permanent=False)
        if looks_like_html(body):
            raise self._error("an HTML page where data were expected", permanent=False)
        if asked.is_conditional:
            self._remember(asked.url, answer)
        charset = charset_of(answer.headers.get("content-type"))
        return Document(str(answer.url), body, charset, headers=answer.headers)

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        """Yield the decompressed body in pieces; stops with an error at the cap."""
        total = 0
        for piece in _inflated(answer, self.limits.max_bytes):
            total += len(piece)
            if total > self.limits.max_bytes:
                raise self._error(
                    f"the body is larger than {self.limits.max_bytes} bytes", permanent=True
                )
            if self.limits.clock() - self.started > self._deadline:
                raise self._error(f"took longer than {self.limits.deadline}", permanent=False)
            yield piece

    def _refused(self, answer: httpx.Response, body: bytes) -> FeedError:
        status = answer.status_code
        said = (
            "" if looks_like_html(body) else " ".join(body[:200].decode(errors="replace").split())
        )
        is_temporary = status in _RETRIED or status >= httpx.codes.INTERNAL_SERVER_ERROR
        return self._error(
            f"HTTP {status}" + (f": {said}" if said else ""),
            permanent=not is_temporary,
            retry_after=retry_after(answer.headers) if status in {429, 503} else None,
        )

    def _remember(self, url: str, answer: httpx.Response) -> None:
        said = {
            "If-None-Match": answer.headers.get("etag"),
            "If-Modified-Since": answer.headers.get("last-modified"),
        }
        self.validators.pop(url, None)
        if kept := {name: value for name, value in said.items() if value}:
            self.validators[url] = kept
        while len(self.validators) > _KEPT_VALIDATORS:
            del self.validators[next(iter(self.validators))]

    def _error(self, reason: str, **about: Any) -> FeedError:
        return FeedError(self.feed_id, reason, **about)


def _without_secrets(before: httpx.Request, after: httpx.Request) -> httpx.Request:
    """Keys in headers are for the server that was asked, not for where it sends us."""
    if not is_same_server(before.url, after.url):
        for name in [name for name in after.headers if name.lower() not in _HARMLESS]:
            del after.headers[name]
    return after


def _inflated(answer: httpx.Response, cap: int) -> Iterator[bytes]:
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if answer.is_stream_consumed:  # an answer made in memory is decoded already
        yield from answer.iter_bytes(65_536)
    elif coding in {"", "identity"}:
        yield from answer.iter_raw(65_536)
    elif coding in {"gzip", "x-gzip", "deflate"}:
        yield from _unzipped(answer.iter_raw(65_536), cap)
    else:
        raise httpx.DecodingError(f"content-encoding {coding!r} was not asked for")


def _unzipped(pieces: Iterator[bytes], cap: int) -> Iterator[bytes]:
    """Decompress without ever holding more than the cap, whatever the ratio."""
    inflate = zlib.decompressobj(_INFLATE)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if inflate.eof:  # several members in one body
                    inflate = zlib.decompressobj(_INFLATE)
                yield inflate.decompress(rest, cap + 1)
                rest = inflate.unused_data
    except zlib.error as problem:
        raise httpx.ReadError(f"broken gzip: {problem}") from problem
    if not inflate.eof:
        raise httpx.ReadError("the gzip body is cut off")
