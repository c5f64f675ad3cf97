"""Where a history lives: a folder, or a server."""

import re
from pathlib import Path

from history.errors import HistoryError, NotYet

_ODD = frozenset('%[]{}*?#|^<>"`\\')
_SERVERS = ("postgresql://", "postgres://")
_SECRET = re.compile(r"(?<=[?&])((?:ssl)?password|passfile)=[^&]*", re.IGNORECASE)


def is_server(place: str | Path) -> bool:
    """Whether the history lives on PostgreSQL.

    >>> is_server("postgresql://history@db/city"), is_server("delta:./var")
    (True, False)

    """
    return isinstance(place, str) and place.lower().startswith(_SERVERS)


def shown(place: str | Path) -> str:
    """Return a place as a log or a screen may show it: without any password.

    >>> shown("postgresql://history:s3cr@et@one,two/city?sslmode=require&password=x")
    'postgresql://history:***@one,two/city?sslmode=require&password=***'

    """
    text = str(place)
    if not is_server(text):
        return text
    scheme, _, rest = text.partition("://")
    person, at, host = rest.rpartition("@")  # an @ in a password that should be %40 hides too
    name, colon, _ = person.partition(":")
    return _SECRET.sub(r"\1=***", f"{scheme}://{name}{':***' if colon else ''}{at}{host}")


def folder_of(place: str | Path) -> Path:
    """Return the folder of a path or of a ``delta:`` URL.

    >>> folder_of("delta:///srv/history").as_posix()
    '/srv/history'

    Raises:
        NotYet: if it is another kind of URL.
        HistoryError: if the folder's name cannot be used.

    """
    folder = _folder(place)
    odd = sorted(set(str(folder)) & _ODD)
    if odd:
        raise HistoryError(
            f"the history cannot live in {folder}: deltalake cannot use {' '.join(odd)} in a path"
        )
    return folder


def _folder(place: str | Path) -> Path:
    if isinstance(place, Path):
        return place.resolve()
    scheme, colon, rest = place.partition(":")
    if not colon or len(scheme) == 1 or "/" in scheme:
        return Path(place).resolve()
    if scheme != "delta":
        raise NotYet(
            f"HISTORY_URL {scheme}: names no history that is known; use delta:./folder, "
            "delta:///folder or postgresql://…, or leave it unset for the history under "
            "BARTIZAN_DATA"
        )
    return Path(rest.removeprefix("//")).resolve()
