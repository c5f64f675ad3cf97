"""Connections: one that fails fast for the web, one that may wait for the worker.

redis-py's defaults do not fit a control room: a plain command would fail only after four seconds,
and a blocking read longer than five would raise after a minute of silent retries.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.errors import StoreDown, StoreError, Unsupported

BLOCK_MS = 2000  # the longest single wait on the server, well under PATIENT_S
PATIENT_S = 10.0
QUICK_S = 0.5

_SUPPORTED = ("redis", "rediss", "unix")
_LATER = ("redis+sentinel", "redis+cluster", "valkey", "valkeys")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clients:
    """Two clients of one server; both are safe to share between threads."""

    quick: Any
    patient: Any

    def close(self) -> None:
        """Give all connections back."""
        self.quick.close()
        self.patient.close()


def connect(url: str) -> Clients:
    """Return clients of the server at ``url``; nothing is sent yet.

    Raises:
        Unsupported: if the URL's kind of server cannot be used (yet).

    """
    scheme = urlsplit(url).scheme
    if scheme not in _SUPPORTED:
        fate = "is not yet supported" if scheme in _LATER else "is not a store"
        raise Unsupported(
            f"REDIS_URL {scheme or url!r}:// {fate}; use redis://, rediss:// or unix://, "
            "or leave it unset for the embedded server"
        )
    return Clients(_client(url, QUICK_S), _client(url, PATIENT_S))


def guarded(call: Callable[P, T]) -> Callable[P, T]:
    """Let only the errors of ``store.errors`` out of a method."""

    @functools.wraps(call)
    def guard(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise StoreDown(f"the store does not answer: {error}") from error
        except redis.RedisError as error:
            raise StoreError(f"the store refused: {error}") from error

    return guard


def _client(url: str, timeout_s: float) -> Any:
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 2.0),
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        health_check_interval=0,
    )
