"""Which addresses a feed may ask: those that its pack names, and no others.

What a document links to, and where an answer redirects to, is asked only there. A name that leads
into a private network is refused unless the pack says ``private = true``; an address written out
in the pack is allowed by being written. The guard looks at the very address that is connected to,
so that a name cannot change its meaning in between.
"""

import logging
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx

from model import Feed

_DEFAULT = {"http": 80, "https": 443}
_SHOWN = 200
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64
_COMPATIBLE = IPv6Network("::/96")  # IPv4 within, long deprecated
_HOST = re.compile(r"(\*\.)?[\w.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_TALKATIVE = ("httpx", "httpcore")


@dataclass(frozen=True, slots=True)
class Doors:
    """The addresses of one feed: host and port, ``None`` for any port."""

    allowed: frozenset[tuple[str, int | None]]
    is_private: bool = False

    @classmethod
    def of(cls, feed: Feed, addresses: Iterable[str] = ()) -> "Doors":
        """Return the doors of a feed: its URL, the ``addresses`` of its kind, and its hosts."""
        named = {_authority(url) for url in (feed.url or "", *addresses) if url}
        listed = {_listed(host) for host in feed.hosts}
        found = {one for one in (*named, *listed) if one}
        both = {(host, other) for host, port in found for other in _upgrades(port)}
        return cls(frozenset(found | both), feed.is_private)

    def refusal(self, url: str) -> str | None:
        """Say why a URL may not be asked, or ``None``."""
        try:
            parts = urlsplit(url)
            port = _port(parts)
        except ValueError:
            return f"{url[:_SHOWN]!r} is no address"
        if parts.scheme not in _DEFAULT or not parts.hostname:
            return f"{url[:_SHOWN]!r} is no http or https address"
        if self._knows(parts.hostname, port):
            return None
        where = parts.hostname if port == _DEFAULT[parts.scheme] else f"{parts.hostname}:{port}"
        return f"refused to ask {where}: the pack does not name it (hosts = [{where!r}])"

    def _knows(self, host: str, port: int) -> bool:
        return any(
            (known == host or (known.startswith("*.") and fnmatchcase(host, known)))
            and at in {None, port}
            for known, at in self.allowed
        )

    def is_let_in(self, host: str) -> bool:
        """Whether a name may lead into a private network."""
        return self.is_private or is_internal(host)


def _authority(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        return (parts.hostname, _port(parts)) if parts.hostname else None
    except ValueError:
        return None


def _port(parts: SplitResult) -> int:
    return parts.port or _DEFAULT.get(parts.scheme, 0)


def _listed(host: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(f"//{host.lower()}")
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None


def is_host(text: str) -> bool:
    """Whether a text may stand in ``hosts``: a name or address, maybe with a port."""
    return _HOST.fullmatch(text) is not None and _listed(text) is not None


def _upgrades(port: int | None) -> Iterable[int]:
    """A plain address may lead to its encrypted twin, and back."""
    return _DEFAULT.values() if port in _DEFAULT.values() else ()


def is_internal(host: str) -> bool:
    """Whether a host is written as an address of a private network, or as this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        try:
            address = ip_address(host.split("%", maxsplit=1)[0])
        except ValueError:
            return False
    return _is_private(address)


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is none of the public network, also where IPv6 wraps one of IPv4."""
    if isinstance(address, IPv6Address):
        if address.is_site_local or address in _COMPATIBLE:
            return True
        wrapped = address.sixtofour
        if address in _TRANSLATED:
            wrapped = IPv4Address(int(address) & 0xFFFF_FFFF)
        if wrapped is not None:
            return _is_private(wrapped)
    return not address.is_global or address.is_multicast


def is_same_server(before: httpx.URL, after: httpx.URL) -> bool:
    """Whether what is meant for one address may go to the other: itself or its encrypted twin."""
    was, now = _server(before), _server(after)
    return was == now or (was, now) == (("http", now[1], None), ("https", was[1], None))


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class Guard(httpcore.NetworkBackend):
    """Connects to public addresses, and to those private hosts that were let in."""

    def __init__(self) -> None:
        """Let nobody in yet."""
        self._inner = httpcore.SyncBackend()
        self._let_in: set[str] = set()

    def let_in(self, host: str) -> None:
        """Allow a host to lead into a private network."""
        self._let_in.add(host.lower())

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection to an address that was looked at."""
        problem: Exception | None = None
        for address in self.addresses(host, port):
            try:
                return self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                problem = failure
        raise problem or httpcore.ConnectError(f"{host} has no address")

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to.

        Raises:
            httpcore.ConnectError: if it has none, or one that is not allowed.

        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise httpcore.ConnectError(f"{host}: {problem}") from problem
        addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
        if host.lower() not in self._let_in:
            for address in addresses:
                if is_internal(address):
                    raise httpcore.ConnectError(
                        f"{host} is {address}, in a private network: refused"
                        " (private = true allows it)"
                    )
        return addresses


class FeedClient(httpx.Client):
    """The client for all feeds: says who asks, and reads no proxy from the environment."""

    def __init__(self, contact: str, transport: httpx.BaseTransport | None = None) -> None:
        """Make a client whose connections pass the guard.

        Its libraries would log every address in full, and some services want keys in them.
        """
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self.guard = Guard()
        if transport is None:
            transport = httpx.HTTPTransport(trust_env=False)
            transport._pool._network_backend = self.guard  # noqa: SLF001 - httpx offers no other way
        super().__init__(
            headers={"User-Agent": f"Bartizan/1 (+{contact})"},
            timeout=httpx.Timeout(30.0, connect=5.0),
            trust_env=False,
            transport=transport,
        )
