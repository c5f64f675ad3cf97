"""Connections: one that fails fast for the web, one that may wait for the worker.

redis-py's defaults do not fit a control room: a plain command would fail only after four seconds,
and a blocking read longer than five would raise after a minute of silent retries.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterError, RedisClusterException, TryAgainError
from redis.retry import Retry
from redis.sentinel import (
    Sentinel,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from store import address
from store.address import Address
from store.cluster import Cluster
from store.errors import StoreDown, StoreError

BLOCK_MS = 2000  # the longest single wait on the server, well under PATIENT_S
PATIENT_S = 10.0
WATCHFUL_S = 4.0  # the same where another server takes the place of one that hangs
QUICK_S = 0.5
_SENTINEL_S = 0.4  # what one Sentinel gets to answer; the next is asked then

# What a server says that is not the one to ask now, or not yet: another will be.
_AWAY = {"READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "NOREPLICAS", "UNBLOCKED"}
_AWAY_ERRORS = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.ReadOnlyError,
    RedisClusterException,
    ClusterError,
    TryAgainError,
    AskError,
)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clients:
    """Two clients of one store; both are safe to share between threads."""

    quick: Any
    patient: Any
    kind: address.Kind = "single"
    also: tuple[Any, ...] = ()  # what else must be closed

    def close(self) -> None:
        """Give all connections back."""
        for one in (self.quick, self.patient, *self.also):
            one.close()

    def at_node(self, key: str, ask: Callable[[Any], T], *, is_quick: bool = False) -> T:
        """Ask the very server that owns a key; once more where the key has moved."""
        client = self.quick if is_quick else self.patient
        if not isinstance(client, Cluster):
            return ask(client)
        try:
            return ask(client.node_of(key))
        except (AskError, redis.ConnectionError):  # MovedError is one
            client.refresh()
        except redis.TimeoutError:
            client.refresh()  # it hangs; another may have taken its place by the next call
            raise
        return ask(client.node_of(key))


def connect(url: str) -> Clients:
    """Return clients of the store at ``url``; nothing is sent yet.

    Raises:
        Unsupported: if the URL is malformed, or its kind of server cannot be used.

    """
    found = address.read(url)
    if found.kind == "sentinel":
        (quick, one), (patient, other) = _master(found, QUICK_S), _master(found, WATCHFUL_S)
        return Clients(quick, patient, found.kind, also=(one, other))
    patient_s = WATCHFUL_S if found.kind == "cluster" else PATIENT_S
    return Clients(_client(found, QUICK_S), _client(found, patient_s), found.kind)


def guarded(call: Callable[P, T]) -> Callable[P, T]:
    """Let only the errors of ``store.errors`` out of a method."""

    @functools.wraps(call)
    def guard(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except (redis.RedisError, RedisClusterException) as error:
            if is_away(error):
                raise StoreDown(f"the store does not answer: {error}") from error
            raise StoreError(f"the store refused: {error}") from error

    return guard


def is_away(error: Exception) -> bool:
    """Whether an error tells of a server that is gone, not yet there, or no longer the master."""
    return isinstance(error, _AWAY_ERRORS) or bool(
        _AWAY.intersection(str(error).replace("-", " ").split())
    )


def _options(found: Address, timeout_s: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": min(timeout_s, 2.0),
        "health_check_interval": 0,
        **found.secrets,
    }


def _once_more() -> Retry:
    return Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))


def _client(found: Address, timeout_s: float) -> Any:
    options = _options(found, timeout_s)
    if found.kind == "cluster":
        tls = {"ssl": True} if found.is_encrypted else {}
        return Cluster(found.hosts, **options, **tls)
    place: dict[str, Any] = {"connection_class": _Unix, "path": found.path}
    if found.path is None:
        host, port = found.hosts[0]
        kind = _Encrypted if found.is_encrypted else _Plain
        place = {"connection_class": kind, "host": host, "port": port}
    pool = redis.ConnectionPool(db=found.db, retry=_once_more(), **place, **options)
    return redis.Redis.from_pool(pool)


def _master(found: Address, timeout_s: float) -> tuple[Any, Any]:
    """Return a client that asks Sentinels for the master whenever it connects, and them."""
    towards: dict[str, Any] = {
        "socket_timeout": min(timeout_s, _SENTINEL_S),
        "socket_connect_timeout": min(timeout_s, _SENTINEL_S),
        "retry": Retry(NoBackoff(), 0),
        **found.sentinel,
    }
    kind: Any = Sentinel  # redis-py does not type it
    sentinels = kind(list(found.hosts), sentinel_kwargs=towards)
    options = _options(found, timeout_s) | {"db": found.db, "retry": _once_more()}
    options["connection_class"] = _EncryptedMaster if found.is_encrypted else _Master
    return sentinels.master_for(found.service, **options), sentinels


class _Doubting:
    """A connection that lets go of a server which says that it is no master any more.

    Behind one address another server may stand by then.
    """

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """Read an answer."""
        try:
            return super().read_response(*args, **kwargs)  # type: ignore[misc] # a mix-in
        except redis.ResponseError as error:
            if "READONLY" not in str(error) and not isinstance(error, redis.ReadOnlyError):
                raise
            self.disconnect()  # type: ignore[attr-defined] # as above
            raise redis.ConnectionError("the server is no master any more") from error


class _Plain(_Doubting, redis.Connection):
    pass


class _Encrypted(_Doubting, redis.SSLConnection):
    pass


class _Unix(_Doubting, redis.UnixDomainSocketConnection):
    pass


class _Master(_Doubting, SentinelManagedConnection):
    """A connection to the master, which is let go as well where it does not answer in time.

    redis-py's own would keep it: the server may hang for ever, and an answer that came late would
    be taken for that of the next command.
    """

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """Read an answer."""
        return super().read_response(*args, **{"disconnect_on_error": True, **kwargs})


class _EncryptedMaster(_Master, SentinelManagedSSLConnection):
    pass
