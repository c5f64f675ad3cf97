"""One look at an address, as a visitor has it: whether it answers, how fast, and its certificate.

What is refused because the pack does not allow it says nothing of the service.
"""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpcore
import httpx

from feeds.decode import charset_of, text
from feeds.doors import FeedClient
from feeds.errors import FeedError
from feeds.http import Fetcher
from feeds.statuspage_certificate import not_after

Job = TypeVar("Job")
Result = TypeVar("Result")

_REDIRECTS = 5
_MOST_BYTES = 1_000_000
_OURS = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look brought.

    ``is_up`` is ``None`` where we were not allowed to look. ``seconds`` is until the headers of
    the last answer. ``is_lost``: no answer at all; ``is_ours``: no name or no way, as when our own
    network is down. ``trouble`` says in words what is wrong.
    """

    is_up: bool | None
    seconds: float | None = None
    valid_until: datetime | None = None
    trouble: str | None = None
    is_lost: bool = False
    is_ours: bool = False
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One address, and what answer is wanted. ``expect`` is empty for any status below 400."""

    url: str
    method: str = "GET"
    expect: tuple[int, ...] = ()
    text: str | None = None
    timeout_s: float = 10.0
    keeps_body: bool = False


def look(question: Question, fetch: Fetcher) -> Look:
    """Ask an address; never raises."""
    began = time.monotonic()
    try:
        return _asked(question, fetch, began)
    except FeedError as refused:
        return Look(is_up=None, trouble=refused.reason)
    except Exception as problem:  # noqa: BLE001 - a thread that dies would tell nothing
        return _lost(question, fetch, problem)


def _asked(question: Question, fetch: Fetcher, began: float) -> Look:
    url, valid_until = question.url, None
    for _ in range(_REDIRECTS + 1):
        fetch.refuse_link(url)
        request = fetch.client.build_request(
            question.method,
            url,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", "Cache-Control": "no-cache"},
            timeout=httpx.Timeout(question.timeout_s, pool=None),
        )
        answer = fetch.client.send(request, stream=True, follow_redirects=False)
        try:
            valid_until = valid_until or _valid_until(answer)
            if answer.next_request is None or answer.status_code in question.expect:
                seconds = time.monotonic() - began
                return _judged(answer, question, seconds, valid_until, began)
            url = str(answer.next_request.url)
        finally:
            answer.close()
    return Look(is_up=False, valid_until=valid_until, trouble="redirects without end")


def _judged(
    answer: httpx.Response,
    question: Question,
    seconds: float,
    valid_until: datetime | None,
    began: float,
) -> Look:
    trouble = None
    status, expect = answer.status_code, question.expect
    body = b""
    if status not in expect if expect else status >= httpx.codes.BAD_REQUEST:
        trouble = f"HTTP {status}"
    elif question.text is not None or question.keeps_body:
        body = _body(answer, began + question.timeout_s)
        said = text(body, charset_of(answer.headers.get("content-type")))
        if question.text is not None and question.text not in said:
            trouble = f"the page does not say {question.text!r}"
    return Look(
        is_up=trouble is None,
        seconds=seconds,
        valid_until=valid_until,
        trouble=trouble,
        body=body if question.keeps_body else b"",
    )


def _body(answer: httpx.Response, until: float) -> bytes:
    found = b""
    is_in_memory = answer.is_stream_consumed  # an answer made in memory is decoded already
    for piece in (answer.iter_bytes if is_in_memory else answer.iter_raw)(65_536):
        found += piece
        if len(found) > _MOST_BYTES:
            break
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the body takes too long")
    return found


def _valid_until(answer: httpx.Response) -> datetime | None:
    """Return until when the certificate of an answer's connection is good, ``None`` for http."""
    stream = answer.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    return _end_of(tls)


def _end_of(tls: Any) -> datetime | None:
    der = tls.getpeercert(True) if tls is not None else None  # noqa: FBT003 - takes no name
    try:
        return not_after(der) if der else None
    except ValueError:
        return None


def _lost(question: Question, fetch: Fetcher, problem: Exception) -> Look:
    causes = list(_chain(problem))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = str(cause.verify_message or cause).rstrip(".")
            return Look(
                is_up=False, valid_until=_untrusted(question, fetch), trouble=f"certificate: {said}"
            )
    said = str(problem) or type(problem).__name__
    if "in a private network: refused" in said:
        return Look(is_up=None, trouble=said)
    is_ours = any(
        isinstance(one, socket.gaierror) or (isinstance(one, OSError) and one.errno in _OURS)
        for one in causes
    )
    return Look(is_up=False, trouble=f"no answer: {said}", is_lost=True, is_ours=is_ours)


def _chain(problem: BaseException | None) -> Iterable[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _untrusted(question: Question, fetch: Fetcher) -> datetime | None:
    """Return until when a certificate is good that nobody trusts; nothing is sent to its host."""
    if not isinstance(fetch.client, FeedClient):
        return None
    url = httpx.URL(question.url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain = fetch.client.guard.connect_tcp(url.host, url.port or 443, question.timeout_s)
        stream = plain.start_tls(context, url.host, question.timeout_s)  # closes plain if it fails
        try:
            return _end_of(stream.get_extra_info("ssl_object"))
        finally:
            stream.close()
    except (httpcore.NetworkError, httpcore.TimeoutException, OSError):
        return None


def side_by_side(
    work: Callable[[Job], Result], jobs: Sequence[Job], *, at_once: int, within_s: float
) -> list[Result | None]:
    """Do jobs in threads, and return their results in order; ``None`` for what took too long.

    The threads that are left die with the process: a server that drips must not hold us.
    """
    until = time.monotonic() + within_s
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Result]] = SimpleQueue()
    for place in range(len(jobs)):
        waiting.put(place)

    def run() -> None:
        while time.monotonic() < until:
            try:
                place = waiting.get_nowait()
            except Empty:
                return
            done.put((place, work(jobs[place])))

    for _ in range(min(at_once, len(jobs))):
        threading.Thread(target=run, name="probe", daemon=True).start()
    results: list[Result | None] = [None] * len(jobs)
    for _ in jobs:
        try:
            place, result = done.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        results[place] = result
    return results
