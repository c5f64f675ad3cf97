"""``REDIS_URL`` read: which kind of server, where its hosts are, and by which secrets.

========================================================  ======================================
``redis://[user:password@]host[:port][/db]``              one server
``rediss://…``                                            the same over TLS
``unix:///path/to/socket[?db=0]``                         one server on this machine
``redis+sentinel://[user:password@]h1[:p],h2[:p]/name``   the master that Sentinels name, ``[/db]``
``redis+cluster://[user:password@]h1[:p],h2[:p]``         a cluster; the hosts are where to ask
========================================================  ======================================

``rediss+sentinel://`` and ``rediss+cluster://`` use TLS; ``valkey`` may stand for ``redis``.
No message ever quotes a URL: what looks like a port may be the rest of a password.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from store.errors import Unsupported

Kind = Literal["single", "sentinel", "cluster"]
Host = tuple[str, int]

_KINDS: Mapping[str, Kind] = {"": "single", "sentinel": "sentinel", "cluster": "cluster"}
_PORTS: Mapping[Kind, int] = {"single": 6379, "sentinel": 26379, "cluster": 6379}
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_SENTINEL = ("sentinel_username", "sentinel_password", "sentinel_tls")
_SCHEMES = "redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://"
_HINT = "write / @ : ? # and % of a password as %2F %40 %3A %3F %23 %25"
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the store is. ``secrets`` (user, password, TLS) are options of its client."""

    kind: Kind
    hosts: tuple[Host, ...] = ()
    path: str | None = None
    service: str = ""
    db: int = 0
    is_encrypted: bool = False
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sentinel: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read(url: str) -> Address:
    """Return the parts of a store's URL.

    Raises:
        Unsupported: naming the part that is wrong and what is allowed; never a secret.

    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Unsupported(f"REDIS_URL: the host is malformed; {_HINT}") from None
    base, _, variant = parts.scheme.replace("valkey", "redis", 1).partition("+")
    if parts.fragment:
        raise Unsupported(f"REDIS_URL: there is nothing to say after #; {_HINT}")
    if base == "unix" and not variant:
        return _unix(parts.netloc, parts.path, _options(parts.query, ("db",)))
    if base not in ("redis", "rediss") or variant not in _KINDS:
        raise Unsupported(
            f"REDIS_URL is not a store: use {_SCHEMES}, or leave it unset for the embedded server"
        )
    return _network(_KINDS[variant], base == "rediss", parts.netloc, parts.path, parts.query)


def _unix(netloc: str, path: str, options: Mapping[str, str]) -> Address:
    secrets, rest = _user(netloc)
    path = unquote(rest + path)
    if not path:
        raise Unsupported("REDIS_URL: unix:// names no socket; write unix:///path/to/socket")
    return Address("single", path=path, db=_db(options.get("db", "")), secrets=secrets)


def _network(kind: Kind, is_encrypted: bool, netloc: str, path: str, query: str) -> Address:  # noqa: FBT001 - part of the scheme
    allowed = (*_TLS, *(_SENTINEL if kind == "sentinel" else ()))
    options = _options(query, allowed)
    secrets, places = _user(netloc)
    hosts = _hosts(places, _PORTS[kind])
    if kind == "single" and len(hosts) > 1:
        raise Unsupported(
            "REDIS_URL: redis:// names one host; several are for redis+sentinel:// or "
            "redis+cluster://"
        )
    service, db = _path(kind, [unquote(part) for part in path.split("/") if part])
    tls = _tls(options) if is_encrypted else {}
    if not is_encrypted and (misplaced := [name for name in _TLS if name in options]):
        raise Unsupported(f"REDIS_URL: {misplaced[0]} is for TLS: use a rediss scheme")
    sentinel = _sentinel(options, tls, is_encrypted=is_encrypted) if kind == "sentinel" else {}
    return Address(
        kind,
        hosts,
        service=service,
        db=db,
        is_encrypted=is_encrypted,
        secrets=secrets | tls,
        sentinel=sentinel,
    )


def _user(netloc: str) -> tuple[dict[str, Any], str]:
    """Split ``user:password@`` off; either may be missing."""
    user, at, rest = netloc.rpartition("@")
    if not at:
        return {}, netloc
    name, _, password = user.partition(":")
    found = {"username": unquote(name), "password": unquote(password)}
    return {key: value for key, value in found.items() if value}, rest


def _hosts(places: str, port: int) -> tuple[Host, ...]:
    found = []
    for number, place in enumerate(places.split(","), start=1):
        host, colon, digits = place.rpartition(":")
        if not colon or place.endswith("]"):
            host, digits = place, str(port)
        host = host.removeprefix("[").removesuffix("]")
        if not host:
            raise Unsupported(f"REDIS_URL: host {number} has no name; {_HINT}")
        if not (digits.isascii() and digits.isdigit() and 0 < int(digits) <= 65535):  # noqa: PLR2004 - ports
            raise Unsupported(
                f"REDIS_URL: the port of host {number} is not a number from 1 to 65535; {_HINT}"
            )
        found.append((host, int(digits)))
    return tuple(found)


def _path(kind: Kind, parts: list[str]) -> tuple[str, int]:
    """Return the service (of Sentinels) and the number of the database."""
    if kind == "sentinel":
        if not 1 <= len(parts) <= 2:  # noqa: PLR2004 - name and db
            raise Unsupported(
                "REDIS_URL: redis+sentinel:// needs the name of the master after the hosts: "
                "redis+sentinel://host1:26379,host2:26379/name or /name/db"
            )
        return parts[0], _db(parts[1] if parts[1:] else "")
    if len(parts) > 1:
        raise Unsupported(f"REDIS_URL: after the host stands at most the database; {_HINT}")
    db = _db(parts[0] if parts else "")
    if kind == "cluster" and db:
        raise Unsupported("REDIS_URL: a cluster has database 0 only")
    return "", db


def _db(text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise Unsupported(f"REDIS_URL: the database is not a number; {_HINT}")
    return int(text or 0)


def _options(query: str, allowed: tuple[str, ...]) -> dict[str, str]:
    found = dict(parse_qsl(query, keep_blank_values=True))
    if any(name not in allowed for name in found):
        raise Unsupported(f"REDIS_URL: after ? it knows {', '.join(allowed)}; {_HINT}")
    return found


def _tls(options: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: options[name] for name in _TLS if name in options}
    if "ssl_check_hostname" in found:
        found["ssl_check_hostname"] = _flag("ssl_check_hostname", found["ssl_check_hostname"])
    if found.get("ssl_cert_reqs", "required") not in ("required", "optional", "none"):
        raise Unsupported("REDIS_URL: ssl_cert_reqs is required, optional or none")
    return found


def _sentinel(
    options: Mapping[str, str], tls: Mapping[str, Any], *, is_encrypted: bool
) -> dict[str, Any]:
    """Return the client options towards the Sentinels themselves."""
    is_tls = _flag("sentinel_tls", options.get("sentinel_tls", str(int(is_encrypted))))
    if is_tls and not is_encrypted:
        raise Unsupported("REDIS_URL: sentinel_tls=1 needs rediss+sentinel://")
    names = {"username": "sentinel_username", "password": "sentinel_password"}
    found: dict[str, Any] = {key: options[name] for key, name in names.items() if options.get(name)}
    return found | ({"ssl": True, **tls} if is_tls else {})


def _flag(name: str, text: str) -> bool:
    if text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    raise Unsupported(f"REDIS_URL: {name} is 1 or 0")
